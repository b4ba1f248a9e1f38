"""Notebooks keep to one style: a question, an answer, small cells, prose around them, nothing left over."""

import ast
import itertools
import re
import statistics
from pathlib import Path

import nbformat
import pytest

from cxmodels.study import CANONICAL_TABLES

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9][0-9]-*.ipynb"))
PARAMETERS = re.compile(
    r'study = "\.\./data/(cdnow|nordtel|sfo-survey)/study\.toml"\nout = ""\noverrides = \{\}'
)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    read = nbformat.read(request.param, as_version=4)
    nbformat.validate(read)
    return read


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def headings(notebook):
    return [line for cell in prose(notebook) for line in cell.source.splitlines() if line.startswith("#")]


def test_there_are_notebooks_numbered_without_gaps():
    numbers = [int(path.name[:2]) for path in NOTEBOOKS]
    assert numbers == list(range(len(numbers))) and len(numbers) >= 4


def test_the_title_is_one_question(notebook):
    titles = [line for line in headings(notebook) if line.startswith("# ")]
    assert len(titles) == 1
    assert titles[0].endswith("?")
    assert notebook.cells[0].source.startswith(titles[0])


def test_headings_do_not_skip_a_level(notebook):
    levels = [len(line.split(" ")[0]) for line in headings(notebook)]
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_it_says_who_reads_it_what_comes_in_and_what_goes_out(notebook):
    text = "\n".join(cell.source for cell in prose(notebook)[:3])
    for part in ("Who reads this", "What comes in", "What goes out"):
        assert f"**{part}" in text


def test_the_arc_ends_with_limits(notebook):
    sections = [line for line in headings(notebook) if line.startswith("## ")]
    assert len(sections) >= 4
    assert "would change" in sections[-1]


def test_cells_are_short(notebook):
    lengths = [len(cell.source.splitlines()) for cell in code(notebook)]
    assert max(lengths) <= 15
    assert statistics.median(lengths) <= 4
    assert max(len(line) for cell in code(notebook) for line in cell.source.splitlines()) <= 110


def test_imports_stand_in_one_cell(notebook):
    importing = [
        cell
        for cell in code(notebook)
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(ast.parse(cell.source)))
    ]
    assert len(importing) == 1
    assert all(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(importing[0].source).body)


def test_parameters_stand_in_one_tagged_cell_that_holds_nothing_else(notebook):
    (cell,) = tagged(notebook, "parameters")
    assert PARAMETERS.fullmatch(cell.source)


def test_the_answer_is_asked_for_once_and_the_run_is_finished_last(notebook):
    (last,) = tagged(notebook, "last-answer")
    assert "run.last_answer()" in last.source
    assert notebook.cells.index(last) <= 3
    (answer,) = tagged(notebook, "answer")
    assert "run.answer(" in answer.source
    assert code(notebook)[-1].source == "run.finish()"


def test_nothing_is_defined_that_belongs_in_the_package(notebook):
    for cell in code(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef), cell.source
            assert not isinstance(node, ast.Lambda), cell.source


def test_names_are_bound_once(notebook):
    names = [
        name.id
        for cell in code(notebook)
        for statement in ast.parse(cell.source).body
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For | ast.With)
        for target in getattr(statement, "targets", [getattr(statement, "target", None)])
        if target is not None
        for name in ast.walk(target)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    ]
    assert sorted(names) == sorted(set(names))


def test_figures_are_not_styled_here(notebook):
    source = "\n".join(cell.source for cell in code(notebook))
    for word in ("matplotlib", "plt.", "rcParams", "set_xlabel", "figsize", "color=", "seaborn"):
        assert word not in source


def test_every_cell_of_code_has_prose_before_it(notebook):
    cells = notebook.cells
    opening = cells.index(tagged(notebook, "last-answer")[0])
    for number, cell in enumerate(cells[opening + 1 : -1], start=opening + 1):
        if cell.cell_type == "code" and "hide" not in cell.metadata.get("tags", []):
            near = cells[max(0, number - 2) : number]
            assert any(other.cell_type == "markdown" for other in near), cell.source


def test_prose_types_no_results_by_hand(notebook):
    money = re.compile(r"[$£€]\s?\d|\d[\d,.]*\s?(?:USD|GBP|EUR|NOK|customers|purchases|orders)\b")
    for cell in prose(notebook):
        assert not money.search(cell.source), cell.source


def test_no_outputs_are_kept(notebook):
    for cell in code(notebook):
        assert cell.outputs == [] and cell.execution_count is None


def test_no_path_of_a_machine(notebook):
    for cell in notebook.cells:
        assert not re.search(r"(?<![\w.])(/home|/root|/work|/tmp|/Users|[A-Z]:\\)", cell.source)


def test_metadata_says_what_is_needed_and_given(notebook):
    flow = notebook.metadata["cxmodels"]
    assert set(flow) == {"needs", "gives"}
    assert all(isinstance(name, str) for names in flow.values() for name in names)
    source = "\n".join(cell.source for cell in code(notebook))
    for name in flow["gives"]:
        assert name in source
    for name in flow["needs"]:
        # what 01 found of the data is saved with the tables that came through the door
        assert name in source or (name == "data_check" and "run.tables()" in source)
    assert notebook.metadata["kernelspec"]["name"] == "python3"


def test_what_a_notebook_needs_is_given_before():
    given = set()
    for path in NOTEBOOKS:
        flow = nbformat.read(path, as_version=4).metadata["cxmodels"]
        # a canonical table is the study's: where it has none, the notebook is left out without a start
        assert set(flow["needs"]) <= given | set(CANONICAL_TABLES), path.name
        given |= set(flow["gives"])

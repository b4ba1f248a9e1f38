"""What a table was made from: which settings matter to it, and what differs today."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pandas as pd
import pytest

from cxmodels.reporting import open_run
from cxmodels.reporting.origin import SECTIONS, Origin, sections_named
from cxmodels.reporting.run_folder import RunFolder
from cxmodels.study import read_study
from tests.reporting.conftest import Project

INPUTS = [
    {"table": None, "file": "study.toml", "sha256": "a" * 64},
    {"table": "transactions", "source": "orders.csv", "file": "orders.csv", "sha256": "b" * 64},
]


def origin(project: Project, inputs: list[dict] = INPUTS, **overrides: object) -> Origin:
    keys = {key.replace("__", "."): value for key, value in overrides.items()}
    return Origin.of(read_study(project.study, keys), inputs)


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("settings = run.study.value", {"value"}),
        ("a, b = run.study.segments.tiers, run.study.as_of", {"segments"}),
        ("run.save('t', x)\nprint(run.study.title, run.money(5))", set()),
        ("run = open_run(study=study, out=out, overrides=overrides)", set()),
        ('study = "../data/shop/study.toml"', set()),
        ("questions(tables, run.study)", SECTIONS),
        ("s = run.study", SECTIONS),
        ("draw(run)", SECTIONS),
        ("read_study(study)", SECTIONS),
        ("run.study.settings()", SECTIONS),
        ("%matplotlib inline", SECTIONS),
    ],
)
def test_a_notebook_rests_on_the_sections_that_its_code_names(source: str, named: set[str]) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    assert sections_named(notebook) == named


def test_a_difference_names_the_key_and_both_values(project: Project) -> None:
    then, now = origin(project), origin(project, as_of="1998-03-31", value__margin="[0.3, 0.4]")
    assert then.differences(now, sections={"value"}) == [
        'as_of: "1998-06-30" → "1998-03-31"',
        "value.margin: 1.0 → [0.3, 0.4]",
    ]


def test_words_and_sections_that_do_not_matter_are_no_difference(project: Project) -> None:
    now = origin(project, title="Another", language="nb", segments__new_days=30, value__margin=0.4)
    assert origin(project).differences(now, sections=set()) == []
    assert len(origin(project).differences(now, sections={"segments"})) == 1


def test_an_input_that_changed_came_or_went_is_a_difference(project: Project) -> None:
    other = [INPUTS[0], {**INPUTS[1], "sha256": "c" * 64}, {"table": "contacts", "file": "calls.csv"}]
    assert origin(project).differences(origin(project, other), sections=set()) == [
        "orders.csv: bbbbbbbbbbbb → cccccccccccc",
        "calls.csv: not there → no hash",
    ]


def test_the_study_file_itself_counts_by_its_settings_alone(project: Project) -> None:
    other = [{**INPUTS[0], "sha256": "c" * 64}, INPUTS[1]]
    assert origin(project).differences(origin(project, other), sections=SECTIONS) == []


def test_only_tables_made_from_the_same_are_remembered(project: Project, tmp_path: Path) -> None:
    first, second = origin(project), origin(project, value__margin=0.4)
    first.write(tmp_path, notebook="02", made=["value", "check"])
    second.write(tmp_path, notebook="02", gone=["value"])
    assert Origin.read(tmp_path, notebook="02", table="check") is None
    assert Origin.read(tmp_path, notebook="02", table="value") is None
    second.write(tmp_path, notebook="02", made=["value"])
    assert Origin.read(tmp_path, notebook="02", table="value") == second
    assert Origin.read(tmp_path, notebook="03", table="value") is None


@pytest.mark.parametrize(("margin", "known"), [(1.0, True), (0.4, False)])
def test_a_session_that_builds_on_a_table_made_otherwise_leaves_no_origin(
    project: Project, margin: float, known: bool
) -> None:
    def session(notebook: str, **overrides: float) -> RunFolder:
        return open_run(study=project.study, overrides=overrides, notebook=notebook)

    table = pd.DataFrame({"customer_id": ["1"]})
    session("02-value").save("value", table)
    later = session("03-segments", **{"value.margin": margin})
    later.save("segments", later.read("value"))
    assert (Origin.read(later.folder, notebook="03-segments", table="segments") is not None) is known


def test_a_session_that_builds_on_a_table_of_unknown_origin_leaves_none(project: Project) -> None:
    run = open_run(study=project.study, notebook="03-segments")
    pd.DataFrame({"customer_id": ["1"]}).to_parquet(run.folder / "tables" / "value.parquet")
    run.save("segments", run.read("value"))
    assert Origin.read(run.folder, notebook="03-segments", table="segments") is None

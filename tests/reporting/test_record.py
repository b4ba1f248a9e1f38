"""The record of a run: inputs and their hashes, versions, and what libraries warned of."""

from __future__ import annotations

import hashlib
from pathlib import Path

import nbformat
import pandas as pd

from cxmodels.reporting.record import hash_inputs, library_warnings, package_versions
from cxmodels.study import read_study
from tests.reporting.conftest import ORDERS, Project


def rewrite(project: Project, source: str) -> list[dict]:
    text = project.study.read_text(encoding="utf-8").replace('"orders.csv"', source)
    project.study.write_text(text, encoding="utf-8")
    return hash_inputs(read_study(project.study))


def test_every_file_is_listed_with_its_hash_the_study_first(project: Project) -> None:
    study, orders = hash_inputs(read_study(project.study))
    assert (study["file"], study["table"]) == ("study.toml", None)
    assert orders == {
        "table": "transactions",
        "source": "orders.csv",
        "file": "orders.csv",
        "bytes": len(ORDERS),
        "sha256": hashlib.sha256(ORDERS.encode()).hexdigest(),
    }


def test_a_pattern_is_listed_file_by_file(project: Project) -> None:
    folder = project.study.parent / "orders"
    folder.mkdir()
    for name in ("b.csv", "a.csv"):
        (folder / name).write_text(ORDERS, encoding="utf-8")
    assert [entry["file"] for entry in rewrite(project, '"orders/*.csv"')[1:]] == [
        "orders/a.csv",
        "orders/b.csv",
    ]


def test_a_catalogue_name_is_listed_with_the_file_that_it_stands_for(project: Project) -> None:
    entry = rewrite(project, '"cdnow-sample"')[1]
    assert entry["source"] == "cdnow-sample"
    assert len(entry["sha256"]) == 64


def test_an_address_is_listed_without_a_hash(project: Project) -> None:
    assert rewrite(project, '"https://example.com/orders.csv"')[1] == {
        "table": "transactions",
        "source": "https://example.com/orders.csv",
    }


def test_a_file_outside_the_study_is_listed_without_the_path_of_the_machine(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "far.csv").write_text(ORDERS, encoding="utf-8")
    assert rewrite(project, f'"{tmp_path / "far.csv"}"')[1]["file"] == "far.csv"


def test_versions_name_what_the_package_depends_on() -> None:
    versions = package_versions()
    assert versions["pandas"] == pd.__version__
    assert {"python", "cxmodels", "lifetimes", "ibis-framework"} <= set(versions)
    assert "ruff" not in versions


def test_warnings_of_libraries_are_gathered_once_each() -> None:
    output = nbformat.v4.new_output
    cells = [
        nbformat.v4.new_code_cell(
            "x",
            outputs=[
                output("stream", name="stderr", text="a.py:3: FutureWarning: gone soon\n  x()\n"),
                output("stream", name="stdout", text="UserWarning: only printed"),
                output(
                    "stream", name="stderr", text="b.py:9: FutureWarning: gone soon\nUserWarning: other\n"
                ),
            ],
        ),
        nbformat.v4.new_markdown_cell("DeprecationWarning: text"),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    assert library_warnings(notebook) == ["FutureWarning: gone soon", "UserWarning: other"]

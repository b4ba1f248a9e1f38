"""Which study a notebook asks, what it is called, and where its results go."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cxmodels.reporting import open_run
from tests.reporting.conftest import Project


def test_without_a_folder_results_go_to_the_reports_of_the_project(project: Project) -> None:
    run = open_run(study="shop", notebook="02-value")
    assert run.folder == project.report
    assert json.loads((project.report / "run.json").read_text(encoding="utf-8"))["complete"] is False


def test_overrides_change_the_study_and_with_it_the_folder(project: Project) -> None:
    run = open_run(study="shop", overrides={"as_of": "1998-03-31", "currency": "NOK", "language": "nb"})
    assert run.folder.name == "1998-03-31"
    assert run.money(5).replace("\N{NO-BREAK SPACE}", " ") == "5,00 kr"


def test_the_notebooks_name_comes_from_the_run_or_from_jupyterlab(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CXMODELS_NOTEBOOK", raising=False)
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/notebooks/03-segments.ipynb")
    assert open_run(study="shop").notebook == "03-segments"
    monkeypatch.setenv("CXMODELS_NOTEBOOK", "02-value")
    assert open_run(study="shop").notebook == "02-value"


def test_a_folder_may_be_named(project: Project, tmp_path: Path) -> None:
    assert open_run(study="shop", out=tmp_path / "mine").folder == tmp_path / "mine"


def test_a_kernel_does_not_load_what_only_the_run_needs() -> None:
    source = (
        "import sys, cxmodels.reporting\n"
        "heavy = {'nbformat', 'jsonschema', 'papermill', 'lightgbm', 'scipy.stats'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0

"""Notebooks and studies are found where one works, else where the package carries them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxmodels.reporting.bundle import (
    BundleError,
    bundled_studies,
    find_study,
    lay_out,
    notebooks_folder,
    project_folder,
)
from tests.reporting.conftest import Project


def test_the_project_is_found_from_any_folder_in_it(project: Project) -> None:
    assert project_folder(project.study.parent) == project.folder
    assert notebooks_folder(project.notebooks) == project.notebooks


def test_outside_a_project_the_notebooks_of_the_package_are_used(tmp_path: Path) -> None:
    assert project_folder(tmp_path) == tmp_path
    assert any(notebooks_folder(tmp_path).glob("0*.ipynb"))


def test_a_study_is_found_by_file_by_folder_and_by_name(project: Project, tmp_path: Path) -> None:
    assert find_study("data/shop/study.toml") == project.study
    assert find_study("data/shop") == project.study.parent
    assert find_study("shop") == project.study
    assert find_study("cdnow", start=tmp_path) == bundled_studies()["cdnow"]
    assert find_study("cdnow-sample", start=tmp_path).name == "sample.toml"


def test_a_study_that_is_not_there_is_answered_with_the_nearest(project: Project) -> None:
    with pytest.raises(BundleError, match=r"no such file or folder; did you mean 'shop'\? .*cdnow"):
        find_study("data/shpo/study.toml")
    with pytest.raises(BundleError, match=r"a folder without study\.toml"):
        find_study("notebooks")


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(BundleError, match=r"is not empty \(it holds thesis.txt\)"):
        lay_out(tmp_path / "mine")
    with pytest.raises(BundleError, match="is a file"):
        lay_out(tmp_path / "mine" / "thesis.txt")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]

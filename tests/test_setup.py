"""The set-up files agree with each other and can be used as they stand."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = (ROOT / "environment.yml").read_text(encoding="utf-8")
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

#: packages that conda-forge names differently
CONDA_NAMES = {"ibis-duckdb": "ibis-framework", "pandera-pandas": "pandera"}


def conda_requirements() -> dict[str, Requirement]:
    specs = [spec for spec in yaml.safe_load(ENVIRONMENT)["dependencies"] if isinstance(spec, str)]
    parsed = [Requirement(spec) for spec in specs]
    return {canonicalize_name(CONDA_NAMES.get(spec.name, spec.name)): spec for spec in parsed}


def project_requirements() -> dict[str, Requirement]:
    parsed = [Requirement(spec) for spec in PROJECT["dependencies"]]
    return {canonicalize_name(spec.name): spec for spec in parsed}


def test_conda_and_pip_ask_for_the_same_packages_and_versions():
    conda, pip = conda_requirements(), project_requirements()
    assert str(conda.pop("python").specifier) == PROJECT["requires-python"]
    conda.pop("pip")
    assert {name: str(spec.specifier) for name, spec in conda.items()} == {
        name: str(spec.specifier) for name, spec in pip.items()
    }


def test_every_line_of_environment_yml_gives_its_reason():
    lines = [
        line for line in ENVIRONMENT.splitlines() if line.lstrip().startswith("- ") and "- pip:" not in line
    ]
    without = [line for line in lines if "#" not in line and "conda-forge" not in line]
    assert not without


def test_the_packages_named_by_the_user_are_dependencies():
    assert {"jupyterlab", "lightgbm", "lifetimes", "shap", "matplotlib"} <= set(project_requirements())


@pytest.mark.parametrize("line", [line for line in CONSTRAINTS if line and not line.startswith("#")])
def test_every_constraint_is_an_exact_version_and_names_no_host(line: str):
    requirement = Requirement(line)
    assert requirement.url is None
    assert [spec.operator for spec in requirement.specifier] == ["=="]


def test_the_constraints_satisfy_what_the_project_asks_for():
    pinned: dict[str, list[Requirement]] = {}
    for line in CONSTRAINTS:
        requirement = Requirement(line)
        pinned.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    for name, wanted in project_requirements().items():
        assert name in pinned, f"{name} is not pinned in constraints.txt"
        for pin in pinned[name]:
            number = next(iter(pin.specifier)).version
            assert wanted.specifier.contains(number), f"{pin} does not satisfy {wanted}"


def test_this_environment_runs_the_pinned_versions():
    here = default_environment()
    for line in CONSTRAINTS:
        pin = Requirement(line)
        name = canonicalize_name(pin.name)
        if name in project_requirements() and (pin.marker is None or pin.marker.evaluate(dict(here))):
            assert pin.specifier.contains(version(name)), (
                f"{name} {version(name)} is installed, {pin} is pinned"
            )


def test_make_help_lists_every_target():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    documented = set(re.findall(r"^([a-z-]+):.*## ", text, flags=re.MULTILINE))
    phony = set(re.search(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)[1].split())
    assert {"help", "setup", "report", "lab", "test", "lint", "bench", "clean"} <= documented == phony


def test_the_readme_shows_both_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make report" in readme and "make test" in readme

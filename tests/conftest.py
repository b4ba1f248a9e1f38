"""What every test may lean on: public data from a mirror where there is one, a cache, and one real report."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

PROJECT = Path(__file__).resolve().parents[1]
MIRROR = PROJECT.parent / "shared" / "data"

# files of slow tests that lean on one costly fixture, and the name of what they share
TOGETHER = {
    "tests/browser/test_pages.py": "small pages",
    "tests/browser/test_report.py": "reports",
    "tests/notebooks/test_execution.py": "reports",
    "tests/notebooks/test_churn_report.py": "reports",
    "tests/notebooks/test_driver_report.py": "reports",
    "tests/reporting/test_runner.py": "finished",
}

# a busy machine is no defect: nothing here is a timed test
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

if "CXMODELS_DATA_MIRROR" not in os.environ and MIRROR.is_dir():
    os.environ["CXMODELS_DATA_MIRROR"] = str(MIRROR)
if "CXMODELS_CACHE" not in os.environ:
    # shared by all tests of this user, so that converted sets are made once; never the user's own cache
    os.environ["CXMODELS_CACHE"] = str(Path(tempfile.gettempdir()) / "cxmodels-test-cache")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object | None:
    """With ``--dist loadgroup``, keep in one process what shares a fixture; give out all else one by one.

    The marks of groups that pytest-xdist 3.8 has for this are without effect under pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return TOGETHER.get(nodeid.split("::")[0], nodeid)

    return Together(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.fixture(scope="session")
def cdnow_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the real notebooks on the one-in-ten sample of CDNOW, once for all tests of its group."""
    from cxmodels.reporting.runner import run_study

    out = tmp_path_factory.mktemp("cdnow") / "report"
    return run_study(PROJECT / "data" / "cdnow" / "sample.toml", out=out, notebooks=PROJECT / "notebooks")


@pytest.fixture(scope="session")
def operator_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the real notebooks on a small simulated operator, once for all tests of its group."""
    from cxmodels.datasets.operator import write_operator
    from cxmodels.reporting.runner import run_study

    folder = tmp_path_factory.mktemp("operator")
    write_operator(folder, 4_000, seed=7)
    text = (PROJECT / "data" / "nordtel" / "study.toml").read_text(encoding="utf-8")
    text = re.sub(r'(\[tables\.(\w+)\]\n)source = "nordtel"', r'\1source = "\2.parquet"', text)
    text = text.replace("[churn]\n", '[churn]\nmonotone = { outage_count_180d = "up" }\n')
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return run_study(folder / "study.toml", out=folder / "report", notebooks=PROJECT / "notebooks")


@pytest.fixture
def data_set():
    """Return a function: name in the catalogue → its files, or skip where the set is not here."""
    from cxmodels.datasets.catalogue import fetch, list_datasets

    here = list_datasets().set_index("name")["here"]

    def get(name: str) -> list[Path]:
        if not here[name]:
            pytest.skip(f"{name} is not on this machine; name a mirror in CXMODELS_DATA_MIRROR")
        return fetch(name)

    return get

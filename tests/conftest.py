"""What every test may lean on: public data from a mirror where there is one, a cache, and one real report.

Where tests are shared out to processes (`--dist loadgroup`), those that lean on one costly fixture carry one
mark ``xdist_group``, so that it is made once; all others may run beside any other.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

PROJECT = Path(__file__).resolve().parents[1]
MIRROR = PROJECT.parent / "shared" / "data"

# a busy machine is no defect: nothing here is a timed test
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

if "CXMODELS_DATA_MIRROR" not in os.environ and MIRROR.is_dir():
    os.environ["CXMODELS_DATA_MIRROR"] = str(MIRROR)
if "CXMODELS_CACHE" not in os.environ:
    # shared by all tests of this user, so that converted sets are made once; never the user's own cache
    os.environ["CXMODELS_CACHE"] = str(Path(tempfile.gettempdir()) / "cxmodels-test-cache")


@pytest.fixture(scope="session")
def cdnow_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the real notebooks on the one-in-ten sample of CDNOW, once for all tests of its group."""
    from cxmodels.reporting.runner import run_study

    out = tmp_path_factory.mktemp("cdnow") / "report"
    return run_study(PROJECT / "data" / "cdnow" / "sample.toml", out=out, notebooks=PROJECT / "notebooks")


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

"""What the figures were measured on: cores, memory and versions; never a host name or a path."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

import psutil  # type: ignore[import-untyped]

PACKAGES = (
    "cxmodels",
    "lifetimes",
    "duckdb",
    "ibis-framework",
    "pandas",
    "numpy",
    "scipy",
    "pyarrow",
    "lightgbm",
)


def describe_machine() -> dict[str, str]:
    """Cores, memory and system of this machine, and the versions of Python and of the compared packages."""
    described = {
        "cores": str(_usable_cores()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    for package in PACKAGES:
        try:
            described[package] = version(package)
        except PackageNotFoundError:
            described[package] = "not installed"
    return described


def load() -> float:
    """Processes that wanted a core in the last minute, for each core; well above 1 means a disturbed run."""
    return psutil.getloadavg()[0] / _usable_cores()


def _usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

"""Which study does a notebook ask, and where do its results go?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cxmodels.reporting.bundle import find_study, project_folder
from cxmodels.reporting.record import begin_record
from cxmodels.reporting.run_folder import NOTEBOOK_VARIABLE, RunFolder
from cxmodels.reporting.wording import Money, Wording
from cxmodels.study import Study, read_study


def open_run(
    *,
    study: str | Path,
    out: str | Path = "",
    overrides: Mapping[str, object] | None = None,
    notebook: str | None = None,
) -> RunFolder:
    """Read the study and open the folder for its results.

    Parameters
    ----------
    study : str or Path
        Path of a ``study.toml``, of a folder that holds one, or the name of a bundled study.
    out : str or Path
        Folder for the results; empty: ``reports/<study>/<as_of>`` of the project.
    overrides : mapping, optional
        Settings to change, by dotted key: ``{"value.horizon_days": 180}``.
    notebook : str, optional
        Name of the notebook. Without it: the one that the run or JupyterLab says is running.

    Returns
    -------
    RunFolder

    Raises
    ------
    BundleError
        When there is no such study.
    cxmodels.study.StudyError
        When the study or an override is wrong.
    """
    settings = read_study(find_study(study), dict(overrides or {}))
    folder = Path(out).resolve() if str(out) else report_folder(settings)
    for name in ("tables", "figures", "findings"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    record = folder / "run.json"
    if not record.exists():
        begin_record(folder, study=settings)
    return RunFolder(
        study=settings,
        folder=folder,
        notebook=notebook or _running_notebook(),
        money=Money(settings.currency, settings.language),
        words=Wording(settings.language),
    )


def report_folder(study: Study) -> Path:
    """Where a study's results go unless told otherwise: ``reports/<study>/<as_of>`` of the project."""
    return project_folder() / "reports" / study.name / study.as_of.isoformat()


def _running_notebook() -> str:
    """Name of the notebook whose kernel this is: from the run, else from JupyterLab."""
    told = os.environ.get(NOTEBOOK_VARIABLE) or os.environ.get("JPY_SESSION_NAME", "")
    return Path(told).stem or "notebook"

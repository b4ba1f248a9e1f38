"""Where the notebooks and sample studies are: in a source checkout, or carried by the installed package."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

from cxmodels.study_errors import nearest

_IGNORE = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", ".*")


class BundleError(ValueError):
    """A notebook, study or folder that is not there or in the way: what was found, and the cure."""


def project_folder(start: Path | None = None) -> Path:
    """Find the project that one works in: the nearest folder upwards with ``notebooks``, else the start.

    Parameters
    ----------
    start : Path, optional
        Where to start; the current folder by default.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "notebooks").is_dir() and any((folder / "notebooks").glob("[0-9][0-9]-*.ipynb")):
            return folder
    return start


def notebooks_folder(start: Path | None = None) -> Path:
    """Find the notebooks: those of the project that one works in, else those that the package carries."""
    own = project_folder(start) / "notebooks"
    return own if own.is_dir() and any(own.glob("[0-9][0-9]-*.ipynb")) else _carried("notebooks")


def bundled_studies() -> dict[str, Path]:
    """List the sample studies that come with the package: name → path of the study file."""
    return _studies_in(_carried("data"))


def find_study(study: str | Path, start: Path | None = None) -> Path:
    """Find a study by path, or by the name of one that comes with the project or the package.

    Parameters
    ----------
    study : str or Path
        Path of a study file or of a folder with one, or a bare name such as ``cdnow``.
    start : Path, optional
        Where relative paths start; the current folder by default.

    Raises
    ------
    BundleError
        When there is none; names the nearest and those there are.
    """
    if not str(study).strip():
        raise BundleError("no study is named; give the path of a study.toml, or the name of a sample study")
    start = start or Path.cwd()
    path = (start / Path(study)).resolve()
    if path.is_file() or (path / "study.toml").is_file():
        return path
    known = bundled_studies() | _studies_in(project_folder(start) / "data")
    if str(study) in known:
        return known[str(study)]
    called = Path(study).name if Path(study).suffix == "" else Path(study).parent.name
    found = "a folder without study.toml" if path.is_dir() else "no such file or folder"
    raise BundleError(
        f"study {str(study)!r}: {found}{nearest(called, known, otherwise='.')} "
        f"Give the path of a study.toml, or the name of a sample study: {', '.join(known) or 'none found'}"
    )


def lay_out(folder: Path) -> list[Path]:
    """Copy the notebooks and the sample studies into a folder of the user's.

    Parameters
    ----------
    folder : Path
        A new or empty folder.

    Returns
    -------
    list of Path
        What was laid out.

    Raises
    ------
    BundleError
        When the folder is a file, or holds anything already.
    """
    if blocking := next((above for above in (folder, *folder.parents) if above.is_file()), None):
        raise BundleError(f"{blocking} is a file; name a new or empty folder")
    if folder.is_dir() and (there := sorted(path.name for path in folder.iterdir())):
        few = ", ".join(there[:3]) + (" …" if len(there) > 3 else "")
        raise BundleError(
            f"{folder} is not empty (it holds {few}); name a new or empty folder, nothing is overwritten"
        )
    laid = []
    for name in ("notebooks", "data"):
        shutil.copytree(_carried(name), folder / name, ignore=_IGNORE)
        laid.append(folder / name)
    (folder / "reports").mkdir()
    return [*laid, folder / "reports"]


def _studies_in(folder: Path) -> dict[str, Path]:
    """List the studies below a folder: cdnow for ``cdnow/study.toml``, cdnow-sample for ``sample.toml``."""
    return {
        path.parent.name if path.stem == "study" else f"{path.parent.name}-{path.stem}": path
        for path in sorted(folder.glob("*/*.toml"))
    }


def _carried(name: str) -> Path:
    """Find a folder that comes with the package: inside it when installed, beside it in a source checkout."""
    package = Path(str(files("cxmodels")))
    for place in (package / "_bundle" / name, package.parent / name):
        if place.is_dir():
            return place
    raise BundleError(f"the installed package carries no {name!r}; reinstall cxmodels")

"""`run.json`: what went into a run and what became of it, so that it can be repeated and trusted."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import cxmodels
from cxmodels.reporting.findings import write_json
from cxmodels.study import Study, TableSource
from cxmodels.tables.errors import DataError
from cxmodels.tables.sources import locate

if TYPE_CHECKING:
    import nbformat  # every kernel reads this module, and loading it takes two seconds

State = Literal["done", "failed", "skipped", "left out", "kept"]


@dataclass(frozen=True)
class Outcome:
    """What became of one notebook.

    Attributes
    ----------
    name, title : str
        The notebook, and its question.
    state : str
        ``done``; ``failed``; ``skipped`` (something before it failed); ``left out`` (the study lacks what it
        needs); ``kept`` (its page is that of an earlier run).
    reason : str
        Why, unless it is done.
    seconds : float
        How long it ran.
    started : str
        When, in ISO format and UTC; empty when it did not run.
    stale : str
        Why a kept page may not agree with the others; empty when it does.
    """

    name: str
    title: str
    state: State
    reason: str = ""
    seconds: float = 0.0
    started: str = ""
    stale: str = ""


def begin_record(folder: Path, *, study: Study, inputs: list[dict[str, Any]] | None = None) -> None:
    """Write ``run.json`` of a run that is not complete: it marks the folder as a report's.

    Parameters
    ----------
    folder : Path
        The run's folder.
    study : Study
        With overrides applied.
    inputs : list of dict, optional
        From `hash_inputs`, for the notebooks of this run.
    """
    content: dict[str, Any] = {"complete": False, "study": study.name, "settings": study.settings()}
    write_json(folder / "run.json", content if inputs is None else {**content, "inputs": inputs})


def describe_run(
    study: Study,
    *,
    started: datetime,
    outcomes: tuple[Outcome, ...],
    warnings: list[dict[str, str]],
    overrides: Mapping[str, object],
    inputs: list[dict[str, Any]],
) -> dict[str, Any]:
    """Describe a run for ``run.json``.

    Parameters
    ----------
    study : Study
        With overrides applied.
    started : datetime
        When the run began, with time zone.
    outcomes : tuple of Outcome
        One for each notebook there is.
    warnings : list of dict
        ``notebook`` and ``text`` of each.
    overrides : mapping
        What was changed on the command line.
    inputs : list of dict
        From `hash_inputs`.
    """
    ended = datetime.now(UTC)
    return {
        "complete": all(outcome.state in ("done", "left out", "kept") for outcome in outcomes),
        "study": study.name,
        "title": study.title,
        "as_of": study.as_of.isoformat(),
        "started": started.isoformat(timespec="seconds"),
        "ended": ended.isoformat(timespec="seconds"),
        "seconds": round((ended - started).total_seconds(), 1),
        "seed": study.value.seed,
        "overrides": {key: str(value) for key, value in overrides.items()},
        "settings": study.settings(),
        "inputs": inputs,
        "notebooks": [vars(outcome) for outcome in outcomes],
        "warnings": warnings,
        "versions": package_versions(),
    }


def study_heading(study: Study) -> dict[str, str]:
    """What heads ``findings.json``: title, name, date, currency and language of the study."""
    return {
        "title": study.title,
        "study": study.name,
        "as_of": study.as_of.isoformat(),
        "currency": study.currency,
        "language": study.language,
    }


def hash_inputs(study: Study) -> list[dict[str, Any]]:
    """Give path, size and sha256 of every file that a study reads, its own file first.

    Of a catalogue name these are the fetched files; an address, and what could not be fetched, is listed
    without a hash.
    """
    folder = study.path.resolve().parent
    found: list[dict[str, Any]] = [{"table": None, **_hashed(study.path.resolve(), folder)}]
    for name, source in study.tables.items():
        for pattern, files in _files(source, folder, table=name).items():
            files = [file for file in files if file.is_file()]
            found += [{"table": name, "source": pattern, **_hashed(file, folder)} for file in files]
            if not files:
                found.append({"table": name, "source": pattern})
    return found


def input_name(entry: Mapping[str, Any]) -> str:
    """Name an input of `hash_inputs`: its file, or its source where there is none."""
    return str(entry.get("file", entry.get("source")))


def library_warnings(notebook: nbformat.NotebookNode) -> list[str]:
    """Give the warnings of libraries that a notebook's cells wrote to standard error, each once."""
    texts = [
        str(output.text)
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream" and output.name == "stderr"
    ]
    found = [
        f"{kind}: {text.strip()}" for kind, text in re.findall(r"\b(\w*Warning): (.*)", "\n".join(texts))
    ]
    return list(dict.fromkeys(found))


def package_versions() -> dict[str, str]:
    """Give the versions of Python, cxmodels and everything that it depends on directly."""
    versions = {"python": platform.python_version(), "cxmodels": cxmodels.__version__}
    for line in distribution("cxmodels").requires or ():
        name = line.split(";")[0].split("[")[0]
        for mark in "<>=!~ (":
            name = name.split(mark)[0]
        if "extra ==" in line:
            continue
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def _files(source: TableSource, folder: Path, *, table: str) -> dict[str, list[Path]]:
    """List the files behind each thing that a source names, as the door finds them; none for an address."""
    if source.database:
        return {source.database: [folder / Path(os.path.expandvars(source.database)).expanduser()]}
    found: dict[str, list[Path]] = {}
    for pattern in source.source:
        try:
            found[pattern] = [] if "://" in pattern else list(locate([pattern], table=table, folder=folder))
        except DataError:
            found[pattern] = []
    return found


def _hashed(path: Path, folder: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    return {"file": name, "bytes": path.stat().st_size, "sha256": digest}

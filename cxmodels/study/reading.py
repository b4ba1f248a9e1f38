"""How is a study read? The file, then what the command line or a notebook changes, then every check."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cxmodels.study.study import Study
from cxmodels.study_errors import StudyError, explain


def read_study(path: str | Path, overrides: Mapping[str, object] | None = None) -> Study:
    """Read a study file, apply overrides, and check every key, type and value.

    Parameters
    ----------
    path : str or Path
        A ``.toml`` file, or a folder that holds ``study.toml``.
    overrides : mapping, optional
        Dotted key → value, such as ``{"as_of": "2026-10-31", "value.margin": 0.4}``. Text is read as a TOML
        value where it is one, and as plain text otherwise, as on the command line.

    Returns
    -------
    Study
        Frozen settings.

    Raises
    ------
    StudyError
        Where the file is missing or no TOML, or a key, type or value is wrong. The message names the file,
        the key, what was found, what is allowed, and the nearest valid name.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "study.toml"
    settings = _load(file)
    changed = dict(overrides or {})
    for key, value in changed.items():
        _place(settings, key, _as_value(value))
    if "path" in settings:
        raise StudyError(f"{file}: key 'path' is not allowed; the path of a study is the path of its file.")
    try:
        return Study.model_validate({**settings, "path": file})
    except ValidationError as error:
        raise StudyError(explain(error, file=file, overrides=changed, model=Study)) from None


def _load(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        around = sorted(str(p) for p in file.parent.glob("*.toml")) or sorted(
            str(p) for p in file.parent.parent.glob("*/*.toml")
        )
        there = f" Study files near it: {', '.join(around[:8])}." if around else ""
        raise StudyError(f"{file}: there is no such study file.{there}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{file}: the study file cannot be read ({error}).") from None
    except tomllib.TOMLDecodeError as error:
        raise StudyError(
            f"{file}: this is not valid TOML: {error}. Text needs quotes, dates have none."
        ) from None


def _as_value(value: object) -> object:
    """Read text as a TOML value (date, number, list, …) where it is one."""
    if not isinstance(value, str):
        return value
    try:
        read = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return value
    return read["value"] if list(read) == ["value"] else value


def _place(settings: dict[str, Any], key: str, value: object) -> None:
    parts = key.split(".")
    if not all(re.fullmatch(r"[\w-]+", part) for part in parts):
        raise StudyError(f"override {key!r}: this is no key; write dotted names such as value.margin=0.35.")
    for part in parts[:-1]:
        inner = settings.setdefault(part, {})
        if not isinstance(inner, dict):
            raise StudyError(f"override {key!r}: {part!r} is a single value and has no keys below it.")
        settings = inner
    settings[parts[-1]] = value

"""What is wrong with a study file, said so that it can be cured: file, key, found, allowed, nearest."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text, in quotes",
    "string_too_short": "text that is not empty",
    "list_type": "a list",
    "dict_type": "a table of keys",
    "model_type": "a table of keys",
    "model_attributes_type": "a table of keys",
    "date_type": "a date such as 2025-12-31",
    "date_parsing": "a date such as 2025-12-31",
    "date_from_datetime_parsing": "a date such as 2025-12-31",
    "date_from_datetime_inexact": "a date such as 2025-12-31, without a time",
}


class StudyError(ValueError):
    """A study that cannot be used: the message names file, key, what was found and what is allowed.

    Several errors stand on a line each, under a line that names the file.
    """


def nearest(word: str, allowed: Iterable[str], *, otherwise: str = "") -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest allowed name, or nothing.

    Parameters
    ----------
    word : str
        What was found.
    allowed : iterable of str
        The names there are.
    otherwise : str
        What to return where no name is near: a full stop, where another sentence follows.

    Examples
    --------
    >>> nearest("margn", ["margin", "unit"])
    "; did you mean 'margin'?"
    >>> nearest("zzz", ["margin", "unit"]), nearest("zzz", ["margin", "unit"], otherwise=".")
    ('', '.')
    """
    names = list(allowed)
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.55)
    return f"; did you mean {folded[close[0]]!r}?" if close else otherwise


def explain(
    error: ValidationError, *, file: Path, overrides: Mapping[str, object], model: type[BaseModel]
) -> str:
    """Turn pydantic's findings into sentences: one with its file, several on a line each under the file.

    Parameters
    ----------
    error : ValidationError
        What pydantic found.
    file : Path
        The study file.
    overrides : mapping
        The keys that did not come from the file: they are named as overrides.
    model : type
        The settings class, for the names that are allowed.
    """
    lines: dict[str, None] = {}  # a dict keeps the order and drops what is said twice
    for fault in error.errors():
        keys = [part for part in fault["loc"] if isinstance(part, str) and "[" not in part]
        key = _trim(keys, model)
        given = any(
            key == name or key.startswith(f"{name}.") or name.startswith(f"{key}.") for name in overrides
        )
        place = "" if not key else f"override {key} " if given else f"key '{key}' "
        lines[f"{place}{_sentence(fault, key=key, model=model)}"] = None
    first = next(iter(lines))
    if len(lines) == 1:
        return first if first.startswith("override ") else f"{file}: {first}"
    return "\n".join([f"{file}: {len(lines)} errors", *lines])


def _sentence(fault: Any, *, key: str, model: type[BaseModel]) -> str:
    kind, found = fault["type"], fault["input"]
    if kind == "extra_forbidden":
        allowed = _keys_beside(key, model)
        last = key.rsplit(".", 1)[-1]
        hint = nearest(last, allowed) or _elsewhere(last, model)
        return f"is unknown (found: {_show(found)}); allowed here are {', '.join(allowed)}{hint}"
    if kind == "missing":
        return "is missing; every study needs it"
    if kind == "value_error":
        shown = "" if isinstance(found, dict) else f"(found: {_show(found)}) "
        return f"{shown}{fault['ctx']['error']}"
    if kind == "literal_error":
        allowed = _choices(fault["ctx"]["expected"])
        hint = nearest(found, allowed) if isinstance(found, str) else ""
        return f"(found: {_show(found)}) must be one of {', '.join(map(repr, allowed))}{hint}"
    message = fault["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    return f"(found: {_show(found)}) must be {_EXPECTED.get(kind, message)}"


def _choices(expected: str) -> list[str]:
    words = expected.replace(" or ", ", ").split(", ")
    return [word.strip("'").encode().decode("unicode_escape") for word in words if word.strip("'")]


def _show(found: object) -> str:
    if isinstance(found, dict):
        return "a table with " + (", ".join(map(str, found)) or "no keys")
    text = repr(found) if not hasattr(found, "isoformat") else str(found)
    return text if len(text) <= 80 else text[:77] + "…"


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (typing.Union, types.UnionType, dict, list, typing.Annotated):
        return [m for part in get_args(annotation) for m in _models_in(part)]
    return []


def _trim(keys: list[str], model: type[BaseModel]) -> str:
    """Keep the keys of the file, without what pydantic adds for its own unions ("float", "tuple")."""
    return ".".join(key for key in keys if key not in {"float", "int", "str", "tuple", "[key]"})


def _keys_beside(key: str, model: type[BaseModel]) -> list[str]:
    parts = key.split(".")[:-1]
    here: type[BaseModel] = model
    free = False  # the next part is a name that the user chose (tables.NAME)
    for part in parts:
        if free:
            free = False
            continue
        annotation = here.model_fields[part].annotation
        inner = _models_in(annotation)
        if inner:
            here, free = inner[0], get_origin(annotation) is dict
    return [name for name in here.model_fields if name != "path"]


def _elsewhere(last: str, model: type[BaseModel]) -> str:
    dotted: dict[str, str] = {}
    for name, field in model.model_fields.items():
        for inner in _models_in(field.annotation):
            middle = f"{name}.NAME" if get_origin(field.annotation) is dict else name
            dotted |= {leaf: f"{middle}.{leaf}" for leaf in inner.model_fields}
    close = difflib.get_close_matches(last, dotted, n=1, cutoff=0.75)
    return f"; did you mean '{dotted[close[0]]}'?" if close else ""

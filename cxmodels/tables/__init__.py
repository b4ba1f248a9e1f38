"""The door: raw tables become canonical ones, checked, with bad rows set aside and the reason kept."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxmodels.tables.answerable import questions
    from cxmodels.tables.collection import Tables, open_tables, read_tables
    from cxmodels.tables.cut import known_by, within
    from cxmodels.tables.errors import DataError
    from cxmodels.tables.report import CheckReport
    from cxmodels.tables.validation import validate_table

__all__ = [
    "CheckReport",
    "DataError",
    "Tables",
    "known_by",
    "open_tables",
    "questions",
    "read_tables",
    "validate_table",
    "within",
]

# loaded when first asked for: models need only `cut`; the readers behind the others take long to import
_HOMES = {
    "CheckReport": "report",
    "DataError": "errors",
    "Tables": "collection",
    "known_by": "cut",
    "open_tables": "collection",
    "questions": "answerable",
    "read_tables": "collection",
    "validate_table": "validation",
    "within": "cut",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

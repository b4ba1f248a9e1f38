"""The door: raw tables become canonical ones, checked, with bad rows set aside and the reason kept."""

from cxmodels.tables.collection import Tables, open_tables, read_tables
from cxmodels.tables.cut import known_by, within
from cxmodels.tables.errors import DataError
from cxmodels.tables.questions import questions
from cxmodels.tables.report import CheckReport
from cxmodels.tables.schemas import validate_table

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

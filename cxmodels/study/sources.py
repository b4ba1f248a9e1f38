"""Where do the tables come from, and how are their values written? ``[tables.NAME]`` of a study."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator, model_validator

from cxmodels.study.fields import Settings, Share, Texts, Zone

CANONICAL_TABLES = (
    "transactions",
    "contracts",
    "contacts",
    "surveys",
    "events",
    "treatments",
    "customers",
    "snapshot",
)


class TableSource(Settings):
    """Where one canonical table comes from, and how its columns map to the canonical names.

    Attributes
    ----------
    source : list of str
        Files, globs or URLs (relative to the study file), or one catalogue name such as ``cdnow-master``;
        of a simulated set, such as ``nordtel``, each table takes its own file.
    database, table : str
        Instead of `source`: a DuckDB or SQLite file, and the table in it.
    columns : dict
        Canonical name → source column, or arithmetic of columns such as ``Quantity * UnitPrice``.
    delimiter, encoding, decimal, thousands, date_format, timezone, sheet
        How the raw values are written. What is not stated is read off the data where it is beyond doubt;
        otherwise reading stops and names the setting to write.
    where, exclude : list of str
        Conditions on source columns: all of `where` must hold; rows for which one of `exclude` holds leave.
    duplicates : {"keep", "drop"}
        What to do with lines equal in every column (they are counted either way).
    max_bad_share : float
        Reading stops when more than this share of the rows is set aside.
    """

    source: Texts = []
    database: str | None = None
    table: str | None = None
    columns: dict[str, str] = {}
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal["", " ", ".", ",", "'"] | None = None
    date_format: Texts = []
    timezone: Zone | None = None
    sheet: str | None = None
    where: Texts = []
    exclude: Texts = []
    duplicates: Literal["keep", "drop"] = "keep"
    max_bad_share: Share = 0.05

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, encoding: str | None) -> str | None:
        if encoding is not None:
            try:
                "".encode(encoding)
            except LookupError:
                raise ValueError(
                    "is no encoding; write for example 'utf-8', 'latin-1', 'cp1252' or 'utf-16'"
                ) from None
        return encoding

    @model_validator(mode="after")
    def _one_place(self) -> TableSource:
        if bool(self.source) == bool(self.database):
            raise ValueError('needs either source = "…" or database = "…" with table = "…", and not both')
        if (self.database is None) != (self.table is None):
            raise ValueError('needs database = "…" and table = "…" together')
        if self.decimal and self.thousands == self.decimal:
            raise ValueError(f"has decimal and thousands both set to {self.decimal!r}; they must differ")
        return self

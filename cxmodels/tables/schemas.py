"""What does each canonical table hold? Columns with kind, unit and rule, and the validator made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import ibis
import ibis.expr.types as ir

from cxmodels.tables.errors import DataError, nearest_names

if TYPE_CHECKING:
    from pandera.ibis import Column as PanderaColumn
    from pandera.ibis import DataFrameSchema

Kind = Literal["id", "text", "time", "day", "number", "flag", "any"]

TYPES: dict[str, str] = {
    "id": "string",
    "text": "string",
    "time": "timestamp(6)",
    "day": "date",
    "number": "float64",
    "flag": "boolean",
}

METRICS = ("nps", "ces", "csat", "nes", "lba")
"""Survey metrics that there are."""


@dataclass(frozen=True)
class Column:
    """One canonical column: its name, kind, whether a value is needed, its unit, and its range.

    `needed`: the table must have the column. `filled`: each row must have a value.
    """

    name: str
    kind: Kind
    unit: str = ""
    needed: bool = False
    filled: bool = False
    low: float | None = None
    high: float | None = None
    above_low: bool = False
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Order:
    """A rule between two columns of a row: `later` must not lie before `earlier`."""

    earlier: str
    later: str


@dataclass(frozen=True)
class Schema:
    """The columns of one canonical table, and the rules between them."""

    name: str
    columns: tuple[Column, ...]
    orders: tuple[Order, ...] = ()
    time: str = ""

    def column(self, name: str) -> Column:
        """Return the canonical column, or a free one of kind ``any`` for a name that the study adds."""
        return next((c for c in self.columns if c.name == name), Column(name, "any"))

    @property
    def needed(self) -> list[str]:
        """Names of the columns that the table cannot do without."""
        return [column.name for column in self.columns if column.needed]


def _customer() -> Column:
    return Column("customer_id", "id", needed=True, filled=True)


def _time(name: str = "timestamp") -> Column:
    return Column(name, "time", "study time zone", needed=True, filled=True)


SCHEMAS: dict[str, Schema] = {
    schema.name: schema
    for schema in (
        Schema(
            "transactions",
            (
                _customer(),
                _time(),
                Column("amount", "number", "study currency", needed=True, filled=True),
                Column("margin", "number", "study currency"),
                Column("channel", "text"),
                Column("product", "text"),
                Column("invoice", "text"),
                Column("quantity", "number", "pieces"),
            ),
            time="timestamp",
        ),
        Schema(
            "contracts",
            (
                _customer(),
                Column("start_date", "day", "day", needed=True, filled=True),
                Column("end_date", "day", "day; empty: running", needed=True),
                Column("monthly_fee", "number", "study currency a month", needed=True, filled=True),
                Column("plan", "text"),
                Column("bound_until", "day", "day"),
                Column("end_reason", "text"),
            ),
            orders=(Order("start_date", "end_date"),),
            time="start_date",
        ),
        Schema(
            "contacts",
            (
                _customer(),
                _time(),
                Column("recorded_at", "time", "study time zone; empty: at once"),
                Column("channel", "text", needed=True),
                Column("reason", "text", needed=True),
                Column("wait_minutes", "number", "minutes", low=0),
                Column("handle_minutes", "number", "minutes", low=0),
                Column("resolved", "flag"),
                Column("cost", "number", "study currency", low=0),
                Column("touchpoint", "text"),
            ),
            orders=(Order("timestamp", "recorded_at"),),
            time="timestamp",
        ),
        Schema(
            "surveys",
            (
                _customer(),
                _time("sent_at"),
                Column("answered_at", "time", "study time zone; empty: no answer", needed=True),
                Column(
                    "metric", "text", "nps, ces, csat, nes or lba", needed=True, filled=True, one_of=METRICS
                ),
                Column("score", "number", "the metric's own scale", needed=True),
                Column("touchpoint", "text"),
                Column("verbatim", "text"),
                Column("language", "text"),
            ),
            orders=(Order("sent_at", "answered_at"),),
            time="sent_at",
        ),
        Schema(
            "events",
            (
                _customer(),
                _time(),
                Column("recorded_at", "time", "study time zone; empty: at once"),
                Column("kind", "text", needed=True, filled=True),
                Column("magnitude", "number", "the kind's own unit"),
                Column("touchpoint", "text"),
                Column("channel", "text"),
            ),
            orders=(Order("timestamp", "recorded_at"),),
            time="timestamp",
        ),
        Schema(
            "treatments",
            (
                _customer(),
                _time(),
                Column("action", "text", needed=True, filled=True),
                Column(
                    "propensity", "number", "share", needed=True, filled=True, low=0, high=1, above_low=True
                ),
                Column("cost", "number", "study currency", low=0),
            ),
            time="timestamp",
        ),
        Schema(
            "customers",
            (
                _customer(),
                Column("birth_year", "number", "year", low=1880, high=2100),
                Column("region", "text"),
                Column("consent_marketing", "flag"),
            ),
        ),
        Schema("snapshot", (_customer(), Column("churned", "flag", needed=True, filled=True))),
    )
}


def schema_of(name: str) -> Schema:
    """Return the schema of a canonical table.

    Raises
    ------
    DataError
        Where there is no such table; the message lists the names and the nearest one.
    """
    if name not in SCHEMAS:
        raise DataError(
            f"There is no canonical table {name!r}; there are {', '.join(SCHEMAS)}"
            f"{nearest_names(name, SCHEMAS)}."
        )
    return SCHEMAS[name]


def validator(name: str, columns: list[str]) -> DataFrameSchema:
    """Return the pandera schema of a canonical table that has these columns.

    Parameters
    ----------
    name : str
        Canonical table.
    columns : list of str
        The columns that the table has; those that the schema does not know are not checked.

    Returns
    -------
    pandera.ibis.DataFrameSchema
        It checks types, missing values and ranges inside the engine.
    """
    # pandera takes a third of a second to load, and most of what imports this module validates nothing
    import pandera.ibis as pa

    schema = schema_of(name)
    known = [column for column in schema.columns if column.name in columns or column.needed]
    return pa.DataFrameSchema({column.name: _pandera_column(column) for column in known}, name=name)


def _pandera_column(column: Column) -> PanderaColumn:
    import pandera.ibis as pa

    checks = []
    if column.low is not None:
        checks.append(pa.Check.gt(column.low) if column.above_low else pa.Check.ge(column.low))
    if column.high is not None:
        checks.append(pa.Check.le(column.high))
    if column.one_of:
        checks.append(pa.Check.isin(column.one_of))
    return pa.Column(ibis.dtype(TYPES[column.kind]), checks, nullable=not column.filled)


def check_types(table: ir.Table, name: str) -> None:
    """Check that the columns of a table have their canonical types; no row is read.

    This is for tables whose rows the door has checked one by one; `validate_table` asks the rows as well.

    Raises
    ------
    DataError
        Where a column is of another type.
    """
    types = table.schema()
    for column in schema_of(name).columns:
        if column.name in types and types[column.name] != ibis.dtype(TYPES[column.kind]):
            raise DataError(
                f"Table {name} breaks its rules: column {column.name!r} is {types[column.name]}, not "
                f"{TYPES[column.kind]}. Convert it, or map another column."
            )


def validate_table(table: ir.Table, name: str) -> ir.Table:
    """Check a table against its canonical schema, and return it.

    Parameters
    ----------
    table : ibis Table
        A table with canonical columns, from the door or made elsewhere.
    name : str
        Which canonical table it is to be.

    Returns
    -------
    ibis Table
        The same table.

    Raises
    ------
    DataError
        Where a column is missing or of another type, a value missing or out of range. All defects are named.

    Examples
    --------
    >>> import ibis
    >>> log = ibis.memtable({"customer_id": ["007"], "amount": [12.5]})
    >>> validate_table(log, "transactions")
    Traceback (most recent call last):
    ...
    cxmodels.tables.errors.DataError: Table transactions breaks its rules: column 'timestamp' is missing...
    """
    from pandera.errors import SchemaErrors

    have = list(table.columns)
    missing = [needed for needed in schema_of(name).needed if needed not in have]
    if missing:
        parts = [f"column {m!r} is missing{nearest_names(m, have)}" for m in missing]
        raise DataError(
            f"Table {name} breaks its rules: {'; '.join(parts)}. Columns there are: {', '.join(have)}."
        )
    try:
        validator(name, have).validate(table, lazy=True)
    except SchemaErrors as error:
        defects = [_defect(fault) for fault in error.schema_errors]
        raise DataError(f"Table {name} breaks its rules: {'; '.join(defects)}.") from None
    return table


def _defect(fault: object) -> str:
    column = getattr(getattr(fault, "schema", None), "name", None)
    check = getattr(fault, "check", None)
    said = str(getattr(check, "error", None) or check or fault)
    said = "some rows have no value" if said == "not_nullable" else said
    if said.startswith("dtype("):
        said = f"is not of the type {said.removeprefix('dtype(').strip(')')}"
    return f"column {column!r}: {said}"

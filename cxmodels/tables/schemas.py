"""What does each canonical table hold? Columns with kind, unit and rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxmodels.tables.errors import DataError, nearest_names

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
    """The columns of one canonical table, and the rules between them.

    `plain`: what the table is called where everybody reads it.
    """

    name: str
    columns: tuple[Column, ...]
    plain: str
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
            plain="purchase records",
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
            plain="contracts",
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
            plain="contacts",
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
            plain="surveys",
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
            plain="events",
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
            plain="treatments",
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
            plain="attributes of customers",
        ),
        Schema(
            "snapshot",
            (_customer(), Column("churned", "flag", needed=True, filled=True)),
            plain="one flat table of customers",
        ),
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

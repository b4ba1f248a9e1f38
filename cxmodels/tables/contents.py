"""What do a study's tables hold, as known on a date? One phrase a table, for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from cxmodels.study import Study
from cxmodels.tables import activity
from cxmodels.tables.collection import Tables
from cxmodels.tables.cut import known_by, known_since
from cxmodels.tables.report import counted
from cxmodels.tables.schemas import schema_of

LEADING = {
    "snapshot": "Customers missing from the table, or another rule of who counts as having left. It has no "
    "dates: whether something was known before a customer left cannot be checked.",
    "contracts": "Contracts missing from the table, or ends that were entered late.",
    "transactions": "Purchases missing from the table.",
}
"""Tables that tell who the customers are and whether they stay, and what would change what each tells."""


@dataclass(frozen=True)
class Content:
    """What one table holds: its canonical name, its name for everybody, and a phrase without a full stop."""

    table: str
    name: str
    holds: str

    @property
    def would_change(self) -> str:
        """What would change the phrase; empty for tables that say nothing of who stays."""
        return LEADING.get(self.table, "")


@dataclass(frozen=True)
class Contents:
    """What all tables of a study hold, as known on its date; figures and days as English writes them."""

    each: tuple[Content, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One row a table: table (canonical name), name (for everybody), holds."""
        rows = [(one.table, one.name.capitalize(), one.holds) for one in self.each]
        return pd.DataFrame(rows, columns=["table", "name", "holds"])

    @property
    def leading(self) -> tuple[Content, ...]:
        """The tables that tell who the customers are and whether they stay; all, where there is none."""
        by_table = {one.table: one for one in self.each}
        return tuple(by_table[name] for name in LEADING if name in by_table) or self.each

    @property
    def summary(self) -> str:
        """What there is, in a sentence or two: the leading tables counted, the others named."""
        said = f"The study holds {_listed([one.holds for one in self.leading])}."
        others = [one.name for one in self.each if one not in self.leading]
        return f"{said} Besides, it has {_listed(others)}." if others else said


def contents(tables: Tables, study: Study) -> Contents:
    """Count what each table holds that is known by the date of the study.

    Parameters
    ----------
    tables : Tables
        The canonical tables.
    study : Study
        For `as_of`, and for `value.history_start`, from which purchases count.
    """
    held = {name: _holds(name, tables[name], study) for name in tables.names}
    return Contents(tuple(Content(name, schema_of(name).plain, phrase) for name, phrase in held.items()))


def contract_counts(contracts: ir.Table, as_of: date) -> tuple[int, int]:
    """Count the contracts that run on a date, and those that ended by it.

    Parameters
    ----------
    contracts : ibis Table
        Canonical contracts: ``start_date``, ``end_date``.
    as_of : date
        The day on which we stand; a contract that ends on it has ended.

    Returns
    -------
    running, ended : int
        Of the contracts that started by the date.
    """
    known = known_by(contracts, as_of, column="start_date")
    ended = _number(known_by(known, as_of, column="end_date").count())
    return _number(known.count()) - ended, ended


def nothing_known(tables: Tables, study: Study) -> str:
    """Say that no table has a row that is known by the date of the study; empty where one has.

    Parameters
    ----------
    tables : Tables
        The canonical tables. One without dates is known on every date.
    study : Study
        For `as_of` and `value.history_start`.
    """
    if any(_number(_known(name, tables[name], study).count()) for name in tables.names):
        return ""
    if "transactions" in tables:
        return no_purchases(tables, study)
    first = min(check.first_day or "" for check in tables.report.checks)
    names = _listed([schema_of(name).plain for name in tables.names])
    return (
        f"Nothing is known by {study.as_of}: the {names} start on {first}. Another date, or earlier data, "
        "would change that."
    )


def no_purchases(tables: Tables, study: Study) -> str:
    """Say why nothing can be told of purchases: there are none, or none is known yet; empty where one is.

    Parameters
    ----------
    tables : Tables
        The canonical tables.
    study : Study
        For `as_of` and `value.history_start`.
    """
    if "transactions" not in tables:
        return (
            "The study has no purchases: what was bought week by week, what was given back and who came "
            "back to buy again is left out."
        )
    start = study.value.history_start
    return activity.nothing_known(tables.transactions, as_of=study.as_of, history_start=start)


def _known(name: str, table: ir.Table, study: Study) -> ir.Table:
    """Return the rows known by the date of the study; all, of a table without dates."""
    if name == "transactions":
        return known_since(table, study.value.history_start, study.as_of)
    time = schema_of(name).time
    return known_by(table, study.as_of, column=time) if time else table


def _holds(name: str, table: ir.Table, study: Study) -> str:
    known, schema, as_of = _known(name, table, study), schema_of(name), study.as_of
    one = schema.plain.removesuffix("s")
    rows = _number(known.count())
    if name == "customers":
        return f"attributes of {counted(rows, 'customer')}"
    if name == "snapshot":
        left = _number(known.churned.sum())
        return f"{counted(rows, 'customer')}, of whom {_part(left, rows)} left"
    if not rows:
        return f"no {one} known by {as_of}"
    of = f"{counted(rows, one)} of {counted(_number(known.customer_id.nunique()), 'customer')}"
    if name == "contracts":
        running, ended = contract_counts(table, as_of)
        return f"{of}: {running:,} {'runs' if running == 1 else 'run'}, {_part(ended, rows)} ended by {as_of}"
    if name == "surveys":
        answered = _number(known_by(known, as_of, column="answered_at").count())
        return f"{of}, {_part(answered, rows)} of them answered"
    day = known[schema.time].cast("date")
    first, last = known.agg(first=day.min(), last=day.max()).to_pyarrow().to_pylist()[0].values()
    return f"{of}, from {first} to {last}"


def _part(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.1%})"


def _listed(parts: list[str]) -> str:
    """Join phrases, by semicolons where they hold commas."""
    if any(", " in part for part in parts):
        return "; and ".join(part for part in ("; ".join(parts[:-1]), parts[-1]) if part)
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def _number(count: Any) -> int:
    """Run a count in the engine; nothing to count is 0."""
    return int(count.to_pyarrow().as_py() or 0)

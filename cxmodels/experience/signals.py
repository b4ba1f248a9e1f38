"""What did each customer live through by a date, as far as it was known then? Many dates at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from cxmodels.experience.choosing import SignalChoice, SignalRules, choose_signals, standard_signals
from cxmodels.experience.records import Wanted, records
from cxmodels.experience.signal import COUNTS, STAGES, Signal
from cxmodels.tables.collection import Tables
from cxmodels.value.units import months_before

__all__ = [
    "STAGES",
    "Signal",
    "SignalChoice",
    "SignalRules",
    "choose_signals",
    "signal_frame",
    "standard_signals",
]

_OF_MEASURE = ("sum", "mean", "worst", "sum_trend", "broken")
_OF_ANSWERS = ("last", "change")
SHORTEST_MONTH = 28


def signal_frame(
    tables: Mapping[str, ir.Table] | Tables, population: pd.DataFrame, signals: Sequence[Signal]
) -> pd.DataFrame:
    """Compute signals of customers as of their dates, in the engine.

    Parameters
    ----------
    tables : Tables or mapping of str to ibis Table
        Canonical tables; those that the signals are of must be there.
    population : DataFrame
        Columns ``customer_id`` (str) and ``as_of`` (midnight): who, and on which days. Others are left alone.
    signals : sequence of Signal
        As of `standard_signals`, or made by hand.

    Returns
    -------
    DataFrame
        One row a row of `population`, in its order and with its index; one column a signal, float32. Counts,
        sums and trends are 0 where nothing is recorded; other figures are missing there, and so is a sum of
        records that all lack the measure.

    Raises
    ------
    ValueError
        Where a table or column is missing, two signals share a name, or the population has no dates, times of
        day, or a customer twice on one day.

    Notes
    -----
    A record is known from the end of the day on which it was recorded (`cxmodels.tables.cut.known_at`), and
    counts in the window by the day on which it happened. A survey is known to be asked when it is sent, its
    score when it is answered. What a company overwrites later, such as whether a contact was resolved, is
    taken as it is recorded.

    Records meet the dates on the calendar: each day is joined with the dates whose window it lies in. Of each
    kind, reason or metric one row a customer and date leaves the engine.

    Examples
    --------
    >>> import ibis
    >>> from datetime import datetime
    >>> when = [datetime(2025, 1, 9), datetime(2025, 2, 3)]
    >>> log = ibis.memtable({"customer_id": ["a", "a"], "timestamp": when, "kind": ["outage", "outage"]})
    >>> days = pd.to_datetime(["2025-01-31", "2025-02-28"])
    >>> who = pd.DataFrame({"customer_id": ["a", "a"], "as_of": days})
    >>> signal_frame({"events": log}, who, [Signal("outages", "events", "count", of="outage")])
       outages
    0      1.0
    1      2.0
    """
    _check_signals(tables, signals)
    grid = _read_population(population)
    # one block: the system hands out a large piece of memory faster than many small ones
    figures = np.zeros((len(signals), len(population)), dtype=np.float32)
    figures[[signal.statistic not in COUNTS for signal in signals]] = np.nan
    columns = {signal.name: figures[n] for n, signal in enumerate(signals)}
    for (name, of, apart_from, answers), some in _kinds(signals) if len(population) else ():
        rows = records(tables[name], name, wanted=_wanted(some, answers=answers))
        _fill(columns, _chosen(rows, of, apart_from), grid, signals=some)
    return pd.DataFrame(figures.T, index=population.index, columns=list(columns), copy=False)


@dataclass(frozen=True)
class _Grid:
    """Who and when: customers and dates by number, and the row of the population of each pair (-1: none)."""

    customers: pa.Array
    days: pd.DatetimeIndex
    row: npt.NDArray[np.int64]

    def people(self) -> ir.Table:
        """Return the number of each customer."""
        number = pa.array(np.arange(len(self.customers), dtype=np.int32))
        return ibis.memtable(pa.table({"customer_id": self.customers, "person": number}))

    def calendar(self, look_back: int) -> ir.Table:
        """Return for each day the dates that look back on it, and how many days and months ago it is then."""
        ago = np.arange(look_back, dtype=np.int32)
        days = (self.days.to_numpy().astype("datetime64[D]")[:, None] - ago).ravel()
        date = np.repeat(np.arange(len(self.days), dtype=np.int32), look_back)
        columns = {"day": days, "date": date, "ago": np.tile(ago, len(self.days))}
        as_of = np.repeat(self.days.to_numpy().astype("datetime64[D]"), look_back)
        months = np.concatenate([_months_ago(day, ago) for day in self.days.date])
        return ibis.memtable(pa.table({**columns, "as_of": as_of, "months_ago": months}))


def _months_ago(day: date, ago: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return how many whole calendar months before a day those lie that are so many days before it."""
    most = int(ago.max()) // SHORTEST_MONTH + 1
    ends = np.array([(day - months_before(day, months)).days for months in range(1, most + 1)])
    return np.searchsorted(ends, ago, side="right").astype(np.int32)


def _read_population(population: pd.DataFrame) -> _Grid:
    missing = [name for name in ("customer_id", "as_of") if name not in population.columns]
    if missing:
        raise ValueError(
            f"The population lacks {', '.join(missing)}; it has {', '.join(map(str, population.columns))}."
        )
    as_of = pd.to_datetime(population["as_of"])
    if as_of.isna().any() or population["customer_id"].isna().any():
        raise ValueError(
            "The population has rows without customer_id or as_of: signals are counted up to a date. Flat "
            "data have none."
        )
    if (as_of != as_of.dt.normalize()).any():
        raise ValueError("as_of of the population has times of day; give days, whose whole day is known.")
    person, customers = pd.factorize(population["customer_id"])
    date, days = pd.factorize(as_of, sort=True)
    row = np.full(len(customers) * len(days), -1, dtype=np.int64)
    row[person * len(days) + date] = np.arange(len(population))
    if (row >= 0).sum() < len(population):
        raise ValueError("The population has a customer twice on one day; give each once.")
    return _Grid(pa.array(customers, pa.string()), pd.DatetimeIndex(days), row)


def _check_signals(tables: Mapping[str, ir.Table] | Tables, signals: Sequence[Signal]) -> None:
    names = [signal.name for signal in signals]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"Signals share a name: {', '.join(twice)}. Give each its own.")
    absent = sorted({signal.table for signal in signals if signal.table not in tables})
    if absent:
        raise ValueError(f"There are signals of {', '.join(absent)}, but no such table. Choose signals anew.")


def _kinds(signals: Sequence[Signal]) -> list[tuple[tuple[str, str, tuple[str, ...], bool], list[Signal]]]:
    """Put together the signals of the same records; answers have another day than their questions.

    Each kind is a query of its own: one that told many kinds apart would ask for all figures of every record.
    """

    def key(signal: Signal) -> tuple[str, str, tuple[str, ...], bool]:
        return signal.table, signal.of, signal.apart_from, signal.statistic in _OF_ANSWERS

    return [(found, list(some)) for found, some in groupby(sorted(signals, key=key), key=key)]


def _wanted(signals: Sequence[Signal], *, answers: bool) -> Wanted:
    statistics = {signal.statistic for signal in signals}
    bought = signals[0].table == "transactions"  # a refund is no purchase
    return Wanted(
        measure=answers or bought or not statistics.isdisjoint(_OF_MEASURE),
        resolved="unresolved" in statistics,
        repeat="repeat" in statistics,
        answers=answers,
    )


def _chosen(rows: ir.Table, of: str, apart_from: tuple[str, ...]) -> ir.Table:
    if of:
        return rows.filter(rows["of"] == of)
    return rows.filter(rows["of"].notin(apart_from)) if apart_from else rows


def _fill(
    columns: Mapping[str, npt.NDArray[np.float32]], rows: ir.Table, grid: _Grid, *, signals: Sequence[Signal]
) -> None:
    """Write the signals of one kind into their columns; who is not of the population is passed over."""
    # each record meets every date in whose windows it lies, and there it counts if it was known by then
    seen = rows.inner_join(grid.calendar(max(signal.look_back for signal in signals)), "day")
    seen = seen.filter(seen.known <= seen.as_of)
    figures = {signal.name: _figure(seen, signal).cast("float32") for signal in signals}
    # customers get their number last: fewer rows are left to look up
    told = seen.group_by("customer_id", "date").aggregate(**figures).inner_join(grid.people(), "customer_id")
    cell = told.person.cast("int64") * len(grid.days) + told.date
    found = told.select(*figures, cell=cell).to_pyarrow()
    row = grid.row[found["cell"].to_numpy()]
    asked = np.flatnonzero(row >= 0)
    row = row[asked]
    for signal in signals:
        columns[signal.name][row] = found[signal.name].to_numpy()[asked]


def _figure(seen: ir.Table, signal: Signal) -> ir.Value:
    """Return one figure of the records of a customer that a date looks back on."""
    ago, length = (seen.months_ago, signal.months) if signal.months else (seen.ago, signal.days)
    inside = ago < length
    before = (ago >= length) & (ago < 2 * length)
    size: Any = seen["size"] if "size" in seen.columns else None
    each = size >= 0 if signal.table == "transactions" else ibis.literal(True)
    figures: dict[str, Callable[[], ir.Value]] = {
        "count": lambda: _count(inside & each),
        "sum": lambda: _sum(size, inside),
        "mean": lambda: _only(size, inside).mean().round(8),
        "worst": lambda: _only(size, inside).max(),
        "days_since": lambda: _only(seen.ago, inside & each).min(),
        "trend": lambda: _count(inside & each) - _count(before & each),
        "sum_trend": lambda: _sum(size, inside) - _sum(size, before),
        "unresolved": lambda: _count(inside & ~seen.resolved),
        "repeat": lambda: _count(inside & (seen.earlier_known <= seen.as_of)),
        "broken": lambda: _count(inside & (size > signal.limit)),
        "refunds": lambda: _count(inside & (size < 0)),
        "refunded": lambda: _sum(-size, inside & (size < 0)),
        "bought": lambda: _sum(size, inside & (size >= 0)),
        "silent": lambda: _count(inside & (seen.answered.isnull() | (seen.answered > seen.as_of))),
        "last": lambda: size.argmax(_only(seen.turn, inside)),
        "change": lambda: seen.change.argmax(_only(seen.turn, inside)),
    }
    return figures[signal.statistic]()


def _only(column: ir.Column, condition: ir.BooleanValue) -> ir.Column:
    """Return the values where the condition holds: twice as fast to aggregate as with a filter."""
    return condition.ifelse(column, ibis.null(column.type()))


def _count(condition: ir.BooleanValue) -> ir.IntegerScalar:
    return _only(ibis.literal(1, "int8"), condition).count()


def _sum(size: ir.NumericColumn, condition: ir.BooleanValue) -> ir.Value:
    """Sum a measure: 0 where there is no record, missing where no record has it.

    Threads add in any order: at 8 decimals sums of floating numbers agree again.
    """
    return (_count(condition) == 0).ifelse(0.0, _only(size, condition).sum().round(8))

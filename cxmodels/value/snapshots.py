"""What was known of each customer on an earlier date, and what did each spend after it?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.tables.customer_days import customer_days, settled_sum
from cxmodels.tables.cut import known_since
from cxmodels.value.counts import Floats
from cxmodels.value.summary import as_frame, outcomes, summarise

SHARES_OF_WINDOW = (1, 2, 4)  # recent windows: the whole, a half, a quarter of window_days
LEARNING_STEPS = (1.0, 1.25, 1.5)


@dataclass(frozen=True)
class Snapshot:
    """All customers as they were known at the end of one day, with their outcome where it is read.

    Attributes
    ----------
    as_of : date
        The last day known.
    window_days : int
        Length of the longest recent window, days.
    history_days : int
        Days from the first purchase of all customers up to `as_of`.
    customers : DataFrame
        Indexed by customer_id, in its order: the columns of `cxmodels.value.summary.summarise` and of recent
        behaviour.
    spend : ndarray of float or None
        Net spend of each customer in the `horizon_days` after `as_of`.
    purchases : ndarray of float or None
        Purchase days of each customer in those days.
    horizon_days : int
        Days in which `spend` and `purchases` were read; 0 without an outcome.
    """

    as_of: date
    window_days: int
    history_days: int
    customers: pd.DataFrame
    spend: Floats | None = None
    purchases: Floats | None = None
    horizon_days: int = 0

    @property
    def outcome(self) -> Floats:
        """Net spend after `as_of`; raises where none was read."""
        if self.spend is None:
            raise ValueError(f"The snapshot of {self.as_of} has no outcome: take it with horizon_days.")
        return self.spend


def take_snapshot(
    transactions: ir.Table,
    *,
    as_of: date,
    window_days: int,
    horizon_days: int = 0,
    unit: str = "week",
    history_start: date | None = None,
) -> Snapshot:
    """Read what was known of each customer on `as_of`, and the spend after it.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount.
    as_of : date
        Its whole day is known, nothing after it is.
    window_days : int
        Recent behaviour is counted in the last `window_days`, half and a quarter of it.
    horizon_days : int
        Read the outcome of so many days after `as_of`; 0 reads none.
    unit : {"day", "week", "month"}
        Unit of recency and T.
    history_start : date, optional
        First day that counts.

    Returns
    -------
    Snapshot
    """
    summary = summarise(transactions, as_of=as_of, unit=unit, history_start=history_start)
    known = known_since(transactions, history_start, as_of)
    recent = _recent_behaviour(known, as_of=as_of, window_days=window_days)
    joined = summary.left_join(recent, "customer_id").drop("customer_id_right")
    customers = as_frame(joined.order_by("customer_id")).set_index("customer_id")
    start = customers["first_day"].min() if len(customers) else pd.Timestamp(as_of)
    spend = purchases = None
    if horizon_days:
        later = (
            outcomes(transactions, as_of=as_of, horizon_days=horizon_days)
            .to_pandas()
            .set_index("customer_id")
        )
        later = later.reindex(customers.index).fillna({"spend": 0.0, "purchases": 0.0})
        spend, purchases = (later[name].to_numpy(dtype=float) for name in ("spend", "purchases"))
    return Snapshot(
        as_of=as_of,
        window_days=window_days,
        history_days=(pd.Timestamp(as_of) - start).days + 1,
        customers=customers,
        spend=spend,
        purchases=purchases,
        horizon_days=horizon_days,
    )


def known_days(known: ir.Table, *, as_of: date, history_start: date | None = None) -> int:
    """Return the days of history up to `as_of`: from the first transaction, or from `history_start`."""
    first = known.timestamp.min().cast("date").execute()
    if pd.isna(first):
        return 0
    start = max(pd.Timestamp(first), pd.Timestamp(history_start or first))
    return max((pd.Timestamp(as_of) - start).days + 1, 0)


def learning_horizon(*, history_days: int, horizon_days: int) -> int:
    """Return the days of outcome that the history can teach: the horizon, but at most a third of the history.

    A third leaves room for one snapshot to learn from, one to choose on, and a history before both.

    Examples
    --------
    >>> learning_horizon(history_days=273, horizon_days=365)
    91
    """
    return max(min(horizon_days, history_days // 3), 1)


def learning_dates(*, as_of: date, history_days: int, window_days: int) -> tuple[date, ...]:
    """Return the dates of the earlier snapshots to learn from, the latest first.

    Each leaves its outcome of `window_days` before or on `as_of`, and has a history of at least
    `window_days`.

    Examples
    --------
    >>> [str(day) for day in learning_dates(as_of=date(2025, 12, 31), history_days=250, window_days=100)]
    ['2025-09-22', '2025-08-28', '2025-08-03']
    """
    back: Iterable[int] = (round(step * window_days) for step in LEARNING_STEPS)
    return tuple(as_of - timedelta(days=days) for days in back if history_days - days >= window_days)


def _recent_behaviour(known: ir.Table, *, as_of: date, window_days: int) -> ir.Table:
    """Count and value purchase days in recent windows, and describe gaps between them and their values."""
    days = customer_days(known)
    days = days.filter(days.bought)
    before = ibis.window(group_by="customer_id", order_by="day")
    days = days.mutate(gap=days.day.delta(days.day.lag().over(before), unit="day").cast("float64"))
    figures = {
        "first_value": days["value"].argmin(days.day),
        "last_value": days["value"].argmax(days.day),
        "largest_value": days["value"].max(),
        "value_deviation": days["value"].std(how="pop").round(8),
        "gap_mean": days.gap.mean(),
        "gap_deviation": days.gap.std(how="sample"),
        "gap_last": days.gap.argmax(days.day),
    }
    for share in SHARES_OF_WINDOW:
        recent = days.day > ibis.literal(as_of - timedelta(days=-(-window_days // share)), type="date")
        figures[f"purchases_{share}"] = recent.sum().cast("float64")
        figures[f"spend_{share}"] = settled_sum(days["value"], where=recent).fill_null(0.0)
    return days.group_by("customer_id").aggregate(**figures)


def calendar_days(customers: pd.DataFrame, *, as_of: date) -> tuple[Floats, Floats, Floats]:
    """Return each customer's age, time between first and last purchase day, and silence since, in days."""
    last, first = customers["last_day"], customers["first_day"]
    age = (pd.Timestamp(as_of) - first).dt.days.to_numpy(dtype=float)
    silence = (pd.Timestamp(as_of) - last).dt.days.to_numpy(dtype=float)
    return age, np.maximum(age - silence, 0.0), silence

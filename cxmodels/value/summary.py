"""What has each customer bought by a date, and what did each buy after it?"""

from __future__ import annotations

from datetime import date, timedelta
from importlib import import_module
from threading import Thread

import ibis
import ibis.expr.types as ir
import pandas as pd

from cxmodels.tables.customer_days import customer_days, settled_sum
from cxmodels.tables.cut import known_since, within
from cxmodels.value.units import DAYS_IN_YEAR, days_in


def summarise(
    transactions: ir.Table, *, as_of: date, unit: str = "week", history_start: date | None = None
) -> ir.Table:
    """Summarise a purchase log to one row a customer, in the engine.

    The rows of a customer's day are netted. A day is a purchase if it holds at least one row that is not a
    refund (amount >= 0) and either no refund at all or a net value above zero. Other days are refunds.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount (currency; a refund is below zero).
    as_of : date
        The day on which we stand; its whole day is known, nothing after it is.
    unit : {"day", "week", "month"}
        Unit of `recency` and `T`.
    history_start : date, optional
        First day that counts. Default: everything known.

    Returns
    -------
    ibis Table
        One row for each customer with a purchase day: customer_id; frequency (repeat purchase days, int64);
        recency (last − first purchase day, units); T (`as_of` − first purchase day, units);
        monetary_value (mean value of the repeat purchase days, currency; 0 without any); first_day, last_day;
        total_spend (value of all purchase days, currency); refunds (value given back on other days,
        currency, positive). Customers with refunds only are left out.

    Notes
    -----
    The definitions are those of Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, with
    times collapsed to calendar days before they are divided by the unit.

    Examples
    --------
    >>> log = ibis.memtable({
    ...     "customer_id": ["a", "a", "a"],
    ...     "timestamp": [date(2025, 1, 1), date(2025, 1, 15), date(2025, 1, 15)],
    ...     "amount": [10.0, 4.0, 2.0],
    ... })
    >>> row = summarise(log, as_of=date(2025, 1, 29)).to_pandas().iloc[0]
    >>> int(row.frequency), float(row.recency), float(row["T"]), float(row.monetary_value)
    (1, 2.0, 4.0, 6.0)
    """
    _require(transactions, "customer_id", "timestamp", "amount")
    unit_days = days_in(unit)
    days = customer_days(known_since(transactions, history_start, as_of))
    bought = days.bought
    # columns that are null or 0 on other days: the engine adds those up faster than it filters
    days = days.mutate(
        day=bought.ifelse(days.day, None),
        spend=bought.ifelse(days["value"], 0.0),
        back=bought.ifelse(0.0, days["value"]),
    )
    customers = days.group_by("customer_id").aggregate(
        purchase_days=days.day.count(),
        first_day=days.day.min(),
        last_day=days.day.max(),
        total_spend=settled_sum(days.spend),
        first_value=_at_earliest(days.spend, days.day),
        refunds=-settled_sum(days.back),
    )
    customers = customers.filter(customers.purchase_days > 0)
    repeats = customers.purchase_days - 1
    # a subtraction may leave a rounding error below zero, which no purchase day can be worth
    repeat_spend = ibis.greatest(customers.total_spend - customers.first_value, 0.0)
    return customers.select(
        "customer_id",
        frequency=repeats.cast("int64"),
        recency=customers.last_day.delta(customers.first_day, unit="day").cast("float64") / unit_days,
        T=ibis.literal(as_of, type="date").delta(customers.first_day, unit="day").cast("float64") / unit_days,
        monetary_value=ibis.ifelse(repeats > 0, repeat_spend / repeats.nullif(0), 0.0),
        first_day=customers.first_day,
        last_day=customers.last_day,
        total_spend=customers.total_spend,
        refunds=customers.refunds + 0.0,
    )


def as_frame(customers: ir.Table) -> pd.DataFrame:
    """Take one row a customer out of the engine; days become time stamps, not Python objects.

    Parameters
    ----------
    customers : ibis Table
        As of `summarise` or `outcomes`.

    Returns
    -------
    DataFrame
    """
    # what fits will need takes half a second to load, in which the engine can work: it needs no Python
    loading = Thread(target=import_module, args=("scipy.optimize",))
    loading.start()
    rows = customers.to_pyarrow()
    loading.join()
    return rows.to_pandas(date_as_object=False)


def outcomes(
    transactions: ir.Table, *, as_of: date, horizon_days: int, discount_rate: float = 0.0
) -> ir.Table:
    """Return what customers did in the days after `as_of`, up to the horizon.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount, as for `summarise`.
    as_of : date
        The last day that is *not* part of the outcome.
    horizon_days : int
        Days after `as_of` that count, at least 1.
    discount_rate : float
        A year's rate; a day's value is discounted back to `as_of`.

    Returns
    -------
    ibis Table
        One row for each customer with any row in the window: customer_id; purchases (purchase days, int64);
        spend and discounted_spend (currency, net of all refunds in the window). Customers without activity
        are not in it: join from the left and fill with 0.
    """
    _require(transactions, "customer_id", "timestamp", "amount")
    if horizon_days < 1:
        raise ValueError(f"horizon_days is {horizon_days}; the horizon needs at least 1 day after as_of.")
    if not discount_rate >= 0.0:
        raise ValueError(f"discount_rate is {discount_rate}; give a rate a year of 0 or more.")
    days = customer_days(within(transactions, as_of, as_of + timedelta(days=horizon_days)))
    ahead = days.day.delta(ibis.literal(as_of, type="date"), unit="day").cast("float64")
    factor = ibis.literal(1.0 + discount_rate).pow(-ahead / DAYS_IN_YEAR)
    return days.group_by("customer_id").aggregate(
        purchases=days.bought.sum().cast("int64"),
        spend=settled_sum(days["value"]),
        discounted_spend=settled_sum(days["value"] * factor),
    )


@ibis.udf.agg.builtin(name="min_by")
def _at_earliest(value: float, day: date) -> float:  # type: ignore[empty-body]
    """Give the value on the earliest day: ibis' own argmin sorts every customer's days for it."""


def _require(transactions: ir.Table, *columns: str) -> None:
    missing = [name for name in columns if name not in transactions.columns]
    if missing:
        raise ValueError(
            f"The purchase log lacks {', '.join(missing)}; it has {', '.join(transactions.columns)}. "
            "Map the column in the study's [tables.transactions]."
        )

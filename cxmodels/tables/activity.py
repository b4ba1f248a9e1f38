"""Is there activity in every week, and what is in it? A purchase log along its calendar, up to a date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from cxmodels.tables.customer_days import customer_days
from cxmodels.tables.cut import known_at, known_by, known_since, within
from cxmodels.tables.report import counted

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Activity:
    """A purchase log week by week, and what it holds up to a date.

    Attributes
    ----------
    table
        One row a calendar week from the first to the last, weeks without any row included: ``week`` (its
        Monday), ``rows``, ``customers`` (distinct), ``spend`` and ``refunds`` (money, both positive),
        ``whole`` (False where the log starts or ends within the week).
    first_day, last_day
        First and last day with a row.
    rows, customers, buyers, repeat_customers
        Rows; customers with any; customers with a purchase day; customers with two or more of them.
    refund_rows, zero_rows
        Rows with an amount below zero; rows with an amount of zero.
    spend, refunds
        Money in and money given back, both positive.
    later_rows
        Rows after the date: never known to a model, but there to check it against.
    """

    table: pd.DataFrame
    first_day: date
    last_day: date
    rows: int
    customers: int
    buyers: int
    repeat_customers: int
    refund_rows: int
    zero_rows: int
    spend: float
    refunds: float
    later_rows: int

    @property
    def history_days(self) -> int:
        """Days from the first to the last day with a row, both included."""
        return (self.last_day - self.first_day).days + 1

    @property
    def empty_weeks(self) -> list[date]:
        """Mondays of the weeks without a single row, between the first and the last."""
        return self.table.loc[self.table["rows"] == 0, "week"].dt.date.tolist()

    @property
    def verdict(self) -> str:
        """One sentence on the gaps: whether every week has rows, and how many lack them."""
        empty, weeks = self.empty_weeks, len(self.table)
        if not empty:
            return (
                f"Every one of the {weeks} weeks has activity" if weeks > 1 else "The one week has activity"
            )
        if len(empty) == 1:
            return f"One of {weeks} weeks has no activity at all, that from {empty[0].isoformat()}"
        return f"{len(empty)} of {weeks} weeks have no activity at all, the first from {empty[0].isoformat()}"

    @property
    def repeat_share(self) -> float:
        """Share of the customers with a purchase who bought on two days or more; 0 where nobody bought."""
        return self.repeat_customers / self.buyers if self.buyers else 0.0

    @property
    def refund_share(self) -> float:
        """Refunds as a share of the money in."""
        return self.refunds / self.spend if self.spend > 0 else 0.0


def activity(transactions: ir.Table, *, as_of: date) -> Activity:
    """Count a purchase log week by week, in the engine.

    Parameters
    ----------
    transactions
        Canonical transactions: ``customer_id``, ``timestamp``, ``amount``.
    as_of
        Date on which the study stands; rows after it are counted as later ones, and in nothing else.

    Returns
    -------
    Activity

    Raises
    ------
    ValueError
        Where there is no row up to the date.
    """
    known = known_by(transactions, as_of)
    day = known.timestamp.date()
    log = known.select("customer_id", "amount", day=day, week=day.truncate("W"))
    later_rows = int(transactions.count().execute()) - int(known.count().execute())
    totals = _totals(log, purchase_days(known))
    if not totals["rows"]:
        raise ValueError(nothing_known(transactions, as_of=as_of))
    weeks = log.group_by("week").agg(
        rows=log.count(),
        customers=log.customer_id.nunique(),
        spend=log.amount.clip(lower=0).sum(),
        refunds=(-log.amount).clip(lower=0).sum(),
    )
    first, last = totals["first_day"], totals["last_day"]
    return Activity(
        table=_every_week(weeks.to_pandas(), first=first, last=last), later_rows=later_rows, **totals
    )


def nothing_known(transactions: ir.Table, *, as_of: date, history_start: date | None = None) -> str:
    """Say that no row of a purchase log is known on a date, and where its rows lie instead.

    Parameters
    ----------
    transactions
        Canonical transactions.
    as_of
        Date on which the study stands.
    history_start
        First day that counts. Default: everything known.

    Returns
    -------
    str
        Sentences that name no setting, for everybody; empty where a row is known.
    """
    if known_since(transactions, history_start, as_of).count().execute():
        return ""
    when = f"from {history_start}, where the history starts, to {as_of}" if history_start else f"by {as_of}"
    sides = (
        (known_by(transactions, as_of), "before it, the last of {last}"),
        (within(transactions, as_of, date.max - DAY), "after it, the first of {first}"),
    )
    spans = [(_span(rows), place) for rows, place in sides]
    there = [
        f"{counted(span['rows'], 'row')} {place.format(**span)}" for span, place in spans if span["rows"]
    ]
    are = "is" if sum(span["rows"] for span, _ in spans) < 2 else "are"
    return (
        f"No purchase is known {when}: there {are} {' and '.join(there) or 'no row at all'}. "
        "Another date, or the purchases that are missing, would change that."
    )


def _span(rows: ir.Table) -> dict[str, Any]:
    """Count rows, and give the first and last day on which one became known."""
    day = known_at(rows).cast("date")
    span = rows.agg(rows=rows.count(), first=day.min(), last=day.max())
    found: dict[str, Any] = span.to_pyarrow().to_pylist()[0]
    return found


def purchase_days(known: ir.Table) -> ir.Table:
    """Days on which customers bought, one row a customer and day: the same rule as for customer value.

    A day is a purchase where it holds no refund, or where its rows come to more than zero.

    Parameters
    ----------
    known
        ``customer_id``, ``timestamp`` and ``amount`` of all that is known.

    Returns
    -------
    ibis Table
        ``customer_id``, ``day``.
    """
    return customer_days(known).filter(lambda days: days.bought).select("customer_id", "day")


def _totals(log: ir.Table, bought: ir.Table) -> dict[str, Any]:
    per_buyer = bought.group_by("customer_id").agg(days=bought.count())
    repeats = per_buyer.agg(buyers=per_buyer.count(), repeat_customers=(per_buyer.days > 1).sum().coalesce(0))
    whole = log.agg(
        customers=log.customer_id.nunique(),
        first_day=log.day.min(),
        last_day=log.day.max(),
        rows=log.count(),
        refund_rows=(log.amount < 0).sum().coalesce(0),
        zero_rows=(log.amount == 0).sum().coalesce(0),
        spend=log.amount.clip(lower=0).sum().coalesce(0.0),
        refunds=(-log.amount).clip(lower=0).sum().coalesce(0.0),
    )
    row: dict[str, Any] = whole.cross_join(repeats).to_pyarrow().to_pylist()[0]
    return row


def _every_week(weeks: pd.DataFrame, *, first: date, last: date) -> pd.DataFrame:
    start, end = first - timedelta(days=first.weekday()), last - timedelta(days=last.weekday())
    every = pd.DataFrame({"week": pd.date_range(start, end, freq="7D")})
    weeks = weeks.assign(week=pd.to_datetime(weeks["week"]).astype(every["week"].dtype))
    table = every.merge(weeks, on="week", how="left").fillna(
        {"rows": 0, "customers": 0, "spend": 0.0, "refunds": 0.0}
    )
    table["whole"] = (table["week"] >= pd.Timestamp(first)) & (
        table["week"] + WEEK <= pd.Timestamp(last) + WEEK / 7
    )
    return table.astype({"rows": "int64", "customers": "int64"})

"""What share of a customer's spend stays as margin? The customer's own record, as far as it says something.

Credibility (Bühlmann & Straub 1970; Bühlmann & Gisler 2005, "A Course in Credibility Theory", chapter 4): the
rate of a customer lies between that of their own record and that of the base, and the more the record says,
the nearer to their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.tables.customer_days import settled_sum
from cxmodels.tables.cut import known_since
from cxmodels.value.counts import Floats
from cxmodels.value.summary import as_frame

# Days below this quantile by spend are held to have errors as large as a day of it: small baskets cost a
# delivery too, and must not be divided by next to nothing.
SMALL = 0.10
# A day that is off from the base's rate by more than three times its spend, and three times what one day in a
# hundred is off by, counts as off by so much: a slip of the decimal point decides nothing.
LARGEST_OFF, RARE = 3.0, 0.01
ROUNDS = 100


@dataclass(frozen=True)
class MarginRates:
    """The margin rate of each customer who stated any, and of the base.

    Attributes
    ----------
    table : DataFrame
        Indexed by customer_id, one row a customer with a row that states a margin: spend and margin (sums
        over those rows, currency); evidence (how many days of equal spend their record is worth); credibility
        (0 to 1: the weight of their own record); rate (margin a unit of spend; below 0 where customers cost
        more than they bring); deviation (standard deviation of what is not known of the rate).
    base_rate, base_deviation : float
        Rate of a customer of whom nothing is known but the base, and the standard deviation of that mean.
    between : float
        Standard deviation of rates between customers.
    within : float
        Standard deviation of a day's rate around its customer's, on days that are not small.
    small_day : float
        Spend of a small day: a tenth of the days are smaller (currency).
    rows, stated_rows : int
        Rows known, and those of them that state a margin.
    limited_days : int
        Days whose margin was limited, so that no single row decides.
    """

    table: pd.DataFrame = field(repr=False)
    base_rate: float
    base_deviation: float
    between: float
    within: float
    small_day: float
    rows: int
    stated_rows: int
    limited_days: int

    def day_noise(self, each: Floats) -> Floats:
        """Return the standard deviation of the margin of a day on which `each` is spent (currency)."""
        return self.within * np.maximum(each, self.small_day)

    def of(self, customer_ids: pd.Series) -> pd.DataFrame:
        """Return rate, deviation and credibility of customers; nothing stated: the base's, of credibility 0.

        Parameters
        ----------
        customer_ids : Series

        Returns
        -------
        DataFrame
            In the order given: stated (whether any row states a margin), spend, margin, rate, deviation,
            credibility.
        """
        found = self.table.reindex(pd.Index(customer_ids)).reset_index(drop=True)
        unknown = {
            "spend": 0.0,
            "margin": 0.0,
            "rate": self.base_rate,
            "deviation": float(np.hypot(self.between, self.base_deviation)),
            "credibility": 0.0,
        }
        return found[list(unknown)].fillna(unknown).assign(stated=found["rate"].notna())


def margin_rates(
    transactions: ir.Table, *, as_of: date, history_start: date | None = None
) -> MarginRates | None:
    """Estimate each customer's margin rate from the rows that state a margin.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount, margin (currency; empty where it is not known). Rows after
        `as_of` are not read.
    as_of : date
        The day on which we stand.
    history_start : date, optional
        First day that counts. Default: everything known.

    Returns
    -------
    MarginRates or None
        None where the rows that state a margin hold no net spend above 0 in all: nothing to learn from.

    Notes
    -----
    A customer's own rate is their margin (a day's limited as `LARGEST_OFF` says) over their net spend. The
    margin of a day is off from rate × spend by an error with the standard deviation within × max(spend, a
    small day's). So one large day says no more of the rate than an ordinary one, a record is worth
    spend² / Σ max(day's spend, small day's)² days of evidence, and its credibility is
    evidence / (evidence + within² / between²).

    `within` is estimated from the days of each customer around their own rate; `between` by the moments of
    rates over customers, weighted by squared credibility and repeated until it settles, which for many
    customers solves the equation of the normal likelihood (DerSimonian & Kacker 2007, Contemporary Clinical
    Trials 28). Where customers differ by no more than chance, all have the base's rate. A net spend of 0 or
    less says nothing of a rate. The deviation holds what the record leaves open, and the error of the base's
    rate.

    Examples
    --------
    >>> log = ibis.memtable({
    ...     "customer_id": ["a", "a", "b", "b"],
    ...     "timestamp": [date(2025, 1, day) for day in (1, 2, 3, 4)],
    ...     "amount": [10.0, 10.0, 10.0, 10.0],
    ...     "margin": [4.0, 4.0, -1.0, -1.0],
    ... })
    >>> margin_rates(log, as_of=date(2025, 1, 31)).table["rate"].round(6).tolist()
    [0.4, -0.1]
    """
    known = known_since(transactions, history_start, as_of)
    days = stated_days(known)
    base = days.aggregate(
        rows=days.stated_rows.sum(),
        spend=settled_sum(days.spend),
        margin=settled_sum(days.margin),
        small=days["size"].quantile(SMALL, where=days["size"] > 0),
    )
    rows, spend, margin, small = base.to_pyarrow().to_pylist()[0].values()
    if not rows or spend <= 0:
        return None
    customers = as_frame(_by_customer(days, pooled=margin / spend, small=small).order_by("customer_id"))
    customers = customers.set_index("customer_id")
    return _shrunk(
        customers.assign(evidence=_evidence(customers)),
        small_day=float(small),
        rows=int(known.count().to_pyarrow().as_py()),
        stated_rows=int(rows),
    )


def stated_days(known: ir.Table) -> ir.Table:
    """Net the rows of each customer's day that state a margin: spend, margin, stated_rows and size."""
    rows = known.select(
        "customer_id",
        day=known.timestamp.cast("date"),
        amount=known.amount.cast("float64"),
        margin=known.margin.cast("float64"),
    )
    rows = rows.filter(rows.margin.notnull() & ~rows.margin.isnan())
    days = rows.group_by("customer_id", "day").aggregate(
        spend=settled_sum(rows.amount), margin=settled_sum(rows.margin), stated_rows=rows.count()
    )
    return days.mutate(size=days.spend.abs())


def _by_customer(days: ir.Table, *, pooled: float, small: float) -> ir.Table:
    """Sum up each customer's days: what they spent and left, and how far days fell from one another."""
    days = days.mutate(unit=ibis.greatest(days["size"], small))
    days = days.mutate(off=(days.margin - pooled * days.spend) / days.unit)
    most = LARGEST_OFF * max(1.0, days.off.abs().quantile(1.0 - RARE).to_pyarrow().as_py())
    kept = days.off.clip(lower=-most, upper=most)
    # in units of each day's error, so that all have the same variance
    days = days.mutate(
        limited=kept != days.off,
        counted=pooled * days.spend + kept * days.unit,
        x=days.spend / days.unit,
    )
    days = days.mutate(y=days.counted / days.unit)
    return days.group_by("customer_id").aggregate(
        days=days.count().cast("float64"),
        spend=settled_sum(days.spend),
        margin=settled_sum(days.margin),
        counted=settled_sum(days.counted),
        units=settled_sum(days.unit.pow(2)),
        xx=settled_sum(days.x.pow(2)),
        xy=settled_sum(days.x * days.y),
        yy=settled_sum(days.y.pow(2)),
        limited=days.limited.sum(),
    )


def _evidence(customers: pd.DataFrame) -> Floats:
    """Return how many days each record is worth; nothing where no spend is left."""
    spend = np.maximum(customers["spend"].to_numpy(dtype=float), 0.0)
    return spend**2 / customers["units"].to_numpy(dtype=float)


def _shrunk(customers: pd.DataFrame, *, small_day: float, rows: int, stated_rows: int) -> MarginRates:
    evidence = customers["evidence"].to_numpy(dtype=float)
    says = evidence > 0
    own = customers["counted"].to_numpy(dtype=float)[says] / customers["spend"].to_numpy(dtype=float)[says]
    noise = _within_variance(customers)
    spread = 0.0 if noise is None else between_variance(own, evidence[says], noise)
    # without anybody's second day the two cannot be told apart: then all is taken to be chance
    chance = float(np.var(own) / np.mean(1.0 / evidence[says])) if noise is None else noise
    variance = spread + chance / evidence[says]
    weight = 1.0 / variance if variance.min() > 0 else evidence[says]
    base = float((weight * own).sum() / weight.sum())
    base_variance = float(1.0 / weight.sum()) if variance.min() > 0 else 0.0
    credibility = np.zeros(len(customers))
    credibility[says] = spread / variance if spread > 0 else 0.0
    rate = np.full(len(customers), base)
    rate[says] += credibility[says] * (own - base)
    left = 1.0 - credibility
    return MarginRates(
        table=customers[["spend", "margin", "evidence"]].assign(
            credibility=credibility,
            rate=rate,
            deviation=np.sqrt(spread * left + left**2 * base_variance),
        ),
        base_rate=base,
        base_deviation=float(np.sqrt(base_variance)),
        between=float(np.sqrt(spread)),
        within=float(np.sqrt(chance)),
        small_day=small_day,
        rows=rows,
        stated_rows=stated_rows,
        limited_days=int(customers["limited"].sum()),
    )


def _within_variance(customers: pd.DataFrame) -> float | None:
    """Return the variance of days around their customer's rate; None where nobody has a second day."""
    freedom = customers["days"].sum() - len(customers)
    if freedom <= 0:
        return None
    xx = customers["xx"].to_numpy(dtype=float)
    explained = np.divide(customers["xy"].to_numpy() ** 2, xx, out=np.zeros_like(xx), where=xx > 0)
    off = np.where(customers["days"] > 1, customers["yy"] - explained, 0.0)
    # what is left of a difference of sums is no variance
    return max(float(off.sum()), 0.0) / float(freedom) if off.sum() > 1e-12 * customers["yy"].sum() else 0.0


def between_variance(own: Floats, evidence: Floats, noise: float) -> float:
    """Return the variance of rates between customers beyond what chance makes."""
    credibility = evidence / (evidence + 1.0)
    spread = 0.0
    for _ in range(ROUNDS):
        weight = credibility**2
        mean = float((weight * own).sum() / weight.sum())
        spare = weight * (1.0 - weight / weight.sum())
        if spare.sum() <= 1e-12 * weight.sum():
            return 0.0
        seen = float((weight * (own - mean) ** 2).sum() - noise * (spare / evidence).sum())
        before, spread = spread, max(seen / float(spare.sum()), 0.0)
        if spread <= 1e-12 * max(mean**2, noise) or abs(spread - before) <= 1e-9 * spread:
            break
        credibility = evidence / (evidence + noise / spread)
    return spread if spread > 1e-12 * max(mean**2, noise) else 0.0

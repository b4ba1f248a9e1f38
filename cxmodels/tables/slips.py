"""Does one amount decide everything? Days whose value stands alone, as after a slip of a decimal sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import NormalDist

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.study import ValueSettings
from cxmodels.tables.customer_days import customer_days
from cxmodels.tables.cut import known_since

Floats = npt.NDArray[np.float64]

DAY_COLUMNS = ["customer_id", "day", "value", "counted"]
# The spread of ordinary days is read, in logarithms, from their median to each of these quantiles, in
# standard deviations of a normal distribution; the largest is taken, so that a heavy tail counts in full.
LEVELS = (0.75, 0.90, 0.99)
# A day stands alone that lies beyond so many of those deviations and so many times the median, is so many
# times the next smaller one, and is worth such a share of all smaller ones together.
DEVIATIONS, TIMES_MEDIAN, TIMES_NEXT, SHARE = 6.0, 100.0, 10.0, 0.01
# More than one day in so many is no slip, but how these customers buy.
ONE_IN = 1_000
FEWEST_DAYS = 10  # below, nothing can be told from a heavy tail
COUNTED_AS = 0.99  # quantile of the ordinary days


@dataclass(frozen=True)
class Slips:
    """Days of customers whose value stands alone, and at what they are counted.

    Attributes
    ----------
    days : DataFrame
        One row a day: customer_id, day, value (net, currency; a refund is below 0), counted (what it is
        counted as, currency). Largest first.
    typical : float
        The median day's value (currency), refunds taken as positive.
    strangers : int
        Ids in the study's `large_customers` that no known row has.
    """

    days: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=DAY_COLUMNS), repr=False)
    typical: float = 0.0
    strangers: int = 0

    @property
    def note(self) -> str:
        """What was found and how it is counted, without naming a customer; empty where nothing was."""
        if self.days.empty:
            return ""
        largest, count = self.days.iloc[0], len(self.days)
        what = "refund" if largest["value"] < 0 else "purchase"
        size = abs(largest["value"])
        others, them = ("", "it") if count == 1 else (f" and {count - 1} more", "each")
        return (
            f"A {what} of {size:,.2f} on {largest['day']:%Y-%m-%d}{others} stood far apart from all others "
            f"({size / self.typical:,.0f} times the median): if a decimal sign slipped, correct the source. "
            f"So that it does not decide what everybody is worth, {them} was counted as "
            f"{abs(largest['counted']):,.2f}, which one day in a hundred exceeds; if the amount is right, "
            "its customer's value is understated, nobody else's. The study can name that customer as a large "
            "one: then the amount counts in full."
        )

    @property
    def unknown(self) -> str:
        """How many large customers of the study nobody is, without naming them; empty where there is none."""
        if not self.strangers:
            return ""
        ids = "One id" if self.strangers == 1 else f"{self.strangers} ids"
        return f"{ids} among the large customers that the study names cannot be found in any purchase known."

    @property
    def cure(self) -> str:
        """Which setting to change where the amounts are right; empty where nothing was found."""
        if self.days.empty:
            return ""
        return "If an amount is right, add the customer_id of its row to value.large_customers."

    def limit(self, transactions: ir.Table) -> ir.Table:
        """Scale the rows of those days so that they come to what is counted; all others are left as they are.

        Parameters
        ----------
        transactions : ibis Table
            Columns customer_id, timestamp, amount, and margin where it is known, which goes with the amount.

        Returns
        -------
        ibis Table
            The same columns.
        """
        if self.days.empty:
            return transactions
        factors = ibis.memtable(
            pd.DataFrame(
                {
                    "slipped": self.days["customer_id"],
                    "on": pd.to_datetime(self.days["day"]),
                    "factor": (self.days["counted"] / self.days["value"]).astype(float),
                }
            )
        ).mutate(on=lambda rows: rows.on.cast("date"))
        rows = transactions.mutate(of_day=transactions.timestamp.cast("date"))
        rows = rows.left_join(factors, [rows.customer_id == factors.slipped, rows.of_day == factors.on])
        money = [name for name in ("amount", "margin") if name in transactions.columns]
        limited = {name: rows[name].cast("float64") * rows.factor.fill_null(1.0) for name in money}
        return rows.mutate(**limited).select(*transactions.columns)


def find_slips(transactions: ir.Table, *, as_of: date, settings: ValueSettings | None = None) -> Slips:
    """Find the days of customers whose value stands alone above all others.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount (currency; a refund is below zero).
    as_of : date
        The day on which we stand; rows after it are not read.
    settings : ValueSettings, optional
        For `history_start`, and for `large_customers`, whose days are not looked at. Default: all that is
        known, of all customers.

    Returns
    -------
    Slips

    Notes
    -----
    The rows of a customer's day are netted first, so that an order that is cancelled on its day is nothing.
    `lone_above` is the rule; a customer who has two such days of the same sign is a large customer, and keeps
    them. A day is counted as the 99 % quantile of the others, with its own sign.

    Spend with a standard deviation of 2 in logarithms, whose 99 % quantile is 105 times the median, passes
    (of 4,000 samples of 30 days, 2 did not). Of Pareto tails with index 1.5, whose variance is infinite, up
    to one sample in 30 loses its largest day.

    Examples
    --------
    >>> days = [date(2025, 1, day) for day in range(1, 13)]
    >>> log = ibis.memtable({
    ...     "customer_id": [f"c{day.day}" for day in days],
    ...     "timestamp": days,
    ...     "amount": [20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0, 65.0, 70.0, 1e7],
    ... })
    >>> found = find_slips(log, as_of=date(2025, 1, 31)).days
    >>> found["customer_id"].tolist(), found["counted"].round(1).tolist()
    (['c12'], [69.5])
    """
    settings = settings or ValueSettings()
    known = known_since(transactions, settings.history_start, as_of)
    days, strangers = _net_days(known), 0
    if settings.large_customers:
        strangers = _strangers(known, settings.large_customers)
        days = days.filter(~days.customer_id.cast("string").isin(settings.large_customers))
    sizes = np.asarray(days.select("size").to_pyarrow()["size"].to_numpy(), dtype=float)
    bound = lone_above(sizes)
    if bound is None:
        return Slips(strangers=strangers)
    found = days.filter(days["size"] > bound).order_by(ibis.desc("size"), "customer_id", "day").to_pandas()
    found = found[~found.duplicated(["customer_id", "refund"], keep=False)]
    counted = float(np.quantile(sizes[sizes <= bound], COUNTED_AS))
    return Slips(
        days=found.assign(counted=np.sign(found["value"]) * counted)[DAY_COLUMNS].reset_index(drop=True),
        typical=float(np.median(sizes)),
        strangers=strangers,
    )


def lone_above(sizes: Floats) -> float | None:
    """Return the largest of the ordinary values, where a few stand alone above them; else None.

    Parameters
    ----------
    sizes : ndarray of float, shape (days,)
        Values of days, all above 0 (currency).

    Examples
    --------
    >>> lone_above(np.append(np.arange(20.0, 70.0), 1e7))
    69.0
    >>> lone_above(np.append(np.arange(20.0, 70.0), 700.0)) is None
    True
    """
    if len(sizes) < FEWEST_DAYS or sizes.max() <= TIMES_MEDIAN * np.median(sizes):
        return None
    rising = np.sort(sizes)
    most = 1 + len(rising) // ONE_IN
    ordinary = np.log(rising[:-most])
    middle = float(np.median(ordinary))
    normal = NormalDist()
    spread = max(float(np.quantile(ordinary, level) - middle) / normal.inv_cdf(level) for level in LEVELS)
    far = np.exp(middle + max(DEVIATIONS * spread, np.log(TIMES_MEDIAN)))
    below, top = rising[-most - 1 : -1], rising[-most:]
    smaller = np.cumsum(rising)[-most - 1 : -1]
    lone = (top > far) & (top > TIMES_NEXT * below) & (top > SHARE * smaller)
    return float(below[np.argmax(lone)]) if lone.any() else None


def _strangers(known: ir.Table, ids: Sequence[str]) -> int:
    """Count the ids that no row has."""
    text = known.customer_id.cast("string")
    return len(set(ids)) - int(known.filter(text.isin(list(ids))).customer_id.nunique().execute())


def _net_days(known: ir.Table) -> ir.Table:
    """Say how large each customer's day is and whether it is a refund; days of 0 are left out."""
    days = customer_days(known)
    return days.filter(days["value"] != 0).mutate(
        size=lambda day: day["value"].abs(), refund=days["value"] < 0
    )

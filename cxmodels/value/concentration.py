"""On how few customers does the value rest? Whale curve, Gini and the share of the best customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cxmodels.value.tiers import checked_values

ALIKE_BELOW = 0.1
"""Gini coefficient below which the best tenth holds less than a fifth of the value: nobody stands out."""


@dataclass(frozen=True)
class Concentration:
    """How value is spread over customers.

    Attributes
    ----------
    table
        One row a cut of the best customers: ``customer_share``, ``customers``, ``value``, ``value_share``.
    curve
        The whale curve, best customers first: ``customer_share`` and ``value_share`` (of the net total), from
        (0, 0) to (1, 1). It rises above 1 where some customers cost value.
    gini
        Gini coefficient, 0 (all alike) to 1 (one customer has it all).
    customers, unprofitable
        Number of customers, and of those whose value is below zero.
    total, lost
        Net value, and the (positive) sum of what the unprofitable customers take away, in money.
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    gini: float
    customers: int
    unprofitable: int
    total: float
    lost: float

    @property
    def alike(self) -> bool:
        """Whether customers are worth so nearly the same that a choice among them says little."""
        return self.gini < ALIKE_BELOW

    @property
    def peak(self) -> float:
        """Highest point of the whale curve: value of all profitable customers as a share of the net value."""
        return float(self.curve["value_share"].max())

    def top_share(self, customer_share: float) -> float:
        """Share of value held by the best ``customer_share`` of the customers (linear between two)."""
        if not 0 <= customer_share <= 1:
            raise ValueError(f"customer_share is {customer_share}; a share between 0 and 1 is needed.")
        return float(np.interp(customer_share, self.curve["customer_share"], self.curve["value_share"]))

    def customers_for(self, value_share: float) -> float:
        """Smallest share of customers that together hold ``value_share`` of the value."""
        reached = np.maximum.accumulate(self.curve["value_share"].to_numpy())
        if not 0 <= value_share <= reached[-1]:
            raise ValueError(
                f"value_share is {value_share}; a share between 0 and {reached[-1]:.3f} is needed."
            )
        first = int(np.searchsorted(reached, value_share))
        if first == 0:
            return 0.0
        share = self.curve["customer_share"].to_numpy()
        return float(np.interp(value_share, reached[first - 1 : first + 1], share[first - 1 : first + 1]))


def concentration(
    values: ArrayLike, *, cuts: Sequence[float] = (0.01, 0.05, 0.10, 0.20, 0.50), points: int = 1000
) -> Concentration:
    """Measure how value is spread over customers.

    Parameters
    ----------
    values
        Value of each customer, in money, negative where a customer costs more than they bring, shape
        (customers,).
    cuts
        Shares of the best customers that the table reports.
    points
        The curve keeps at most about this many points (all the customers where there are fewer); the peak,
        and the points of ``cuts``, are always among them.

    Returns
    -------
    Concentration

    Raises
    ------
    ValueError
        Where there is no customer, a value is missing, or the values do not add up to more than zero (a share
        of nothing has no meaning).

    Examples
    --------
    >>> spread = concentration([90.0, 30.0, 0.0, -20.0])
    >>> spread.unprofitable, spread.peak, round(spread.top_share(0.25), 3)
    (1, 1.2, 0.9)
    """
    value = np.sort(checked_values(values))[::-1]
    if not len(value) or value.sum() <= 0:
        raise ValueError(
            f"{len(value)} customers hold a value of {value.sum():.2f} together; "
            "concentration needs a total above zero."
        )
    running = np.concatenate([[0.0], np.cumsum(value)])
    total = float(running[-1])
    at = _kept(value, cuts, points)
    curve = pd.DataFrame({"customer_share": at / len(value), "value_share": running[at] / total})
    shares = np.array(sorted(cuts), dtype=float)
    held = np.interp(shares * len(value), np.arange(len(value) + 1), running)
    table = pd.DataFrame(
        {
            "customer_share": shares,
            "customers": shares * len(value),
            "value": held,
            "value_share": held / total,
        }
    )
    return Concentration(
        table=table,
        curve=curve,
        gini=gini(value),
        customers=len(value),
        unprofitable=int((value < 0).sum()),
        total=total,
        lost=float(-value[value < 0].sum()),
    )


def curves_together(spreads: Mapping[str, Concentration]) -> pd.DataFrame:
    """Put several whale curves on one axis.

    Parameters
    ----------
    spreads
        Name of a curve to its concentration.

    Returns
    -------
    pandas.DataFrame
        Index: share of customers, rising; one column a curve: share of value.
    """
    shares = np.unique(np.concatenate([spread.curve["customer_share"] for spread in spreads.values()]))
    curves = {
        name: np.interp(shares, spread.curve["customer_share"], spread.curve["value_share"])
        for name, spread in spreads.items()
    }
    return pd.DataFrame(curves, index=pd.Index(shares, name="customer_share"))


def gini(values: ArrayLike) -> float:
    """Gini coefficient: mean difference between two customers, over twice their mean (absolute) value.

    With negative values the usual coefficient can exceed 1; dividing by the mean of the *absolute* values
    keeps it within 0 and 1 and leaves it unchanged where no value is negative (Raffinetti, Siletti & Vernizzi
    2015, Statistical Methods & Applications 24, without their factor n/(n-1)).

    Parameters
    ----------
    values
        Value of each customer, shape (customers,).

    Returns
    -------
    float
        0 where all are alike (or nobody has any value), (n - 1)/n where one of n customers has everything.

    Examples
    --------
    >>> gini([1.0, 1.0, 1.0]), gini([0.0, 0.0, 0.0, 8.0])
    (0.0, 0.75)
    """
    value = np.sort(checked_values(values))
    size = np.abs(value).sum()
    if size == 0:
        return 0.0
    count = len(value)
    weight = 2 * np.arange(1, count + 1) - count - 1
    # Rounding can leave a difference of -1e-17 where all are alike.
    return max(0.0, float((weight * (value / size)).sum() / count))


def _kept(value: NDArray[np.float64], cuts: Sequence[float], points: int) -> NDArray[np.int64]:
    """Positions on the curve worth keeping: evenly spread, denser at the top, the peak and the cuts."""
    count = len(value)
    if count <= points:
        return np.arange(count + 1)
    even = np.linspace(0, count, points // 2)
    dense = count * np.linspace(0, 1, points // 2) ** 3
    exact = [np.floor(cut * count) for cut in cuts] + [np.ceil(cut * count) for cut in cuts]
    peak = [int((value > 0).sum())]
    return np.unique(np.concatenate([even, dense, exact, peak]).astype(np.int64))

"""What may come of a customer under contract? They leave in some month, and months vary; discounted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from cxmodels.value.contract_margins import UNSURE_PATH, MonthlyMargins
from cxmodels.value.counts import Floats, Integers
from cxmodels.value.hazard_model import Curves
from cxmodels.value.intervals import COVERAGE
from cxmodels.value.units import days_in

BLOCK = 4_000
NEARLY_WHOLE = 0.05  # of a month: 365 days are twelve months


@dataclass(frozen=True)
class Months:
    """The months of a horizon.

    Attributes
    ----------
    share : ndarray of float, shape (months,)
        Share of each month that lies in the horizon; only the last can be below 1.
    discount : ndarray of float, shape (months,)
        What a unit of money in each is worth now, taken from its middle.
    """

    share: Floats
    discount: Floats

    @property
    def worth(self) -> Floats:
        """What a month's margin counts."""
        return self.share * self.discount


def months_ahead(*, horizon_days: int, discount_rate: float) -> Months:
    """Divide a horizon into months.

    Parameters
    ----------
    horizon_days : int
    discount_rate : float
        A year.

    Examples
    --------
    >>> months_ahead(horizon_days=75, discount_rate=0.0).share.round(2).tolist()
    [1.0, 1.0, 0.46]
    """
    length = horizon_days / days_in("month")
    if abs(length - round(length)) <= NEARLY_WHOLE and length > 0.5:
        length = float(round(length))
    share = np.minimum(length - np.arange(np.ceil(length)), 1.0)
    middle = (np.arange(len(share)) + share / 2.0) / 12.0
    return Months(share, (1.0 + discount_rate) ** -middle)


def expected_value(curves: Curves, margins: Floats, months: Months) -> Floats:
    """Return the expected discounted margin of each customer, by each refit.

    Parameters
    ----------
    curves : ndarray of float, shape (refits, customers, months + 1)
        Probability of being under contract at the end of each month; the first is now.
    margins : ndarray of float, shape (customers, months)
        Expected margin of each month for those who are there all through it (currency).
    months : Months

    Returns
    -------
    ndarray of float, shape (refits, customers)
        Those who leave in a month are there for half of it.
    """
    weight = margins * months.worth
    return np.stack([((one[:, :-1] + one[:, 1:]) / 2.0 * weight).sum(axis=1) for one in curves])


def outcome_intervals(
    curves: Curves, margins: MonthlyMargins, months: Months, *, draws: int, seed: int
) -> tuple[Floats, Floats, Floats]:
    """Simulate the discounted margin that each customer may bring.

    Parameters
    ----------
    curves : ndarray of float, shape (refits, customers, months + 1)
    margins : MonthlyMargins
        In the order of the customers.
    months : Months
    draws : int
        Futures a customer, spread evenly over the refits.
    seed : int

    Returns
    -------
    low, high : ndarray of float, shape (customers,)
        5 % and 95 % quantiles of a customer's own outcome (currency): when they leave, by a refit taken at
        random; how their months vary; and what is not known of their level and of the path of all.
    chance : ndarray of float
        Variance of the outcome without what all customers share.
    """
    each = max(draws // len(curves), 1)
    rng = np.random.default_rng(seed)
    chance_of = _Chance.drawn(len(curves) * each, rng=rng)
    ends = [np.empty(curves.shape[1]) for _ in range(3)]
    expected, table = margins.expected(), margins.table
    for start in range(0, curves.shape[1], BLOCK):
        rows = slice(start, start + BLOCK)
        own = _Own(
            curves[:, rows],
            expected[rows],
            table["noise"].to_numpy(dtype=float)[rows],
            table["deviation"].to_numpy(dtype=float)[rows],
            table["fee"].to_numpy(dtype=float)[rows, None] * margins.path * UNSURE_PATH,
        )
        apart, common = own.futures(chance_of, months)
        whole = apart * (1.0 + margins.spread * chance_of.margin) + common
        tail = (1.0 - COVERAGE) / 2
        ends[0][rows], ends[1][rows] = np.quantile(whole, [tail, 1.0 - tail], axis=1)
        ends[2][rows] = apart.var(axis=1)
    return ends[0], ends[1], ends[2]


@dataclass(frozen=True)
class _Chance:
    """The chance of some futures, the same for all customers: quantiles are of one customer at a time."""

    leaving: Floats
    within_month: Floats
    month: Floats
    level: Floats
    path: Floats
    margin: Floats

    @staticmethod
    def drawn(draws: int, *, rng: np.random.Generator) -> _Chance:
        even = (np.arange(draws) + 0.5) / draws

        def mixed() -> Floats:
            return rng.permutation(even)

        return _Chance(mixed(), mixed(), ndtri(mixed()), ndtri(mixed()), ndtri(mixed()), 2.0 * mixed() - 1.0)


@dataclass(frozen=True)
class _Own:
    """What is known of a block of customers."""

    curves: Curves
    margins: Floats
    noise: Floats
    deviation: Floats
    path: Floats

    def futures(self, chance: _Chance, months: Months) -> tuple[Floats, Floats]:
        """Return outcomes, shape (customers, draws), and what an error that all share adds to them."""
        worth = months.worth
        so_far = _running(self.margins * worth)
        paths = _running(self.path * worth)
        worths, squares = _running(worth[None, :])[0], _running(worth[None, :] ** 2)[0]
        apart = np.empty((len(self.margins), len(chance.leaving)))
        common = np.empty_like(apart)
        each = len(chance.leaving) // len(self.curves)
        for number, curve in enumerate(self.curves):
            some = slice(number * each, (number + 1) * each)
            stayed = np.zeros((len(curve), each), dtype=np.int64)
            for month in range(1, curve.shape[1]):
                stayed += chance.leaving[some] < curve[:, month, None]
            part = chance.within_month[some]
            noise = self.noise[:, None] * np.sqrt(_at(squares, stayed, part)) * chance.month[some]
            level = self.deviation[:, None] * _at(worths, stayed, part) * chance.level[some]
            apart[:, some] = _at(so_far, stayed, part) + noise + level
            common[:, some] = _at(paths, stayed, part) * chance.path[some]
        return apart, common


def _running(values: Floats) -> Floats:
    """Return sums up to each month, from 0 on; twice the last, for those who stay to the end."""
    sums = np.cumsum(values, axis=1)
    return np.hstack((np.zeros((len(values), 1)), sums, sums[:, -1:]))


def _at(sums: Floats, stayed: Integers, part: Floats) -> Floats:
    """Return sums up to a month and a part of the next one."""
    if sums.ndim == 1:
        return sums[stayed] * (1.0 - part) + sums[stayed + 1] * part
    before = np.take_along_axis(sums, stayed, axis=1)
    return before * (1.0 - part) + np.take_along_axis(sums, stayed + 1, axis=1) * part

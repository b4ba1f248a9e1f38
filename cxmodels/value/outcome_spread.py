"""How far from its expectation does a customer's outcome fall? Read off an earlier snapshot, not assumed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmodels.value.counts import Floats

GRID = 60
LEAST_NEIGHBOURS, MOST_NEIGHBOURS = 60, 1500


@dataclass(frozen=True)
class OutcomeSpread:
    """Quantiles of the outcome around its expectation, by the number of purchases expected.

    Attributes
    ----------
    expected : ndarray of float, shape (points,)
        Purchases expected, rising.
    low, high : ndarray of float, shape (points,)
        Ends of the interval, as multiples of the expectation's spend a purchase.
    deviations : ndarray of float, shape (points,)
        Root mean square of outcome − expectation, in the same multiples.
    horizon_days : int
        Days of outcome from which it was read.
    level : float
        Share of outcomes inside.
    customers : int
        Customers from whom it was read.

    Notes
    -----
    For another horizon, a customer could be likened to one who expects as many purchases in the days learned
    from (right if only chance makes outcomes differ), or to one who expects as many purchases *a day* (right
    if customers change their ways for good). The geometric mean of the two is taken.
    """

    expected: Floats
    low: Floats
    high: Floats
    deviations: Floats
    horizon_days: int
    level: float
    customers: int

    def interval(self, value: Floats, spend_each: Floats, *, horizon_days: int) -> tuple[Floats, Floats]:
        """Return the interval of each customer's own outcome.

        Parameters
        ----------
        value, spend_each : ndarray of float, shape (customers,)
            Expected spend over the horizon, and expected spend a purchase (currency).
        horizon_days : int
            The horizon of `value`.

        Returns
        -------
        low, high : ndarray of float, shape (customers,)
            Currency; `value` always lies inside. `low` is 0 or more where `value` is: the few who give back
            more than they buy fall below.
        """
        alike = np.sqrt(self.horizon_days / horizon_days)
        each = np.maximum(spend_each, 1e-9)
        purchases = value / each * alike
        low = each * self._at(purchases, self.low) / alike
        high = each * self._at(purchases, self.high) / alike
        return np.minimum(np.maximum(low, 0.0), value), np.maximum(high, value)

    def deviation(self, value: Floats, spend_each: Floats, *, horizon_days: int) -> Floats:
        """Return the standard deviation of each customer's own outcome (currency)."""
        alike = np.sqrt(self.horizon_days / horizon_days)
        each = np.maximum(spend_each, 1e-9)
        purchases = value / each * alike
        # below the lowest point, as purchases do that come one by one: the variance in proportion to the mean
        rarer = np.sqrt(np.minimum(purchases / self.expected[0], 1.0))
        return each * self._at(purchases, self.deviations) * rarer / alike

    def _at(self, purchases: Floats, curve: Floats) -> Floats:
        """Interpolate a curve; above its end it runs on in proportion to the expectation."""
        inside = np.interp(purchases, self.expected, curve)
        return inside * np.maximum(purchases / self.expected[-1], 1.0)


def learn_spread(
    actual: Floats, value: Floats, spend_each: Floats, *, horizon_days: int, level: float = 0.90
) -> OutcomeSpread:
    """Read the spread of outcomes around their expectation off an earlier snapshot.

    Outcome and expectation are divided by the customer's expected spend a purchase. Around each of `GRID`
    points the nearest customers by expected purchases give the quantiles of outcome ÷ expectation (a local
    split-conformal interval on the ratio). In this measure a horizon other than the one learned from is met
    by customers who expect as many purchases in it.

    Parameters
    ----------
    actual, value, spend_each : ndarray of float, shape (customers,)
        Outcome, expected spend, and expected spend a purchase on an earlier date (currency). `value` must
        not have been fitted to `actual`.
    horizon_days : int
        Days of the outcome.
    level : float
        Share of outcomes to hold; the tails are equal.

    Returns
    -------
    OutcomeSpread
    """
    each = np.maximum(spend_each, 1e-9)
    purchases = np.maximum(value / each, 1e-9)
    order = np.argsort(purchases, kind="stable")
    expected, came = purchases[order], (actual / each)[order]
    ratio = came / expected
    n = len(expected)
    near = int(np.clip(n // 20, min(LEAST_NEIGHBOURS, n), MOST_NEIGHBOURS))
    centres = np.unique(np.round((n - 1) * (1.0 - np.geomspace(1.0, 1.0 / n, GRID))).astype(int))
    rows = []
    for centre in centres:
        first = int(np.clip(centre - near // 2, 0, n - near))
        around = ratio[first : first + near]
        # one more outcome than was seen: the quantile that a new one falls below with the stated chance
        tail = max((1 - level) / 2 * (near + 1) / near - 1.0 / near, 0.0)
        middle = float(expected[first : first + near].mean())
        rows.append(
            (
                middle,
                middle * np.quantile(around, tail),
                middle * np.quantile(around, 1.0 - tail),
                float(np.sqrt(np.mean(np.square(came - expected)[first : first + near]))),
            )
        )
    points, low, high, deviations = np.array(rows).T
    points, keep = np.unique(points, return_index=True)
    return OutcomeSpread(
        points, low[keep], np.maximum.accumulate(high[keep]), deviations[keep], horizon_days, level, n
    )

"""Does what customers spend depend on how often they buy? Counted cells of spend, and the test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtr

from cxmodels.value.counts import Floats, rank_frequencies

EXACT_ROWS = 3_000
# width of a cell in log spend: it moves the fit of a million customers by a hundredth of a standard error
LOG_WIDTH = 0.01
COARSE_CELLS, COARSE_WIDTH = 150, 0.5
NEGLIGIBLE, WEAK = 0.1, 0.3


@dataclass(frozen=True)
class SpendCells:
    """Counted cells of repeat buyers with the same frequency and nearly the same mean value.

    Attributes
    ----------
    frequency, monetary_value, weights : ndarray of float, shape (cells,)
        Repeat purchases, geometric mean of the customers' mean values (currency), and customers.
    mean : float
        Mean of the customers' mean values, exact (currency); 0 without repeat buyers.
    mean_error : float
        Its standard error.
    """

    frequency: Floats
    monetary_value: Floats
    weights: Floats
    mean: float
    mean_error: float

    @property
    def customers(self) -> float:
        """The number of repeat buyers who paid."""
        return float(self.weights.sum())

    def trend(self) -> float:
        """Return the slope of log spend on log(1 + frequency)."""
        x, y = np.log1p(self.frequency), np.log(self.monetary_value)
        centred = x - np.average(x, weights=self.weights)
        spread = float((self.weights * centred**2).sum())
        return float((self.weights * centred * y).sum()) / spread if spread > 0 else 0.0

    def coarser(self) -> SpendCells:
        """Return the cells joined where log spend is nearly the same, for refits that need speed."""
        if len(self.weights) <= COARSE_CELLS:
            return self
        steps = np.floor(np.log(self.monetary_value) / COARSE_WIDTH)
        joined = np.unique(np.column_stack((self.frequency, steps)), axis=0, return_inverse=True)[1].ravel()
        weights = np.bincount(joined, self.weights).astype(np.float64)
        frequency, logs = (
            np.bincount(joined, self.weights * one) / weights
            for one in (self.frequency, np.log(self.monetary_value))
        )
        return SpendCells(frequency, np.exp(logs), weights, self.mean, self.mean_error)

    def without_trend(self, trend: float) -> SpendCells:
        """Return the cells with spend divided by (1 + frequency)^trend."""
        if trend == 0.0:
            return self
        level = (1.0 + self.frequency) ** -trend
        monetary_value = self.monetary_value * level
        mean = float(np.average(monetary_value, weights=self.weights))
        return SpendCells(self.frequency, monetary_value, self.weights, mean, self.mean_error)


@dataclass(frozen=True)
class Independence:
    """The test of Gamma-Gamma's assumption that spend does not depend on frequency.

    Attributes
    ----------
    pearson, spearman : float
        Correlations of frequency with mean value over repeat buyers; NaN where undefined.
    pearson_p, spearman_p : float
        Their two-sided p-values.
    verdict : str
        One sentence.
    """

    pearson: float
    spearman: float
    pearson_p: float
    spearman_p: float
    verdict: str


def spend_cells(summary: pd.DataFrame) -> SpendCells:
    """Collapse repeat buyers into counted cells of frequency and log mean value.

    Parameters
    ----------
    summary : DataFrame
        With the columns frequency and monetary_value.

    Returns
    -------
    SpendCells
        Customers whose repeat purchases were all free of charge are left out.

    Raises
    ------
    ValueError
        Where a column is missing, or a mean value is negative or not finite.
    """
    missing = [name for name in ("frequency", "monetary_value") if name not in summary.columns]
    if missing:
        raise ValueError(
            f"The summary lacks {', '.join(missing)}; it has {', '.join(map(str, summary.columns))}."
        )
    frequency = summary["frequency"].to_numpy(dtype=float)
    value = summary["monetary_value"].to_numpy(dtype=float)
    bad = ~np.isfinite(value) | (value < 0)
    if bad.any():
        raise ValueError(
            f"{int(bad.sum())} customers have a monetary_value below 0 or not finite; the first is row "
            f"{int(np.argmax(bad))} with {value[np.argmax(bad)]}. Book refunds as refunds, not as purchases."
        )
    kept = (frequency > 0) & (value > 0)
    x, m = frequency[kept], value[kept]
    if len(x) == 0:
        empty = np.empty(0)
        return SpendCells(empty, empty, empty, 0.0, 0.0)
    mean, error = float(m.mean()), float(m.std(ddof=1) / np.sqrt(len(m))) if len(m) > 1 else float(m[0])
    if len(x) <= EXACT_ROWS:
        order = np.lexsort((m, x))
        return SpendCells(x[order], m[order], np.ones(len(x)), mean, error)
    log_m = np.log(m)
    bins = np.floor((log_m - log_m.min()) / LOG_WIDTH).astype(np.int64)
    key = rank_frequencies(x)[0] * (bins.max() + 1) + bins
    if key.max() > 50_000_000:
        key = np.unique(key, return_inverse=True)[1]
    counted = np.bincount(key)
    filled = counted > 0
    weights = counted[filled].astype(float)
    return SpendCells(
        np.bincount(key, x)[filled] / weights,
        np.exp(np.bincount(key, log_m)[filled] / weights),
        weights,
        mean,
        error,
    )


def assess_independence(cells: SpendCells) -> Independence:
    """Test whether spend depends on frequency among repeat buyers.

    Parameters
    ----------
    cells : SpendCells
        Counted repeat buyers.

    Returns
    -------
    Independence
        The verdict rests on Spearman's correlation, which a few large spenders do not decide. Below 0.1 in
        size, or within chance, the assumption holds; above 0.3 the sentence names the way out.
    """
    pearson = _correlation(cells.frequency, cells.monetary_value, cells.weights)
    spearman = _correlation(
        _mid_ranks(cells.frequency, cells.weights),
        _mid_ranks(cells.monetary_value, cells.weights),
        cells.weights,
    )
    pearson_p, spearman_p = (_p_value(one, cells.customers) for one in (pearson, spearman))
    if not np.isfinite(spearman):
        verdict = "Too few repeat buyers, or none that differ, to test whether spend depends on frequency."
    elif abs(spearman) < NEGLIGIBLE or spearman_p > 0.05:
        verdict = f"Spend does not depend on frequency to a degree that matters (Spearman {spearman:+.2f})."
    else:
        size = "weakly" if abs(spearman) < WEAK else "clearly"
        more = "more" if spearman > 0 else "less"
        verdict = (
            f"Frequent buyers spend {size} {more} per purchase (Spearman {spearman:+.2f}): set "
            'value.spend = "gamma-gamma-by-frequency" and compare.'
        )
    return Independence(pearson, spearman, pearson_p, spearman_p, verdict)


def _mid_ranks(values: Floats, weights: Floats) -> Floats:
    distinct, where = np.unique(values, return_inverse=True)
    customers = np.bincount(where, weights, minlength=len(distinct))
    return (np.cumsum(customers) - customers / 2)[where]


def _correlation(x: Floats, y: Floats, weights: Floats) -> float:
    if len(x) < 2 or weights.sum() < 3:
        return float("nan")
    x, y = x - np.average(x, weights=weights), y - np.average(y, weights=weights)
    size = np.sqrt((weights * x**2).sum()) * np.sqrt((weights * y**2).sum())
    return float((weights * x * y).sum() / size) if size > 0 else float("nan")


def _p_value(correlation: float, customers: float) -> float:
    if not np.isfinite(correlation):
        return float("nan")
    left = max(1.0 - correlation**2, 1e-300)
    return float(2.0 * stdtr(customers - 2.0, -abs(correlation) * np.sqrt((customers - 2.0) / left)))

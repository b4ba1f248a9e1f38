"""Do probabilities mean what they say? Slope and intercept of logistic recalibration, for many samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from cxmodels.value.counts import Floats

# A probability nearer to 0 or 1 counts as this far from it: no history of customers can show more, and a
# single wrong "never" must cost much, not everything.
CERTAIN = 1e-6
CELLS = 1_000
STEPS, LARGEST_STEP, SETTLED = 60, 2.0, 1e-9


@dataclass(frozen=True)
class Cells:
    """Rows with the same, or nearly the same, predicted log odds, within groups.

    Attributes
    ----------
    log_odds : ndarray of float, shape (groups, cells)
        Mean predicted log odds of the cell; 0 where the cell is empty.
    place : ndarray of int, shape (rows,)
        Where a row counts among groups × cells × (stayed, left).
    """

    log_odds: Floats
    place: npt.NDArray[np.int64]

    def counts(self, weights: Floats | None = None) -> tuple[Floats, Floats]:
        """Return how many left, and how many rows there are, in each cell, shape (groups, cells)."""
        counted = np.bincount(self.place, weights, minlength=2 * self.log_odds.size).astype(float)
        stayed, left = np.moveaxis(counted.reshape(*self.log_odds.shape, 2), -1, 0)
        return left, left + stayed


def log_odds(probability: Floats) -> Floats:
    """Return log(p / (1 - p)), with p kept `CERTAIN` away from 0 and 1."""
    return np.asarray(logit(np.clip(probability, CERTAIN, 1.0 - CERTAIN)), dtype=float)


def count_cells(
    labels: Floats, predicted: Floats, *, groups: npt.NDArray[np.int64] | None = None, cells: int = CELLS
) -> Cells:
    """Collapse rows into cells of predicted log odds within each group.

    Parameters
    ----------
    labels, predicted : ndarray of float, shape (rows,)
        1 where the customer left; predicted log odds.
    groups : ndarray of int, shape (rows,), optional
        The group of each row, from 0. Default: one group.
    cells : int
        Cells a group. Where it has more distinct values, neighbours are joined at their mean.

    Returns
    -------
    Cells
    """
    rows = len(labels)
    group = np.zeros(rows, dtype=np.int64) if groups is None else groups
    count = int(group.max()) + 1
    cell = np.zeros(rows, dtype=np.int64)
    for one in range(count):
        inside = np.flatnonzero(group == one)
        distinct, where = np.unique(predicted[inside], return_inverse=True)
        if len(distinct) > cells:
            ends = np.cumsum(np.bincount(where)) - 1
            where = (ends * cells // len(inside))[where]
        cell[inside] = where
    size = int(cell.max()) + 1
    at = group * size + cell
    filled = np.bincount(at, minlength=count * size)
    summed = np.bincount(at, predicted, minlength=count * size)
    means = np.divide(summed, filled, out=np.zeros(count * size), where=filled > 0)
    return Cells(means.reshape(count, size), 2 * at + labels.astype(np.int64))


def fit_slope(left: Floats, rows: Floats, predicted: Floats) -> Floats:
    """Return the slope of observed on predicted log odds, for each sample.

    Parameters
    ----------
    left, rows : ndarray of float, shape (samples, cells)
        How many left, and how many rows there are, in each cell.
    predicted : ndarray of float, shape (samples, cells) or (cells,)
        Predicted log odds.

    Returns
    -------
    ndarray of float, shape (samples,)
        b of logit P(left) = a + b · predicted (Cox 1958, Biometrika 45): 1 is right, below 1 the predictions
        are too extreme, above 1 too timid. Infinite where the predictions tell all who left from all who
        stayed; NaN where a sample has one label or one prediction only.

    Examples
    --------
    >>> said = logit(np.array([0.2, 0.8]))
    >>> fit_slope(np.array([[2.0, 8.0], [3.5, 6.5]]), np.full((2, 2), 10.0), said).round(3).tolist()
    [1.0, 0.447]
    """
    x = np.broadcast_to(predicted, left.shape)
    total = np.maximum(rows.sum(axis=1), 1e-300)
    middle = (rows * x).sum(axis=1) / total
    centred = x - middle[:, None]
    spread = np.sqrt((rows * centred**2).sum(axis=1) / total)
    usable = (spread > 1e-9) & (left.sum(axis=1) > 0) & (left.sum(axis=1) < total)
    x = centred / np.where(usable, spread, 1.0)[:, None]
    endless = _endless(left, rows, x)
    start = np.where(usable, left.sum(axis=1) / total, 0.5)
    a, b = logit(start), np.zeros(len(left))
    open_ = usable & (endless == 0)
    for _ in range(STEPS):
        here = np.flatnonzero(open_)
        if len(here) == 0:
            break
        step = _newton_step(left[here], rows[here], x[here], a[here], b[here])
        a[here] += step[0]
        b[here] += step[1]
        open_[here] = np.abs(step).max(axis=0) > SETTLED
    slope = b / np.where(usable, spread, 1.0)
    slope[endless != 0] = endless[endless != 0] * np.inf
    return np.where(usable & ~open_, slope, np.nan)


def fit_intercept(left: Floats, rows: Floats, predicted: Floats) -> Floats:
    """Return the calibration in the large, for each sample.

    Parameters
    ----------
    left, rows, predicted
        As of `fit_slope`.

    Returns
    -------
    ndarray of float, shape (samples,)
        a of logit P(left) = a + predicted, the slope held at 1 (Van Calster et al. 2019, BMC Medicine 17):
        0 is right, above 0 more left than was said. NaN where a sample has one label only.

    Examples
    --------
    >>> fit_intercept(np.array([[6.0]]), np.array([[10.0]]), logit(np.array([0.5]))).round(3).tolist()
    [0.405]
    """
    x = np.broadcast_to(predicted, left.shape)
    total, gone = rows.sum(axis=1), left.sum(axis=1)
    usable = (gone > 0) & (gone < total)
    a = np.zeros(len(left))
    for _ in range(STEPS):
        said = expit(a[:, None] + x)
        lacking = gone - (rows * said).sum(axis=1)
        curve = np.maximum((rows * said * (1.0 - said)).sum(axis=1), 1e-300)
        step = np.where(usable, np.clip(lacking / curve, -LARGEST_STEP, LARGEST_STEP), 0.0)
        a += step
        if np.abs(step).max(initial=0.0) <= SETTLED:
            break
    return np.where(usable, a, np.nan)


def _endless(left: Floats, rows: Floats, x: Floats) -> Floats:
    """Return 1 (or -1) where all who left lie above (below) all who stayed: no finite slope fits best."""
    stayed = rows - left > 1e-9
    gone = left > 1e-9
    above = np.where(gone, x, np.inf).min(axis=1) >= np.where(stayed, x, -np.inf).max(axis=1)
    below = np.where(gone, x, -np.inf).max(axis=1) <= np.where(stayed, x, np.inf).min(axis=1)
    return above.astype(float) - below.astype(float)


def _newton_step(left: Floats, rows: Floats, x: Floats, a: Floats, b: Floats) -> Floats:
    """Return the step of intercept and slope, limited so that no sample runs away; shape (2, samples)."""
    said = expit(a[:, None] + b[:, None] * x)
    lacking = left - rows * said
    weight = rows * said * (1.0 - said)
    g0, g1 = lacking.sum(axis=1), (lacking * x).sum(axis=1)
    weighted = weight * x
    h00, h01, h11 = weight.sum(axis=1), weighted.sum(axis=1), (weighted * x).sum(axis=1)
    det = np.maximum(h00 * h11 - h01**2, 1e-300)
    step = np.vstack(((h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det))
    return np.clip(step, -LARGEST_STEP, LARGEST_STEP)

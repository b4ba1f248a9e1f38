"""What do a model's scores mean in shares of customers? Scores mapped to probabilities, their order kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

from cxmodels.churn import recalibration
from cxmodels.churn.resampling import resample
from cxmodels.value.counts import Floats, Integers
from cxmodels.value.intervals import NORMAL

KINDS = ("none", "logistic", "steps")
FOLDS = 5
DRAWS = 100  # bootstrap samples behind the spread
FEWEST_LEAVERS = 20  # of a kind: below it no map is fitted
STEP_ROWS = 100  # rows of a step, at least
LEAST_SLOPE = 0.02  # of a step, in log odds by log odds: equal scores stay equal, others stay apart


@dataclass(frozen=True)
class Calibration:
    """A rising map from predicted to calibrated log odds.

    Attributes
    ----------
    kind : str
        none (scores as they are), logistic (a + b · score), or steps (a rising line through shares seen).
    at, to : tuple of float
        Log odds where the line bends, and what they become. Beyond its ends it goes on with slope 1.
    intercept, slope : float
        Of the logistic map; 0 and 1 otherwise.
    covariance : tuple of three float
        Variance of the intercept, covariance, variance of the slope, at `centre`: over customers.
    centre : float
        The score that intercept and slope are uncorrelated around, near enough.
    gains : mapping of str to tuple of float
        By kind: log-loss less than that of the kind before (nats a row, out of fold), and its standard error.
    rows : int
        Rows that it was fitted on.
    """

    kind: str
    intercept: float = 0.0
    slope: float = 1.0
    at: tuple[float, ...] = ()
    to: tuple[float, ...] = ()
    covariance: tuple[float, float, float] = (0.0, 0.0, 0.0)
    centre: float = 0.0
    gains: Mapping[str, tuple[float, float]] | None = None
    rows: int = 0

    def apply(self, score: Floats) -> Floats:
        """Return calibrated log odds."""
        if self.kind == "steps":
            return _follow(score, np.array(self.at), np.array(self.to))
        return self.intercept + self.slope * score

    def variance(self, score: Floats) -> Floats:
        """Return the variance of calibrated log odds that comes from having so few rows to calibrate on."""
        away = score - self.centre
        return self.covariance[0] + 2.0 * self.covariance[1] * away + self.covariance[2] * away**2

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        kept = dict(vars(self))
        return kept | {"gains": {name: list(gain) for name, gain in (self.gains or {}).items()}}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Calibration:
        """Return what `to_dict` gave."""
        lists = {name: tuple(kept[name]) for name in ("at", "to", "covariance")}
        gains = {name: (gain[0], gain[1]) for name, gain in kept["gains"].items()}
        return cls(**{**kept, **lists, "gains": gains})


def fit_calibration(labels: Floats, score: Floats, *, places: Integers, seed: int) -> Calibration:
    """Choose and fit a map from scores to calibrated log odds.

    Parameters
    ----------
    labels : ndarray of float, shape (rows,)
        1 where the customer left.
    score : ndarray of float, shape (rows,)
        Predicted log odds, of rows that the model has not learned from.
    places : ndarray of int, shape (rows,)
        The customer of each row.
    seed : int
        Of folds and samples.

    Returns
    -------
    Calibration
        The simplest kind that no other beats by more than chance gives: each is tried on customers that it
        was not fitted on (5 folds), and takes over where its log-loss a customer is lower by 1.645 standard
        errors. With fewer than 20 rows of either kind the scores stay as they are.

    Notes
    -----
    Logistic: Cox 1958, Biometrika 45. Steps: shares of who left, made to rise by pooling adjacent violators
    (Zadrozny & Elkan 2002, KDD), each of at least 100 rows and drawn towards the base rate by one row, and
    joined by a line, so that the order of customers stays.
    """
    few = min(labels.sum(), len(labels) - labels.sum())
    if few < FEWEST_LEAVERS:
        return Calibration("none", rows=len(labels))
    fold = _fold_of(places, seed=seed)
    chosen, best, gains = "none", _losses(labels, score), {}
    for kind in KINDS[1:]:
        said = np.empty(len(labels))
        for one in range(FOLDS):
            out = fold == one
            said[out] = _fit(kind, labels[~out], score[~out]).apply(score[out])
        losses = _losses(labels, said)
        gain, error = _gain(best - losses, places)
        gains[kind] = (gain, error)
        if gain > NORMAL * error:
            chosen, best = kind, losses
    fitted = vars(_fit(chosen, labels, score))
    spread = _spread(labels, score, places=places, seed=seed) if chosen != "none" else {}
    return Calibration(**{**fitted, **spread, "gains": gains, "rows": len(labels)})


def _fit(kind: str, labels: Floats, score: Floats) -> Calibration:
    if kind == "logistic":
        intercept, slope = _fit_line(*_cells(labels, score))
        # a slope that is not above 0 would turn the order of customers round
        if np.isfinite(slope) and slope > 0:
            return Calibration("logistic", intercept, slope)
        return Calibration("none")
    if kind == "steps":
        at, to = _fit_steps(labels, score)
        if len(at) > 1:
            return Calibration("steps", at=tuple(at.tolist()), to=tuple(to.tolist()))
    return Calibration("none")


def _cells(labels: Floats, score: Floats) -> tuple[Floats, Floats, Floats]:
    cells = recalibration.count_cells(labels, score)
    left, rows = cells.counts()
    return left, rows, cells.log_odds


def _fit_line(left: Floats, rows: Floats, log_odds: Floats) -> tuple[float, float]:
    slope = recalibration.fit_slope(left, rows, log_odds)
    usable = np.where(np.isfinite(slope), slope, 1.0)
    intercept = recalibration.fit_intercept(left, rows, usable[:, None] * log_odds)
    return float(intercept[0]), float(slope[0])


def _fit_steps(labels: Floats, score: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(score, kind="stable")
    pieces = max(len(score) // STEP_ROWS, 1)
    piece = np.arange(len(score)) * pieces // len(score)
    rows = np.bincount(piece).astype(float)
    left = np.bincount(piece, labels[order])
    at = np.bincount(piece, score[order]) / rows
    blocks = isotonic_regression(left / rows, weights=rows).blocks[:-1]
    rows_in, left_in = np.add.reduceat(rows, blocks), np.add.reduceat(left, blocks)
    middle = np.add.reduceat(at * rows, blocks) / rows_in
    to = logit((left_in + labels.mean()) / (rows_in + 1.0))
    apart = np.concatenate(([True], np.diff(middle) > 1e-9))
    middle, to = middle[apart], to[apart]
    # the smoothing may let a rare block fall a little below the one before
    to = np.maximum.accumulate(to - LEAST_SLOPE * middle) + LEAST_SLOPE * middle
    return middle, to


def _follow(score: Floats, at: Floats, to: Floats) -> Floats:
    inside = np.interp(score, at, to)
    return inside + np.minimum(score - at[0], 0.0) + np.maximum(score - at[-1], 0.0)


def _spread(labels: Floats, score: Floats, *, places: Integers, seed: int) -> dict[str, Any]:
    """Return how far intercept and slope move with other customers, around the middle of the scores."""
    chance = expit(score)
    centre = float(np.average(score, weights=chance * (1.0 - chance)))
    cells = recalibration.count_cells(labels, score - centre)
    fits = []
    for weights in resample(places, draws=DRAWS, seed=seed):
        left, rows = cells.counts(weights)
        fits.append(_fit_line(left, rows, cells.log_odds))
    found = np.array(fits)
    found = found[np.isfinite(found).all(axis=1)]
    moved = np.cov(found.T) if len(found) > 1 else np.zeros((2, 2))
    return {"covariance": (moved[0, 0], moved[0, 1], moved[1, 1]), "centre": centre}


def _fold_of(places: Integers, *, seed: int) -> Integers:
    customers = int(places.max()) + 1
    return (np.random.default_rng(seed).permutation(customers) % FOLDS)[places]


def _losses(labels: Floats, score: Floats) -> Floats:
    return np.asarray(np.logaddexp(0.0, score) - labels * score)


def _gain(less: Floats, places: Integers) -> tuple[float, float]:
    """Return the mean gain a row, and its standard error over customers."""
    mean = float(less.mean())
    by_customer = np.bincount(places, less - mean)
    return mean, float(np.sqrt((by_customer**2).sum()) / len(less))

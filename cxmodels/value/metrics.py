"""How good is a prediction of what customers will spend? The same few figures for every model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.value.counts import Floats


def score_predictions(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> dict[str, float]:
    """Return the figures by which models are compared.

    Parameters
    ----------
    actual, predicted : array_like of float, shape (customers,)
        What each customer spent in the holdout, and what was expected (currency).

    Returns
    -------
    dict of str to float
        ``mae``: mean absolute error a customer (currency). ``spearman``: rank correlation. ``top_tenth``: see
        `top_tenth_capture`. ``total_ratio``: predicted over actual total (1 is right; NaN without any actual
        spend).

    Raises
    ------
    ValueError
        Where the two differ in length, are empty, or hold a value that is not finite.

    Examples
    --------
    >>> scores = score_predictions([0.0, 10.0, 40.0], [5.0, 10.0, 30.0])
    >>> {name: round(value, 3) for name, value in scores.items()}
    {'mae': 5.0, 'spearman': 1.0, 'top_tenth': 0.8, 'total_ratio': 0.9}
    """
    truth, guess = _pair(actual, predicted)
    total = float(truth.sum())
    return {
        "mae": float(np.abs(truth - guess).mean()),
        "spearman": spearman(truth, guess),
        "top_tenth": top_tenth_capture(truth, guess),
        "total_ratio": float(guess.sum()) / total if total > 0 else float("nan"),
    }


def spearman(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Return Spearman's rank correlation; equal values share their mean rank.

    A constant on either side has no order: 0.

    Notes
    -----
    Where most customers spend nothing, equal predictions *raise* this figure: a model that gives all
    one-time buyers the same value is not charged for their order. `spearman_untied` charges it.

    Examples
    --------
    >>> round(spearman([0, 0, 1, 5], [1, 2, 3, 4]), 4)
    0.9487
    """
    truth, guess = map(settled, _pair(actual, predicted))
    return _correlation(ranks(truth), ranks(guess))


def ranks(values: Floats) -> Floats:
    """Return the rank of each value, from 1; equal values share the mean of their ranks."""
    return np.asarray(pd.Series(values).rank(), dtype=float)


def spearman_untied(actual: npt.ArrayLike, predicted: npt.ArrayLike, *, seed: int = 0) -> float:
    """Return Spearman's rank correlation with ties in the *prediction* broken at random (mean of 20 orders).

    Examples
    --------
    >>> spearman_untied([0, 0, 0, 5], [1, 1, 1, 2]) < spearman([0, 0, 0, 5], [1, 1, 1, 2])
    True
    """
    truth, guess = map(settled, _pair(actual, predicted))
    rng, order = np.random.default_rng(seed), ranks(truth)
    place = np.empty(len(guess))
    values = []
    for _ in range(20):
        place[np.lexsort((rng.random(len(guess)), guess))] = np.arange(len(guess))
        values.append(_correlation(order, place))
    return float(np.mean(values))


def top_tenth_capture(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Return the share of the actual spend that falls on the tenth of customers predicted highest.

    A tenth is rounded up to a whole customer; customers that tie at its edge stand in the order of the input.
    With ``predicted = actual`` it is the best that could be reached, the oracle. NaN without any actual
    spend.

    Examples
    --------
    >>> top_tenth_capture([1.0] * 9 + [11.0], list(range(10)))
    0.55
    """
    truth, guess = _pair(actual, predicted)
    total = float(truth.sum())
    if total <= 0:
        return float("nan")
    return float(truth[top_tenth(guess)].sum()) / total


def top_tenth(predicted: Floats) -> npt.NDArray[np.intp]:
    """Return the places of the tenth of customers predicted highest, as `top_tenth_capture` takes them."""
    return np.argsort(-settled(predicted), kind="stable")[: -(-len(predicted) // 10)]


def interval_scores(actual: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> dict[str, float]:
    """Return the share of outcomes inside, below and above their interval, and the interval's mean width.

    Parameters
    ----------
    actual, low, high : array_like of float, shape (customers,)
        Outcomes and the ends of their intervals (currency); an end counts as inside.

    Returns
    -------
    dict of str to float
        ``coverage``, ``below``, ``above`` (shares of customers; they add up to 1) and ``width`` (currency).

    Examples
    --------
    >>> interval_scores([0.0, 5.0], [0.0, 6.0], [1.0, 8.0])
    {'coverage': 0.5, 'below': 0.5, 'above': 0.0, 'width': 1.5}
    """
    truth, bottom = _pair(actual, low)
    _, top = _pair(actual, high)
    # sums of the same amounts in another order differ in the last digit
    slack = 1e-9 * np.maximum(1.0, np.abs(truth))
    below, above = truth < bottom - slack, truth > top + slack
    return {
        "coverage": float(1.0 - below.mean() - above.mean()),
        "below": float(below.mean()),
        "above": float(above.mean()),
        "width": float((top - bottom).mean()),
    }


def _correlation(left: Floats, right: Floats) -> float:
    a, b = left - left.mean(), right - right.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0


def settled(values: Floats) -> Floats:
    """Round to 9 significant digits: sums added up in another order must not break a tie."""
    with np.errstate(divide="ignore"):
        digits = 8 - np.floor(np.log10(np.abs(values)))
    scale = 10.0 ** np.where(np.isfinite(digits), np.clip(digits, -290, 290), 0.0)
    return np.round(values * scale) / scale


def _pair(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> tuple[Floats, Floats]:
    truth, guess = np.asarray(actual, dtype=float), np.asarray(predicted, dtype=float)
    if truth.shape != guess.shape or truth.ndim != 1 or len(truth) == 0:
        raise ValueError(
            f"Outcomes have shape {truth.shape}, predictions {guess.shape}; give two lists of the same "
            "customers, one value each."
        )
    if not (np.isfinite(truth).all() and np.isfinite(guess).all()):
        raise ValueError(
            f"{int((~np.isfinite(truth)).sum())} outcomes and {int((~np.isfinite(guess)).sum())} predictions "
            "are not finite; a missing outcome is a spend of 0."
        )
    return truth, guess

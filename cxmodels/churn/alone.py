"""How well does one feature alone tell who leaves? Measured on rows that it was not measured from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from cxmodels.churn import ranking
from cxmodels.value.counts import Floats, Integers
from cxmodels.value.intervals import wilson_interval

FOLDS = 5
PIECES = 20  # of a numeric feature, by quantiles
OFTEN = 0.005  # a number that so many rows share is a piece of its own: a code, not a quantity
FEWEST_OFTEN = 20
DISTINCT = 50  # a numeric feature with no more different values is read value by value
STRICT = 3.0  # standard errors
MISSING = "missing"


@dataclass(frozen=True)
class Alone:
    """What one feature alone says of who leaves.

    Attributes
    ----------
    auc : float
        Cross-validated: how often one who left has a piece of the feature with a higher rate of leaving than
        one who stayed. NaN where there are fewer than two of either.
    auc_low : float
        The same, less three standard errors.
    explained : float
        Share of the uncertainty about who leaves that the feature takes away (1 - log-loss / log-loss of
        the base rate), cross-validated; below 0 where it takes away none.
    pieces : DataFrame
        Indexed by piece (a category, a range, or "missing"): rows, left, rate (share that left), rate_low
        (three standard errors below).
    """

    auc: float
    auc_low: float
    explained: float
    pieces: pd.DataFrame


def measure_alone(feature: pd.Series, labels: Floats, *, seed: int = 0) -> Alone:
    """Measure how well a feature alone tells who leaves, whatever its kind.

    Parameters
    ----------
    feature : Series, shape (rows,)
        Numbers, dates, flags, categories or text; missing values are a piece of their own.
    labels : ndarray of float, shape (rows,)
        1 where the customer left.
    seed : int
        Of the folds.

    Returns
    -------
    Alone

    Notes
    -----
    The feature is cut into pieces without looking at the labels. The rate of leaving of each piece, shrunk to
    the base rate by the weight of one row, is learned on four folds and read on the fifth: a category that
    only one customer has says nothing. Standard errors: Hanley & McNeil 1982 for the AUC, Wilson 1927
    for rates.

    Examples
    --------
    >>> labels = np.tile([0.0, 1.0], 50)
    >>> measure_alone(pd.Series(np.where(labels, "sorry", "fine")), labels).auc
    1.0
    """
    codes, names = cut_pieces(feature)
    rows = np.bincount(codes, minlength=len(names)).astype(float)
    left = np.bincount(codes, labels, minlength=len(names)).astype(float)
    table = pd.DataFrame(
        {
            "rows": rows.astype(int),
            "left": left.astype(int),
            "rate": left / rows,
            "rate_low": wilson_interval(left, rows, z=STRICT)[0],
        },
        index=pd.Index(names, name="piece"),
    )
    few = int(min(labels.sum(), len(labels) - labels.sum()))
    if few < 2:
        return Alone(float("nan"), float("nan"), float("nan"), table)
    said = _held_out(codes, labels, pieces=len(names), seed=seed)
    area = ranking.auc(*ranking.rank_rows(labels, said).counts())
    bounded = np.clip(said, 1e-6, 1.0 - 1e-6)
    base = labels.mean()
    loss = -float(np.log(np.where(labels == 1.0, bounded, 1.0 - bounded)).mean())
    plain = -float(base * np.log(base) + (1.0 - base) * np.log(1.0 - base))
    return Alone(area, area - STRICT * _auc_error(area, labels), 1.0 - loss / plain, table)


def cut_pieces(feature: pd.Series) -> tuple[Integers, list[str]]:
    """Return the place of each row's piece, and the names of the pieces.

    Examples
    --------
    >>> codes, names = cut_pieces(pd.Series([1.0, None, 1.0]))
    >>> codes.tolist(), names
    ([0, 1, 0], ['1', 'missing'])
    """
    if pd.api.types.is_datetime64_any_dtype(feature):
        days = (feature - feature.min()) / pd.Timedelta(days=1)
        return _cut_numbers(days, unit=" days after the first")
    numeric = pd.api.types.is_numeric_dtype(feature) and not pd.api.types.is_bool_dtype(feature)
    if numeric and feature.nunique() > DISTINCT:
        return _cut_numbers(feature, unit="")
    # distinct values are named, not rows: there are far fewer of them
    places, distinct = pd.factorize(feature, use_na_sentinel=True)
    word = "{:.6g}".format if numeric else str
    order, names = pd.factorize(np.array([word(one) for one in distinct], dtype=object), sort=True)
    codes = np.where(places < 0, -1, order[places]) if len(order) else places
    return _with_missing(np.asarray(codes, dtype=np.int64), [str(name) for name in names])


def _cut_numbers(feature: pd.Series, *, unit: str) -> tuple[Integers, list[str]]:
    """Cut numbers by quantiles; numbers that many rows share stand alone."""
    values = feature.to_numpy(dtype=float, na_value=np.nan)
    values = np.where(np.isinf(values), np.sign(values) * np.finfo(float).max, values)
    known = ~np.isnan(values)
    distinct, counted = np.unique(values[known], return_counts=True)
    common = distinct[counted >= max(FEWEST_OFTEN, OFTEN * len(values))]
    alone = known & np.isin(values, common)
    others = known & ~alone
    edges = np.empty(0)
    if others.any():
        edges = np.unique(np.quantile(values[others], np.arange(1, PIECES) / PIECES))
    codes = np.where(known, np.searchsorted(edges, values, side="left"), -1)
    codes[alone] = len(edges) + 1 + np.searchsorted(common, values[alone])
    ends = [f"{edge:.6g}" for edge in edges]
    ranges = [f"above {low} up to {high}{unit}" for low, high in pairwise(ends)]
    names = [f"up to {ends[0]}{unit}", *ranges, f"above {ends[-1]}{unit}"] if ends else [f"any number{unit}"]
    names += [f"{one:.6g}{unit}" for one in common]
    here = np.unique(codes[codes >= 0])
    return _with_missing(
        np.where(codes >= 0, np.searchsorted(here, codes), -1), [names[place] for place in here]
    )


def _with_missing(codes: Integers, names: list[str]) -> tuple[Integers, list[str]]:
    if (codes >= 0).all():
        return codes, names
    return np.where(codes < 0, len(names), codes), [*names, MISSING]


def _held_out(codes: Integers, labels: Floats, *, pieces: int, seed: int) -> Floats:
    """Return each row's rate of leaving by its piece, learned on the other folds."""
    rng, n = np.random.default_rng(seed), len(labels)
    fold = np.empty(n, dtype=np.int64)
    for kind in (0.0, 1.0):
        rows = rng.permutation(np.flatnonzero(labels == kind))
        fold[rows] = np.arange(len(rows)) % FOLDS
    at = fold * pieces + codes
    rows = np.bincount(at, minlength=FOLDS * pieces).reshape(FOLDS, pieces)
    left = np.bincount(at, labels, minlength=FOLDS * pieces).reshape(FOLDS, pieces)
    other_rows, other_left = rows.sum(axis=0) - rows, left.sum(axis=0) - left
    # one base rate for all folds: that of the others moves against the fold's own and would look like skill
    return ((other_left + labels.mean()) / (other_rows + 1.0))[fold, codes]


def _auc_error(area: float, labels: Floats) -> float:
    left = float(labels.sum())
    stayed = len(labels) - left
    q1, q2 = area / (2.0 - area), 2.0 * area**2 / (1.0 + area)
    spread = area * (1.0 - area) + (left - 1.0) * (q1 - area**2) + (stayed - 1.0) * (q2 - area**2)
    # where all are told apart the formula gives 0, even for two rows
    return float(np.sqrt(max(spread, 0.0) / (left * stayed)) + 1.0 / (2.0 * min(left, stayed)))

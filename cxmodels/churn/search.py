"""Which settings foretell best? A handful is tried on customers or a date that they have not learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxmodels.churn.trees import Rows, TreeSettings, train_trees
from cxmodels.value.counts import Floats, Integers

if TYPE_CHECKING:
    import lightgbm

SEARCH_ROWS = 60_000  # more rows cost time and change the choice little
SMALL = 10_000  # rows, up to which five folds are affordable; three beyond
SMALL_FOLDS, LARGE_FOLDS = 5, 3
HOPELESS = 1.02  # times the log-loss of the best so far on the first fold: such a candidate is not tried on


@dataclass(frozen=True)
class Search:
    """What was tried, and what won.

    Attributes
    ----------
    settings : TreeSettings
        The winner: the lowest log-loss.
    rounds : int
        Trees at its lowest log-loss.
    table : DataFrame
        One row a candidate, in the order tried: the settings, rounds, log_loss (nats a row; of the first fold
        only where that was hopeless), chosen. With a single candidate and a later snapshot nothing is tried,
        since the fit itself stops there: rounds 0 and log_loss NaN.
    held_out : ndarray of float, shape (rows,), or None
        The winner's log odds of each row by models that did not learn from its customer; None where a later
        snapshot was the judge, or not all rows were used.
    """

    settings: TreeSettings
    rounds: int
    table: pd.DataFrame
    held_out: Floats | None = field(repr=False)
    folds: int = 0

    @property
    def final_rounds(self) -> int:
        """Trees of a model of all rows: as many more as it has more rows than those that the folds judged."""
        return round(self.rounds * self.folds / (self.folds - 1)) if self.folds else self.rounds


@dataclass(frozen=True)
class _Tried:
    rounds: int
    loss: float
    first: float
    held_out: Floats | None = None


def search_settings(
    rows: Rows,
    later: Rows | None,
    *,
    candidates: Sequence[TreeSettings],
    monotone: list[int] | None,
    seed: int,
) -> Search:
    """Try every candidate and take the one with the lowest log-loss.

    Parameters
    ----------
    rows : Rows
        What is learned from; of more than 60,000, customers are drawn.
    later : Rows or None
        The judge. Without it, folds of customers judge each other.
    candidates : sequence of TreeSettings
    monotone : list of int or None
        By feature: 1 rising, -1 falling, 0 free.
    seed : int

    Returns
    -------
    Search
    """
    used = rows.some(SEARCH_ROWS, seed=seed)
    judged = None if later is None else later.some(SEARCH_ROWS, seed=seed).beside(used.binned)
    splits = _split(used, customer_folds(used, seed=seed)) if judged is None else []
    settings = [one.parameters(seed=seed, monotone=monotone) for one in candidates]
    tried: list[_Tried] = []
    if judged is None:
        for parameters in settings:
            limit = HOPELESS * min((one.first for one in tried), default=np.inf)
            tried.append(_try_on_folds(used, splits, parameters, limit=limit))
    elif len(candidates) > 1:
        tried = [_try_on_later(used, judged, parameters) for parameters in settings]
    else:
        tried = [_Tried(0, np.nan, np.nan)]
    best = _winner(tried, judged is None)
    table = pd.DataFrame([one.to_dict() for one in candidates]).assign(
        rounds=[one.rounds for one in tried],
        log_loss=[one.loss for one in tried],
        chosen=np.arange(len(tried)) == best,
    )
    held_out = tried[best].held_out if len(used.labels) == len(rows.labels) else None
    return Search(candidates[best], tried[best].rounds, table, held_out, len(splits))


def customer_folds(rows: Rows, *, seed: int) -> list[Integers]:
    """Return the rows of each fold: all rows of a customer in one, leavers spread evenly over them."""
    count = SMALL_FOLDS if len(rows.labels) <= SMALL else LARGE_FOLDS
    customers = int(rows.places.max()) + 1
    left = np.zeros(customers)
    np.maximum.at(left, rows.places, rows.labels)
    order = np.random.default_rng(seed).permutation(customers)
    order = order[np.argsort(left[order], kind="stable")]
    fold = np.empty(customers, dtype=np.int64)
    fold[order] = np.arange(customers) % count
    return [np.flatnonzero(fold[rows.places] == one) for one in range(count)]


def _try_on_later(rows: Rows, judge: lightgbm.Dataset, parameters: dict[str, object]) -> _Tried:
    _, losses = train_trees(rows.binned, parameters, judge=judge)
    best = int(np.argmin(losses))
    return _Tried(best + 1, losses[best], losses[best])


def _winner(tried: list[_Tried], folds: bool) -> int:
    """Return the place of the lowest log-loss, of candidates that were tried on all folds."""
    if len(tried) == 1:
        return 0
    whole = [one.loss if one.held_out is not None or not folds else np.inf for one in tried]
    return int(np.argmin(whole))


@dataclass(frozen=True)
class _Split:
    """All but a fold, and the fold."""

    others: lightgbm.Dataset
    fold: lightgbm.Dataset
    out: Integers


def _split(rows: Rows, folds: list[Integers]) -> list[_Split]:
    splits = []
    for out in folds:
        others = rows.take(np.setdiff1d(np.arange(len(rows.labels)), out)).binned
        splits.append(_Split(others, rows.take(out).beside(others), out))
    return splits


def _try_on_folds(rows: Rows, splits: list[_Split], parameters: dict[str, object], *, limit: float) -> _Tried:
    """Train on all but a fold, for each; the number of rounds is the one that is best for all together."""
    boosters, curves = [], []
    for split in splits:
        booster, losses = train_trees(split.others, parameters, judge=split.fold)
        boosters.append(booster)
        curves.append(losses)
        if min(curves[0]) > limit:
            return _Tried(int(np.argmin(losses)) + 1, min(losses), min(losses))
    shortest = min(map(len, curves))
    sizes = [len(split.out) for split in splits]
    mean = np.average([losses[:shortest] for losses in curves], axis=0, weights=sizes)
    rounds = int(np.argmin(mean)) + 1
    held_out = np.empty(len(rows.labels))
    for booster, split in zip(boosters, splits, strict=True):
        held_out[split.out] = booster.predict(rows.matrix[split.out], raw_score=True, num_iteration=rounds)
    return _Tried(rounds, float(mean[rounds - 1]), min(curves[0]), held_out)

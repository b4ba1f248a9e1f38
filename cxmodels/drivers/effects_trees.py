"""What would trees expect? LightGBM, learned on some customers and asked about the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, cpu_count, delayed

from cxmodels.value.boosting import COMMON
from cxmodels.value.counts import Floats, Integers

if TYPE_CHECKING:
    import lightgbm

SHARED_ROWS = 50_000  # from which other processes help
MOST_PROCESSES = 4  # each holds the rows that it learns from
SETTINGS: dict[str, object] = {
    "learning_rate": 0.18,
    "num_leaves": 15,
    "min_data_in_leaf": 60,
    "feature_fraction": 0.7,
    "lambda_l2": 5.0,
    "max_bin": 63,
}


@dataclass(frozen=True)
class TreePlan:
    """How much is learned.

    Attributes
    ----------
    rounds : int
        Trees.
    learn_rows : int
        Rows that a model learns from, at most: more change little of what is expected, and cost time.
    seed : int
    """

    rounds: int = 40
    learn_rows: int = 60_000
    seed: int = 20250101


@dataclass(frozen=True)
class Asked:
    """What is to be expected, from which covariates; kind is binary, count or number."""

    target: str
    covariates: tuple[str, ...]
    values: Floats
    kind: str


def kind_of(values: Floats) -> str:
    """Say whether values are binary, counts (0 or more, often 0), or plain numbers."""
    if np.isin(values[:10_000], (0.0, 1.0)).all() and np.isin(values, (0.0, 1.0)).all():
        return "binary"
    return "count" if values.min() >= 0.0 and float((values == 0.0).mean()) > 0.05 else "number"


def expect_trees(
    frame: pd.DataFrame, asked: Sequence[Asked], fold: Integers, *, folds: int, plan: TreePlan
) -> dict[tuple[str, tuple[str, ...]], Floats]:
    """Return what is expected of each target, by models that have not seen the customer.

    Parameters
    ----------
    frame : DataFrame, shape (rows, covariates)
        Numbers, or categories.
    asked : sequence of Asked
    fold : ndarray of int, shape (rows,)
        All rows of a customer lie in one fold.
    folds : int
    plan : TreePlan

    Returns
    -------
    dict
        By target and covariates: ndarray of float, shape (rows,).
    """
    by_covariates: dict[tuple[str, ...], list[Asked]] = {}
    for one in asked:
        by_covariates.setdefault(one.covariates, []).append(one)
    with _pool(len(fold)) as pool:
        told = pool(
            delayed(_expect_part)(*matrix, some, fold, part, plan)
            for covariates, some in by_covariates.items()
            for matrix in [_matrix(frame, covariates)]  # in its turn: all at once fill memory
            for part in range(folds)
        )
    found = {(one.target, one.covariates): np.empty(len(fold)) for one in asked}
    for part, expected in enumerate(told):
        rest = fold == part % folds
        for key, values in expected.items():
            found[key][rest] = values
    return found


def _pool(rows: int) -> Parallel:
    """Return processes to fit in; this one alone where there is too little to do to start others.

    Threads of one process are no way: with categories, LightGBM crashes in them.
    """
    return Parallel(n_jobs=min(cpu_count(), MOST_PROCESSES) if rows >= SHARED_ROWS else 1)


def _expect_part(
    matrix: npt.NDArray[np.float32],
    categorical: list[int],
    asked: Sequence[Asked],
    fold: Integers,
    part: int,
    plan: TreePlan,
) -> dict[tuple[str, tuple[str, ...]], Floats]:
    """Return what is expected of the rows of one fold, by target and covariates."""
    learn = _drawn(np.flatnonzero(fold != part), plan, part)
    rest = matrix[fold == part]
    data = _dataset(matrix[learn], categorical)
    return {
        (one.target, one.covariates): np.asarray(_train(data, one, learn, plan).predict(rest, num_threads=1))
        for one in asked
    }


def _drawn(rows: Integers, plan: TreePlan, part: int) -> Integers:
    if len(rows) <= plan.learn_rows:
        return rows
    rng = np.random.default_rng((plan.seed, part))
    return np.sort(rng.choice(rows, plan.learn_rows, replace=False))


def _matrix(frame: pd.DataFrame, covariates: Iterable[str]) -> tuple[npt.NDArray[np.float32], list[int]]:
    names = list(covariates)
    matrix = np.empty((len(frame), len(names)), dtype=np.float32)
    categorical = []
    for place, name in enumerate(names):
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes = column.cat.codes.to_numpy(dtype=np.float32)
            matrix[:, place] = np.where(codes < 0, np.nan, codes)
            categorical.append(place)
        else:
            matrix[:, place] = column.to_numpy(dtype=np.float32)
    return matrix, categorical


def _dataset(matrix: npt.NDArray[np.float32], categorical: list[int]) -> lightgbm.Dataset:
    import lightgbm  # here: it loads scikit-learn, a second that small studies need not wait

    parameters = {**COMMON, "max_bin": SETTINGS["max_bin"]}
    return lightgbm.Dataset(matrix, categorical_feature=categorical, params=parameters)


def _train(data: lightgbm.Dataset, one: Asked, learn: Integers, plan: TreePlan) -> lightgbm.Booster:
    import lightgbm

    data.set_label(one.values[learn])
    objectives: Mapping[str, str] = {"binary": "binary", "count": "poisson", "number": "regression"}
    parameters = {**COMMON, **SETTINGS, "objective": objectives[one.kind], "seed": plan.seed}
    return lightgbm.train(parameters, data, num_boost_round=plan.rounds)

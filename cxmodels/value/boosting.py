"""How is a LightGBM model trained here? In one place: seeded, and the same answer each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxmodels.value.counts import Floats

if TYPE_CHECKING:
    import lightgbm

MAX_ROWS = 60_000  # more rows cost time and change a shallow model little

COMMON: dict[str, object] = {
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
    "feature_pre_filter": False,
    # on a machine that others use too, a second thread waits longer than it works; and fits side by side in
    # threads of one process are no way out: with categories, LightGBM 4.7 crashed in most tries of eight
    "num_threads": 1,
}
SHALLOW: dict[str, object] = {
    "learning_rate": 0.03,
    "num_leaves": 8,
    "min_data_in_leaf": 40,
    # a tree, though a split were faster: corrections learned that way did worse on later purchases
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
}
PLAIN: dict[str, object] = {"learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 50}


def train(
    features: pd.DataFrame,
    target: Floats,
    *,
    settings: dict[str, object],
    rounds: int,
    seed: int,
    offset: Floats | None = None,
) -> lightgbm.Booster:
    """Train LightGBM on at most `MAX_ROWS` rows, drawn with the seed.

    Parameters
    ----------
    features : DataFrame, shape (rows, features)
        Numbers; NaN is a value of its own.
    target : ndarray of float, shape (rows,)
        What is learned.
    settings : dict
        LightGBM parameters besides those common to all models here; must hold ``objective``.
    rounds : int
        Trees.
    seed : int
        Of sampling, bagging and feature choice.
    offset : ndarray of float, optional
        Starting score of each row, on the scale of the link.

    Returns
    -------
    lightgbm.Booster
    """
    import lightgbm  # here: it loads scikit-learn, a second that small studies need not wait

    rows = np.arange(len(target))
    if len(rows) > MAX_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MAX_ROWS, replace=False))
    data = lightgbm.Dataset(
        features.to_numpy(dtype=float)[rows],
        label=target[rows],
        init_score=None if offset is None else offset[rows],
        feature_name=[str(name) for name in features.columns],
        free_raw_data=True,
    )
    return lightgbm.train({**COMMON, **settings, "seed": seed}, data, num_boost_round=rounds)


def predict(model: lightgbm.Booster, features: pd.DataFrame, *, raw: bool = False) -> Floats:
    """Return the prediction for each row; `raw` gives the score on the link's scale, without any offset."""
    return np.asarray(model.predict(features.to_numpy(dtype=float), raw_score=raw), dtype=float)

"""How is the churn model trained? LightGBM settings, rows, and one fit that is the same each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cxmodels.value.boosting import COMMON
from cxmodels.value.counts import Floats, Integers

if TYPE_CHECKING:
    import lightgbm

BINS = 127
PATIENCE = 30  # rounds without a gain, after which training stops
MOST_ROUNDS = 1_000


@dataclass(frozen=True)
class TreeSettings:
    """How the trees grow.

    Attributes
    ----------
    learning_rate : float
        Share of each tree that counts.
    leaves, depth : int
        Of a tree, at most.
    least_rows : int
        Rows of a leaf, at least.
    feature_share : float
        Share of the features among which each split is chosen: a share a tree would copy the rows each time.
    row_share : float
        Share of the rows that each tree sees.
    l2 : float
        Rows' worth by which leaves are drawn towards 0.
    """

    learning_rate: float = 0.05
    leaves: int = 15
    depth: int = 4
    least_rows: int = 40
    feature_share: float = 0.6
    row_share: float = 0.8
    l2: float = 5.0

    def parameters(self, *, seed: int, monotone: list[int] | None = None) -> dict[str, object]:
        """Return LightGBM's parameters. No class weights: probabilities feed money."""
        return {
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "max_depth": self.depth,
            "min_data_in_leaf": self.least_rows,
            "feature_fraction_bynode": self.feature_share,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1 if self.row_share < 1.0 else 0,
            "lambda_l2": self.l2,
            "seed": seed,
            **COMMON,
            **({"monotone_constraints": monotone} if monotone and any(monotone) else {}),
        }

    def to_dict(self) -> dict[str, float]:
        """Return plain JSON values."""
        return asdict(self)


# From shallow, which is explained four times as fast as deep, to deep: what wins on later customers is taken.
CANDIDATES = (
    TreeSettings(),
    TreeSettings(leaves=4, depth=2, feature_share=0.4, l2=10.0),
    TreeSettings(learning_rate=0.03, leaves=8, depth=4, least_rows=80, feature_share=0.3, l2=20.0),
    TreeSettings(leaves=31, depth=7, least_rows=20, feature_share=0.5, l2=2.0),
    TreeSettings(leaves=63, depth=12, least_rows=5, feature_share=0.8, l2=1.0),
)


@dataclass(frozen=True)
class Rows:
    """Encoded rows: features, who left, and the customer of each.

    Attributes
    ----------
    matrix : ndarray of float, shape (rows, features)
    labels : ndarray of float, shape (rows,)
    places : ndarray of int, shape (rows,)
        As of `cxmodels.churn.resampling.customer_places`.
    categorical : list of int
        Places of the features that are categories.
    """

    matrix: npt.NDArray[np.float64]
    labels: Floats
    places: Integers
    categorical: list[int]

    def take(self, chosen: Integers) -> Rows:
        """Return some of the rows."""
        return Rows(self.matrix[chosen], self.labels[chosen], self.places[chosen], self.categorical)

    def some(self, most: int, *, seed: int) -> Rows:
        """Return the rows of customers drawn at random, near enough `most` rows; all of no more than that."""
        if len(self.labels) <= most:
            return self
        return self.take(np.flatnonzero(draw_customers(self.places, most=most, seed=seed)))

    @cached_property
    def binned(self) -> lightgbm.Dataset:
        """LightGBM's form of the rows. Bins take as long as many trees: they are made once."""
        import lightgbm  # here: it loads scikit-learn, a second that small studies need not wait

        parameters = {**COMMON, "max_bin": BINS}
        data = lightgbm.Dataset(
            self.matrix, self.labels, categorical_feature=self.categorical, params=parameters
        )
        return data.construct()

    def beside(self, data: lightgbm.Dataset) -> lightgbm.Dataset:
        """Return the rows in the bins of other rows, to judge what is learned from those."""
        return data.create_valid(self.matrix, self.labels, params=data.get_params())


def draw_customers(places: Integers, *, most: int, seed: int) -> npt.NDArray[np.bool_]:
    """Return which rows belong to customers drawn without replacement, near enough `most` rows."""
    customers = int(places.max()) + 1
    share = min(1.0, most / len(places))
    chosen = np.random.default_rng(seed).permutation(customers) < round(share * customers)
    return chosen[places]


def train_trees(
    data: lightgbm.Dataset,
    parameters: Mapping[str, object],
    *,
    rounds: int = MOST_ROUNDS,
    judge: lightgbm.Dataset | None = None,
) -> tuple[lightgbm.Booster, list[float]]:
    """Train, and stop early where there are rows to judge on.

    Parameters
    ----------
    data : lightgbm.Dataset
        What is learned from.
    parameters : mapping
        As of `TreeSettings.parameters`.
    rounds : int
        Trees, at most.
    judge : lightgbm.Dataset, optional
        Other rows, on which log-loss has to fall at least once in 30 rounds.

    Returns
    -------
    booster : lightgbm.Booster
    losses : list of float
        Log-loss of the rows judged on after each round; empty without any.
    """
    import lightgbm

    curve: dict[str, dict[str, list[float]]] = {}
    stopping: list[Callable[..., Any]] = [
        lightgbm.early_stopping(PATIENCE, verbose=False),
        lightgbm.record_evaluation(curve),
    ]
    booster = lightgbm.train(
        dict(parameters),
        data,
        num_boost_round=rounds,
        valid_sets=None if judge is None else [judge],
        callbacks=None if judge is None else stopping,
    )
    return booster, curve["valid_0"]["binary_logloss"] if judge is not None else []

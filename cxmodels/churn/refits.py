"""How far would the model move with other customers? Refits on customers drawn anew, for the intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from cxmodels.churn.trees import Rows, train_trees
from cxmodels.value.counts import Floats, Integers
from cxmodels.value.intervals import NORMAL

if TYPE_CHECKING:
    import lightgbm

QUICKER = 3.0  # times the learning rate of the model, with as many times fewer trees, of a refit
LONGEST_STEP = 0.15
FEWEST_REFITS = 2
REHEARSALS = 3  # made-up worlds in which the intervals are tried
MOST_STRETCH = 1.5
# of the truth of made-up worlds: being made of trees, they are easier for trees than the real one
HELD = 0.95
REHEARSED_ROWS = 10_000  # in which it is looked whether they hold the truth


@dataclass(frozen=True)
class Refits:
    """Models of customers drawn with replacement.

    Attributes
    ----------
    boosters : tuple of lightgbm.Booster
    scale : float
        What their spread is multiplied by: below 1 where each learned from fewer customers than there are.
    widening : float
        How many times as wide the intervals had to be, to hold the truth of made-up worlds.
    """

    boosters: tuple[lightgbm.Booster, ...] = field(repr=False)
    scale: float = 1.0
    widening: float = 1.0

    def deviation(self, matrix: npt.NDArray[np.float64]) -> Floats:
        """Return how far each row's log odds may be off, as a standard deviation; shape (rows,)."""
        scores = np.array([booster.predict(matrix, raw_score=True) for booster in self.boosters])
        spread: Floats = scores.std(axis=0, ddof=1)
        return spread * self.scale * self.widening


def refit(
    booster: lightgbm.Booster,
    rows: Rows,
    parameters: Mapping[str, object],
    *,
    refits: int,
    refit_rows: int,
    seed: int,
) -> Refits:
    """Fit the model again on customers drawn with replacement, and try the intervals in made-up worlds.

    Parameters
    ----------
    booster : lightgbm.Booster
        The model.
    rows : Rows
        What it learned from.
    parameters : mapping
        With which it learned.
    refits : int
        Models; 0 for none.
    refit_rows : int
        Rows of each, near enough, where there are more.
    seed : int

    Returns
    -------
    Refits

    Notes
    -----
    The pairs cluster bootstrap, of fewer customers than there are where there are many (Bickel, Götze & van
    Zwet 1997, Statistica Sinica 7). Trees are drawn towards the middle, so their spread alone understates how
    far off they are. As much as that is found by rehearsal: outcomes are drawn from the model as if it were
    the truth, a model learns from them, and the intervals are widened until they hold it (calibration of an
    interval by a second bootstrap; Loh 1987, JASA 82).
    """
    if refits == 0:
        return Refits(())
    if refits < FEWEST_REFITS:
        raise ValueError(f"refits is {refits}: a spread takes {FEWEST_REFITS}; or give 0 for no intervals.")
    quick, rounds = _quicker(parameters, rounds=booster.num_trees())
    customers = int(rows.places.max()) + 1
    drawn = max(round(customers * min(1.0, refit_rows / len(rows.labels))), 1)

    def learn(one: int) -> lightgbm.Booster:
        chance = np.random.default_rng((seed, one, 0)).integers(0, customers, drawn)
        times = np.bincount(chance, minlength=customers)[rows.places]
        part = _some(rows, np.flatnonzero(times))
        part.set_weight(times[times > 0])  # whoever is drawn twice counts twice
        return train_trees(part, {**quick, "seed": seed + one + 1}, rounds=rounds)[0]

    made = Refits(tuple(learn(one) for one in range(refits)), float(np.sqrt(drawn / customers)))
    return replace(made, widening=_rehearse(booster, made, rows, quick, rounds=rounds, seed=seed))


def _quicker(parameters: Mapping[str, object], *, rounds: int) -> tuple[dict[str, object], int]:
    """Return settings of longer and fewer steps: how far models lie apart differs little by it."""
    slow = float(parameters["learning_rate"])  # type: ignore[arg-type]
    times = max(min(QUICKER, LONGEST_STEP / slow), 1.0)
    return {**parameters, "learning_rate": slow * times}, max(round(rounds / times), 1)


def _rehearse(
    booster: lightgbm.Booster,
    made: Refits,
    rows: Rows,
    parameters: Mapping[str, object],
    *,
    rounds: int,
    seed: int,
) -> float:
    """Return how many times the spread has to be widened to hold the truth of worlds made by the model."""
    score = np.asarray(booster.predict(rows.matrix, raw_score=True))
    looked = np.random.default_rng(seed).permutation(len(score))[:REHEARSED_ROWS]
    spread = np.maximum(made.deviation(rows.matrix[looked]), 1e-9)

    def learn(truth: Floats, world: int) -> Floats:
        rng = np.random.default_rng((seed, world, 1))
        data = _some(rows, np.arange(len(truth)))
        data.set_label((rng.random(len(truth)) < expit(truth)).astype(float))
        learned, _ = train_trees(data, {**parameters, "seed": seed + world + 1}, rounds=rounds)
        return np.asarray(learned.predict(rows.matrix[looked], raw_score=True))

    # the truth is spread wider than the model of it: as much as the model is wider than one learned from it
    middle = score.mean()
    narrower = np.std(learn(score, REHEARSALS)) / max(float(np.std(score[looked])), 1e-9)
    truth = middle + (score - middle) / np.clip(narrower, 1.0 / MOST_STRETCH, 1.0)
    told = np.array([learn(truth, world) for world in range(REHEARSALS)])
    off = np.abs(told - truth[looked]) / spread
    return max(float(np.quantile(off, HELD)) / NORMAL, 1.0)


def _some(rows: Rows, chosen: Integers) -> lightgbm.Dataset:
    """Return a copy of some rows, in the bins of all."""
    return rows.binned.subset(chosen.tolist(), params=rows.binned.get_params()).construct()

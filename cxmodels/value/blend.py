"""What do earlier snapshots teach beyond the purchase model? Corrections, and blends that keep the total."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cxmodels.value.boosting import SHALLOW, predict, train
from cxmodels.value.counts import Floats
from cxmodels.value.expectation import Expectation
from cxmodels.value.features import learned_features
from cxmodels.value.rivals import past_spend
from cxmodels.value.snapshots import Snapshot

ROUNDS = 150
LARGEST_CORRECTION = 3.0  # on the log scale: at most 20 times up or down
FLOOR = 1e-3  # currency; a value of 0 has no logarithm
TWEEDIE = {**SHALLOW, "objective": "tweedie", "tweedie_variance_power": 1.5}

# what is blended, by members; the first is taken unless another is clearly better on the earlier snapshot
BLENDS: dict[str, tuple[str, ...]] = {
    "blend": ("model", "corrected model", "corrected past spend"),
    "corrections": ("corrected model", "corrected past spend"),
    "corrections and past spend": ("past spend", "corrected model", "corrected past spend"),
    "correction, regression and past spend": ("past spend", "corrected model", "regression"),
    "lightgbm": ("regression",),
}


def keep_total(values: Floats, total: float) -> Floats:
    """Scale values to a total; where they are all 0, share it evenly.

    Examples
    --------
    >>> keep_total(np.array([1.0, 3.0]), 8.0).tolist()
    [2.0, 6.0]
    """
    whole = float(values.sum())
    if whole <= 0:
        return np.full(len(values), total / max(len(values), 1))
    return values * (total / whole)


def pool(members: Sequence[Floats], *, total: float) -> Floats:
    """Return the geometric mean of several predictions, scaled to a total.

    On the logarithm's scale each member's *ratio* between customers counts the same, whatever its level.

    Examples
    --------
    >>> pool([np.array([1.0, 9.0]), np.array([5.0, 5.0])], total=8.0).round(6).tolist()
    [2.0, 6.0]
    """
    logs = [np.log(np.maximum(keep_total(member, total), FLOOR)) for member in members]
    return keep_total(np.exp(np.mean(logs, axis=0)), total)


def member_predictions(
    now: Snapshot,
    expected: Expectation,
    lessons: Sequence[tuple[Snapshot, Expectation]],
    *,
    window_expected: Expectation,
    horizon_days: int,
    seed: int,
) -> dict[str, Floats]:
    """Predict each customer's spend in all the ways that a blend can take in.

    Parameters
    ----------
    now : Snapshot
        The customers to predict.
    expected : Expectation
        What the purchase model expects of them over `horizon_days`.
    lessons : sequence of (Snapshot, Expectation)
        Earlier snapshots with an outcome, and what the same purchase model, fitted on that date, expected of
        it.
    window_expected : Expectation
        As `expected`, but over `now.window_days`, the horizon of the lessons.
    horizon_days : int
        Days ahead. Corrections are ratios, learned over `now.window_days` and applied to the whole horizon.
    seed : int

    Returns
    -------
    dict of str to ndarray of float, shape (customers,)
        "model", "past spend", and with lessons "corrected model" (LightGBM, Tweedie loss, the model's
        expectation as offset), "corrected past spend" (past spend as offset) and "regression" (no offset).
        Their totals are those of "model", but for "past spend".
    """
    total = float(expected.value.sum())
    members = {"model": expected.value, "past spend": past_spend(now, horizon_days=horizon_days)}
    if not lessons:
        return members
    features = pd.concat([_features(*lesson) for lesson in lessons], ignore_index=True)
    # a Tweedie loss has no negative outcome: who only gave back is counted as 0
    outcome = np.concatenate([np.maximum(snapshot.outcome, 0.0) for snapshot, _ in lessons])
    here = _features(now, window_expected)
    starts: Mapping[str, tuple[list[Floats], Floats] | None] = {
        "corrected model": ([expectation.value for _, expectation in lessons], expected.value),
        "corrected past spend": (
            [_softened(past_spend(snapshot, horizon_days=snapshot.horizon_days)) for snapshot, _ in lessons],
            _softened(past_spend(now, horizon_days=horizon_days)),
        ),
        "regression": None,
    }
    for name, start in starts.items():
        offset = None if start is None else _offsets(start[0], lessons)
        booster = train(features, outcome, settings=TWEEDIE, rounds=ROUNDS, seed=seed, offset=offset)
        score = predict(booster, here, raw=True)
        if start is None:
            members[name] = keep_total(np.exp(score - score.max()), total)
        else:
            correction = np.exp(np.clip(score, -LARGEST_CORRECTION, LARGEST_CORRECTION))
            members[name] = keep_total(start[1] * correction, total)
    return members


def blend_predictions(members: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return every blend whose members are there; its total is the geometric mean of the members' totals."""
    blends = {}
    for name, parts in BLENDS.items():
        if all(part in members for part in parts):
            chosen = [members[part] for part in parts]
            totals = [max(float(member.sum()), FLOOR) for member in chosen]
            blends[name] = pool(chosen, total=float(np.exp(np.mean(np.log(totals)))))
    return blends


def _features(snapshot: Snapshot, expected: Expectation) -> pd.DataFrame:
    return learned_features(
        snapshot, purchases=expected.purchases, p_alive=expected.p_alive, spend_each=expected.spend_each
    )


def _offsets(starts: list[Floats], lessons: Sequence[tuple[Snapshot, Expectation]]) -> Floats:
    """Return log offsets with each lesson's level taken out: a season is no property of a customer."""
    logs = []
    for start, (snapshot, _) in zip(starts, lessons, strict=True):
        total = max(float(np.maximum(snapshot.outcome, 0.0).sum()), FLOOR)
        logs.append(np.log(np.maximum(keep_total(start, total), FLOOR)))
    return np.round(np.concatenate(logs), 6)


def _softened(values: Floats) -> Floats:
    """Lift values off zero by a hundredth of their mean, so that a correction can act on them."""
    return values + 0.01 * max(float(values.mean()), FLOOR)

"""Chance decides: the effect of an action where it was given at random, with whatever propensity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxmodels.drivers.effects_rows import EffectRows, places_of
from cxmodels.drivers.effects_trial import trial_effect
from tests.drivers.worlds import World, dated_rows


def given(rows: EffectRows, propensity: np.ndarray, *, effect: float) -> EffectRows:
    """Give a call at random with these probabilities, and let it work."""
    rng = np.random.default_rng(4)
    called = rng.random(len(rows)) < propensity
    chance = 0.3 - 0.1 * np.tanh(rows.background["trait"].to_numpy()) + effect * called
    action = pd.Categorical(np.where(called, "call", "nothing"))
    return replace(
        rows,
        left=(rng.random(len(rows)) < chance).astype(float),
        trial=pd.DataFrame({"action": action, "propensity": np.where(called, propensity, 1.0 - propensity)}),
    )


@pytest.fixture(scope="module")
def rows() -> EffectRows:
    return dated_rows(World(customers=4_000))


def test_unequal_chances_are_weighed_out(rows: EffectRows):
    chances = np.where(rows.background["trait"] > 0, 0.8, 0.2)  # those who stay anyway are called more often
    some = given(rows, chances, effect=-0.05)
    found = trial_effect(some, "call", expected=np.full(len(some), 0.3), places=places_of(some, folds=3))
    assert found is not None
    assert found.value == pytest.approx(-0.05, abs=3 * found.error)
    plain = (
        some.left[some.trial["action"] == "call"].mean() - some.left[some.trial["action"] != "call"].mean()
    )
    assert plain < -0.08  # the bare difference takes the trait for an effect of the call


def test_what_is_expected_takes_away_chance(rows: EffectRows):
    some = given(rows, np.full(len(rows), 0.5), effect=-0.05)
    places = places_of(some, folds=3)
    blind = trial_effect(some, "call", expected=np.zeros(len(some)), places=places)
    known = trial_effect(
        some, "call", expected=0.3 - 0.1 * np.tanh(some.background["trait"].to_numpy()), places=places
    )
    assert blind is not None and known is not None
    assert known.error < blind.error
    assert known.value == pytest.approx(-0.05, abs=3 * known.error)


def test_too_few_drawn_at_random_tell_nothing(rows: EffectRows):
    some = given(rows, np.full(len(rows), 0.001), effect=0.0)
    places = places_of(some, folds=3)
    assert trial_effect(some, "call", expected=np.zeros(len(some)), places=places) is None
    assert trial_effect(some, "gift", expected=np.zeros(len(some)), places=places) is None

"""The ways of an effect add up to the whole, and are those of a world whose ways are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.drivers.effects_linear import Design, Moments, gather
from cxmodels.drivers.effects_paths import effect_paths

ROWS, PARTS = 20_000, 21


@pytest.fixture(scope="module")
def moments() -> Moments:
    """An outage makes half a call and does 0.3; a call two minutes of waiting and 0.2; a minute 0.1."""
    rng = np.random.default_rng(8)
    trait = rng.normal(size=ROWS)
    outage = 0.5 * trait + rng.normal(size=ROWS)
    call = 0.5 * outage + rng.normal(size=ROWS)
    wait = 2.0 * call + rng.normal(size=ROWS)
    left = 0.3 * outage + 0.2 * call + 0.1 * wait - trait + rng.normal(size=ROWS)
    targets = pd.DataFrame({"outage": outage, "call": call, "wait": wait, "left": left})
    part = rng.integers(0, PARTS, ROWS)
    return gather(Design.of(pd.DataFrame({"trait": trait})), targets, part, folds=3, parts=PARTS)


def paths(moments: Moments, stages: dict[str, str] | None = None) -> pd.DataFrame:
    found = effect_paths(moments, "outage", ["call", "wait"], ["trait"], outcome="left", stages=stages)
    return found.set_index("through")


@pytest.fixture(scope="module")
def ways(moments: Moments) -> pd.DataFrame:
    return paths(moments)


def test_each_way_is_the_known_one(ways: pd.DataFrame):
    for through, true in {"call": 0.1, "wait": 0.1, "itself": 0.3}.items():
        one = ways.loc[through]
        assert one["effect"] == pytest.approx(true, abs=2 * (one["high"] - one["low"]))
        assert one["high"] - one["low"] < 0.05
    assert ways.loc["itself", "share"] == pytest.approx(0.6, abs=0.03)


def test_the_ways_add_up_to_the_whole(ways: pd.DataFrame):
    assert ways["share"].sum() == pytest.approx(1.0, abs=1e-9)
    assert ways["effect"].sum() == pytest.approx(0.5, abs=0.03)


def test_ways_of_one_stage_are_added_up_with_an_interval_of_their_own(moments: Moments, ways: pd.DataFrame):
    found = paths(moments, {"call": "service", "wait": "service"})
    assert found.index.tolist() == ["service", "itself"]
    both = ways.loc[["call", "wait"]]
    assert found.loc["service", "effect"] == pytest.approx(both["effect"].sum())
    assert found.loc["service", "share"] == pytest.approx(0.4, abs=0.03)
    # the two move together: their widths do not simply add up
    assert found.loc["service", "high"] - found.loc["service", "low"] < (both["high"] - both["low"]).sum()


def test_a_driver_that_nothing_follows_works_by_itself():
    rng = np.random.default_rng(9)
    targets = pd.DataFrame({"login": rng.normal(size=3_000), "left": rng.normal(size=3_000)})
    moments = gather(
        Design.of(pd.DataFrame({"age": rng.normal(size=3_000)})), targets, rng.integers(0, 3, 3_000), folds=3
    )
    found = effect_paths(moments, "login", [], ["age"], outcome="left")
    assert found["through"].tolist() == ["itself"] and found["share"].tolist() == [1.0]

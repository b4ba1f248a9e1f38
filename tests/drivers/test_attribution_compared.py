"""A change of places, or between groups, is told where it is beyond chance, and not where it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxmodels.drivers.attribution import explain
from cxmodels.drivers.attribution_compared import Apart, Weighed, weigh_parts, widest_apart
from cxmodels.drivers.attribution_totals import total_attribution

PARTS = {"outages": "network", "calls": "service", "fee": "contract"}
RICH = np.repeat([False, True], [900, 100])


@pytest.fixture(scope="module")
def found(model, frame):
    return explain(model, frame)


def by_hand(found, values, *, drawn_from):
    """Return an attribution of so many customers, one a row, who were drawn from so many."""
    moved = pd.DataFrame(values)
    rows = np.arange(len(moved))
    return replace(found, values=moved, rows=rows, places=rows, of_rows=len(moved), of_customers=drawn_from)


@pytest.fixture(scope="module")
def moved(found):
    """Outages move most customers more than calls do; the few rich ones, less."""
    rng = np.random.default_rng(1)
    noise = rng.normal(0.0, 0.1, (3, 1_000))
    outages, calls = np.where(RICH, 0.2, 0.6), np.where(RICH, 1.4, 0.3)
    values = {"outages": outages + noise[0], "calls": calls + noise[1], "fee": 0.5 + noise[2]}
    return by_hand(found, values, drawn_from=20_000)


def test_shares_are_those_by_customers_and_by_value_of_all_that_moves_the_score(moved):
    value = np.where(RICH, 90.0, 1.0)
    weighed = weigh_parts(moved, parts=PARTS, value_at_risk=value, leave_out=["contract"])
    sizes = moved.values.abs()
    alike, by_value = sizes.mean(), sizes.mul(value, axis=0).mean()
    assert weighed.table.index.tolist() == ["network", "service"]
    assert weighed.table.loc["network", "customers"] == pytest.approx(alike["outages"] / alike.sum())
    assert weighed.table.loc["service", "value_at_risk"] == pytest.approx(by_value["calls"] / by_value.sum())


def test_parts_that_change_places_are_the_finding(moved):
    weighed = weigh_parts(moved, parts=PARTS, value_at_risk=np.where(RICH, 90.0, 1.0), leave_out=["contract"])
    assert weighed.turned == ("network", "service")
    assert (
        weighed.verdict
        == "“network” moves the score more than “service” by customers, and less by value at risk"
    )


def test_parts_that_keep_their_places_are_said_to(moved):
    weighed = weigh_parts(moved, parts=PARTS, value_at_risk=np.ones(1_000))
    assert weighed.turned is None
    assert weighed.verdict == "“network” moves the score most, by customers and by value at risk"


@pytest.mark.parametrize(
    ("by_customers", "by_value", "said"),
    [
        ((0.153, 0.15), (0.12, 0.31), "“b” moves the score most by value at risk, about as much as “a” by"),
        ((0.3, 0.1), (0.2, 0.205), "“a” moves the score most by customers, about as much as “b” by value"),
        ((0.2, 0.199), (0.2, 0.205), "“a” and “b” move the score most, nearly alike"),
        ((0.2, 0.199), (0.2, 0.195), "“a” and “b” move the score most, nearly alike"),
        ((0.2, 0.195), (0.3, 0.1), "“a” moves the score most by value at risk, about as much as “b” by"),
        ((0.3, 0.1), (0.2, 0.195), "“a” moves the score most by customers, about as much as “b” by value"),
        ((0.3, 0.1), (0.2, 0.1), "“a” moves the score most, by customers and by value at risk"),
    ],
)
def test_a_near_tie_is_called_one(by_customers, by_value, said):
    figures = {
        "customers": by_customers,
        "value_at_risk": by_value,
        "customers_error": 0.0,
        "value_at_risk_error": 0.0,
    }
    weighed = Weighed(pd.DataFrame(figures, index=["a", "b"]))
    assert weighed.turned is None and weighed.verdict.startswith(said)


def test_who_leads_is_ahead_of_all_others_not_only_of_the_next():
    # by customers, a is ahead of b beyond chance but not of c, of whom little is known
    figures = {
        "customers": [0.40, 0.35, 0.34],
        "customers_error": [0.01, 0.01, 0.10],
        "value_at_risk": [0.20, 0.15, 0.50],
        "value_at_risk_error": [0.01, 0.01, 0.01],
    }
    weighed = Weighed(pd.DataFrame(figures, index=["a", "b", "c"]))
    assert weighed.turned is None
    said = "“c” moves the score most by value at risk, about as much as “a” by customers"
    assert weighed.verdict == said


def test_a_change_of_places_by_chance_is_none(found):
    # two parts of one size: which is ahead in a sample, and by which weight, is chance
    claimed = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        values = {name: rng.exponential(0.5, 80) for name in PARTS}
        weighed = weigh_parts(
            by_hand(found, values, drawn_from=10_000), parts=PARTS, value_at_risk=rng.exponential(1.0, 80)
        )
        claimed.append(weighed.turned is not None)
    assert np.mean(claimed) < 0.1


def test_differences_too_small_to_be_seen_are_none_though_everybody_is_explained(found):
    values = {"outages": [0.500, 0.501] * 20, "calls": [0.501, 0.500] * 20, "fee": [0.1] * 40}
    everybody = by_hand(found, values, drawn_from=40)
    weighed = weigh_parts(everybody, parts=PARTS, value_at_risk=np.tile([1.0, 0.0], 20))
    assert weighed.turned is None
    totals = total_attribution(everybody, groups=pd.Series(["a", "b"] * 20))
    assert widest_apart(totals) is None


def test_nothing_left_to_weigh_is_said(moved):
    with pytest.raises(ValueError, match="No part is left"):
        weigh_parts(moved, parts=dict.fromkeys(PARTS, "all"), value_at_risk=np.ones(1_000), leave_out=["all"])


def test_the_part_that_differs_most_between_groups_is_found_with_its_shares(moved):
    totals = total_attribution(moved, parts=PARTS, groups=pd.Series(np.where(RICH, "rich", "rest")))
    apart = widest_apart(totals)
    share = totals.set_index(["part", "group"])["share"]
    high, low = share["service", "rich"], share["service", "rest"]
    assert apart == Apart("service", "rich", "rest", high, low)
    assert high > 0.6 and low < 0.3


def test_groups_that_differ_by_chance_are_not_told_apart(found):
    told = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        values = {name: rng.exponential(0.5, 400) for name in PARTS}
        groups = pd.Series(rng.permutation(list("abcd") * 100))
        told.append(widest_apart(total_attribution(by_hand(found, values, drawn_from=10_000), groups=groups)))
    # one in ten, however many parts and groups there are
    assert np.mean([one is not None for one in told]) < 0.1 + 2 * np.sqrt(0.1 * 0.9 / 100)


def test_a_group_of_which_little_is_known_does_not_hide_a_difference_between_others():
    totals = pd.DataFrame(
        {
            "part": "waits",
            "group": ["top", "middle", "low"],
            "share": [0.60, 0.50, 0.30],
            "share_error": [0.40, 0.01, 0.01],
        }
    )
    assert widest_apart(totals) == Apart("waits", "middle", "low", 0.50, 0.30)


def test_groups_too_small_to_show_are_passed_over(found):
    few = by_hand(
        found, {"outages": [0.5] * 20 + [9.0] * 5, "calls": [0.5] * 25, "fee": [0.1] * 25}, drawn_from=25
    )
    assert widest_apart(total_attribution(few, groups=pd.Series(["many"] * 20 + ["few"] * 5))) is None


def test_the_error_of_a_share_is_that_of_drawing_others(found):
    rng = np.random.default_rng(3)
    scales = {"outages": 1.0, "calls": 2.0, "fee": 3.0}
    everybody = pd.DataFrame({name: rng.exponential(scale, 20_000) for name, scale in scales.items()})
    true = everybody["calls"].sum() / everybody.sum(axis=None)
    off, said = [], []
    for seed in range(200):
        sample = everybody.sample(300, random_state=seed).reset_index(drop=True)
        total = total_attribution(by_hand(found, sample, drawn_from=20_000)).set_index("part").loc["calls"]
        off.append(total["share"] - true)
        said.append(total["share_error"])
    assert np.std(off) == pytest.approx(np.mean(said), rel=3 / np.sqrt(2 * 200))
    assert abs(np.mean(off)) < 3 * np.std(off) / np.sqrt(200)

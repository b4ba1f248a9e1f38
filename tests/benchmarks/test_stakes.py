"""What is at stake in truth, and how rankings are held to it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.effects import STUDY
from benchmarks.operators import LEVER_OF, rows_of
from benchmarks.stakes import rank_correlations, stakes_of, summarise, verdict
from cxmodels.datasets.operator import OperatorSettings, simulate_operator
from cxmodels.drivers.effects import estimate_effects
from cxmodels.drivers.effects_panel import PanelPlan
from cxmodels.study import read_study

CUSTOMERS, SEED = 3_000, 5


@pytest.fixture(scope="module")
def stakes():
    study, settings = read_study(STUDY), OperatorSettings()
    plan = PanelPlan(most_dates=4)
    rows = rows_of(study, settings, customers=CUSTOMERS, seed=SEED, plan=plan)
    truth = simulate_operator(CUSTOMERS, settings=settings, seed=SEED).truth
    return stakes_of(rows, estimate_effects(rows), truth, seed=SEED).set_index("driver")


def test_every_lever_has_its_row(stakes):
    assert set(stakes.index) == set(LEVER_OF)


def test_in_truth_fewer_outages_keep_value_and_more_logins_none(stakes):
    assert stakes.loc["outages", "true"] > 0
    assert stakes.loc["app_logins", "true"] == pytest.approx(0.0, abs=1e-6)
    both = (stakes["true_half"] + stakes["true_other"]).to_numpy()
    assert both == pytest.approx(stakes["true"].to_numpy())


def test_an_association_carries_no_money_and_the_model_gives_it_some(stakes):
    assert (stakes.loc[stakes["grade"] == "association", "found"] == 0.0).all()
    assert stakes.loc["app_logins", "shap"] > 0
    assert stakes.loc["app_logins", "ungraded"] != 0.0
    assert (stakes["error"] > 0).all()


def made(found, *, error=0.0, seed=1):
    true = np.array([0.0, -4.0, 3.0, 2.0, 1.0])
    half = true / 2
    return pd.DataFrame(
        {"seed": seed, "driver": list("abcde"), "true": true, "true_half": half, "true_other": half}
        | {"found": found, "ungraded": found, "shap": [5, 1, 2, 3, 4], "what_if": found, "error": error}
    )


def test_a_ranking_is_held_to_the_truth_by_size():
    ranks = rank_correlations(made([0.0, 40.0, 3.5, 2.5, 0.5])).iloc[0]
    assert ranks["value at stake"] == pytest.approx(1.0)
    assert ranks["mean |SHAP|"] == pytest.approx(-1.0)
    assert ranks["the truth with our errors"] == pytest.approx(1.0)
    assert ranks["the truth of half the customers"] == pytest.approx(1.0)


def test_errors_as_large_as_the_truth_leave_less_to_be_reached():
    exact, noisy = (rank_correlations(made([0, 4, 3, 2, 1], error=error)).iloc[0] for error in (0.0, 3.0))
    assert noisy["the truth with our errors"] < 0.9 < exact["the truth with our errors"]


def test_the_goal_is_for_the_median_of_seeds_and_the_least_is_shown():
    good, bad = [0.0, 4.0, 3.0, 2.0, 1.0], [4.0, 0.0, 1.0, 2.0, 3.0]
    some = [made(good, seed=1), made(good, seed=2), made(bad, seed=3)]
    ranks = rank_correlations(pd.concat(some))
    row = summarise(ranks).set_index("ranking").loc["value at stake"]
    assert (row["median"], row["least"]) == (pytest.approx(1.0), pytest.approx(-1.0))
    assert verdict(ranks).reached
    assert not verdict(rank_correlations(made(bad))).reached

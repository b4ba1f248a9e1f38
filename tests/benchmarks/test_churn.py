from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks.churn import OURS, PLAIN, Outcome, folds_of, predict_fold, verdicts
from benchmarks.churn_sets import SETS, features_of, worth_of
from cxmodels.churn.targeting import TargetingRules
from tests.churn.churners import FEATURES, make_customers


def test_every_model_predicts_the_fold_that_none_has_seen():
    frame, _ = make_customers(400, seed=1)
    told, note = predict_fold(frame.head(300), frame.tail(100), features=FEATURES)
    assert list(told) == [OURS, PLAIN, "base rate", "one signal", "logistic regression"]
    assert all(values.shape == (100,) and ((values > 0) & (values < 1)).all() for values in told.values())
    assert "leaves, calibration" in note
    other = frame.tail(100).assign(churned=1.0 - frame.tail(100)["churned"])
    again, _ = predict_fold(frame.head(300), other, features=FEATURES)
    np.testing.assert_array_equal(again[OURS], told[OURS])


def test_folds_have_as_many_leavers_each_and_move_with_the_seed():
    labels = np.tile([0.0, 0.0, 1.0, 0.0], 50)
    fold = folds_of(labels, seed=1)
    assert np.bincount(fold, labels).tolist() == [10.0] * 5
    assert (folds_of(labels, seed=2) != fold).any()


def test_a_customer_is_worth_what_the_study_says_and_at_least_nothing():
    frame = pd.DataFrame({"clv": [10.0, np.nan, -5.0], "fee": 1.0, "customer_id": "a", "churned": 1.0})
    assert worth_of(frame).tolist() == [10.0, 5.0, 0.0]
    assert features_of(frame) == ["fee"]


def outcome(*, auc=0.9, loss=0.3, slope=1.0, gain=1.0):
    scores = pd.DataFrame(
        {"model": [OURS, "a", "b"], "AUC": [auc, 1, 1], "log-loss": [loss, 0.4, 0.3], "slope": [slope, 1, 1]}
    )
    table = pd.DataFrame({"gain": [gain]}, index=["expected profit"])
    rules = TargetingRules(table, pd.DataFrame(), "")
    churn_set = SimpleNamespace(name="set", auc=0.9)
    return Outcome(churn_set, scores, pd.DataFrame(), rules, ())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({}, []),
        ({"auc": 0.89}, ["set: AUC"]),
        ({"loss": 0.31}, ["set: log-loss, beside b"]),
        ({"slope": 0.89}, ["set: calibration slope"]),
        ({"slope": 1.11}, ["set: calibration slope"]),
        ({"gain": -1.0}, ["set: profit above targeting by risk alone"]),
    ],
)
def test_goals_are_compared_the_right_way_round(change, missed):
    assert [one.question for one in verdicts(outcome(**change)) if not one.reached] == missed


def test_the_published_figures_are_those_to_reach():
    assert {one.name: (one.auc, one.rival) for one in SETS} == {
        "IBM Telco": (0.847, 0.845),
        "Iranian": (0.987, 0.931),
        "Cell2Cell": (0.67, None),
    }

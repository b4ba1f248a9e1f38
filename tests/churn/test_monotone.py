"""What a study says of the direction of features: read with care, kept by the model, and tried out."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from cxmodels.churn.columns import Columns
from cxmodels.churn.features import Snapshots
from cxmodels.churn.model import FitPlan, fit_churn
from cxmodels.churn.monotone import check_monotone, monotone_signs
from cxmodels.churn.today import assess_today
from cxmodels.churn.trees import TreeSettings
from cxmodels.churn.worth import Worth
from tests.churn.churners import FEATURES, make_customers

HARD = FitPlan(candidates=(TreeSettings(0.2, leaves=31, depth=8, least_rows=3, l2=0.0),), refits=0)
LEFT_OUT = pd.DataFrame({"feature": ["zeros"], "reason": ["always 0.0"]})
COLUMNS = Columns(pd.DataFrame({"outages": [1.0, 2.0], "plan": pd.Categorical(["a", "b"])}), LEFT_OUT)


@pytest.fixture(scope="module")
def frame():
    return make_customers(1_500, seed=5)[0]


def test_directions_become_signs_and_what_says_nothing_is_passed_over():
    assert monotone_signs({"outages": "up", "zeros": "down"}, COLUMNS) == {"outages": 1}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("outage", "names 'outage', which is no numeric feature; did you mean 'outages'"),
        ("plan", "names 'plan', which is no numeric feature"),
    ],
)
def test_a_name_that_is_no_numeric_feature_is_refused_with_the_nearest(name, told):
    with pytest.raises(ValueError, match=told):
        monotone_signs({name: "up"}, COLUMNS)


def test_a_free_model_crosses_and_one_that_is_held_does_not(frame):
    asked = {"fee": 1}
    free = check_monotone(fit_churn(frame, features=FEATURES, plan=HARD), frame, monotone=asked)
    held = fit_churn(frame, features=FEATURES, monotone=asked, plan=HARD)
    held = check_monotone(held, frame, monotone=asked)
    assert free.table["against"][0] > 100 and free.warning.endswith("asks for: fee.")
    assert held.warning == "" and held.table["against"][0] == 0
    # most of the fee's effect is there: 0.8 on the log odds, from end to end
    assert held.table["last"][0] - held.table["first"][0] > 0.2
    wrong = check_monotone(
        fit_churn(frame, features=FEATURES, monotone=asked, plan=HARD), frame, monotone={"fee": -1}
    )
    assert wrong.table["against"][0] == wrong.table["customers"][0] == 500


def test_what_was_found_is_said_in_words(frame):
    model = fit_churn(frame, features=FEATURES, monotone={"fee": 1}, plan=HARD)
    [told] = check_monotone(model, frame, monotone={"fee": 1}, label={"fee": "monthly fee"}).told
    assert told.startswith(
        "With more of “monthly fee” the probability only rises for 500 of 500 customers tried; on average "
    )


def test_a_feature_that_the_model_dropped_is_not_tried(frame):
    constant = frame.assign(land=1.0)
    model = fit_churn(constant, features=[*FEATURES, "land"], monotone={"land": 1}, plan=HARD)
    assert check_monotone(model, constant, monotone={"land": 1}).told == ["The study asks for no direction."]


def test_the_model_of_today_is_held_as_well(frame):
    table = frame[["customer_id", "as_of", "churned", *FEATURES]].astype({"plan": "category"})
    snapshots = Snapshots(table, None, pd.DataFrame(), LEFT_OUT, monotone={"fee": -1})
    worth = Worth(pd.DataFrame({"customer_id": [], "clv": [], "clv_low": [], "clv_high": []}), "")
    today = assess_today(snapshots, worth, plan=replace(HARD, refits=2))
    assert today.model.settings["monotone"] == {"fee": -1}
    assert check_monotone(today.model, frame, monotone={"fee": -1}).warning == ""

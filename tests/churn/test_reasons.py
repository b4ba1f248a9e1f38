"""Each customer's reasons are that customer's own: what raises the probability, in words, strongest first."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.churn.model import fit_churn
from cxmodels.churn.reasons import top_reasons
from cxmodels.churn.words import CONTRACT_WORDS
from tests.churn.churners import FEATURES, NO_REFITS, make_customers

WORDS = {"outages": "outages in 90 days", "fee": "monthly fee"}


@pytest.fixture(scope="module")
def model():
    return fit_churn(make_customers(3_000, seed=1)[0], features=FEATURES, plan=NO_REFITS)


def customer(**features):
    return pd.DataFrame(
        [{"outages": 1.0, "fee": 0.0, "usage": 0.0, "plan": "basic"} | features], index=["Ann"]
    )


def test_what_raises_the_probability_is_told_with_its_value(model):
    told = top_reasons(model, customer(outages=5.0, fee=-2.0, plan="max"), label=WORDS)
    assert told["Ann"].startswith("outages in 90 days: 5")
    assert "monthly fee" not in told["Ann"] and "plan" not in told["Ann"]


def test_the_strongest_reason_comes_first_and_no_more_than_asked(model):
    told = top_reasons(model, customer(outages=2.0, fee=2.5), label=WORDS, count=1)["Ann"]
    assert told == "monthly fee: 2.5"
    both = top_reasons(model, customer(outages=2.0, fee=2.5), label=WORDS)["Ann"]
    assert both.startswith("monthly fee: 2.5; outages in 90 days: 2")


def test_who_has_nothing_that_raises_it_has_no_reason(model):
    assert top_reasons(model, customer(outages=0.0, fee=-2.5, plan="max"), label=WORDS, count=1)["Ann"] == ""


def test_reasons_are_the_largest_contributions_above_nothing(model):
    frame = make_customers(200, seed=2)[0]
    moved = model.contributions(frame).drop(columns="base")
    for told, row in zip(top_reasons(model, frame), moved.to_numpy(), strict=True):
        names = [reason.split(": ")[0] for reason in told.split("; ") if reason]
        expected = [FEATURES[place] for place in np.argsort(-row)[:3] if row[place] >= 0.02]
        assert names == expected


def test_a_label_of_nothing_is_refused(model):
    with pytest.raises(ValueError, match="label names calls; features are outages, fee, usage, plan"):
        top_reasons(model, customer(), label={"calls": "calls"})
    with pytest.raises(ValueError, match="count is 0"):
        top_reasons(model, customer(), count=0)


def test_a_binding_is_told_once_and_in_words_where_it_has_ended_or_has_not():
    rng = np.random.default_rng(4)
    left = rng.integers(-900, 365, 4_000)
    rows = pd.DataFrame(
        {"bound_days_left": left.clip(0), "months_since_bound": -left.clip(max=0) / 30.0}, dtype=float
    )
    ended = left <= 0
    rows["churned"] = (rng.random(4_000) < np.where(ended, 0.35, np.where(left < 60, 0.6, 0.02))).astype(
        float
    )
    model = fit_churn(
        rows.assign(customer_id=[f"c{one}" for one in range(4_000)], as_of=pd.NaT),
        features=["bound_days_left", "months_since_bound"],
        plan=NO_REFITS,
    )
    label = {name: CONTRACT_WORDS[name] for name in model.features}
    told = top_reasons(model, rows, label=label)
    assert not told.str.contains(r"\(0:|; ").any()
    assert set(told[(left > 0) & (left < 50)].str.partition(":")[0]) <= {
        "days until the binding ends",
        "still bound",
    }
    assert told[ended].str.contains("the binding has ended").any()

"""Who is at risk, and what is at stake."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from cxmodels.churn.encoding import Encoding
from cxmodels.churn.model import FitPlan, fit_churn
from cxmodels.churn.risk import assess_risk
from cxmodels.churn.worth import Worth, WorthErrors
from cxmodels.value.intervals import NORMAL


def _customers(count, *, seed):
    rng = np.random.default_rng(seed)
    faults, region = rng.poisson(1.0, count), rng.integers(0, 3, count)
    chance = expit(-2.5 + 0.8 * faults + 0.4 * region)
    return pd.DataFrame(
        {
            "customer_id": [f"{seed}-{number}" for number in range(count)],
            "as_of": pd.Timestamp("2025-01-31"),
            "churned": (rng.random(count) < chance).astype(float),
            "faults": faults.astype(float),
            "region": pd.Categorical(region.astype(str)),
            "chance": chance,
        }
    )


@pytest.fixture(scope="module")
def rows():
    return _customers(3_000, seed=2)


@pytest.fixture(scope="module")
def risk(rows):
    model = fit_churn(_customers(4_000, seed=1), features=["faults", "region"], plan=FitPlan(refits=6))
    clv = 100.0 + np.arange(len(rows)) % 7
    clv[0] = np.nan
    table = pd.DataFrame({"customer_id": rows["customer_id"], "clv": clv, "clv_low": 0.0, "clv_high": 200.0})
    return assess_risk(model, rows, Worth(table, "stated"))


def test_value_at_risk_is_the_value_times_the_probability(risk):
    known = risk.table.iloc[1:]
    assert np.allclose(known["value_at_risk"], known["p_leave"] * known["clv"])
    assert np.isnan(risk.table.loc[0, "value_at_risk"])


def test_each_probability_lies_in_its_interval(risk):
    table = risk.table
    assert ((table["p_leave_low"] <= table["p_leave"]) & (table["p_leave"] <= table["p_leave_high"])).all()


def test_groups_add_up_to_the_whole(risk, rows):
    whole = risk.totals().iloc[0]
    parts = risk.totals(pd.Series(rows["region"].astype(str).to_numpy()))
    assert parts["customers"].sum() == whole["customers"] == len(rows)
    for figure in ("leavers", "clv", "value_at_risk"):
        assert parts[figure].sum() == pytest.approx(whole[figure])
    assert (parts["risk_low"] <= parts["value_at_risk"]).all()
    assert (parts["value_at_risk"] <= parts["risk_high"]).all()


def test_where_nobody_has_a_value_there_is_no_money_rather_than_none(risk):
    unknown = replace(risk, table=risk.table.assign(clv=np.nan, value_at_risk=np.nan))
    money = ["clv", "value_at_risk", "risk_low", "risk_high"]
    assert unknown.totals()[money].isna().all(axis=None)
    assert unknown.totals()["leavers"].tolist() == risk.totals()["leavers"].tolist()


def test_the_interval_of_what_is_at_stake_holds_the_error_of_the_value(risk, rows):
    clv = np.nan_to_num(risk.table["clv"].to_numpy())
    # the value of everybody is off by a tenth, and each of three refits by another hundredth
    errors = WorthErrors(draws=clv * np.array([[0.99], [1.0], [1.01]]), shared=0.1 * clv[None, :])
    exact, unsure = (replace(risk, errors=one).totals().iloc[0] for one in (risk.errors, errors))
    of_model, of_both = ((one["risk_high"] - one["risk_low"]) / 2 for one in (exact, unsure))
    student = 2.919986 * 0.01  # of two degrees of freedom
    of_value = exact["value_at_risk"] * np.hypot(NORMAL * 0.1, student)
    assert of_both == pytest.approx(np.hypot(of_model, of_value))
    assert unsure["leavers_high"] == exact["leavers_high"]


def test_the_interval_of_leavers_holds_those_who_left(risk, rows):
    whole = risk.totals().iloc[0]
    # one draw of a 90 % interval: seeds are fixed, and the true expected number lies well inside as well
    assert whole["leavers_low"] <= rows["churned"].sum() <= whole["leavers_high"]
    assert whole["leavers_low"] <= rows["chance"].sum() <= whole["leavers_high"]


def test_the_interval_of_a_whole_is_narrower_than_the_sum_of_the_intervals(risk):
    whole = risk.totals().iloc[0]
    summed = (risk.table["p_leave_high"] - risk.table["p_leave_low"]).sum()
    assert whole["leavers_high"] - whole["leavers_low"] < summed


def test_more_customers_than_fit_into_a_batch_are_scored_as_if_they_did(rows, monkeypatch):
    model = fit_churn(_customers(1_000, seed=1), features=["faults", "region"], plan=FitPlan(refits=3))
    worth = Worth(pd.DataFrame(columns=["customer_id", "clv", "clv_low", "clv_high"]), "")
    whole = assess_risk(model, rows, worth)
    seen = []
    matrix = Encoding.matrix
    monkeypatch.setattr("cxmodels.churn.batches.BATCH", 700)
    monkeypatch.setattr(
        Encoding, "matrix", lambda self, frame: (seen.append(len(frame)), matrix(self, frame))[1]
    )
    parts = assess_risk(model, rows, worth)
    pd.testing.assert_frame_equal(parts.table, whole.table)
    np.testing.assert_allclose(parts.draws, whole.draws, rtol=0, atol=1e-12)
    assert max(seen) == 700

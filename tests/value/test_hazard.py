"""The hazard of each customer: it finds what is there, knows no future, and says where it fails."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from cxmodels.value import hazard as hazard_module
from cxmodels.value.contract_months import customers_on, read_contracts, shift_months
from cxmodels.value.hazard import fit_hazard

AS_OF = date(2024, 6, 30)
BACK = (0, 3, 6, 9, 12, 15, 18)


def company(customers, *, base=-3.6, seed=1, later_months=0):
    """Draw customers whose log odds of leaving in a month are base + x; x is the feature of all snapshots."""
    rng = np.random.default_rng(seed)
    x, start = rng.normal(size=customers), rng.integers(-40, -1, customers)
    p = expit(base + x)
    end = np.minimum(start + rng.geometric(p), 400)
    day = (np.datetime64("2024-06") + np.stack([start, end])).astype("datetime64[D]") + 14
    table = pd.DataFrame(
        {
            "customer_id": [f"{i:05d}" for i in range(customers)],
            "start_date": day[0],
            "end_date": pd.Series(day[1]).where(end <= later_months),
            "monthly_fee": 100.0,
        }
    )
    return table, snapshots(table, x), pd.Series(p, index=table["customer_id"])


def snapshots(table, x):
    known = read_contracts(table, as_of=AS_OF)
    parts = []
    for back in BACK:
        day = pd.Timestamp(shift_months(AS_OF, -back))
        here = known[(known["start_date"] <= day) & ~(known["end_date"] <= day)]["customer_id"]
        value = pd.Series(x, index=table["customer_id"]).reindex(here)
        parts.append(pd.DataFrame({"customer_id": here, "as_of": day, "x": value.to_numpy()}))
    return pd.concat(parts, ignore_index=True)


def now(frame, table):
    return customers_on(frame, read_contracts(table, as_of=AS_OF), as_of=AS_OF)[0]


@pytest.fixture(scope="module")
def drawn():
    table, frame, p = company(3_000)
    return table, frame, p, fit_hazard(frame, table, as_of=AS_OF, months=6, refits=2, seed=1)


def test_the_hazard_of_each_customer_is_found(drawn):
    table, frame, p, model = drawn
    rows = now(frame, table)
    leave = 1.0 - model.survival(rows, months=6)[:, :, 6].mean(axis=0)
    true = 1.0 - (1.0 - p[rows["customer_id"]].to_numpy()) ** 6
    assert model.source == "hazard"
    assert np.corrcoef(leave, true)[0, 1] > 0.9
    # about 600 leavers have taught it, and are known to 1 / √600; who leaves slowly is drawn to the middle
    assert leave.mean() == pytest.approx(true.mean(), rel=3 / np.sqrt(600))
    assert 0.8 < np.polyfit(leave, true, 1)[0] < 1.25


def test_it_beats_the_cohort_on_later_months(drawn):
    loss = drawn[3].check.set_index("way")["log_loss"]
    assert loss.idxmin() == "hazard"
    assert not any("better than the hazard" in note for note in drawn[3].notes)


def test_survival_falls_from_one(drawn):
    table, frame, _, model = drawn
    curves = model.survival(now(frame, table), months=9)
    assert (curves[:, :, 0] == 1.0).all()
    assert (np.diff(curves, axis=2) < 0).all()
    assert (curves > 0).all()


def test_nothing_after_as_of_teaches(drawn):
    table, frame, _, model = drawn
    told, _, _ = company(3_000, later_months=12)
    assert told["end_date"].notna().sum() > table["end_date"].notna().sum() + 100
    future = frame.assign(as_of=pd.Timestamp("2025-06-30"), x=9.0).drop_duplicates("customer_id")
    other = fit_hazard(pd.concat([frame, future]), told, as_of=AS_OF, months=6, refits=2, seed=1)
    rows = now(frame, table)
    assert (other.survival(rows, months=6) == model.survival(rows, months=6)).all()


def test_a_customer_without_features_is_an_average_one(drawn):
    table, frame, _, model = drawn
    rows = now(frame, table)
    leave = 1.0 - model.survival(rows, months=6)[:, :, 6].mean(axis=0)
    unknown = 1.0 - model.survival(rows.assign(x=np.nan), months=6)[:, :, 6].mean(axis=0)
    assert np.quantile(leave, 0.05) < unknown.mean() < np.quantile(leave, 0.95)


def test_beyond_what_data_teach_the_cohort_speaks():
    table, frame, _ = company(1_000)
    model = fit_hazard(frame, table, as_of=AS_OF, months=36, refits=2, seed=1)
    rows = now(frame, table)
    assert 0.5 < model.lead_weights[0] < 1.0
    assert (model.lead_weights[18:] == 0).all()
    (late, _) = model.hazards(rows, np.full(len(rows), 30.0))
    tail = model.refits[0].tail
    tenure = 30.0 - rows["risk_start_lead"].to_numpy()
    cohort = tail.hazard(tenure, bound_for=np.full(len(rows), np.nan), plan=rows["risk_plan"])
    assert late == pytest.approx(cohort)
    assert any("lean on the retention of the cohort" in note for note in model.notes)


def test_features_that_say_nothing_are_told_by_the_check(monkeypatch):
    table, frame, _ = company(1_000)
    rng = np.random.default_rng(2)
    noise = frame.assign(**{f"n{i}": rng.normal(size=len(frame)) for i in range(8)}).drop(columns="x")
    # a model that runs after noise: many deep trees
    wild = {**hazard_module.SETTINGS, "learning_rate": 0.5, "num_leaves": 63, "lambda_l2": 0.0}
    monkeypatch.setattr(hazard_module, "SETTINGS", wild)
    model = fit_hazard(noise, table, as_of=AS_OF, months=6, refits=2, seed=1)
    assert any("foretold leaving better than the hazard" in note for note in model.notes)


def test_few_leavers_leave_the_cohort_alone():
    table, frame, _ = company(400, base=-6.0)
    model = fit_hazard(frame, table, as_of=AS_OF, months=6, refits=2)
    assert model.source == "sBG"
    assert "needs 50" in model.notes[0]
    assert (model.survival(now(frame, table), months=6) < 1.0)[:, :, 1:].all()


def test_without_a_leaver_one_rate_stands_for_all():
    table, frame, _ = company(200, base=-30.0)
    model = fit_hazard(frame, table, as_of=AS_OF, months=6, refits=2)
    assert model.source == "pooled rate"
    curves = model.survival(now(frame, table), months=6)
    assert (curves[:, :, 6] > 0.97).all()
    assert (curves[:, :, 6] < 1.0).all()


def test_a_short_history_is_not_checked_and_says_so():
    table, frame, _ = company(1_500)
    late = frame[frame["as_of"] >= pd.Timestamp("2024-03-01")]
    model = fit_hazard(late, table, as_of=AS_OF, months=6, refits=2)
    assert model.check.empty
    assert "neither calibrated nor compared" in model.notes[0]


def test_refits_to_resampled_customers_differ(drawn):
    table, frame, _, model = drawn
    curves = model.survival(now(frame, table), months=6)
    assert not np.allclose(curves[0], curves[1], rtol=1e-4)

"""Values at each customer's own margin rate: signs, intervals, totals, and what comes first."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.purchases import MarginTruth, PurchaseTruth, simulate_purchases
from cxmodels.study import ValueSettings
from cxmodels.value.customer_value import value_customers
from cxmodels.value.margin_value import outcomes_as_valued
from cxmodels.value.metrics import interval_scores
from cxmodels.value.summary import outcomes

AS_OF = date(2024, 1, 25)
HORIZON = 90
CUSTOMERS = 1_200
TRUTH = PurchaseTruth(
    days=480, joining_days=200, margin=MarginTruth(mean=0.15, spread=0.25, noise=0.3)
)  # about a quarter of the customers cost more than they bring
SETTINGS = ValueSettings(horizon_days=HORIZON, discount_rate=0.0, draws=400)
PATHS = pytest.mark.parametrize("model", ["auto", "bg-nbd"])


def _value(log, *, model="bg-nbd", as_of=AS_OF, **update):
    settings = ValueSettings(**{**SETTINGS.model_dump(exclude_unset=True), "model": model, **update})
    return value_customers(ibis.memtable(log), as_of=as_of, settings=settings)


@pytest.fixture(scope="module")
def log():
    return simulate_purchases(CUSTOMERS, truth=TRUTH, seed=31)


@pytest.fixture(scope="module")
def came(log):
    """Margin of each customer in the days after the date."""
    later = log[(log["timestamp"] >= "2024-01-26") & (log["timestamp"] < "2024-04-25")]
    return later.groupby("customer_id")["margin"].sum()


@pytest.fixture(scope="module", params=["auto", "bg-nbd"])
def valued(request, log):
    return _value(log, model=request.param)


def test_a_customer_who_costs_more_than_they_bring_has_a_value_below_zero(valued):
    table = valued.table
    assert 0.02 < (table["clv"] < 0).mean() < 0.4
    assert (np.sign(table["clv"]) == np.sign(table["margin_rate"]))[table["clv"] != 0].all()
    assert (table["clv_low"] <= table["clv_high"]).all()
    assert valued.kind == "margin"


def test_nine_of_ten_margins_fall_inside_the_interval(valued, came):
    outcome = came.reindex(valued.table["customer_id"]).fillna(0.0).to_numpy()
    scores = interval_scores(outcome, valued.table["clv_low"], valued.table["clv_high"])
    # zeros pile up inside, so an interval holds 90 to 95 %; three standard errors, of fit and of check
    error = 3 * np.sqrt(2 * 0.9 * 0.1 / len(outcome))
    assert 0.90 - error < scores["coverage"] < 0.95 + error


def test_intervals_hold_where_the_rate_is_below_zero(valued, came):
    table = valued.table[valued.table["margin_rate"] < 0]
    outcome = came.reindex(table["customer_id"]).fillna(0.0).to_numpy()
    scores = interval_scores(outcome, table["clv_low"], table["clv_high"])
    assert scores["coverage"] > 0.90 - 3 * np.sqrt(2 * 0.9 * 0.1 / len(outcome))
    assert scores["above"] + scores["below"] < 0.10 + 3 * np.sqrt(2 * 0.9 * 0.1 / len(outcome))


def test_totals_add_up_and_cover_what_came(valued, came):
    table = valued.table
    outcome = came.reindex(table["customer_id"]).fillna(0.0).to_numpy()
    sign = pd.Series(np.where(table["margin_rate"] < 0, "cost", "bring"))
    totals = valued.totals(sign).set_index("group")
    assert totals["clv"].sum() == pytest.approx(table["clv"].sum())
    assert totals.loc["cost", "clv"] < 0 < totals.loc["bring", "clv"]
    assert (totals["low"] < totals["clv"]).all() and (totals["clv"] < totals["high"]).all()
    actual = pd.Series(outcome).groupby(sign).sum()
    assert ((totals["low"] <= actual) & (actual <= totals["high"])).all()
    whole = valued.totals().iloc[0]
    assert whole["low"] <= outcome.sum() <= whole["high"]


def test_rates_that_cancel_leave_a_total_of_which_nothing_is_sure(log):
    half = log.assign(margin=np.where(log["customer_id"] < "C00000600", 1.0, -1.0) * log["amount"])
    result = _value(half)
    sides = pd.Series(np.where(result.table["margin_rate"] > 0, "bring", "cost"))
    whole, parts = result.totals().iloc[0], result.totals(sides)
    assert abs(whole["clv"]) < 0.2 * parts["clv"].abs().max()
    # chance does not cancel: the two sides' widths add in quadrature
    assert whole["outcome_width"] == pytest.approx(np.hypot(*parts["outcome_width"]), rel=0.1)


@PATHS
@pytest.mark.parametrize("rate", [0.3, 0.75])
def test_a_column_of_one_rate_is_the_same_as_that_rate_in_the_study(log, model, rate):
    column = _value(log.assign(margin=rate * log["amount"]), model=model)
    setting = _value(log.drop(columns="margin"), model=model, margin=rate)
    shared = list(setting.table.columns)
    pd.testing.assert_frame_equal(column.table[shared], setting.table, rtol=1e-6, atol=1e-6)
    pd.testing.assert_frame_equal(column.totals(), setting.totals(), rtol=1e-6)


def test_rows_after_the_date_do_not_matter(log, valued):
    cut = log[log["timestamp"] < "2024-01-26"]
    again = _value(cut, model="auto" if valued.choice.prediction else "bg-nbd")
    pd.testing.assert_frame_equal(again.table, valued.table, atol=1e-4)


def test_the_margins_of_the_log_come_before_that_of_the_study(log, valued):
    if valued.choice.prediction:
        pytest.skip("one way of predicting is enough here")
    stated = _value(log, margin=(0.5, 0.7))
    pd.testing.assert_frame_equal(stated.table, valued.table, atol=1e-4)
    assert any("own margin is used only for" in note for note in stated.notes)
    assert any("The margin column is used" in note for note in valued.notes)


def test_the_margin_of_the_study_holds_for_customers_whose_rows_state_none(log):
    hidden = log["customer_id"] < "C00000300"
    holes = log.assign(margin=log["margin"].mask(hidden))
    stated, base = _value(holes, margin=(0.5, 0.7)), _value(holes)
    without = stated.table["customer_id"] < "C00000300"
    assert (stated.table.loc[without, "margin_rate"] == 0.6).all()
    assert (base.table.loc[without, "margin_rate"] == base.margins.rates.base_rate).all()
    # the digits beyond depend on the order in which threads have added up
    pd.testing.assert_frame_equal(stated.table[~without], base.table[~without], atol=1e-4)
    wide = stated.totals(pd.Series(np.where(without, "assumed", "known"))).set_index("group")
    # the range is the same for all of them: half of its width, of the spend, does not average out
    assert wide.loc["assumed", "parameter_width"] > 0.15 * wide.loc["assumed", "clv"] / 0.6


def test_past_margin_is_what_was_stated_and_the_rate_on_the_rest(log):
    known = log[log["timestamp"] < "2024-01-26"]
    result = _value(log)
    true = known.groupby("customer_id")["margin"].sum()
    assert result.past.to_numpy() == pytest.approx(true.reindex(result.table["customer_id"]).to_numpy())
    holes = _value(log.assign(margin=log["margin"].mask(np.arange(len(log)) % 2 == 0)))
    spent = (holes.table["total_spend"] - holes.table["refunds"] - holes.margins.table["spend"]).to_numpy()
    rest = holes.past.to_numpy() - holes.margins.table["margin"].to_numpy()
    assert rest == pytest.approx(holes.table["margin_rate"].to_numpy() * spent)


def test_a_column_without_figures_changes_nothing_but_a_note(log):
    empty, plain = _value(log.assign(margin=np.nan)), _value(log.drop(columns="margin"))
    pd.testing.assert_frame_equal(empty.table, plain.table, atol=1e-4)
    assert empty.kind == plain.kind == "spend"
    assert any("The margin column says nothing" in note for note in empty.notes)


def test_an_unsure_rate_widens_the_interval(log):
    sure = log.assign(margin=0.2 * log["amount"])
    noisy = sure.assign(
        margin=sure["margin"] + 0.5 * log["amount"] * np.random.default_rng(1).normal(size=len(log))
    )
    before, after = _value(sure).table, _value(noisy).table
    width = [(one["clv_high"] - one["clv_low"]).sum() for one in (before, after)]
    assert width[1] > 1.2 * width[0]


def test_one_customer_with_a_negative_margin_has_a_finite_value():
    rows = pd.DataFrame(
        {
            "customer_id": "a",
            "timestamp": pd.to_datetime(["2023-11-01", "2024-01-02"]),
            "amount": [10.0, 12.0],
            "margin": [-3.0, -4.0],
        }
    )
    result = _value(rows, model="auto")
    assert np.isfinite(result.table.select_dtypes("number").to_numpy(dtype=float)).all()
    assert result.table["clv"].iloc[0] < 0
    assert np.isfinite(result.totals()[["low", "high"]].to_numpy()).all()


def test_what_came_is_counted_in_stated_margin_and_the_rate_on_the_rest(log, came):
    table = _value(log).table
    later = outcomes_as_valued(ibis.memtable(log), table, as_of=AS_OF, horizon_days=HORIZON)
    spend = later.set_index("customer_id")["spend"]
    assert spend.to_numpy() == pytest.approx(came.loc[spend.index].to_numpy())
    silent = log.assign(margin=log["margin"].mask(log["timestamp"] >= "2024-01-26"))
    rest = outcomes_as_valued(ibis.memtable(silent), table, as_of=AS_OF, horizon_days=HORIZON)
    paid = outcomes(ibis.memtable(log), as_of=AS_OF, horizon_days=HORIZON).to_pandas()
    rate = table.set_index("customer_id")["margin_rate"]
    due = (paid.set_index("customer_id")["spend"] * rate).dropna()
    assert rest.set_index("customer_id")["spend"][due.index].to_numpy() == pytest.approx(due.to_numpy())
    plain = log.drop(columns="margin")
    unpriced = outcomes_as_valued(
        ibis.memtable(plain), table.drop(columns="past_margin"), as_of=AS_OF, horizon_days=HORIZON
    )
    assert unpriced["spend"].sum() == pytest.approx(paid["spend"].sum())

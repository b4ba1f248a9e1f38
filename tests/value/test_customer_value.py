"""From the purchase log to what each customer is worth, whatever the log holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.purchases import PurchaseTruth, simulate_purchases
from cxmodels.study import ValueSettings
from cxmodels.value.customer_value import value_customers
from cxmodels.value.metrics import interval_scores
from cxmodels.value.snapshots import take_snapshot

TRUTH = PurchaseTruth(days=480, joining_days=200)
AS_OF = date(2024, 1, 25)
SETTINGS = ValueSettings(horizon_days=90, discount_rate=0.0, draws=200)


@pytest.fixture(scope="module")
def log():
    return simulate_purchases(900, truth=TRUTH, seed=21)


@pytest.fixture(scope="module")
def valued(log):
    return value_customers(ibis.memtable(log), as_of=AS_OF, settings=SETTINGS)


@pytest.fixture(scope="module")
def held(log):
    return take_snapshot(ibis.memtable(log), as_of=AS_OF, window_days=90, horizon_days=90)


def _days(customer, *days, amount=10.0):
    return [{"customer_id": customer, "timestamp": pd.Timestamp(day), "amount": amount} for day in days]


def _repeated(customers, *, gaps=(0, 40, 100), amount=10.0):
    start = pd.Timestamp("2023-06-01")
    return [
        row
        for one in range(customers)
        for row in _days(f"c{one:03}", *(start + pd.Timedelta(days=one + gap) for gap in gaps), amount=amount)
    ]


ODD_LOGS = {
    "one customer": _days("a", "2023-11-01", "2024-01-02"),
    "one purchase": _days("a", "2024-01-25"),
    "only one-time buyers": _repeated(80, gaps=(0,)),
    "all the same spend": _repeated(90),
    "a thousand purchase days": [
        *_repeated(60),
        *_days("daily", *pd.date_range("2020-12-01", "2024-01-20")),
    ],
    "amounts of a billion and a cent": [
        *_repeated(60, amount=1e9),
        *_days("small", "2023-09-01", amount=0.01),
    ],
    "refunds beyond purchases": [*_repeated(60), *_days("back", "2023-10-01", "2023-10-02", amount=-500.0)],
}


@pytest.mark.parametrize("name", ODD_LOGS)
def test_every_log_gives_finite_values_inside_their_intervals(name):
    rows = pd.DataFrame(ODD_LOGS[name])
    result = value_customers(ibis.memtable(rows), as_of=AS_OF, settings=SETTINGS)
    numbers = result.table.select_dtypes("number").to_numpy(dtype=float)
    assert np.isfinite(numbers).all()
    assert (result.table["clv"] >= 0).all()
    assert result.table["clv"].between(result.table["clv_low"], result.table["clv_high"]).all()
    assert np.isfinite(result.totals()[["clv", "low", "high"]].to_numpy(dtype=float)).all()
    assert result.notes  # each of these is out of the ordinary, and told


def test_it_says_where_nobody_can_leave(log):
    by_model = {
        model: value_customers(
            ibis.memtable(log), as_of=AS_OF, settings=SETTINGS.model_copy(update={"model": model})
        )
        for model in ("nbd", "mbg-nbd")
    }
    told = {
        model: any("counts as still there" in note for note in one.notes) for model, one in by_model.items()
    }
    assert told == {"nbd": True, "mbg-nbd": False}
    assert (by_model["nbd"].table["p_alive"] == 1).all()


def test_nine_of_ten_outcomes_fall_inside_the_interval(valued, held):
    scores = interval_scores(held.outcome, valued.table["clv_low"], valued.table["clv_high"])
    error = 3 * np.sqrt(2 * 0.9 * 0.1 / len(held.outcome))
    assert 0.90 - error < scores["coverage"] < 0.97 + error
    assert scores["width"] < 3 * held.outcome.std() * 2


def test_totals_add_up_and_cover_what_came(valued, held):
    fifths = pd.qcut(valued.table["clv"].rank(method="first"), 5, labels=list("abcde")).astype(str)
    totals = valued.totals(fifths)
    assert totals["clv"].sum() == pytest.approx(valued.table["clv"].sum())
    assert totals["customers"].sum() == len(valued.table)
    actual = pd.Series(held.outcome).groupby(fifths.to_numpy()).sum().to_numpy()
    inside = (totals["low"] <= actual) & (actual <= totals["high"])
    assert inside.sum() >= 4
    whole = valued.totals().iloc[0]
    assert whole["low"] <= held.outcome.sum() <= whole["high"]


def test_a_customer_without_a_group_is_named(valued):
    groups = pd.Series(["a"] * len(valued.table))
    groups.iloc[3] = None
    with pytest.raises(ValueError, match="1 customers have no group"):
        valued.totals(groups)


def test_margin_and_discount_reduce_value_and_a_margin_range_widens_the_interval(log, monkeypatch):
    monkeypatch.setattr("cxmodels.value.customer_value.LEAST_FOR_SPREAD", 0)  # no noise of simulation
    valued = value_customers(ibis.memtable(log), as_of=AS_OF, settings=SETTINGS)
    terms = SETTINGS.model_copy(update={"margin": (0.2, 0.6), "discount_rate": 0.5})
    less = value_customers(ibis.memtable(log), as_of=AS_OF, settings=terms).table
    ratio = (less["clv"] / valued.table["clv"]).to_numpy()
    # half of the horizon, at a half a year, is some 5 % off
    assert ((ratio > 0.4 * 1.5 ** (-90 / 365.25)) & (ratio < 0.4)).all()
    share = (less["clv_high"] - less["clv"]) / less["clv"]
    fixed = (valued.table["clv_high"] - valued.table["clv"]) / valued.table["clv"]
    assert (share >= fixed - 1e-9).all()
    assert share.mean() > fixed.mean()


def test_a_log_without_purchases_is_refused_with_the_cure():
    rows = pd.DataFrame(_days("a", "2024-03-01"))
    with pytest.raises(ValueError, match="Choose a later as_of"):
        value_customers(ibis.memtable(rows), as_of=AS_OF, settings=SETTINGS)


@pytest.mark.parametrize("model", ["auto", "bg-nbd"])
def test_purchases_times_spend_is_the_value_after_refunds(log, model):
    refunds = log.sample(frac=0.1, random_state=3)
    given_back = refunds.assign(
        timestamp=refunds["timestamp"] + pd.Timedelta(days=1), amount=-0.5 * refunds["amount"]
    )
    settings = SETTINGS.model_copy(update={"model": model})
    table = value_customers(ibis.memtable(pd.concat([log, given_back])), as_of=AS_OF, settings=settings).table
    product = (table["expected_purchases"] * table["expected_spend"]).sum()
    # a contest may move value between customers, and chooses blends that keep the total within a few per cent
    assert product == pytest.approx(table["clv"].sum(), rel=1e-9 if model == "bg-nbd" else 0.3)


def test_the_study_says_which_spend_model(log):
    settings = SETTINGS.model_copy(update={"model": "bg-nbd", "spend": "pooled-mean"})
    assert value_customers(ibis.memtable(log), as_of=AS_OF, settings=settings).spend.name == "pooled-mean"


def test_a_base_too_small_to_read_the_spread_from_has_the_intervals_of_its_model():
    small = simulate_purchases(260, truth=TRUTH, seed=4)
    result = value_customers(ibis.memtable(small), as_of=AS_OF, settings=SETTINGS)
    assert result.choice.prediction is not None
    held = take_snapshot(ibis.memtable(small), as_of=AS_OF, window_days=90, horizon_days=90)
    low, high = result.table["clv_low"].to_numpy(), result.table["clv_high"].to_numpy()
    share = ((held.outcome >= low) & (held.outcome <= high)).mean()
    # zeros pile up at the low end, so the two-sided 90 % holds 90 to 95 %; three binomial errors around it
    error = 3 * np.sqrt(0.9 * 0.1 / len(low))
    assert 0.90 - error < share < min(0.95 + error, 1.0)
    # nobody who is expected to buy next to nothing is given a fortune
    rare = result.table["expected_purchases"] < 0.02
    assert (high[rare] <= result.table["expected_spend"][rare]).all()


def _spread_of(result, groups=None):
    """The half-width of the level's error in logarithms: means are clv · exp(d · t), so asinh undoes it."""
    totals = result.totals(groups).set_index("group")
    return np.arcsinh(totals["parameter_width"] / totals["clv"] / 2)


def test_the_error_of_a_total_grows_with_the_root_of_the_horizon_beyond_what_was_learned(valued):
    shorter = replace(valued, choice=replace(valued.choice, learned_days=valued.terms.horizon_days // 4))
    same = replace(valued, choice=replace(valued.choice, learned_days=valued.terms.horizon_days))
    grown = _spread_of(shorter)["all"] / _spread_of(same)["all"]
    assert grown == pytest.approx(np.sqrt(90 / 22), rel=0.03)  # t draws are not quite symmetric


def test_a_group_has_the_error_that_its_own_fifth_had(valued):
    prediction = valued.choice.prediction
    wrong_below = np.tile([1.5, 0.0, 0.0, 0.0, 0.0], (len(prediction.fifth_levels), 1))
    told = replace(prediction, fifth_levels=wrong_below)
    result = replace(valued, choice=replace(valued.choice, prediction=told))
    order = np.argsort(np.argsort(prediction.expectation.value, kind="stable"), kind="stable")
    fifth = pd.Series(order * 5 // len(order)).map("fifth {}".format)
    spread = _spread_of(result, fifth)
    assert spread["fifth 0"] > 2 * spread["fifth 1"]
    assert spread["fifth 4"] == pytest.approx(spread["fifth 1"], rel=1e-6)

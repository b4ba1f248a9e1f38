"""Choosing the way of predicting on an earlier date, without hindsight."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.purchases import PurchaseTruth, simulate_purchases
from cxmodels.study import ValueSettings
from cxmodels.value.blend import keep_total, member_predictions, pool
from cxmodels.value.choice import choose_model
from cxmodels.value.customer_value import value_customers
from cxmodels.value.expectation import expect
from cxmodels.value.lifetime import Terms
from cxmodels.value.purchases import MODELS
from cxmodels.value.snapshots import take_snapshot

TRUTH = PurchaseTruth(days=480, joining_days=200)
AS_OF = date(2024, 1, 25)  # 390 days of history, 90 ahead
SETTINGS = ValueSettings(horizon_days=90, discount_rate=0.0, draws=200)


@pytest.fixture(scope="module")
def log():
    return simulate_purchases(900, truth=TRUTH, seed=11)


@pytest.fixture(scope="module")
def chosen(log):
    return value_customers(ibis.memtable(log), as_of=AS_OF, settings=SETTINGS)


def test_a_default_that_could_not_be_fitted_is_not_called_worse():
    rng = np.random.default_rng(4)
    # everybody buys on for ever, so that the dropout of every model runs to zero
    bought = [(f"c{i}", day) for i in range(400) for day in rng.uniform(0, 480, rng.poisson(20) + 1)]
    log = pd.DataFrame(bought, columns=["customer_id", "day"])
    log["timestamp"] = pd.Timestamp(TRUTH.start) + pd.to_timedelta(log.pop("day").round(), unit="D")
    choice = choose_model(
        ibis.memtable(log.assign(amount=rng.gamma(3.0, 9.0, len(log)))), as_of=AS_OF, settings=SETTINGS
    )
    assert choice.base == "nbd"
    assert "MBG/NBD" not in choice.reason
    assert any("MBG/NBD" in note and "NBD without dropout" in note for note in choice.notes)


def _changed_future(log):
    """The same purchases up to the date, and anything but the same after it."""
    past = log[log.timestamp < pd.Timestamp(AS_OF) + pd.Timedelta(days=1)]
    future = log[log.timestamp >= pd.Timestamp(AS_OF) + pd.Timedelta(days=1)].sample(frac=0.4, random_state=1)
    strangers = pd.DataFrame(
        {"customer_id": ["new"], "timestamp": [pd.Timestamp("2024-02-01")], "amount": [1e7]}
    )
    return pd.concat([past, future.assign(amount=future.amount * 50 - 100), strangers])


def test_what_comes_after_the_date_changes_neither_choice_nor_value(log, chosen):
    other = value_customers(ibis.memtable(_changed_future(log)), as_of=AS_OF, settings=SETTINGS)
    assert other.choice.name == chosen.choice.name
    pd.testing.assert_frame_equal(other.choice.table, chosen.choice.table)
    pd.testing.assert_frame_equal(other.table, chosen.table)


def test_the_same_rows_in_another_order_give_the_same_values(log, chosen):
    shuffled = log.sample(frac=1.0, random_state=2)
    again = value_customers(ibis.memtable(shuffled), as_of=AS_OF, settings=SETTINGS)
    ends = ["clv_low", "clv_high"]
    pd.testing.assert_frame_equal(again.table.drop(columns=ends), chosen.table.drop(columns=ends), rtol=1e-9)
    # simulated with parameters whose fit stops at a tolerance of 1e-7
    pd.testing.assert_frame_equal(again.table[ends], chosen.table[ends], rtol=1e-5)


def test_the_contest_is_held_on_the_last_third_of_the_history_at_most(chosen):
    table = chosen.choice.table
    assert chosen.choice.learned_days == 90
    assert {*MODELS, "past spend", "blend"} <= set(table["model"])
    assert table["chosen"].sum() == 1
    assert "90 days after 2023-10-27" in chosen.choice.reason


def test_auto_is_as_good_as_the_true_model_on_simulated_purchases(log, chosen):
    single = value_customers(
        ibis.memtable(log), as_of=AS_OF, settings=SETTINGS.model_copy(update={"model": TRUTH.model})
    )
    held = take_snapshot(ibis.memtable(log), as_of=AS_OF, window_days=90, horizon_days=90)
    ours, theirs = (np.abs(held.outcome - one.table["clv"]) for one in (chosen, single))
    error = (ours - theirs).std() / np.sqrt(len(ours))
    assert (ours - theirs).mean() < 2 * error
    spread = held.outcome.std() * np.sqrt(len(ours)) / held.outcome.sum()
    assert chosen.table["clv"].sum() / held.outcome.sum() == pytest.approx(1.0, abs=3 * spread + 0.05)


def test_a_purchase_model_asked_for_is_taken_without_looking_back(log):
    choice = choose_model(
        ibis.memtable(log), as_of=AS_OF, settings=SETTINGS.model_copy(update={"model": "mbg-nbd"})
    )
    assert (choice.name, choice.learned_days, choice.prediction) == ("mbg-nbd", 0, None)
    assert choice.table.empty


def test_a_blend_asked_for_is_taken_on_the_best_purchase_model_and_keeps_its_total(log):
    settings = SETTINGS.model_copy(update={"model": "lightgbm", "horizon_days": 365})
    choice = choose_model(ibis.memtable(log), as_of=AS_OF, settings=settings)
    assert choice.name == "lightgbm"
    assert choice.base in MODELS
    assert choice.prediction.value.sum() == pytest.approx(choice.prediction.expectation.value.sum())
    # the horizon is longer than what the history can hold out: a third of it
    assert choice.learned_days == 130
    assert any("of 130 days" in note and "is 365 days" in note for note in choice.notes)


def test_a_short_history_or_few_customers_leave_no_contest_and_say_so(log):
    early = choose_model(ibis.memtable(log), as_of=TRUTH.start + timedelta(days=30), settings=SETTINGS)
    assert early.prediction is None
    assert "31 days is too short" in early.notes[0]
    few = log[log.customer_id.isin(sorted(log.customer_id.unique())[:40])]
    small = choose_model(ibis.memtable(few), as_of=AS_OF, settings=SETTINGS)
    assert small.prediction is None
    assert "a contest needs 50 and 20" in small.notes[0]


def test_a_correction_learns_what_the_purchase_model_cannot_see():
    """Half of the customers leave for good after a last purchase of 7: only the amounts tell."""
    log = simulate_purchases(1_200, truth=TRUTH, seed=5)
    leaves = log.customer_id.isin(sorted(log.customer_id.unique())[::2])
    log = log[~leaves | (log.timestamp < "2023-05-01")].sort_values("timestamp")
    last = ~log.customer_id.duplicated(keep="last")
    log["amount"] = log["amount"].mask(last & leaves[log.index], 7.0)
    earlier, now = date(2023, 6, 1), date(2023, 9, 1)
    snapshots = [
        take_snapshot(ibis.memtable(log), as_of=day, window_days=90, horizon_days=90)
        for day in (earlier, now)
    ]
    told = [
        expect(one, models=("mbg-nbd",), terms=Terms(horizon_days=90), settings=SETTINGS)["mbg-nbd"]
        for one in snapshots
    ]
    members = member_predictions(
        snapshots[1], told[1], [(snapshots[0], told[0])], window_expected=told[1], horizon_days=90, seed=1
    )
    gone = snapshots[1].customers["last_value"].to_numpy() == 7.0
    assert members["corrected model"][gone].sum() < 0.5 * members["model"][gone].sum()
    assert members["corrected model"].sum() == pytest.approx(members["model"].sum())


def test_a_blend_keeps_the_total_and_the_middle_of_the_ratios():
    blended = pool([np.array([1.0, 9.0]), np.array([5.0, 5.0])], total=8.0)
    assert blended.tolist() == pytest.approx([2.0, 6.0])
    assert keep_total(np.zeros(4), 8.0).tolist() == [2.0] * 4

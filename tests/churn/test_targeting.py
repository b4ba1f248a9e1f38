"""Whom to reach: by risk, by value at risk, or by expected profit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from cxmodels.churn.targeting import Offer, compare_rules, expected_profit


def simulate(rows: int, *, seed: int):
    """Return who left, true probabilities and clv: the riskiest are worth least, as is usual."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-1.5, 1.2, rows)
    clv = np.exp(rng.normal(4.5, 0.8, rows) - 0.4 * odds)
    return (rng.random(rows) < expit(odds)).astype(int), expit(odds), clv


def test_expected_profit_is_the_mean_over_the_four_things_that_can_happen():
    p, clv, d, f, gamma = 0.3, 150.0, 20.0, 2.0, 0.4
    stays_anyway, kept, lost = -(d + f), clv - d - f, -f
    mean = (1 - p) * stays_anyway + p * (gamma * kept + (1 - gamma) * lost)
    assert expected_profit([p], [clv], offer=Offer(d, f, gamma))[0] == pytest.approx(mean)


def test_each_customer_may_have_an_offer_of_their_own():
    offer = Offer(incentive=[0.0, 5.0], contact_cost=[1.0, 2.0], acceptance=[0.5, 1.0])
    assert expected_profit([1.0, 1.0], [10.0, 10.0], offer=offer).tolist() == pytest.approx([4.0, 3.0])


def test_the_default_reaches_those_who_are_expected_to_bring_more_than_they_cost():
    churned, p, clv = simulate(500, seed=0)
    rules = compare_rules(churned, p, clv)
    assert rules.table["targets"].tolist() == [int((expected_profit(p, clv) > 0).sum())] * 3


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.9]), st.sampled_from([-10.0, 20.0, 100.0, 500.0])),
        min_size=2,
        max_size=25,
    ),
    st.data(),
)
def test_no_choice_of_as_many_promises_more_than_that_by_expected_profit(customers, data):
    p, clv = np.array(customers).T
    churned = np.arange(len(p)) % 2
    targets = data.draw(st.integers(1, len(p)))
    promised = compare_rules(churned, p, clv, targets=targets).table["promised"]
    assert promised["expected profit"] >= promised.max() - 1e-9
    assert promised["expected profit"] == pytest.approx(
        np.sort(expected_profit(p, clv))[::-1][:targets].sum()
    )


def test_right_probabilities_earn_more_by_expected_profit_than_by_risk_at_every_share():
    churned, p, clv = simulate(20_000, seed=1)
    rules = compare_rules(churned, p, clv)
    assert rules.table.loc["expected profit", "gain_low"] > 0
    assert "earned more than by risk alone" in rules.verdict
    curve = rules.curve.pivot(index="share", columns="rule", values="profit")
    assert (curve["expected profit"] >= curve["risk"] - 1e-6).all()
    assert (curve["expected profit"].iloc[:-1] > curve["risk"].iloc[:-1]).all()
    assert curve.loc[1.0].nunique() == 1 or np.ptp(curve.loc[1.0]) < 1e-6


def test_what_is_promised_is_what_comes_where_probabilities_are_right():
    churned, p, clv = simulate(20_000, seed=2)
    table = compare_rules(churned, p, clv).table
    assert ((table["low"] < table["promised"]) & (table["promised"] < table["high"])).all()


def test_intervals_of_gains_cover_what_is_gained_on_average():
    # with true probabilities the mean gain, given the choice, is what is promised
    trials, inside = 80, 0
    for seed in range(trials):
        churned, p, clv = simulate(600, seed=seed)
        row = compare_rules(churned, p, clv, targets=150).table
        mean = row["promised"]["expected profit"] - row["promised"]["risk"]
        inside += row["gain_low"]["expected profit"] <= mean <= row["gain_high"]["expected profit"]
    # 90 % and up: who is reached is known here, so less is left to chance than the bootstrap draws
    assert inside / trials >= 0.9 - 3 * np.sqrt(0.09 / trials)


def test_probabilities_that_mistake_the_valuable_are_found_out():
    churned, p, clv = simulate(20_000, seed=3)
    wrong = np.where(clv > np.quantile(clv, 0.8), np.clip(5 * p, 0.6, 1), p)
    churned = np.where(clv > np.quantile(clv, 0.8), 0, churned)
    rules = compare_rules(churned, wrong, clv, targets=2_000)
    assert rules.table.loc["expected profit", "gain_high"] < 0
    assert "Check the calibration by value decile" in rules.verdict


def test_customers_that_tie_at_the_edge_count_in_proportion_whatever_their_order():
    for order in ([0, 1], [1, 0]):
        table = compare_rules(np.array([1, 0])[order], [0.5, 0.5], [100.0, 100.0], targets=1).table
        assert table["profit"]["risk"] == pytest.approx((0.3 * 90 - 1 - 11) / 2)


def test_where_no_offer_pays_nobody_is_reached():
    rules = compare_rules([0, 1], [0.1, 0.2], [5.0, 5.0])
    assert rules.table["targets"].tolist() == [0, 0, 0]
    assert rules.table["profit"].tolist() == [0.0, 0.0, 0.0]
    assert "reach nobody" in rules.verdict


def test_rows_of_one_customer_widen_the_interval():
    churned, p, clv = (np.repeat(one, 4) for one in simulate(400, seed=4))
    widths = []
    for ids in (None, np.repeat(np.arange(400), 4)):
        table = compare_rules(churned, p, clv, targets=400, customer_ids=ids).table
        widths.append(table["high"]["risk"] - table["low"]["risk"])
    assert widths[1] / widths[0] == pytest.approx(2.0, rel=0.2)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"offer": Offer(incentive=-1.0)}, "incentive is -1.0 in row 0"),
        ({"offer": Offer(acceptance=1.3)}, "give a probability"),
        ({"offer": Offer(contact_cost=[1.0, 1.0, 1.0])}, "contact_cost has shape"),
        ({"targets": 3}, "number from 1 to 2"),
        ({"targets": 0}, "number from 1 to 2"),
    ],
)
def test_what_is_out_of_bounds_is_named(wrong, said):
    with pytest.raises(ValueError, match=said):
        compare_rules([0, 1], [0.1, 0.2], [50.0, 60.0], **wrong)


def test_a_missing_clv_is_named():
    with pytest.raises(ValueError, match="clv are missing"):
        expected_profit([0.1, 0.2], [1.0, np.nan])


def test_an_offer_that_breaks_even_earns_what_choosing_earns():
    rng = np.random.default_rng(3)
    chance = rng.beta(1, 12, 4_000)
    worth = rng.gamma(2.0, 500.0, 4_000) * (1.3 - chance)  # the riskiest are worth least
    offer = Offer.break_even(chance, worth, acceptance=0.4)
    each = expected_profit(chance, worth, offer=offer)
    assert each.sum() == pytest.approx(0.0, abs=1e-6)
    assert each[each > 0].sum() > 1_000


def test_no_offer_pays_for_customers_worth_nothing():
    with pytest.raises(ValueError, match="no offer can pay"):
        Offer.break_even([0.2, 0.1], [-5.0, 5.0])

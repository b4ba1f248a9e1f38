"""The expected maximum profit of scores: the paper's figure, brute force, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import beta as beta_distribution

from cxmodels.churn.profit import Campaign, expected_maximum_profit

CHURNED, SCORE = [0, 1, 0, 1, 0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9]

campaigns = st.builds(
    Campaign,
    clv=st.floats(50, 500),
    incentive=st.floats(0, 40),
    contact_cost=st.floats(0, 5),
    alpha=st.floats(1.0, 20),
    beta=st.floats(1.0, 20),
)
customers = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=30)


def read(drawn):
    churned, score = np.array([one for one, _ in drawn]), np.array([two for _, two in drawn], dtype=float)
    assume(0 < churned.sum() < len(churned))
    return churned, score


def profits(churned, score, campaign, gamma):
    """Return the profit a customer at every threshold (columns), for each acceptance (rows)."""
    thresholds = np.concatenate(([np.inf], np.unique(score)))
    chosen = score[:, None] >= thresholds
    left, stayed = (chosen & churned[:, None]).mean(axis=0), (chosen & ~churned[:, None]).mean(axis=0)
    kept = gamma[:, None] * (campaign.clv - campaign.incentive) - campaign.contact_cost
    return left * kept - stayed * (campaign.incentive + campaign.contact_cost), left + stayed


def integrate(churned, score, campaign, steps=20_000):
    """Integrate over equally likely acceptance rates; return profit and share."""
    gamma = beta_distribution.ppf((np.arange(steps) + 0.5) / steps, campaign.alpha, campaign.beta)
    earned, shares = profits(churned, score, campaign, gamma)
    return earned.max(axis=1).mean(), shares[earned.argmax(axis=1)].mean()


def test_the_published_example_is_reproduced_to_the_digits_printed():
    found = expected_maximum_profit(CHURNED, SCORE, draws=0)
    assert round(found.empc, 5) == 23.87559
    assert np.isnan(found.empc_low)


@settings(max_examples=30)
@given(customers, campaigns)
def test_it_is_what_brute_force_integrates(drawn, campaign):
    churned, score = read(drawn)
    assume(campaign.incentive + campaign.contact_cost > 0.1)  # else all shares earn the same
    found = expected_maximum_profit(churned, score, campaign=campaign, draws=0)
    profit, share = integrate(churned, score, campaign)
    assert found.empc == pytest.approx(profit, abs=2e-3 * campaign.clv / 50)
    assert found.empc_share == pytest.approx(share, abs=2e-3)


@given(customers, campaigns)
def test_maximum_profit_is_the_best_threshold_at_the_mean_acceptance(drawn, campaign):
    churned, score = read(drawn)
    found = expected_maximum_profit(churned, score, campaign=campaign, draws=0)
    earned, shares = profits(churned, score, campaign, np.array([campaign.acceptance]))
    assert found.mpc == pytest.approx(earned.max(), abs=1e-9)
    # what counts is the profit of the share named, where two earn the same
    assert earned[0, np.argmin(abs(shares - found.mpc_share))] == pytest.approx(earned.max(), abs=1e-9)


@given(customers, campaigns)
def test_only_the_order_of_scores_matters(drawn, campaign):
    churned, score = read(drawn)
    one, two = (
        expected_maximum_profit(churned, values, campaign=campaign, draws=0).empc
        for values in (score, np.exp(score / 3) - 7)
    )
    assert one == pytest.approx(two, abs=1e-9)


@given(customers, campaigns)
def test_it_is_never_below_nothing_and_never_above_a_perfect_model(drawn, campaign):
    churned, score = read(drawn)
    found = expected_maximum_profit(churned, score, campaign=campaign, draws=0)
    perfect = expected_maximum_profit(churned, churned.astype(float), campaign=campaign, draws=0)
    assert found.empc >= -1e-12
    assert found.mpc >= 0.0
    assert found.empc <= perfect.empc + 1e-9
    assert 0.0 <= found.empc_share <= 1.0


@given(customers, campaigns)
def test_knowing_the_acceptance_in_advance_is_worth_something(drawn, campaign):
    churned, score = read(drawn)
    found = expected_maximum_profit(churned, score, campaign=campaign, draws=0)
    assert found.empc >= found.mpc - 1e-9  # the mean of a maximum, the maximum of a mean


def test_scores_without_order_earn_what_reaching_all_or_nobody_does():
    churned = np.array([1, 0, 0, 0])
    all_or_none = expected_maximum_profit(churned, [0.5] * 4, draws=0)
    assert all_or_none.table["share"].tolist() == [0.0, 1.0]
    reached = 0.25 * (0.3 * 190 - 1) - 0.75 * 11
    assert all_or_none.mpc == pytest.approx(reached)


def test_the_table_goes_along_the_hull_from_nobody_to_everybody():
    table = expected_maximum_profit(CHURNED, SCORE, draws=0).table
    assert table["share"].tolist() == [0.0, 0.125, 0.875, 1.0]
    assert table["leavers"].tolist() == [0.0, 0.25, 1.0, 1.0]
    assert table["stayers"].tolist() == pytest.approx([0.0, 0.0, 0.75, 1.0])
    assert (table["acceptance_from"].iloc[1:].to_numpy() == table["acceptance_to"].iloc[:-1].to_numpy()).all()
    assert (table["acceptance_from"].iloc[0], table["acceptance_to"].iloc[-1]) == (0.0, 1.0)


def test_an_offer_that_costs_nothing_is_made_to_all_who_may_leave():
    free = Campaign(incentive=0.0, contact_cost=0.0)
    found = expected_maximum_profit(CHURNED, SCORE, campaign=free, draws=0)
    assert found.empc == pytest.approx(0.5 * 0.3 * 200.0)


def test_interval_holds_the_figure_and_narrows_with_customers():
    rng = np.random.default_rng(0)
    widths = []
    for rows in (400, 6_400):
        score = rng.normal(size=rows)
        churned = rng.random(rows) < 1 / (1 + np.exp(1 - score))
        found = expected_maximum_profit(churned, score, draws=150)
        assert found.empc_low < found.empc < found.empc_high
        widths.append(found.empc_high - found.empc_low)
    assert widths[0] / widths[1] == pytest.approx(4.0, rel=0.3)


def test_rows_of_one_customer_are_drawn_together():
    rng = np.random.default_rng(1)
    score = rng.normal(size=300)
    churned = rng.random(300) < 1 / (1 + np.exp(1 - score))
    alone = expected_maximum_profit(churned, score, draws=100)
    ids = np.repeat(np.arange(300), 4)
    together = expected_maximum_profit(
        np.repeat(churned, 4), np.repeat(score, 4), customer_ids=ids, draws=100
    )
    assert (together.empc_low, together.empc_high) == pytest.approx((alone.empc_low, alone.empc_high))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"clv": 10.0}, "does not exceed the incentive"),
        ({"incentive": -1.0}, "cannot be below 0"),
        ({"contact_cost": -1.0}, "cannot be below 0"),
        ({"alpha": 0.0}, "above 0"),
        ({"clv": np.nan}, "finite"),
    ],
)
def test_a_campaign_out_of_bounds_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Campaign(**wrong)


def test_one_label_only_is_refused():
    with pytest.raises(ValueError, match="All 2 rows stayed"):
        expected_maximum_profit([0, 0], [0.1, 0.2])

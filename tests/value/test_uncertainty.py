from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.purchases import PurchaseTruth, _draw_customers, _draw_repeats
from cxmodels.value.lifetime import Terms, estimate_value
from cxmodels.value.purchase_model import Window
from cxmodels.value.purchases import fit_purchases
from cxmodels.value.spend import fit_spend
from cxmodels.value.uncertainty import group_totals, value_intervals

TRUTH = PurchaseTruth(purchases={"r": 0.8, "alpha": 30.0, "a": 0.9, "b": 3.0})
TERMS = Terms(horizon_days=200, margin=0.5)


@pytest.fixture(scope="module")
def world():
    """Six thousand simulated customers: what is known on day 400, and what each brought by day 600."""
    rng, customers = np.random.default_rng(14), 6_000
    age = np.round(rng.uniform(100.0, 400.0, customers))
    drawn = _draw_customers(TRUTH, customers, rng=rng)
    owner, day = _draw_repeats(TRUTH, drawn, age + 200.0, rng=rng)
    amount = rng.standard_gamma(TRUTH.spend["p"], size=len(owner)) / drawn["spend_rate"][owner]
    known = day <= age[owner]
    x = np.bincount(owner[known], minlength=customers)
    recency = np.zeros(customers)
    np.maximum.at(recency, owner[known], day[known])
    value = np.bincount(owner[known], amount[known], minlength=customers) / np.maximum(x, 1)
    summary = pd.DataFrame({"frequency": x, "recency": recency, "T": age, "monetary_value": value})
    later = np.bincount(owner[~known], amount[~known], minlength=customers) * 0.5
    return summary, later, fit_purchases(summary, unit="day"), fit_spend(summary)


def test_intervals_hold_nine_in_ten_of_the_outcomes_that_came(world):
    summary, later, purchases, spend = world
    found = value_intervals(summary, purchases, spend, terms=TERMS)
    assert found.index.equals(summary.index)
    inside = (later >= found.clv_low) & (later <= found.clv_high)
    # outcomes pile up at zero, which the low end touches: the share above the high end is the sharp test
    above = (later > found.clv_high).mean()
    assert abs(above - 0.05) < 4 * np.sqrt(0.05 * 0.95 / len(later)) + 0.005
    assert 0.90 - 0.015 < inside.mean() < 0.97
    for group in (summary.frequency == 0, summary.frequency.between(1, 4), summary.frequency > 4):
        assert (later > found.clv_high)[group].mean() == pytest.approx(0.05, abs=0.025)


def test_shared_cells_give_the_interval_of_a_customer_simulated_alone(world):
    """Many customers share draws by cell and scale them; a customer alone is his own cell."""
    summary, _, purchases, spend = world
    together = value_intervals(summary, purchases, spend, terms=TERMS, draws=2_000)
    value = estimate_value(summary, purchases, spend, terms=TERMS).clv
    sample = value.sort_values(ascending=False).index[[5, 50, 300, 900]]
    alone = value_intervals(summary.loc[sample], purchases, spend, terms=TERMS, draws=20_000)
    np.testing.assert_allclose(together.loc[sample].clv_high, alone.clv_high, rtol=0.15)


def test_same_seed_same_intervals(world):
    summary, _, purchases, spend = world
    few = summary.iloc[:100]
    first, again, other = (
        value_intervals(few, purchases, spend, terms=TERMS, draws=200, seed=seed) for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_a_margin_range_widens_intervals_and_totals(world):
    summary, _, purchases, spend = world
    ranged = Terms(horizon_days=200, margin=(0.2, 0.8))
    few = summary[summary.frequency > 3].iloc[:200]
    assert (
        value_intervals(few, purchases, spend, terms=ranged).clv_high.sum()
        > 1.05 * value_intervals(few, purchases, spend, terms=TERMS).clv_high.sum()
    )
    fixed, wide = (group_totals(summary, purchases, spend, terms=terms).iloc[0] for terms in (TERMS, ranged))
    assert wide.clv == pytest.approx(fixed.clv)
    # a uniform range from 0.2 to 0.8 alone spreads its middle 90 % over 0.54 / 0.5 of the total
    assert wide.high - wide.low == pytest.approx(1.08 * wide.clv, rel=0.1)
    assert wide.outcome_width == pytest.approx(fixed.outcome_width, rel=0.1)


def test_totals_of_groups_add_up_and_hold_what_came(world):
    summary, later, purchases, spend = world
    groups = pd.Series(np.where(summary.frequency == 0, "once", "again"), index=summary.index)
    found = group_totals(summary, purchases, spend, groups, terms=TERMS).set_index("group")
    value = estimate_value(summary, purchases, spend, terms=TERMS).clv
    for name, row in found.iterrows():
        assert row.customers == (groups == name).sum()
        assert row.clv == pytest.approx(value[groups == name].sum())
        assert row.low < row.clv < row.high
        # 90 % of the totals fall inside; three times the half width is never left
        assert abs(later[(groups == name).to_numpy()].sum() - row.clv) < 1.8 * (row.high - row.low) / 2
        assert max(row.parameter_width, row.outcome_width) < 1.05 * (row.high - row.low)
        assert row.high - row.low < row.parameter_width + row.outcome_width


def test_outcome_width_is_the_spread_of_simulated_totals(world):
    summary, _, purchases, spend = world
    few = summary.iloc[:400]
    rng = np.random.default_rng(3)
    bought, discount = purchases.draw_future(
        few.frequency, few.recency, few["T"], window=Window(200.0), size=2_000, rng=rng
    )
    x, m = (few[name].to_numpy(dtype=float) for name in ("frequency", "monetary_value"))
    each = spend.scale(x, m)[:, None] * spend.draw_factor(bought, x[:, None], rng=rng)
    totals = 0.5 * (each * discount).sum(axis=0)
    low, high = np.quantile(totals, [0.05, 0.95])
    found = group_totals(few, purchases, spend, terms=TERMS).iloc[0]
    assert found.outcome_width == pytest.approx(high - low, rel=0.1)


@pytest.mark.slow
def test_parameter_width_is_the_spread_of_refitted_totals(world):
    """Against real refits by lifetimes to resampled customers."""
    summary, _, purchases, spend = world
    rng, totals = np.random.default_rng(6), []
    for _ in range(40):
        sample = summary.iloc[rng.integers(0, len(summary), len(summary))]
        refitted = fit_purchases(sample, unit="day"), fit_spend(sample)
        totals.append(estimate_value(summary, *refitted, terms=TERMS).clv.sum())
    found = group_totals(summary, purchases, spend, terms=TERMS).iloc[0]
    # a spread from 40 refits has a standard error of 11 %
    assert found.parameter_width == pytest.approx(2 * 1.645 * np.std(totals, ddof=1), rel=0.4)


def test_groups_must_fit_the_customers(world):
    summary, _, purchases, spend = world
    with pytest.raises(ValueError, match="one group a customer"):
        group_totals(summary, purchases, spend, pd.Series(["a"]), terms=TERMS)
    holes = pd.Series([None] + ["a"] * (len(summary) - 1), index=summary.index)
    with pytest.raises(ValueError, match="1 customers have no group"):
        group_totals(summary, purchases, spend, holes, terms=TERMS)


def test_groups_are_matched_to_customers_by_their_index(world):
    summary, _, purchases, spend = world
    few = summary.iloc[:300]
    groups = pd.Series(np.where(few.frequency == 0, "once", "again"), index=few.index)
    pd.testing.assert_frame_equal(
        group_totals(few, purchases, spend, groups, terms=TERMS),
        group_totals(few, purchases, spend, groups.sample(frac=1.0, random_state=2), terms=TERMS),
    )


def test_a_silent_history_leaves_room_for_the_rates_that_it_allows():
    """200 customers at a rate that often shows no repeat purchase: the total's interval holds what comes."""
    rng = np.random.default_rng(17)
    age, horizon = np.linspace(2.0, 52.0, 200), 52.0
    summary = pd.DataFrame({"frequency": 0, "recency": 0.0, "T": age, "monetary_value": 0.0})
    summary = summary.assign(total_spend=rng.gamma(4.0, 10.0, 200), refunds=0.0)
    purchases, spend = fit_purchases(summary), fit_spend(summary)
    total = group_totals(summary, purchases, spend, terms=Terms(horizon_days=364)).iloc[0]
    mean = summary.total_spend.mean()
    # the 95 % upper limit of the rate, three purchases over the exposure, lies inside as an expected total
    assert total.high >= 0.97 * -np.log(0.05) / age.sum() * 200 * horizon * mean
    for purchases_missed in (0.2, 0.5, 1.0):
        rate = purchases_missed / age.sum()  # seen silent with a chance of exp(-purchases_missed)
        later = rng.poisson(rate * horizon, (2_000, 200)).sum(axis=1)
        brought = rng.standard_gamma(4.0 * np.maximum(later, 1e-9)) * mean / 4.0
        covered = ((total.low <= brought) & (brought <= total.high)).mean()
        assert covered > 0.90, purchases_missed


def test_no_time_to_buy_again_leaves_a_wide_interval():
    summary = pd.DataFrame({"frequency": [0] * 8, "recency": 0.0, "T": 0.0, "monetary_value": 0.0})
    summary = summary.assign(total_spend=10.0, refunds=0.0)
    purchases, spend = fit_purchases(summary), fit_spend(summary)
    total = group_totals(summary, purchases, spend, terms=Terms(horizon_days=28)).iloc[0]
    assert total.clv < 1.0 < 8 * 10.0 < total.high

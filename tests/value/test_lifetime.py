import numpy as np
import pandas as pd
import pytest

from cxmodels.value.lifetime import Terms, estimate_value, refund_share
from cxmodels.value.purchases import fit_purchases
from cxmodels.value.spend import fit_spend

TERMS = Terms(horizon_days=365, discount_rate=0.10, margin=0.3)


@pytest.fixture(scope="module")
def models(cdnow_weeks):
    return fit_purchases(cdnow_weeks, model="bg-nbd"), fit_spend(cdnow_weeks)


def test_value_is_margin_times_discounted_purchases_times_spend(cdnow_weeks, models):
    value = estimate_value(cdnow_weeks, *models, terms=TERMS)
    plain = estimate_value(cdnow_weeks, *models, terms=Terms(horizon_days=365, margin=0.3))
    assert value.index.equals(cdnow_weeks.index)
    np.testing.assert_allclose(plain.clv, 0.3 * plain.expected_purchases * plain.expected_spend)
    ratio = value.clv / plain.clv
    # every purchase falls within the year, most of them in its first half
    assert ((ratio > 1 / 1.1) & (ratio < 1.0)).all()
    assert ratio.mean() > 1.1**-0.5


def test_value_equals_lifetimes_own_discounted_sum(cdnow_weeks, models):
    """lifetimes sums months of 30 days, each discounted at its end, so its value is a little lower."""
    import lifetimes

    purchases, spend = models
    fitter, spender = lifetimes.BetaGeoFitter(), lifetimes.GammaGammaFitter()
    fitter.params_, spender.params_ = pd.Series(purchases.params), pd.Series(spend.params)
    fitter.predict = fitter.conditional_expected_number_of_purchases_up_to_time
    months = 12
    theirs = spender.customer_lifetime_value(
        fitter,
        cdnow_weeks.frequency,
        cdnow_weeks.recency,
        cdnow_weeks["T"],
        cdnow_weeks.monetary_value,
        time=months,
        discount_rate=1.1 ** (30 / 365.25) - 1,
        freq="W",
    )
    # lifetimes counts a month as 30 / 7 weeks rounded in its own table; compare totals on the same horizon
    ours = estimate_value(
        cdnow_weeks, purchases, spend, terms=Terms(horizon_days=30 * months, discount_rate=0.10)
    ).clv
    assert ours.sum() == pytest.approx(theirs.sum(), rel=0.02)
    assert ours.corr(theirs, method="spearman") > 0.9999


def test_refunds_reduce_expected_value(cdnow_weeks, models):
    refunding = cdnow_weeks.assign(refunds=0.2 * cdnow_weeks.total_spend)
    assert refund_share(refunding) == pytest.approx(0.2)
    ratio = (
        estimate_value(refunding, *models, terms=TERMS).clv
        / estimate_value(cdnow_weeks, *models, terms=TERMS).clv
    )
    assert ratio.to_numpy() == pytest.approx(np.full(len(ratio), 0.8))
    assert refund_share(cdnow_weeks.drop(columns="refunds")) == 0.0


def test_a_margin_range_is_valued_at_its_middle(cdnow_weeks, models):
    ranged = estimate_value(cdnow_weeks, *models, terms=Terms(horizon_days=365, margin=(0.2, 0.4)))
    fixed = estimate_value(cdnow_weeks, *models, terms=Terms(horizon_days=365, margin=0.3))
    np.testing.assert_allclose(ranged.clv, fixed.clv)


def test_the_callers_summary_is_left_alone(cdnow_weeks, models):
    before = cdnow_weeks.copy()
    estimate_value(cdnow_weeks, *models, terms=TERMS)
    pd.testing.assert_frame_equal(cdnow_weeks, before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"horizon_days": 0}, "horizon_days is 0"),
        ({"discount_rate": -0.1}, "discount_rate is -0.1"),
        ({"margin": 1.5}, "margin is 1.5"),
        ({"margin": (0.4, 0.3)}, "range"),
    ],
)
def test_impossible_terms_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Terms(**settings)

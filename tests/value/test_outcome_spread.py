"""Intervals of a customer's own outcome, read off an earlier snapshot."""

from __future__ import annotations

import numpy as np
import pytest

from cxmodels.value.metrics import interval_scores
from cxmodels.value.outcome_spread import learn_spread

CUSTOMERS = 12_000


def _outcomes(rng, *, least, most):
    expected = np.exp(rng.uniform(np.log(least), np.log(most), CUSTOMERS))
    each = rng.gamma(4.0, 10.0, CUSTOMERS)
    spend = rng.gamma(np.maximum(2.0 * rng.poisson(expected), 1e-12)) / 2.0 * each
    return spend, expected * each, each


def test_nine_of_ten_outcomes_fall_inside_where_none_pile_up_at_zero():
    rng = np.random.default_rng(5)
    spread = learn_spread(*_outcomes(rng, least=8.0, most=60.0), horizon_days=90)
    actual, value, each = _outcomes(rng, least=8.0, most=60.0)
    scores = interval_scores(actual, *spread.interval(value, each, horizon_days=90))
    error = 3 * np.sqrt(2 * 0.9 * 0.1 / CUSTOMERS)  # of learning and of testing
    assert scores["coverage"] == pytest.approx(
        0.90, abs=error + 0.005
    )  # and of customers who are no exact neighbours
    assert scores["below"] == pytest.approx(scores["above"], abs=0.015)


def test_outcomes_that_pile_up_at_zero_leave_only_the_upper_tail_outside():
    rng = np.random.default_rng(6)
    spread = learn_spread(*_outcomes(rng, least=0.05, most=1.0), horizon_days=90)
    actual, value, each = _outcomes(rng, least=0.05, most=1.0)
    low, high = spread.interval(value, each, horizon_days=90)
    assert (low == 0).mean() > 0.95
    assert interval_scores(actual, low, high)["coverage"] == pytest.approx(0.95, abs=0.01)


def test_the_expected_value_lies_inside_and_the_interval_goes_with_the_price_level():
    rng = np.random.default_rng(7)
    spread = learn_spread(*_outcomes(rng, least=0.05, most=50.0), horizon_days=90)
    value, each = np.array([0.5, 40.0, 4000.0]), np.array([10.0, 10.0, 20.0])
    low, high = spread.interval(value, each, horizon_days=90)
    assert (low <= value).all()
    assert (value <= high).all()
    dear_low, dear_high = spread.interval(100 * value, 100 * each, horizon_days=90)
    np.testing.assert_allclose([dear_low, dear_high], [100 * low, 100 * high])


def test_a_longer_horizon_is_relatively_surer_but_not_as_by_chance_alone():
    rng = np.random.default_rng(8)
    spread = learn_spread(*_outcomes(rng, least=0.5, most=60.0), horizon_days=90)
    each = np.array([10.0])
    short = np.subtract(*spread.interval(np.array([100.0]), each, horizon_days=90)[::-1]) / 100.0
    long = np.subtract(*spread.interval(np.array([400.0]), each, horizon_days=360)[::-1]) / 400.0
    assert short / 2 < long[0] < short


def test_the_deviation_is_that_of_the_outcomes():
    rng = np.random.default_rng(9)
    spread = learn_spread(*_outcomes(rng, least=5.0, most=20.0), horizon_days=90)
    value, each = np.full(1, 100.0), np.full(1, 10.0)
    truth = 10.0 * np.sqrt(10.0 * (1 + 1 / 2.0))  # Poisson sum of Gamma(2) purchases with mean 10
    assert spread.deviation(value, each, horizon_days=90)[0] == pytest.approx(truth, rel=0.1)


def test_three_customers_are_enough_to_say_something():
    spread = learn_spread(np.array([0.0, 5.0, 9.0]), np.ones(3), np.ones(3), horizon_days=30)
    low, high = spread.interval(np.ones(2), np.ones(2), horizon_days=30)
    assert np.isfinite([low, high]).all()


def test_the_deviation_is_that_of_chance_also_for_customers_of_whom_next_to_nothing_is_expected():
    """For counts of purchases of one price, the variance of the outcome is its mean."""
    rng = np.random.default_rng(9)
    expected = np.exp(rng.uniform(np.log(0.02), np.log(2.0), CUSTOMERS))
    expected[:20] = 1e-9  # an outcome beside such an expectation is an endless multiple of it
    came = rng.poisson(expected).astype(float)
    came[:2] = 1.0
    each = np.ones(CUSTOMERS)
    spread = learn_spread(came, expected, each, horizon_days=90)
    value = np.array([0.005, 0.05, 0.3, 1.5])
    found = spread.deviation(value, np.ones(4), horizon_days=90)
    # a neighbourhood of 600 gives a standard deviation of rare counts to about 1/√(2·600·mean) of itself
    np.testing.assert_allclose(found, np.sqrt(value), rtol=0.35)

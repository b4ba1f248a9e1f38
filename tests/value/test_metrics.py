"""The figures by which predictions are compared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error

from cxmodels.value.metrics import (
    interval_scores,
    score_predictions,
    spearman,
    spearman_untied,
    top_tenth_capture,
)


def test_error_and_rank_correlation_are_those_of_scikit_learn_and_scipy():
    rng = np.random.default_rng(3)
    actual = np.where(rng.random(500) < 0.7, 0.0, rng.gamma(2.0, 20.0, 500))
    predicted = np.round(actual * 0.3 + rng.gamma(2.0, 10.0, 500))  # with ties on both sides
    scores = score_predictions(actual, predicted)
    assert scores["mae"] == pytest.approx(mean_absolute_error(actual, predicted))
    assert scores["spearman"] == pytest.approx(spearmanr(actual, predicted).statistic)
    assert scores["total_ratio"] == pytest.approx(predicted.sum() / actual.sum())


def test_top_tenth_of_eleven_customers_is_two_of_them():
    actual = np.array([5.0, 1.0, 4.0, *[0.0] * 8])
    assert top_tenth_capture(actual, np.arange(11.0)) == 0.0
    assert top_tenth_capture(actual, -np.arange(11.0)) == pytest.approx(6.0 / 10.0)
    assert top_tenth_capture(actual, actual) == pytest.approx(9.0 / 10.0)


def test_customers_that_tie_at_the_edge_stand_in_the_order_of_the_input():
    assert top_tenth_capture([8.0, 2.0] + [0.0] * 8, [1.0] * 10) == pytest.approx(0.8)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_no_prediction_captures_more_than_the_oracle(actual, random):
    predicted = random.sample(actual, len(actual))
    if sum(actual) > 0:
        assert top_tenth_capture(actual, predicted) <= top_tenth_capture(actual, actual) + 1e-12


def test_breaking_ties_takes_the_reward_of_having_no_opinion_away():
    rng = np.random.default_rng(0)
    actual = np.where(rng.random(4000) < 0.8, 0.0, 1.0) * (1 + rng.random(4000))
    often = actual > 0
    tied = np.where(often & (rng.random(4000) < 0.5), 2.0, 1.0)
    assert spearman_untied(actual, tied) < spearman(actual, tied) - 0.05
    distinct = rng.random(4000)
    assert spearman_untied(actual, distinct) == pytest.approx(spearman(actual, distinct))


def test_a_constant_has_no_order_and_nothing_spent_has_no_share():
    assert spearman([1.0, 2.0], [3.0, 3.0]) == 0.0
    scores = score_predictions([0.0, 0.0], [1.0, 2.0])
    assert np.isnan(scores["top_tenth"])
    assert np.isnan(scores["total_ratio"])


def test_an_end_of_an_interval_counts_as_inside():
    scores = interval_scores([1.0, 2.0, 3.0, 9.0], [1.0, 0.0, 4.0, 0.0], [1.0, 2.0, 5.0, 8.0])
    assert scores == {"coverage": 0.5, "below": 0.25, "above": 0.25, "width": pytest.approx(2.75)}


@pytest.mark.parametrize("predicted", [[1.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_what_cannot_be_compared_is_named(predicted):
    with pytest.raises(ValueError, match=r"customers|finite"):
        score_predictions([1.0, 2.0], predicted)


def test_rounding_errors_of_a_sum_break_no_tie():
    actual = np.array([0.0, 3.0, 1.0, 0.0, 7.0, 2.0, 0.0, 4.0, 5.0, 9.0])
    predicted = np.array([0.1 + 0.2, 0.3, 0.3, 0.3, 12.0, 0.3, 0.3, 12.0 * (1 + 1e-15), 0.0, 12.0])
    clean = np.array([0.3, 0.3, 0.3, 0.3, 12.0, 0.3, 0.3, 12.0, 0.0, 12.0])
    assert not np.array_equal(predicted, clean)
    assert spearman(actual, predicted) == spearman(actual, clean)
    assert top_tenth_capture(actual, predicted) == top_tenth_capture(actual, clean)

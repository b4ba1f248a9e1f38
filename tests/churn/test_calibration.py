"""Scores become probabilities by the simplest map that chance does not explain, and their order stays."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit

from cxmodels.churn.calibration import Calibration, fit_calibration

RNG = np.random.default_rng(5)
ROWS = 8_000
SCORE = RNG.normal(-1.0, 1.2, ROWS)


def fit(truth, *, rows=ROWS, repeated=1):
    score = np.repeat(SCORE[: rows // repeated], repeated)
    chance = np.random.default_rng(1).random(rows // repeated)
    left = np.repeat((chance < expit(truth(SCORE[: rows // repeated]))).astype(float), repeated)
    places = np.repeat(np.arange(rows // repeated), repeated)
    return fit_calibration(left, score, places=places, seed=3), score


def test_scores_that_are_right_stay_as_they_are():
    fitted, score = fit(lambda score: score)
    assert fitted.kind == "none"
    np.testing.assert_array_equal(fitted.apply(score), score)
    assert not fitted.variance(score).any()


def test_scores_that_are_too_extreme_are_drawn_in_by_a_line():
    fitted, score = fit(lambda score: 0.4 + 0.6 * score)
    assert fitted.kind == "logistic"
    errors = np.sqrt(fitted.variance(score))
    off = np.abs(fitted.apply(score) - (0.4 + 0.6 * score))
    assert (off < 4 * errors).all()
    assert errors.max() < 0.3


def test_a_bent_truth_is_followed_by_steps():
    def bent(score):
        return -2.5 + 3.5 * (score > -1.0)

    fitted, score = fit(bent)
    assert fitted.kind == "steps"
    far = np.abs(score + 1.0) > 0.3
    assert np.abs(fitted.apply(score) - bent(score))[far].mean() < 0.25


@pytest.mark.parametrize(
    "truth", [lambda score: score, lambda score: 0.6 * score, lambda score: 3.5 * (score > -1.0) - 2.5]
)
def test_the_order_of_customers_stays(truth):
    fitted, _ = fit(truth)
    grid = np.linspace(-8, 8, 4_001)
    assert (np.diff(fitted.apply(grid)) > 0).all()


def test_scores_that_rank_the_wrong_way_round_are_not_turned():
    fitted, _ = fit(lambda score: -score)
    assert (np.diff(fitted.apply(np.linspace(-4, 4, 100))) > 0).all()


def test_with_few_leavers_nothing_is_fitted():
    left = np.zeros(500)
    left[:10] = 1.0
    fitted = fit_calibration(left, SCORE[:500], places=np.arange(500), seed=0)
    assert (fitted.kind, fitted.gains) == ("none", None)


def test_rows_of_one_customer_count_as_one():
    def wide(repeated):
        fitted, score = fit(lambda score: 0.4 + 0.5 * score, rows=ROWS, repeated=repeated)
        return fitted.variance(score).mean()

    assert 2.0 < wide(4) / wide(1) < 8.0


def test_it_is_the_same_after_json():
    for truth in (lambda score: score, lambda score: 0.5 * score, lambda score: 3.5 * (score > -1.0) - 2.5):
        fitted, score = fit(truth)
        again = Calibration.from_dict(json.loads(json.dumps(fitted.to_dict())))
        np.testing.assert_array_equal(again.apply(score), fitted.apply(score))
        np.testing.assert_array_equal(again.variance(score), fitted.variance(score))

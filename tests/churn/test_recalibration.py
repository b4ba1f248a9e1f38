"""Slope and intercept of recalibration, for many samples at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from cxmodels.churn.recalibration import count_cells, fit_intercept, fit_slope, log_odds


def deviance(parameters, left, rows, predicted):
    said = expit(parameters[0] + parameters[1] * predicted)
    return -(left * np.log(said) + (rows - left) * np.log1p(-said)).sum()


def test_each_sample_has_the_fit_that_it_has_alone():
    rng = np.random.default_rng(0)
    predicted, rows = np.linspace(-4, 3, 12), rng.integers(5, 60, (6, 12)).astype(float)
    left = rng.binomial(rows.astype(int), expit(0.4 + rng.uniform(-0.5, 2.0, (6, 1)) * predicted)).astype(
        float
    )
    slopes = fit_slope(left, rows, predicted)
    for one, slope in enumerate(slopes):
        best = minimize(deviance, [0.0, 0.5], args=(left[one], rows[one], predicted), tol=1e-12)
        assert slope == pytest.approx(best.x[1], abs=2e-4)


def test_intercept_solves_its_equation_far_from_where_it_starts():
    left, rows, predicted = np.array([[9.0, 10.0]]), np.array([[10.0, 11.0]]), np.array([-9.0, -7.0])
    a = fit_intercept(left, rows, predicted)[0]
    assert (rows[0] * expit(a + predicted)).sum() == pytest.approx(19.0)


def test_a_sample_of_one_label_has_neither_slope_nor_intercept():
    left, rows = np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[3.0, 4.0], [3.0, 4.0]])
    assert np.isnan(fit_slope(left, rows, np.array([0.0, 1.0]))).all()
    assert np.isnan(fit_intercept(left, rows, np.array([0.0, 1.0]))).all()


def test_joining_neighbours_hardly_moves_the_slope():
    rng = np.random.default_rng(2)
    predicted = rng.normal(-2.0, 1.5, 20_000)
    labels = (rng.random(20_000) < expit(0.8 * predicted)).astype(float)
    fits = []
    for cells in (1_000, 30_000):
        counted = count_cells(labels, predicted, cells=cells)
        fits.append(fit_slope(*counted.counts(), counted.log_odds)[0])
    assert counted.log_odds.size == 20_000
    assert fits[0] == pytest.approx(fits[1], abs=0.05 * 0.02)  # a twentieth of its standard error


def test_groups_are_counted_apart_and_rows_by_weight():
    labels, predicted = np.array([1.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0, 0.0])
    cells = count_cells(labels, predicted, groups=np.array([0, 0, 1, 1]))
    left, rows = cells.counts(np.array([2.0, 1.0, 1.0, 5.0]))
    assert left.sum(axis=1).tolist() == [2.0, 6.0]
    assert rows.sum(axis=1).tolist() == [3.0, 6.0]
    assert cells.log_odds[1].tolist() == [0.0, 1.0]


def test_certainty_is_kept_a_millionth_away():
    assert expit(log_odds(np.array([0.0, 0.3, 1.0]))).tolist() == pytest.approx([1e-6, 0.3, 1 - 1e-6])

"""Bootstrap samples of customers, and the intervals read from them."""

from __future__ import annotations

import numpy as np
import pytest

from cxmodels.churn.resampling import customer_places, interval, rate_interval, resample


def test_a_sample_has_as_many_customers_as_there_are_and_keeps_their_rows_together():
    places = customer_places(["b", "a", "b", "c"], rows=4)
    for weights in resample(places, draws=20, seed=0):
        assert weights[0] == weights[2]
        assert weights[0] + weights[1] + weights[3] == 3


def test_every_customer_comes_once_on_average_with_the_variance_of_chance():
    weights = np.array(list(resample(np.arange(50), draws=2_000, seed=1)))
    assert weights.mean(axis=0) == pytest.approx(1.0, abs=4.5 / np.sqrt(2_000))
    assert weights.var() == pytest.approx(1 - 1 / 50, rel=0.02)


def test_interval_leaves_out_samples_without_the_figure():
    samples = np.column_stack((np.arange(101.0), np.where(np.arange(101) < 40, np.nan, 1.0)))
    low, high = interval(samples)
    assert (low[0], high[0]) == (5.0, 95.0)
    assert (low[1], high[1]) == (1.0, 1.0)
    assert np.isnan(interval(np.r_[[np.nan] * 60, [1.0] * 40][:, None])[0][0])


def test_an_endless_figure_makes_an_endless_end_and_no_nan():
    low, high = interval(np.r_[np.arange(80.0), [np.inf] * 20][:, None])
    assert low[0] == 4.0
    assert high[0] == np.inf


def test_wilson_interval_of_a_share_widens_with_the_bootstrap_and_never_narrows():
    rate, rows = np.array([0.2]), np.array([100.0])
    plain = np.sqrt(0.2 * 0.8 / 100)
    rng = np.random.default_rng(0)
    widths = []
    for factor in (0.3, 1.0, 2.0):
        low, high = rate_interval(rate, rows, rng.normal(0.2, factor * plain, (5_000, 1)))
        widths.append(float(high[0] - low[0]))
    assert widths[0] == pytest.approx(widths[1], rel=0.03)
    assert widths[2] == pytest.approx(2 * widths[1], rel=0.05)

"""A default gives way beyond chance only: against bootstraps, simulated noise, and totals gone astray."""

import numpy as np
import pytest

from cxmodels.value.comparison import CHANCE, FURTHER_OFF, Gain, measure_gain


def spenders(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what customers spent, and a forecast that knows a part of it."""
    rng = np.random.default_rng(seed)
    level = rng.gamma(2.0, 20.0, n)
    return rng.gamma(1.0, level) * (rng.random(n) < 0.5), level / 2


def test_two_forecasts_that_differ_by_noise_alone_seldom_displace_one_another():
    rng, displaced, tries = np.random.default_rng(1), 0, 200
    for seed in range(tries):
        actual, told = spenders(120, seed)
        one, other = (told * rng.lognormal(0.0, 0.3, len(told)) for _ in range(2))
        displaced += measure_gain(actual, one, other).beyond_chance
    # one in twenty by the normal's tail, a fifth more for so few; the limit is that of a binomial at 99.9 %
    expected = tries * 0.05 * 1.2
    assert displaced <= expected + 3.1 * np.sqrt(expected)


def test_the_standard_error_agrees_with_a_bootstrap_over_customers():
    actual, told = spenders(800, 3)
    rng = np.random.default_rng(4)
    one, other = (told * rng.lognormal(0.0, 0.4, len(told)) for _ in range(2))
    gain = measure_gain(actual, one, other)
    draws = (rng.integers(0, len(told), len(told)) for _ in range(300))
    sizes = [measure_gain(actual[rows], one[rows], other[rows]).size for rows in draws]
    # the standard deviation of 300 draws is known to 4 %; ranks and the edge of the top tenth are held fixed
    assert gain.error == pytest.approx(np.std(sizes), rel=0.25)


def test_a_forecast_that_knows_more_displaces_one_that_knows_little():
    actual, told = spenders(800, 5)
    blind = np.random.default_rng(6).permutation(told)
    assert measure_gain(actual, told, blind).beyond_chance
    assert not measure_gain(actual, blind, told).beyond_chance


def test_a_better_ranking_does_not_excuse_a_total_gone_astray():
    actual, told = spenders(800, 7)
    blind = np.random.default_rng(8).permutation(told)
    far = measure_gain(actual, told * 3.0, blind)
    assert far.size > CHANCE * far.error
    assert far.further_off > FURTHER_OFF
    assert not far.beyond_chance


def test_nobody_who_spent_is_no_reason_to_change():
    nothing, told = np.zeros(50), np.linspace(1.0, 2.0, 50)
    assert not measure_gain(nothing, told[::-1], told).beyond_chance


def test_the_rule_is_the_stated_one():
    assert Gain(0.2, 0.1, 0.0).beyond_chance
    assert not Gain(0.1, 0.1, 0.0).beyond_chance
    assert not Gain(0.2, 0.1, 0.3).beyond_chance

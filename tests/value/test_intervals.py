"""Intervals hold what they should as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from cxmodels.value.intervals import COVERAGE, NORMAL, refit_half, wilson_interval


@pytest.mark.parametrize("refits", [2, 5, 20])
def test_half_of_an_interval_of_few_refits_covers_the_next_one_as_often_as_said(refits):
    drawn = np.random.default_rng(3).normal(7.0, 2.0, (refits, 20_000))
    covered = (np.abs(drawn.mean(axis=0) - 7.0) <= refit_half(drawn) / np.sqrt(refits)).mean()
    assert covered == pytest.approx(COVERAGE, abs=4 * np.sqrt(COVERAGE * (1 - COVERAGE) / 20_000))


def test_half_of_an_interval_of_many_refits_is_that_of_a_normal():
    drawn = np.random.default_rng(4).normal(size=(20_000, 1))
    assert refit_half(drawn)[0] == pytest.approx(NORMAL * drawn.std(), rel=0.001)


def test_wilson_interval_covers_at_its_rate():
    rng = np.random.default_rng(1)
    for share in (0.03, 0.4):
        low, high = wilson_interval(rng.binomial(80, share, 4000), np.full(4000, 80))
        covered = ((low <= share) & (share <= high)).mean()
        # Wilson's true rate wanders a few percent around 90 % for so few customers
        assert covered == pytest.approx(0.90, abs=0.05)


def test_wilson_interval_stays_within_0_and_1():
    low, high = wilson_interval([0, 5], [5, 5])
    assert low[0] == pytest.approx(0.0) and 0 < high[0] < 0.5
    assert high[1] == pytest.approx(1.0) and 0.5 < low[1] < 1


def test_without_trials_a_share_may_be_anything():
    low, high = wilson_interval([0.0], [0.0])
    assert (low[0], high[0]) == (0.0, 1.0)

"""Value and intervals from survival and margins: closed forms, and outcomes drawn from the same model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.value.contract_margins import MonthlyMargins
from cxmodels.value.contract_outcome import expected_value, months_ahead, outcome_intervals

YEAR = months_ahead(horizon_days=365, discount_rate=0.10)


def margins(level, *, noise=0.0, deviation=0.0, path=None, spread=0.0, fee=100.0):
    table = pd.DataFrame({"level": level, "noise": noise, "deviation": deviation, "fee": fee})
    return MonthlyMargins(table, np.zeros(12) if path is None else path, spread, ())


def constant(hazard, *, months=12):
    """Survival under a hazard that stays the same; one refit."""
    return ((1.0 - np.asarray(hazard))[:, None] ** np.arange(months + 1)).astype(np.float32)[None]


@pytest.mark.parametrize(("hazard", "rate"), [(0.02, 0.10), (0.3, 0.0), (0.0, 0.05)])
def test_a_constant_hazard_and_margin_are_a_geometric_series(hazard, rate):
    months = months_ahead(horizon_days=365 * 5, discount_rate=rate)
    size = len(months.share)
    value = expected_value(constant([hazard], months=size), np.full((1, size), 7.0), months)[0, 0]
    kept, discount = 1.0 - hazard, (1.0 + rate) ** (-1 / 12)
    ratio = kept * discount
    series = size if ratio == 1.0 else (1.0 - ratio**size) / (1.0 - ratio)
    # who leaves in a month is there for half of it
    assert value == pytest.approx(7.0 * np.sqrt(discount) * (1.0 + kept) / 2.0 * series, rel=1e-5)


def test_a_horizon_is_cut_into_months():
    assert len(YEAR.share) == 12
    assert YEAR.discount[[0, -1]] == pytest.approx(1.1 ** -(np.array([0.5, 11.5]) / 12))
    short = months_ahead(horizon_days=10, discount_rate=0.0)
    assert short.share == pytest.approx([10 / 30.4375])


def drawn_outcomes(hazard, level, *, noise, deviation, rng):
    """Draw what customers bring: they leave at any time of a month, which then is paid in part."""
    size = len(hazard)
    left = np.ceil(np.log(rng.random(size)) / np.log1p(-hazard)) - 1 + rng.random(size)
    there = np.clip(left[:, None] - np.arange(12), 0.0, 1.0)
    own = level + rng.normal(0.0, 1.0, size) * deviation
    months = own[:, None] * there + noise * np.sqrt(there) * rng.normal(0.0, 1.0, (size, 12))
    return months @ YEAR.discount


@pytest.mark.parametrize(("noise", "deviation"), [(0.0, 0.0), (40.0, 0.0), (40.0, 20.0)])
def test_intervals_hold_nine_outcomes_in_ten(noise, deviation):
    rng = np.random.default_rng(4)
    hazard, level = rng.uniform(0.02, 0.2, 5_000), rng.normal(50.0, 40.0, 5_000)
    low, high, chance = outcome_intervals(
        constant(hazard), margins(level, noise=noise, deviation=deviation), YEAR, draws=1_000, seed=3
    )
    came = np.array(
        [drawn_outcomes(hazard, level, noise=noise, deviation=deviation, rng=rng) for _ in range(20)]
    )
    # 5,000 customers, the same 1,000 futures for all: to about a hundredth
    assert ((came >= low) & (came <= high)).mean() == pytest.approx(0.90, abs=0.015)
    assert chance.mean() == pytest.approx(came.var(axis=0, ddof=1).mean(), rel=0.05)


def test_what_all_share_widens_intervals_and_is_no_chance():
    curve, path = constant(np.zeros(3)), np.full(12, 0.2)
    plain, shared, ranged = (
        outcome_intervals(curve, margins(np.full(3, 50.0), **more), YEAR, draws=1_000, seed=1)
        for more in ({}, {"path": path}, {"spread": 0.5})
    )
    assert plain[1] - plain[0] == pytest.approx(np.zeros(3), abs=1e-6)
    total = YEAR.discount.sum()
    assert shared[1] - shared[0] == pytest.approx(np.full(3, 2 * 1.645 * 0.5 * 20.0 * total), rel=0.02)
    assert ranged[1] - ranged[0] == pytest.approx(np.full(3, 0.9 * 50.0 * total), rel=0.02)
    assert max(one[2].max() for one in (plain, shared, ranged)) < 1e-6


def test_the_interval_mixes_what_refits_say():
    apart = np.concatenate([constant([0.0]), constant([0.5])])
    low, high, _ = outcome_intervals(apart, margins([50.0]), YEAR, draws=2_000, seed=1)
    assert high[0] == pytest.approx(50.0 * YEAR.discount.sum())  # by the first, everybody stays
    # by the second, half leave in the first month, and a tenth in the first fifth of it
    assert low[0] == pytest.approx(50.0 * 0.2, rel=0.1)


def test_a_customer_who_costs_is_worth_less_than_nothing():
    low, high, _ = outcome_intervals(constant([0.1]), margins([-20.0]), YEAR, draws=1_000, seed=1)
    assert low[0] < high[0] <= 0.0

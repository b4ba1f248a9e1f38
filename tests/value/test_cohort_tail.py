"""How a cohort leaves: what contracts alone say, against simulations whose truth is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from cxmodels.value.cohort_tail import fit_tail
from cxmodels.value.contract_months import read_contracts

AS_OF = date(2024, 6, 30)


def drawn(hazard, *, customers=6_000, earliest=-60, seen_from=-30, seed=1):
    """Draw contracts by month before AS_OF; who left before `seen_from` is in no record.

    `hazard(plan, bound, tenure)` gives the probability of leaving in a month; half the contracts bind for a
    year.
    """
    rng = np.random.default_rng(seed)
    start = rng.integers(earliest, 0, customers)
    plan = rng.integers(2, size=customers)
    bound = np.where(rng.random(customers) < 0.5, start + 12, -1_000)
    end = np.full(customers, 1)
    for month in range(earliest + 1, 1):
        here = (start < month) & (end > 0)
        p = hazard(plan, bound - month, month - start)
        end[here & (rng.random(customers) < p)] = month
    kept = end >= seen_from
    first = np.datetime64("2024-06") + np.stack([start, np.minimum(end, 0), np.maximum(bound, -900)])
    day = first.astype("datetime64[D]") + 14
    table = pd.DataFrame(
        {
            "customer_id": np.arange(customers).astype(str),
            "start_date": day[0],
            "end_date": pd.Series(day[1]).where(end <= 0),
            "monthly_fee": 100.0,
            "plan": np.array(["a", "b"])[plan],
            "bound_until": pd.Series(day[2]).where(bound > -1_000),
        }
    )
    return read_contracts(table[kept], as_of=AS_OF)


def test_a_constant_rate_is_found_though_early_leavers_are_in_no_record():
    known = drawn(lambda plan, left, tenure: np.full(len(plan), 0.03))
    tail = fit_tail(known, as_of=AS_OF)
    said = tail.hazard(np.array([1.0, 12.0, 40.0]), bound_for=np.full(3, np.nan), plan=["a"] * 3)
    # about 1,500 leavers, and more of them at short tenures
    assert said == pytest.approx([0.03] * 3, rel=4 / np.sqrt(tail.leavers / 4))


def test_binding_and_plan_have_factors():
    def hazard(plan, left, tenure):
        return np.where(left > 0, 0.002, np.where(plan == 1, 0.04, 0.02))

    tail = fit_tail(drawn(hazard, customers=12_000), as_of=AS_OF)
    tenure = np.full(3, 20.0)
    free = tail.hazard(tenure, bound_for=np.array([np.nan, np.nan, -3.0]), plan=["a", "b", "a"])
    assert free[1] / free[0] == pytest.approx(2.0, rel=0.15)
    assert free[2] / free[0] < 0.2
    assert free[0] == pytest.approx(0.02, rel=0.2)


def test_a_plan_that_says_little_stays_near_the_whole():
    known = drawn(lambda plan, left, tenure: np.full(len(plan), 0.03))
    few = known["customer_id"].isin(known["customer_id"][known["spell_end"].notna()].iloc[:5])
    tail = fit_tail(known.assign(plan=known["plan"].mask(few, "new")), as_of=AS_OF)
    # all five left, at three times the rate and more; but they are five
    assert 1.0 < tail.plans["new"] < 1.25


def test_an_unknown_plan_has_the_rate_of_all():
    tail = fit_tail(drawn(lambda plan, left, tenure: np.full(len(plan), 0.03)), as_of=AS_OF)
    unknown, known = (tail.hazard(np.ones(1), bound_for=np.full(1, np.nan), plan=[p]) for p in ("z", "a"))
    assert unknown * tail.plans["a"] == pytest.approx(known)


def test_nothing_after_as_of_is_read():
    known = drawn(lambda plan, left, tenure: np.full(len(plan), 0.03))
    earlier = date(2023, 12, 31)
    later = known["spell_end"] > pd.Timestamp(earlier)
    hidden = known.assign(spell_end=known["spell_end"].mask(later))
    since = date(2022, 1, 1)
    one, other = (fit_tail(table, as_of=earlier, observed_since=since) for table in (known, hidden))
    assert one.rate == other.rate
    assert one.plans == other.plans


def test_nobody_who_left_gives_a_small_rate():
    known = drawn(lambda plan, left, tenure: np.zeros(len(plan)), customers=500)
    tail = fit_tail(known, as_of=AS_OF)
    assert tail.model is None
    assert 0 < tail.hazard(np.ones(1), bound_for=np.full(1, np.nan), plan=["a"])[0] < 0.01


def test_weights_count_customers_as_often_as_they_say():
    known = drawn(lambda plan, left, tenure: np.full(len(plan), 0.03), customers=1_000)
    doubled = fit_tail(known, as_of=AS_OF, weights=np.full(len(known), 2.0))
    assert doubled.leavers == 2 * fit_tail(known, as_of=AS_OF).leavers

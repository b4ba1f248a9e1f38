"""Which dates a study learns from, calibrates on, tests on and scores."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmodels.churn.dates import MOST_TRAINING, ShortHistory, snapshot_dates, step_back
from cxmodels.study import ChurnSettings

AS_OF = date(2024, 6, 30)
SETTINGS = ChurnSettings(observation_days=100, gap_days=10, horizon_days=30)
WAIT, NEED = 40, 140  # until an outcome is known; days for one date with an outcome


def _plan(history_days, settings=SETTINGS, as_of=AS_OF):
    return snapshot_dates(as_of, history_start=as_of - timedelta(days=history_days - 1), settings=settings)


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2024, 3, 31), [date(2024, 1, 31), date(2024, 2, 29)]),  # ends of months stay ends of months
        (date(2024, 2, 29), [date(2023, 12, 31), date(2024, 1, 31)]),
        (date(2024, 3, 30), [date(2024, 1, 30), date(2024, 2, 29)]),  # there is no 30 February
        (date(2024, 2, 9), [date(2023, 12, 9), date(2024, 1, 9)]),
    ],
)
def test_a_step_is_a_calendar_month(day, before):
    assert step_back(day, until=before[0]) == (*before, day)


def test_a_step_may_be_a_number_of_days():
    assert step_back(AS_OF, until=date(2024, 6, 16), step_days=7) == (
        date(2024, 6, 16),
        date(2024, 6, 23),
        AS_OF,
    )


def test_a_long_history_has_a_date_for_everything():
    plan = _plan(NEED + 2 * WAIT + 70)
    assert plan.score == AS_OF
    assert plan.test == date(2024, 4, 30)  # 10 June is over; that of 31 May ends on 10 July
    assert plan.calibrate == date(2024, 2, 29)
    assert plan.train == (date(2023, 12, 31),)
    assert plan.notes == ()


def test_a_date_that_nothing_is_used_for_says_why():
    quarterly, start = ChurnSettings(step_months=3), date(2022, 1, 1)
    plan = snapshot_dates(date(2024, 6, 30), history_start=start, settings=quarterly, outcome_days=118)
    assert plan.idle == (date(2023, 9, 30), date(2024, 3, 31))
    early, late = (plan.uses[day] for day in plan.idle)
    assert early == "not used: who left was known on 2024-01-26, after 2023-12-31, the date of the test"
    assert late == "not used: who left is known on 2024-07-27"
    assert plan.uses[plan.train[0]] == "in the test: learning; today: learning"


def test_today_is_foretold_from_the_last_known_outcome():
    today = _plan(NEED + 2 * WAIT + 70).for_scoring
    assert (today.calibrate, today.evaluate) == (date(2024, 4, 30), AS_OF)
    assert today.train == (date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29))


def test_without_room_to_calibrate_on_a_date_the_plan_says_so():
    plan = _plan(NEED + WAIT + 45)
    assert (plan.train, plan.calibrate, plan.test) == ((date(2024, 2, 29),), None, date(2024, 4, 30))
    assert "cover 225 days; 220, and up to a step each more" in plan.notes[0]
    assert "customers kept apart" in plan.notes[0]
    assert plan.for_scoring.calibrate == plan.test


def test_where_no_step_leads_to_a_date_the_latest_possible_day_is_taken():
    plan = _plan(NEED + WAIT + 30)
    assert (plan.train, plan.calibrate, plan.test) == ((date(2024, 3, 21),), None, date(2024, 4, 30))
    assert plan.dates == (date(2024, 3, 21), date(2024, 4, 30), AS_OF)


@pytest.mark.parametrize("history", [NEED, NEED + 5, NEED + WAIT - 1])
def test_with_one_outcome_only_other_customers_can_be_tested_on(history):
    plan = _plan(history)
    assert (plan.train, plan.calibrate) == ((plan.test,), None)
    assert "not on a later one" in plan.notes[0]
    assert plan.for_scoring.train == (plan.test,)
    assert plan.for_scoring.calibrate is None
    assert plan.dates == (plan.test, AS_OF)


def test_a_history_too_short_is_refused_with_the_days_needed():
    with pytest.raises(
        ShortHistory, match=r"cover 139 days up to 2024-06-30; one date .* needs 140"
    ) as error:
        _plan(NEED - 1)
    assert "later date needs 180, with a date to calibrate on 220" in str(error.value)


def test_records_that_begin_after_as_of_are_no_history():
    with pytest.raises(ShortHistory, match="cover 0 days"):
        _plan(-30)


def test_dates_of_long_ago_are_not_learned_from():
    plan = _plan(5000)
    assert len(plan.train) == MOST_TRAINING
    assert "the latest 24 are used" in plan.notes[0]
    assert plan.train[-1] == date(2023, 12, 31)


def test_an_outcome_that_needs_time_to_return_is_known_later():
    start = AS_OF - timedelta(days=400)
    early = snapshot_dates(AS_OF, history_start=start, settings=SETTINGS, outcome_days=WAIT + 25)
    assert early.test == date(2024, 3, 31)
    assert early.outcome_days == 65


@pytest.mark.parametrize(
    "changes",
    [
        {"train": (date(2024, 1, 31),)},  # known on 11 March, after the date to calibrate on
        {"calibrate": date(2024, 3, 31)},
        {"test": date(2024, 5, 31)},
        {"calibrate": None, "train": (date(2024, 3, 31),)},
    ],
)
def test_a_plan_in_which_an_outcome_reaches_into_a_later_date_is_refused(changes):
    with pytest.raises(ValueError, match="at least 40 days earlier"):
        replace(_plan(NEED + 2 * WAIT + 70), **changes)


@given(
    as_of=st.dates(date(2005, 1, 1), date(2030, 12, 31)),
    history=st.integers(0, 1500),
    observation=st.integers(1, 400),
    gap=st.integers(0, 60),
    horizon=st.integers(1, 200),
    step=st.none() | st.integers(1, 100),
)
def test_no_outcome_overlaps_a_later_use_and_every_date_has_its_history(
    as_of, history, observation, gap, horizon, step
):
    settings = ChurnSettings(observation_days=observation, gap_days=gap, horizon_days=horizon, step_days=step)
    start, wait = as_of - timedelta(days=history - 1), timedelta(days=gap + horizon)
    if history < observation + gap + horizon:
        with pytest.raises(ShortHistory):
            snapshot_dates(as_of, history_start=start, settings=settings)
        return
    plan = snapshot_dates(as_of, history_start=start, settings=settings)
    for stage in (plan.for_test, plan.for_scoring):
        assert stage.train
        assert set(stage.train) <= set(plan.dates)
        if stage.train != (stage.evaluate,):
            known = [day + wait for day in stage.train]
            assert all(end <= (stage.calibrate or stage.evaluate) for end in known)
        if stage.calibrate:
            assert stage.calibrate + wait <= stage.evaluate
            assert stage.calibrate not in stage.train
    assert plan.for_scoring.evaluate == as_of
    assert plan.test + wait <= as_of
    assert all((day - start).days + 1 >= observation for day in plan.dates)
    assert bool(plan.notes) or plan.calibrate is not None


def test_steps_of_three_months_keep_the_end_of_the_month():
    found = step_back(date(2024, 6, 30), until=date(2023, 9, 1), step_months=3)
    assert [str(day) for day in found] == ["2023-09-30", "2023-12-31", "2024-03-31", "2024-06-30"]
    settings = ChurnSettings(step_months=3)
    plan = snapshot_dates(date(2024, 6, 30), history_start=date(2022, 1, 1), settings=settings)
    assert all(day.month in (3, 6, 9, 12) for day in (*plan.train, plan.calibrate, plan.test))
    assert (
        len(plan.dates)
        <= len(
            snapshot_dates(date(2024, 6, 30), history_start=date(2022, 1, 1), settings=ChurnSettings()).dates
        )
        / 2
    )

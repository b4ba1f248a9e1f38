"""The operators drawn for the benchmark are what it says, and the truth is in the unit of the estimate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.operators import FAULTS, LEVER_OF, drawn_settings, true_effect
from cxmodels.datasets.operator import OperatorSettings, simulate_operator
from cxmodels.study import read_study


def test_each_seed_draws_an_operator_of_its_own_with_one_fault_that_does_nothing():
    drawn = [drawn_settings(seed) for seed in range(1, 9)]
    assert len({settings.leaving.mood for settings, _ in drawn}) == len(drawn)
    for settings, null in drawn:
        harmless = [
            kind
            for kind in FAULTS
            if getattr(settings.events, kind).impact == 0 and getattr(settings.events, kind).contact == 0
        ]
        assert harmless == [null]
    assert drawn_settings(3) == drawn_settings(3)


def test_the_hidden_confounder_is_the_only_difference():
    plain, hidden = drawn_settings(2)[0], drawn_settings(2, hidden=0.7)[0]
    assert (plain.hidden_confounder, hidden.hidden_confounder) == (0.0, 0.7)
    assert plain.events == hidden.events and plain.leaving == hidden.leaving


def test_every_lever_that_is_measured_belongs_to_a_driver_of_the_study():
    names = {one.name for one in read_study("data/nordtel").drivers}
    assert set(LEVER_OF) <= names


DATES = ("2023-04-30", "2023-10-31")


@pytest.fixture(scope="module")
def operator():
    return simulate_operator(2_000, seed=4)


def test_one_outage_more_makes_more_leave_and_a_login_does_not(operator):
    assert 0.003 < true_effect(operator, "outages", DATES) < 0.03
    assert true_effect(operator, "app_logins", DATES) == pytest.approx(0.0, abs=1e-12)


def test_a_minute_of_waiting_does_less_than_an_unresolved_contact(operator):
    minute, unresolved = (true_effect(operator, lever, DATES) for lever in ("waits", "unresolved"))
    assert 0 < minute < unresolved
    assert np.isfinite(unresolved)


def test_the_truth_of_several_dates_lies_between_those_of_each(operator):
    first, second = (true_effect(operator, "outages", [date]) for date in DATES)
    assert first != second
    assert min(first, second) < true_effect(operator, "outages", DATES) < max(first, second)


def test_a_call_that_helps_everybody_does_so_in_truth():
    base = OperatorSettings()
    helping = replace(base, leaving=replace(base.leaving, call_new=-0.9))
    effect = true_effect(simulate_operator(2_000, settings=helping, seed=4), "proactive_calls", DATES)
    # a call takes 0.9 off the log odds for as long as the horizon, of some 5 % who leave in it
    assert -0.05 < effect < -0.01

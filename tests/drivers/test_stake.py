"""Money on what evidence allows only; and the sum is what a hand would add up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmodels.drivers.grade import Evidence
from cxmodels.drivers.stake import change_of, value_at_stake, value_leaving
from cxmodels.study import DriverSettings

OUTAGES = DriverSettings(name="outages", window_days=30, change=-1)
WAITS = DriverSettings(name="waits", window_days=30, change="kept")
CALLS = DriverSettings(name="calls", window_days=30, change="+1")
LOGINS = DriverSettings(name="logins", window_days=30, change="-30 %")
DRIVERS = (OUTAGES, WAITS, CALLS, LOGINS)
EFFECTS = pd.DataFrame(
    {
        "driver": ["outages", "waits", "calls", "logins"],
        "mean": [4 / 3, 2 / 3, 1 / 3, 10 / 3],
        "unit": [0.02, 0.01, -0.005, 0.03],
        "unit_error": [0.002, 0.001, 0.001, 0.001],
        "left": 0.3,
    }
)
GRADES = {
    "outages": Evidence("sensitivity-tested", ()),
    "waits": Evidence("adjusted", ()),
    "calls": Evidence("experiment", ()),
    "logins": Evidence("association", ("It marks who the customer is.",)),
}
VALUES = pd.DataFrame(
    {
        "outages": [0.0, 1.0, 3.0],
        "waits": [2.0, 0.0, np.nan],
        "calls": [0.0, 0.0, 1.0],
        "logins": [9.0, 0.0, 1.0],
    }
)
CLV = np.array([100.0, 200.0, np.nan])


def stakes(**changes):
    options = {"values": VALUES, "clv": CLV, "chance": np.full(3, 0.3), "horizon_days": 90} | changes
    return value_at_stake(EFFECTS, GRADES, DRIVERS, **options).set_index("driver")


@given(st.lists(st.floats(0, 50), min_size=1, max_size=20), st.sampled_from([-1, "-30 %", "kept", "-100 %"]))
def test_no_change_takes_away_more_than_there_is(values, change):
    have = np.array(values)
    assert (have + change_of(have, change) >= -1e-9).all()
    assert (change_of(have, change)[have == 0] == 0).all()


HORIZONS = 365.25 / 90


def kept(change, *, chance=0.3):
    """What a change of the chance of leaving in a horizon keeps in a year."""
    return (1.0 - chance - change) ** HORIZONS - (1.0 - chance) ** HORIZONS


def test_what_is_kept_is_effect_times_change_times_worth_through_the_year():
    found = stakes()
    # one less of the customer with 200, and of one whose worth is not known; of the three windows of a
    # horizon, two befall each customer, since they are two of three
    of_one = 1.5 * kept(-2 * 0.02)
    assert found.loc["outages", "value_at_stake"] == pytest.approx(200 * of_one)
    assert found.loc["outages", "leavers"] == pytest.approx(2 * of_one)
    assert found.loc["outages", "reached"] == 2
    high, low = (200 * 1.5 * kept(-2 * (0.02 + half)) for half in (1.6448536 * 0.002, -1.6448536 * 0.002))
    assert found.loc["outages", "stake_high"] == pytest.approx(high)
    assert found.loc["outages", "stake_low"] == pytest.approx(low)
    assert found.loc["waits", "value_at_stake"] == pytest.approx(100 * 3 * kept(-2 * 0.01))


def test_one_more_is_given_to_everybody_once_in_a_horizon():
    assert stakes().loc["calls", "value_at_stake"] == pytest.approx(300 * kept(-0.005))
    assert stakes()["every_days"].to_dict() == {"outages": 30, "waits": 30, "calls": 90, "logins": 30}


def test_the_windows_of_a_horizon_befall_other_customers_as_long_as_there_are_others():
    rare = pd.DataFrame({name: [1.0] + [0.0] * 99 for name in VALUES})
    mean = EFFECTS.assign(mean=0.01, unit=0.25)
    at_hand = {"clv": np.ones(100), "chance": np.full(100, 0.3), "horizon_days": 90}
    found = value_at_stake(mean, GRADES, DRIVERS, values=rare, **at_hand).set_index("driver")
    # three customers, each met once; one, met three times, could be kept but once
    assert found.loc["outages", "leavers"] == pytest.approx(3 * kept(-0.25))
    assert found.loc["outages", "leavers"] > kept(-0.3)


def test_who_is_kept_in_one_horizon_may_leave_in_the_next():
    windows = 365.25 / 30
    found = stakes(chance=np.full(3, 0.5)).loc["outages", "leavers"]
    assert 0 < found < 0.5 * 2 * 0.02 * windows


def test_who_hardly_leaves_can_hardly_be_kept():
    values = VALUES.assign(outages=1.0)
    mean = EFFECTS.assign(mean=[1.0, 2 / 3, 1 / 3, 10 / 3], left=0.14)
    options = {"values": values, "clv": np.array([1.0, 0.0, 0.0]), "horizon_days": None}
    hardly, often = (
        value_at_stake(mean, GRADES, DRIVERS, chance=np.array(chance), **options)["value_at_stake"][0]
        for chance in ([0.02, 0.2, 0.2], [0.2, 0.02, 0.2])
    )
    # the effect is that of the driver on average, and in proportion to the chance of leaving
    assert hardly == pytest.approx(0.02 * 0.02 / 0.14)
    assert often == pytest.approx(10 * hardly)


def test_a_window_with_more_than_usual_counts_as_a_usual_one():
    usual = stakes()
    calm = EFFECTS.assign(mean=EFFECTS["mean"] / 2)
    at_hand = {"values": VALUES, "clv": CLV, "chance": np.full(3, 0.3), "horizon_days": 90}
    found = value_at_stake(calm, GRADES, DRIVERS, **at_hand).set_index("driver")
    assert found.loc["outages", "leavers"] == pytest.approx(2 * 1.5 * kept(-0.02))
    # a call for everybody is one for everybody, however many were called
    assert found.loc["calls", "leavers"] == usual.loc["calls", "leavers"]


def test_there_is_no_money_on_an_association():
    money = ["leavers", "value_at_stake", "stake_low", "stake_high"]
    assert stakes().loc["logins", money].isna().all()
    assert stakes().loc["logins", "reached"] == 2


def test_without_dates_a_window_is_counted_once():
    once = stakes(horizon_days=None).loc["outages", "value_at_stake"]
    assert once == pytest.approx(0.02 * 200)


def test_an_effect_that_is_not_there_has_no_money_whatever_its_grade():
    nothing = EFFECTS.assign(unit=np.nan)
    found = value_at_stake(
        nothing, GRADES, DRIVERS, values=VALUES, clv=CLV, chance=np.full(3, 0.3), horizon_days=90
    )
    assert found["value_at_stake"].isna().all()


def test_no_change_keeps_more_than_would_have_left():
    chance = np.array([0.0, 0.005, 0.5])
    strong = EFFECTS.assign(unit=[0.9, 0.01, -0.005, 0.03])
    options = {"values": VALUES, "clv": CLV, "chance": chance, "horizon_days": None}
    found = value_at_stake(strong, GRADES, DRIVERS, **options).set_index("driver")
    assert found.loc["outages", "value_at_stake"] == pytest.approx(0.005 * 200)
    assert found.loc["outages", "leavers"] == pytest.approx(0.005 + 0.5)


def test_in_a_year_no_more_are_kept_than_would_have_left():
    chance = np.array([0.2, 0.2, 0.2])
    of_year = 1.0 - 0.8**HORIZONS
    strong = EFFECTS.assign(unit=[0.9, 0.01, -0.005, 0.03])
    options = {"values": VALUES, "clv": CLV, "chance": chance, "horizon_days": 90}
    found = value_at_stake(strong, GRADES, DRIVERS, **options).set_index("driver")
    assert found.loc["outages", "leavers"] == pytest.approx(3 * of_year)
    assert found.loc["outages", "value_at_stake"] == pytest.approx(1.5 * of_year * 200)


def test_customers_who_leave_less_often_than_those_learned_from_are_kept_less():
    calm = stakes(chance=np.full(3, 0.03), horizon_days=None).loc["outages", "leavers"]
    assert calm == pytest.approx(stakes(horizon_days=None).loc["outages", "leavers"] / 10)


def test_what_leaves_in_a_year_is_what_is_kept_where_nobody_leaves_any_more():
    strong = EFFECTS.assign(unit=9.0)
    everybody = VALUES.assign(outages=1.0)
    at_hand = {"clv": CLV, "chance": np.array([0.1, 0.3, 0.2]), "horizon_days": 90}
    kept_all = value_at_stake(strong, GRADES, DRIVERS, values=everybody, **at_hand).set_index("driver")
    assert value_leaving(**at_hand) == pytest.approx(kept_all.loc["outages", "value_at_stake"])
    assert value_leaving(**at_hand | {"horizon_days": None}) == pytest.approx(100 * 0.1 + 200 * 0.3)

"""Tiers: everybody in exactly one, equals together, monotone in value, whatever the order of the rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmodels.value.tiers import assign_tiers, floors_of_levels, tier_floors, value_tiers

SHARES = {"top": 0.5, "high": 0.8, "middle": 0.95, "low": 1.0}
money = st.one_of(
    st.integers(-20, 40).map(float), st.floats(-1e9, 1e9, allow_nan=False, allow_subnormal=False)
)
values_of_customers = st.lists(money, min_size=1, max_size=60)


def numbers(values):
    return assign_tiers(values, tier_floors(values, SHARES))


def test_a_customer_is_in_the_first_tier_that_better_customers_leave_open():
    tiers = value_tiers(pd.Series([50.0, 30.0, 15.0, 5.0]), SHARES)
    assert tiers.tolist() == ["top", "high", "middle", "low"]


def test_the_customer_who_crosses_the_border_belongs_to_the_better_tier():
    assert value_tiers(pd.Series([40.0, 30.0, 30.0]), SHARES).tolist() == ["top", "top", "top"]
    assert value_tiers(pd.Series([40.0, 30.0, 20.0, 10.0]), SHARES).tolist() == [
        "top",
        "top",
        "high",
        "middle",
    ]


@given(values_of_customers)
def test_higher_value_never_means_a_lower_tier_and_equals_share_a_tier(values):
    tier = numbers(values)
    order = np.argsort(values)[::-1]
    assert (np.diff(tier[order]) >= 0).all()
    for value in set(values):
        assert len(set(tier[np.array(values) == value])) == 1


@given(values_of_customers, st.randoms())
def test_order_of_rows_does_not_matter(values, random):
    shuffled = list(range(len(values)))
    random.shuffle(shuffled)
    assert numbers(values)[shuffled].tolist() == numbers([values[i] for i in shuffled]).tolist()


@given(values_of_customers)
def test_customers_worth_more_hold_less_than_the_share_of_the_tier(values):
    value = np.array(values)
    total = value[value > 0].sum()
    for tier, bound in zip(numbers(values)[value > 0], value[value > 0], strict=True):
        above = value[value > bound].sum()
        assert above < list(SHARES.values())[tier] * total * (1 + 1e-12)
        if tier > 0:
            assert above >= list(SHARES.values())[tier - 1] * total * (1 - 1e-12)


@given(values_of_customers)
def test_no_value_or_less_is_always_the_last_tier(values):
    value = np.array(values)
    assert (numbers(values)[value <= 0] == 3).all()


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.integers(2, 5))
def test_counted_levels_have_the_floors_of_the_customers_one_by_one(values, times):
    weights = np.arange(len(values)) % times
    repeated = np.repeat(values, weights)
    if len(repeated):
        levels, place = np.unique(values, return_inverse=True)
        counts = np.bincount(place, weights=weights).astype(float)
        floors = floors_of_levels(levels.astype(float), counts, np.array(list(SHARES.values())))
        assert floors.tolist() == list(tier_floors(repeated, SHARES).values())


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30))
def test_currency_does_not_matter(values):
    assert numbers(values).tolist() == numbers(np.array(values) * 1024.0).tolist()


def test_all_worth_nothing_are_all_in_the_last_tier():
    assert value_tiers(pd.Series([0.0, 0.0]), SHARES).tolist() == ["low", "low"]


def test_index_is_kept_and_the_frame_is_not_changed():
    values = pd.Series([1.0, 9.0], index=["b", "a"])
    tiers = value_tiers(values, {"top": 0.5, "low": 1.0})
    assert tiers.to_dict() == {"b": "low", "a": "top"}
    assert values.tolist() == [1.0, 9.0]


@pytest.mark.parametrize(
    "shares", [{"a": 1.0}, {"a": 0.8, "b": 0.5, "c": 1.0}, {"a": 0.5, "b": 0.9}, {"a": 0.0, "b": 1.0}]
)
def test_shares_that_do_not_rise_to_one_are_refused(shares):
    with pytest.raises(ValueError, match=r"rise to 1\.0"):
        tier_floors([1.0], shares)


def test_a_missing_value_is_refused_with_its_count():
    with pytest.raises(ValueError, match="1 of 2 customers have a missing"):
        tier_floors([1.0, float("nan")], SHARES)

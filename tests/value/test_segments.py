"""Segments: everybody in exactly one, by rules that are printed as they were applied."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmodels.study import SegmentSettings
from cxmodels.value.segment_rules import REPAIR, SEGMENTS
from cxmodels.value.segments import (
    LIFECYCLES,
    assign_segments,
    expected_gap_days,
    lifecycles,
    typical_gap_days,
)

RULES = SegmentSettings()
NAMES = [rule.name for rule in SEGMENTS]


def population(customers=400, seed=3):
    rng = np.random.default_rng(seed)
    age = rng.uniform(0, 80, customers).round(3)
    frequency = rng.poisson(rng.gamma(0.5, 2.0, customers))
    recency = np.where(frequency > 0, age * rng.uniform(0, 1, customers), 0.0)
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:04d}" for i in range(customers)],
            "frequency": frequency,
            "recency": recency,
            "T": age,
            "clv": rng.gamma(0.3, 100.0, customers).round(2),
            "total_spend": rng.gamma(0.5, 200.0, customers).round(2),
            "refunds": rng.gamma(0.1, 50.0, customers).round(2),
        }
    )


row = st.fixed_dictionaries(
    {
        "frequency": st.integers(0, 50),
        "share": st.floats(0, 1),
        "T": st.floats(0, 500),
        "clv": st.floats(-100, 1e6),
        "total_spend": st.floats(0, 1e6),
        "refunds": st.floats(0, 1e5),
    }
)


def frame(rows):
    customers = pd.DataFrame(rows)
    customers["recency"] = np.where(customers["frequency"] > 0, customers["share"] * customers["T"], 0.0)
    return customers.drop(columns="share").assign(customer_id=[f"c{i}" for i in range(len(rows))])


@given(st.lists(row, min_size=1, max_size=40))
@settings(max_examples=60)
def test_every_customer_is_in_exactly_one_group_of_each_kind(rows):
    result = assign_segments(frame(rows), RULES)
    who = result.customers
    assert len(who) == len(rows)
    assert set(who["segment"]) <= {*NAMES, REPAIR.name}
    assert set(who["lifecycle"]) <= set(LIFECYCLES)
    assert set(who["value_tier"]) <= set(RULES.tiers)
    for table in (result.table, result.tiers, result.lifecycles):
        assert table["customers"].sum() == len(rows)
        assert table["customer_share"].sum() == pytest.approx(1.0)


@given(st.lists(row, min_size=2, max_size=40), st.randoms())
@settings(max_examples=60)
def test_order_of_rows_does_not_matter(rows, random):
    customers = frame(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    straight = assign_segments(customers, RULES).customers.set_index("customer_id")
    mixed = assign_segments(customers.iloc[order], RULES).customers.set_index("customer_id")
    pd.testing.assert_frame_equal(mixed.loc[straight.index], straight)


@given(st.lists(row, min_size=2, max_size=30), st.integers(0, 29))
@settings(max_examples=60)
def test_more_value_never_makes_a_customer_less_valuable(rows, which):
    customers = frame(rows)
    which %= len(rows)
    rank = {tier: number for number, tier in enumerate(RULES.tiers)}
    before = rank[assign_segments(customers, RULES).customers["value_tier"].iloc[which]]
    customers.loc[which, "clv"] += 1000.0
    after = rank[assign_segments(customers, RULES).customers["value_tier"].iloc[which]]
    assert after <= before


def test_shares_of_past_and_future_value_add_up_to_one():
    result = assign_segments(population(), RULES)
    for table in (result.table, result.tiers, result.lifecycles):
        assert table["past_share"].sum() == pytest.approx(1.0)
        assert table["future_share"].sum() == pytest.approx(1.0)
        assert table["future_value"].sum() == pytest.approx(population()["clv"].sum())


def test_tables_list_every_name_in_order_even_where_nobody_is_in_it():
    one = population(1)
    result = assign_segments(one, RULES)
    assert result.table["segment"].tolist() == NAMES
    assert result.lifecycles["lifecycle"].tolist() == list(LIFECYCLES)
    assert result.tiers["value_tier"].tolist() == list(RULES.tiers)
    assert not result.table.isna().any().any()


def test_lifecycle_follows_the_own_rhythm():
    named = lifecycles(
        silence=[10, 20, 20.1, 40, 40.1, 5], age=[300, 300, 300, 300, 300, 90], gap=[10] * 6, settings=RULES
    )
    assert named.tolist() == ["active", "active", "cooling", "cooling", "lapsed", "new"]


def test_thresholds_come_from_the_study():
    patient = SegmentSettings(new_days=30, active_gaps=5, lapsed_gaps=9)
    named = lifecycles(silence=[40, 60, 91, 5], age=[300, 300, 300, 31], gap=[10] * 4, settings=patient)
    assert named.tolist() == ["active", "cooling", "lapsed", "active"]


def test_one_purchase_makes_no_rhythm_and_many_do():
    assert expected_gap_days([0], [0], typical=60).tolist() == [60.0]
    assert expected_gap_days([1], [10], typical=60).tolist() == [35.0]
    assert expected_gap_days([99], [990], typical=60)[0] == pytest.approx(10.5)


def test_typical_gap_is_the_median_of_repeat_buyers():
    assert typical_gap_days([0, 1, 2, 4], [0, 30, 20, 400], otherwise=90) == 30.0
    assert typical_gap_days([0, 0], [0, 0], otherwise=90) == 90.0


def two_tiers(**changed):
    base = {"customer_id": ["x", "y"], "frequency": [4, 4], "recency": [40.0, 40.0], "T": [41.0, 41.0]}
    return pd.DataFrame(
        {**base, "clv": [90.0, 1.0], "total_spend": [90.0, 1.0], "refunds": [0.0, 0.0], **changed}
    )


@pytest.mark.parametrize(
    ("ages", "names"),
    [
        ([41.0, 41.0], ["protect", "grow"]),
        ([65.0, 65.0], ["rescue", "remind"]),
        ([200.0, 200.0], ["win back", "let rest"]),
    ],
)
def test_value_and_lifecycle_combine_to_the_named_segments(ages, names):
    assert assign_segments(two_tiers(T=ages), RULES).customers["segment"].tolist() == names


def test_new_customers_are_nurtured_whatever_they_are_worth():
    new = two_tiers(frequency=[0, 1], recency=[0.0, 1.0], T=[2.0, 3.0])
    assert assign_segments(new, RULES).customers["segment"].tolist() == ["nurture", "nurture"]


def test_past_value_counts_only_for_those_who_went_quiet():
    lost = two_tiers(T=[200.0, 200.0], clv=[1.0, 90.0])
    assert assign_segments(lost, RULES).customers["segment"].tolist() == ["win back", "win back"]
    active = two_tiers(clv=[1.0, 90.0])
    assert assign_segments(active, RULES).customers["segment"].tolist() == ["grow", "protect"]


@pytest.mark.parametrize(
    ("ages", "name"), [([41.0] * 2, "repair"), ([65.0] * 2, "repair"), ([200.0] * 2, "let rest")]
)
def test_who_costs_more_than_they_bring_is_neither_protected_nor_won_back(ages, name):
    costly = two_tiers(T=ages, clv=[-9.0, 1.0], total_spend=[900.0, 1.0])
    result = assign_segments(costly, RULES)
    assert result.customers["segment"].iloc[0] == name
    assert result.customers["value_tier"].iloc[0] == "low"
    assert result.table["segment"].tolist() == [*NAMES, "repair"]
    rules = result.rules.set_index(["kind", "name"])["rule"]
    assert "future value below 0" in rules["segment", name]


def test_new_customers_who_cost_are_repaired_before_they_are_nurtured():
    new = two_tiers(frequency=[0, 1], recency=[0.0, 1.0], T=[2.0, 3.0], clv=[-1.0, 5.0])
    assert assign_segments(new, RULES).customers["segment"].tolist() == ["repair", "nurture"]


def test_past_margin_stands_for_past_spend_where_costs_are_known():
    lost = two_tiers(T=[200.0, 200.0], total_spend=[900.0, 80.0], past_margin=[1.0, 30.0], clv=[0.0, 0.0])
    result = assign_segments(lost, RULES)
    assert result.customers["segment"].tolist() == ["let rest", "win back"]
    assert result.table["past_value"].sum() == 31.0
    assert result.customers["monetary_score"].iloc[0] > result.customers["monetary_score"].iloc[1]
    assert "past margin" in result.rules.set_index("name").loc["win back", "rule"]


def test_shares_are_of_the_net_value_and_missing_where_there_is_none():
    costly = assign_segments(two_tiers(clv=[90.0, -45.0]), RULES).table.set_index("segment")
    assert costly.loc["protect", "future_share"] == 2.0
    assert costly.loc["repair", "future_share"] == -1.0
    assert assign_segments(two_tiers(clv=[9.0, -45.0]), RULES).table["future_share"].isna().all()


def test_refunds_reduce_what_a_customer_was_worth():
    lost = two_tiers(T=[200.0, 200.0], total_spend=[90.0, 80.0], refunds=[89.0, 0.0], clv=[0.0, 0.0])
    result = assign_segments(lost, RULES)
    assert result.customers["segment"].tolist() == ["let rest", "win back"]
    assert result.table["past_value"].sum() == 81.0


def test_printed_rules_are_the_rules_applied():
    customers = population()
    result = assign_segments(customers, RULES)
    rules = result.rules.set_index(["kind", "name"])["rule"]

    def figure(kind, name, words):
        return float(re.search(words + r" ([\d.,]*\d)", rules[kind, name])[1].replace(",", ""))

    floors = [figure("value tier", tier, "future value of") for tier in list(RULES.tiers)[:-1]]
    by_print = np.array(list(RULES.tiers))[(customers["clv"].to_numpy()[:, None] < floors).sum(axis=1)]
    assert by_print.tolist() == result.customers["value_tier"].tolist()

    who = result.customers
    gaps = who["silence_days"] / who["expected_gap_days"]
    new = customers["T"] * 7 <= figure("lifecycle", "new", "at most")
    active = gaps <= figure("lifecycle", "active", "at most")
    cooling = gaps <= figure("lifecycle", "cooling", "at most")
    lapsed = gaps > figure("lifecycle", "lapsed", "more than")
    by_print = np.select([new, active, cooling, lapsed], ["new", "active", "cooling", "lapsed"], "nobody")
    assert by_print.tolist() == who["lifecycle"].tolist()
    assert figure("lifecycle", "active", "typical gap of") == pytest.approx(result.typical_gap_days, abs=0.05)

    for name, members in who.groupby("segment"):
        rule = rules["segment", name]
        assert set(members["lifecycle"]) == {rule.split(",")[0]}
        valuable = members["value_tier"].isin(["top", "high"])
        if rule.split(",")[0] in ("cooling", "lapsed"):
            valuable |= members["past_tier"].isin(["top", "high"])
        if "in tier top or high" in rule:
            assert not valuable.any() if "not in" in rule or "neither" in rule else valuable.all()


def test_intervals_come_from_the_totals_given():
    customers = population()

    def totals(groups):
        clv = customers.set_index("customer_id")["clv"].groupby(groups).sum()
        return pd.DataFrame(
            {
                "group": clv.index,
                "clv": clv.to_numpy(),
                "low": clv.to_numpy() * 0.9,
                "high": clv.to_numpy() * 1.2,
            }
        )

    table = assign_segments(customers, RULES, totals=totals).table
    assert table["future_low"].to_numpy() == pytest.approx(table["future_value"].to_numpy() * 0.9)
    assert table["future_high"].to_numpy() == pytest.approx(table["future_value"].to_numpy() * 1.2)
    assert "future_low" not in assign_segments(customers, RULES).table.columns


def test_time_unit_does_not_change_the_segments():
    weeks = population()
    days = weeks.assign(recency=weeks["recency"] * 7, T=weeks["T"] * 7)
    by_week = assign_segments(weeks, RULES, unit="week").customers["segment"]
    assert by_week.tolist() == assign_segments(days, RULES, unit="day").customers["segment"].tolist()


def test_a_missing_column_and_a_repeated_customer_are_named():
    with pytest.raises(ValueError, match=r"lack the columns \['clv'\]"):
        assign_segments(population().drop(columns="clv"), RULES)
    with pytest.raises(ValueError, match="400 rows repeat a customer_id"):
        assign_segments(pd.concat([population(), population()]), RULES)


def test_the_callers_frame_is_left_alone():
    customers = population()
    copy = customers.copy(deep=True)
    assign_segments(customers, RULES)
    pd.testing.assert_frame_equal(customers, copy)

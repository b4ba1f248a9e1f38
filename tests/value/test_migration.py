"""Migration counts everybody once; stability is high where tiers are far apart and low where they are not."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmodels.value.migration import GONE, NOT_YET, earlier_date, migrate, tier_stability
from cxmodels.value.tiers import tier_floors

ORDER = ["top", "middle", "low"]
SHARES = {"top": 0.5, "high": 0.8, "low": 1.0}


def on_date(groups, value=None):
    table = pd.DataFrame({"customer_id": list(groups), "tier": list(groups.values())})
    return table if value is None else table.assign(clv=[value[c] for c in groups])


labels = st.dictionaries(st.integers(0, 30).map(str), st.sampled_from(ORDER), max_size=25)


@given(labels, labels)
def test_everybody_is_counted_once_on_each_date(before, after):
    moved = migrate(on_date(before), on_date(after), column="tier", order=ORDER)
    table = moved.table
    assert table["customers"].sum() == len(before.keys() | after.keys())
    assert table.loc[table["before"] != NOT_YET, "customers"].sum() == len(before)
    assert table.loc[table["after"] != GONE, "customers"].sum() == len(after)
    assert moved.known == len(before.keys() & after.keys())
    assert moved.matrix.to_numpy().sum() == len(before.keys() | after.keys())
    if moved.known:
        assert moved.stayed + moved.risen + moved.fallen == pytest.approx(1.0)


@given(labels)
def test_nobody_moves_when_nothing_changes(groups):
    moved = migrate(on_date(groups), on_date(groups), column="tier", order=ORDER)
    assert (moved.table["before"] == moved.table["after"]).all()
    assert moved.matrix.index.tolist() == moved.matrix.columns.tolist() == ORDER
    assert moved.stayed == (1.0 if groups else 0.0)


def test_the_matrix_reads_from_rows_to_columns():
    moved = migrate(
        on_date({"a": "top", "b": "top", "c": "low"}),
        on_date({"a": "low", "b": "top", "c": "middle", "d": "low"}),
        column="tier",
        order=ORDER,
    )
    assert moved.matrix.loc["top"].tolist() == [1, 0, 1]
    assert moved.matrix.loc[NOT_YET].tolist() == [0, 0, 1]
    assert moved.shares.loc["top"].tolist() == [0.5, 0.0, 0.5]
    assert moved.shares.loc["middle"].sum() == 0.0
    assert (moved.stayed, moved.risen, moved.fallen) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_value_is_summed_on_both_dates():
    before = on_date({"a": "top", "b": "top"}, {"a": 10.0, "b": 5.0})
    after = on_date({"a": "low", "b": "low", "c": "top"}, {"a": 1.0, "b": 2.0, "c": 7.0})
    table = migrate(before, after, column="tier", order=ORDER, value="clv").table.set_index(
        ["before", "after"]
    )
    assert table.loc[("top", "low"), ["value_before", "value_after"]].tolist() == [15.0, 3.0]
    assert table.loc[(NOT_YET, "top"), ["value_before", "value_after"]].tolist() == [0.0, 7.0]


def test_shares_are_of_the_group_before():
    before, after = on_date({"a": "top", "b": "top"}), on_date({"a": "low"})
    table = migrate(before, after, column="tier", order=ORDER).table
    assert table[["after", "share_of_before"]].to_numpy().tolist() == [["low", 0.5], [GONE, 0.5]]


def test_groups_outside_the_order_and_repeated_customers_are_refused():
    with pytest.raises(ValueError, match=r"\['gold'\]"):
        migrate(on_date({"a": "gold"}), on_date({}), column="tier", order=ORDER)
    twice = pd.concat([on_date({"a": "top"})] * 2)
    with pytest.raises(ValueError, match="repeats a customer_id in 1 rows"):
        migrate(on_date({"a": "top"}), twice, column="tier", order=ORDER)


def test_tiers_far_apart_are_stable():
    values = [100.0] * 140 + [12.0] * 500 + [1.0] * 3000
    result = tier_stability(values, SHARES, resamples=100)
    assert result.kept == 1.0
    assert result.table["floor"].tolist()[:2] == [100.0, 12.0]
    assert result.table["floor_low"].tolist()[:2] == [100.0, 12.0]


def test_more_customers_make_firmer_borders():
    rng = np.random.default_rng(1)
    small, large = (tier_stability(rng.lognormal(0, 1, n), SHARES, resamples=60) for n in (100, 10_000))
    assert small.kept < large.kept < 1.0
    spread = [t.table["floor_high"].iloc[0] - t.table["floor_low"].iloc[0] for t in (small, large)]
    assert spread[1] < spread[0] / 4


def test_floor_limits_cover_the_floor_of_the_population():
    truth = tier_floors(np.random.default_rng(5).lognormal(0, 1, 400_000), SHARES)["top"]
    covered = 0
    for seed in range(40):
        sample = np.random.default_rng(100 + seed).lognormal(0, 1, 500)
        table = tier_stability(sample, SHARES, resamples=150, seed=seed).table
        covered += table["floor_low"].iloc[0] <= truth <= table["floor_high"].iloc[0]
    # 90 % limits: 36 of 40 expected, standard error 1.9; three of them below.
    assert covered >= 30


def test_the_same_seed_gives_the_same_answer_and_order_does_not_matter():
    values = np.random.default_rng(4).lognormal(0, 1, 300)
    first = tier_stability(values, SHARES, resamples=30, seed=8)
    again = tier_stability(values[::-1], SHARES, resamples=30, seed=8)
    pd.testing.assert_frame_equal(first.table, again.table)


def test_an_empty_tier_keeps_its_nobody_and_the_last_has_no_floor():
    table = tier_stability([100.0, 1.0, 1.0], SHARES, resamples=30).table
    assert table["customers"].tolist() == [1, 0, 2]
    assert table["kept"].iloc[1] == 1.0
    assert np.isnan(table["floor"].iloc[2])


def test_the_earlier_date_is_a_third_back_and_at_most_a_year():
    assert earlier_date(date(2024, 1, 1), date(2024, 3, 30)) == date(2024, 2, 29)
    assert earlier_date(date(2010, 1, 1), date(2024, 12, 31)) == date(2024, 1, 1)
    assert earlier_date(date(2024, 1, 1), date(2024, 12, 31), days=10) == date(2024, 12, 21)
    assert earlier_date(pd.Timestamp(2024, 1, 1), date(2024, 3, 30)) == date(2024, 2, 29)


def test_a_date_before_the_history_is_refused():
    with pytest.raises(ValueError, match="compare_days"):
        earlier_date(date(2024, 1, 1), date(2024, 1, 31), days=60)


def test_a_history_of_one_day_is_compared_with_the_day_before_it():
    assert earlier_date(date(2024, 1, 1), date(2024, 1, 1)) == date(2023, 12, 31)

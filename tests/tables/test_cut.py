"""Time is cut once: the whole day of `as_of` is known, and the rest comes after."""

from __future__ import annotations

from datetime import date, datetime

import ibis
import pytest

from cxmodels.tables import known_by, within
from cxmodels.tables.cut import known_since

EDGES = [
    datetime(2025, 1, 30, 23, 59, 59),
    datetime(2025, 1, 31),
    datetime(2025, 1, 31, 23, 59, 59, 999999),
    datetime(2025, 2, 1),
    datetime(2025, 2, 28, 23, 59, 59, 999999),
    datetime(2025, 3, 1),
]


@pytest.fixture(scope="module")
def log():
    return ibis.memtable({"timestamp": EDGES})


def moments(table):
    return sorted(table.timestamp.to_pyarrow().to_pylist())


def test_the_whole_day_of_as_of_is_known(log):
    assert moments(known_by(log, date(2025, 1, 31))) == EDGES[:3]


def test_a_window_starts_the_day_after_and_includes_its_last_day(log):
    assert moments(within(log, date(2025, 1, 31), date(2025, 2, 28))) == EDGES[3:5]


@pytest.mark.parametrize("cut", [date(2025, 1, 30), date(2025, 1, 31), date(2025, 2, 14)])
def test_known_and_later_rows_part_the_table(log, cut):
    assert moments(known_by(log, cut)) + moments(within(log, cut, date(2026, 1, 1))) == EDGES


def test_another_column_can_be_cut(log):
    renamed = log.rename(recorded="timestamp")
    assert known_by(renamed, date(2025, 1, 31), column="recorded").count().to_pyarrow().as_py() == 3


def test_rows_without_a_date_are_not_known():
    table = ibis.memtable({"timestamp": [EDGES[0], None]}, schema={"timestamp": "timestamp"})
    assert known_by(table, date(2026, 1, 1)).count().to_pyarrow().as_py() == 1


def test_a_window_that_ends_before_it_starts_is_refused(log):
    with pytest.raises(ValueError, match="ends on 2025-01-30, before it starts"):
        within(log, date(2025, 1, 31), date(2025, 1, 30))


def test_a_history_may_start_later_and_holds_its_whole_first_day(log):
    assert moments(known_since(log, date(2025, 1, 31), date(2025, 2, 28))) == EDGES[1:5]
    assert moments(known_since(log, None, date(2025, 1, 31))) == EDGES[:3]
    with pytest.raises(ValueError, match="nothing would be left"):
        known_since(log, date(2025, 2, 1), date(2025, 1, 31))


@pytest.fixture(scope="module")
def late():
    """One row in time, one recorded late, one of which nothing says when it was recorded."""
    happened = [datetime(2025, 1, 30), datetime(2025, 1, 31), datetime(2025, 1, 31, 12)]
    recorded = [datetime(2025, 1, 30), datetime(2025, 2, 2), None]
    return ibis.memtable(
        {"timestamp": happened, "recorded_at": recorded},
        schema={"timestamp": "timestamp", "recorded_at": "timestamp"},
    )


def test_a_row_is_known_when_it_was_recorded(late):
    happened = moments(late)
    assert moments(known_by(late, date(2025, 1, 31))) == [happened[0], happened[2]]
    assert moments(known_by(late, date(2025, 2, 2))) == happened
    assert moments(known_since(late, date(2025, 1, 31), date(2025, 2, 1))) == [happened[2]]


def test_rows_recorded_late_part_the_table_too(late):
    cut = date(2025, 1, 31)
    assert moments(within(late, cut, date(2026, 1, 1))) == [datetime(2025, 1, 31)]
    assert sorted(moments(known_by(late, cut)) + moments(within(late, cut, date(2026, 1, 1)))) == moments(
        late
    )


def test_a_table_that_does_not_say_when_it_was_recorded_is_cut_by_one_plain_comparison(log):
    assert "COALESCE" in ibis.to_sql(known_by(log.mutate(recorded_at=log.timestamp), date(2025, 1, 31)))
    assert "COALESCE" not in ibis.to_sql(known_by(log, date(2025, 1, 31)))


def test_a_recorded_time_that_is_no_time_is_refused(log):
    with pytest.raises(ValueError, match="recorded_at is string"):
        known_by(log.mutate(recorded_at=ibis.literal("soon")), date(2025, 1, 31))

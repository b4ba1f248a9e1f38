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

"""Activity along the calendar: empty weeks show, nothing is counted twice, refunds stand apart."""

from datetime import date, datetime

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.tables.activity import activity, nothing_known
from cxmodels.value.summary import summarise


def log(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount"])
    return ibis.memtable(
        frame.astype({"customer_id": "str", "timestamp": "datetime64[us]", "amount": "float64"})
    )


FOUR_WEEKS = log(
    ("a", datetime(2025, 1, 6, 9), 10.0),
    ("a", datetime(2025, 1, 7, 23, 59), -4.0),
    ("b", datetime(2025, 1, 12, 12), 0.0),
    ("a", datetime(2025, 1, 27), 6.0),
    ("c", datetime(2025, 2, 2, 23, 59, 59), 5.0),
)


def test_weeks_without_a_row_are_in_the_table():
    result = activity(FOUR_WEEKS, as_of=date(2025, 2, 2))
    assert result.table["rows"].tolist() == [3, 0, 0, 2]
    assert result.empty_weeks == [date(2025, 1, 13), date(2025, 1, 20)]
    assert result.table["customers"].tolist() == [2, 0, 0, 2]


def test_the_verdict_counts_the_empty_weeks():
    result = activity(FOUR_WEEKS, as_of=date(2025, 2, 2))
    assert result.verdict == "2 of 4 weeks have no activity at all, the first from 2025-01-13"
    one = activity(FOUR_WEEKS.union(log(("a", datetime(2025, 1, 14), 1.0))), as_of=date(2025, 2, 2))
    assert one.verdict == "One of 4 weeks has no activity at all, that from 2025-01-20"
    full = activity(FOUR_WEEKS.filter(FOUR_WEEKS.timestamp < datetime(2025, 1, 13)), as_of=date(2025, 2, 2))
    assert full.verdict == "The one week has activity"


def test_totals_agree_with_the_weeks():
    result = activity(FOUR_WEEKS, as_of=date(2025, 2, 2))
    assert (result.rows, result.customers, result.buyers, result.repeat_customers) == (5, 3, 3, 1)
    assert (result.refund_rows, result.zero_rows) == (1, 1)
    assert (result.spend, result.refunds) == (21.0, 4.0)
    assert result.table["spend"].sum() == 21.0 and result.table["refunds"].sum() == 4.0
    assert result.repeat_share == pytest.approx(1 / 3)
    assert result.refund_share == pytest.approx(4 / 21)
    assert result.history_days == 28


def test_a_day_belongs_to_what_is_known_to_its_end():
    assert activity(FOUR_WEEKS, as_of=date(2025, 2, 2)).later_rows == 0
    assert activity(FOUR_WEEKS, as_of=date(2025, 2, 1)).later_rows == 1


def test_what_came_later_is_in_no_other_count():
    result = activity(FOUR_WEEKS, as_of=date(2025, 1, 26))
    assert (result.rows, result.customers, result.repeat_customers, result.later_rows) == (3, 2, 0, 2)
    assert result.last_day == date(2025, 1, 12)
    assert result.table["rows"].tolist() == [3]


def test_weeks_cut_by_the_start_or_the_end_of_the_log_are_marked():
    result = activity(FOUR_WEEKS, as_of=date(2025, 2, 2))
    assert result.table["whole"].tolist() == [True] * 4
    cut = log(
        ("a", datetime(2025, 1, 8), 1.0), ("a", datetime(2025, 1, 15), 1.0), ("a", datetime(2025, 1, 21), 1.0)
    )
    assert activity(cut, as_of=date(2025, 2, 2)).table["whole"].tolist() == [False, True, False]


def test_one_row_is_a_log():
    result = activity(log(("a", datetime(2025, 1, 8), -1.0)), as_of=date(2025, 1, 8))
    assert (result.rows, result.history_days, result.refund_share) == (1, 1, 0.0)
    assert (result.customers, result.buyers, result.repeat_share) == (1, 0, 0.0)


def test_a_refund_on_another_day_is_no_second_purchase():
    bought = log(("a", datetime(2025, 1, 6), 10.0), ("a", datetime(2025, 1, 9), -10.0))
    assert activity(bought, as_of=date(2025, 2, 2)).repeat_share == 0.0
    swapped = bought.union(log(("a", datetime(2025, 1, 9, 12), 12.0)))
    assert activity(swapped, as_of=date(2025, 2, 2)).repeat_share == 1.0


def test_buyers_are_those_of_the_summary_that_values_rest_on():
    rng = np.random.default_rng(4)
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 30, 400), unit="D")
    rows = zip(rng.integers(0, 90, 400).astype(str), days, rng.integers(-4, 7, 400), strict=True)
    many, as_of = log(*rows), date(2025, 1, 25)
    result, summary = activity(many, as_of=as_of), summarise(many, as_of=as_of).to_pandas()
    assert result.buyers == len(summary) < result.customers
    assert result.repeat_customers == (summary["frequency"] > 0).sum() > 0


def test_a_day_given_back_to_the_last_digit_is_no_purchase_here_and_in_the_summary():
    day = datetime(2025, 1, 6)
    thirds = log(("a", day, 0.1), ("a", day, 0.2), ("a", day, -0.3), ("b", day, 1.0))  # a: 5.6e-17
    assert activity(thirds, as_of=date(2025, 2, 2)).buyers == 1
    assert summarise(thirds, as_of=date(2025, 2, 2)).customer_id.to_pandas().tolist() == ["b"]


def test_nothing_at_all_is_refused():
    with pytest.raises(ValueError, match="there is no row at all"):
        activity(FOUR_WEEKS.filter(FOUR_WEEKS.amount > 99), as_of=date(2025, 2, 2))
    with pytest.raises(ValueError, match="5 rows after it"):
        activity(FOUR_WEEKS, as_of=date(2025, 1, 1))


def test_where_nothing_is_known_it_is_said_on_which_side_the_rows_lie():
    known = {"as_of": date(2025, 1, 26), "history_start": date(2025, 1, 13)}
    assert nothing_known(FOUR_WEEKS, as_of=date(2025, 1, 6)) == ""
    assert nothing_known(FOUR_WEEKS, as_of=date(2025, 1, 5)).startswith(
        "No purchase is known by 2025-01-05: there are 5 rows after it, the first of 2025-01-06."
    )
    assert nothing_known(FOUR_WEEKS, **known).startswith(
        "No purchase is known from 2025-01-13, where the history starts, to 2025-01-26: there are 3 rows "
        "before it, the last of 2025-01-12 and 2 rows after it, the first of 2025-01-27."
    )
    one = FOUR_WEEKS.filter(FOUR_WEEKS.customer_id == "c")
    assert "there is 1 row after it" in nothing_known(one, **known)

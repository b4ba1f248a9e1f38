"""Each figure is what can be counted by hand; who has no records has zeros and no figures."""

from __future__ import annotations

import math

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.experience.signals import Signal, signal_frame
from tests.experience.conftest import people, table

NAN = pytest.approx(math.nan, nan_ok=True)
A, B = ("a", "2025-03-31"), ("b", "2025-03-31")


@pytest.fixture
def events():
    return table(
        "events",
        [
            ("a", "2024-12-31 23:59", "outage", 8.0),  # 90 days ago: just outside 90 days
            ("a", "2025-01-01 00:00", "outage", 2.0),  # 89 days ago: the first day inside
            ("a", "2025-03-01 10:00", "outage", None),
            ("a", "2025-03-31 23:59", "outage", 5.0),  # the day itself
            ("a", "2025-04-01 00:00", "outage", 99.0),  # not yet
            ("a", "2025-03-30 12:00", "return", None),
        ],
        *("customer_id", "timestamp", "kind", "magnitude"),
    )


@pytest.mark.parametrize(
    ("statistic", "days", "figure"),
    [
        ("count", 90, 3),
        ("count", 91, 4),
        ("count", 1, 1),
        ("sum", 90, 7),
        ("mean", 90, 3.5),
        ("worst", 90, 5),
        ("worst", 91, 8),
        ("days_since", 90, 0),
        ("trend", 45, 1),  # two in the last 45 days, one in the 45 before
        ("trend", 31, 2),
    ],
)
def test_events_are_counted_in_their_window(ask, events, statistic, days, figure):
    assert ask(events, "events", statistic, A, of="outage", days=days) == [figure]


@pytest.mark.parametrize(
    ("statistic", "months", "figure"),
    [
        ("count", 1, 2),  # from the first of March on
        ("count", 3, 3),  # from the first of January on, as 31 March ends a month
        ("count", 4, 4),
        ("trend", 1, 2),
        ("trend", 3, 2),  # one in the three before
    ],
)
def test_events_are_counted_in_calendar_months(ask, events, statistic, months, figure):
    assert ask(events, "events", statistic, A, of="outage", months=months) == [figure]


def test_months_up_to_another_day_begin_on_the_day_after_it(ask):
    days = ["2025-01-15", "2025-01-16", "2025-02-15", "2025-02-16", "2025-03-15"]
    log = table("events", [("a", day, "visit") for day in days], "customer_id", "timestamp", "kind")
    counts = [ask(log, "events", "count", ("a", "2025-03-15"), months=months) for months in (1, 2, 3)]
    assert counts == [[2], [4], [5]]


def test_promises_are_broken_above_the_limit_and_not_at_it(ask, events):
    assert ask(events, "events", "broken", A, of="outage", limit=2.0) == [1]
    assert ask(events, "events", "broken", A, of="outage", limit=1.9) == [2]


def test_a_sum_of_nothing_is_zero_and_of_unknown_sizes_is_unknown(ask, events):
    assert ask(events, "events", "sum", A, of="return", days=1) == [0]
    assert ask(events, "events", "sum", A, of="return", days=2) == [NAN]


def test_who_has_no_records_has_zeros_and_no_other_figures(ask, events):
    for statistic in ("count", "sum", "trend"):
        assert ask(events, "events", statistic, B, of="outage") == [0]
    for statistic in ("mean", "worst", "days_since"):
        assert ask(events, "events", statistic, B, of="outage") == [NAN]


def test_all_kinds_and_all_but_some_can_be_counted(ask, events):
    assert ask(events, "events", "count", A) == [4]
    assert ask(events, "events", "count", A, apart_from=("outage",)) == [1]


def test_many_dates_are_counted_at_once_each_as_known_then(ask, events):
    days = ["2024-12-30", "2024-12-31", "2025-02-01", "2025-03-31", "2025-04-01"]
    counts = ask(events, "events", "count", *(("a", day) for day in days), of="outage", days=40)
    assert counts == [0, 1, 2, 2, 3]


CONTACTS = ("customer_id", "timestamp", "channel", "reason", "wait_minutes", "resolved")


@pytest.fixture
def contacts():
    return table(
        "contacts",
        [
            ("a", "2025-03-01 10:00", "phone", "bill", 4.0, False),
            ("a", "2025-03-08 10:00", "phone", "bill", 12.0, False),  # seven days later: a repeat
            ("a", "2025-03-08 11:00", "phone", "order", None, None),  # about something else
            ("a", "2025-03-15 10:01", "chat", "bill", 10.0, True),  # a minute more than seven days later
            ("a", "2025-03-16 10:00", "chat", "bill", 2.0, True),  # a repeat, of one that was resolved
            ("b", "2025-03-16 11:00", "chat", "bill", 1.0, True),  # another customer
            ("b", "2025-03-17 11:00", "chat", None, 1.0, True),  # nothing says about what
            ("b", "2025-03-18 11:00", "chat", None, 1.0, True),
        ],
        *CONTACTS,
    )


@pytest.mark.parametrize(
    ("statistic", "figures"),
    [
        ("count", [5, 3]),
        ("unresolved", [2, 0]),
        ("repeat", [2, 0]),
        ("mean", [7, 1]),
        ("worst", [12, 1]),
        ("days_since", [15, 13]),
    ],
)
def test_contacts_are_counted(ask, contacts, statistic, figures):
    assert ask(contacts, "contacts", statistic, A, B) == figures


def test_waits_beyond_what_was_promised_are_counted(ask, contacts):
    assert ask(contacts, "contacts", "broken", A, B, limit=10.0) == [1, 0]


def test_contacts_without_a_reason_are_of_no_reason(ask, contacts):
    assert ask(contacts, "contacts", "count", A, B, of="bill") == [4, 1]
    assert ask(contacts, "contacts", "count", A, B, apart_from=("bill",)) == [1, 0]


def test_an_earlier_contact_makes_a_repeat_once_it_is_known(ask):
    rows = table(
        "contacts",
        [("a", "2025-03-01", "2025-03-20", "x", "bill"), ("a", "2025-03-03", None, "x", "bill")],
        *("customer_id", "timestamp", "recorded_at", "channel", "reason"),
    )
    days = [("a", day) for day in ("2025-03-19", "2025-03-20")]
    assert ask(rows, "contacts", "repeat", *days) == [0, 1]
    assert ask(rows, "contacts", "count", *days) == [1, 2]


def test_the_first_recorded_of_several_earlier_contacts_makes_the_repeat(ask):
    rows = table(
        "contacts",
        [
            ("a", "2025-03-01", "2025-03-05", "x", "bill"),
            ("a", "2025-03-02", "2025-03-20", "x", "bill"),
            ("a", "2025-03-03", None, "x", "bill"),
        ],
        *("customer_id", "timestamp", "recorded_at", "channel", "reason"),
    )
    days = [("a", day) for day in ("2025-03-04", "2025-03-05", "2025-03-20")]
    assert ask(rows, "contacts", "repeat", *days) == [0, 1, 2]


@pytest.fixture
def surveys():
    return table(
        "surveys",
        [
            ("a", "2025-01-01", "2025-01-02", "nps", 9.0),
            ("a", "2025-02-01", "2025-03-10", "nps", 4.0),  # asked before, answered after the next
            ("a", "2025-03-01", "2025-03-05", "nps", 6.0),
            ("a", "2025-03-20", None, "nps", None),
            ("a", "2025-03-21", "2025-03-22", "ces", 1.0),
            ("b", "2025-03-01", "2025-03-02", "nps", None),  # answered, but without a score
        ],
        *("customer_id", "sent_at", "answered_at", "metric", "score"),
    )


@pytest.mark.parametrize(
    ("statistic", "figures"),
    [
        # by the days 2025-01-01, -01-02, -03-04, -03-05, -03-10, -03-31
        ("last", [NAN, 9, 9, 6, 4, 4]),
        ("change", [NAN, NAN, NAN, -3, -2, -2]),
        ("silent", [1, 0, 2, 1, 0, 1]),
    ],
)
def test_scores_count_from_their_answer_and_silence_from_the_question(ask, surveys, statistic, figures):
    days = ["2025-01-01", "2025-01-02", "2025-03-04", "2025-03-05", "2025-03-10", "2025-03-31"]
    assert ask(surveys, "surveys", statistic, *(("a", day) for day in days), of="nps") == figures


def test_an_answer_without_a_score_is_no_score_and_no_silence(ask, surveys):
    assert ask(surveys, "surveys", "last", B, of="nps") == [NAN]
    assert ask(surveys, "surveys", "silent", B, of="nps") == [0]


def test_answers_of_one_moment_have_one_order(ask):
    same = [("a", "2025-03-01", "2025-03-02", "nps", score) for score in (7.0, 3.0)]
    for rows in (same, same[::-1]):
        surveys = table("surveys", rows, "customer_id", "sent_at", "answered_at", "metric", "score")
        assert ask(surveys, "surveys", "last", A, of="nps") == [7]
        assert ask(surveys, "surveys", "change", A, of="nps") == [4]


@pytest.mark.parametrize(
    ("statistic", "days", "figure"),
    [
        ("count", 90, 2),
        ("sum", 90, 25.5),
        ("bought", 90, 38),
        ("refunds", 90, 1),
        ("refunded", 90, 12.5),
        ("days_since", 90, 4),
        ("sum_trend", 30, -30.5),
        ("trend", 30, 0),
    ],
)
def test_spend_is_counted_and_a_refund_is_no_purchase(ask, statistic, days, figure):
    rows = [("a", "2025-02-20", 28.0), ("a", "2025-03-27", 10.0), ("a", "2025-03-28", -12.5)]
    log = table("transactions", rows, "customer_id", "timestamp", "amount")
    assert ask(log, "transactions", statistic, A, days=days) == [figure]


@pytest.mark.parametrize(
    ("statistic", "figure"),
    [("count", 3), ("refunds", 1), ("refunded", 10), ("bought", 18), ("sum", 8), ("mean", 2)],
)
def test_the_lines_of_an_invoice_are_one_purchase_or_one_refund(ask, statistic, figure):
    rows = [
        *(("a", "2025-03-01", "1", amount) for amount in (4.0, 5.0)),
        *(("a", "2025-03-02", "C2", amount) for amount in (-4.0, -6.0)),
        # a discount on its invoice is no refund; without a number each line stands alone
        *(("a", "2025-03-03", "3", amount) for amount in (6.0, -1.0)),
        ("a", "2025-03-03", None, 4.0),
    ]
    log = table("transactions", rows, "customer_id", "timestamp", "invoice", "amount")
    assert ask(log, "transactions", statistic, A) == [figure]


def test_a_line_that_is_recorded_later_moves_nothing_known_before(ask):
    early = [("a", "2025-03-01", "2025-03-01", "1", 4.0)]
    late = [("a", "2025-03-01", "2025-03-10", "1", 5.0)]
    frames = [pd.DataFrame(some) for some in (early, early + late)]
    names = ["customer_id", "timestamp", "recorded_at", "invoice", "amount"]
    for frame, then in zip(frames, (4.0, 9.0), strict=True):
        frame.columns = names
        for name in ("timestamp", "recorded_at"):
            frame[name] = pd.to_datetime(frame[name])
        days = [("a", "2025-03-09"), ("a", "2025-03-10")]
        assert ask(ibis.memtable(frame), "transactions", "sum", *days) == [4.0, then]


def test_a_record_counts_when_it_happened_but_only_from_when_it_was_recorded(ask):
    rows = table(
        "events",
        [("a", "2025-03-01", "2025-03-10 12:00", "outage")],
        *("customer_id", "timestamp", "recorded_at", "kind"),
    )
    days = [("a", day) for day in ("2025-03-09", "2025-03-10", "2025-03-14", "2025-03-15")]
    assert ask(rows, "events", "count", *days, days=14) == [0, 1, 1, 0]
    assert ask(rows, "events", "days_since", *days, days=14) == [NAN, 9, 13, NAN]


def test_rows_keep_the_order_and_index_of_the_population(events):
    who = people(B, A, ("a", "2025-03-01"), ("nobody", "2025-03-01")).set_index(pd.Index([7, 3, 5, 1]))
    frame = signal_frame({"events": events}, who, [Signal("outages", "events", "count", of="outage")])
    assert frame.index.tolist() == [7, 3, 5, 1]
    assert frame["outages"].tolist() == [0, 3, 3, 0]
    assert frame["outages"].dtype == np.float32


def test_an_empty_table_gives_zeros_and_no_figures(ask):
    empty = table("events", [], "customer_id", "timestamp", "kind")
    assert ask(empty, "events", "count", A, B) == [0, 0]
    assert ask(empty, "events", "days_since", A, B) == [NAN, NAN]


def test_nobody_and_nothing_asked_are_no_error(events):
    signal = Signal("outages", "events", "count")
    assert signal_frame({"events": events}, people(), [signal]).shape == (0, 1)
    assert signal_frame({"events": events}, people(A, B), []).shape == (2, 0)


def test_missing_columns_and_tables_are_named(ask):
    bare = table("contacts", [("a", "2025-03-01", "x", "bill")], *CONTACTS[:4])
    assert ask(bare, "contacts", "count", A) == [1]
    with pytest.raises(ValueError, match=r"contacts lacks resolved; it has customer_id.*leave out"):
        ask(bare, "contacts", "unresolved", A)
    with pytest.raises(ValueError, match="contacts lacks wait_minutes"):
        ask(bare, "contacts", "mean", A)
    with pytest.raises(ValueError, match="signals of events, but no such table"):
        signal_frame({"contacts": bare}, people(A), [Signal("outages", "events", "count")])


def test_two_signals_of_one_name_are_refused(events):
    twice = [Signal("outages", "events", "count", days=days) for days in (30, 90)]
    with pytest.raises(ValueError, match="share a name: outages"):
        signal_frame({"events": events}, people(A), twice)


@pytest.mark.parametrize(
    ("message", "who"),
    [
        ("lacks as_of; it has customer_id", people(A).drop(columns="as_of")),
        ("without customer_id or as_of", people(A, ("b", None))),
        ("times of day", people(("a", "2025-03-31 12:00"))),
        ("a customer twice on one day", people(A, B, A)),
    ],
)
def test_a_population_that_is_none_is_refused(events, message, who):
    with pytest.raises(ValueError, match=message):
        signal_frame({"events": events}, who, [Signal("outages", "events", "count")])


def test_the_callers_population_stays_as_it_is(events):
    who = people(A, B)
    before = who.copy(deep=True)
    signal_frame({"events": events}, who, [Signal("outages", "events", "count")])
    pd.testing.assert_frame_equal(who, before)

"""Signals are chosen of what was known by a date: the frequent kinds each, the others together."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from cxmodels.experience.signals import STAGES, SignalRules, choose_signals, signal_frame, standard_signals
from tests.experience.conftest import people, table

AS_OF = date(2025, 3, 31)
EVENTS = ("customer_id", "timestamp", "kind", "magnitude", "touchpoint")


def events(**counts: int):
    rows = [("a", "2025-03-01", kind, 1.0, "net") for kind, count in counts.items() for _ in range(count)]
    return table("events", rows, *EVENTS)


def names(tables, *, windows=(30, 90, 180), **rules):
    return [
        signal.name
        for signal in standard_signals(tables, as_of=AS_OF, windows=windows, rules=SignalRules(**rules))
    ]


def test_events_have_counts_sizes_trends_and_recency():
    assert names({"events": events(outage=60)}) == [
        "outage_count_30d",
        "outage_count_90d",
        "outage_count_180d",
        "outage_sum_180d",
        "outage_worst_180d",
        "outage_trend_30d",
        "outage_trend_90d",
        "outage_days_since",
    ]


def test_one_window_is_enough():
    assert names({"events": events(outage=60)}, windows=(90,)) == [
        *("outage_count_90d", "outage_sum_90d", "outage_worst_90d", "outage_trend_90d", "outage_days_since")
    ]


def test_contacts_have_waits_repeats_and_reasons():
    columns = ("customer_id", "timestamp", "channel", "reason", "wait_minutes", "resolved")
    rows = [("a", "2025-03-01", "phone", "bill", 3.0, True)] * 50
    assert names({"contacts": table("contacts", rows, *columns)}, windows=(90,)) == [
        *("contact_count_90d", "wait_minutes_mean_90d", "wait_minutes_worst_90d"),
        *("wait_minutes_promise_broken_90d", "contact_unresolved_90d", "contact_repeat_90d"),
        *("contact_trend_90d", "contact_days_since", "contact_bill_count_90d"),
    ]


def test_columns_that_are_not_there_have_no_signals():
    bare = table(
        "contacts",
        [("a", "2025-03-01", "phone", "bill")] * 50,
        "customer_id",
        "timestamp",
        "channel",
        "reason",
    )
    found = names({"contacts": bare}, windows=(90,))
    assert found == [
        *("contact_count_90d", "contact_repeat_90d", "contact_trend_90d"),
        *("contact_days_since", "contact_bill_count_90d"),
    ]


def test_metrics_have_scores_where_enough_answered_and_silence():
    columns = ("customer_id", "sent_at", "answered_at", "metric", "score")
    rows = [("a", "2025-03-01", "2025-03-02", "nps", 9.0)] * 50 + [
        ("a", "2025-03-01", "2025-04-01", "ces", 3.0)
    ] * 50
    assert names({"surveys": table("surveys", rows, *columns)}) == [
        *("ces_silent_180d", "nps_silent_180d", "nps_last", "nps_change")
    ]


def test_purchases_have_spend_and_refunds():
    log = table("transactions", [("a", "2025-03-01", 9.0)], "customer_id", "timestamp", "amount")
    assert names({"transactions": log}, windows=(80,)) == [
        *("purchase_count_80d", "spend_sum_80d", "spend_trend_80d"),
        *("refund_count_80d", "purchase_days_since"),
    ]


def test_windows_of_purchases_that_mean_months_are_of_calendar_months():
    log = table("transactions", [("a", "2025-03-01", 9.0)], "customer_id", "timestamp", "amount")
    assert names({"transactions": log}, windows=(7, 28, 30, 31, 365)) == [
        *("purchase_count_7d", "spend_sum_7d", "purchase_count_28d", "spend_sum_28d"),
        *("purchase_count_1m", "spend_sum_1m", "purchase_count_12m", "spend_sum_12m"),
        *("spend_trend_7d", "spend_trend_28d", "spend_trend_1m"),
        *("refund_count_12m", "purchase_days_since"),
    ]


@pytest.mark.parametrize("day", [1, 15, 31])
def test_a_monthly_bill_is_as_often_in_every_window(day):
    months = pd.period_range("2022-01", "2024-12", freq="M")
    bills = [
        ("a", str(one.start_time + pd.Timedelta(days=min(day, one.days_in_month) - 1)), 9.0) for one in months
    ]
    log = {"transactions": table("transactions", bills, "customer_id", "timestamp", "amount")}
    chosen = standard_signals(log, as_of=AS_OF, windows=(30, 90, 180))
    ends = pd.date_range("2023-01-31", "2024-12-31", freq="ME")
    found = signal_frame(log, people(*(("a", str(end.date())) for end in ends)), chosen)
    assert found["purchase_count_1m"].eq(1).all() and found["purchase_count_6m"].eq(6).all()
    assert found[["spend_trend_1m", "spend_trend_3m"]].eq(0).all(axis=None)


def test_kinds_that_come_up_later_or_are_recorded_later_are_not_known():
    columns = ("customer_id", "timestamp", "recorded_at", "kind")
    rows = [("a", "2025-03-01", None, "outage"), ("a", "2025-04-01", None, "strike")]
    rows += [("a", "2025-03-01", "2025-04-02", "fire")]
    found = names({"events": table("events", rows, *columns)}, fewest=1)
    assert found and all(name.startswith("outage") for name in found)


def test_rare_kinds_are_counted_together_and_said():
    choice = choose_signals({"events": events(outage=60, strike=49, fire=3)}, as_of=AS_OF, windows=(90,))
    assert choice.notes == (
        "2 of 3 kinds of events (52 of 112 rows) are too rare for signals of their own: counted together.",
    )
    pool = choice.table.set_index("name").loc["other_event_count_90d"]
    assert pool["label"] == "events of rarer kinds in 90 days"
    assert "other_event_sum_90d" not in choice.table["name"].tolist()
    tables = {"events": events(outage=60, strike=49, fire=3, flood=2)}
    frame = signal_frame(tables, people(("a", "2025-03-31")), choice.signals)
    assert frame.loc[0, ["outage_count_90d", "other_event_count_90d"]].tolist() == [60, 54]


def test_rare_metrics_are_left_out_since_scores_do_not_mix():
    columns = ("customer_id", "sent_at", "answered_at", "metric", "score")
    rows = [("a", "2025-03-01", None, "nps", None)] * 50 + [("a", "2025-03-01", None, "ces", None)]
    choice = choose_signals({"surveys": table("surveys", rows, *columns)}, as_of=AS_OF, windows=(90,))
    assert [signal.name for signal in choice.signals] == ["nps_silent_90d"]
    assert choice.notes[0].endswith("left out.")


def test_ten_thousand_kinds_become_the_most_frequent_and_the_rest():
    rows = [("a", "2025-03-01", f"kind {n}", 1.0, None) for n in range(10_000) for _ in range(1 + (n < 40))]
    choice = choose_signals(
        {"events": table("events", rows, *EVENTS)},
        as_of=AS_OF,
        windows=(90,),
        rules=SignalRules(most=3, fewest=1),
    )
    assert {signal.of for signal in choice.signals} == {"kind 0", "kind 1", "kind 10", ""}
    frame = signal_frame(
        {"events": table("events", rows, *EVENTS)}, people(("a", "2025-03-31")), choice.signals
    )
    assert frame.loc[0, "other_event_count_90d"] == 10_040 - 6


def test_the_touchpoint_is_the_most_frequent_of_the_kind():
    rows = [("a", "2025-03-01", "outage", 1.0, place) for place in ("web", "net", "net", None, None, None)]
    chosen = standard_signals(
        {"events": table("events", rows, *EVENTS)}, as_of=AS_OF, windows=(90,), rules=SignalRules(fewest=1)
    )
    assert {signal.touchpoint for signal in chosen} == {"net"}


def test_events_without_touchpoint_have_none():
    bare = table("events", [("a", "2025-03-01", "outage")] * 50, "customer_id", "timestamp", "kind")
    chosen = standard_signals({"events": bare}, as_of=AS_OF, windows=(90,))
    assert {signal.touchpoint for signal in chosen} == {""}


def test_stages_follow_the_table_unless_the_rules_say_otherwise():
    found = choose_signals(
        {"events": events(outage=60, app_login=60)},
        as_of=AS_OF,
        windows=(90,),
        rules=SignalRules(stages={"app_login": "usage"}),
    ).table
    assert found.groupby("of")["stage"].unique().map(list).to_dict() == {
        "app_login": ["usage"],
        "outage": ["event"],
    }
    assert set(found["stage"]) <= set(STAGES)


def test_names_are_plain_and_each_is_there_once():
    rows = [
        ("a", "2025-03-01", kind, 1.0, None)
        for kind in ("Late delivery!", "late_delivery", "Strømbrudd", "雪", "nps")
    ]
    tables = {"events": table("events", rows, *EVENTS)}
    columns = ("customer_id", "sent_at", "answered_at", "metric", "score")
    tables["surveys"] = table("surveys", [("a", "2025-03-01", "2025-03-02", "nps", 1.0)], *columns)
    found = names(tables, windows=(90,), fewest=1)
    counts = [name for name in found if name.endswith("count_90d")]
    assert sorted(counts) == [
        *("late_delivery_2_count_90d", "late_delivery_count_90d", "nps_count_90d"),
        *("strombrudd_count_90d", "unnamed_count_90d"),
    ]
    assert "nps_2_last" in found and len(set(found)) == len(found)


def test_promises_are_counted_for_the_kinds_that_there_are():
    rules = SignalRules(promises={"outage": 4, "strike": 1})
    choice = choose_signals({"events": events(outage=60)}, as_of=AS_OF, windows=(90,), rules=rules)
    broken = [signal for signal in choice.signals if signal.statistic == "broken"]
    assert [(signal.name, signal.limit) for signal in broken] == [("outage_promise_broken_90d", 4.0)]
    assert choice.notes == ("promises names strike, of which nothing is known by 2025-03-31.",)


def test_a_table_of_which_nothing_is_known_has_no_signals():
    later = table("events", [("a", "2025-04-01", "outage")], "customer_id", "timestamp", "kind")
    choice = choose_signals({"events": later}, as_of=AS_OF, windows=(90,))
    assert choice.signals == ()
    assert choice.notes == ("No row of events is known by 2025-03-31: it has no signals.",)
    assert choice.table.columns[0] == "name"


def test_no_tables_of_experience_are_no_error():
    assert standard_signals({}, as_of=AS_OF, windows=(90,)) == ()
    population = people(("a", "2025-03-31"))
    assert signal_frame({}, population, ()).equals(pd.DataFrame(index=population.index))


@pytest.mark.parametrize("windows", [(), (0, 90)])
def test_windows_that_are_none_are_refused(windows):
    with pytest.raises(ValueError, match="give one or more lengths in days"):
        standard_signals({}, as_of=AS_OF, windows=windows)


def test_rules_that_are_none_are_refused():
    with pytest.raises(ValueError, match="give 1 or more for both"):
        SignalRules(most=0)
    with pytest.raises(ValueError, match="a stage is one of event, contact"):
        SignalRules(stages={"app_login": "use"})

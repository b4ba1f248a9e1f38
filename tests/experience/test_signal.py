"""A signal says what it is, in words, and refuses what there is not."""

from __future__ import annotations

import pytest

from cxmodels.experience.signals import Signal


@pytest.mark.parametrize(
    ("label", "about"),
    [
        ("outages in 90 days", ("events", "count", "outage", 90)),
        ("late deliveries in 30 days", ("events", "count", "late_delivery", 30)),
        ("days since the last outage, up to 180", ("events", "days_since", "outage", 180)),
        ("outages in 30 days, less those in the 30 before", ("events", "trend", "outage", 30)),
        ("contacts about billing error in 90 days", ("contacts", "count", "billing_error", 90)),
        ("mean wait in minutes in 90 days", ("contacts", "mean", "", 90)),
        ("contacts again within 7 days, in 90 days", ("contacts", "repeat", "", 90)),
        ("last NPS score", ("surveys", "last", "nps", 730)),
        ("spend in 90 days", ("transactions", "sum", "", 90)),
        ("purchases in 90 days", ("transactions", "count", "", 90)),
    ],
)
def test_a_signal_has_a_label_in_words(label, about):
    table, statistic, of, days = about
    assert Signal("x", table, statistic, of=of, days=days).label == label


@pytest.mark.parametrize(
    ("statistic", "months", "label"),
    [
        ("count", 1, "purchases in 1 month"),
        ("sum", 3, "spend in 3 months"),
        ("sum_trend", 1, "spend in 1 month, less that in the month before"),
        ("sum_trend", 3, "spend in 3 months, less that in the 3 before"),
    ],
)
def test_a_window_of_months_is_called_so(statistic, months, label):
    assert Signal("x", "transactions", statistic, months=months).label == label


def test_what_was_promised_stands_in_the_label():
    signal = Signal("x", "contacts", "broken", days=90, limit=10)
    assert signal.label == "waits above 10 minutes in 90 days"


def test_a_label_of_ones_own_is_kept():
    assert Signal("x", "events", "count", label="Ausfälle").label == "Ausfälle"


@pytest.mark.parametrize(
    ("message", "about"),
    [
        ("table 'event'; there are events.*nearest: 'events'", {"table": "event", "statistic": "count"}),
        ("statistic 'median'; there are count, sum", {"table": "events", "statistic": "median"}),
        ("stage 'score-ish'", {"table": "events", "statistic": "count", "stage": "score-ish"}),
        ("days = 0; give 1 or more", {"table": "events", "statistic": "count", "days": 0}),
        ("has no limit", {"table": "contacts", "statistic": "broken"}),
        ("is of no metric", {"table": "surveys", "statistic": "last"}),
        ("transactions have none", {"table": "transactions", "statistic": "sum", "of": "bill"}),
    ],
)
def test_what_there_is_not_is_refused(message, about):
    with pytest.raises(ValueError, match=message):
        Signal("x", **about)

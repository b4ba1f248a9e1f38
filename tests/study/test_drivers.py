"""Drivers of a study: what precedes what, which change is asked about, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxmodels.study import DriverSettings, StudyError, read_study
from cxmodels.study.drivers import preceding, read_change

STUDY = """
title = "Ours"
as_of = 2025-12-31
currency = "EUR"
[tables.events]
source = "events.csv"
"""
OUTAGES = '\n[[drivers]]\nname = "outages"\nof = "outage"\n'
CALLS = '\n[[drivers]]\nname = "calls"\ntable = "contacts"\nafter = "outages"\n'


def study(folder: Path, drivers: str):
    (folder / "study.toml").write_text(STUDY + drivers, encoding="utf-8")
    return read_study(folder)


def test_drivers_are_read_in_their_order(tmp_path: Path):
    found = study(tmp_path, OUTAGES + CALLS).drivers
    assert [one.name for one in found] == ["outages", "calls"]
    assert found[0].figure == "count" and found[1].after == ["outages"]


def test_what_precedes_what_precedes_a_driver_precedes_it():
    chain = [
        DriverSettings(name="outages"),
        DriverSettings(name="calls", after=["outages"]),
        DriverSettings(name="waits", after=["calls"]),
    ]
    assert preceding(chain) == {"outages": (), "calls": ("outages",), "waits": ("outages", "calls")}


@pytest.mark.parametrize(
    ("drivers", "said"),
    [
        (OUTAGES + CALLS.replace('"outages"', '"outage"'), "did you mean 'outages'"),
        (OUTAGES + 'after = "calls"\n' + CALLS, "circle in the causal order: outages → calls → outages"),
        (OUTAGES + 'after = "outages"\n', "circle in the causal order: outages → outages"),
        (OUTAGES + OUTAGES, "two drivers named 'outages'"),
        (OUTAGES + 'change = "less"\n', "must be a change such as -1"),
        (OUTAGES + 'change = "30 %"\n', "with its sign; it is '30 %'"),
        (OUTAGES + 'change = "-130 %"\n', "must not take away more than there is"),
        (OUTAGES + "change = 0\n", "must be a change such as -1"),
        (OUTAGES + 'statistic = "broken"\n', "without a limit"),
        (OUTAGES + 'statistic = "cuont"\n', "did you mean 'count'"),
        (OUTAGES + 'touchpiont = "network"\n', "did you mean 'touchpoint'"),
        (OUTAGES.replace('"outages"', '"Out ages"'), "must be small letters"),
        ('\n[[drivers]]\nname = "scores"\ntable = "surveys"\nstatistic = "last"\n', "do not mix"),
        ('\n[[drivers]]\nname = "flat"\ntable = "snapshot"\n', "name one column"),
    ],
)
def test_what_is_wrong_with_a_driver_is_said_with_its_cure(tmp_path: Path, drivers: str, said: str):
    with pytest.raises(StudyError, match=said):
        study(tmp_path, drivers)


@pytest.mark.parametrize(
    ("change", "read", "words"),
    [
        (-1, (-1.0, False), "one less"),
        (-1.0, (-1.0, False), "one less"),
        ("−1 event", (-1.0, False), "one less"),
        ("+2", (2.0, False), "2 more"),
        ("-30 %", (-0.3, True), "30 % less"),
        ("- 30 percent", (-0.3, True), "30 % less"),
        ("-30 pct", (-0.3, True), "30 % less"),
        ("kept", (-1.0, True), "promise kept"),
    ],
)
def test_changes_are_read_and_worded(change, read, words):
    assert read_change(change) == read
    assert DriverSettings(name="outages", change=change).change_words == words

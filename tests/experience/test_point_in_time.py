"""Nothing that became known after a date changes a signal of that date, whenever it happened."""

from __future__ import annotations

from datetime import date
from functools import cache

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cxmodels.datasets.operator import simulate_operator
from cxmodels.experience.signals import Signal, signal_frame, standard_signals
from cxmodels.tables.schemas import TYPES, schema_of

START = pd.Timestamp("2025-01-01")
AS_OF = pd.Timestamp("2025-02-10")
LATER = pd.Timestamp("2025-02-20")
TABLES = {
    "events": ("customer_id", "timestamp", "recorded_at", "kind", "magnitude"),
    "contacts": ("customer_id", "timestamp", "recorded_at", "channel", "reason", "wait_minutes", "resolved"),
    "surveys": ("customer_id", "sent_at", "answered_at", "metric", "score"),
    "transactions": ("customer_id", "timestamp", "amount"),
}
_ANSWER = ["answered_at", "score"]
SIGNALS = [
    Signal(f"{table}_{statistic}", table, statistic, of=of, days=20, limit=2.0)
    for table, of, statistics in (
        ("events", "x", ("count", "sum", "mean", "worst", "days_since", "trend", "broken")),
        ("contacts", "", ("count", "mean", "worst", "trend", "unresolved", "repeat", "broken")),
        ("surveys", "nps", ("silent", "last", "change")),
        ("transactions", "", ("count", "sum", "mean", "days_since", "sum_trend", "refunds")),
    )
    for statistic in statistics
]

# hours from the start; hours until it was recorded or answered (None: at once, or never)
hours = st.integers(0, 60 * 24)
delays = st.none() | st.integers(0, 15 * 24)
record = st.tuples(
    st.sampled_from("ab"), hours, delays, st.sampled_from("xy"), st.integers(-1, 5), st.booleans()
)


def tables_of(rows: list[tuple]) -> dict[str, pd.DataFrame]:
    """Let each record stand in every table."""
    who, hour, delay, kind, size, flag = (list(column) for column in zip(*rows, strict=True))
    happened = START + pd.to_timedelta(np.array(hour, dtype=float), unit="h")
    later = pd.Series(happened) + pd.to_timedelta(pd.Series(delay, dtype=float), unit="h")
    size = np.array(size, dtype=float)
    columns = {
        "customer_id": who,
        "timestamp": happened,
        "recorded_at": later,
        "resolved": flag,
        "metric": "nps",
    }
    columns |= dict.fromkeys(("kind", "reason", "channel"), kind) | {
        "sent_at": happened,
        "answered_at": later,
    }
    columns |= {"magnitude": size, "wait_minutes": np.abs(size), "amount": size}
    columns |= {"score": np.where(later.isna(), np.nan, size)}
    frame = pd.DataFrame(columns)
    return {name: frame[list(names)] for name, names in TABLES.items()}


def known(frame: pd.DataFrame, name: str) -> pd.Series:
    """Whether each row is known by the end of the date."""
    time = frame["sent_at" if name == "surveys" else "timestamp"]
    since = frame["recorded_at"].fillna(time) if "recorded_at" in frame else time
    return since < AS_OF + pd.Timedelta(days=1)


def deleted(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Leave what is not yet known out: rows, and answers to questions that are known."""
    frame = frame[known(frame, name)].copy()
    if name == "surveys":
        frame.loc[frame["answered_at"] >= AS_OF + pd.Timedelta(days=1), ["answered_at", "score"]] = [
            pd.NaT,
            np.nan,
        ]
    return frame


def scrambled(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Make something else of what is not yet known; it becomes known later still."""
    frame, late = frame.copy(), ~known(frame, name)
    if name == "surveys":
        open_answer = frame["answered_at"] >= AS_OF + pd.Timedelta(days=1)
        frame.loc[open_answer, "answered_at"] += pd.Timedelta(days=3)
        frame.loc[open_answer, "score"] = 99.0
    time = "sent_at" if name == "surveys" else "timestamp"
    if "recorded_at" in frame:
        frame.loc[late, "recorded_at"] = LATER + pd.Timedelta(days=9)
        frame.loc[late, time] -= pd.Timedelta(days=2)
    frame.loc[late, "customer_id"] = frame.loc[late, "customer_id"].to_numpy()[::-1]
    for column in frame.columns.intersection(["magnitude", "wait_minutes", "amount"]):
        frame.loc[late, column] = 1_000.0
    return frame


def in_engine(frames: dict[str, pd.DataFrame]) -> dict[str, ibis.Table]:
    return {
        name: ibis.memtable(
            frame.reset_index(drop=True),
            schema={column: TYPES[schema_of(name).column(column).kind] for column in frame.columns},
        )
        for name, frame in frames.items()
    }


def figures(frames: dict[str, pd.DataFrame], signals, *days: pd.Timestamp, who=("a", "b")) -> pd.DataFrame:
    population = pd.DataFrame([(one, day) for day in days for one in who], columns=["customer_id", "as_of"])
    frame = signal_frame(in_engine(frames), population, signals)
    return frame[(population["as_of"] == AS_OF).to_numpy()].reset_index(drop=True)


# an example takes seconds, so a failing one is shown as it was found
@settings(max_examples=10, phases=[Phase.reuse, Phase.generate])
@given(st.lists(record, min_size=10, max_size=40))
def test_what_became_known_later_changes_nothing(rows):
    frames = tables_of(rows)
    then = figures(frames, SIGNALS, AS_OF, LATER)
    for change in (deleted, scrambled):
        changed = {name: change(frame, name) for name, frame in frames.items()}
        pd.testing.assert_frame_equal(then, figures(changed, SIGNALS, LATER, AS_OF), obj=change.__name__)


@cache
def operator_tables() -> dict[str, pd.DataFrame]:
    tables = simulate_operator(2_000, seed=3).tables
    return {name: tables[name] for name in TABLES}


@pytest.mark.parametrize("change", [deleted, scrambled])
def test_no_signal_of_the_operator_knows_what_came_later(monkeypatch, change):
    monkeypatch.setattr(f"{__name__}.AS_OF", pd.Timestamp("2023-10-31"))
    monkeypatch.setattr(f"{__name__}.LATER", pd.Timestamp("2024-06-30"))
    frames = operator_tables()
    keep = {name: list(TABLES[name]) + [c for c in ("touchpoint",) if c in frames[name]] for name in TABLES}
    frames = {name: frame[keep[name]] for name, frame in frames.items()}
    who = tuple(f"N{number:07}" for number in range(2_000))
    changed = {name: change(frame, name) for name, frame in frames.items()}
    assert all(not changed[name].equals(frames[name]) for name in frames)
    choices = [
        standard_signals(in_engine(some), as_of=date(2023, 10, 31), windows=(30, 90, 180))
        for some in (frames, changed)
    ]
    assert choices[0] == choices[1]
    then = figures(frames, choices[0], AS_OF, LATER, who=who)
    assert (then.filter(like="count").sum() > 0).all()
    pd.testing.assert_frame_equal(then, figures(changed, choices[0], AS_OF, LATER, who=who))

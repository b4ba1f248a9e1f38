"""The last answer counts, and nothing that was answered after the day on which we stand."""

from datetime import date, datetime

import ibis
import pandas as pd
import pytest

from cxmodels.experience.ratings import latest_ratings

ROWS = [
    ("a", 1, "csat", "desk", 2.0),
    ("a", 3, "csat", "desk", 5.0),
    ("a", 9, "csat", "desk", 1.0),
    ("a", 2, "nps", None, 9.0),
    ("b", 2, "csat", "shop", 4.0),
    ("b", None, "csat", "desk", None),
    ("c", 2, "nps", "shop", 3.0),
    ("d", 2, "ces", "desk", 3.0),
]


def surveys() -> ibis.Table:
    frame = pd.DataFrame(ROWS, columns=["customer_id", "day", "metric", "touchpoint", "score"])
    frame["answered_at"] = [None if pd.isna(day) else datetime(2025, 1, int(day)) for day in frame["day"]]
    frame["answered_at"] = pd.to_datetime(frame["answered_at"])
    return ibis.memtable(frame.drop(columns="day"))


def test_the_last_answer_by_the_date_counts_and_what_nobody_gave_is_missing():
    ratings, said = latest_ratings(surveys(), as_of=date(2025, 1, 5))
    assert ratings.index.tolist() == ["a", "b"]
    assert ratings.loc["a", "desk"] == 5.0
    assert ratings.loc["b", "shop"] == 4.0
    assert ratings.isna().sum().to_dict() == {"desk": 1, "shop": 1}
    assert said.loc["a"] == 9.0
    assert pd.isna(said.loc["b"])


def test_an_answer_after_the_date_is_not_read():
    later, _ = latest_ratings(surveys(), as_of=date(2025, 1, 9))
    assert later.loc["a", "desk"] == 1.0


def test_surveys_without_touchpoint_are_refused_with_the_cure():
    with pytest.raises(ValueError, match=r"no column touchpoint.*\[tables.surveys\]"):
        latest_ratings(surveys().drop("touchpoint"), as_of=date(2025, 1, 5))

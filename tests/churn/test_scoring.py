"""Scores stream in batches, and are those of the whole."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.churn.model import fit_churn
from cxmodels.churn.scoring import stream_scores
from tests.churn.churners import FEATURES, QUICK, make_customers


@pytest.fixture(scope="module")
def model():
    return fit_churn(make_customers(800, seed=1)[0], features=FEATURES, plan=QUICK)


@pytest.fixture(scope="module")
def frame():
    return make_customers(250, seed=2, snapshots=4)[0]


def batches_of(frame):
    return (frame.iloc[start : start + 100] for start in range(0, len(frame), 100))


@pytest.mark.parametrize("source", [lambda frame: frame, batches_of], ids=["frame", "batches"])
def test_every_source_gives_the_scores_of_the_whole(model, frame, source):
    batches = list(stream_scores(model, source(frame), rows=100))
    assert max(map(len, batches)) <= 100
    scores = pd.concat(batches, ignore_index=True)
    assert scores.columns.tolist() == ["customer_id", "as_of", "p_leave"]
    assert scores["customer_id"].tolist() == frame["customer_id"].tolist()
    np.testing.assert_allclose(scores["p_leave"], model.predict(frame), rtol=0, atol=1e-12)


def test_intervals_come_where_they_are_asked_for(model, frame):
    scores = next(stream_scores(model, frame, intervals=True, rows=50))
    assert scores.columns.tolist()[2:] == ["p_leave", "p_leave_low", "p_leave_high"]
    assert (scores["p_leave"].between(scores["p_leave_low"], scores["p_leave_high"])).all()


def test_one_batch_is_read_at_a_time(model, frame):
    read = []

    def rows():
        for place in range(5):
            read.append(place)
            yield frame.head(10)

    next(stream_scores(model, rows()))
    assert read == [0]


def test_a_batch_of_nothing_is_refused(model, frame):
    with pytest.raises(ValueError, match="a batch has at least 1"):
        next(stream_scores(model, frame, rows=0))

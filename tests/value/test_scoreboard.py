"""The rows of a comparison: each way of predicting scored alike on the same customers."""

import numpy as np
import pytest

from cxmodels.value.scoreboard import score_row

SPENT = np.array([0.0, 10.0, 20.0, 30.0])


def test_a_row_without_an_interval_has_no_coverage():
    row = score_row(SPENT, SPENT + 1.0, model="past spend", kind="rival")
    assert (row["model"], row["label"], row["kind"]) == ("past spend", "past spend", "rival")
    assert (row["mae"], row["spearman"]) == (pytest.approx(1.0), pytest.approx(1.0))
    assert np.isnan([row["coverage"], row["below"], row["above"], row["width"]]).all()


def test_a_row_with_an_interval_says_how_many_lay_inside():
    ends = (SPENT - 1.0, np.array([1.0, 11.0, 21.0, 25.0]))
    row = score_row(SPENT, SPENT, model="auto", kind="chosen", interval=ends)
    assert row["coverage"] == pytest.approx(0.75)


def test_rivals_are_scored_on_the_days_of_the_forecast(checked):
    table = checked.table.set_index("model")
    assert table.index[table["kind"] == "rival"].tolist() == [
        "past spend rate",
        "past spend",
        "lightgbm regression",
    ]
    assert table.loc[["past spend rate", "past spend"], "coverage"].isna().all()

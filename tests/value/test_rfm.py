"""RFM scores: equal customers share a score, better ones never score lower."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmodels.value.rfm import quantile_scores, rfm_scores


def test_quintiles_of_distinct_values_have_equal_size():
    scores = quantile_scores(np.arange(100.0))
    assert np.bincount(scores).tolist() == [0, 20, 20, 20, 20, 20]
    assert scores[0] == 1 and scores[-1] == 5


def test_a_large_tied_group_lands_where_its_middle_lies():
    scores = quantile_scores([0.0] * 60 + list(range(1, 41)))
    assert set(scores[:60]) == {2}
    assert set(scores[60:]) == {4, 5}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=50), st.integers(2, 9), st.randoms())
def test_scores_are_monotone_tied_together_and_blind_to_order(values, bins, random):
    scores = quantile_scores(values, bins=bins)
    assert scores.min() >= 1 and scores.max() <= bins
    order = np.argsort(values)
    assert (np.diff(scores[order]) >= 0).all()
    assert all(len(set(scores[np.array(values) == value])) == 1 for value in set(values))
    shuffled = list(range(len(values)))
    random.shuffle(shuffled)
    assert scores[shuffled].tolist() == quantile_scores([values[i] for i in shuffled], bins=bins).tolist()


def test_fewer_days_of_silence_score_higher():
    table = rfm_scores(silence=pd.Series([1, 100], index=["x", "y"]), purchases=[1, 1], spend=[1, 1], bins=2)
    assert table["recency_score"].to_dict() == {"x": 2, "y": 1}


def test_the_text_is_the_three_scores_in_order():
    table = rfm_scores(silence=[9, 8, 1], purchases=[1, 9, 5], spend=[20, 10, 90], bins=3)
    assert table["rfm"].tolist() == ["112", "231", "323"]


def test_nobody_gets_no_scores():
    assert rfm_scores(silence=[], purchases=[], spend=[]).empty


@pytest.mark.parametrize("bins", [1, 10])
def test_scores_of_more_than_one_digit_are_refused(bins):
    with pytest.raises(ValueError, match="between 2 and 9"):
        quantile_scores([1.0], bins=bins)

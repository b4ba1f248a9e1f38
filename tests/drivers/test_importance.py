"""What a rating explains, beside the others: held to closed forms, to regression, and to a known world."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from cxmodels.drivers.importance import (
    TooFewRatings,
    rating_importance,
    relative_weights,
    shapley_shares,
)


def random_correlations(ratings: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    loads = rng.normal(size=(ratings + 1, ratings + 3))
    covariance = loads @ loads.T
    scale = np.sqrt(np.diag(covariance))
    return covariance / np.outer(scale, scale)


def explained(matrix: np.ndarray, chosen: tuple[int, ...]) -> float:
    if not chosen:
        return 0.0
    part, outcome = matrix[np.ix_(chosen, chosen)], matrix[list(chosen), -1]
    return float(outcome @ np.linalg.solve(part, outcome))


def all_orders(ratings: int) -> np.ndarray:
    return np.array(list(itertools.permutations(range(ratings))))


@given(ratings=st.integers(2, 5), seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_shapley_value_is_the_weighted_mean_of_what_a_rating_adds_to_every_subset(ratings, seed):
    matrix = random_correlations(ratings, seed)
    by_subsets = []
    for one in range(ratings):
        others = [other for other in range(ratings) if other != one]
        gain = 0.0
        for size in range(ratings):
            weight = math.factorial(size) * math.factorial(ratings - size - 1) / math.factorial(ratings)
            for subset in itertools.combinations(others, size):
                gain += weight * (explained(matrix, (*subset, one)) - explained(matrix, subset))
        by_subsets.append(gain)
    assert shapley_shares(matrix, all_orders(ratings)) == pytest.approx(by_subsets, abs=1e-8)


@given(ratings=st.integers(2, 8), seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_both_divide_the_same_whole(ratings, seed):
    matrix = random_correlations(ratings, seed)
    orders = np.array([np.random.default_rng(seed).permutation(ratings) for _ in range(5)])
    whole = explained(matrix, tuple(range(ratings)))
    assert shapley_shares(matrix, orders).sum() == pytest.approx(whole, abs=1e-8)
    assert relative_weights(matrix).sum() == pytest.approx(whole, abs=1e-8)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_of_two_ratings_both_say_the_same(seed):
    matrix = random_correlations(2, seed)
    assert relative_weights(matrix) == pytest.approx(shapley_shares(matrix, all_orders(2)), abs=1e-8)


def passengers(count: int, *, seed: int, missing: float = 0.0) -> tuple[pd.DataFrame, pd.Series]:
    """Ratings with a common mood; `queue` counts twice `desk`, `shop` counts nothing itself."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=(count, 1))
    ratings = pd.DataFrame(mood + rng.normal(size=(count, 3)), columns=["queue", "desk", "shop"])
    outcome = 2.0 * ratings["queue"] + ratings["desk"] + rng.normal(scale=2.0, size=count)
    return ratings.mask(rng.random(ratings.shape) < missing), outcome


def test_what_is_explained_is_that_of_linear_regression_where_everybody_rates_everything():
    ratings, outcome = passengers(1_000, seed=1)
    found = rating_importance(ratings, outcome, draws=2)
    assert found.explained == pytest.approx(LinearRegression().fit(ratings, outcome).score(ratings, outcome))
    table = found.table.set_index("touchpoint")
    for name in ratings:
        assert table.loc[name, "correlation"] == pytest.approx(np.corrcoef(ratings[name], outcome)[0, 1])
        assert table.loc[name, "mean"] == pytest.approx(ratings[name].mean())
    assert table["shapley"].sum() == pytest.approx(1.0)
    assert table["johnson"].sum() == pytest.approx(1.0)


def test_a_rating_that_only_shares_the_mood_correlates_and_is_last():
    ratings, outcome = passengers(4_000, seed=2)
    table = rating_importance(ratings, outcome, draws=50).table.set_index("touchpoint")
    assert table.index.tolist() == ["queue", "desk", "shop"]
    assert table.loc["shop", "correlation"] > 0.3
    assert (table.loc["shop", ["rank_low", "rank_high"]] == 3).all()


def test_ninety_in_a_hundred_intervals_hold_the_share_of_a_population_despite_gaps():
    truth = rating_importance(*passengers(400_000, seed=3), draws=1).table.set_index("touchpoint")
    held = 0
    for seed in range(60):
        found = rating_importance(*passengers(600, seed=100 + seed, missing=0.3), draws=80, seed=seed)
        table = found.table.set_index("touchpoint").loc[truth.index]
        held += int(
            table.loc["queue", "shapley_low"]
            <= truth.loc["queue", "shapley"]
            <= table.loc["queue", "shapley_high"]
        )
    # 54 are right on average; three standard errors of a count of 60 are 7
    assert held >= 47


def test_contradicting_correlations_of_different_respondents_are_mended():
    rng = np.random.default_rng(5)
    mood = rng.normal(size=600)
    ratings = pd.DataFrame({"a": mood, "b": mood, "c": mood, "d": rng.normal(size=600)})
    ratings.loc[:199, "a"], ratings.loc[200:399, "b"], ratings.loc[400:, "c"] = np.nan, np.nan, np.nan
    ratings.loc[400:, "b"] *= -1.0
    found = rating_importance(ratings, pd.Series(mood + rng.normal(size=600)), draws=5)
    assert 0.0 < found.explained <= 1.0
    assert np.isfinite(found.table.select_dtypes("number")).all().all()


def test_touchpoints_that_few_rated_are_set_aside_with_the_reason():
    ratings, outcome = passengers(1_000, seed=6)
    ratings["lounge"] = np.where(np.arange(1_000) < 90, 4.0, np.nan)
    ratings["gate"] = 5.0
    ratings["bus"] = np.where(np.arange(1_000) < 300, ratings["desk"], np.nan)
    ratings["train"] = np.where(np.arange(1_000) >= 250, ratings["shop"], np.nan)
    found = rating_importance(ratings, outcome, draws=2)
    reasons = found.set_aside.set_index("touchpoint")["reason"].to_dict()
    assert reasons["lounge"] == "rated by 90 of 1000 respondents"
    assert reasons["gate"] == "everybody gave the same rating"
    assert len({"bus", "train"} & set(reasons)) == 1
    assert {"queue", "desk", "shop"} <= set(found.table["touchpoint"])


def test_too_little_to_compare_is_said():
    ratings, outcome = passengers(500, seed=7)
    with pytest.raises(TooFewRatings, match="1 of 1 touchpoints were rated by enough of 500 respondents"):
        rating_importance(ratings[["desk"]], outcome)
    with pytest.raises(TooFewRatings, match="The outcome is the same for every respondent"):
        rating_importance(ratings, outcome * 0.0)
    with pytest.raises(ValueError, match="different indexes"):
        rating_importance(ratings, outcome.iloc[1:])


def test_the_same_seed_gives_the_same_table():
    ratings, outcome = passengers(500, seed=8, missing=0.2)
    first, second = (rating_importance(ratings, outcome, draws=10, seed=4).table for _ in range(2))
    pd.testing.assert_frame_equal(first, second)

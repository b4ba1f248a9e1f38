"""What one feature alone says of who leaves, on rows that it was not learned from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from cxmodels.churn.alone import cut_pieces, measure_alone

RNG = np.random.default_rng(0)
X = RNG.normal(size=6_000)
LABELS = (RNG.random(6_000) < expit(1.5 * X - 1)).astype(float)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_noise_says_nothing_whatever_its_kind(seed):
    rng = np.random.default_rng(seed)
    kinds = {
        "numbers": pd.Series(rng.normal(size=6_000)),
        "categories": pd.Series(rng.choice(list("abcdef"), 6_000)),
        "own category each": pd.Series([f"id{one}" for one in range(6_000)]),
        "ten thousand categories": pd.Series(rng.integers(0, 10_000, 6_000).astype(str)),
        "missing at random": pd.Series(np.where(rng.random(6_000) < 0.5, np.nan, 1.0)),
        "flag": pd.Series(rng.random(6_000) < 0.3),
        "constant": pd.Series(np.ones(6_000)),
    }
    for kind, feature in kinds.items():
        alone = measure_alone(feature, LABELS)
        assert alone.auc == pytest.approx(0.5, abs=4 * 0.008), kind
        assert alone.auc_low < 0.5, kind
        assert -0.2 < alone.explained < 0.01, kind


def test_a_feature_has_the_auc_of_its_own_order_in_either_direction():
    truth = roc_auc_score(LABELS, X)
    for feature in (X, -X, np.exp(X)):
        assert measure_alone(pd.Series(feature), LABELS).auc == pytest.approx(truth, abs=0.01)


def test_a_relation_that_no_order_shows_is_seen_too():
    labels = (RNG.random(6_000) < np.where(abs(X) > 1, 0.9, 0.1)).astype(float)
    assert roc_auc_score(labels, X) < 0.55
    assert measure_alone(pd.Series(X), labels).auc > 0.85


def test_share_explained_is_that_of_the_true_rates():
    rate = np.where(np.arange(6_000) % 2 == 0, 0.1, 0.6)
    labels = (RNG.random(6_000) < rate).astype(float)

    def entropy(p):
        return -(p * np.log(p) + (1 - p) * np.log(1 - p))

    truth = 1 - (entropy(0.1) + entropy(0.6)) / 2 / entropy(0.35)
    assert measure_alone(pd.Series(np.arange(6_000) % 2), labels).explained == pytest.approx(truth, abs=0.03)


def test_what_is_missing_is_a_piece_of_its_own():
    filled = pd.Series(np.where(LABELS == 1.0, np.nan, RNG.normal(size=6_000)))
    alone = measure_alone(filled, LABELS)
    assert alone.auc == 1.0
    assert alone.pieces.loc["missing", "rate"] == 1.0
    assert alone.pieces["rows"].sum() == 6_000


def test_a_number_that_many_share_stands_alone():
    values = np.where(np.arange(6_000) < 60, -1.0, RNG.gamma(2.0, 10.0, 6_000))
    codes, names = cut_pieces(pd.Series(values))
    assert (codes == names.index("-1")).sum() == 60
    assert len(names) == 21


def test_dates_flags_and_nullable_numbers_are_read():
    dates = pd.Series(pd.Timestamp("2025-01-01") + pd.to_timedelta(np.argsort(np.argsort(X)), unit="D"))
    nullable = pd.Series(X).astype("Float64").mask(X > 2)
    for feature in (dates, nullable):
        assert measure_alone(feature, LABELS).auc == pytest.approx(roc_auc_score(LABELS, X), abs=0.01)
    codes, names = cut_pieces(pd.Series([True, False, None], dtype="boolean"))
    assert (codes.tolist(), names) == ([1, 0, 2], ["False", "True", "missing"])


def test_one_leaver_is_too_few_to_learn_from():
    alone = measure_alone(pd.Series(range(10)), np.eye(10)[0])
    assert np.isnan(alone.auc)
    assert alone.pieces["left"].sum() == 1

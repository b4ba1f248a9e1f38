"""Simple rules are honest rivals: each does as well as it can."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from cxmodels.churn.rivals import fit_rivals
from tests.churn.churners import FEATURES, make_customers


@pytest.fixture(scope="module")
def frame():
    return make_customers(4_000, seed=1)[0]


@pytest.fixture(scope="module")
def rivals(frame):
    return fit_rivals(frame, features=FEATURES)


def test_the_base_rate_is_that_of_the_rows(rivals, frame):
    assert set(rivals["base rate"].predict(frame)) == {frame["churned"].mean()}


def test_the_one_signal_is_the_feature_that_alone_tells_most(rivals, frame):
    assert rivals["one signal"].feature in ("outages", "fee")
    said = pd.Series(rivals["one signal"].predict(frame))
    assert said.mean() == pytest.approx(frame["churned"].mean(), abs=0.01)
    assert said.groupby(frame[rivals["one signal"].feature]).nunique().max() == 1


def test_a_signal_that_is_named_is_taken_also_a_category_or_one_with_gaps(frame):
    plan = fit_rivals(frame, features=FEATURES, signal="plan")["one signal"].predict(frame)
    shares = frame.groupby("plan")["churned"].mean()
    np.testing.assert_allclose(plan, frame["plan"].map(shares), atol=1e-3)
    usage = fit_rivals(frame, features=FEATURES, signal="usage")["one signal"].predict(frame)
    gaps = frame["usage"].isna()
    np.testing.assert_allclose(usage[gaps], frame.loc[gaps, "churned"].mean(), atol=1e-3)
    with pytest.raises(ValueError, match="signal is 'wait'; it must be one of outages, fee, usage, plan"):
        fit_rivals(frame, features=FEATURES, signal="wait")


def test_logistic_regression_finds_a_logistic_truth(rivals):
    other, truth = make_customers(2_000, seed=2)
    said = rivals["logistic regression"].predict(other)
    assert np.abs(logit(said) - logit(truth)).mean() < 0.15


def test_logistic_regression_takes_missing_values_and_unseen_categories(rivals):
    odd = make_customers(5, seed=3)[0].assign(fee=np.nan, plan="ultra")
    assert np.isfinite(rivals["logistic regression"].predict(odd)).all()

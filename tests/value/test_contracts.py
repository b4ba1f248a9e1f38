"""Retention of cohorts under contract, against published figures, brute force and simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmodels.value.contracts import NothingToLearn, RetentionModel, cohort_counts, fit_retention

# Fader & Hardie (2007), table 1: customers of 1,000 still there after each year; seven years are fitted
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]
FITTED = 8


def model(alpha, beta):
    return RetentionModel(alpha=alpha, beta=beta, log_likelihood=0.0, counts=pd.DataFrame())


@pytest.mark.parametrize(("survivors", "alpha", "beta"), [(HIGH_END, 0.668, 3.806), (REGULAR, 0.704, 1.182)])
def test_published_parameters_are_reproduced(survivors, alpha, beta):
    fitted = fit_retention(cohort_counts(survivors[:FITTED]))
    assert round(fitted.alpha, 3) == alpha
    assert round(fitted.beta, 3) == beta
    assert fitted.note == ""


@pytest.mark.parametrize("survivors", [HIGH_END, REGULAR])
def test_seven_years_foretell_the_five_after_them(survivors):
    fitted = fit_retention(cohort_counts(survivors[:FITTED]))
    told, came = fitted.survival(np.arange(FITTED, 13)), np.array(survivors[FITTED:]) / 1000
    # two standard errors of a share of 1,000 customers
    assert (np.abs(told - came) < 2 * np.sqrt(came * (1 - came) / 1000)).all()
    constant = (survivors[FITTED - 1] / 1000) ** (np.arange(FITTED, 13) / (FITTED - 1))
    assert (np.abs(told - came) < np.abs(constant - came) / 3).all()


@given(st.floats(0.05, 20), st.floats(0.05, 20), st.integers(0, 40))
def test_survival_is_the_product_of_retention(alpha, beta, tenure):
    one = model(alpha, beta)
    assert one.survival(tenure) == pytest.approx(np.prod(one.retention(np.arange(tenure))), rel=1e-9)


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.integers(0, 30), st.floats(0.005, 0.5))
def test_what_is_still_to_come_is_the_sum_over_all_periods(alpha, beta, tenure, rate):
    one = model(alpha, beta)
    closed = float(one.remaining_periods(tenure, discount_rate=rate))
    summed = float(one.remaining_periods(tenure, discount_rate=rate, horizon=6_000))
    assert closed == pytest.approx(summed, rel=1e-6)


def test_without_discount_the_mean_is_closed_or_infinite():
    assert float(model(3.0, 5.0).remaining_periods(2)) == pytest.approx(7.0 / 2.0)
    assert float(model(3.0, 5.0).remaining_periods(2, horizon=200_000)) == pytest.approx(3.5, rel=1e-3)
    assert np.isinf(model(0.9, 5.0).remaining_periods(2))


def test_cohorts_of_different_age_are_added_up():
    rng = np.random.default_rng(3)
    leaves = rng.geometric(rng.beta(1.5, 6.0, 60_000))
    age = rng.integers(1, 25, 60_000)
    gone = leaves <= age
    lost = np.bincount(leaves[gone], minlength=26)[1:]
    staying = np.bincount(age[~gone], minlength=26)[1:]
    counts = pd.DataFrame({"tenure": np.arange(1, 26), "lost": lost, "staying": staying})
    fitted = fit_retention(counts)
    errors = fitted.standard_errors
    assert abs(fitted.alpha - 1.5) < 4 * errors["alpha"]
    assert abs(fitted.beta - 6.0) < 4 * errors["beta"]
    assert errors["alpha"] < 0.1


def test_who_came_into_view_late_counts_from_then_on():
    rng = np.random.default_rng(5)
    leaves, seen_from = rng.geometric(rng.beta(1.5, 6.0, 60_000)), rng.integers(0, 13, 60_000)
    seen = leaves > seen_from  # those who left earlier are in no record
    gone = seen & (leaves <= 24)
    counts = pd.DataFrame(
        {
            "tenure": np.arange(1, 25),
            "lost": np.bincount(leaves[gone], minlength=25)[1:25],
            "staying": np.append(np.zeros(23), (seen & ~gone).sum()),
            "entered": np.bincount(seen_from[seen], minlength=25)[1:25],
        }
    )
    fitted = fit_retention(counts)
    errors = fitted.standard_errors
    assert abs(fitted.alpha - 1.5) < 4 * errors["alpha"]
    assert abs(fitted.beta - 6.0) < 4 * errors["beta"]
    blind = fit_retention(counts.drop(columns="entered"))
    assert abs(blind.retention(0) - 0.8) > 5 * abs(fitted.retention(0) - 0.8)


def test_standard_errors_are_those_of_repeated_samples():
    rng = np.random.default_rng(8)
    found, told = [], []
    for _ in range(60):
        leaves = rng.geometric(rng.beta(1.5, 6.0, 4_000))
        fitted = fit_retention(cohort_counts([(leaves > t).sum() for t in range(13)]))
        found.append(np.log(fitted.alpha))
        told.append(fitted.standard_errors["alpha"] / fitted.alpha)
    # the spread of 60 samples has a standard error of 1 / sqrt(2 · 59) of itself
    assert np.mean(told) == pytest.approx(np.std(found), rel=3 / np.sqrt(118))


def test_customers_who_do_not_differ_are_told():
    rng = np.random.default_rng(1)
    leaves = rng.geometric(0.2, 3_000)
    fitted = fit_retention(cohort_counts([(leaves > t).sum() for t in range(8)]))
    # retention hardly moves with age
    assert abs(fitted.retention(0) - fitted.retention(7)) < 0.03
    assert fitted.survival(3) == pytest.approx(0.8**3, abs=4 * np.sqrt(0.25 / 3_000))


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"tenure": [1], "lost": [1]}, "lack staying"),
        ({"tenure": [1], "lost": [0], "staying": [5]}, "None of the 5 customers has left"),
        ({"tenure": [1], "lost": [-1], "staying": [5]}, "0 or more"),
        ({"tenure": [1], "lost": [1], "staying": [5], "entered": [-1]}, "0 or more"),
        ({"tenure": [0], "lost": [1], "staying": [5]}, "1 or more"),
        ({"tenure": [1, 2], "lost": [1, 1], "staying": [5, np.nan]}, "missing or infinite; give 0"),
    ],
)
def test_counts_that_say_nothing_are_refused(counts, message):
    with pytest.raises(NothingToLearn, match=message):
        fit_retention(pd.DataFrame(counts))


def test_a_cohort_that_grows_is_refused():
    with pytest.raises(NothingToLearn, match="none larger"):
        cohort_counts([10, 12])

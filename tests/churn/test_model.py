"""The model finds who leaves, says how likely, and how sure that is; the same each time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from cxmodels.churn.model import FitPlan, fit_churn
from cxmodels.churn.trees import TreeSettings
from tests.churn.churners import FEATURES, NO_REFITS, QUICK, make_customers


@pytest.fixture(scope="module")
def flat():
    frame, _ = make_customers(3_000, seed=1)
    return fit_churn(frame, features=FEATURES, seed=7, plan=QUICK)


@pytest.fixture(scope="module")
def test_rows():
    return make_customers(4_000, seed=99)


def test_it_finds_the_truth_near_enough(flat, test_rows):
    frame, truth = test_rows
    said = flat.predict(frame)
    assert np.corrcoef(logit(said), logit(truth))[0, 1] > 0.93
    assert said.mean() == pytest.approx(truth.mean(), abs=4 * np.sqrt(0.25 / 3_000))


def test_the_same_rows_and_seed_give_the_same_model(flat, test_rows):
    frame, _ = make_customers(3_000, seed=1)
    again = fit_churn(frame, features=FEATURES, seed=7, plan=QUICK)
    np.testing.assert_array_equal(again.predict(test_rows[0]), flat.predict(test_rows[0]))
    np.testing.assert_array_equal(again.interval(test_rows[0]), flat.interval(test_rows[0]))
    other = fit_churn(frame, features=FEATURES, seed=8, plan=NO_REFITS)
    assert (other.predict(test_rows[0]) != flat.predict(test_rows[0])).any()


def test_a_batch_more_or_less_changes_nothing(flat, test_rows, monkeypatch):
    frame = test_rows[0].head(1_000)
    whole = (flat.predict(frame), flat.interval(frame), flat.contributions(frame))
    monkeypatch.setattr("cxmodels.churn.batches.BATCH", 300)
    np.testing.assert_array_equal(flat.predict(frame), whole[0])
    np.testing.assert_array_equal(flat.interval(frame), whole[1])
    pd.testing.assert_frame_equal(flat.contributions(frame), whole[2])


def test_an_unseen_category_counts_as_missing(flat, test_rows):
    frame = test_rows[0].head(50)
    np.testing.assert_array_equal(
        flat.predict(frame.assign(plan="ultra")), flat.predict(frame.assign(plan=None))
    )


def test_contributions_add_up_to_the_log_odds_of_the_probability(flat, test_rows):
    frame = test_rows[0].head(200)
    moved = flat.contributions(frame)
    assert moved.columns.tolist() == [*FEATURES, "base"]
    np.testing.assert_allclose(expit(moved.sum(axis=1)), flat.predict(frame), atol=1e-9)
    assert moved["usage"].abs().mean() < 0.4 * moved["outages"].abs().mean()


def test_intervals_hold_their_probability_and_are_wider_where_little_is_known():
    few, many = (
        fit_churn(make_customers(size, seed=1)[0], features=FEATURES, seed=7, plan=QUICK)
        for size in (800, 5_000)
    )
    frame = make_customers(500, seed=98)[0]
    for model in (few, many):
        low, high = model.interval(frame)
        assert ((low < model.predict(frame)) & (model.predict(frame) < high)).all()
        assert ((low > 0) & (high < 1)).all()
    narrow, wide = (np.diff(model.interval(frame), axis=0).mean() for model in (many, few))
    assert wide > 1.3 * narrow


@pytest.mark.slow
def test_intervals_hold_the_true_probability_nine_times_in_ten_and_are_no_wider_than_that_needs():
    inside, of_half = [], []
    for seed in range(6):
        frame, _ = make_customers(4_000, seed=seed)
        model = fit_churn(frame, features=FEATURES, seed=seed, plan=FitPlan(QUICK.candidates, refits=20))
        other, truth = make_customers(3_000, seed=50 + seed)
        low, high = model.interval(other)
        middle = model.predict(other)
        inside.append(((low <= truth) & (truth <= high)).mean())
        of_half.append((((low + middle) / 2 <= truth) & (truth <= (middle + high) / 2)).mean())
    error = np.std(inside, ddof=1) / np.sqrt(len(inside))
    assert np.mean(inside) >= 0.90 - 2 * error
    assert np.mean(of_half) < 0.90 - 2 * error


def test_without_refits_there_is_no_interval(test_rows):
    model = fit_churn(make_customers(500, seed=1)[0], features=FEATURES, plan=NO_REFITS)
    with pytest.raises(ValueError, match="fit it with FitPlan"):
        model.interval(test_rows[0])


def test_a_later_snapshot_judges_stops_and_calibrates():
    frame, _ = make_customers(700, seed=3, snapshots=4)
    last = frame["as_of"].max()
    later = frame[frame["as_of"] == last].copy()
    # the world got worse: in the later snapshot three in ten who stayed had left
    rng = np.random.default_rng(0)
    later.loc[rng.random(len(later)) < 0.3, "churned"] = 1.0
    model = fit_churn(frame[frame["as_of"] < last], later, features=FEATURES, plan=NO_REFITS)
    assert model.calibration.kind in ("logistic", "steps")
    assert model.predict(later).mean() == pytest.approx(later["churned"].mean(), abs=0.03)
    assert model.origin["later"]["dates"] == [last.date().isoformat()]
    assert len(model.origin["train"]["dates"]) == 3
    assert model.origin["train"]["customers"] == 700


def test_a_judge_that_is_not_later_is_refused():
    frame, _ = make_customers(100, seed=3, snapshots=3)
    first, last = frame["as_of"].min(), frame["as_of"].max()
    with pytest.raises(
        ValueError, match="The later rows begin on 2024-01-31, and training ends on 2024-03-31"
    ):
        fit_churn(frame[frame["as_of"] == last], frame[frame["as_of"] == first], features=FEATURES)


def test_a_handful_of_leavers_gives_a_model_that_says_little():
    frame = make_customers(60, seed=6)[0].assign(churned=0.0)
    frame.loc[[3, 40], "churned"] = 1.0
    model = fit_churn(frame, features=FEATURES, plan=QUICK)
    assert model.calibration.gains is None
    assert model.predict(frame).mean() == pytest.approx(2 / 60, abs=0.03)
    low, high = model.interval(frame)
    assert np.isfinite([low, high]).all()


def test_rows_whose_outcome_is_not_known_are_left_out():
    frame, _ = make_customers(1_000, seed=4)
    open_rows = frame.head(300).assign(churned=np.nan)
    with_open = pd.concat([open_rows, frame.tail(700)])
    one = fit_churn(with_open, features=FEATURES, plan=NO_REFITS)
    other = fit_churn(frame.tail(700), features=FEATURES, plan=NO_REFITS)
    np.testing.assert_array_equal(one.predict(frame), other.predict(frame))
    assert one.origin["train"]["rows"] == 700


def test_a_monotone_feature_can_only_raise_the_probability():
    """Individual conditional expectation: one feature is moved, all others held."""
    frame, _ = make_customers(1_500, seed=5)
    hard = FitPlan(candidates=(TreeSettings(0.2, leaves=31, depth=8, least_rows=3, l2=0.0),), refits=0)

    def steps(model):
        curves = [model.predict(frame.head(200).assign(fee=fee)) for fee in np.linspace(-3, 3, 25)]
        return np.diff(curves, axis=0)

    assert (steps(fit_churn(frame, features=FEATURES, plan=hard)) < -1e-6).any()
    rising = steps(fit_churn(frame, features=FEATURES, monotone={"fee": 1}, plan=hard))
    assert (rising >= -1e-12).all() and (rising > 0.01).any()
    falling = steps(fit_churn(frame, features=FEATURES, monotone={"fee": -1}, plan=hard))
    assert (falling <= 1e-12).all()


@pytest.mark.parametrize(
    ("monotone", "told"),
    [
        ({"plan": 1}, "monotone names plan, which is no numeric feature; there are outages, fee, usage"),
        ({"wait": 1}, "monotone names wait"),
        ({"fee": 2}, "monotone gives fee the sign 2"),
    ],
)
def test_a_wrong_monotone_feature_is_named(monotone, told):
    with pytest.raises(ValueError, match=told):
        fit_churn(make_customers(300, seed=1)[0], features=FEATURES, monotone=monotone, plan=NO_REFITS)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"churned": 0.0}, "All 300 rows stayed"),
        ({"churned": np.nan}, "Of no row of the training snapshot it is known who left"),
        ({"churned": 2.0}, "neither 0 nor 1"),
        ({"customer_id": None}, "customer_ids are missing"),
    ],
)
def test_rows_that_cannot_be_learned_from_are_refused(change, told):
    with pytest.raises(ValueError, match=told):
        fit_churn(make_customers(300, seed=1)[0].assign(**change), features=FEATURES, plan=NO_REFITS)


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="The training rows have no churned"):
        fit_churn(make_customers(300, seed=1)[0].drop(columns="churned"), features=FEATURES)


def test_a_constant_feature_is_dropped_and_the_callers_frame_stays_as_it_was():
    frame = make_customers(400, seed=1)[0].assign(land="no")
    before = frame.copy()
    model = fit_churn(frame, features=[*FEATURES, "land"], plan=NO_REFITS)
    assert model.encoding.dropped == {"land": "constant: every row has no"}
    pd.testing.assert_frame_equal(frame, before)

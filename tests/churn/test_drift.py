"""Drift of features between a training and a scoring snapshot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.churn.drift import measure_drift, piece_shares


def frames(change=lambda x: x, *, rows=(5_000, 5_000), seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": rng.normal(size=rows[0])}), pd.DataFrame(
        {"x": change(rng.normal(size=rows[1]))}
    )


def verdict(training, scoring):
    return measure_drift(training, scoring).table["verdict"][0]


def test_the_index_of_two_categories_is_its_closed_form():
    before, after = pd.Series(["a"] * 50_000 + ["b"] * 50_000), pd.Series(["a"] * 60_000 + ["b"] * 40_000)
    psi = measure_drift(before.to_frame("x"), after.to_frame("x")).table["psi"][0]
    assert psi == pytest.approx(0.1 * np.log(0.6 / 0.5) - 0.1 * np.log(0.4 / 0.5), rel=1e-3)


def test_numbers_are_cut_at_training_quantiles():
    before = pd.Series(np.arange(1_000.0))
    shares = piece_shares(before, before[before < 500])
    assert shares["training"].to_numpy() == pytest.approx(0.1, abs=1e-3)
    assert shares["scoring"].to_numpy() == pytest.approx([0.2] * 5 + [0.0] * 5, abs=2e-3)


def test_without_drift_the_index_is_on_average_what_chance_makes_it():
    rows = (300, 200)
    tables = [measure_drift(*frames(rows=rows, seed=seed)).table.iloc[0] for seed in range(300)]
    psi = np.array([one["psi"] for one in tables])
    chance = 9 * (1 / 300 + 1 / 200)
    assert tables[0]["chance"] == pytest.approx(chance)
    # standard error by the chi-squared figure's variance; the training quantiles are taken as given
    assert psi.mean() == pytest.approx(chance, abs=3.5 * np.sqrt(18) * (1 / 300 + 1 / 200) / np.sqrt(300))
    assert (psi > [one["limit"] for one in tables]).mean() <= 0.03
    assert all(one["verdict"] != "much drift" for one in tables)


def test_a_small_sample_that_the_customary_bound_would_condemn_is_not_condemned():
    alarms = [measure_drift(*frames(rows=(60, 60), seed=seed)) for seed in range(60)]
    psi = np.array([one.table["psi"][0] for one in alarms])
    assert (psi > 0.25).mean() > 0.3
    assert sum(one.refit for one in alarms) <= 2
    assert {"too few rows"} >= {one.table["verdict"][0] for one in alarms if not one.refit}
    assert "too few rows to tell" in next(one for one in alarms if not one.refit).verdict


@pytest.mark.parametrize(
    ("shift", "said"),
    [(0.0, "steady"), (0.15, "steady"), (0.4, "some drift"), (0.8, "much drift")],
)
def test_the_customary_bounds_hold_for_shifts_of_a_normal_feature(shift, said):
    # for a normal feature the index is about the squared shift
    assert verdict(*frames(lambda x: x + shift)) == said


def test_a_wider_spread_at_the_same_mean_is_drift_too():
    assert verdict(*frames(lambda x: 2 * x)) == "much drift"


def test_numbers_beyond_a_cap_that_many_reached_are_a_piece_of_their_own():
    before, _ = frames(rows=(4_000, 1))
    capped = before.clip(upper=0.3)
    after = capped.mask((capped == 0.3) & (np.arange(4_000) % 2 == 0).reshape(-1, 1), 9.0)
    drift = measure_drift(capped, after)
    assert drift.table["verdict"][0] == "much drift"
    assert drift.pieces.set_index("piece")["scoring"]["above 0.3"] == pytest.approx(0.19, abs=0.02)


def test_a_category_that_training_did_not_have_is_named():
    before = pd.DataFrame({"plan": ["basic", "plus"] * 500})
    after = pd.DataFrame({"plan": ["basic", "plus", "max", None] * 250})
    drift = measure_drift(before, after)
    pieces = drift.pieces.set_index("piece")
    assert pieces["training"]["unseen in training"] == pytest.approx(0.0005, abs=1e-4)
    assert pieces["scoring"]["unseen in training"] == pytest.approx(0.25, abs=1e-3)
    assert pieces["scoring"]["missing"] == pytest.approx(0.25, abs=1e-3)
    assert drift.table["reason"][0].split(":")[0] in ("unseen in training", "missing")
    assert drift.pieces["part"].sum() == pytest.approx(drift.table["psi"][0])


def test_numbers_that_go_missing_are_drift():
    before, after = frames()
    after.loc[::2, "x"] = np.nan
    table = measure_drift(before, after).table
    assert table["verdict"][0] == "much drift"
    assert table["reason"][0] == "missing: 0.0% of rows in training, 50.0% now"


def test_a_constant_that_changes_is_drift_and_one_that_does_not_is_steady():
    same, other = pd.DataFrame({"x": [1.0] * 500}), pd.DataFrame({"x": [2.0] * 500})
    assert verdict(same, same) == "steady"
    assert measure_drift(same, same).table["psi"][0] == 0.0
    assert verdict(same, other) == "much drift"


def test_the_same_categories_in_another_type_are_the_same():
    ones = pd.DataFrame({"x": [0, 1] * 300})
    for other in (ones.astype(float), ones.astype(str), ones.astype(bool), ones.astype("category")):
        assert measure_drift(ones, other).table["psi"][0] == 0.0


def test_ten_thousand_categories_are_taken_together_where_they_are_rare():
    rng = np.random.default_rng(0)
    before, after = (pd.DataFrame({"x": rng.integers(0, 10_000, 20_000).astype(str)}) for _ in range(2))
    drift = measure_drift(before, after)
    assert len(drift.pieces) <= 22
    assert set(drift.pieces["piece"]) >= {"rare", "unseen in training"}


def test_dates_and_nullable_numbers_are_cut_like_numbers():
    days = pd.Series(pd.date_range("2024-01-01", periods=1_000))
    assert verdict(days.to_frame("x"), (days + pd.Timedelta(days=400)).to_frame("x")) == "much drift"
    numbers = pd.Series(range(1_000), dtype="Int64")
    assert measure_drift(numbers.to_frame("x"), numbers.to_frame("x")).table["psi"][0] == 0.0


def test_the_model_is_fitted_again_where_one_feature_drifted_much_or_a_fifth_some():
    rng = np.random.default_rng(1)
    before, after = (pd.DataFrame(rng.normal(size=(5_000, 10)), columns=list("abcdefghij")) for _ in range(2))
    steady = measure_drift(before, after)
    assert (steady.refit, steady.verdict) == (False, "Keep the model: its features are steady.")
    one_some = measure_drift(before, after.assign(c=after["c"] + 0.4))
    assert (one_some.refit, one_some.verdict) == (False, "Keep the model, and watch c: there is some drift.")
    two_some = measure_drift(before, after.assign(c=after["c"] + 0.4, d=after["d"] + 0.4))
    assert two_some.refit
    assert "2 of 10 features drifted" in two_some.verdict
    much = measure_drift(before, after.assign(c=after["c"] + 0.9))
    assert (much.refit, much.verdict) == (True, "Fit the model again: c drifted much.")
    assert much.table["feature"][0] == "c"


def test_the_verdict_names_features_in_words_and_the_table_by_name():
    before = pd.DataFrame({"spend_1m": np.random.default_rng(1).normal(size=5_000)})
    moved = measure_drift(before, before + 0.9, label={"spend_1m": "spend in 1 month"})
    assert moved.verdict == "Fit the model again: spend in 1 month drifted much."
    assert moved.table["feature"].tolist() == ["spend_1m"]


def test_what_cannot_be_compared_is_named():
    frame = pd.DataFrame({"a": [1.0], "b": [2.0]})
    with pytest.raises(ValueError, match="scoring snapshot lacks b; it has a"):
        measure_drift(frame, frame[["a"]])
    with pytest.raises(ValueError, match="scoring snapshot has no row"):
        measure_drift(frame, frame.iloc[:0])
    with pytest.raises(ValueError, match="bins is 1"):
        measure_drift(frame, frame, bins=1)

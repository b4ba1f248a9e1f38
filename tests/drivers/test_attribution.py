"""Values and base sum to the raw score; batches and parts change nothing; a sample is what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmodels.churn.calibration import Calibration
from cxmodels.drivers.attribution import add_parts, explain, stream_attribution
from tests.drivers.leavers import FEATURES, make_leavers

PARTS = {name: "network" if name == "outages" else "customer" for name in FEATURES}


@pytest.fixture(scope="module")
def found(model, frame):
    return explain(model, frame)


def raw_score(model, frame):
    return model.booster.predict(model.encoding.matrix(frame), raw_score=True)


def test_values_and_base_sum_to_the_raw_score(model, frame, found):
    assert found.score == pytest.approx(raw_score(model, frame), abs=1e-9)
    assert np.abs(found.score - raw_score(model, frame)).max() < 1e-9


def test_values_are_of_the_score_before_calibration(model, frame, found):
    bent = replace(model, calibration=Calibration("logistic", intercept=0.3, slope=1.2))
    pd.testing.assert_frame_equal(explain(bent, frame).values, found.values)
    streamed = next(stream_attribution(bent, frame))
    pd.testing.assert_frame_equal(streamed[list(FEATURES)], found.values)
    calibrated = bent.contributions(frame).sum(axis=1)
    assert calibrated.to_numpy() == pytest.approx(0.3 + 1.2 * found.score)


def test_missing_values_and_unseen_categories_are_explained_too(model):
    odd = make_leavers(60, seed=3)
    odd.loc[:19, "usage"] = np.nan
    odd.loc[20:39, "plan"] = "unheard of"
    odd["plan"] = odd["plan"].astype("category")
    assert np.abs(explain(model, odd).score - raw_score(model, odd)).max() < 1e-9


def test_batches_give_the_same_as_one_go(model, frame, found):
    streamed = pd.concat(stream_attribution(model, frame, rows=37), ignore_index=True)
    pd.testing.assert_frame_equal(streamed[list(FEATURES)], found.values)
    assert streamed["customer_id"].tolist() == frame["customer_id"].tolist()
    assert streamed["base"].nunique() == 1 and streamed["base"].iloc[0] == found.base


def test_frames_of_an_iterable_are_taken_one_at_a_time(model, frame):
    given = []

    def source():
        for start in range(0, 600, 100):
            given.append(start)
            yield frame.iloc[start : start + 100]

    for place, batch in enumerate(stream_attribution(model, source(), parts=PARTS)):
        assert len(given) == place + 1 and len(batch) == 100


def test_streamed_parts_are_those_of_one_go(model, frame, found):
    streamed = pd.concat(stream_attribution(model, frame, parts=PARTS, rows=100), ignore_index=True)
    assert list(streamed.columns) == ["customer_id", "as_of", "network", "customer", "base"]
    pd.testing.assert_frame_equal(streamed[["network", "customer"]], found.by_part(PARTS))


@settings(max_examples=30, deadline=None)
@given(parts=st.lists(st.sampled_from(["contact", "bill", "network"]), min_size=8, max_size=8))
def test_sums_by_part_equal_the_sum_of_the_parts(found, parts):
    named = dict(zip(FEATURES, parts, strict=True))
    summed = found.by_part(named)
    for part in set(parts):
        own = [name for name in FEATURES if named[name] == part]
        assert summed[part].to_numpy() == pytest.approx(found.values[own].sum(axis=1).to_numpy(), abs=1e-12)
    assert summed.sum(axis=1).to_numpy() + found.base == pytest.approx(found.score, abs=1e-9)


def test_a_feature_without_a_part_is_named():
    moved = pd.DataFrame({"calls": [0.1], "fee": [0.2]})
    with pytest.raises(ValueError, match="No part is named for fee; nearest: 'fees'; name one for each"):
        add_parts(moved, {"calls": "contact", "fees": "bill"})


def test_a_sample_keeps_all_snapshots_of_a_customer_and_says_how_many(model):
    several = make_leavers(200, seed=4, snapshots=3)
    found = explain(model, several, most=150, seed=1)
    assert len(found.rows) == 150 and found.customers == 50
    rows_of_each = several["customer_id"].iloc[found.rows].value_counts()
    assert (rows_of_each == 3).all()
    assert found.sample == "50 of 200 customers, drawn at random, are explained."
    assert explain(model, several).sample == "All 200 customers are explained."
    pd.testing.assert_series_equal(
        found.data["usage"], several["usage"].iloc[found.rows].reset_index(drop=True)
    )


def test_the_same_seed_draws_the_same_sample(model, frame):
    one, same, other = (explain(model, frame, most=100, seed=seed).rows for seed in (1, 1, 2))
    assert (one == same).all() and not np.array_equal(one, other)


def test_shap_gets_the_same_values_with_numbers_to_colour_by(model, frame, found):
    wrapped = found.explanation({"outages": "outages in 90 days"})
    assert wrapped.values == pytest.approx(found.values.to_numpy())
    assert wrapped.base_values + wrapped.values.sum(axis=1) == pytest.approx(raw_score(model, frame))
    assert wrapped.feature_names[:2] == ["outages in 90 days", "usage"]
    assert wrapped.data.dtype == float and wrapped.display_data[0, 2] == frame["plan"].iloc[0]


def test_nothing_to_explain_is_said(model, frame):
    with pytest.raises(ValueError, match="There is no row to explain"):
        explain(model, frame.head(0))
    with pytest.raises(ValueError, match="most is 0"):
        explain(model, frame, most=0)
    with pytest.raises(ValueError, match="The frame lacks usage"):
        explain(model, frame.drop(columns="usage"))

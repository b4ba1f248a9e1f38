"""Features become numbers in one way, settled in training: later values cannot move it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from cxmodels.churn.encoding import MOST_CATEGORIES, RARE, Encoding, NoFeatures, fit_encoding


def encode(train, now=None):
    train = pd.DataFrame(train)
    encoding = fit_encoding(train, features=list(train.columns))
    return encoding, encoding.matrix(train if now is None else pd.DataFrame(now))


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["1", "2.5", "10"], dtype="str"),
        pd.Series(["1", "2.5", "10"], dtype=object),
        pd.Series([1, 2.5, 10]),
        pd.Series([1, 2.5, 10], dtype="Float64"),
    ],
    ids=["str", "object", "float", "nullable"],
)
def test_numbers_stay_numbers_also_where_they_are_written_as_text(column):
    encoding, matrix = encode({"a": column})
    assert encoding.categories == {}
    assert matrix[:, 0].tolist() == [1.0, 2.5, 10.0]


@pytest.mark.parametrize("kind", [bool, object, "boolean"])
def test_flags_are_numbers(kind):
    _, matrix = encode({"a": pd.Series([True, False, True], dtype=kind)})
    assert matrix[:, 0].tolist() == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("kind", ["str", object, "category"])
def test_text_is_a_category_and_a_code_with_leading_zeros_is_no_number(kind):
    encoding, matrix = encode({"a": pd.Series(["007", "8", "007"] * 10, dtype=kind)})
    assert encoding.categories == {"a": ("007", "8")}
    assert encoding.categorical == [0]
    assert matrix[:3, 0].tolist() == [0.0, 1.0, 0.0]


def test_a_category_that_training_did_not_have_is_missing():
    _, matrix = encode({"a": ["x", "y"] * 10}, {"a": ["y", "z", None]})
    np.testing.assert_array_equal(matrix[:, 0], [1.0, np.nan, np.nan])


def test_ten_thousand_categories_are_pooled_and_named():
    names = [f"area {place}" for place in range(10_000)]
    often = [f"town {place}" for place in range(3)] * 50
    encoding, matrix = encode({"place": [*names, *often]}, {"place": ["town 1", "area 7", "nowhere"]})
    assert encoding.categories["place"] == ("town 0", "town 1", "town 2", RARE)
    assert len(encoding.pooled["place"]) == 10_000
    np.testing.assert_array_equal(matrix[:, 0], [1.0, 3.0, np.nan])


def test_no_more_than_a_hundred_categories_are_kept_apart():
    encoding, _ = encode({"a": [f"c{one}" for one in range(150)] * 12})
    assert len(encoding.categories["a"]) == MOST_CATEGORIES + 1


def test_what_is_constant_or_empty_or_a_name_of_its_own_for_each_row_is_dropped_and_named():
    encoding, _ = encode(
        {"a": [1, 2, 3], "same": "no", "empty": [None] * 3, "name": ["Ann", "Bo", "Cy"], "half": [1, 1, None]}
    )
    assert encoding.features == ("a", "half")
    assert encoding.dropped == {
        "same": "constant: every row has no",
        "empty": "empty: no row has a value",
        "name": "each of its 3 categories has fewer than 10 rows",
    }


def test_without_a_usable_feature_the_error_says_why():
    with pytest.raises(
        NoFeatures, match=r"No feature is left to learn from: a \(constant: every row has 1\)"
    ):
        encode({"a": [1, 1]})
    with pytest.raises(ValueError, match="none was named"):
        encode({})


@pytest.mark.parametrize(
    ("features", "told"),
    [
        (["b"], "There is no feature b; columns are customer_id, a, day"),
        (["customer_id"], "customer_id cannot be a feature"),
        (["a", "a"], "named twice"),
        (["day"], "day are dates: give days up to as_of instead"),
    ],
)
def test_columns_that_cannot_be_features_are_refused(features, told):
    frame = pd.DataFrame({"customer_id": ["x", "y"], "a": [1, 2], "day": pd.to_datetime(["2024-01-01"] * 2)})
    with pytest.raises(ValueError, match=told):
        fit_encoding(frame, features=features)


def test_text_where_numbers_were_learned_is_named():
    with pytest.raises(ValueError, match="a was a number in training and now holds 'many'"):
        encode({"a": [1, 2]}, {"a": ["3", "many"]})
    with pytest.raises(ValueError, match="The frame lacks a; it has b"):
        encode({"a": [1, 2]}, {"b": [1]})


def test_it_is_the_same_after_json_and_the_frame_is_not_changed():
    frame = pd.DataFrame({"a": [1.0, np.inf, 2.0] * 10, "b": ["x", "y", None] * 10})
    before = frame.copy()
    encoding, matrix = encode(frame)
    again = Encoding.from_dict(json.loads(json.dumps(encoding.to_dict())))
    assert again == encoding
    np.testing.assert_array_equal(again.matrix(frame), matrix)
    pd.testing.assert_frame_equal(frame, before)
    assert np.isnan(matrix[1, 0])

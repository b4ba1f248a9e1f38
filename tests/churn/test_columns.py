"""Columns of any kind as numbers and categories; what says nothing is left out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from cxmodels.churn.columns import fit_columns, read_columns

AS_OF = pd.Series(pd.to_datetime(["2025-01-31", "2025-01-31", "2025-06-30"]))


def _read(values, as_of=None, name="x"):
    return read_columns(pd.DataFrame({name: pd.Series(values)}), as_of).iloc[:, 0]


def _fit(values, *, training=None):
    table = read_columns(pd.DataFrame({"x": values}))
    training = np.full(len(table), True) if training is None else np.asarray(training)
    return fit_columns(table, training=training)


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        ([True, False], [1.0, 0.0]),
        ([True, None, False], [1.0, np.nan, 0.0]),
        ([1, 2], [1.0, 2.0]),
        ([1.5, np.inf, -np.inf], [1.5, np.nan, np.nan]),
        ([Decimal("1.25"), None], [1.25, np.nan]),
        (["3", "-1.5", None], [3.0, -1.5, np.nan]),
        (pd.array([1, None], dtype="Int64"), [1.0, np.nan]),
        (pd.array([True, None], dtype="boolean"), [1.0, np.nan]),
        (pd.to_timedelta(["12h"]), [0.5]),
    ],
)
def test_numbers_flags_and_texts_of_numbers_become_floats(values, numbers):
    read = _read(values)
    assert read.dtype == float
    np.testing.assert_array_equal(read, numbers)


@pytest.mark.parametrize(
    "values",
    [["a", "b", None], ["007", "12"], ["1,5", "2"], ["1", "a"], pd.Categorical(["b", "a"]), [None, "x"]],
)
def test_texts_become_categories(values):
    read = _read(values)
    assert isinstance(read.dtype, pd.CategoricalDtype)
    assert list(read.cat.categories) == sorted({str(one) for one in pd.Series(values).dropna()})
    assert read.isna().tolist() == pd.Series(values).isna().tolist()


@pytest.mark.parametrize(
    "values", [pd.to_datetime(["2025-01-01", None, "2025-07-01"]), [date(2025, 1, 1), None, date(2025, 7, 1)]]
)
def test_a_day_becomes_days_before_the_date_and_a_later_one_is_not_known(values):
    read = _read(values, AS_OF, name="joined")
    assert read.name == "days_since_joined"
    np.testing.assert_array_equal(read, [30.0, np.nan, np.nan])


def test_a_day_without_a_date_to_stand_on_counts_from_1970():
    read = _read(pd.to_datetime(["1970-01-11"]), name="joined")
    assert (read.name, read.tolist()) == ("joined", [10.0])


def test_an_empty_column_has_no_value():
    assert _read([None, None]).isna().all()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([5.0] * 4, "always 5.0"),
        (["a"] * 4, "always a"),
        ([np.nan] * 4, "no value"),
        ([f"name {n}" for n in range(100)], "100 values in 100 rows: a name or a number of somebody"),
    ],
)
def test_columns_that_say_nothing_are_left_out_by_name(values, reason):
    found = _fit(values)
    assert found.table.empty
    assert found.left_out["feature"].tolist() == ["x"]
    assert reason in found.left_out["reason"].iloc[0]


@pytest.mark.parametrize("values", [[5.0, 5.0, np.nan], ["a", None], [1.0, 2.0]])
def test_a_value_that_some_lack_says_something(values):
    assert list(_fit(values).table) == ["x"]


def test_only_the_rows_to_learn_from_decide():
    assert _fit([1.0, 1.0, 2.0], training=[True, True, False]).left_out["feature"].tolist() == ["x"]


def test_categories_stay_as_they_are_however_many_there_are():
    values = [f"k{number % 5_000}" for number in range(20_000)]
    found = _fit([*values, "new", None], training=[True] * 20_000 + [False] * 2)
    assert found.table["x"].tolist()[:-1] == [*values, "new"]
    assert found.table["x"].isna().sum() == 1


def test_no_row_to_learn_from_is_an_error():
    with pytest.raises(ValueError, match="No row is there to learn from"):
        _fit([1.0, 2.0], training=[False, False])


def test_the_callers_frame_stays_as_it_was():
    raw = pd.DataFrame({"x": ["1", "2"], "y": [True, False]})
    before = raw.copy()
    read_columns(raw)
    pd.testing.assert_frame_equal(raw, before)


def test_a_column_that_repeats_another_is_left_out_and_says_which():
    table = pd.DataFrame(
        {"logins": [1.0, np.nan, 0.0], "size": [1.0, np.nan, -0.0], "other": [1.0, 2.0, 0.0]}
    )
    found = fit_columns(table, training=np.array([True, True, True]))
    assert list(found.table.columns) == ["logins", "other"]
    assert found.left_out.to_dict("records") == [{"feature": "size", "reason": "the same as logins"}]


def test_only_the_rows_to_learn_from_tell_which_columns_are_the_same():
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 4.0]})
    assert list(fit_columns(table, training=np.array([True, True, False])).table.columns) == ["a"]
    assert list(fit_columns(table, training=np.array([True, False, True])).table.columns) == ["a", "b"]

"""Flat public sets come through the door with their kinds settled and every customer once."""

from __future__ import annotations

import pandas as pd
import pytest

from cxmodels.datasets.flat import write_flat, write_iranian_churn
from cxmodels.study import read_study
from cxmodels.tables import open_tables

ROOT = "data"


def written(write, tmp_path, text):
    original, target = tmp_path / "set.csv", tmp_path / "set.parquet"
    original.write_text(text, encoding="utf-8")
    write(original, target)
    return pd.read_parquet(target)


def test_na_is_missing_among_numbers_and_text_stays_text(tmp_path):
    frame = written(write_flat, tmp_path, "a,b,c\n1,NA,x\nNA,None,\n 2,Unknown,\n")
    assert frame["a"].isna().tolist() == [False, True, False]
    assert frame["a"].dtype == float
    assert frame["b"].tolist() == ["NA", "None", "Unknown"]
    assert frame["c"].isna().tolist() == [False, True, True]


def test_equal_lines_of_the_iranian_set_have_one_id(tmp_path):
    frame = written(write_iranian_churn, tmp_path, "Call  Failure,Churn\n8,0\n0,0\n8,0\n")
    assert frame.columns.tolist() == ["customer_id", "Call Failure", "Churn"]
    assert frame["customer_id"].tolist() == ["line-0001", "line-0002", "line-0001"]


@pytest.mark.parametrize(
    ("name", "rows", "leavers", "columns", "numbers"),
    [
        ("ibm-telco", 7_043, 1_869, 22, ["tenure", "monthly_charges", "total_charges"]),
        ("iranian-churn", 2_850, 446, 16, ["call_failure", "customer_value"]),
        ("cell2cell", 51_047, 14_711, 59, ["monthly_revenue", "customer_care_calls", "dropped_calls"]),
    ],
)
def test_each_study_reads_its_set(data_set, name, rows, leavers, columns, numbers):
    data_set(name)
    tables = open_tables(read_study(f"{ROOT}/{name}"))
    frame = tables["snapshot"].execute()
    assert (len(frame), int(frame["churned"].sum()), frame.shape[1]) == (rows, leavers, columns)
    assert frame["customer_id"].is_unique
    assert all(pd.api.types.is_numeric_dtype(frame[column]) for column in numbers)

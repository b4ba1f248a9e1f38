"""One flat table without dates."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.churn.flat import read_flat


def _flat(frame):
    return read_flat(ibis.memtable(frame))


def _customers(rows=200, **columns):
    rng = np.random.default_rng(5)
    frame = {
        "customer_id": [f"c{number:03}" for number in range(rows)],
        "churned": rng.random(rows) < 0.3,
        "usage": rng.random(rows),
    }
    return pd.DataFrame({**frame, **columns})


def test_each_customer_is_a_row_without_a_date():
    raw = _customers()
    found = _flat(raw)
    assert list(found.table)[:3] == ["customer_id", "as_of", "churned"]
    assert found.table["as_of"].isna().all()
    assert found.table["churned"].tolist() == raw["churned"].astype(float).tolist()
    assert found.counts[["customers", "left"]].values.tolist() == [[200, raw["churned"].sum()]]
    assert found.notes == ()


def test_a_line_that_is_there_twice_is_dropped_and_said():
    raw = _customers()
    found = _flat(pd.concat([raw, raw.iloc[:7]]))
    assert len(found.table) == 200
    assert found.notes[0].startswith("7 rows equal another in every column: they are dropped")


def test_rows_alike_but_for_an_id_made_of_the_line_are_dropped_and_said():
    raw = _customers()
    again = raw.iloc[:7].assign(customer_id=[f"d{number}" for number in range(7)])
    found = _flat(pd.concat([raw, again]))
    assert found.table["customer_id"].tolist() == raw["customer_id"].tolist()
    assert "7 rows equal another in every column but customer_id" in found.notes[0]


def test_columns_too_coarse_to_tell_customers_apart_drop_nobody():
    found = _flat(_customers().assign(usage=lambda raw: raw["usage"].round(1)))
    assert len(found.table) == 200
    assert "different customers who look alike" in found.notes[0]


def test_a_customer_with_rows_that_differ_is_refused_by_name():
    raw = _customers()
    with pytest.raises(ValueError, match=r"1 customers .* such as 'c003'. Give one row a customer"):
        _flat(pd.concat([raw, raw.iloc[3:4].assign(usage=9.0)]))


def test_an_empty_table_is_refused():
    empty = ibis.memtable(_customers().iloc[:0], schema={"customer_id": "string", "churned": "boolean"})
    with pytest.raises(ValueError, match="no row"):
        read_flat(empty)


def test_the_duplicates_of_the_iranian_operator_are_found(data_set):
    [file] = data_set("iranian-churn")
    raw = pd.read_parquet(file).rename(columns={"Churn": "churned"}).astype({"churned": bool})
    found = _flat(raw.assign(customer_id=[f"{number:05}" for number in range(len(raw))]))
    assert len(found.table) == 3150 - 300
    assert found.notes[0].startswith("300 rows")

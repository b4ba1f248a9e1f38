"""What is lost with each customer who leaves."""

from __future__ import annotations

from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.churn.features import snapshot_frame
from cxmodels.churn.worth import customer_worth
from cxmodels.datasets.operator import simulate_operator
from cxmodels.study import read_study

ROOT = Path(__file__).resolve().parents[2]
FLAT = {
    "customer_id": ["c", "a", "b"],
    "churned": [True, False, False],
    "calls": [3.0, 1.0, 2.0],
    "clv": [30.0, 10.0, 20.0],
}


@pytest.fixture
def study():
    return read_study(ROOT / "data/nordtel", {"churn.exclude": "[]"})


def test_a_flat_table_states_what_customers_are_worth_and_that_is_no_feature(study):
    tables = {"snapshot": ibis.memtable(FLAT)}
    snapshots = snapshot_frame(tables, study)
    worth = customer_worth(tables, snapshots, study)
    assert snapshots.features == ("calls",)
    assert worth.source == "stated" and worth.known
    assert worth.of(pd.Series(["b", "c", "a"]))["clv"].tolist() == [20.0, 30.0, 10.0]


def test_a_flat_table_without_a_value_says_which_column_to_map(study):
    tables = {"snapshot": ibis.memtable({key: FLAT[key] for key in ("customer_id", "churned", "calls")})}
    worth = customer_worth(tables, snapshot_frame(tables, study), study)
    assert not worth.known
    assert "map a column to clv" in worth.notes[0]
    assert np.isnan(worth.of(pd.Series(["a"]))["clv"]).all()


def test_a_customer_of_whom_nothing_is_known_has_no_value(study):
    tables = {"snapshot": ibis.memtable(FLAT)}
    worth = customer_worth(tables, snapshot_frame(tables, study), study)
    assert np.isnan(worth.of(pd.Series(["nobody"]))["clv"].iloc[0])


@pytest.mark.slow
def test_under_contract_the_worth_of_all_is_that_of_the_truth(study):
    operator = simulate_operator(6_000, seed=3)
    tables = {name: ibis.memtable(frame) for name, frame in operator.tables.items()}
    worth = customer_worth(tables, snapshot_frame(tables, study), study)
    truth = operator.truth.value(study.as_of, horizon_months=12)
    assert worth.source == "contracts"
    # 5 % is the goal of the values: benchmarks/contracts.py shows how near they come
    assert worth.of(pd.Series(truth.index))["clv"].sum() == pytest.approx(truth.sum(), rel=0.05)

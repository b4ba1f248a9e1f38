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
from cxmodels.value.contract_value import value_contracts
from cxmodels.value.customer_value import value_customers
from cxmodels.value.groups import group_customers

ROOT = Path(__file__).resolve().parents[2]
FLAT = {
    "customer_id": ["c", "a", "b"],
    "churned": [True, False, False],
    "calls": [3.0, 1.0, 2.0],
    "clv": [30.0, 10.0, 20.0],
}


def study_with(**settings):
    changed = {key.replace("__", "."): value for key, value in settings.items()}
    return read_study(ROOT / "data/nordtel", {"churn.exclude": "[]", **changed})


@pytest.fixture
def study():
    return study_with()


def test_a_flat_table_states_what_customers_are_worth_and_that_is_no_feature(study):
    tables = {"snapshot": ibis.memtable(FLAT)}
    snapshots = snapshot_frame(tables, study)
    worth = customer_worth(tables, snapshots, study)
    assert snapshots.features == ("calls",)
    assert worth.source == "stated" and worth.known
    assert worth.of(pd.Series(["b", "c", "a"]))["clv"].tolist() == [20.0, 30.0, 10.0]
    assert worth.notes == ("What a customer is worth is taken as exact: the data state it without a range.",)
    assert worth.errors_of(pd.Series(["b", "c"])).draws.shape == (0, 2)


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


@pytest.fixture(scope="module")
def contracts():
    operator = simulate_operator(600, seed=4)
    return {"contracts": ibis.memtable(operator.tables["contracts"])}


@pytest.mark.parametrize(
    ("margin", "counted", "told"),
    [
        (None, "fees", "the monthly fee counts in full, as if customers cost nothing"),
        ("1.0", "margin", "at the study's margin of 100%"),
        ("[0.3, 0.4]", "margin", "at the study's margin of 30% to 40%"),
    ],
)
def test_fees_count_in_full_and_it_is_said_where_nobody_states_a_margin(contracts, margin, counted, told):
    asked = study_with(**({} if margin is None else {"value__margin": margin}))
    worth = customer_worth(contracts, snapshot_frame(contracts, asked), asked, refits=2)
    assert worth.counted == counted
    assert worth.warning.startswith("No margin is stated: amounts are fees in full") == (counted == "fees")
    assert any(told in note for note in worth.notes)


def test_the_errors_under_contract_are_those_of_the_value_in_the_order_asked_for(contracts):
    study = study_with(value__margin="[0.3, 0.4]")
    snapshots = snapshot_frame(contracts, study)
    worth = customer_worth(contracts, snapshots, study, refits=3)
    ids = worth.table["customer_id"]
    half = worth.errors_of(ids).half(np.ones(len(ids)), group_customers(worth.table, None))
    frame = snapshots.table[["customer_id", "as_of", *snapshots.features]]
    log = contracts["contracts"].to_pyarrow().to_pandas(date_as_object=False)
    value = value_contracts(frame, log, as_of=study.as_of, settings=study.value, refits=3)
    assert 2 * half[0] == pytest.approx(value.totals()["parameter_width"].iloc[0])
    turned = worth.errors_of(pd.concat([ids[::-1], pd.Series(["nobody"])]))
    np.testing.assert_array_equal(turned.draws[:, :-1], worth.errors.draws[:, ::-1])
    assert (turned.draws[:, -1] == 0).all() and (turned.shared[:, -1] == 0).all()


def test_of_purchases_all_share_the_error_of_the_level():
    rng = np.random.default_rng(3)
    log = pd.DataFrame({"customer_id": [f"c{i}" for i in rng.integers(0, 300, 3_000)], "amount": 20.0})
    log["timestamp"] = pd.Timestamp("2022-07-01") + pd.to_timedelta(rng.integers(0, 730, 3_000), unit="D")
    tables = {"transactions": ibis.memtable(log)}
    study = study_with(churn__label="silence")
    worth = customer_worth(tables, snapshot_frame(tables, study), study)
    assert (worth.source, worth.counted) == ("purchases", "spend")
    ids = worth.table["customer_id"]
    half = worth.errors_of(ids).half(np.ones(len(ids)), group_customers(worth.table, None))
    value = value_customers(tables["transactions"], as_of=study.as_of, settings=study.value)
    assert 2 * half[0] == pytest.approx(value.totals()["parameter_width"].iloc[0])


@pytest.mark.slow
def test_under_contract_the_worth_of_all_is_that_of_the_truth(study):
    operator = simulate_operator(6_000, seed=3)
    tables = {name: ibis.memtable(frame) for name, frame in operator.tables.items()}
    worth = customer_worth(tables, snapshot_frame(tables, study), study)
    truth = operator.truth.value(study.as_of, horizon_months=12)
    assert worth.source == "contracts"
    # 5 % is the goal of the values: benchmarks/contracts.py shows how near they come
    assert worth.of(pd.Series(truth.index))["clv"].sum() == pytest.approx(truth.sum(), rel=0.05)

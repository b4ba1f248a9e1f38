"""One validator for canonical tables: after the door, of a saved run, and made elsewhere."""

from __future__ import annotations

import math

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis.backends.duckdb import Backend

from cxmodels.tables import DataError, open_tables, read_tables, validate_table
from cxmodels.tables.schemas import SCHEMAS, TYPES

SOUND = {
    "transactions": {"customer_id": "1", "timestamp": "2025-01-01", "amount": 5.0, "margin": None},
    "treatments": {"customer_id": "1", "timestamp": "2025-01-01", "action": "call", "propensity": 0.5},
    "contracts": {
        "customer_id": "1",
        "start_date": "2025-01-01",
        "end_date": None,
        "monthly_fee": 9.0,
        "color": "blue",
    },
    "surveys": {
        "customer_id": "1",
        "sent_at": "2025-01-01",
        "answered_at": None,
        "metric": "nps",
        "score": None,
    },
}


def made(name, **changed):
    """A canonical table of two rows: a sound one, and one with these values changed."""
    kinds = {column.name: column.kind for column in SCHEMAS[name].columns}
    schema = {column: TYPES[kinds.get(column, "text")] for column in SOUND[name]}
    return ibis.memtable([SOUND[name], SOUND[name] | changed], schema=schema)


@pytest.mark.parametrize("name", list(SOUND))
def test_a_canonical_table_passes_and_comes_back(name):
    table = made(name)
    assert validate_table(table, name) is table


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("transactions", {"customer_id": None}, "column 'customer_id' has no value in 1 row"),
        ("transactions", {"margin": math.inf}, "column 'margin' is not finite in 1 row"),
        ("treatments", {"propensity": 0.0}, "column 'propensity' is not above 0 in 1 row"),
        ("treatments", {"propensity": 1.5}, "column 'propensity' is above 1 in 1 row"),
        ("surveys", {"metric": "xyz"}, "column 'metric' is none of nps, ces, csat, nes, lba in 1 row"),
        ("contracts", {"end_date": "2024-12-31"}, "end_date lies before start_date in 1 row"),
    ],
)
def test_a_broken_rule_is_named_with_its_rows(name, changed, said):
    with pytest.raises(DataError, match=f"Table {name} breaks its rules: {said}."):
        validate_table(made(name, **changed), name)


def test_a_wrong_type_is_named_beside_what_else_is_wrong():
    table = made("transactions", customer_id=None).cast({"amount": "string"})
    with pytest.raises(
        DataError, match="column 'amount' is string, not float64; column 'customer_id' has no value in 1 row"
    ):
        validate_table(table, "transactions")


def test_a_missing_column_is_named_with_the_nearest():
    table = made("transactions").rename(amont="amount")
    with pytest.raises(DataError, match=r"column 'amount' is missing; nearest: 'amont'.*Columns there are"):
        validate_table(table, "transactions")


def test_columns_and_types_alone_read_no_row():
    unreadable = ibis.table({"customer_id": "string", "timestamp": "timestamp(6)", "amount": "float64"})
    assert validate_table(unreadable, "transactions", rows=False) is unreadable
    with pytest.raises(DataError, match="column 'amount' is int64, not float64"):
        validate_table(unreadable.cast({"amount": "int64"}), "transactions", rows=False)


def test_a_table_without_rows_breaks_no_rule():
    empty = made("treatments").limit(0)
    assert validate_table(empty, "treatments") is empty


def test_all_rules_are_one_query(monkeypatch):
    asked = []
    query = Backend._to_duckdb_relation
    monkeypatch.setattr(
        Backend, "_to_duckdb_relation", lambda *given, **more: asked.append(given) or query(*given, **more)
    )
    validate_table(made("treatments"), "treatments")
    assert len(asked) == 1


def test_a_saved_table_that_was_changed_is_refused(tmp_path, see_csv):
    see_csv("id,day,net\n1,2025-06-30,5\n2,2025-06-30,5\n").tables.save(tmp_path)
    file = tmp_path / "transactions.parquet"
    kept = pq.read_table(file)
    nameless = kept.set_column(
        kept.column_names.index("customer_id"), "customer_id", pa.array([None, "2"], pa.string())
    )
    pq.write_table(nameless, file)
    with pytest.raises(
        DataError,
        match=r"transactions\.parquet: .*'customer_id' has no value in 1 row\. Run the data check again",
    ):
        read_tables(tmp_path)


def test_what_the_door_lets_through_keeps_every_rule(tmp_path, study_of):
    (tmp_path / "log.csv").write_text(
        "id,day,net\n1,2025-06-30,5\n,2025-06-30,5\n2,soon,1\n3,2025-06-30,inf\n"
    )
    tables = open_tables(study_of(source=["log.csv"], max_bad_share=1.0))
    assert tables.transactions.count().to_pyarrow().as_py() == 1
    validate_table(tables.transactions, "transactions")

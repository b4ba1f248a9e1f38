"""One validator for canonical tables, shared by the door and by those who make tables elsewhere."""

from __future__ import annotations

from pathlib import Path

import ibis
import pytest

from cxmodels.study import CANONICAL_TABLES
from cxmodels.tables import DataError, validate_table
from cxmodels.tables.schemas import SCHEMAS, schema_of

TYPES = {"customer_id": "string", "timestamp": "timestamp(6)", "amount": "float64"}
README = Path(__file__).resolve().parents[2] / "data" / "README.md"


def log(rows, **types):
    schema = {**TYPES, **types}
    return ibis.memtable([dict(zip(schema, row, strict=True)) for row in rows], schema=schema)


def test_a_canonical_table_passes_and_comes_back():
    table = log([("1", "2025-01-01", 5.0)])
    assert validate_table(table, "transactions") is table


def test_a_missing_value_is_named():
    with pytest.raises(DataError, match="column 'customer_id': some rows have no value"):
        validate_table(log([(None, "2025-01-01", 5.0)]), "transactions")


def test_a_wrong_type_is_named():
    with pytest.raises(DataError, match="column 'amount': is not of the type 'float64'"):
        validate_table(log([("1", "2025-01-01", "5")], amount="string"), "transactions")


def test_a_value_out_of_range_is_named():
    table = ibis.memtable(
        [{"customer_id": "1", "timestamp": "2025-01-01", "action": "call", "propensity": 1.5}],
        schema={
            "customer_id": "string",
            "timestamp": "timestamp(6)",
            "action": "string",
            "propensity": "float64",
        },
    )
    with pytest.raises(DataError, match="column 'propensity'"):
        validate_table(table, "treatments")


def test_a_missing_column_is_named_with_the_nearest():
    table = log([("1", "2025-01-01", 5.0)]).rename(amont="amount")
    with pytest.raises(DataError, match=r"column 'amount' is missing; nearest: 'amont'.*Columns there are"):
        validate_table(table, "transactions")


def test_an_unknown_table_is_named_with_the_nearest():
    with pytest.raises(DataError, match=r"no canonical table 'contract'.*nearest: 'contracts'"):
        schema_of("contract")


def test_studies_and_schemas_know_the_same_tables():
    assert tuple(SCHEMAS) == CANONICAL_TABLES


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_the_data_dictionary_documents_every_canonical_column(name):
    text = README.read_text(encoding="utf-8")
    start = text.index(f"### {name}\n")
    section = text[start : text.find("\n### ", start + 1)]
    for column in SCHEMAS[name].columns:
        assert f"| `{column.name}` |" in section

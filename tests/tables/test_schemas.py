"""What the canonical tables hold is declared once, and documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxmodels.study import CANONICAL_TABLES
from cxmodels.tables import DataError
from cxmodels.tables.schemas import SCHEMAS, schema_of

README = Path(__file__).resolve().parents[2] / "data" / "README.md"


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

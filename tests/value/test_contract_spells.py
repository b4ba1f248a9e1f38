"""Contracts that follow one another are one spell."""

from __future__ import annotations

from datetime import date

import ibis
import pandas as pd
import pytest

from cxmodels.value.contract_months import read_contracts
from cxmodels.value.contract_spells import NEVER, contract_spells


def _spells(*rows, return_days=5, known_until=date(2024, 12, 31)):
    """Return start and end of the spell of each contract of one customer, in order of start."""
    days = [[date.fromisoformat(day) if day else None for day in row] for row in rows]
    table = pd.DataFrame(days, columns=["start_date", "end_date"]).assign(customer_id="a")
    contracts = ibis.memtable(
        table, schema={"start_date": "date", "end_date": "date", "customer_id": "string"}
    )
    found = contract_spells(contracts, return_days=return_days, known_until=known_until)
    found = found.order_by("start_date").to_pyarrow().to_pylist()
    return [(str(row["spell_start"]), str(row["spell_end"])) for row in found]


@pytest.mark.parametrize(("return_days", "whole"), [(0, False), (9, False), (10, True)])
def test_a_break_as_long_as_allowed_does_not_part_a_spell(return_days, whole):
    found = _spells(("2024-01-01", "2024-03-31"), ("2024-04-10", "2024-06-30"), return_days=return_days)
    apart = [("2024-01-01", "2024-03-31"), ("2024-04-10", "2024-06-30")]
    assert found == ([("2024-01-01", "2024-06-30")] * 2 if whole else apart)


def test_a_break_counts_from_the_latest_end_so_far():
    found = _spells(("2024-01-01", "2024-06-30"), ("2024-02-01", "2024-02-10"), ("2024-07-03", "2024-08-31"))
    assert found == [("2024-01-01", "2024-08-31")] * 3


def test_a_spell_has_no_end_while_any_of_its_contracts_runs():
    found = _spells(("2024-01-01", None), ("2024-02-01", "2024-02-10"), ("2024-10-01", "2025-03-31"))
    assert found == [("2024-01-01", str(NEVER))] * 3


def test_neither_ends_nor_contracts_of_later_than_what_is_known_are_told():
    rows = ("2024-01-01", "2024-06-30"), ("2024-07-01", "2024-08-31")
    assert _spells(*rows, known_until=date(2024, 6, 29)) == [("2024-01-01", str(NEVER))]
    assert _spells(*rows, known_until=date(2024, 6, 30)) == [("2024-01-01", "2024-06-30")]


def test_customers_have_spells_of_their_own():
    table = pd.DataFrame(
        {
            "customer_id": ["b", "a", "b"],
            "start_date": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-04-01"]),
            "end_date": pd.to_datetime(["2024-03-31", "2024-03-31", None]),
            "monthly_fee": 1.0,
        }
    )
    known = read_contracts(table, as_of=date(2024, 12, 31))
    assert known["customer_id"].tolist() == ["a", "b", "b"]
    assert known["spell_end"].isna().tolist() == [False, True, True]


def test_the_order_of_rows_decides_nothing():
    table = pd.DataFrame(
        {
            "customer_id": "a",
            "start_date": pd.Timestamp("2024-01-01"),
            "end_date": pd.to_datetime(["2024-03-31", None, "2024-06-30"]),
            "monthly_fee": [1.0, 2.0, 3.0],
            "plan": ["x", "y", None],
        }
    )
    first, again = (read_contracts(one, as_of=date(2024, 12, 31)) for one in (table, table[::-1]))
    pd.testing.assert_frame_equal(first, again)
    assert first["plan"].tolist() == ["x", "(no plan)", "y"]  # the last is the one that runs on

"""Months counted from a date, spells of contracts, and what of them is known when."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmodels.value.contract_months import (
    at_risk,
    calendar_month,
    customers_on,
    lead_of,
    read_contracts,
    shift_months,
    under_contract,
)

DAYS = st.dates(date(2015, 1, 1), date(2030, 12, 31))


def contracts(*rows):
    columns = ["customer_id", "start_date", "end_date", "monthly_fee", "plan", "bound_until"]
    frame = pd.DataFrame(rows, columns=columns)
    dates = ["start_date", "end_date", "bound_until"]
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in dates})


@given(DAYS, st.integers(1, 40))
def test_a_lead_month_ends_where_the_date_is_shifted_to(day, months):
    end = shift_months(day, months)
    assert lead_of([end, end + timedelta(days=1)], day).tolist() == [months, months + 1]


@given(DAYS, st.integers(-40, 40))
def test_the_last_day_of_a_month_stays_the_last(day, months):
    last = shift_months(day.replace(day=1), 1) - timedelta(days=1)
    assert (shift_months(last, months) + timedelta(days=1)).day == 1


def test_a_month_in_which_a_lead_ends_is_a_month_of_the_year():
    assert calendar_month(["2024-06-30"] * 3, np.array([1.0, 6.0, 7.0])).tolist() == [7.0, 12.0, 1.0]


def test_who_renews_has_not_left():
    known = read_contracts(
        contracts(
            ("a", "2023-01-01", "2023-06-30", 10.0, "small", None),
            ("a", "2023-07-01", "2024-03-10", 20.0, "large", "2024-01-01"),
            ("b", "2023-01-01", "2023-06-30", 10.0, "small", None),
            ("b", "2023-08-01", None, 10.0, "small", None),
        ),
        as_of=date(2024, 6, 30),
    )
    assert under_contract(known, date(2023, 6, 30)).index.tolist() == ["a"]
    here = under_contract(known, date(2023, 12, 31))
    assert here.loc["a", "spell_start"] == pd.Timestamp("2023-01-01")
    assert here.loc["a", "spell_end"] == pd.Timestamp("2024-03-10")
    assert here.loc["b", "spell_start"] == pd.Timestamp("2023-08-01")
    assert here[["plan", "monthly_fee"]].to_numpy().tolist() == [["large", 20.0], ["small", 10.0]]


def test_fees_of_contracts_that_run_together_add_up():
    known = read_contracts(
        contracts(
            ("a", "2023-01-01", None, 10.0, "line", "2024-01-01"),
            ("a", "2023-05-01", None, 5.0, "box", None),
        ),
        as_of=date(2023, 12, 31),
    )
    here = under_contract(known, date(2023, 12, 31)).loc["a"]
    assert (here["monthly_fee"], here["plan"], here["bound_until"]) == (
        15.0,
        "box",
        pd.Timestamp("2024-01-01"),
    )


def test_ends_and_starts_after_as_of_are_not_known():
    table = contracts(
        ("a", "2023-01-01", "2023-09-15", 10.0, "small", None), ("c", "2023-08-01", None, 10.0, "small", None)
    )
    known = read_contracts(table, as_of=date(2023, 6, 30))
    assert known["customer_id"].tolist() == ["a"]
    assert known["spell_end"].isna().all()


def test_what_is_known_of_leaving_ends_with_the_date():
    table = contracts(
        ("a", "2023-01-15", "2023-09-15", 10.0, "small", "2023-08-15"),
        ("b", "2023-02-01", None, 30.0, None, None),
    )
    frame = pd.DataFrame(
        {"customer_id": ["a", "b", "z"], "as_of": pd.Timestamp("2023-06-30"), "x": [1, 2, 3]}
    )
    known = read_contracts(table, as_of=date(2023, 12, 31))
    late = at_risk(frame, known, until=date(2023, 12, 31))
    assert late["customer_id"].tolist() == ["a", "b"]
    assert late["x"].tolist() == [1, 2]
    assert late["risk_leave_lead"].tolist() == [3.0, np.inf]
    assert late["risk_known_leads"].tolist() == [6.0, 6.0]
    assert late["risk_start_lead"].tolist() == [-5.0, -4.0]
    assert late["risk_bound_lead"].iloc[0] == 2.0
    assert np.isnan(late["risk_bound_lead"].iloc[1])
    early = at_risk(frame, known, until=date(2023, 8, 31))
    assert early["risk_leave_lead"].tolist() == [np.inf, np.inf]
    assert early["risk_known_leads"].tolist() == [2.0, 2.0]


def test_customers_without_features_are_there_and_counted():
    table = contracts(("a", "2023-01-01", None, 1.0, "p", None), ("b", "2023-01-01", None, 1.0, "p", None))
    known = read_contracts(table, as_of=date(2023, 6, 30))
    frame = pd.DataFrame({"customer_id": ["b"], "as_of": pd.Timestamp("2023-06-30"), "x": [4.0]})
    rows, lacking = customers_on(frame, known, as_of=date(2023, 6, 30))
    assert lacking == 1
    assert rows["customer_id"].tolist() == ["a", "b"]
    assert np.isnan(rows["x"].iloc[0])
    assert rows["x"].iloc[1] == 4.0


ONE = contracts(("a", "2023-01-01", None, 1.0, "p", None))


@pytest.mark.parametrize(
    ("frame", "table", "message"),
    [
        ({"customer_id": ["a"]}, ONE, "lacks as_of"),
        ({"customer_id": ["a", "a"], "as_of": pd.Timestamp("2023-06-30")}, ONE, "such as a on 2023-06-30"),
        (
            {"customer_id": ["a"], "as_of": pd.Timestamp("2023-06-30")},
            ONE.drop(columns="end_date"),
            "lack end_date",
        ),
        ({"customer_id": ["a"], "as_of": pd.Timestamp("2023-07-30")}, ONE, "no row up to 2023-06-30"),
        (
            {"customer_id": ["a"], "as_of": pd.Timestamp("2023-06-30")},
            ONE.assign(start_date=pd.Timestamp("2024-01-01")),
            "No contract had started by 2023-06-30",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(frame, table, message):
    with pytest.raises(ValueError, match=message):
        at_risk(pd.DataFrame(frame), read_contracts(table, as_of=date(2023, 6, 30)), until=date(2023, 6, 30))


def test_nobody_under_contract_is_refused():
    known = read_contracts(ONE.assign(end_date=pd.Timestamp("2023-02-01")), as_of=date(2023, 6, 30))
    frame = pd.DataFrame({"customer_id": ["a"], "as_of": pd.Timestamp("2023-06-30")})
    with pytest.raises(ValueError, match="Nobody is under contract on 2023-06-30"):
        customers_on(frame, known, as_of=date(2023, 6, 30))

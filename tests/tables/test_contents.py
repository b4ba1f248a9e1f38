"""What each table holds on a date is counted, and worded for everybody."""

from __future__ import annotations

from datetime import date

import pytest

from cxmodels.study import Study
from cxmodels.tables import open_tables
from cxmodels.tables.contents import contents, contract_counts, no_purchases, nothing_known

FILES = {
    "contracts": """customer_id,start_date,end_date,monthly_fee
a,2024-01-01,2024-06-30,10
b,2024-02-01,2024-07-01,10
b,2024-03-01,,10
c,2024-07-01,,10
""",
    "snapshot": "customer_id,churned\na,yes\nb,no\nc,no\nd,no\n",
    "transactions": "customer_id,timestamp,amount\na,2024-05-01,5\na,2024-06-30 23:00,5\nb,2024-07-01,5\n",
    "surveys": """customer_id,sent_at,answered_at,metric,score
a,2024-05-01,2024-05-02,nps,9
b,2024-06-30,2024-07-01,nps,3
b,2024-06-30,,nps,
""",
    "contacts": "customer_id,timestamp,channel,reason\na,2024-05-01,phone,bill\n",
    "customers": "customer_id,region\na,north\nb,south\n",
}


@pytest.fixture
def hold(tmp_path):
    """Return a function: names of tables, and the date → the tables and the study."""

    def look(*names, as_of=date(2024, 6, 30)):
        for name in names:
            (tmp_path / f"{name}.csv").write_text(FILES[name])
        study = Study(
            title="A shop",
            as_of=as_of,
            currency="EUR",
            tables={name: {"source": f"{name}.csv"} for name in names},
            path=tmp_path / "study.toml",
        )
        return open_tables(study), study

    return look


@pytest.mark.parametrize(
    ("table", "phrase"),
    [
        ("contracts", "3 contracts of 2 customers: 2 run, 1 (33.3%) ended by 2024-06-30"),
        ("snapshot", "4 customers, of whom 1 (25.0%) left"),
        ("transactions", "2 purchase records of 1 customer, from 2024-05-01 to 2024-06-30"),
        ("surveys", "3 surveys of 2 customers, 1 (33.3%) of them answered"),
        ("contacts", "1 contact of 1 customer, from 2024-05-01 to 2024-05-01"),
        ("customers", "attributes of 2 customers"),
    ],
)
def test_only_what_is_known_by_the_date_counts(hold, table, phrase):
    held = contents(*hold(table))
    assert held.table["holds"].tolist() == [phrase]
    assert held.summary == f"The study holds {phrase}."


def test_a_contract_that_ends_on_the_date_has_ended(hold):
    tables, study = hold("contracts")
    assert contract_counts(tables["contracts"], study.as_of) == (2, 1)
    assert contract_counts(tables["contracts"], date(2024, 6, 29)) == (3, 0)


def test_who_stays_comes_first_and_all_else_is_named(hold):
    held = contents(*hold("contacts", "transactions", "contracts", "customers"))
    assert [one.table for one in held.leading] == ["contracts", "transactions"]
    assert held.summary == (
        "The study holds 3 contracts of 2 customers: 2 run, 1 (33.3%) ended by 2024-06-30; and 2 purchase "
        "records of 1 customer, from 2024-05-01 to 2024-06-30. Besides, it has contacts and attributes of "
        "customers."
    )


def test_where_nobody_is_seen_to_stay_every_table_is_counted(hold):
    held = contents(*hold("surveys", "customers"))
    assert held.summary.endswith("of them answered; and attributes of 2 customers.")


def test_why_nothing_is_told_of_purchases(hold):
    assert no_purchases(*hold("snapshot")).startswith("The study has no purchases:")
    assert no_purchases(*hold("transactions")) == ""
    early = no_purchases(*hold("transactions", "contracts", as_of=date(2024, 3, 1)))
    assert early.startswith("No purchase is known by 2024-03-01: there are 3 rows after it")


def test_a_date_before_everything_is_named_and_a_table_without_dates_is_always_known(hold):
    early = date(2023, 1, 1)
    assert nothing_known(*hold("contracts", as_of=early)).startswith(
        "Nothing is known by 2023-01-01: the contracts start on 2024-01-01."
    )
    assert nothing_known(*hold("transactions", as_of=early)).startswith("No purchase is known by 2023-01-01")
    assert nothing_known(*hold("snapshot", as_of=early)) == ""
    assert nothing_known(*hold("transactions", "contracts", as_of=date(2024, 3, 1))) == ""
    assert (
        contents(*hold("contacts", as_of=early)).summary == "The study holds no contact known by 2023-01-01."
    )

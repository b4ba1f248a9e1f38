"""The simulated tables are those of a company: canonical, whole, and the same whenever made again."""

from __future__ import annotations

from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.operator import OperatorSettings, simulate, simulate_operator, write_operator
from cxmodels.datasets.operator.phrases import ABOUT, ENDINGS
from cxmodels.datasets.operator.tables import TABLES
from cxmodels.tables import validate_table
from cxmodels.tables.schemas import schema_of

END = pd.Timestamp("2025-01-01")


def same(first: dict[str, pd.DataFrame], second: dict[str, pd.DataFrame]) -> bool:
    return all(first[name].equals(second[name]) for name in TABLES)


def test_same_seed_same_tables():
    first, again, other = (simulate_operator(300, seed=seed).tables for seed in (1, 1, 2))
    assert same(first, again)
    assert not any(first[name].equals(other[name]) for name in TABLES)


def test_a_customer_lives_the_same_life_however_many_others_there_are(monkeypatch):
    few = simulate_operator(200, seed=3).tables
    monkeypatch.setattr(simulate, "PIECE", 90)
    many = simulate_operator(500, seed=3).tables
    for name in TABLES:
        theirs = many[name][many[name].customer_id < "N0000200"]
        columns = list(few[name].columns)
        assert theirs.sort_values(columns, ignore_index=True).equals(
            few[name].sort_values(columns, ignore_index=True)
        )


def test_files_hold_the_tables(tmp_path):
    rows = write_operator(tmp_path, 200, seed=4)
    tables = simulate_operator(200, seed=4).tables
    assert rows == {name: len(tables[name]) for name in TABLES}
    for name in ("transactions", "surveys", "contacts"):
        assert pd.read_parquet(tmp_path / f"{name}.parquet").equals(tables[name])


def test_every_table_passes_its_schema(tmp_path):
    write_operator(tmp_path, 2_000, seed=5)
    engine = ibis.duckdb.connect()
    for name in TABLES:
        table = validate_table(engine.read_parquet(tmp_path / f"{name}.parquet"), name)
        for order in schema_of(name).orders:
            assert not (table[order.later] < table[order.earlier]).any().execute()


def test_nothing_is_recorded_outside_the_contract(nordtel):
    contracts = nordtel.tables["contracts"].set_index("customer_id")
    for name in ("transactions", "contacts", "events", "treatments"):
        table = nordtel.tables[name]
        start = contracts.start_date.loc[table.customer_id].to_numpy()
        end = contracts.end_date.fillna(END).loc[table.customer_id].to_numpy() + np.timedelta64(1, "D")
        assert (table.timestamp.to_numpy() >= start).all()
        assert (table.timestamp.to_numpy() < end).all()


def test_nothing_is_known_that_comes_after_the_last_day(nordtel):
    tables = nordtel.tables
    for name, column in [("contacts", "recorded_at"), ("events", "recorded_at"), ("surveys", "answered_at")]:
        assert tables[name][column].max() < END
    assert tables["contracts"].end_date.max() < END


@pytest.mark.parametrize(("table", "share"), [("events", 0.005), ("contacts", 0.02)])
def test_some_rows_are_recorded_days_late_and_most_at_once(nordtel, table, share):
    rows = nordtel.tables[table]
    delay = rows.recorded_at - rows.timestamp
    assert (delay == pd.Timedelta(0)).mean() > 0.9
    assert (delay >= pd.Timedelta(days=1)).mean() > share


def test_a_bill_a_month_and_one_at_the_end(nordtel):
    bills = nordtel.tables["transactions"].query("product == 'subscription'")
    months = bills.timestamp.dt.to_period("M")
    assert not pd.DataFrame({"who": bills.customer_id, "month": months}).duplicated().any()
    ended = nordtel.tables["contracts"].dropna(subset="end_date").set_index("customer_id").end_date
    last = bills.groupby("customer_id").timestamp.max().loc[ended.index]
    assert (last.dt.normalize() == ended).all()


def test_refunds_follow_charges_in_error(nordtel):
    paid = nordtel.tables["transactions"]
    charged = paid[paid["product"] == "extra fee"]
    back = paid[paid["product"] == "refund"]
    assert (back.amount < 0).all()
    both = charged.merge(back.assign(amount=-back.amount), on=["customer_id", "amount"])
    assert len(both) >= len(back) and (both.timestamp_x <= both.timestamp_y).all()
    error = np.sqrt(0.8 * 0.2 / len(charged))
    assert abs(len(back) / len(charged) - nordtel.settings.money.refunded) < 4 * error + 0.01


def test_some_customers_cost_more_than_they_bring(nordtel):
    margin = nordtel.tables["transactions"].groupby("customer_id").margin.sum()
    assert 0.01 < (margin < 0).mean() < 0.15
    assert margin.sum() > 0


def test_texts_come_in_the_language_of_the_customer(nordtel):
    surveys = nordtel.tables["surveys"].dropna(subset="verbatim")
    own = nordtel.tables["customers"].set_index("customer_id").language
    assert (surveys.language.to_numpy() == own.loc[surveys.customer_id].to_numpy()).all()
    assert set(surveys.language) == {"nb", "da", "sv", "en"}
    for language, texts in surveys.groupby("language").verbatim:
        said = [one for sentences in ABOUT[language].values() for one in sentences]
        assert texts.str.startswith(tuple(said)).all()


@pytest.mark.parametrize("kind", ["outage", "billing_error", "self_service_failure"])
def test_who_writes_about_a_fault_has_lived_through_it(nordtel, kind):
    sentences = tuple(one for language in ABOUT.values() for one in language[kind])
    surveys = nordtel.tables["surveys"].dropna(subset="verbatim")
    about = surveys[surveys.verbatim.str.startswith(sentences)]
    events = nordtel.tables["events"].query("kind == @kind")
    first = events.groupby("customer_id").timestamp.min()
    assert len(about) > 30
    assert (first.reindex(about.customer_id).to_numpy() < about.answered_at.to_numpy()).mean() > 0.99


def test_the_truth_names_the_topic_of_every_text(nordtel):
    topics = nordtel.truth.topics()
    surveys = nordtel.tables["surveys"].dropna(subset="verbatim")
    both = surveys.merge(topics, on=["customer_id", "sent_at", "metric"])
    assert len(topics) == len(surveys) == len(both)
    for (language, topic), texts in both.groupby(["language", "topic"]).verbatim:
        assert texts.str.startswith(ABOUT[language][topic]).all()
    assert topics.topic.value_counts(normalize=True).max() < 0.5


def test_every_language_has_words_for_every_topic():
    topics = {language: set(said) for language, said in ABOUT.items()}
    assert set(topics) == set(ENDINGS) == {"nb", "da", "sv", "en"}
    assert len({frozenset(one) for one in topics.values()}) == 1
    assert all(len(set(one)) == 4 for said in ABOUT.values() for one in said.values())


def test_the_number_of_customers_is_checked():
    for customers in (0, 1_000_001, 2.5, True):
        with pytest.raises(ValueError, match="simulate a whole number from 1 to 1,000,000"):
            simulate_operator(customers, seed=1)


def test_a_shorter_span_ends_earlier():
    settings = OperatorSettings()
    short = replace(settings.span, months=12)
    people = replace(settings.people, joining_months=10)
    tables = simulate_operator(300, settings=replace(settings, span=short, people=people), seed=1).tables
    assert tables["transactions"].timestamp.max() < pd.Timestamp("2023-01-01")
    assert set(tables["contracts"].customer_id) == set(tables["customers"].customer_id)

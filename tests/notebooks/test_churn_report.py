"""The page on leaving, run on a simulated operator: what it hands over, and whether it is true."""

import json
import re
from datetime import date
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from cxmodels.churn.model_files import read_churn_model
from cxmodels.churn.snapshots import population
from cxmodels.study import read_study
from cxmodels.tables import open_tables

CHURN_RISK = [
    "customer_id",
    "as_of",
    "p_leave",
    "p_leave_low",
    "p_leave_high",
    "clv",
    "value_at_risk",
    "reasons",
]

pytestmark = pytest.mark.slow


@pytest.fixture
def report(operator_report):
    return operator_report


@pytest.fixture
def risk(report):
    return pd.read_parquet(report / "tables" / "churn_risk.parquet")


def states(report):
    run = json.loads((report / "run.json").read_text(encoding="utf-8"))
    return {one["name"]: (one["state"], one["reason"]) for one in run["notebooks"]}


def test_value_from_purchases_is_left_out_where_there_are_contracts(report):
    found = states(report)
    assert found["04-churn-risk"][0] == "done"
    state, reason = found["02-customer-lifetime-value"]
    assert state == "left out" and reason.startswith("Customers are under contract")
    assert found["03-value-segments"][0] == "left out"


def test_churn_risk_has_exactly_its_columns_and_one_row_a_customer(report, risk):
    assert risk.columns.tolist() == CHURN_RISK
    assert risk["customer_id"].is_unique and risk["as_of"].eq(pd.Timestamp("2024-06-30")).all()
    assert not risk.isna().any().any()
    assert risk["p_leave_low"].le(risk["p_leave"]).all() and risk["p_leave"].le(risk["p_leave_high"]).all()
    assert risk["p_leave_low"].gt(0).all() and risk["p_leave_high"].lt(1).all()
    np.testing.assert_allclose(risk["value_at_risk"], risk["p_leave"] * risk["clv"])
    csv = pd.read_csv(report / "tables" / "churn_risk.csv", dtype={"customer_id": "str"})
    assert csv.columns.tolist() == CHURN_RISK and len(csv) == len(risk)


def test_groups_add_up_to_the_customers_and_to_what_is_at_stake(report, risk):
    groups = pd.read_parquet(report / "tables" / "churn_groups.parquet")
    assert groups["group"].tolist() == ["top", "high", "middle", "low", "all"]
    groups, everybody = groups.iloc[:-1], groups.iloc[-1]
    assert everybody["leavers"] == pytest.approx(groups["leavers"].sum())
    assert groups["customers"].sum() == len(risk)
    assert groups["value_at_risk"].sum() == pytest.approx(risk["value_at_risk"].sum())
    assert groups["leavers"].sum() == pytest.approx(risk["p_leave"].sum())


def test_as_many_leave_in_the_months_after_as_were_foretold(report, risk):
    study = read_study(report.parent / "study.toml")
    tables = open_tables(study)
    known = population(
        {"contracts": tables["contracts"]}, [study.as_of], study.churn, known_until=date(2024, 12, 31)
    )
    came = known.table.merge(risk, on="customer_id", validate="one_to_one")
    chance = came["p_leave"].to_numpy()
    # the interval holds chance and the error of the model
    everybody = pd.read_parquet(report / "tables" / "churn_groups.parquet").iloc[-1]
    error = (everybody["leavers_high"] - everybody["leavers_low"]) / 2 / ndtri(0.95)
    assert abs(came["churned"].sum() - chance.sum()) < 3 * error
    # the riskiest fifth leaves more often than the rest, beyond chance
    riskiest = chance >= np.quantile(chance, 0.8)
    here, there = came.loc[riskiest, "churned"], came.loc[~riskiest, "churned"]
    apart = np.sqrt(
        here.mean() * (1 - here.mean()) / len(here) + there.mean() * (1 - there.mean()) / len(there)
    )
    assert here.mean() - there.mean() > 3 * apart


def test_the_model_is_kept_with_its_card(report):
    folder = report / "models" / "churn"
    model, card = read_churn_model(folder), json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert set(card["features"]["used"]) == set(model.features)
    assert card["dates"]["test"] and card["scores"]["figures"]
    assert not any("cancellation" in name for name in model.features)


def test_the_page_shows_every_date_and_what_it_is_for(report):
    page = (report / "04-churn-risk.html").read_text(encoding="utf-8")
    counts = pd.read_parquet(report / "tables" / "churn_snapshots.parquet")
    assert counts["as_of"].tolist() == list(pd.date_range(counts["as_of"].min(), "2024-06-30", freq="QE"))
    assert counts["left"].iloc[-1] is pd.NA
    assert "not used: who left was known on 26 January 2024, after 31 December 2023" in page


def test_the_page_says_whether_the_direction_held_that_the_study_asks_for(report):
    page = (report / "04-churn-risk.html").read_text(encoding="utf-8")
    assert re.search(r"“outages in 180 days” the probability only rises for (\d+) of \1 customers", page)
    model = read_churn_model(report / "models" / "churn")
    assert model.settings["monotone"] == {"outage_count_180d": 1}


def test_the_page_speaks_of_features_in_words(report):
    page = (report / "04-churn-risk.html").read_text(encoding="utf-8")
    shown = re.sub(r'<div class="code">.*?</div>|<style.*?</style>', " ", page, flags=re.DOTALL)
    used = read_churn_model(report / "models" / "churn").features
    assert not [name for name in used if "_" in name and name in shown]


def test_reasons_are_told_as_people_say_them_and_stand_on_the_page(report, risk):
    told = risk["reasons"].str.split("; ").explode()
    # the feature is told, not named: no column, no window as a formula, no two ends of one thing
    assert not told.str.contains(r"_|\(0:|less those|in \d+ days: |nan").any()
    assert told.str.fullmatch(
        r"waited [\d.]+ minutes? on average, in touch (\w+|\d+ times) in 180 days"
    ).any()
    assert told.str.fullmatch(r"bound for [\d,]+ more days?").any()
    assert told.str.fullmatch(r"outage: (once|twice|\w+ times) in \d+ days").any()
    page = unescape((report / "04-churn-risk.html").read_text(encoding="utf-8"))
    assert all(reasons in page for reasons in risk.nlargest(10, "value_at_risk")["reasons"])


def test_reasons_are_each_customer_s_own(report, risk):
    contacts = pd.read_parquet(report / "tables" / "contacts.parquet")
    seen = contacts[(contacts["recorded_at"] < "2024-07-01") & (contacts["timestamp"] >= "2024-01-03")]
    mean = seen[seen["reason"] != "cancellation"].groupby("customer_id")["wait_minutes"].mean()
    waited = risk.set_index("customer_id")["reasons"].str.extract(r"waited ([\d.]+) minutes? on average")[0]
    waited = waited.dropna().astype(float)
    assert len(waited) > 10
    assert np.abs(waited - mean[waited.index]).max() <= 0.05


def test_monthly_bills_do_not_make_spend_drift(report):
    card = json.loads((report / "models" / "churn" / "card.json").read_text(encoding="utf-8"))
    money = [row for row in card["drift"]["features"] if re.match("spend|purchase|refund", row["feature"])]
    assert money and {row["verdict"] for row in money} == {"steady"}


def test_the_page_names_no_customer_and_its_answer_holds_numbers(report, risk):
    page = (report / "04-churn-risk.html").read_text(encoding="utf-8")
    cells = set(re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", page))
    assert not cells & set(risk["customer_id"])
    assert "Traceback (most recent" not in page and ">nan<" not in page.lower()
    left = json.loads((report / "findings" / "04-churn-risk.json").read_text(encoding="utf-8"))
    assert len(left["answer"]) == 3 and all(re.search(r"\d", one) for one in left["answer"])


def test_a_date_before_the_history_is_long_enough_is_left_out_with_the_days_needed(report, tmp_path: Path):
    from cxmodels.reporting.runner import run_study

    study, notebooks = report.parent / "study.toml", Path(__file__).parents[2] / "notebooks"
    early = run_study(study, out=tmp_path / "early", notebooks=notebooks, overrides={"as_of": "2022-05-31"})
    state, reason = states(early)["04-churn-risk"]
    assert state == "left out" and "days" in reason

"""The page on drivers: what it hands over, what it does not claim; on an operator and on a survey."""

import json
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from cxmodels.drivers.driver_table import DRIVER_COLUMNS
from cxmodels.reporting.runner import run_study
from cxmodels.study import read_study

pytestmark = pytest.mark.slow


@pytest.fixture
def report(operator_report):
    return operator_report


@pytest.fixture
def drivers(report):
    return pd.read_parquet(report / "tables" / "drivers.parquet")


def findings(report, notebook):
    kept = json.loads((report / "findings.json").read_text(encoding="utf-8"))
    return [one for one in kept["findings"] if one["notebook"] == notebook], kept["answers"].get(notebook)


def text_of(report, notebook):
    """Give the words of a page and of its figures."""
    html = (report / f"{notebook}.html").read_text(encoding="utf-8")
    return unescape(re.sub(r'<style.*?</style>|src="[^"]*"', " ", html, flags=re.DOTALL))


def test_every_driver_of_the_study_has_a_row_with_its_evidence_and_the_reasons(report, drivers):
    study = read_study(report.parent / "study.toml")
    assert tuple(drivers.columns) == DRIVER_COLUMNS
    assert sorted(drivers["driver"]) == sorted(one.name for one in study.drivers)
    assert drivers["reasons"].str.len().gt(10).all()
    assert drivers["evidence"].isin(["association", "adjusted", "sensitivity-tested", "experiment"]).all()
    csv = pd.read_csv(report / "tables" / "drivers.csv")
    assert csv["driver"].tolist() == drivers["driver"].tolist()


def test_there_is_no_money_on_an_association_and_money_on_all_others(drivers):
    money = drivers[["value_at_stake", "stake_low", "stake_high"]]
    known = drivers["evidence"] != "association"
    assert money[~known].isna().all(axis=None)
    assert money[known].notna().all(axis=None)
    assert (money["stake_low"] <= money["stake_high"])[known].all()


def test_what_was_given_at_random_is_an_experiment(drivers):
    assert drivers.set_index("driver").loc["discounts", "evidence"] == "experiment"


def test_a_lever_that_does_nothing_is_high_in_the_model_and_no_more_than_an_association(drivers):
    logins = drivers.set_index("driver").loc["app_logins"]
    assert logins["rank"] <= 3
    assert logins["evidence"] == "association"


def test_ranks_are_those_of_drivers_among_themselves(drivers):
    ranked = drivers.dropna(subset="rank")
    # drivers of one size, such as two that the model does not use, share a rank
    assert ranked["rank"].tolist() == ranked["attribution"].rank(ascending=False, method="min").tolist()
    assert (ranked["rank_low"] <= ranked["rank"]).all() and (ranked["rank"] <= ranked["rank_high"]).all()
    assert np.isfinite(ranked["attribution"]).all()


def test_the_page_draws_where_for_whom_and_along_what_the_model_moves(report):
    drawn = {file.stem.removeprefix("05-experience-drivers-") for file in (report / "figures").glob("05-*")}
    assert drawn >= {"attribution", "journey", "tiers", "dependence-1", "dependence-2"}
    page = text_of(report, "05-experience-drivers")
    sample = r"(All [\d,]+ customers|[\d,]+ of [\d,]+ customers, drawn at random,) are explained\."
    assert re.search(sample, page)
    assert re.search(r"Of the (touchpoints|stages), “[^”]+” (and “[^”]+” )?moves? the score", page)
    assert re.search(r"“[^”]+” holds \d+% of what moves the score in the tier|in every value tier", page)
    assert len(re.findall(r"The score (?:rises|falls|is highest|is lowest|hardly moves)", page)) == 2


def test_the_answer_and_the_findings_claim_no_more_than_the_table(report, drivers):
    found, answer = findings(report, "05-experience-drivers")
    assert len(answer) == 3
    grades = dict(zip(drivers["label"], drivers["evidence"], strict=True))
    for one in found:
        named = [label for label in grades if f"“{label}”" in one["text"]]
        if one["money"] is not None:
            assert [grades[label] for label in named] == [one["evidence"]]
    assert any("app logins" in one["text"] and "not shown to be a lever" in one["text"] for one in found)


def test_ratings_of_an_airport_are_told_without_purchases_and_without_leaving(data_set, tmp_path):
    data_set("sfo-survey")
    report = run_study("data/sfo-survey", out=tmp_path / "report")
    _, answer = findings(report, "06-touchpoint-ratings")
    assert answer[0].startswith("“passing security” explains most")
    table = pd.read_parquet(report / "tables" / "rating_importance.parquet")
    assert table["shapley"].sum() == pytest.approx(1.0) and table["johnson"].sum() == pytest.approx(1.0)
    assert len(table) == 23

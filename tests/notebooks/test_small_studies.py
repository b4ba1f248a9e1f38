"""A handful of customers, or customers who never return, still get a report that says what it cannot say."""

import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.operator import simulate_operator
from cxmodels.reporting.runner import run_study
from cxmodels.study import read_study

pytestmark = pytest.mark.slow

STUDIES = {
    "one customer": [("a", day, 20.0) for day in (1, 40, 90)],
    "eight customers": [(f"c{i}", 1 + 20 * i + 50 * k, 10.0 + i) for i in range(8) for k in range(1 + i % 3)],
    "buyers who never return": [(f"c{i}", 1 + i % 180, 5.0 + i % 7) for i in range(60)],
    "one day": [(f"c{i}", 100, 30.0) for i in range(12)],
}


def make_report(tmp_path: Path, rows: list[tuple], settings: str = "", **changed: str) -> Path:
    """Run the notebooks on a log of customer, day and amount; `changed` are settings of the study's head."""
    log = pd.DataFrame(rows, columns=["customer_id", "day", "amount"])
    log["timestamp"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(log.pop("day"), unit="D")
    log.to_csv(tmp_path / "log.csv", index=False)
    head = {"title": '"Small"', "as_of": "2024-07-01", "currency": '"EUR"', **changed}
    lines = [
        *(f"{key} = {value}" for key, value in head.items()),
        "[tables.transactions]",
        'source = "log.csv"',
    ]
    (tmp_path / "study.toml").write_text("\n".join([*lines, settings]), encoding="utf-8")
    return run_study(tmp_path / "study.toml", out=tmp_path / "report")


def first_page(report: Path) -> str:
    """Give the text of the first page down to its list of files, which keep their names."""
    html = (report / "index.html").read_text(encoding="utf-8").partition("<h2>Files</h2>")[0]
    return unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL))


def setting_names(report: Path) -> set[str]:
    """Give the names that an analyst types and a leader must not meet."""
    study = read_study(report.parent / "study.toml").settings()
    dotted = {f"{part}.{key}" for part in ("value", "segments", "churn") for key in study.get(part) or ()}
    return {*dotted, "p_alive", "as_of", "history_start", "holdout_days", "compare_days"}


def assert_in_words(report: Path) -> None:
    page = first_page(report)
    assert not re.search(r"(?<!\d)1 (customers|figures|rows|days|purchases)", page)
    assert not re.search(r"\b0 (valuable )?customers\b(?!, 0 of)", page.partition("Findings")[0])
    assert ".." not in page
    assert not [name for name in setting_names(report) if name in page]


@pytest.fixture(params=STUDIES, ids=list(STUDIES))
def report(request, tmp_path: Path) -> Path:
    return make_report(tmp_path, STUDIES[request.param])


def test_what_cannot_be_told_is_said_first_and_advises_nothing(report: Path) -> None:
    run = json.loads((report / "run.json").read_text(encoding="utf-8"))
    assert run["complete"]
    value = pd.read_parquet(report / "tables" / "customer_value.parquet")
    figures = value[["expected_purchases", "expected_spend", "clv", "clv_low", "clv_high"]]
    assert np.isfinite(figures.to_numpy()).all()
    assert (value["clv_low"] <= value["clv"] * (1 + 1e-9)).all()
    assert (value["clv"] <= value["clv_high"] * (1 + 1e-9)).all()
    states = {one["name"]: (one["state"], one["reason"]) for one in run["notebooks"]}
    state, reason = states["03-value-segments"]
    assert state == "left out" and reason.startswith("It rests on customer value, and that cannot be told.")
    said = json.loads((report / "findings.json").read_text(encoding="utf-8"))
    answer = said["answers"]["02-customer-lifetime-value"]
    assert answer[0].startswith("What these customers are worth cannot be told.")
    assert "no basis for a decision" in answer[1]
    assert [one["text"] for one in said["findings"] if one["table"] == "customer_value"] == [answer[0]]
    assert not any(one["money"] for one in said["findings"])
    page = first_page(report)
    assert page.index(answer[0]) < page.index(said["answers"]["01-data-readiness"][0])
    assert_in_words(report)


def test_a_date_before_every_purchase_leaves_all_pages_out_with_the_reason_first(tmp_path: Path) -> None:
    report = make_report(tmp_path, STUDIES["eight customers"], as_of="1990-01-01")
    run = json.loads((report / "run.json").read_text(encoding="utf-8"))
    assert run["complete"] and {one["state"] for one in run["notebooks"]} == {"left out"}
    page = first_page(report)
    assert "No purchase is known by 1 January 1990: there are 15 rows after it" in page
    assert_in_words(report)


def test_customers_who_are_all_alike_are_not_told_whom_to_put_first(tmp_path: Path) -> None:
    monthly = [(f"c{i}", 30 * k + i % 28, 9.9) for i in range(120) for k in range(12)]
    given_back = [(f"r{i}", 50, amount) for i in range(3) for amount in (30.0, -30.0)]
    head = {"as_of": "2024-12-31", "currency": '"DKK"', "language": '"da"'}
    report = make_report(tmp_path, monthly + given_back, '[value]\nunit = "month"', **head)
    answers = json.loads((report / "findings.json").read_text(encoding="utf-8"))["answers"]
    worth, (foremost, quiet, held) = (answers["02-customer-lifetime-value"], answers["03-value-segments"])
    assert foremost.startswith("Nobody stands out:") and "compares everybody with everybody" in foremost
    assert quiet == "Nobody has gone quiet."
    assert "nobody to tell apart" in held
    assert worth[0].startswith("The 120 customers known by 31.12.2024 are expected")
    nothing = "with nothing but refunds, or purchases given back on the same day."
    assert worth[0].endswith(f"Not among them: 3 customers {nothing}")
    assert_in_words(report)
    page = first_page(report)
    assert not re.search(r"\d{4}-\d{2}-\d{2}|\d%|\b(til|december|mio)\b", page)


def test_a_later_period_at_a_loss_leaves_out_the_comparison_of_rules_only(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    log = pd.DataFrame(
        {"customer_id": rng.integers(0, 150, 2_000), "day": rng.integers(0, 366, 2_000), "amount": 20.0}
    )
    # a third of the customers always cost more than they bring: what they hold is less than nothing
    log["margin"] = np.where(log["customer_id"] % 3 == 0, -8.0, np.where(log["day"] < 240, 18.0, -3.0))
    log["timestamp"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(log.pop("day"), unit="D")
    log.to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "study.toml").write_text(
        'title = "Loss"\nas_of = 2024-12-31\ncurrency = "EUR"\n[tables.transactions]\nsource = "log.csv"\n',
        encoding="utf-8",
    )
    report = run_study(tmp_path / "study.toml", out=tmp_path / "report")
    left = json.loads((report / "findings" / "03-value-segments.json").read_text(encoding="utf-8"))
    assert any("brought no margin" in warning for warning in left["warnings"])
    assert (report / "tables" / "segment_migration.parquet").is_file()
    assert not (report / "tables" / "rules_compared.parquet").exists()


def test_few_who_lapse_and_nothing_given_back_are_said_and_given_no_money(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    stops = rng.choice([400, 120, 200], size=60, p=[0.6, 0.2, 0.2])
    rows = [
        (f"c{i}", int(day), 20.0 + i % 9)
        for i in range(60)
        for day in np.cumsum(rng.exponential(16, 30) + 1)
        if day < min(stops[i], 180)
    ]
    settings = """
[value]
horizon_days = 30
[churn]
observation_days = 45
gap_days = 0
horizon_days = 30
[[drivers]]
name = "orders"
table = "transactions"
[[drivers]]
name = "refunds"
table = "transactions"
statistic = "refunds"
after = "orders"
"""
    report = make_report(tmp_path, rows, settings)
    kept = json.loads((report / "findings" / "04-churn-risk.json").read_text(encoding="utf-8"))
    assert any(re.search(r"^\d+ customers left: 50 are needed", text) for text in kept["warnings"])
    assert re.search(r"are expected to buy nothing from 2 July 2024", kept["answer"][0])
    drivers = pd.read_parquet(report / "tables" / "drivers.parquet").set_index("driver")
    assert re.search(r"^\d+ customers left; 50 are needed", drivers.loc["orders", "reasons"])
    assert drivers.loc["refunds", "reasons"].startswith("It is 0 for everybody")
    assert drivers["value_at_stake"].isna().all()


def make_report_of(tmp_path: Path, name: str, table: pd.DataFrame) -> Path:
    """Run the notebooks on a study whose only table is this one."""
    table.to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "study.toml").write_text(
        f'title = "Small"\nas_of = 2024-06-30\ncurrency = "EUR"\n[tables.{name}]\nsource = "table.csv"\n',
        encoding="utf-8",
    )
    return run_study(tmp_path / "study.toml", out=tmp_path / "report")


def assert_told_without_purchases(report: Path, *, holds: str, why: str) -> None:
    run = json.loads((report / "run.json").read_text(encoding="utf-8"))
    states = {one["name"][:2]: (one["state"], one["reason"]) for one in run["notebooks"]}
    assert states["00"][0] == states["01"][0] == "done"
    for number in ("02", "03"):
        state, reason = states[number]
        assert state == "left out" and reason.startswith(why)
    said = json.loads((report / "findings.json").read_text(encoding="utf-8"))
    assert said["answers"]["00-start-here"][0] == holds
    assert holds in said["answers"]["01-data-readiness"]
    assert [one["text"] for one in said["findings"] if one["notebook"].startswith("01")] == [holds]
    data = (report / "01-data-readiness.html").read_text(encoding="utf-8")
    assert "The study has no purchases: " in data
    for heading in ("Refunds, free orders", "Gaps in time", "Is the history long enough?"):
        assert heading not in data
    assert "Which experiences make customers leave, and what would change?" in data
    assert not (report / "tables" / "weekly_activity.parquet").exists()
    page = first_page(report)
    assert not re.search(r"\[tables\.|\bsnapshot\b|\btransactions\b|\w\.(toml|csv|parquet|ipynb)\b", page)
    assert_in_words(report)


def test_a_flat_table_is_told_without_purchases(tmp_path: Path) -> None:
    table = pd.DataFrame({"customer_id": range(200), "calls": range(200), "churned": [1] * 60 + [0] * 140})
    report = make_report_of(tmp_path, "snapshot", table)
    holds = "The study holds 200 customers, of whom 60 (30.0%) left."
    assert_told_without_purchases(report, holds=holds, why="The study has no purchase records")
    assert "No dates in the data: 30 June 2024 only names this report" in first_page(report)


def test_where_nobody_has_a_value_the_model_s_picture_is_shown_without_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    calls, fee = rng.poisson(1.0, 1_500), rng.normal(30.0, 5.0, 1_500)
    left = (rng.random(1_500) < 1.0 / (1.0 + np.exp(1.8 - 0.9 * calls))).astype(int)
    table = pd.DataFrame({"customer_id": range(1_500), "calls": calls, "fee": fee, "churned": left})
    table.to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "study.toml").write_text(
        'title = "Small"\nas_of = 2024-06-30\ncurrency = "EUR"\nlanguage = "nb"\n[churn]\n'
        '[tables.snapshot]\nsource = "table.csv"\ncolumns = { calls = "calls", fee = "fee" }\n'
        '[[drivers]]\nname = "care"\nlabel = "samtaler"\ntable = "snapshot"\nof = "calls"\nafter = ["fee"]\n',
        encoding="utf-8",
    )
    report = run_study(tmp_path / "study.toml", out=tmp_path / "report", only=("01", "04", "05"))
    drawn = {file.stem.removeprefix("05-experience-drivers-") for file in (report / "figures").glob("05-*")}
    assert {"attribution", "dependence-1"} <= drawn and not {"journey", "tiers"} & drawn
    page = unescape((report / "05-experience-drivers.html").read_text(encoding="utf-8"))
    assert "Nothing says of a feature where in the journey it stands" in page
    assert "Nothing tells customers apart by what they are worth." in page
    risk = pd.read_parquet(report / "tables" / "churn_risk.parquet")
    told = risk["reasons"].str.split("; ").explode()
    assert told[told.str.contains("samtaler")].str.fullmatch(r"samtaler: \d+").all()
    assert told.str.fullmatch(r"fee: \d+(,\d)?").any()


def test_contracts_are_told_without_purchases(tmp_path: Path) -> None:
    start = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.arange(120), unit="D")
    length = pd.to_timedelta(np.where(np.arange(120) < 80, 200, 900), unit="D")
    ended = {"customer_id": np.arange(120) // 2, "start_date": start, "end_date": start + length}
    later = {"customer_id": [99], "start_date": [pd.Timestamp("2024-08-01")], "end_date": [pd.NaT]}
    table = pd.concat([pd.DataFrame(ended), pd.DataFrame(later)]).assign(monthly_fee=10.0)
    counts = "120 contracts of 60 customers: 40 run, 80 (66.7%) ended by 30 June 2024"
    report = make_report_of(tmp_path, "contracts", table)
    why = "Customers are under contract, and pay until they leave"
    assert_told_without_purchases(report, holds=f"The study holds {counts}.", why=why)
    answer = json.loads((report / "findings.json").read_text(encoding="utf-8"))["answers"]
    assert answer["01-data-readiness"][0] == (
        "121 of 121 rows are valid (100.0%), 120 of them known by the as-of date; none was set aside as "
        "unusable."
    )


def test_without_a_margin_no_amount_of_those_who_may_leave_passes_for_profit(tmp_path: Path) -> None:
    contracts = simulate_operator(1_500, seed=4).tables["contracts"]
    contracts.to_parquet(tmp_path / "contracts.parquet")
    (tmp_path / "study.toml").write_text(
        'title = "Fees"\nas_of = 2024-06-30\ncurrency = "NOK"\n[churn]\nstep_months = 3\n'
        '[tables.contracts]\nsource = "contracts.parquet"\n',
        encoding="utf-8",
    )
    report = run_study(tmp_path / "study.toml", out=tmp_path / "report", only=("01", "04"))
    said = json.loads((report / "findings.json").read_text(encoding="utf-8"))
    stakes = [one["text"] for one in said["findings"] if one["table"] in ("churn_groups", "churn_targeting")]
    assert stakes and all(
        one.endswith("Assumes that all fees are profit, as no margin is stated.") for one in stakes
    )
    assert "fees of 365 days, in full, as no margin is stated" in said["answers"]["04-churn-risk"][1]
    assert "No margin is stated: amounts are fees in full" in first_page(report)
    assert_in_words(report)

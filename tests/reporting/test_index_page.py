"""The first page of a report: what moves money first, then the data, then every file with a description."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cxmodels.reporting.findings import Finding, NotebookFindings
from cxmodels.reporting.handover import write_parquet
from cxmodels.reporting.index_page import write_index
from cxmodels.reporting.pages import PageContext, PageLink
from cxmodels.reporting.record import Outcome
from cxmodels.reporting.wording import Money
from cxmodels.study import read_study
from cxmodels.tables import open_tables
from tests.reporting.conftest import Project

PARTS = (
    NotebookFindings("00-start", ("A guide.",)),
    NotebookFindings("01-data", ("The data hold.",), (Finding("01-data", "All rows are used."),)),
    NotebookFindings(
        "02-value",
        ("The base is worth £5.",),
        (Finding("02-value", "Worth <i>£5</i>.", money=5, low=4, high=6, evidence="forecast"),),
        ("A fallback was used.",),
        ("extra", "transactions"),
    ),
)
OUTCOMES = (
    Outcome("00-start", "What is it?", "done"),
    Outcome("01-data", "Can we trust it?", "kept", "kept", stale="made with other settings"),
    Outcome("02-value", "What is it worth?", "done"),
    Outcome("04-churn", "Who leaves?", "left out", "the study names no table 'contracts'"),
    Outcome("05-why", "Why?", "skipped", "04-churn failed"),
)


@pytest.fixture
def page(project: Project, tmp_path: Path) -> str:
    folder = tmp_path / "report"
    study = read_study(project.study)
    open_tables(study).save(folder / "tables")
    for name in (
        "tables/customer_value.csv",
        "tables/extra.parquet",
        "figures/02-value-a.png",
        "figures/02-value-b.png",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x" * 2048)
    context = PageContext(study.title, Money("GBP"), tuple(PageLink(o.name, o.title) for o in OUTCOMES[:3]))
    path = write_index(folder, study=study, context=context, outcomes=OUTCOMES, parts=PARTS)
    return path.read_text(encoding="utf-8")


def test_what_moves_money_comes_first_and_a_guide_is_no_answer(page: str) -> None:
    assert page.index("The base is worth £5.") < page.index("The data hold.")
    assert page.index("Worth &lt;i&gt;£5&lt;/i&gt;.") < page.index("All rows are used.")
    assert "A guide." not in page


def test_what_cannot_be_told_comes_before_what_describes_the_data(project: Project, tmp_path: Path) -> None:
    study = read_study(project.study)
    pages = (PageLink("01-data", "Trust?"), PageLink("02-value", "Worth?"))
    parts = (
        NotebookFindings("01-data", ("All valid.",), (Finding("01-data", "Valid."),), (), ("transactions",)),
        NotebookFindings("02-value", ("It cannot be told.",), (Finding("02-value", "Untold."),)),
    )
    context = PageContext(study.title, Money("GBP"), pages)
    page = write_index(tmp_path, study=study, context=context, outcomes=(), parts=parts).read_text("utf-8")
    assert page.index("It cannot be told.") < page.index("All valid.")
    assert page.index("Untold.") < page.index("Valid.", page.index("Findings</h2>"))


def test_what_was_left_out_or_skipped_is_said_with_the_reason(page: str) -> None:
    left = page[page.index("Left out, and why") :]
    assert "the study names no table &#39;contracts&#39;" in left
    assert "04-churn failed" in left


def test_a_page_of_an_earlier_run_is_marked(page: str) -> None:
    assert "01 data · made with other settings" in page


def test_the_data_are_summed_up(page: str) -> None:
    data = page[page.index("<h2>The data</h2>") : page.index("<h2>Files</h2>")]
    assert '<th scope="row">Purchase records</th><td class="number">3</td><td class="number">3</td>' in data


def test_amounts_have_a_currency_where_there_are_any(page: str, tmp_path: Path) -> None:
    assert "amounts in GBP" in page
    source = '[tables.snapshot]\nsource = "a.csv"\n'
    (tmp_path / "study.toml").write_text(f'title = "Flat"\nas_of = 2025-01-31\ncurrency = "GBP"\n{source}')
    study, context = read_study(tmp_path), PageContext("Flat", Money("GBP"), ())
    flat = write_index(tmp_path, study=study, context=context, outcomes=(), parts=())
    assert "amounts in" not in flat.read_text(encoding="utf-8")


def test_every_file_has_a_description(page: str) -> None:
    files = page[page.index("<h2>Files</h2>") :]
    for path, about in (
        (
            "tables/customer_value.csv",
            "One row a customer: past purchases, value with interval",
        ),
        ("tables/extra.parquet", "From: What is it worth?"),
        ("tables/transactions.parquet", "As read through the door: renamed and checked"),
        ("figures/", "2 figures as PNG, for slides"),
    ):
        assert f'<a href="{path}">{path}</a></th><td>{about}</td>' in files
    assert "<td></td><td class" not in files


@pytest.mark.parametrize(
    ("columns", "ending"),
    [
        (["customer_id", "clv"], "interval"),
        (["customer_id", "clv", "value_tier", "lifecycle", "segment"], "interval, tier, lifecycle, segment"),
    ],
)
def test_segments_are_promised_only_where_the_table_has_them(
    project: Project, tmp_path: Path, columns: list[str], ending: str
) -> None:
    write_parquet(pd.DataFrame(columns=columns), tmp_path / "tables" / "customer_value.parquet")
    study, context = read_study(project.study), PageContext("Shop", Money("GBP"), ())
    page = write_index(tmp_path, study=study, context=context, outcomes=(), parts=()).read_text("utf-8")
    assert f"<td>One row a customer: past purchases, value with {ending}</td>" in page


def test_one_figure_is_one(project: Project, tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "02-value-a.png").write_bytes(b"x")
    study = read_study(project.study)
    context = PageContext(study.title, Money("GBP"), ())
    page = write_index(tmp_path, study=study, context=context, outcomes=(), parts=()).read_text("utf-8")
    assert "<td>1 figure as PNG, for slides</td>" in page


def test_warnings_are_shown(page: str) -> None:
    assert "<strong>Note:</strong> A fallback was used." in page


def test_a_page_that_the_study_asks_for_and_does_not_get_is_said_first(
    project: Project, tmp_path: Path
) -> None:
    study = read_study(project.study, {"churn.horizon_days": 90})
    lost = (
        Outcome("04-churn-risk", "Who leaves?", "left out", "reason tells the answer"),
        Outcome("05-experience-drivers", "Why?", "left out", "it rests on “Who leaves?”, which was left out"),
    )
    context = PageContext(study.title, Money("GBP"), ())
    page = write_index(tmp_path, study=study, context=context, outcomes=lost, parts=()).read_text("utf-8")
    said = "“Who leaves?” is left out: reason tells the answer"
    assert said in page and "“Why?” is left out: it rests on" not in page
    assert page.index(said) < page.index("Left out")
    plain = write_index(tmp_path, study=read_study(project.study), context=context, outcomes=lost, parts=())
    assert said not in plain.read_text("utf-8")

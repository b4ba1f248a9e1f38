"""The report of the real notebooks on real purchases, page by page in a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

VALUE = ("index", "00-start-here", "01-data-readiness", "02-customer-lifetime-value", "03-value-segments")
CHURN = ("index", "01-data-readiness", "04-churn-risk", "05-experience-drivers")
PAGES = [("cdnow_report", name) for name in VALUE] + [("operator_report", name) for name in CHURN]
NOTEBOOKS = [page for page in PAGES if page[1] != "index"]
REPORTS = ("cdnow_report", "operator_report")

pytestmark = [pytest.mark.browser, pytest.mark.slow]
of_pages = pytest.mark.parametrize(("report", "name"), PAGES, indirect=["report"])
of_notebooks = pytest.mark.parametrize(("report", "name"), NOTEBOOKS, indirect=["report"])
of_reports = pytest.mark.parametrize("report", REPORTS, indirect=True)


@pytest.fixture
def report(chromium: object, request: pytest.FixtureRequest) -> Path:
    """A report that others share; asking for the browser first skips the run where there is none."""
    return request.getfixturevalue(request.param)


@of_pages
def test_a_page_is_quiet_and_its_figures_are_seen(open_page, name: str) -> None:
    page = open_page(name)
    page.get_by_text("Show code").click() if name != "index" else None
    for image in page.locator("main img").all():
        assert image.is_visible()
        assert image.evaluate("i => i.complete && i.naturalWidth > 0 && i.clientWidth > 300")
        assert len(image.get_attribute("alt")) > 10, "the finding stands in for the picture"


@of_pages
@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_fits_a_telephone_and_a_screen(open_page, name: str, width: int) -> None:
    page = open_page(name)
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@of_pages
def test_nothing_runs_over_the_edge_in_print(open_page, name: str) -> None:
    page = open_page(name)
    page.set_viewport_size({"width": 680, "height": 1000})  # what A4 leaves, in CSS pixels
    page.emulate_media(media="print")
    parts = page.locator("main table, main img, main pre")
    over = "e => e.getBoundingClientRect().right > innerWidth + 1"
    wide = parts.evaluate_all(f"all => all.filter({over}).map(e => e.outerHTML.slice(0, 200))")
    assert wide == []


@of_notebooks
def test_a_page_answers_its_question_first_and_shows_no_failed_number(open_page, name: str) -> None:
    page = open_page(name)
    assert page.locator("h1").inner_text().strip().endswith("?")
    answer = page.locator("section.answer p").all_inner_texts()
    assert len(answer) == 3
    assert all(sentence.endswith((".", ".)", "?”")) for sentence in answer), answer
    assert not re.search(r"\b(nan|NaN|NaT|inf|Traceback)\b", page.locator("main").inner_text())
    assert page.locator("pre.error").count() == 0


@of_reports
def test_every_finding_is_on_the_first_page_with_its_money(open_page, report: Path) -> None:
    findings = json.loads((report / "findings.json").read_text(encoding="utf-8"))["findings"]
    text = open_page("index").locator(".findings").inner_text()
    assert len(findings) >= 4
    assert all(" ".join(finding["text"].split()) in " ".join(text.split()) for finding in findings)
    assert text.count("Money") == sum(finding["money"] is not None for finding in findings) > 0


@of_reports
def test_the_first_page_names_no_customer(open_page, report: Path) -> None:
    import pandas as pd

    tables = [report / "tables" / f"{name}.parquet" for name in ("customer_value", "churn_risk")]
    ids = pd.concat([pd.read_parquet(path)["customer_id"] for path in tables if path.is_file()])
    known = set(ids.astype(str))
    words = set(re.findall(r"[\w-]+", open_page("index").locator("main").inner_text()))
    assert not {word for word in words & known if len(word) > 3}

"""Every page of a report in a real browser that reaches no host: quiet, complete, readable, printable."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxmodels.reporting.runner import run_study
from tests.reporting.conftest import lay_out_project

PAGES = ("index", "01-value", "02-segments")

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, chromium: object) -> Path:
    """A report of small notebooks; asking for the browser first skips the run where there is none."""
    project = lay_out_project(tmp_path_factory.mktemp("browser"))
    return run_study(project.study, out=project.report, notebooks=project.notebooks)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_no_host_and_says_nothing_to_the_console(open_page, name: str) -> None:
    page = open_page(name)
    assert page.title()
    assert page.locator("h1").count() == 1
    assert page.locator("script").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_page_forbids_every_request(open_page, name: str) -> None:
    policy = open_page(name).locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_figures_are_visible_fine_enough_for_print_and_named(open_page) -> None:
    page = open_page("01-value")
    images = page.locator("main img")
    assert images.count() == 1
    image = images.first
    assert image.is_visible()
    assert image.get_attribute("alt") == "Anna brings most"
    width, natural = image.evaluate("i => [i.clientWidth, i.naturalWidth]")
    assert width > 600
    assert natural >= 1.9 * width


def test_code_is_hidden_until_the_switch_is_pressed_by_mouse_or_key(open_page) -> None:
    page = open_page("01-value")
    code = page.locator(".code").first
    assert not code.is_visible()
    page.get_by_text("Show code").click()
    assert code.is_visible()
    page.locator("#show-code").focus()
    page.keyboard.press("Space")
    assert not code.is_visible()


def test_the_switch_can_be_reached_with_the_tab_key(open_page) -> None:
    page = open_page("01-value")
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "show-code":
            break
    assert page.evaluate("document.activeElement.id") == "show-code"


def test_in_print_code_and_bars_are_gone_and_figures_are_whole(open_page, tmp_path: Path) -> None:
    page = open_page("01-value")
    page.get_by_text("Show code").click()
    page.emulate_media(media="print")
    assert not page.locator(".code").first.is_visible()
    assert not page.locator(".bar").is_visible()
    assert page.locator("main img").first.is_visible()
    assert page.locator("figure").first.evaluate("f => getComputedStyle(f).breakInside") == "avoid"
    assert page.locator("main").evaluate("m => m.scrollWidth <= m.clientWidth")
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    box = (tmp_path / "page.pdf").read_bytes().split(b"/MediaBox [")[1].split(b"]")[0].split()
    assert [round(float(side)) for side in box[2:]] == [595, 842]  # A4 in points


def test_what_comes_from_data_stays_text(open_page) -> None:
    page = open_page("index")
    assert page.locator("h1").inner_text() == "Corner <shop> & sons"
    assert "A later year <script>alert(1)</script>." in page.locator(".findings").inner_text()
    assert "It was <b>£5</b>." in open_page("01-value").locator(".answer").inner_text()


def test_the_answer_stands_right_under_the_title(open_page) -> None:
    page = open_page("01-value")
    title = page.locator("h1").bounding_box()
    answer = page.locator(".answer").bounding_box()
    assert 0 < answer["y"] - (title["y"] + title["height"]) < 60
    assert page.locator(".answer p").all_inner_texts() == [
        "It was worth it.",
        "It was <b>£5</b>.",
        "It may change.",
    ]
    assert page.get_by_text("It was worth it.").count() == 1


def test_pages_lead_to_each_other(open_page) -> None:
    page = open_page("index")
    page.get_by_role("link", name="What did customers bring?").first.click()
    assert page.locator("h1").inner_text() == "What did customers bring?"
    page.locator("a[rel=next]").click()
    assert page.locator("h1").inner_text() == "Who matters?"
    page.get_by_role("link", name="Report", exact=True).click()
    assert page.locator("[aria-current=page]").inner_text() == "Report"


def test_the_first_page_holds_answers_findings_what_was_left_out_and_files(open_page) -> None:
    text = open_page("index").locator("main").inner_text()
    for words in (
        "As of 30 June 1998",
        "It was worth it.",
        "The base is worth £5.00.",
        "£4.00 to £6.00",
        "forecast",
        "it needs contracts, and the study has none",
        "One row was set aside.",
        "From: What did customers bring?",
        "run.json",
    ):
        assert words in text, f"{words!r} is not in:\n{text}"


def test_leaders_see_no_customer(open_page) -> None:
    assert "0001" not in open_page("index").locator("main").inner_text()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_fits_a_telephone_and_a_screen(open_page, name: str, width: int) -> None:
    page = open_page(name)
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width

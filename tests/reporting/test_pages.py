"""Pages: what is kept of a notebook's HTML, where the answer stands, what is left out."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from cxmodels.reporting.findings import Finding, NotebookFindings
from cxmodels.reporting.pages import (
    PageContext,
    PageLink,
    answers_first,
    clean,
    title_of_notebook,
    write_page,
)
from cxmodels.reporting.wording import Money

code, text, output = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell, nbformat.v4.new_output


def html_output(html: str) -> nbformat.NotebookNode:
    return output("display_data", data={"text/html": html, "text/plain": "plain"})


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<script>alert(1)</script>", ""),
        ("<p onclick='x()'>a</p>", "<p>a</p>"),
        ("<img src='https://example.com/a.png'>", "<img>"),
        ("<img src='data:image/png;base64,AA'>", '<img src="data:image/png;base64,AA">'),
        ("<a href='javascript:x()'>a</a>", "<a>a</a>"),
        ("<iframe src='https://example.com'></iframe>", ""),
        ("<style>@import 'https://example.com';</style>", ""),
        ("<p style='background:url(https://example.com)'>a</p>", '<p style="">a</p>'),
        ("<form action='https://example.com'><b>a</b></form>", "<b>a</b>"),
        ("<p>a &lt;b&gt; &amp; c</p>", "<p>a &lt;b&gt; &amp; c</p>"),
    ],
)
def test_html_of_a_notebook_keeps_text_and_loses_what_acts_or_asks(html: str, kept: str) -> None:
    assert clean(html) == kept


def test_a_table_stays_a_table() -> None:
    table = "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
    assert clean(table) == table


@pytest.fixture
def page(tmp_path: Path) -> str:
    """A page made from a notebook with every kind of output."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            text("# Who <matters>?\n\nWho reads this."),
            code("out = '/tmp'", metadata={"tags": ["injected-parameters"]}),
            code(
                "run.last_answer()", metadata={"tags": ["last-answer"]}, outputs=[html_output("OLD ANSWER")]
            ),
            code("frame", outputs=[html_output("<table><tr><td>cell</td></tr></table><script>x()</script>")]),
            code("print(1)", outputs=[output("stream", name="stdout", text="shown <b>text</b>\x1b[31mred")]),
            code("warn", outputs=[output("stream", name="stderr", text="a warning of a library")]),
            code("x", outputs=[output("execute_result", data={"text/plain": "'<i>value</i>'"})]),
            code(
                "fig",
                outputs=[
                    output(
                        "display_data",
                        data={"image/png": "iVBO\nRw0="},
                        metadata={"image/png": {"alt": 'A "finding"', "width": 900}},
                    )
                ],
            ),
            code("latex", outputs=[output("display_data", data={"text/latex": "$x<y$"})]),
            code("widget", outputs=[output("display_data", data={"application/javascript": "alert(1)"})]),
            code("1/0", outputs=[output("error", ename="ZeroDivisionError", evalue="", traceback=["<tb>"])]),
            code("run.answer()", metadata={"tags": ["answer"]}, outputs=[html_output("HIDDEN ANSWER")]),
            text("hidden", metadata={"tags": ["hide"]}),
        ]
    )
    pages = (PageLink("01-data", "What?"), PageLink("02-who", "Who <matters>?"), PageLink("03-next", "Next?"))
    content = NotebookFindings(
        "02-who",
        ("We do.",),
        (
            Finding(
                "02-who", "Worth <b>5</b>.", money=5, low=4, high=6, evidence="forecast", would_change="Time."
            ),
        ),
        ("Careful <now>.",),
    )
    context = PageContext("Shop & sons", Money("GBP"), pages)
    before = str(notebook)
    html = write_page(notebook, tmp_path / "02-who.html", context=context, content=content).read_text("utf-8")
    assert str(notebook) == before, "the notebook must not be changed"
    return html


def test_the_title_is_there_once_and_the_answer_follows_it(page: str) -> None:
    assert page.count("<h1>") == 1
    assert page.index("<h1>Who &lt;matters&gt;?</h1>") < page.index("We do.") < page.index("Who reads this.")


def test_cells_that_say_it_elsewhere_are_left_out(page: str) -> None:
    for words in ("OLD ANSWER", "HIDDEN ANSWER", "hidden</p>", "out = "):
        assert words not in page


def test_texts_are_escaped_and_scripts_gone(page: str) -> None:
    assert "shown &lt;b&gt;text&lt;/b&gt;" in page
    assert "&lt;i&gt;value&lt;/i&gt;" in page
    assert "Careful &lt;now&gt;." in page
    assert "Worth &lt;b&gt;5&lt;/b&gt;." in page
    assert "&lt;tb&gt;" in page
    assert "<td>cell</td>" in page
    assert "<script" not in page
    assert "alert(1)" not in page


def test_a_figure_is_carried_in_the_page_with_its_finding(page: str) -> None:
    image = re.search(r"<img[^>]*>", page)
    assert image is not None
    assert 'src="data:image/png;base64,iVBORw0="' in image[0]
    assert 'width="900"' in image[0]
    assert "finding" in image[0]


def test_what_a_library_says_is_shown_with_the_code_only(page: str) -> None:
    assert re.search(r'<pre class="text code">\s*a warning of a library', page)


def test_findings_stand_at_the_end_with_money_interval_evidence_and_what_would_change_them(page: str) -> None:
    last = page[page.index("Findings of this page") :]
    for words in ("£5.00", "£4.00 to £6.00", "forecast", "Time."):
        assert words in last


def test_pages_before_and_after_are_linked(page: str) -> None:
    assert '<a href="01-data.html" rel="prev">← What?</a>' in page
    assert '<a href="03-next.html" rel="next">Next? →</a>' in page


def test_nothing_in_a_page_points_to_a_host(page: str) -> None:
    assert not re.search(r"https?://|//cdn|@import|url\(", page)


def test_a_notebook_without_a_heading_is_known_by_its_name() -> None:
    assert title_of_notebook(nbformat.v4.new_notebook(cells=[text("Words.")]), default="07-x") == "07-x"
    assert title_of_notebook(nbformat.v4.new_notebook(cells=[]), default="07-x") == "07-x"


def test_the_answer_goes_into_the_executed_notebook_as_plain_words() -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[text("# Title"), code("1", metadata={"tags": ["last-answer"]})]
    )
    answers_first(notebook, ["<b>a</b> costs $5.", "b"])
    assert len(notebook.cells) == 2
    assert r"\<b\>a\</b\> costs \$5." in notebook.cells[1].source
    nbformat.validate(notebook)


def test_a_section_that_is_left_out_says_why_and_ends_at_the_next_section(tmp_path: Path) -> None:
    said = '<p class="left-out">Nobody bought again.</p>'
    notebook = nbformat.v4.new_notebook(
        cells=[
            text("# What?"),
            text("## Check"),
            code("run.leave_out_section(...)", outputs=[html_output(said)]),
            text("### A part of the check"),
            code("draw()", outputs=[html_output("<p>a figure</p>")]),
            text("## Decision"),
            code("decide()", outputs=[html_output("<p>a decision</p>")]),
        ]
    )
    context = PageContext("Shop", Money("GBP"), (PageLink("02-who", "What?"),))
    content = NotebookFindings("02-who", ("We do.",), (), ())
    html = write_page(notebook, tmp_path / "02-who.html", context=context, content=content).read_text("utf-8")
    assert "Nobody bought again." in html and "a decision" in html
    assert "A part of the check" not in html and "a figure" not in html

"""Pages that people read: an executed notebook, or the whole report, as one HTML file that asks no host.

The pages carry no script at all: code is shown and hidden by a checkbox and style sheets, and a content
security policy forbids every request. Texts from data are escaped, HTML from notebook outputs is cleaned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import bleach
import jinja2
import nbformat
from bleach.css_sanitizer import CSSSanitizer

from cxmodels.reporting.findings import EVIDENCE, Finding, NotebookFindings
from cxmodels.reporting.wording import Money

TEMPLATES = files("cxmodels.reporting") / "templates"
HIDDEN_TAGS = ("answer", "last-answer", "injected-parameters", "hide")
_KEPT_TAGS = """
a abbr b blockquote br caption code dd del div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd
li ol p pre s small span strong sub sup table tbody td tfoot th thead tr u ul
"""
_HEADING = re.compile(r"\A\s*#\s+(?P<title>[^\n]+)\n*")


@dataclass(frozen=True)
class PageLink:
    """A page of the report: its name (also that of its file) and its question."""

    name: str
    title: str

    @property
    def short(self) -> str:
        """Name for the bar above the pages: ``02 Customer lifetime value``."""
        number, _, words = self.name.partition("-")
        return f"{number} {words.replace('-', ' ')}".strip() if number.isdigit() else self.name


@dataclass(frozen=True)
class PageContext:
    """What all pages of a report share.

    Parameters
    ----------
    study : str
        Title of the study.
    money : Money
        Words the money of findings.
    pages : tuple of PageLink
        All pages, in their order.
    """

    study: str
    money: Money
    pages: tuple[PageLink, ...]


def title_of_notebook(notebook: nbformat.NotebookNode, *, default: str) -> str:
    """Give the notebook's title: the first heading of its first text cell.

    Parameters
    ----------
    notebook : NotebookNode
        Any notebook.
    default : str
        The title where there is no such heading.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = _HEADING.match(cell.source)
            return heading["title"].strip().strip("*") if heading else default
    return default


def write_page(
    notebook: nbformat.NotebookNode, path: Path, *, context: PageContext, content: NotebookFindings
) -> Path:
    """Write an executed notebook as a page.

    Parameters
    ----------
    notebook : NotebookNode
        Executed; it is not changed. Cells tagged ``answer``, ``last-answer`` or ``hide`` are left out: the
        answer stands under the title.
    path : Path
        The HTML file; its stem is the page's name.
    context : PageContext
        What all pages share.
    content : NotebookFindings
        The notebook's answer, findings and warnings.
    """
    link = PageLink(path.stem, title_of_notebook(notebook, default=path.stem))
    shown = _without_title(_shown_cells(notebook))
    has_code = any(cell.cell_type == "code" for cell in shown.cells)
    place = [page.name for page in context.pages].index(link.name)
    head = _render("head.html.j2", current=link.name, has_code=has_code, title=link.title, **_shared(context))
    foot = _render(
        "foot.html.j2",
        findings=[worded(finding, money=context.money) for finding in content.findings],
        before=context.pages[place - 1] if place else None,
        after=context.pages[place + 1] if place + 1 < len(context.pages) else None,
    )
    page = {
        "head": head,
        "foot": foot,
        "study": context.study,
        "title": link.title,
        "answer": content.answer,
        "warnings": content.warnings,
    }
    path.write_text(_export(shown, page), encoding="utf-8")
    return path


def render_index(context: PageContext, **parts: Any) -> str:
    """Fill the template of the report's first page; see `cxmodels.reporting.index_page`."""
    return _render("index.html.j2", current="index", title=context.study, **_shared(context), **parts)


def worded(finding: Finding, *, money: Money) -> dict[str, str]:
    """Put a finding's numbers into words for a page."""
    interval = "" if finding.low is None or finding.high is None else money.range(finding.low, finding.high)
    return {
        "text": finding.text,
        "money": "" if finding.money is None else money(finding.money),
        "range": interval,
        "evidence": finding.evidence,
        "meaning": EVIDENCE[finding.evidence].partition(": ")[2],
        "would_change": finding.would_change,
    }


def _export(notebook: nbformat.NotebookNode, page: dict[str, Any]) -> str:
    """Run nbconvert with our template, with every address of a script set to nothing."""
    from nbconvert import HTMLExporter

    with as_file(TEMPLATES) as folder:
        exporter = HTMLExporter(
            template_name="page",
            extra_template_basedirs=[str(folder)],
            mathjax_url="",
            require_js_url="",
            jquery_url="",
            mermaid_js_url="",
            mermaid_layout_elk_js_url="",
            jupyter_widgets_base_url="",
            exclude_anchor_links=True,
            filters={"clean": clean},
        )
        # Pictures before HTML: a figure must not be shadowed by a rendering that needs scripts.
        exporter.config.NbConvertBase.display_data_priority = [
            "image/png",
            "text/html",
            "text/markdown",
            "image/svg+xml",
            "image/jpeg",
            "text/latex",
            "text/plain",
        ]
        html, _ = exporter.from_notebook_node(notebook, resources={"page": page})
    return html


def _shown_cells(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Copy the notebook without the cells that the page shows elsewhere or not at all."""
    copy = nbformat.from_dict(notebook)
    copy.cells = [
        cell
        for cell in _without_left_out(copy.cells)
        if not set(cell.metadata.get("tags", ())).intersection(HIDDEN_TAGS)
    ]
    return copy


def _without_left_out(cells: Iterable[nbformat.NotebookNode]) -> Iterator[nbformat.NotebookNode]:
    """Drop what follows a cell that says that its section is left out, up to the next section."""
    dropping = False
    for cell in cells:
        if cell.cell_type == "markdown" and re.search(r"^## ", cell.source, flags=re.MULTILINE):
            dropping = False
        if not dropping:
            yield cell
        html = [str(output.get("data", {}).get("text/html", "")) for output in cell.get("outputs", ())]
        dropping = dropping or any(one.startswith('<p class="left-out">') for one in html)


def _without_title(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Take the title out of the first text cell, since the page has it above the answer."""
    first = next((cell for cell in notebook.cells if cell.cell_type == "markdown"), None)
    if first is not None:
        first.source = _HEADING.sub("", first.source, count=1)
        if not first.source.strip():
            notebook.cells.remove(first)
    return notebook


def clean(html: str) -> str:
    """Keep only what a report needs of HTML from a notebook: text, tables, lists, pictures carried along.

    Scripts, style sheets, forms, frames and handlers go; so do addresses of pictures, which would ask a host.

    Examples
    --------
    >>> clean('<p onclick="x()" style="text-align:right;position:fixed">5</p><script>x()</script>')
    '<p style="text-align:right;">5</p>'
    """
    bare = re.sub(r"<(style|script)\b.*?</\1\s*>", "", html, flags=re.DOTALL | re.IGNORECASE)
    sides = CSSSanitizer(allowed_css_properties=["text-align"])
    allowed = bleach.clean(
        bare,
        tags=frozenset(_KEPT_TAGS.split()),
        attributes=_allowed,
        protocols=["http", "https", "mailto", "data"],
        css_sanitizer=sides,
        strip=True,
    )
    return str(allowed)


def _allowed(tag: str, name: str, value: str) -> bool:
    """Say whether an attribute may stay."""
    if name == "src":
        return tag == "img" and value.startswith("data:image/")
    if name == "href":
        return tag == "a" and not value.startswith("data:")
    return name in {"alt", "class", "colspan", "height", "id", "rowspan", "scope", "style", "title", "width"}


def _shared(context: PageContext) -> dict[str, Any]:
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return {"study": context.study, "pages": context.pages, "style": style + _code_colours()}


def _code_colours() -> str:
    """Style sheet of highlighted code."""
    from pygments.formatters import HtmlFormatter

    rules = HtmlFormatter(style="friendly", nobackground=True).get_style_defs(".code .highlight")
    return "\n".join(line for line in str(rules).splitlines() if line.startswith(".code"))


def _render(template: str, **parts: Any) -> str:
    """Fill one of our templates; everything is escaped unless it is marked as safe."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cxmodels.reporting"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    if "style" in parts:
        parts["style"] = jinja2.utils.markupsafe.Markup(parts["style"])
    return environment.get_template(template).render(**parts)


def grades_in_words(grades: Sequence[str]) -> str:
    """Join the evidence grades for the foot of the report."""
    return " < ".join(grades)


def answers_first(notebook: nbformat.NotebookNode, answer: Iterable[str]) -> None:
    """Put the answer under the title of an executed notebook, where a reader of the notebook looks first."""
    lines = "\n>\n".join(f"> {_plain(sentence)}" for sentence in answer)
    if not lines:
        return
    cell = nbformat.v4.new_markdown_cell(
        f"**Answer of this run**\n\n{lines}", metadata={"tags": ["last-answer"]}
    )
    cell["id"] = "answer"
    notebook.cells = [old for old in notebook.cells if "last-answer" not in old.metadata.get("tags", ())]
    first = next((place for place, old in enumerate(notebook.cells) if old.cell_type == "markdown"), -1)
    notebook.cells.insert(first + 1, cell)


def _plain(text: str) -> str:
    """Keep what comes from data from being read as markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]<>#|$])", r"\\\1", text)

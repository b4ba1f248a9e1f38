"""The report's first page: what was asked, what was found, what was left out and why, and every file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pyarrow.parquet import read_schema

import cxmodels
from cxmodels.reporting.assumptions import stands_on, states_money
from cxmodels.reporting.findings import GRADES, NotebookFindings
from cxmodels.reporting.pages import PageContext, PageLink, grades_in_words, render_index, worded
from cxmodels.reporting.record import Outcome
from cxmodels.reporting.wording import Wording
from cxmodels.study import CANONICAL_TABLES, Study
from cxmodels.tables import CheckReport
from cxmodels.tables.schemas import schema_of

_FINDINGS = "Every finding with money, interval, evidence and what would change it, for programs"
_RECORD = "Inputs and their hashes, settings, versions, seed, times, what was left out and why"
_FOLDERS = {"figures": ("figure", " as PNG, for slides"), "notebooks": ("executed notebook", "")}
_TABLES = {
    "check": "What was read, kept and set aside, by table and reason",
    "set_aside": "The rows that were set aside, with the reason",
    "customer_value": "One row a customer: past purchases, value with interval",
    "drivers": "One row a driver: rank in the model, effect on leaving, evidence, value at stake",
    "driver_segments": "One row a driver and group: what one more does to leaving, by the records",
    "rating_importance": "One row a touchpoint: what its rating explains of recommending, beside the others",
    "churn_risk": "One row a customer: probability of leaving with interval, value at risk, reasons",
    **dict.fromkeys(CANONICAL_TABLES, "As read through the door: renamed and checked"),
}
# sections of a study that ask for a page: where one is left out all the same, the reader has to know at once
_ASKED_BY = {"04-churn-risk": "churn", "05-experience-drivers": "drivers"}
# what a later notebook adds to the table of an earlier one, by column
_ADDED = {"value_tier": "tier", "lifecycle": "lifecycle", "segment": "segment"}


def write_index(
    folder: Path,
    *,
    study: Study,
    context: PageContext,
    outcomes: Sequence[Outcome],
    parts: Sequence[NotebookFindings],
    failed: str = "",
) -> Path:
    """Write ``index.html``.

    Parameters
    ----------
    folder : Path
        The run's folder, with everything else in it.
    study : Study
        With overrides applied.
    context : PageContext
        What all pages share.
    outcomes : sequence of Outcome
        What became of each notebook.
    parts : sequence of NotebookFindings
        What the notebooks found, in order.
    failed : str
        Why the run did not finish; empty when it did.
    """
    titles = {page.name: page.title for page in context.pages}
    stale = {outcome.name: outcome.stale for outcome in outcomes if outcome.stale}
    html = render_index(
        context,
        has_code=False,
        as_of=stands_on(study, context.money.words),
        currency=study.currency if states_money(study) else "",
        failed=failed,
        warnings=list(
            dict.fromkeys(
                (*_missed(study, outcomes), *(text for part in parts for text in part.warnings)),
            )
        ),
        answers=[
            {"name": part.notebook, "title": titles[part.notebook], "sentences": part.answer}
            for part in sorted(parts, key=_leaders_turn)
            if part.answer and part.findings
        ],
        findings=[
            worded(finding, money=context.money)
            for part in sorted(parts, key=_leaders_turn)
            for finding in part.findings
        ],
        pages_noted=[{"link": page, "note": stale.get(page.name, "")} for page in context.pages],
        left_out=[
            {"link": PageLink(outcome.name, outcome.title), "reason": outcome.reason}
            for outcome in outcomes
            if outcome.state in ("left out", "skipped", "failed")
        ],
        data=_read_check(folder, context=context),
        files=_list_files(folder, parts=parts, titles=titles, words=context.money.words),
        version=cxmodels.__version__,
        grades=grades_in_words(GRADES),
    )
    path = folder / "index.html"
    path.write_text(html, encoding="utf-8")
    return path


def _missed(study: Study, outcomes: Sequence[Outcome]) -> list[str]:
    """Say which pages the study asks for and does not get; what only rests on such a one is not said."""
    asked = [one for one in outcomes if getattr(study, _ASKED_BY.get(one.name, ""), None)]
    why = {one.title: one.reason for one in asked if one.state == "left out"}
    return [
        f"“{title}” is left out: {reason}" for title, reason in why.items() if "it rests on" not in reason
    ]


def _read_check(folder: Path, *, context: PageContext) -> list[dict[str, str]]:
    """Read what the door counted: rows read, kept and set aside, by table."""
    path = folder / "tables" / "check.json"
    if not path.is_file():
        return []
    number = context.money.words.number
    report = CheckReport.read(path)
    rows = []
    for check in report.checks:
        counts = [count for count in report.counts if count.table == check.table]
        worst = max(counts, key=lambda count: count.rows, default=None)
        rows.append(
            {
                "table": schema_of(check.table).plain.capitalize(),
                "read": number(check.rows_read),
                "kept": number(check.rows_kept),
                "aside": number(check.set_aside),
                "reason": f"{worst.reason} ({number(worst.rows)})" if worst else "",
            }
        )
    return rows


def _leaders_turn(part: NotebookFindings) -> tuple[bool, bool]:
    """Put what moves money first, and what describes the data last, after what cannot be told from them."""
    has_money = any(finding.money is not None for finding in part.findings)
    return not has_money, bool(set(part.tables) & set(CANONICAL_TABLES))


def _list_files(
    folder: Path, *, parts: Sequence[NotebookFindings], titles: Mapping[str, str], words: Wording
) -> list[dict[str, str]]:
    """List what people may take: each table, and folders of what they need not choose from."""
    about = dict(_TABLES)
    for part in parts:
        for name in part.tables:
            about.setdefault(name, f"From: {titles.get(part.notebook, part.notebook)}")
    value = folder / "tables" / "customer_value.parquet"
    there = read_schema(value).names if value.is_file() else ()
    about["customer_value"] += "".join(f", {word}" for column, word in _ADDED.items() if column in there)
    files = []
    for path in sorted((folder / "tables").glob("[!.]*")):
        text = about.get(path.stem, "")
        files.append({"path": f"tables/{path.name}", "about": text, "size": _size(path.stat().st_size)})
    for name, (one, text) in _FOLDERS.items():
        inside = [path for path in (folder / name).glob("[!.]*") if path.is_file()]
        if inside:
            size = _size(sum(path.stat().st_size for path in inside))
            files.append({"path": f"{name}/", "about": words.count(len(inside), one) + text, "size": size})
    files.append({"path": "findings.json", "about": _FINDINGS, "size": ""})
    files.append({"path": "run.json", "about": _RECORD, "size": ""})
    return files


def _size(count: int) -> str:
    """Word a number of bytes."""
    if count < 1000:
        return f"{count} B"
    if count < 999_500:
        return f"{count / 1000:.0f} kB"
    return f"{count / 1e6:.1f} MB"

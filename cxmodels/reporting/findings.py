"""Findings: sentences computed from data, each with its money, its range and how far it can be trusted.

A notebook's findings and answer are written to ``findings/<notebook>.json``; `collect_findings` joins them
into the ``findings.json`` of the run. Nothing in these files depends on the clock, so the same inputs,
settings and seed give the same bytes.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cxmodels.reporting.wording import one_full_stop
from cxmodels.study_errors import nearest

GRADES = ("association", "adjusted", "sensitivity-tested", "experiment")
"""How well an effect is supported, from the lowest to the highest grade."""

EVIDENCE = {
    "measured": "Measured: counted in the data; claims no cause.",
    "forecast": "Forecast: from a model checked on a later period; claims no cause.",
    "doubtful": "Doubtful forecast: from a model that a later period spoke against; claims no cause.",
    "assumed": "Assumed: rests on terms that nothing in the data checks; claims no cause.",
    "unchecked": "Unchecked forecast: from a model that no later period could check; claims no cause.",
    "association": "Association: goes together in the data; may have another cause. No money is put on it.",
    "adjusted": "Adjusted: holds after allowing for what came before it.",
    "sensitivity-tested": "Sensitivity-tested: no unseen cause as strong as the recorded ones would undo it.",
    "experiment": "Experiment: measured on customers treated at random.",
}
"""What each evidence word means. The last four, `GRADES`, are for claims that one thing changes another."""


class FindingError(ValueError):
    """A finding that must not be shown to anyone: what is wrong with it, and the cure."""


@dataclass(frozen=True)
class Finding:
    """One sentence for leaders, computed from data.

    Parameters
    ----------
    notebook : str
        The notebook that found it, such as ``02-customer-lifetime-value``.
    text : str
        The sentence, with its numbers already worded (see `Money`).
    money, low, high : float, optional
        The amount at stake and its interval, in units of the study's currency.
    evidence : str
        ``measured`` or ``forecast`` where no effect is claimed; otherwise one of `GRADES`. The lowest grade,
        ``association``, takes no money.
    table, figure : str, optional
        The table (without folder and ending) and the figure behind it.
    would_change : str
        What would change the conclusion.

    Raises
    ------
    FindingError
        When the text is empty, a number is not finite, the interval does not hold the money, or the
        evidence is not known or does not carry money.

    Examples
    --------
    >>> Finding("02-value", "The base is worth $12.", money=12, low=11, high=13, evidence="forecast").money
    12.0
    >>> Finding("02-value", "The base is worth $12.", evidence="forecasts")
    Traceback (most recent call last):
    ...
    cxmodels.reporting.findings.FindingError: evidence 'forecasts' is not known; did you mean 'forecast'? ...
    """

    notebook: str
    text: str
    money: float | None = None
    low: float | None = None
    high: float | None = None
    evidence: str = "measured"
    table: str | None = None
    figure: str | None = None
    would_change: str = ""

    def __post_init__(self) -> None:
        """Check everything that a reader would rely on."""
        if not self.text.strip():
            raise FindingError("a finding needs a sentence; its text is empty")
        object.__setattr__(self, "text", one_full_stop(self.text))
        if self.evidence not in EVIDENCE:
            raise FindingError(
                f"evidence {self.evidence!r} is not known{nearest(self.evidence, EVIDENCE, otherwise='.')} "
                f"Allowed: {', '.join(EVIDENCE)}"
            )
        for name in ("money", "low", "high"):
            value = getattr(self, name)
            if value is None:
                continue
            if not math.isfinite(value):
                raise FindingError(
                    f"{name} is {value} in the finding {self.text!r}; it must be a finite number"
                )
            object.__setattr__(self, name, _settled(value))
        self._check_money()

    def _check_money(self) -> None:
        """Hold the money to its interval and to the evidence."""
        if self.money is None:
            if self.low is not None or self.high is not None:
                raise FindingError(
                    f"an interval without money in the finding {self.text!r}; give money as well"
                )
            return
        if self.evidence == "association":
            raise FindingError(
                f"no money on the lowest grade: the finding {self.text!r} is an association. Leave the money "
                "out, or say evidence='measured' or 'forecast' where it claims no effect"
            )
        if (self.low is None) != (self.high is None):
            raise FindingError(
                f"half an interval in the finding {self.text!r}; give both low and high, or neither"
            )
        if self.low is not None and self.high is not None and not self.low <= self.money <= self.high:
            raise FindingError(
                f"money {self.money} lies outside its interval {self.low} to {self.high} in {self.text!r}"
            )


def _settled(value: float) -> float:
    """Drop the last digits, which depend on the order in which threads have added up, to nine figures."""
    return float(f"{float(value):.9g}")


@dataclass(frozen=True)
class NotebookFindings:
    """What one notebook hands over: its question, its answer and its findings.

    Parameters
    ----------
    notebook : str
        Name of the notebook.
    answer : tuple of str
        The answer to the notebook's question, in a few sentences computed from data.
    findings : tuple of Finding
        In the order of the notebook.
    warnings : tuple of str
        What a reader should know before relying on it.
    tables : tuple of str
        Names of the tables that the notebook saved.
    """

    notebook: str
    answer: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """End every sentence in one full stop."""
        for name in ("answer", "warnings"):
            object.__setattr__(self, name, tuple(one_full_stop(text) for text in getattr(self, name)))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> NotebookFindings:
        """Build from what `write_notebook_findings` wrote."""
        return cls(
            notebook=content["notebook"],
            answer=tuple(content["answer"]),
            findings=tuple(Finding(**finding) for finding in content["findings"]),
            warnings=tuple(content["warnings"]),
            tables=tuple(content.get("tables", ())),
        )


def write_notebook_findings(folder: Path, content: NotebookFindings) -> Path:
    """Write one notebook's findings into the run's folder and return the file."""
    path = folder / "findings" / f"{content.notebook}.json"
    write_json(path, asdict(content))
    return path


def read_notebook_findings(folder: Path, notebook: str) -> NotebookFindings | None:
    """Read one notebook's findings from the run's folder; `None` when it has left none there."""
    path = folder / "findings" / f"{notebook}.json"
    if not path.is_file():
        return None
    return NotebookFindings.from_dict(json.loads(path.read_text(encoding="utf-8")))


def read_all_findings(folder: Path, *, order: Sequence[str] = ()) -> tuple[NotebookFindings, ...]:
    """Read the findings of every notebook in the run's folder.

    Parameters
    ----------
    folder : Path
        The run's folder.
    order : sequence of str
        Notebooks to put first, in this order; the others follow by name.
    """
    names = sorted(path.stem for path in (folder / "findings").glob("*.json"))
    ordered = [name for name in order if name in names] + [name for name in names if name not in order]
    return tuple(found for name in ordered if (found := read_notebook_findings(folder, name)) is not None)


def evidence_behind(table: str, folder: Path) -> str:
    """Return the evidence that the notebook which made a table gave to its finding with money on it.

    Parameters
    ----------
    table : str
        Name of a table, such as ``customer_value``.
    folder : Path
        The run's folder.

    Returns
    -------
    str
        ``unchecked`` where no finding rests on the table.
    """
    grades = [
        finding.evidence
        for part in read_all_findings(folder)
        for finding in part.findings
        if finding.table == table and finding.money is not None
    ]
    return grades[0] if grades else "unchecked"


def collect_findings(folder: Path, *, study: Mapping[str, Any], parts: Iterable[NotebookFindings]) -> Path:
    """Join the notebooks' findings into ``findings.json``.

    Parameters
    ----------
    folder : Path
        The run's folder.
    study : mapping
        What heads the file: title, ``as_of`` (ISO date), currency and language.
    parts : iterable of NotebookFindings
        One for each notebook, in the order to show them.
    """
    parts = list(parts)
    path = folder / "findings.json"
    content = {
        **study,
        "answers": {part.notebook: list(part.answer) for part in parts},
        "findings": [asdict(finding) for part in parts for finding in part.findings],
        "warnings": [{"notebook": part.notebook, "text": text} for part in parts for text in part.warnings],
    }
    write_json(path, content)
    return path


def write_json(path: Path, content: object) -> None:
    """Write JSON so that a reader sees the old file or the whole new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

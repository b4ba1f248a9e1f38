"""Results of a benchmark as aligned text, Markdown and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Verdict:
    """One goal and what was measured against it.

    Attributes
    ----------
    question
        What is asked, in words.
    measured
        The figure; not-a-number counts as not reached.
    goal
        The bound.
    bound
        ``"at most"`` or ``"at least"``; the bound itself counts as reached.
    unit
        What the figures are measured in, e.g. ``"×"`` or ``"MB"``.
    """

    question: str
    measured: float
    goal: float
    bound: str
    unit: str = ""

    def __post_init__(self) -> None:
        """Refuse a bound that nothing could be compared with."""
        if self.bound not in ("at most", "at least"):
            raise ValueError(f'bound must be "at most" or "at least", found {self.bound!r}')

    @property
    def reached(self) -> bool:
        """Whether the measured figure keeps the goal."""
        if math.isnan(self.measured):
            return False
        measured, goal = float(self.measured), float(self.goal)
        return measured <= goal if self.bound == "at most" else measured >= goal

    @property
    def sentence(self) -> str:
        """The verdict in one line, beginning with the word that matters."""
        word = "reached    " if self.reached else "NOT reached"
        goal = f"{self.bound} {_figure(self.goal, self.unit)}"
        return f"{word}  {self.question}: {_figure(self.measured, self.unit)} (goal: {goal})"


@dataclass(frozen=True)
class Section:
    """One table with its title, how to print its columns, and what to know when reading it."""

    title: str
    table: pd.DataFrame
    formats: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def cells(self) -> list[list[str]]:
        """Header and rows as text; an absent figure is a dash."""
        header = [str(column) for column in self.table.columns]
        rows = [
            [_cell(value, self.formats.get(column, "")) for column, value in zip(header, row, strict=True)]
            for row in self.table.itertuples(index=False, name=None)
        ]
        return [header, *rows]


@dataclass(frozen=True)
class Result:
    """Everything one benchmark has to say."""

    name: str
    title: str
    sections: tuple[Section, ...]
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()
    machine: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Aligned text for a terminal."""
        parts = [self.title, "=" * len(self.title), _machine_line(self.machine)]
        for section in self.sections:
            parts += ["", section.title, _aligned(section)]
            if section.note:
                parts.append(section.note)
        if self.verdicts:
            parts += ["", *(verdict.sentence for verdict in self.verdicts)]
        parts += ["", *self.notes] if self.notes else []
        return "\n".join(parts) + "\n"

    def markdown(self, *, day: date) -> str:
        """Markdown page with the day of the measurement."""
        parts = [f"# {self.title}", "", f"Measured {day.isoformat()}. {_machine_line(self.machine)}"]
        for section in self.sections:
            header, *rows = section.cells()
            parts += [
                "",
                f"## {section.title}",
                "",
                "| " + " | ".join(header) + " |",
                "|" + "---|" * len(header),
            ]
            parts += ["| " + " | ".join(row) + " |" for row in rows]
            parts += ["", section.note] if section.note else []
        if self.verdicts:
            parts += [
                "",
                "## Goals",
                "",
                *(f"- {' '.join(verdict.sentence.split())}" for verdict in self.verdicts),
            ]
        parts += ["", *(f"- {note}" for note in self.notes)] if self.notes else []
        return "\n".join(parts) + "\n"

    def data(self, *, day: date) -> dict[str, Any]:
        """The same as plain JSON values, figures unrounded."""
        return {
            "name": self.name,
            "title": self.title,
            "measured": day.isoformat(),
            "machine": dict(self.machine),
            "tables": {
                section.title: json.loads(section.table.to_json(orient="records"))
                for section in self.sections
            },
            "verdicts": [
                {
                    "question": verdict.question,
                    "measured": None if math.isnan(verdict.measured) else float(verdict.measured),
                    "goal": float(verdict.goal),
                    "bound": verdict.bound,
                    "unit": verdict.unit,
                    "reached": verdict.reached,
                }
                for verdict in self.verdicts
            ],
            "notes": list(self.notes),
        }


def save(result: Result, folder: Path = RESULTS) -> tuple[Path, Path]:
    """Write ``<name>.md`` and ``<name>.json`` into `folder` and give both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    day = date.today()
    page, data = folder / f"{result.name}.md", folder / f"{result.name}.json"
    page.write_text(result.markdown(day=day), encoding="utf-8")
    data.write_text(json.dumps(result.data(day=day), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return page, data


def _aligned(section: Section) -> str:
    """Columns padded to their widest cell: text to the left, figures to the right."""
    header, *rows = section.cells()
    widths = [max(len(row[place]) for row in [header, *rows]) for place in range(len(header))]
    numeric = [pd.api.types.is_numeric_dtype(section.table[column]) for column in section.table.columns]

    def line(row: list[str]) -> str:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line(header), "  ".join("-" * width for width in widths), *(line(row) for row in rows)])


def _cell(value: object, spec: str) -> str:
    """Text of one cell."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if spec:
        return format(value, spec)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _figure(value: float, unit: str) -> str:
    """Figure and unit; four significant digits."""
    text = "no figure" if math.isnan(value) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{text} {unit}".strip()


def _machine_line(machine: Mapping[str, str]) -> str:
    """One line that says what the figures were measured on."""
    return ", ".join(f"{key} {value}" for key, value in machine.items())

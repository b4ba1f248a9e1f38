"""What a notebook talks to: the study, the tables of the notebooks before it, a place for its results.

    from cxmodels.reporting import open_run
    run = open_run(study=study, out=out, overrides=overrides)   # the three names of the parameters cell

    tables = run.tables()                              # the canonical tables that 01 saved
    run.save_tables(open_tables(run.study))            # what 01 does, so that the others can
    value = run.read("customer_value")                 # a table that an earlier notebook saved
    run.save("customer_value", frame, csv=True)        # tables/customer_value.parquet and .csv
    run.figure("tracking", ax)                 # figures/<notebook>-tracking.png; shows it
    run.finding("The base is worth …", money=…, low=…, high=…, evidence="forecast", table="customer_value",
                figure="tracking", would_change="…")
    run.warn("BG/NBD did not converge; NBD without dropout was used.")
    run.answer(["…", "…", "…"])                        # shown first on the page, and by `last_answer`
    run.finish()                                       # last cell: writes the findings

Every `run.figure` closes its figure, so that nothing is drawn twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cxmodels.reporting.figures.saved import SavedFigure, save_figure
from cxmodels.reporting.findings import (
    Finding,
    NotebookFindings,
    collect_findings,
    read_all_findings,
    read_notebook_findings,
    write_notebook_findings,
)
from cxmodels.reporting.handover import write_csv, write_parquet
from cxmodels.reporting.origin import Origin, rests_on_the_same
from cxmodels.reporting.record import hash_inputs, study_heading
from cxmodels.reporting.shown import Answer, LeftOut
from cxmodels.reporting.wording import Money, Wording
from cxmodels.study import Study
from cxmodels.study_errors import nearest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cxmodels.tables import Tables

NOTEBOOK_VARIABLE = "CXMODELS_NOTEBOOK"
"""Environment variable in which a run tells a kernel the name of its notebook."""


class RunError(ValueError):
    """Something that a run needs is not there: what, and which notebook or setting brings it."""


class CannotAnswer(ValueError):
    """These data cannot answer the notebook's question. A run leaves the notebook out and says why."""


@dataclass(frozen=True)
class RunFolder:
    """One notebook's view of a run's folder. Made by `open_run`.

    Attributes
    ----------
    study : Study
        The study, with overrides applied.
    folder : Path
        Where everything goes: ``tables/``, ``figures/``, ``findings/``.
    notebook : str
        Name of the notebook, without ending.
    money, words : Money, Wording
        Number wording in the study's currency and language.
    """

    study: Study
    folder: Path
    notebook: str
    money: Money
    words: Wording
    _findings: list[Finding] = field(default_factory=list, repr=False)
    _answer: list[str] = field(default_factory=list, repr=False)
    _warnings: list[str] = field(default_factory=list, repr=False)
    _tables: list[str] = field(default_factory=list, repr=False)
    _origin: list[Origin] = field(default_factory=list, repr=False)
    _read: set[str] = field(default_factory=set, repr=False)

    def tables(self) -> Tables:
        """Open the canonical tables that the data notebook saved.

        Raises
        ------
        RunError
            When they have not been saved yet.
        cxmodels.tables.DataError
            When one was changed since, so that it breaks the rules of its canonical table.
        """
        from cxmodels.tables import read_tables

        folder = self.folder / "tables"
        if not any((folder / f"{name}.parquet").is_file() for name in self.study.tables):
            raise RunError(
                f"{folder} holds none of the study's tables ({', '.join(self.study.tables)}). They are made "
                "by the notebook 01-data-readiness: run it first, or run everything with "
                f"`cxmodels run {self.study.path}`"
            )
        self._read.update(self.study.tables)
        return read_tables(folder)

    def read(self, name: str) -> pd.DataFrame:
        """Read a table that an earlier notebook saved.

        Parameters
        ----------
        name : str
            Name of the table, such as ``customer_value``.

        Raises
        ------
        RunError
            When it is not there; names the nearest table and what there is.
        """
        path = self.folder / "tables" / f"{name}.parquet"
        if not path.is_file():
            there = sorted(found.stem for found in path.parent.glob("*.parquet"))
            raise RunError(
                f"no table {name!r} in {path.parent}{nearest(name, there, otherwise='.')} "
                f"There is: {', '.join(there) or 'nothing yet'}. Run the notebook that saves it first, "
                f"or run everything with `cxmodels run {self.study.path}`"
            )
        self._read.add(name)
        return pd.read_parquet(path)

    def save(self, name: str, frame: pd.DataFrame, *, csv: bool = False) -> None:
        """Save a table for the notebooks after this one, and for other tools.

        Parameters
        ----------
        name : str
            Name of the table; lower case, words joined by ``_``.
        frame : pandas.DataFrame
            The table; its index is not saved.
        csv : bool
            Also write ``tables/<name>.csv``, with formulas made harmless.
        """
        _check_name(name)
        with self._made([name]):
            write_parquet(frame, self.folder / "tables" / f"{name}.parquet")
            if csv:
                write_csv(frame, self.folder / "tables" / f"{name}.csv")

    def save_tables(self, tables: Tables) -> Tables:
        """Save the canonical tables that came through the door, and return the saved ones.

        Parameters
        ----------
        tables : Tables
            From `cxmodels.tables.open_tables`.
        """
        with self._made(tables.names):
            return tables.save(self.folder / "tables")

    @contextmanager
    def _made(self, names: Collection[str]) -> Iterator[None]:
        """Keep what tables are made from; nothing, of a session that builds on what was made otherwise."""
        record = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        of_a_run = NOTEBOOK_VARIABLE in os.environ and not record.get("complete") and "inputs" in record
        if not self._origin:
            inputs = record["inputs"] if of_a_run else hash_inputs(self.study)
            self._origin.append(Origin.of(self.study, inputs))
        origin = self._origin[0]
        origin.write(self.folder, notebook=self.notebook, gone=names)
        yield
        if of_a_run or rests_on_the_same(self.folder, self._read, origin=origin, notebook=self.notebook):
            origin.write(self.folder, notebook=self.notebook, made=names)
        self._tables.extend(name for name in names if name not in self._tables)

    def figure(self, name: str, drawn: Axes | Figure | Sequence[Axes]) -> SavedFigure:
        """Save a figure and close it; the result shows itself as the last line of a cell.

        Parameters
        ----------
        name : str
            Name of the figure; the file is ``figures/<notebook>-<name>.png``.
        drawn : Axes, Figure or sequence of Axes
            What a chart form returned.
        """
        _check_name(name)
        return save_figure(drawn, self.folder / "figures" / f"{self.notebook}-{name}.png")

    def finding(
        self,
        text: str,
        *,
        money: float | None = None,
        low: float | None = None,
        high: float | None = None,
        evidence: str = "measured",
        table: str | None = None,
        figure: str | None = None,
        would_change: str = "",
    ) -> Finding:
        """Keep a finding; see `Finding` for the meaning of each part.

        Raises
        ------
        RunError
            When the table or figure that it names has not been saved.
        """
        if table is not None and not (self.folder / "tables" / f"{table}.parquet").is_file():
            raise RunError(
                f"the finding {text!r} names the table {table!r}, which is not saved yet; run.save it first"
            )
        if figure is not None and not (self.folder / "figures" / f"{self.notebook}-{figure}.png").is_file():
            raise RunError(
                f"the finding {text!r} names the figure {figure!r}, not saved yet; run.figure it first"
            )
        full = None if figure is None else f"{self.notebook}-{figure}"
        found = Finding(self.notebook, text, money, low, high, evidence, table, full, would_change)
        self._findings.append(found)
        return found

    def warn(self, text: str) -> None:
        """Keep a sentence that a reader should know before relying on the results, such as a fallback."""
        if text and text not in self._warnings:
            self._warnings.append(text)

    def need(self, condition: bool, *, otherwise: str) -> None:
        """Leave the rest of the notebook out, with the reason, where the data cannot carry it.

        Parameters
        ----------
        condition : bool
            What must hold to go on.
        otherwise : str
            The reason, a sentence; a run shows it on the first page and goes on with the other notebooks.

        Raises
        ------
        CannotAnswer
            When the condition does not hold.
        """
        if not condition:
            raise CannotAnswer(otherwise)

    def leave_out_section(self, *, unless: bool, because: str) -> LeftOut | None:
        """Say that the rest of a section shows nothing, and why; as the last line of a cell.

        The reason is kept as a warning, and the page leaves out everything from here to the next section.
        The notebook goes on: cells of the section ask the same condition before they draw.

        Parameters
        ----------
        unless : bool
            The condition under which the section can be shown.
        because : str
            The reason, a sentence.
        """
        if unless:
            return None
        self.warn(because)
        return LeftOut(because)

    def answer(self, sentences: Sequence[str]) -> Answer:
        """Keep the answer to the notebook's question: a few sentences computed from data.

        The page shows it first, under the title. Tag the cell ``answer``, so that it is not shown twice.
        """
        if isinstance(sentences, str) or not all(
            isinstance(text, str) and text.strip() for text in sentences
        ):
            raise RunError("an answer is a list of sentences, none of them empty")
        self._answer[:] = sentences
        return Answer(tuple(sentences))

    def last_answer(self) -> Answer:
        """Give the answer of the last complete run, for the first cell (tag it ``last-answer``).

        The page leaves out a cell with that tag: it shows the new answer in its place.
        """
        last = read_notebook_findings(self.folder, self.notebook)
        if last is None or not last.answer:
            return Answer(("No answer yet: run this notebook to its end.",))
        return Answer(last.answer)

    def finish(self) -> Answer:
        """Write the notebook's findings and its answer; the last cell calls it.

        Raises
        ------
        RunError
            When the notebook has given no answer.
        """
        if not self._answer:
            raise RunError(f"{self.notebook} has no answer: call run.answer([...]) before run.finish()")
        content = NotebookFindings(
            self.notebook,
            tuple(self._answer),
            tuple(self._findings),
            tuple(self._warnings),
            tuple(self._tables),
        )
        write_notebook_findings(self.folder, content)
        collect_findings(self.folder, study=study_heading(self.study), parts=read_all_findings(self.folder))
        return Answer(tuple(self._answer))


def _check_name(name: str) -> None:
    """Keep names of tables and figures to what every file system and link takes."""
    if not name or not all(
        character.isascii() and (character.isalnum() or character in "_-") for character in name
    ):
        raise RunError(f"name {name!r} must be letters, digits, _ and - only, such as 'customer_value'")

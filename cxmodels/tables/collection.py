"""Which canonical tables does a study have? Opened from raw data, saved with the run, and opened again."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir

from cxmodels.study import Study
from cxmodels.tables.counting import Count, count_rows
from cxmodels.tables.door import Plan, parsed_rows, plan_table, raw_as_json, rows_with_reasons, value_of
from cxmodels.tables.errors import DataError, nearest_names
from cxmodels.tables.parse import quote, text
from cxmodels.tables.report import CheckReport, ReasonCount, TableCheck
from cxmodels.tables.staging import FAULT, FILE, ROW
from cxmodels.tables.validation import validate_table

SET_ASIDE = "set_aside"
CHECK_FILE = "check.json"


@dataclass(frozen=True)
class Tables:
    """The canonical tables of a study, on one DuckDB connection.

    Attributes
    ----------
    names : tuple of str
        The tables that there are; ``tables["contacts"]`` gives one, ``tables.transactions`` the purchases.
    report : CheckReport
        What was read, kept and set aside.
    inputs : tuple of Path
        The files that the rows came from.
    """

    names: tuple[str, ...]
    report: CheckReport
    inputs: tuple[Path, ...] = field(repr=False)
    _backend: Any = field(repr=False)
    _scratch: tempfile.TemporaryDirectory[str] | None = field(repr=False, default=None)

    def __getitem__(self, name: str) -> ir.Table:
        """Return one canonical table.

        Raises
        ------
        DataError
            Where the study has no such table.
        """
        if name not in self.names:
            raise DataError(
                f"This study has no table {name!r}{nearest_names(name, self.names)}. It has: "
                f"{', '.join(self.names)}. Add [tables.{name}] to the study file."
            )
        return self._backend.table(name)

    def __contains__(self, name: object) -> bool:
        """Whether the study has this table."""
        return name in self.names

    @property
    def transactions(self) -> ir.Table:
        """The purchases: customer_id, timestamp, amount, and what else the study maps."""
        return self["transactions"]

    @property
    def set_aside(self) -> ir.Table:
        """The rows not used: table, file, row (the header not counted), reason, raw values as JSON text."""
        return self._backend.table(SET_ASIDE)

    def save(self, folder: Path) -> Tables:
        """Write every table, the rows set aside and the report to a folder, and return the saved tables.

        Parameters
        ----------
        folder : Path
            It receives ``<table>.parquet``, ``set_aside.parquet`` and ``check.json``.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name in (*self.names, SET_ASIDE):
            self._backend.con.execute(
                f"COPY (SELECT * FROM {quote(name)}) TO {text(str(folder / f'{name}.parquet'))} "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
        self.report.save(folder / CHECK_FILE)
        return read_tables(folder)


# beyond it the engine works on disk: memory does not grow with the log
ENGINE_MEMORY = "1GB"


def by_name(tables: Tables | Mapping[str, ir.Table]) -> Mapping[str, ir.Table]:
    """Return tables by their names, as they are opened, or were made by hand."""
    return {name: tables[name] for name in tables.names} if isinstance(tables, Tables) else tables


def open_tables(study: Study, *, count_duplicates: bool = True) -> Tables:
    """Read the raw tables of a study through the door.

    Parameters
    ----------
    study : Study
        Says where the tables are and how their columns map.
    count_duplicates : bool
        Count the lines equal to an earlier one. On many millions of rows it is the dearest part of the check.

    Returns
    -------
    Tables
        Canonical tables; bad rows are set aside with the reason.

    Raises
    ------
    DataError
        Where a source cannot be read, a column is missing, its values can be read in two ways, or more than
        `max_bad_share` of the rows are bad.
    """
    scratch = tempfile.TemporaryDirectory(prefix="cxmodels-")
    backend = _connect(Path(scratch.name))
    checks: list[TableCheck] = []
    counts: list[ReasonCount] = []
    notes: list[str] = []
    inputs: list[Path] = []
    asides = []
    for name in study.tables:
        plan = plan_table(backend.con, study, name=name, scratch=Path(scratch.name))
        rows = _rows(backend.con, plan, scratch=Path(scratch.name))
        count = count_rows(backend.con, plan, rows, as_of=study.as_of, count_duplicates=count_duplicates)
        _stop_when_bad(count.check, count.reasons)
        _make_view(backend.con, plan, rows, count=count)
        validate_table(backend.table(name), name, rows=False)  # the door has asked each row itself
        asides.append(_aside(plan, rows, count=count))
        checks.append(count.check)
        counts.extend(count.reasons)
        notes.extend(plan.raw.notes)
        inputs.extend(plan.raw.inputs)
    backend.con.execute(f"CREATE VIEW {SET_ASIDE} AS {' UNION ALL '.join(asides)}")
    report = CheckReport(tuple(checks), tuple(counts), tuple(notes))
    return Tables(tuple(study.tables), report, tuple(dict.fromkeys(inputs)), backend, scratch)


def read_tables(folder: Path) -> Tables:
    """Open the tables that `Tables.save` wrote, and check them: a file may have been changed since.

    Raises
    ------
    DataError
        Where the folder has no saved tables, or one that breaks the rules of its canonical table.
    """
    folder = Path(folder)
    if not (folder / CHECK_FILE).is_file():
        raise DataError(f"{folder} has no saved tables ({CHECK_FILE} is missing). Run the data check first.")
    report = CheckReport.read(folder / CHECK_FILE)
    backend = _connect(None)
    names = tuple(check.table for check in report.checks)
    inputs = []
    for name in (*names, SET_ASIDE):
        file = folder / f"{name}.parquet"
        if not file.is_file():
            raise DataError(
                f"{folder} has no {file.name}, but its {CHECK_FILE} names it. Run the data check again."
            )
        backend.con.execute(f"CREATE VIEW {quote(name)} AS SELECT * FROM read_parquet({text(str(file))})")
        inputs.append(file)
    for name in names:
        try:
            validate_table(backend.table(name), name)
        except DataError as error:
            raise DataError(f"{folder / name}.parquet: {error} Run the data check again.") from None
    return Tables(names, report, tuple(inputs), backend)


def _connect(scratch: Path | None) -> Any:
    backend = ibis.duckdb.connect()
    backend.con.execute("SET TimeZone = 'UTC'")
    # In a notebook without ipywidgets there is no progress bar, and DuckDB refuses even to turn it off.
    with contextlib.suppress(duckdb.InvalidInputException):
        backend.con.execute("SET enable_progress_bar = false")
    spill = (scratch or Path(tempfile.gettempdir())) / "cxmodels-spill"
    backend.con.execute(f"SET temp_directory = {text(str(spill))}")
    backend.con.execute(f"SET memory_limit = '{ENGINE_MEMORY}'")
    return backend


def _rows(con: duckdb.DuckDBPyConnection, plan: Plan, *, scratch: Path) -> str:
    """Return the relation of all rows with values and reasons: in place, or staged where text is parsed."""
    sql = rows_with_reasons(plan)
    values = ", ".join(quote(f"__v_{name}") for name in plan.mapping)
    raw = f"CASE WHEN __reason IS NOT NULL THEN {raw_as_json(plan)} END AS __raw"
    picked = f"SELECT {FILE}, {ROW}, {FAULT}, __reason, {values}, {raw} FROM ({sql})"
    if plan.simple:
        return f"(SELECT *, {raw} FROM ({sql}))"
    target = text(str(scratch / f"{plan.name}-canonical.parquet"))
    # dropping duplicates shuffles the rows; the order of the source is part of what is kept
    order = f" ORDER BY {FILE}, {ROW}" if plan.source.duplicates == "drop" else ""
    con.execute(f"COPY ({picked}{order}) TO {target} (FORMAT parquet)")
    return f"read_parquet({target})"


def _make_view(con: duckdb.DuckDBPyConnection, plan: Plan, rows: str, *, count: Count) -> None:
    if count.all_kept and plan.simple:
        columns = ", ".join(
            f"{quote(plan.mapping[name]) if name in count.clean else value_of(plan, name)} AS {quote(name)}"
            for name in _ordered(plan)
        )
        con.execute(f"CREATE VIEW {quote(plan.name)} AS SELECT {columns} FROM ({parsed_rows(plan)})")
        return
    columns = ", ".join(f"{quote(f'__v_{name}')} AS {quote(name)}" for name in _ordered(plan))
    kept = "" if count.all_kept else " WHERE __reason IS NULL"
    con.execute(f"CREATE VIEW {quote(plan.name)} AS SELECT {columns} FROM {rows}{kept}")


def _ordered(plan: Plan) -> list[str]:
    known = [column.name for column in plan.schema.columns if column.name in plan.mapping]
    return [*known, *(name for name in plan.mapping if name not in known)]


def _aside(plan: Plan, rows: str, *, count: Count) -> str:
    labels = " ".join(f"WHEN {text(path)} THEN {text(label)}" for path, label in plan.raw.labels.items())
    return (
        f'SELECT {text(plan.name)} AS "table", CASE {FILE} {labels} ELSE {FILE} END AS "file", '
        f'{ROW} AS "row", coalesce({FAULT}, __reason) AS reason, __raw AS raw FROM {rows} '
        f"WHERE {'false' if count.all_kept else '__reason IS NOT NULL'}"
    )


def _stop_when_bad(check: TableCheck, found: tuple[ReasonCount, ...]) -> None:
    said = "; ".join(
        f"{count.rows:,} rows: {count.reason}" + (f" (such as {count.example})" if count.example else "")
        for count in sorted(found, key=lambda count: -count.rows)
    )
    where = f"[tables.{check.table}] of {check.source}"
    if check.bad_share > check.max_bad_share:
        raise DataError(
            f"{where}: {check.set_aside:,} of {check.rows_read:,} rows ({check.bad_share:.1%}) cannot "
            "be used, more "
            f"than max_bad_share = {check.max_bad_share:g} allows. {said}. Correct the mapping or the "
            "settings of how "
            "values are written (decimal, date_format, …), or raise max_bad_share if the loss is meant."
        )
    if check.rows_kept == 0:
        raise DataError(f"{where}: no row is left to use. {said or 'The source is empty'}.")

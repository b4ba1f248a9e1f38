"""Which canonical tables does a study have? Opened from raw data, saved with the run, and opened again."""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir

from cxmodels.study import Study
from cxmodels.tables.door import (
    Plan,
    parsed_rows,
    plan_table,
    raw_as_json,
    reasons_of,
    rows_with_reasons,
    value_of,
)
from cxmodels.tables.errors import DataError, nearest_names
from cxmodels.tables.parse import quote, text
from cxmodels.tables.report import CheckReport, ReasonCount, TableCheck
from cxmodels.tables.schemas import validate_table
from cxmodels.tables.sources import FAULT, FILE, ROW
from cxmodels.tables.staging import one_row

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

    def __contains__(self, name: str) -> bool:
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
        check, found = _count(backend.con, plan, rows, as_of=study.as_of, count_duplicates=count_duplicates)
        _stop_when_bad(check, found)
        _make_view(backend.con, plan, rows, all_kept=check.rows_kept == check.rows_read)
        validate_table(backend.table(name), name)
        asides.append(_aside(plan, rows))
        checks.append(check)
        counts.extend(found)
        notes.extend(plan.raw.notes)
        inputs.extend(plan.raw.inputs)
    backend.con.execute(f"CREATE VIEW {SET_ASIDE} AS {' UNION ALL '.join(asides)}")
    report = CheckReport(tuple(checks), tuple(counts), tuple(notes))
    return Tables(tuple(study.tables), report, tuple(dict.fromkeys(inputs)), backend, scratch)


def read_tables(folder: Path) -> Tables:
    """Open the tables that `Tables.save` wrote.

    Raises
    ------
    DataError
        Where the folder has no saved tables.
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
    return Tables(names, report, tuple(inputs), backend)


def _connect(scratch: Path | None) -> Any:
    backend = ibis.duckdb.connect()
    backend.con.execute("SET TimeZone = 'UTC'")
    # In a notebook without ipywidgets there is no progress bar, and DuckDB refuses even to turn it off.
    with contextlib.suppress(duckdb.InvalidInputException):
        backend.con.execute("SET enable_progress_bar = false")
    if scratch is not None:
        backend.con.execute(f"SET temp_directory = {text(str(scratch / 'spill'))}")
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


def _make_view(con: duckdb.DuckDBPyConnection, plan: Plan, rows: str, *, all_kept: bool) -> None:
    if all_kept and plan.simple:
        values = _simplest_values(con, plan, rows)
        columns = ", ".join(f"{values[name]} AS {quote(name)}" for name in _ordered(plan))
        con.execute(f"CREATE VIEW {quote(plan.name)} AS SELECT {columns} FROM ({parsed_rows(plan)})")
        return
    columns = ", ".join(f"{quote(f'__v_{name}')} AS {quote(name)}" for name in _ordered(plan))
    kept = "" if all_kept else " WHERE __reason IS NULL"
    con.execute(f"CREATE VIEW {quote(plan.name)} AS SELECT {columns} FROM {rows}{kept}")


def _simplest_values(con: duckdb.DuckDBPyConnection, plan: Plan, rows: str) -> dict[str, str]:
    """Return SQL of each value: texts that are clean as they stand need no work ever after."""
    values = {name: value_of(plan, name) for name in plan.mapping}
    texts = [name for name, formula in plan.mapping.items() if plan.raw.columns.get(formula) == "text"]
    if texts:
        tests = ", ".join(
            f"count(*) FILTER ({quote('__v_' + name)} IS DISTINCT FROM {quote(plan.mapping[name])})"
            for name in texts
        )
        changed = one_row(con, f"SELECT {tests} FROM {rows}")
        values |= {
            name: quote(plan.mapping[name]) for name, count in zip(texts, changed, strict=True) if not count
        }
    return values


def _ordered(plan: Plan) -> list[str]:
    known = [column.name for column in plan.schema.columns if column.name in plan.mapping]
    return [*known, *(name for name in plan.mapping if name not in known)]


def _aside(plan: Plan, rows: str) -> str:
    labels = " ".join(f"WHEN {text(path)} THEN {text(label)}" for path, label in plan.raw.labels.items())
    return (
        f'SELECT {text(plan.name)} AS "table", CASE {FILE} {labels} ELSE {FILE} END AS "file", '
        f'{ROW} AS "row", coalesce({FAULT}, __reason) AS reason, __raw AS raw FROM {rows} '
        "WHERE __reason IS NOT NULL"
    )


def _count(
    con: duckdb.DuckDBPyConnection, plan: Plan, rows: str, *, as_of: date, count_duplicates: bool
) -> tuple[TableCheck, list[ReasonCount]]:
    day = quote(f"__v_{plan.schema.time}") if plan.schema.time else "NULL::DATE"
    amount = '"__v_amount"' if "amount" in plan.mapping else "NULL::DOUBLE"
    after = f"DATE {text(str(as_of + timedelta(days=1)))}"
    grouped = con.execute(
        f'SELECT __reason, count(*), count(DISTINCT "__v_customer_id"), CAST(min({day}) AS DATE)::VARCHAR, '
        f"CAST(max({day}) AS DATE)::VARCHAR, count(*) FILTER ({day} >= {after}), "
        f"count(*) FILTER ({amount} < 0), count(*) FILTER ({amount} = 0) FROM {rows} GROUP BY __reason"
    ).fetchall()
    by_reason = {row[0]: row[1:] for row in grouped}
    kept = by_reason.pop(None, (0, 0, None, None, 0, 0, 0))
    found = [
        ReasonCount(
            plan.name, r.sentence, by_reason[r.sentence][0], r.bad, _example(con, rows, r.sentence, r.columns)
        )
        for r in reasons_of(plan)
        if r.sentence in by_reason
    ]
    bad = sum(count.rows for count in found if count.bad)
    dropped = sum(count.rows for count in found if count.reason.startswith("duplicate"))
    left_out = sum(count.rows for count in found if not count.bad) - dropped
    duplicates = dropped if plan.source.duplicates == "drop" else None
    if count_duplicates and duplicates is None:
        duplicates = _count_duplicates(con, plan)
    check = TableCheck(
        table=plan.name,
        source=", ".join(dict.fromkeys(plan.raw.labels.values())),
        rows_read=kept[0] + bad + left_out + dropped,
        rows_kept=kept[0],
        set_aside=bad,
        left_out=left_out,
        dropped=dropped,
        duplicates=duplicates,
        customers=kept[1],
        first_day=kept[2],
        last_day=kept[3],
        after_as_of=kept[4],
        refunds=kept[5],
        zero_amounts=kept[6],
        max_bad_share=plan.source.max_bad_share,
    )
    return check, found


def _count_duplicates(con: duckdb.DuckDBPyConnection, plan: Plan) -> int:
    columns = ", ".join(quote(name) for name in plan.raw.columns)
    (count,) = one_row(
        con,
        f"SELECT count(*) - count(DISTINCT hash({columns})) FROM {plan.raw.relation} WHERE {FAULT} IS NULL",
    )
    return int(count)


def _example(con: duckdb.DuckDBPyConnection, rows: str, reason: str, columns: tuple[str, ...]) -> str:
    if not columns:
        return ""
    (raw,) = one_row(con, f"SELECT __raw FROM {rows} WHERE __reason = {text(reason)} LIMIT 1")
    values = json.loads(raw)
    return ", ".join(f"{column} = {values[column]!r}" for column in columns)


def _stop_when_bad(check: TableCheck, found: list[ReasonCount]) -> None:
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

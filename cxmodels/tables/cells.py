"""How are typed cells read? Excel sheets, SQLite tables and JSON lines, staged with the types they hold.

A column of numbers stays numbers and a column of dates stays dates; a column of both becomes text.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, datetime, time
from itertools import chain, islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cxmodels.study import TableSource
from cxmodels.tables.errors import DataError, nearest_names
from cxmodels.tables.parse import family_of, quote, text
from cxmodels.tables.staging import CHUNK, FAULT, Staged, refuse_repeated, rows_of, unique_names, write_rows

ARROW = {"number": pa.float64(), "whole": pa.int64(), "time": pa.timestamp("us"), "flag": pa.bool_()}

TITLE_ROWS = 20
"""Filled rows of a sheet among which its header is looked for."""


def stage_excel(file: Path, *, source: TableSource, target: Path, wanted: list[str]) -> Staged:
    """Stage one sheet of an Excel file.

    Parameters
    ----------
    file : Path
        An ``.xlsx`` or ``.xlsm`` file; the first filled row of the sheet is its header, or below a title the
        first that has a wanted column. Hidden sheets do not count.
    source : TableSource
        `sheet` names the sheet where there are several; `decimal` is the sign for numbers in columns that
        also hold text.
    target : Path
        The Parquet file to write.
    wanted : list of str
        Columns that the study names.

    Raises
    ------
    DataError
        Where the file is no workbook, or the sheet is not stated or not there.
    """
    sheet, rows = _open_sheet(file, sheet=source.sheet)
    full = (row for row in rows if any(cell is not None for cell in row))
    top = list(islice(full, TITLE_ROWS))
    place = next((i for i, row in enumerate(top) if set(wanted) & {str(cell).strip() for cell in row}), 0)
    rows, header = chain(top[place + 1 :], full), top[place] if top else None
    if header is None:
        return Staged(target, file.name, rows=0, notes=(f"sheet {sheet!r} of {file.name} is empty",))
    width = max(i for i, cell in enumerate(header) if cell is not None) + 1
    titles = ["" if cell is None else str(cell) for cell in header[:width]]
    refuse_repeated(titles, wanted=wanted, label=file.name)
    names = unique_names(titles)
    filled = [row[:width] for row in rows if any(cell is not None for cell in row[:width])]
    kinds = [_kind_of(row[i] if i < len(row) else None for row in filled) for i in range(width)]
    schema = pa.schema(zip(names, [ARROW.get(kind, pa.string()) for kind in kinds], strict=True))
    chunks = _typed_chunks(iter(filled), kinds=kinds, decimal=source.decimal or ".")
    count = write_rows(chunks, schema=schema, target=target)
    notes = () if count else (f"sheet {sheet!r} of {file.name} has a header but no rows",)
    if place:
        notes = (*notes, f"sheet {sheet!r} of {file.name}: rows above the header skipped: {place}")
    return Staged(target, f"{file.name}:{sheet}", rows=count, notes=notes)


def _open_sheet(file: Path, *, sheet: str | None) -> tuple[str, Iterator[tuple[Any, ...]]]:
    try:
        import openpyxl
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise DataError(
            f"{file.name}: Excel files need openpyxl; install it with: pip install openpyxl."
        ) from None
    from zipfile import BadZipFile

    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError, ValueError) as error:
        raise DataError(f"{file} is no whole Excel workbook ({error}). Save it again as .xlsx.") from None
    there = book.sheetnames
    shown = [one.title for one in book.worksheets if one.sheet_state == "visible"] or there
    if sheet is None and len(shown) > 1:
        raise DataError(
            f'{file.name} has several sheets: {", ".join(shown)}. Write sheet = "{shown[0]}" or another.'
        )
    chosen = sheet or shown[0]
    if chosen not in there:
        raise DataError(
            f"{file.name} has no sheet {chosen!r}{nearest_names(chosen, there)}. Sheets: {', '.join(there)}."
        )
    return chosen, book[chosen].iter_rows(values_only=True)


def _kind_of(cells: Iterable[object]) -> str:
    return _one_kind({_cell_kind(cell) for cell in cells if cell is not None})


def _one_kind(kinds: set[str]) -> str:
    if kinds == {"whole", "number"}:
        return "number"
    return next(iter(kinds)) if len(kinds) == 1 else "text"


def _cell_kind(cell: object) -> str:
    if isinstance(cell, bool):
        return "flag"
    if isinstance(cell, int) and abs(cell) < 2**63:
        return "whole"
    if isinstance(cell, float):
        return "number"
    return "time" if isinstance(cell, date) else "text"


def _typed_chunks(
    rows: Iterator[tuple[Any, ...]], *, kinds: list[str], decimal: str
) -> Iterator[list[list[object]]]:
    while block := list(islice(rows, CHUNK)):
        yield [
            [_as(row[i] if i < len(row) else None, kind=kind, decimal=decimal) for row in block]
            for i, kind in enumerate(kinds)
        ]


def _as(cell: object, *, kind: str, decimal: str) -> object:
    if cell is None or (kind != "text" and kind != "time"):
        return cell
    if kind == "time":
        return cell if isinstance(cell, datetime) else datetime.combine(cell, time())  # type: ignore[arg-type]
    if isinstance(cell, float):
        whole = cell.is_integer() and abs(cell) < 1e15
        return str(int(cell)) if whole else repr(cell).replace(".", decimal)
    return cell.isoformat(" ") if isinstance(cell, datetime) else str(cell)


def stage_sqlite(file: Path, *, name: str, target: Path) -> Staged:
    """Stage one table or view of a SQLite file.

    Parameters
    ----------
    file : Path
        The SQLite file; it is opened read-only.
    name : str
        Table or view.
    target : Path
        The Parquet file to write.

    Raises
    ------
    DataError
        Where there is no such table, or the file is damaged.
    """
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as base:
            there = [
                row[0]
                for row in base.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
            ]
            if name not in there:
                raise DataError(
                    f"{file.name} has no table {name!r}{nearest_names(name, there)}. "
                    f"Tables there are: {', '.join(there) or 'none'}."
                )
            return _copy_sqlite(base, file=file, name=name, target=target)
    except sqlite3.DatabaseError as error:
        raise DataError(f"{file} cannot be read as a SQLite file ({error}).") from None


def _copy_sqlite(base: sqlite3.Connection, *, file: Path, name: str, target: Path) -> Staged:
    columns = [row[1] for row in base.execute(f"PRAGMA table_info({quote(name)})")]
    kinds = [_sqlite_kind(base, name, column) for column in columns]
    picked = ", ".join(
        quote(column) if kind in ARROW else f"CAST({quote(column)} AS TEXT)"
        for column, kind in zip(columns, kinds, strict=True)
    )
    cursor = base.execute(f"SELECT {picked} FROM {quote(name)}")
    schema = pa.schema(zip(columns, [ARROW.get(kind, pa.string()) for kind in kinds], strict=True))

    def chunks() -> Iterator[list[list[object]]]:
        while block := cursor.fetchmany(CHUNK):
            yield [list(column) for column in zip(*block, strict=True)]

    rows = write_rows(chunks(), schema=schema, target=target)
    return Staged(target, f"{file.name}:{name}", rows=rows)


def _sqlite_kind(base: sqlite3.Connection, name: str, column: str) -> str:
    # SQLite types belong to values, not to columns: ask what is there
    found = {
        row[0]
        for row in base.execute(f"SELECT DISTINCT typeof({quote(column)}) FROM {quote(name)}")
        if row[0] != "null"
    }
    if found == {"integer"}:
        return "whole"
    return "number" if found and found <= {"integer", "real"} else "text"


def stage_json(con: duckdb.DuckDBPyConnection, file: Path, *, target: Path) -> Staged:
    """Stage a file of JSON lines (or one JSON array of objects).

    Numbers stay numbers, everything else is staged as the text it was written as. Lines that are no JSON
    object are kept with their fault.

    Raises
    ------
    DataError
        Where no line is a JSON object.
    """
    try:
        return Staged(target, file.name, rows=_split_json(con, file, target=target))
    except duckdb.Error:
        return Staged(target, file.name, rows=_split_json_by_line(file, target=target))


def _split_json(con: duckdb.DuckDBPyConnection, file: Path, *, target: Path) -> int:
    place = text(str(file))
    described = con.execute(f"DESCRIBE SELECT * FROM read_json({place}, sample_size = -1)").fetchall()
    types = {row[0]: row[1] if family_of(row[1]) in ("number", "flag") else "VARCHAR" for row in described}
    columns = ", ".join(f"{text(name)}: {text(kind)}" for name, kind in types.items())
    con.execute(
        f"COPY (SELECT * FROM read_json({place}, columns = {{{columns}}})) "
        f"TO {text(str(target))} (FORMAT parquet)"
    )
    return rows_of(con, target)


def _split_json_by_line(file: Path, *, target: Path) -> int:
    found: dict[str, set[str]] = {}
    for record, _ in _json_lines(file):
        for name, value in (record or {}).items():
            found.setdefault(name, set()).update([_cell_kind(value)] if value is not None else [])
    if not found:
        raise DataError(f"{file} cannot be read as JSON lines: no line is a JSON object. Export it again.")
    kinds = [_one_kind(kinds) for kinds in found.values()]
    fields = [(name, ARROW.get(kind, pa.string())) for name, kind in zip(found, kinds, strict=True)]
    schema = pa.schema([*fields, (FAULT, pa.string())])
    rows = (
        (*(record.get(name) for name in found), None)
        if record is not None
        else (*(line if kind == "text" else None for kind in kinds), "the line is no JSON object")
        for record, line in _json_lines(file)
    )
    return write_rows(_typed_chunks(rows, kinds=[*kinds, "text"], decimal="."), schema=schema, target=target)


def _json_lines(file: Path) -> Iterator[tuple[dict[str, Any] | None, str]]:
    with file.open(encoding="utf-8-sig", errors="replace") as stream:
        for line in filter(str.strip, stream):
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            yield (record if isinstance(record, dict) else None), line.rstrip("\n")

"""How are rows staged? Chunks become one Parquet file, so that the engine reads every source alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cxmodels.tables.errors import DataError
from cxmodels.tables.parse import text

FILE, ROW, FAULT = "__file", "__row", "__fault"
"""Columns that the door adds to raw rows: where they come from, and why a line could not be split."""

BLANKS = " \t\u00a0\ufeff"
"""Around a column's name: they go."""

CHUNK = 50_000
"""Rows held in memory at a time while a file is staged by Python."""


@dataclass(frozen=True)
class Staged:
    """One file of rows that the engine can read: where, its name, how many rows, and what was noticed."""

    path: Path
    label: str
    rows: int
    in_place: bool = False
    notes: tuple[str, ...] = ()


def write_rows(chunks: Iterable[list[list[object]]], *, schema: pa.Schema, target: Path) -> int:
    """Write chunks of columns to a Parquet file, and return the number of rows.

    Parameters
    ----------
    chunks : iterable of list of columns
        Each chunk has one list of values for each field of the schema.
    schema : pyarrow.Schema
        Names and types.
    target : Path
        The file to write.
    """
    rows = 0
    with pq.ParquetWriter(target, schema) as writer:
        for columns in chunks:
            arrays = [pa.array(values, type=kind.type) for values, kind in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            rows += len(columns[0]) if columns else 0
    return rows


def one_row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """Return the first row of a query, or an empty tuple; the result is read to its end."""
    rows = con.execute(sql).fetchall()
    return rows[0] if rows else ()


def rows_of(con: duckdb.DuckDBPyConnection, file: Path) -> int:
    """Return the number of rows of a Parquet file, from its footer."""
    (rows,) = one_row(con, f"SELECT sum(num_rows) FROM parquet_file_metadata({text(str(file))})")
    return int(rows or 0)


def refuse_repeated(header: list[str], *, wanted: list[str], label: str) -> None:
    """Stop where a header has a wanted column more than once: nobody can say which one is meant.

    Raises
    ------
    DataError
        Names the column and the cure.
    """
    plain = [name.strip(BLANKS).casefold() for name in header]
    for name in wanted:
        found = plain.count(name.casefold())
        if found > 1:
            raise DataError(
                f"{label} has {found} columns {name!r}, and it cannot be told which one is meant: rename the "
                "others in the file, or map one of another name."
            )


def unique_names(names: list[str]) -> list[str]:
    """Return column names without blanks at the ends, empty ones numbered, repeated ones marked.

    Examples
    --------
    >>> unique_names(["id ", "", "id"])
    ['id', 'column_2', 'id_2']
    """
    seen: dict[str, int] = {}
    unique = []
    for i, name in enumerate(names, start=1):
        plain = name.strip(BLANKS) or f"column_{i}"
        while plain.casefold() in seen:
            seen[plain.casefold()] += 1
            plain = f"{plain}_{seen[plain.casefold()]}"
        seen[plain.casefold()] = 1
        unique.append(plain)
    return unique

"""How many values are there that differ, and how many rows equal an earlier one? Told by 64-bit hashes.

A hash table of every row of a long log is slow and large. The hashes themselves, sorted, are neither: rows
with different hashes differ, and only those few that share one are compared by their values.
"""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cxmodels.tables.parse import quote
from cxmodels.tables.staging import one_row

HELD = 10_000_000
"""Hashes of one kind held in memory at a time (80 MB); a longer log is grouped by the engine, on disk."""

BATCH = 1_000_000
REPEATED = "__repeated_hashes"
Hashes = npt.NDArray[np.uint64]


def hash_of(columns: list[str]) -> str:
    """SQL: the hash of a row's values. Equal values have equal hashes: 0.0 and -0.0, two NaN, two NULL."""
    return f"hash({', '.join(map(quote, columns))})"


def sorted_hashes(con: duckdb.DuckDBPyConnection, relation: str, *, hashes: list[str]) -> list[Hashes]:
    """Return hashes of all rows, each kind sorted; those that are NULL are left out.

    Parameters
    ----------
    con : DuckDB connection
        The engine.
    relation : str
        SQL of the rows.
    hashes : list of str
        SQL of one or more hashes; all are read in one pass.
    """
    named = ", ".join(f"{sql} AS h{i}" for i, sql in enumerate(hashes))
    parts: list[list[Hashes]] = [[np.empty(0, dtype=np.uint64)] for _ in hashes]
    for batch in con.sql(f"SELECT {named} FROM {relation}").to_arrow_reader(BATCH):
        for part, column in zip(parts, batch.columns, strict=True):
            part.append((column.drop_null() if column.null_count else column).to_numpy())
    found = []
    while parts:
        whole = np.concatenate(parts.pop(0))
        whole.sort()
        found.append(whole)
    return found


def count_different(hashes: Hashes) -> int:
    """Return how many different hashes there are among sorted ones."""
    return int(np.count_nonzero(hashes[1:] != hashes[:-1])) + 1 if len(hashes) else 0


def repeated(hashes: Hashes) -> Hashes:
    """Return the hashes that occur more than once among sorted ones."""
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


def repeated_on_disk(con: duckdb.DuckDBPyConnection, relation: str, *, hash_sql: str) -> Hashes:
    """Return the hashes that occur more than once, found by the engine within its memory limit."""
    sql = f"SELECT h FROM (SELECT {hash_sql} AS h FROM {relation}) GROUP BY h HAVING count(*) > 1"
    return np.asarray(con.execute(sql).fetchnumpy()["h"], dtype=np.uint64)


def count_equal_rows(
    con: duckdb.DuckDBPyConnection, relation: str, *, columns: list[str], among: Hashes
) -> int:
    """Count the rows equal to an earlier one in every column, comparing those with repeated hashes by value.

    Parameters
    ----------
    con : DuckDB connection
        The engine.
    relation : str
        SQL of the rows.
    columns : list of str
        The columns that are compared.
    among : array of uint64
        The hashes that more than one row has.
    """
    if not len(among):
        return 0
    con.register(REPEATED, pa.table({"h": among}))
    line = ", ".join(map(quote, columns))
    (count,) = one_row(
        con,
        f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM {relation} "
        f"WHERE {hash_of(columns)} IN (SELECT h FROM {REPEATED}) GROUP BY {line})",
    )
    con.unregister(REPEATED)
    return int(count)

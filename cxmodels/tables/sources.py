"""Where are the raw rows? Files, globs, URLs, catalogue names and database tables, brought into one relation.

Parquet files and DuckDB tables are read in place. Everything else is staged first: each file becomes a
Parquet file of its rows in the scratch folder, texts as they were written, so that nothing is parsed twice.
"""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pooch

from cxmodels.datasets import catalogue
from cxmodels.study import TableSource
from cxmodels.tables.cells import stage_excel, stage_json, stage_sqlite
from cxmodels.tables.csv_files import stage_csv
from cxmodels.tables.errors import DataError, nearest_names
from cxmodels.tables.parse import Family, family_of, quote, text
from cxmodels.tables.staging import FAULT, FILE, ROW, Staged, rows_of

READERS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".gz": "csv",
    ".zip": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".xlsx": "excel",
    ".xlsm": "excel",
}


@dataclass(frozen=True)
class Raw:
    """The raw rows of one table: a relation in the engine, its columns, and what was noticed on the way.

    `relation` is SQL that can stand after FROM; it has the source's columns and `FILE`, `ROW`, `FAULT`.
    `labels` maps staged file names to the names of the source's files. `inputs` are the files themselves.
    """

    relation: str
    columns: dict[str, Family]
    labels: dict[str, str]
    inputs: tuple[Path, ...]
    in_place: bool
    notes: tuple[str, ...] = field(default=())


def open_raw(
    con: duckdb.DuckDBPyConnection,
    source: TableSource,
    *,
    table: str,
    folder: Path,
    scratch: Path,
    wanted: list[str],
) -> Raw:
    """Bring the source of one table into the engine.

    Parameters
    ----------
    con : DuckDB connection
        The engine.
    source : TableSource
        What the study says about the table.
    table : str
        Canonical name.
    folder : Path
        The study's folder.
    scratch : Path
        Folder for staged rows.
    wanted : list of str
        Source columns that the study names: they help to find a CSV's delimiter.

    Raises
    ------
    DataError
        Where there is no such file, or it is empty or unreadable; the message says what to do.
    """
    if source.database is not None:
        return _open_database(con, source, table=table, folder=folder, scratch=scratch)
    files = locate(source.source, table=table, folder=folder)
    staged = []
    for i, (file, label) in enumerate(files.items()):
        target = scratch / f"{table}-{i:05d}.parquet"
        one = _stage(con, file, source=source, table=table, target=target, wanted=wanted)
        staged.append(replace(one, label=one.label.replace(file.name, label)))
    full = [one for one in staged if one.rows != 0]
    notes = tuple(dict.fromkeys(note for one in staged for note in one.notes))
    if not full:
        names = ", ".join(one.label for one in staged[:5])
        raise DataError(
            f"[tables.{table}]: {names} has no rows ({'; '.join(notes) or 'the file is empty'}). "
            "Export it again, or take the table out of the study."
        )
    return _relation(con, full, table=table, inputs=tuple(files), notes=notes)


def locate(sources: list[str], *, table: str, folder: Path) -> dict[Path, str]:
    """Return the files that a source names, each with the name to call it by; fetched where needed.

    Parameters
    ----------
    sources : list of str
        Files, globs, URLs, or names in the catalogue.
    table : str
        Canonical name, for errors, and to choose among the tables of a simulated set.
    folder : Path
        Where relative names start.
    """
    found: dict[Path, str] = {}
    for name in sources:
        if name.startswith(("https://", "http://")):
            found[_download(name)] = name
            continue
        if name in catalogue.CATALOGUE:
            try:
                fetched = catalogue.fetch(name, table=table)
            except catalogue.CatalogueError as error:
                raise DataError(f"[tables.{table}] source = {name!r}: {error}") from None
            found |= {file: name if len(fetched) == 1 else f"{name}/{file.name}" for file in fetched}
            continue
        path = Path(os.path.expandvars(name)).expanduser()
        path = path if path.is_absolute() else folder / path
        matches = [path] if path.exists() else [Path(p) for p in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 (absolute patterns)
        matches = [match for match in matches if match.is_file()]
        if not matches:
            raise DataError(_not_there(name, path=path, table=table))
        found |= {match: match.name for match in matches}
    return found


def _download(address: str) -> Path:
    try:
        return Path(pooch.retrieve(address, known_hash=None, path=catalogue.cache_folder() / "downloads"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{address} cannot be downloaded ({error}). Fetch it by hand and name the file."
        ) from None


def _not_there(name: str, *, path: Path, table: str) -> str:
    said = f"[tables.{table}] source = {name!r}: there is no such file"
    if glob.has_magic(name):
        return f"{said}: nothing matches {path}."
    if path.is_dir():
        return f"{said}: {path} is a folder; write which files in it, such as {name.rstrip('/')}/*.csv."
    around = sorted(p.name for p in path.parent.glob("*") if p.is_file()) if path.parent.is_dir() else []
    near = nearest_names(path.name, around) or nearest_names(name, catalogue.CATALOGUE)
    where = (
        f" Files in {path.parent}: {', '.join(around[:12])}." if around else f" {path.parent} has no files."
    )
    return f"{said}{near}.{where} Names in the catalogue: {', '.join(catalogue.CATALOGUE)}."


def _stage(
    con: duckdb.DuckDBPyConnection,
    file: Path,
    *,
    source: TableSource,
    table: str,
    target: Path,
    wanted: list[str],
) -> Staged:
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise DataError(
            f"[tables.{table}]: {file.name} has the ending {file.suffix!r}, which has no reader; there "
            "are readers for "
            f'{", ".join(READERS)}, and database = "…" with table = "…" for DuckDB and SQLite files.'
        )
    try:
        if file.stat().st_size == 0:
            return Staged(file, file.name, rows=0, notes=(f"{file.name} is empty",))
        if reader == "csv":
            return stage_csv(con, file, source=source, target=target, wanted=wanted)
        if reader == "json":
            return stage_json(con, file, target=target)
        if reader == "excel":
            return stage_excel(file, source=source, target=target, wanted=wanted)
        return Staged(file, file.name, rows=rows_of(con, file), in_place=True)
    except (OSError, UnicodeError, duckdb.Error) as error:
        raise DataError(
            f"[tables.{table}]: {file} cannot be read as {reader} ({str(error).splitlines()[0]}). Check "
            "that the "
            "file is whole and what its ending says, and that you may read it."
        ) from None


def _relation(
    con: duckdb.DuckDBPyConnection,
    staged: list[Staged],
    *,
    table: str,
    inputs: tuple[Path, ...],
    notes: tuple[str, ...],
) -> Raw:
    families = [_columns(con, one.path) for one in staged]
    spelled: dict[str, str] = {}  # the engine takes "ID" of one file and "id" of another for one column
    families = [
        {spelled.setdefault(name.casefold(), name): family for name, family in own.items()}
        for own in families
    ]
    columns: dict[str, Family] = {}
    for one, own in zip(staged, families, strict=True):
        for name, family in own.items():
            if columns.setdefault(name, family) != family:
                raise DataError(
                    f"[tables.{table}]: column {name!r} holds {columns[name]} in {staged[0].label} but "
                    f"{family} in "
                    f"{one.label}. Export all files with the same kinds of columns."
                )
    for one, own in zip(staged, families, strict=True):
        lacking = [name for name in columns if name not in own and name != FAULT]
        if lacking:
            notes = (*notes, f"{one.label} has no column {', '.join(map(repr, lacking))}; read as missing")
    fault = "" if columns.pop(FAULT, None) else f", CAST(NULL AS VARCHAR) AS {FAULT}"
    paths = ", ".join(text(str(one.path)) for one in staged)
    read = f"read_parquet([{paths}], union_by_name = true, filename = true, file_row_number = true)"
    relation = (
        f"(SELECT * EXCLUDE (filename, file_row_number), filename AS {FILE}, file_row_number + 1 AS "
        f"{ROW}{fault} "
        f"FROM {read})"
    )
    return Raw(
        relation,
        columns,
        labels={str(one.path): one.label for one in staged},
        inputs=inputs,
        in_place=all(one.in_place for one in staged),
        notes=notes,
    )


def _columns(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, Family]:
    described = con.execute(f"DESCRIBE SELECT * FROM read_parquet({text(str(path))})").fetchall()
    return {row[0]: family_of(row[1]) for row in described}


def _open_database(
    con: duckdb.DuckDBPyConnection, source: TableSource, *, table: str, folder: Path, scratch: Path
) -> Raw:
    file = folder / Path(str(source.database)).expanduser()
    if not file.is_file():
        near = sorted(p.name for p in file.parent.glob("*") if p.is_file()) if file.parent.is_dir() else []
        raise DataError(
            f"[tables.{table}] database = {source.database!r}: there is no such file"
            f"{nearest_names(file.name, near)}. Files in {file.parent}: {', '.join(near[:12]) or 'none'}."
        )
    with file.open("rb") as stream:
        head = stream.read(15)
    if head == b"SQLite format 3":
        one = stage_sqlite(file, name=str(source.table), target=scratch / f"{table}-sqlite.parquet")
        if one.rows == 0:
            raise DataError(f"[tables.{table}]: table {source.table!r} of {file.name} has no rows.")
        return _relation(con, [one], table=table, inputs=(file,), notes=one.notes)
    if head[8:12] != b"DUCK":
        cure = (
            f'write source = "{source.database}", without database and table'
            if file.suffix.lower() in READERS
            else "name the file that holds the tables"
        )
        raise DataError(
            f"[tables.{table}] database = {source.database!r}: {file} is no DuckDB or SQLite file; {cure}."
        )
    return _attach(con, file, source=source, table=table)


def _attach(con: duckdb.DuckDBPyConnection, file: Path, *, source: TableSource, table: str) -> Raw:
    name = f"source_{table}"
    try:
        con.execute(f"ATTACH {text(str(file))} AS {name} (READ_ONLY)")
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        raise DataError(f"[tables.{table}]: {file} cannot be opened as a DuckDB file ({first}).") from None
    there = [
        row[0]
        for row in con.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_catalog = ?", [name]
        ).fetchall()
    ]
    if source.table not in there:
        raise DataError(
            f"[tables.{table}] table = {source.table!r}: {file.name} has no such table"
            f"{nearest_names(str(source.table), there)}. Tables there are: {', '.join(there) or 'none'}."
        )
    inner = f"{name}.{quote(str(source.table))}"
    described = con.execute(f"DESCRIBE SELECT * FROM {inner}").fetchall()
    label = f"{file.name}:{source.table}"
    relation = (
        f"(SELECT *, {text(label)} AS {FILE}, row_number() OVER () AS {ROW}, CAST(NULL AS VARCHAR) AS "
        f"{FAULT} "
        f"FROM {inner})"
    )
    columns = {row[0]: family_of(row[1]) for row in described}
    return Raw(relation, columns, labels={label: label}, inputs=(file,), in_place=True)

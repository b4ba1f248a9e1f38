"""How is a text file split into rows and columns? Encoding and delimiter found, every line kept.

DuckDB splits well-formed files, in parallel and with every value as text. A file that it refuses (lines of
unequal length, stray quotes) is read again line by line: what cannot be split is kept with its fault.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import duckdb
import pyarrow as pa

from cxmodels.study import TableSource
from cxmodels.tables.errors import DataError
from cxmodels.tables.parse import text
from cxmodels.tables.staging import CHUNK, FAULT, Staged, refuse_repeated, rows_of, unique_names, write_rows

DELIMITERS = (",", ";", "\t", "|")
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
SAMPLE_LINES = 200
TITLE_LINES = 20
"""Lines of a file among which its header is looked for."""

BLOCK = 1 << 22
FIELD_LIMIT = 1 << 24  # bytes of one value; Python's own limit would refuse a long free text


@dataclass(frozen=True)
class Layout:
    """How one text file is laid out: delimiter, and the names in its header."""

    delimiter: str
    names: list[str]


def stage_csv(
    con: duckdb.DuckDBPyConnection, file: Path, *, source: TableSource, target: Path, wanted: list[str]
) -> Staged:
    """Split a text file into rows, and stage them with every value as text.

    Parameters
    ----------
    con : DuckDB connection
        The engine.
    file : Path
        A text file with a header; ``.gz`` and ``.zip`` (one member) are unpacked.
    source : TableSource
        Encoding and delimiter, where the study states them.
    target : Path
        The Parquet file to write.
    wanted : list of str
        Columns that the study names.

    Raises
    ------
    DataError
        Where the delimiter cannot be told, or the encoding that the study states is wrong.
    """
    plain = _unpack(file, target=target.with_suffix(".txt"))
    encoding, notes = _encoding(plain, stated=source.encoding, label=file.name)
    utf8 = _as_utf8(plain, encoding=encoding, target=target.with_suffix(".utf8"))
    body, separator, skipped = _from_header(utf8, wanted=wanted, target=target.with_suffix(".body"))
    try:
        delimiter = source.delimiter or separator or _find_delimiter(body, wanted=wanted, label=file.name)
        header = next(_lines(body, delimiter=delimiter), [])
        if not any(name.strip() for name in header):
            return Staged(target, file.name, rows=0, notes=(f"{file.name} has no header",))
        refuse_repeated(header, wanted=wanted, label=file.name)
        layout = Layout(delimiter, unique_names(header))
        try:
            rows = _split_fast(con, body, layout=layout, target=target)
        except duckdb.Error:
            rows = _split_line_by_line(body, layout=layout, target=target)
    finally:
        for temporary in {plain, utf8, body} - {file}:
            temporary.unlink()
    if skipped:
        notes = (*notes, f"{file.name}: lines above the header skipped: {skipped}")
    if rows == 0:
        notes = (*notes, f"{file.name} has a header but no rows")
    return Staged(target, file.name, rows=rows, notes=notes)


def _from_header(file: Path, *, wanted: list[str], target: Path) -> tuple[Path, str | None, int]:
    """Return the file from its header on, the delimiter of a ``sep=;`` line, and the lines of a title above.

    Excel writes, and obeys, a first line ``sep=``. A title counts as one only where a later line has a wanted
    column and it has none.
    """
    with file.open(encoding="utf-8-sig", newline="") as stream:
        top = list(islice(stream, TITLE_LINES))
        stated = re.fullmatch(r'"?sep=(.)"?\s*', top[0]) if top else None
        start = 1 if stated else 0
        hits = [set(wanted) & set(re.split(r'["\s]*[,;\t|]["\s]*', line.strip('" \r\n'))) for line in top]
        place = next((i for i, hit in enumerate(hits[start:], start=start) if hit), start)
        place = start if "".join(top[start:place]).count('"') % 2 else place  # inside of a quoted name
        if place == 0:
            return file, None, 0
        with target.open("w", encoding="utf-8", newline="") as out:
            out.writelines(top[place:])
            shutil.copyfileobj(stream, out, BLOCK)
    return target, stated[1] if stated else None, place - start


def _unpack(file: Path, *, target: Path) -> Path:
    suffix = file.suffix.lower()
    if suffix not in (".gz", ".zip"):
        return file
    with _packed(file) as packed, target.open("wb") as out:
        shutil.copyfileobj(packed, out, BLOCK)
    return target


def _packed(file: Path) -> IO[bytes]:
    if file.suffix.lower() == ".gz":
        return io.BufferedReader(gzip.GzipFile(file))
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise DataError(f"{file} is no whole zip file ({error}). Export or fetch it again.") from None
    members = [
        name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")
    ]
    if len(members) != 1:
        raise DataError(
            f"{file} holds {len(members)} files ({', '.join(members[:5])}); unpack it and name one."
        )
    return archive.open(members[0])


def _encoding(file: Path, *, stated: str | None, label: str) -> tuple[str, tuple[str, ...]]:
    """Return the encoding: stated, or by byte-order mark, or UTF-8 where all bytes are, or Windows-1252."""
    with file.open("rb") as stream:
        start = stream.read(4)
    marked = next((name for mark, name in BOMS if start.startswith(mark)), None)
    if stated is not None:
        if not _decodes(file, stated):
            raise DataError(
                f"{label} is not written in the encoding {stated!r} that the study states; leave the "
                "setting out, or write the right one, such as 'utf-8', 'latin-1' or 'cp1252'."
            )
        utf8 = codecs.lookup(stated).name == "utf-8"
        return (marked if marked and utf8 else stated), ()
    if marked or _decodes(file, "utf-8"):
        return marked or "utf-8", ()
    western = "cp1252" if _decodes(file, "cp1252") else "latin-1"
    note = f'{label} is not UTF-8 and was read as {western}; write encoding = "…" if names look wrong'
    return western, (note,)


def _decodes(file: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with file.open("rb") as stream:
            while block := stream.read(BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _as_utf8(file: Path, *, encoding: str, target: Path) -> Path:
    if codecs.lookup(encoding).name in ("utf-8", "ascii"):
        return file
    with (
        file.open(encoding=encoding, newline="") as read,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        shutil.copyfileobj(read, out, BLOCK)
    return target


def _lines(file: Path, *, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(FIELD_LIMIT)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        yield from csv.reader(_without_nul(stream), delimiter=delimiter)


def _without_nul(stream: IO[str]) -> Iterator[str]:
    return (line.replace("\x00", "") for line in stream)


def _find_delimiter(file: Path, *, wanted: list[str], label: str) -> str:
    """Return the delimiter under which the header has the wanted columns, else the one that splits evenly."""
    samples = {
        delimiter: list(islice(_lines(file, delimiter=delimiter), SAMPLE_LINES)) for delimiter in DELIMITERS
    }
    headers = {d: set(unique_names(lines[0])) for d, lines in samples.items() if lines}
    hits = {d: sum(name in header for name in wanted) for d, header in headers.items() if len(header) > 1}
    best = [d for d, count in hits.items() if count == max(hits.values()) and count > 0]
    if len(best) == 1:
        return best[0]
    even = [d for d in (best or hits) if len({len(line) for line in samples[d] if line}) == 1]
    if len(even) == 1:
        return even[0]
    if not hits:
        return ","  # a single column
    options = even or best or list(hits)
    raise DataError(
        f"{label}: the delimiter cannot be told ({' and '.join(map(repr, options))} both split it). "
        'Write delimiter = ";" or what it is; allowed are ' + ", ".join(map(repr, DELIMITERS)) + "."
    )


def _split_fast(con: duckdb.DuckDBPyConnection, file: Path, *, layout: Layout, target: Path) -> int:
    if len(layout.names) == 1:  # blank lines would be rows for one reader and none for the other
        return _split_line_by_line(file, layout=layout, target=target)
    columns = ", ".join(f"{text(name)}: 'VARCHAR'" for name in layout.names)
    con.execute(
        f"COPY (SELECT * FROM read_csv({text(str(file))}, columns = {{{columns}}}, auto_detect = false, "
        f"header = true, delim = {text(layout.delimiter)}, quote = '\"', escape = '\"', nullstr = '')) "
        f"TO {text(str(target))} (FORMAT parquet)"
    )
    return rows_of(con, target)


def _split_line_by_line(file: Path, *, layout: Layout, target: Path) -> int:
    schema = pa.schema([(name, pa.string()) for name in [*layout.names, FAULT]])
    return write_rows(_chunks(file, layout=layout), schema=schema, target=target)


def _chunks(file: Path, *, layout: Layout) -> Iterator[list[list[object]]]:
    width = len(layout.names)
    lines = _lines(file, delimiter=layout.delimiter)
    next(lines)  # the header
    rows = (line for line in lines if line)
    while block := list(islice(rows, CHUNK)):
        whole: list[list[object]] = [_row(line, width=width, delimiter=layout.delimiter) for line in block]
        yield [list(column) for column in zip(*whole, strict=True)]


def _row(line: list[str], *, width: int, delimiter: str) -> list[object]:
    if len(line) == width:
        return [*(value or None for value in line), None]
    shown = delimiter.join(line)
    fault = f"the line has {len(line)} values, the header has {width}"
    return [shown, *([None] * (width - 1)), fault]

"""How is a raw value read? SQL that turns text or typed columns into ids, numbers, times, days and flags.

Everything here returns DuckDB expressions; a value that cannot be read becomes NULL, never an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxmodels.tables.schemas import Kind

Family = Literal["text", "number", "time", "zoned", "flag", "other"]
Order = Literal["dmy", "mdy"]

NULL_WORDS = ("", "null", "nan", "none", "na", "n/a", "#n/a", "\\n")
"""Texts (case ignored) that mean "no value" in ids, numbers, times and flags."""

SPACES = " \t\u00a0\u2007\u2009\u202f\ufeff"
"""Stripped from both ends; the last is the mark that begins a file, left inside where files were joined."""

GROUPS = {" ": "[ \\x{00A0}\\x{2007}\\x{2009}\\x{202F}]", "'": "['’]", ".": "[.]", ",": ","}
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
OFFSET = r"(:\d{2}(?:[.,]\d+)?)\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
ISO = r"\d{4}-\d{1,2}-\d{1,2}([T ]+\d{1,2}:\d{2}(:\d{2}([.]\d+)?)?)?"
WIDE = r"\d{2}[./-]\d{2}[./-]\d{4}( \d{2}:\d{2}(:\d{2}([.]\d+)?)?)?"


@dataclass(frozen=True)
class Dialect:
    """How one table writes its values.

    `thousands` None: every separator that cannot be mistaken for the decimal sign. `formats`: strptime
    formats that the study states; without them, `order` of day and month as found in the data (dates that
    start with the year are read in any case). `offsets`: whether some time carries its offset from UTC.
    """

    decimal: str = "."
    thousands: str | None = None
    order: Order = "dmy"
    formats: tuple[str, ...] = ()
    source_zone: str | None = None
    study_zone: str = "UTC"
    offsets: bool = True


def family_of(sql_type: str) -> Family:
    """Return the family of a DuckDB type: text, number, time, zoned (time with zone), flag or other.

    Examples
    --------
    >>> family_of("DECIMAL(18,2)"), family_of("TIMESTAMP WITH TIME ZONE"), family_of("VARCHAR")
    ('number', 'zoned', 'text')
    """
    name = sql_type.upper()
    if name.startswith(("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")):
        return "zoned"
    if name.startswith(("TIMESTAMP", "DATE")):
        return "time"
    if name.endswith("]"):
        return "other"
    if name.startswith(("VARCHAR", "ENUM", "UUID")):
        return "text"
    if name == "BOOLEAN":
        return "flag"
    if name.startswith(("DOUBLE", "FLOAT", "DECIMAL")) or name.endswith(("INT", "INTEGER")):
        return "number"
    return "other"


def quote(name: str) -> str:
    """Quote a column name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Quote a text for SQL."""
    return "'" + value.replace("'", "''") + "'"


def trimmed(column: str) -> str:
    """SQL: the text without white space at its ends (no-break spaces included).

    Nearly all values start and end with a visible ASCII character; looking at these two is ten times faster.
    """
    visible = f"ascii({column}) BETWEEN 33 AND 126 AND ascii(right({column}, 1)) BETWEEN 33 AND 126"
    return f"CASE WHEN {visible} THEN {column} ELSE trim({column}, {text(SPACES)}) END"


def missing(column: str, family: Family) -> str:
    """SQL: whether there is no value; texts are trimmed before."""
    if family == "number":
        return f"({column} IS NULL OR isnan({column}::DOUBLE))"
    if family != "text":
        return f"({column} IS NULL)"
    # not IN: the engine would join every row with the words, and compute columns that nobody asked for
    words = ", ".join(text(word) for word in NULL_WORDS)
    longest = max(len(word) for word in NULL_WORDS)
    return (
        f"({column} IS NULL OR CASE WHEN strlen({column}) <= {longest} "
        f"THEN list_contains([{words}], lower({column})) ELSE false END)"
    )


def read(column: str, family: Family, *, kind: Kind, dialect: Dialect) -> str:
    """SQL: the value of a source column read as a canonical kind; NULL where it cannot be.

    Parameters
    ----------
    column : str
        SQL of the source column; texts are trimmed before.
    family : str
        Family of its type, see `family_of`.
    kind : str
        Canonical kind.
    dialect : Dialect
        How the table writes its values.
    """
    if kind == "id":
        return _id(column, family)
    if kind == "number":
        return number(column, family, dialect=dialect)
    if kind == "time":
        return moment(column, family, dialect=dialect)
    if kind == "day":
        return f"CAST({moment(column, family, dialect=dialect)} AS DATE)"
    if kind == "flag":
        return flag(column, family)
    if kind == "any" and family != "text":
        return column
    return f"nullif({column if family == 'text' else f'CAST({column} AS VARCHAR)'}, '')"


def _id(column: str, family: Family) -> str:
    if family == "number":  # an id that passed through floating point: 17850.0 is 17850
        whole = f"({column}::DOUBLE = floor({column}::DOUBLE) AND abs({column}::DOUBLE) < 9e15)"
        return f"CASE WHEN {whole} THEN CAST({column} AS BIGINT)::VARCHAR ELSE CAST({column} AS VARCHAR) END"
    if family == "text":
        return f"CASE WHEN NOT {missing(column, family)} THEN {column} END"
    return f"CAST({column} AS VARCHAR)"


def number_pattern(decimal: str, thousands: str | None) -> str:
    """Regular expression of a number: sign, grouped or plain digits, decimals, exponent.

    Groups are three digits wide and use one separator throughout.
    """
    allowed = (
        [sep for sep in GROUPS if sep != decimal] if thousands is None else [thousands] if thousands else []
    )
    grouped = [rf"\d{{1,3}}(?:{GROUPS[sep]}\d{{3}})+" for sep in allowed]
    point = GROUPS[decimal]
    digits = "|".join([r"\d+", *grouped])
    return rf"[+-]?(?:(?:{digits})(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"


def signed(column: str) -> str:
    """SQL: a trimmed text with one way to write a minus: ``−5``, ``5-`` and ``(5)`` become ``-5``."""
    odd = f"contains({column}, '-') OR contains({column}, '(') OR contains({column}, '−')"
    one = f"replace({column}, '−', '-')"
    for pattern in (r"^(.*\d[.,]?)\s*-$", r"^\((.*)\)$", r"^-\s+(.*)$"):
        one = f"regexp_replace({one}, {text(pattern)}, '-\\1')"
    return f"CASE WHEN {odd} THEN {one} ELSE {column} END"


def number(column: str, family: Family, *, dialect: Dialect) -> str:
    """SQL: a number, in the dialect's decimal sign and thousands separators; texts are trimmed before."""
    if family in ("number", "flag"):
        return f"CAST({column} AS DOUBLE)"
    if family != "text":
        return "CAST(NULL AS DOUBLE)"
    point = GROUPS[dialect.decimal]
    usual = rf"[+-]?\d+(?:{point}\d+)?"
    plain = f"regexp_full_match({column}, {text(usual)})"
    quick = f"TRY_CAST(replace({column}, ',', '.') AS DOUBLE)"
    value = signed(column)
    matches = f"regexp_full_match({value}, {text(number_pattern(dialect.decimal, dialect.thousands))})"
    other = {".": ",", ",": "."}[dialect.decimal]
    drop = f"regexp_replace({value}, {text(f'[{other}{SPACES}’]')}, '', 'g')"
    digits = f"replace(replace({drop}, '''', ''), ',', '.')"
    return f"CASE WHEN {plain} THEN {quick} WHEN {matches} THEN TRY_CAST({digits} AS DOUBLE) END"


def flag(column: str, family: Family) -> str:
    """SQL: a yes or no, from words, 0 and 1."""
    if family == "flag":
        return column
    words = f"lower(CAST({column} AS VARCHAR))"
    return (
        f"CASE WHEN {words} IN ('1', '1.0', 'true', 't', 'yes', 'y', 'ja', 'j') THEN true "
        f"WHEN {words} IN ('0', '0.0', 'false', 'f', 'no', 'n', 'nei', 'nej') THEN false END"
    )


def moment(column: str, family: Family, *, dialect: Dialect) -> str:
    """SQL: a time stamp without zone, in the study's time zone.

    Values with an offset are exact; others are taken to be in the table's stated zone. A day without a clock
    stays that day. Texts are trimmed before.
    """
    zone, study = dialect.source_zone, text(dialect.study_zone)
    if family == "zoned":
        return f"CAST(timezone({study}, {column}) AS TIMESTAMP)"
    if family == "time":
        naive = f"CAST({column} AS TIMESTAMP)"
        return _shift(naive, zone, dialect.study_zone)
    if family == "number":
        return _moment_of_number(column, dialect=dialect)
    if family != "text":
        return "CAST(NULL AS TIMESTAMP)"
    if dialect.formats:
        return _moment_by_formats(column, dialect=dialect)
    plain = _naive(column, order=dialect.order)
    clock = f"contains({column}, ':')"
    local = (
        plain
        if _same(zone, dialect.study_zone)
        else (f"CASE WHEN {clock} THEN {_shift(plain, zone, dialect.study_zone)} ELSE {plain} END")
    )
    offset = f"regexp_extract({column}, {text(OFFSET)}, 2)"
    if not dialect.offsets:
        return local
    body = f"regexp_replace({column}, {text(OFFSET)}, '\\1')"
    exact = _shift(f"{_naive(body, order=dialect.order)} - {_interval(offset)}", "UTC", dialect.study_zone)
    return f"CASE WHEN {clock} AND {offset} <> '' THEN {exact} ELSE {local} END"


def _same(zone: str | None, study: str) -> bool:
    return zone is None or zone == study


def _shift(naive: str, zone: str | None, study: str) -> str:
    if _same(zone, study):
        return naive
    return f"CAST(timezone({text(study)}, timezone({text(str(zone))}, {naive})) AS TIMESTAMP)"


def _interval(offset: str) -> str:
    """SQL: the interval of an offset text such as ``Z``, ``+02``, ``-0330`` or ``+05:30``."""
    digits = f"regexp_replace({offset}, '[^0-9]', '', 'g')"
    hours = f"coalesce(TRY_CAST(left({digits}, 2) AS INTEGER), 0)"
    minutes = f"coalesce(TRY_CAST(nullif(substr({digits}, 3, 2), '') AS INTEGER), 0)"
    sign = f"(CASE WHEN left({offset}, 1) = '-' THEN -1 ELSE 1 END)"
    return f"to_minutes({sign} * ({hours} * 60 + {minutes}))"


def _naive(value: str, *, order: Order) -> str:
    """SQL: ISO and two-digit days and months first (common and fast), then eight digits, then the rest."""
    iso = f"WHEN regexp_full_match({value}, {text(ISO)}) THEN TRY_CAST({value} AS TIMESTAMP)"
    month, day = (4, 1) if order == "dmy" else (1, 4)
    turned = (
        f"substr({value}, 7, 4) || '-' || substr({value}, {month}, 2) || '-' || substr({value}, {day}, 2)"
    )
    wide = (
        f"WHEN regexp_full_match({value}, {text(WIDE)}) "
        f"THEN TRY_CAST({turned} || substr({value}, 11) AS TIMESTAMP)"
    )
    eight = f"WHEN regexp_full_match({value}, '\\d{{8}}') THEN try_strptime({value}, '%Y%m%d')"
    days = ("%d-%m-%Y" if order == "dmy" else "%m-%d-%Y", "%Y-%m-%d", *NAMED)
    parts = (f"try_strptime({dashed(value)}, {_formats(day)})" for day in days)
    return f"CASE {iso} {wide} {eight} ELSE coalesce({', '.join(parts)}) END"


NAMED = ("%d-%b-%Y", "%b-%d-%Y", "%d-%B-%Y", "%B-%d-%Y")


def dashed(value: str) -> str:
    """SQL: a date written with dots, slashes, spaces or commas, rewritten as ``day-month-year clock``.

    Years must have four digits: with two, nobody can tell the year from the day. NULL for other shapes.
    """
    sep = r"(?:[./-]|\.? |, ?)"
    shape = rf"^(\d{{1,4}}|[A-Za-z]{{3,9}}){sep}(\d{{1,2}}|[A-Za-z]{{3,9}}){sep}(\d{{1,4}})(?:[T ,]+(.*))?$"
    rewritten = f"trim(regexp_replace({value}, {text(shape)}, '\\1-\\2-\\3 \\4'))"
    year = r"^(\d{4}-\d{1,2}-\d{1,2}|(\d{1,2}|[A-Za-z]{3,9})-(\d{1,2}|[A-Za-z]{3,9})-\d{4})( |$)"
    return f"CASE WHEN regexp_matches({rewritten}, {text(year)}) THEN {rewritten} END"


def _formats(day: str) -> str:
    return "[" + ", ".join(text(day + clock) for clock in CLOCKS) + "]"


def _moment_by_formats(value: str, *, dialect: Dialect) -> str:
    parts = []
    for form in dialect.formats:
        if form in EPOCHS:
            parts.append(_shift(_epoch(f"TRY_CAST({value} AS BIGINT)", form), "UTC", dialect.study_zone))
            continue
        parsed = f"try_strptime({value}, {text(form)})"
        if "%z" in form or "%Z" in form:
            parts.append(f"CAST(timezone({text(dialect.study_zone)}, {parsed}) AS TIMESTAMP)")
        elif any(code in form for code in ("%H", "%I", "%X", "%c")):
            parts.append(_shift(parsed, dialect.source_zone, dialect.study_zone))
        else:
            parts.append(parsed)
    return f"coalesce({', '.join(parts)})"


EPOCHS = {"epoch": 1_000_000, "epoch_ms": 1_000}
"""Date formats for counts since 1970 (UTC) → microseconds of one count."""


def _epoch(count: str, form: str) -> str:
    # counts far outside of any calendar would overflow: they are no dates
    small = f"abs({count}) < {4_102_444_800 * (1_000_000 // EPOCHS[form])}"
    return f"CASE WHEN {small} THEN make_timestamp({count} * {EPOCHS[form]}) END"


def _moment_of_number(column: str, *, dialect: Dialect) -> str:
    count = f"TRY_CAST({column} AS BIGINT)"
    epochs = [form for form in dialect.formats if form in EPOCHS]
    if epochs:
        return _shift(_epoch(count, epochs[0]), "UTC", dialect.study_zone)
    return f"try_strptime({count}::VARCHAR, {_number_formats(dialect)})"


def _number_formats(dialect: Dialect) -> str:
    return "[" + ", ".join(text(form) for form in dialect.formats or ("%Y%m%d",)) + "]"

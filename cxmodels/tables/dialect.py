"""How does this table write numbers and dates? Read off all of its values, and never guessed.

A decimal sign or an order of day and month is taken only where some value allows no other reading and no value
speaks against it. Otherwise reading stops and names the setting to write.
"""

from __future__ import annotations

from collections.abc import Callable

from cxmodels.study import TableSource
from cxmodels.tables.errors import DataError
from cxmodels.tables.parse import (
    EPOCHS,
    NULL_WORDS,
    OFFSET,
    SPACES,
    Dialect,
    Order,
    dashed,
    number_pattern,
    quote,
    signed,
    text,
    trimmed,
)

Ask = Callable[[str], tuple]
"""Runs a query of one row and returns it."""


def find_dialect(
    ask: Ask, relation: str, *, table: str, source: TableSource, texts: dict[str, list[str]], study_zone: str
) -> Dialect:
    """Return how a table writes its values: as the study states, else as its values prove.

    Parameters
    ----------
    ask : callable
        Runs SQL that yields one row.
    relation : str
        SQL of the raw rows.
    table : str
        Canonical name, for errors.
    source : TableSource
        What the study states.
    texts : dict
        ``"number"`` and ``"time"`` → the text columns that hold them.
    study_zone : str
        Time zone of the study.

    Raises
    ------
    DataError
        Where the values allow two readings, or contradict each other.
    """
    where = f"[tables.{table}]"
    decimal = source.decimal or _decimal_from_thousands(source.thousands)
    if decimal is None:
        decimal = _find_decimal(
            ask, relation, columns=texts["number"], thousands=source.thousands, where=where
        )
    order: Order = "dmy"
    if not source.date_format:
        orders = {
            column: _find_order(ask, relation, column=column, zone=source.timezone, where=where)
            for column in texts["time"]
        }
        order = _one_order(orders, where=where)
    return Dialect(
        decimal=decimal,
        thousands=source.thousands,
        order=order,
        formats=tuple(source.date_format),
        source_zone=source.timezone,
        study_zone=study_zone,
    )


def _decimal_from_thousands(thousands: str | None) -> str | None:
    return {".": ",", ",": "."}.get(thousands or "")


def _values(relation: str, column: str) -> str:
    words = ", ".join(text(word) for word in NULL_WORDS)
    value = f"trim({quote(column)}, {text(SPACES)})"
    return f"(SELECT {value} AS v FROM {relation} WHERE lower({value}) NOT IN ({words}))"


def _find_decimal(ask: Ask, relation: str, *, columns: list[str], thousands: str | None, where: str) -> str:
    proofs: dict[str, str] = {}
    doubt = ""
    value = signed("v")
    point = f"regexp_full_match({value}, {text(number_pattern('.', thousands))})"
    comma = f"regexp_full_match({value}, {text(number_pattern(',', thousands))})"
    for column in columns:
        row = ask(
            f"SELECT min(v) FILTER (p AND NOT c), min(v) FILTER (c AND NOT p), min(v) FILTER (p AND c AND m) "
            f"FROM (SELECT v, {point} AS p, {comma} AS c, regexp_matches(v, '[.,]') AS m "
            f"FROM {_values(relation, column)} WHERE contains(v, '.') OR contains(v, ','))"
        )
        for sign, example in zip(".,", row[:2], strict=True):
            if example is not None:
                proofs.setdefault(sign, f"{example!r} in column {column!r}")
        if row[2] is not None:
            doubt = doubt or f"{row[2]!r} in column {column!r}"
    if len(proofs) == 2:
        raise DataError(
            f"{where}: the numbers contradict each other: {proofs['.']} has a decimal point, {proofs[',']} a "
            'decimal comma. Write decimal = "." or decimal = ","; rows written the other way are set aside.'
        )
    if not proofs and doubt:
        raise DataError(
            f"{where}: nobody can tell whether {doubt} has decimals or thousands, and no other value settles it. "
            'Write decimal = "." or decimal = ",".'
        )
    return next(iter(proofs), ".")


def _find_order(ask: Ask, relation: str, *, column: str, zone: str | None, where: str) -> Order | None:
    day = f"split_part({dashed(trimmed('v'))}, ' ', 1)"
    row = ask(
        "SELECT count(*), count(*) FILTER (d IS NOT NULL AND m IS NULL), "
        "count(*) FILTER (m IS NOT NULL AND d IS NULL), count(*) FILTER (d <> m), "
        "min(v) FILTER (d IS NOT NULL AND m IS NULL), min(v) FILTER (m IS NOT NULL AND d IS NULL), "
        "min(v) FILTER (d <> m), count(*) FILTER (z), count(*) FILTER (NOT z AND contains(v, ':')), "
        "min(v) FILTER (z), min(v) FILTER (NOT z AND contains(v, ':')), min(v), "
        "count(*) FILTER (known OR d IS NOT NULL OR m IS NOT NULL) FROM ("
        f"SELECT v, try_strptime({day}, '%d-%m-%Y') AS d, try_strptime({day}, '%m-%d-%Y') AS m, "
        f"contains(v, ':') AND regexp_matches(v, {text(OFFSET)}) AS z, "
        r"regexp_matches(v, '^\d{4}[-./]\d|^\d{8}$|[A-Za-z]{3}') AS known "
        f"FROM {_values(relation, column)})"
    )
    total, only_day, only_month, either, day_like, month_like, unclear = row[:7]
    if row[7] and row[8] and zone is None:
        raise DataError(
            f"{where}: column {column!r} mixes times with an offset ({row[9]!r}) and without one ({row[10]!r}). "
            'Write timezone = "…", the zone in which those without an offset were written, such as "Europe/Oslo".'
        )
    if only_day and only_month:
        raise DataError(
            f"{where}: the dates of column {column!r} contradict each other: {day_like!r} has the day first, "
            f"{month_like!r} the month. {_FORMAT_CURE} Rows written the other way are set aside."
        )
    if either and not only_day and not only_month:
        raise DataError(
            f"{where}: nobody can tell day from month in column {column!r} (such as {unclear!r}): no value has "
            f"a number above 12 in one of the two places. {_FORMAT_CURE}"
        )
    if total and not row[12]:
        raise DataError(
            f"{where}: no value of column {column!r} is a date as it stands (such as {row[11]!r}). {_FORMAT_CURE} "
            f"Counts since 1970 are {' or '.join(repr(form) for form in EPOCHS)}."
        )
    return "mdy" if only_month else "dmy" if only_day else None


_FORMAT_CURE = (
    'Write date_format = "%d.%m.%Y" (day first), "%m/%d/%Y" (month first), or as they are written; '
    'with a clock for example "%d.%m.%Y %H:%M". Several formats make a list.'
)


def _one_order(orders: dict[str, Order | None], *, where: str) -> Order:
    stated = {column: order for column, order in orders.items() if order}
    if len(set(stated.values())) > 1:
        found = ", ".join(f"{column!r} has {order}" for column, order in stated.items())
        raise DataError(
            f"{where}: its date columns are written in different orders ({found}). {_FORMAT_CURE}"
        )
    return next(iter(stated.values()), "dmy")

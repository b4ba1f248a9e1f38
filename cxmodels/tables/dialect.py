"""How does this table write numbers and dates? Read off all of its values, and never guessed.

A decimal sign or an order of day and month is taken only where some value allows no other reading and none
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
    Dialect,
    Order,
    dashed,
    moment,
    number_pattern,
    quote,
    signed,
    text,
    trimmed,
)

LONGEST = max(len(word) for word in NULL_WORDS)
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
    offsets = True
    if not source.date_format:
        found = [
            _has_offsets(ask, relation, column=column, zone=source.timezone, where=where)
            for column in texts["time"]
        ]
        offsets = any(found)
        orders = {column: _find_order(ask, relation, column=column, where=where) for column in texts["time"]}
        order = _one_order(orders, where=where)
    return Dialect(
        decimal=decimal,
        thousands=source.thousands,
        order=order,
        formats=tuple(source.date_format),
        source_zone=source.timezone,
        study_zone=study_zone,
        offsets=offsets,
    )


def _decimal_from_thousands(thousands: str | None) -> str | None:
    return {".": ",", ",": "."}.get(thousands or "")


def _values(relation: str, column: str) -> str:
    words = ", ".join(text(word) for word in NULL_WORDS)
    trim = f"(SELECT {trimmed(quote(column))} AS v FROM {relation})"
    return f"(SELECT v FROM {trim} WHERE strlen(v) > {LONGEST} OR lower(v) NOT IN ({words}))"


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
            f"FROM (SELECT DISTINCT v FROM {_values(relation, column)}) WHERE contains(v, '.') OR "
            "contains(v, ','))"
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
            f"{where}: nobody can tell whether {doubt} has decimals or thousands, and no other value "
            "settles it. "
            'Write decimal = "." or decimal = ",".'
        )
    return next(iter(proofs), ".")


def _has_offsets(ask: Ask, relation: str, *, column: str, zone: str | None, where: str) -> bool:
    maybe = "right(v, 1) IN ('Z', 'z', 'C', 'T') OR contains(v, '+') OR contains(right(v, 6), '-')"
    sure = f"CASE WHEN {maybe} THEN regexp_matches(v, {text(OFFSET)}) ELSE false END"
    with_offset, without = ask(
        f"SELECT min(v) FILTER (z), min(v) FILTER (NOT z) FROM (SELECT v, {sure} AS z "
        f"FROM {_values(relation, column)} WHERE contains(v, ':'))"
    )
    if with_offset is not None and without is not None and zone is None:
        raise DataError(
            f"{where}: column {column!r} mixes times with an offset ({with_offset!r}) and without one "
            f'({without!r}). Write timezone = "…", the zone in which those without an offset were '
            "written, such "
            'as "Europe/Oslo".'
        )
    return with_offset is not None


def _find_order(ask: Ask, relation: str, *, column: str, where: str) -> Order | None:
    # the first word of a date is its day, unless months are named; there are far fewer days than rows
    values = _values(relation, column)
    days = f"(SELECT DISTINCT split_part(v, ' ', 1) AS v FROM {values} WHERE NOT v LIKE '____-__-__%')"
    parsed = (
        f"SELECT v, try_strptime(w, '%d-%m-%Y') AS d, try_strptime(w, '%m-%d-%Y') AS m FROM "
        f"(SELECT v, split_part({dashed('v')}, ' ', 1) AS w FROM {days})"
    )
    day_like, month_like, unclear, known = ask(
        "SELECT min(v) FILTER (d IS NOT NULL AND m IS NULL), min(v) FILTER (m IS NOT NULL AND d IS NULL), "
        f"min(v) FILTER (d <> m), bool_or(d IS NOT NULL OR m IS NOT NULL) FROM ({parsed})"
    )
    if day_like and month_like:
        raise DataError(
            f"{where}: the dates of column {column!r} contradict each other: {day_like!r} has the day first, "
            f"{month_like!r} the month. {_FORMAT_CURE} Rows written the other way are set aside."
        )
    if unclear and not day_like and not month_like:
        raise DataError(
            f"{where}: nobody can tell day from month in column {column!r} (such as {unclear!r}): no "
            "value has "
            f"a number above 12 in one of the two places. {_FORMAT_CURE}"
        )
    if not known:
        _some_are_dates(ask, values, column=column, where=where)
    return "mdy" if month_like else "dmy" if day_like else None


def _some_are_dates(ask: Ask, values: str, *, column: str, where: str) -> None:
    """Raise unless some value is a date that needs no order: from the year down, or with a named month."""
    some = f"SELECT v FROM {values} WHERE {moment('v', 'text', dialect=Dialect())} IS NOT NULL LIMIT 1"
    example, date = ask(f"SELECT (SELECT v FROM {values} LIMIT 1), ({some})")
    if example is not None and date is None:
        raise DataError(
            f"{where}: no value of column {column!r} is a date as it stands (such as {example!r}). "
            f"{_FORMAT_CURE} Counts since 1970 are {' or '.join(repr(form) for form in EPOCHS)}."
        )


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

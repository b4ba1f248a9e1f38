"""Where is time cut? Here, and nowhere else: what was known by a date, and what came after it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import ibis
import ibis.expr.types as ir

RECORDED = "recorded_at"


def known_at(table: ir.Table, *, column: str = "timestamp") -> ir.Value:
    """Return the time at which each row became known: when it was recorded, or else when it happened.

    Parameters
    ----------
    table : ibis Table
        Any table with a date or time stamp column, and perhaps ``recorded_at``.
    column : str
        The date or time stamp that says when the row happened; where ``recorded_at`` is empty, it was
        recorded at once.

    Returns
    -------
    ibis Value
        Of the table; the column itself where nothing says when rows were recorded, so that it costs nothing.

    Raises
    ------
    ValueError
        Where ``recorded_at`` is neither a date nor a time stamp.

    Examples
    --------
    >>> import ibis
    >>> from datetime import datetime
    >>> log = ibis.memtable({"timestamp": [datetime(2025, 1, 31)], "recorded_at": [datetime(2025, 2, 3)]})
    >>> known_at(log).execute().dt.day.tolist()
    [3]
    """
    if RECORDED not in table.columns or column == RECORDED:
        return table[column]
    if not table[RECORDED].type().is_temporal():
        raise ValueError(
            f"Column {RECORDED} is {table[RECORDED].type()}: no time at which a row became known. Make it a "
            "time stamp, or map it under another name."
        )
    return ibis.coalesce(table[RECORDED], table[column].cast(table[RECORDED].type()))


def known_by(table: ir.Table, as_of: date, *, column: str = "timestamp") -> ir.Table:
    """Return the rows known by the end of the day `as_of`.

    Parameters
    ----------
    table : ibis Table
        Any table with a date or time stamp column. Where it has ``recorded_at``, that decides.
    as_of : date
        The day on which we stand; its whole day counts as known.
    column : str
        The date or time stamp that says when the row happened.

    Returns
    -------
    ibis Table
        The rows with ``known_at < as_of + 1 day``. Rows without a date are not known.

    Examples
    --------
    >>> import ibis
    >>> from datetime import date, datetime
    >>> log = ibis.memtable({"timestamp": [datetime(2025, 1, 31, 23, 59), datetime(2025, 2, 1)]})
    >>> known_by(log, date(2025, 1, 31)).count().execute()
    1
    """
    return table.filter(known_at(table, column=column) < _midnight_after(as_of))


def known_since(table: ir.Table, start: date | None, as_of: date) -> ir.Table:
    """Return the rows of the day `start` and after it that are known by the end of the day `as_of`.

    Parameters
    ----------
    table : ibis Table
        Any table with a column timestamp.
    start : date or None
        The first day that counts, such as a study's ``history_start``; None: everything known.
    as_of : date
        The day on which we stand; its whole day counts as known.

    Returns
    -------
    ibis Table

    Raises
    ------
    ValueError
        Where `start` lies after `as_of`.

    Examples
    --------
    >>> import ibis
    >>> from datetime import date, datetime
    >>> log = ibis.memtable({"timestamp": [datetime(2025, 1, 31, 23, 59), datetime(2025, 2, 1)]})
    >>> known_since(log, date(2025, 2, 1), date(2025, 2, 28)).count().execute()
    1
    """
    if start is None:
        return known_by(table, as_of)
    if start > as_of:
        raise ValueError(f"history_start {start} is after as_of {as_of}: nothing would be left.")
    return known_by(table.filter(table.timestamp >= _midnight_after(start - timedelta(days=1))), as_of)


def within(
    table: ir.Table, start_exclusive: date, end_inclusive: date, *, column: str = "timestamp"
) -> ir.Table:
    """Return the rows that became known after the day `start_exclusive`, by the end of `end_inclusive`.

    Parameters
    ----------
    table : ibis Table
        Any table with a date or time stamp column. Where it has ``recorded_at``, that decides.
    start_exclusive, end_inclusive : date
        The last day before the window, and the last day of the window.
    column : str
        The date or time stamp that says when the row happened.

    Returns
    -------
    ibis Table
        The rows of the days ``start_exclusive + 1 … end_inclusive``. With `known_by` at the same date it
        parts a table in two without loss or overlap.

    Raises
    ------
    ValueError
        Where the window ends before it starts.

    Examples
    --------
    >>> import ibis
    >>> from datetime import date, datetime
    >>> log = ibis.memtable({"timestamp": [datetime(2025, 1, 31, 23, 59), datetime(2025, 2, 1)]})
    >>> within(log, date(2025, 1, 31), date(2025, 2, 28)).count().execute()
    1
    """
    if end_inclusive < start_exclusive:
        raise ValueError(
            f"The window ends on {end_inclusive}, before it starts after {start_exclusive}. Swap the "
            "two dates."
        )
    later = table.filter(known_at(table, column=column) >= _midnight_after(start_exclusive))
    return known_by(later, end_inclusive, column=column)


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time())

"""Where is time cut? Here, and nowhere else: what was known by a date, and what came after it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import ibis.expr.types as ir


def known_by(table: ir.Table, as_of: date, *, column: str = "timestamp") -> ir.Table:
    """Return the rows known by the end of the day `as_of`.

    Parameters
    ----------
    table : ibis Table
        Any table with a date or time stamp column.
    as_of : date
        The day on which we stand; its whole day counts as known.
    column : str
        The date or time stamp that says when the row became known.

    Returns
    -------
    ibis Table
        The rows with ``column < as_of + 1 day``. Rows without a date are not known.

    Examples
    --------
    >>> import ibis
    >>> from datetime import date, datetime
    >>> log = ibis.memtable({"timestamp": [datetime(2025, 1, 31, 23, 59), datetime(2025, 2, 1)]})
    >>> known_by(log, date(2025, 1, 31)).count().execute()
    1
    """
    return table.filter(table[column] < _midnight_after(as_of))


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
    return within(table, start - timedelta(days=1), as_of)


def within(
    table: ir.Table, start_exclusive: date, end_inclusive: date, *, column: str = "timestamp"
) -> ir.Table:
    """Return the rows after the day `start_exclusive`, up to the end of the day `end_inclusive`.

    Parameters
    ----------
    table : ibis Table
        Any table with a date or time stamp column.
    start_exclusive, end_inclusive : date
        The last day before the window, and the last day of the window.
    column : str
        The date or time stamp that is cut.

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
    later = table.filter(table[column] >= _midnight_after(start_exclusive))
    return known_by(later, end_inclusive, column=column)


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time())

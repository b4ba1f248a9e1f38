"""How long is a unit of time, and how fast does money lose value in it?"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from math import log1p

from cxmodels.study_errors import nearest

UNIT_DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375}
DAYS_IN_YEAR = 365.25


def days_in(unit: str) -> float:
    """Return the days in a unit of time.

    Parameters
    ----------
    unit : {"day", "week", "month"}
        A month is 30.4375 days, a twelfth of 365.25.

    Raises
    ------
    ValueError
        For another unit; the message names the nearest.

    Examples
    --------
    >>> days_in("week")
    7.0
    """
    if unit not in UNIT_DAYS:
        raise ValueError(
            f"Unknown unit of time {unit!r}{nearest(str(unit), UNIT_DAYS, otherwise='.')} "
            f"Allowed: {', '.join(UNIT_DAYS)}."
        )
    return UNIT_DAYS[unit]


def months_before(day: date, months: int) -> date:
    """Return the same day so many calendar months before; of a month's last day, the last days of others.

    Parameters
    ----------
    day : date
    months : int
        0 or more.

    Examples
    --------
    >>> str(months_before(date(2024, 4, 30), 1)), str(months_before(date(2024, 3, 30), 1))
    ('2024-03-31', '2024-02-29')
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = monthrange(year, month + 1)[1]
    at_end = day.day == monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if at_end else min(day.day, last))


def discount_per_unit(discount_rate: float, *, unit: str) -> float:
    """Return the continuous discount rate of one unit of time.

    Parameters
    ----------
    discount_rate : float
        A year's rate: 0.10 makes 1.00 due in a year worth 1 / 1.10 today.
    unit : {"day", "week", "month"}
        The unit in which time is counted.

    Returns
    -------
    float
        δ with ``exp(-δ · units in a year) = 1 / (1 + discount_rate)``.

    Examples
    --------
    >>> round(discount_per_unit(0.10, unit="month") * 12, 5)
    0.09531
    """
    if not discount_rate >= 0.0:
        raise ValueError(f"discount_rate is {discount_rate}; give a rate a year of 0 or more, such as 0.10.")
    return log1p(discount_rate) * days_in(unit) / DAYS_IN_YEAR

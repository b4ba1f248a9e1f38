"""What is at stake with each driver? Its effect times what today's customers are worth, graded first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cxmodels.drivers.grade import Evidence
from cxmodels.study.drivers import DriverSettings, read_change
from cxmodels.value.counts import Floats
from cxmodels.value.intervals import NORMAL
from cxmodels.value.units import DAYS_IN_YEAR

STAKE_COLUMNS = ("driver", "reached", "leavers", "value_at_stake", "stake_low", "stake_high")


def change_of(values: pd.Series | Floats, change: str | float) -> Floats:
    """Return by how much a driver would change for each customer.

    Parameters
    ----------
    values : Series or ndarray, shape (customers,)
        The driver in the window; what is missing did not happen.
    change : str or float
        As of `cxmodels.study.DriverSettings`.

    Returns
    -------
    ndarray of float, shape (customers,)
        One less is taken from whoever has any, and never more than there is; a share, of what each has; one
        more is given to everybody.

    Examples
    --------
    >>> change_of(np.array([0.0, 0.5, 3.0]), -1).tolist()
    [0.0, -0.5, -1.0]
    >>> change_of(np.array([0.0, 2.0]), "-50 %").tolist(), change_of(np.array([0.0, 2.0]), "+1").tolist()
    ([0.0, -1.0], [1.0, 1.0])
    """
    have = np.nan_to_num(np.asarray(values, dtype=float))
    amount, relative = read_change(change)
    if relative:
        return np.asarray(have * amount + 0.0)
    return 0.0 - np.minimum(have, -amount) if amount < 0 else np.full(len(have), amount)


def value_at_stake(
    effects: pd.DataFrame,
    evidence: Mapping[str, Evidence],
    drivers: Sequence[DriverSettings],
    *,
    values: pd.DataFrame,
    clv: pd.Series | Floats,
    chance: pd.Series | Floats,
    horizon_days: int | None,
) -> pd.DataFrame:
    """Return what the stated change of each driver would keep in a year, where the evidence allows money.

    Parameters
    ----------
    effects : DataFrame
        The table of `Effects`: driver, unit and unit_error.
    evidence : mapping of str to Evidence
        By driver. Below ``adjusted`` there is no money.
    drivers : sequence of DriverSettings
    values : DataFrame, shape (customers, drivers)
        Each driver in today's window.
    clv : Series or ndarray, shape (customers,)
        What is lost with each customer, in the order of `values` (currency); missing counts as 0.
    chance : Series or ndarray, shape (customers,)
        Probability of leaving in the horizon: no change can take away more than that.
    horizon_days : int or None
        Length of that horizon. None, without dates: the figures are of one window, however long it is.

    Returns
    -------
    DataFrame
        One row a driver: driver, reached (customers whom the change reaches), leavers (fewer of them, a
        year), value_at_stake (currency a year; above 0 the change keeps value), stake_low and stake_high
        (90 % interval). The last four are missing below ``adjusted``.

    Notes
    -----
    The change of each customer's probability of leaving is that of the driver times the effect of one more of
    it, the same for all customers, and takes away no more than there is of it in a year. What leaves
    with a customer is their lifetime value. A window is taken as typical of the year's. The interval is for
    the error of the effect, not for that of lifetime values, nor for whether one year is like another.
    """
    units, errors = (
        effects.set_index("driver")[name].astype(float).to_dict() for name in ("unit", "unit_error")
    )
    worth = np.nan_to_num(np.asarray(clv, dtype=float))
    there = np.asarray(chance, dtype=float)
    if horizon_days is not None:
        there = 1.0 - (1.0 - there) ** (DAYS_IN_YEAR / horizon_days)
    rows: list[tuple[str, int, float, float, float, float]] = []
    for one in drivers:
        moved = change_of(values[one.name], one.change)
        times = 1.0 if horizon_days is None else DAYS_IN_YEAR / one.window_days
        unit, error = units[one.name], errors[one.name]
        if not evidence[one.name].may_carry_money or not np.isfinite(unit):
            unit = error = float("nan")
        thrice = (unit, unit - NORMAL * error, unit + NORMAL * error)
        middle, *ends = (np.clip(times * each * moved, -there, 1.0 - there) for each in thrice)
        low, high = sorted(-float((end * worth).sum()) for end in ends)
        kept = -float((middle * worth).sum())
        rows.append((one.name, int((moved != 0).sum()), -float(middle.sum()), kept, low, high))
    return pd.DataFrame(rows, columns=list(STAKE_COLUMNS))

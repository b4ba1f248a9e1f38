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

STAKE_COLUMNS = (
    *("driver", "reached", "every_days", "leavers"),
    *("value_at_stake", "stake_low", "stake_high"),
)


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
        The table of `Effects`: driver, mean, unit, unit_error and left.
    evidence : mapping of str to Evidence
        By driver. Below ``adjusted`` there is no money.
    drivers : sequence of DriverSettings
    values : DataFrame, shape (customers, drivers)
        Each driver in today's window.
    clv : Series or ndarray, shape (customers,)
        What is lost with each customer, in the order of `values` (currency); missing counts as 0.
    chance : Series or ndarray, shape (customers,)
        Probability of leaving in the horizon, as things are: who hardly leaves can hardly be kept.
    horizon_days : int or None
        Length of that horizon. None, without dates: the figures are of one window, however long it is.

    Returns
    -------
    DataFrame
        One row a driver: driver, reached (customers whom the change reaches each time), every_days (how often
        it is made; missing without dates), leavers (fewer of them, a year), value_at_stake (currency a year;
        above 0 the change keeps value), stake_low and stake_high (90 % interval). The last four are missing
        below ``adjusted``.

    Notes
    -----
    The effect is that of one more of the driver in one window, on average over those whom the change reaches;
    among them it is in proportion to the chance of leaving, since who hardly leaves can hardly be kept. Where
    today's customers leave less often than those it was learned from, it is less by as much. So it is in each
    of the k horizons of a year: of those with the chance p, (1 - p)^k are still there after them, and how
    much more that becomes is what is kept: who is kept in one horizon may leave in the next.

    Of what is taken away there is as much in a window as on average over all dates, since one window may be
    far from a year's; today's customers stand for those whom it befalls, and the windows of one horizon
    befall other customers each, as long as there are others. One more is given to everybody once in a
    horizon: whether a second one within it adds anything is not known.

    What leaves with a customer is their lifetime value. The interval is for the error of the effect, not for
    that of lifetime values, nor for whether one year is like another.
    """
    table = effects.set_index("driver")
    means, units, errors, bases = (
        table[name].astype(float).to_dict() for name in ("mean", "unit", "unit_error", "left")
    )
    worth = np.nan_to_num(np.asarray(clv, dtype=float))
    leaving = np.asarray(chance, dtype=float)
    horizons = _horizons(horizon_days)
    rows = []
    for one in drivers:
        unit, error = units[one.name], errors[one.name]
        have = values[one.name].fillna(0.0).to_numpy(dtype=float)
        moved = change_of(have, one.change)
        if not evidence[one.name].may_carry_money or not np.isfinite(unit):
            unit = error = float("nan")
        times = _times(one, have, mean=means[one.name], horizon_days=horizon_days)
        here = moved * leaving.mean() / bases[one.name]
        thrice = (unit, unit - NORMAL * error, unit + NORMAL * error)
        middle, *ends = (_kept(each * here, leaving, times=times, horizons=horizons) for each in thrice)
        low, high = sorted(float(end @ worth) for end in ends)
        row = {
            "driver": one.name,
            "reached": int(np.count_nonzero(moved)),
            "every_days": np.nan
            if horizon_days is None
            else horizon_days
            if _given(one)
            else one.window_days,
            "leavers": float(middle.sum()),
            "value_at_stake": float(middle @ worth),
            "stake_low": low,
            "stake_high": high,
        }
        rows.append(row)
    return pd.DataFrame(rows, columns=list(STAKE_COLUMNS))


def value_leaving(clv: pd.Series | Floats, chance: pd.Series | Floats, *, horizon_days: int | None) -> float:
    """Return the lifetime value that leaves in a year as things are, or in one window without dates.

    Parameters
    ----------
    clv, chance, horizon_days
        As of `value_at_stake`.
    """
    gone = 1.0 - (1.0 - np.asarray(chance, dtype=float)) ** _horizons(horizon_days)
    return float(gone @ np.nan_to_num(np.asarray(clv, dtype=float)))


def _horizons(days: int | None) -> float:
    return 1.0 if days is None else DAYS_IN_YEAR / days


def _times(driver: DriverSettings, have: Floats, *, mean: float, horizon_days: int | None) -> float:
    """Return how often the change of today's window is made in a horizon."""
    if horizon_days is None or _given(driver):
        return 1.0
    today = float(have.mean())
    typical = mean / today if today > 0.0 and mean > 0.0 else 1.0
    return typical * horizon_days / driver.window_days


def _given(driver: DriverSettings) -> bool:
    """Say whether the change gives something to everybody."""
    amount, relative = read_change(driver.change)
    return amount > 0 and not relative


def _kept(change: Floats, chance: Floats, *, times: float, horizons: float) -> Floats:
    """Return by how much more likely each customer is still there after so many horizons.

    Parameters
    ----------
    change : ndarray of float, shape (customers,)
        Of the probability of leaving in a horizon, were it the same for all, by one window.
    chance : ndarray of float, shape (customers,)
        Probability of leaving in a horizon, as things are.
    times : float
        How often the change is made in a horizon: to other customers each time, as long as there are others,
        of whom those with a change stand for all.
    horizons : float
        How many.
    """
    others = min(times, len(change) / max(int(np.count_nonzero(change)), 1))
    size = np.abs(change)
    reached = float(size @ chance)
    share = chance * (size.sum() / reached) if reached > 0 else np.zeros(len(chance))
    changed = np.clip(chance + change * (times / others) * share, 0.0, 1.0)
    return np.asarray(others * ((1.0 - changed) ** horizons - (1.0 - chance) ** horizons), dtype=np.float64)

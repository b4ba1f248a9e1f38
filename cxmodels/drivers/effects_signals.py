"""What happened to each customer, by driver? In the window, in that before it, and long before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.churn.features import LOGS
from cxmodels.churn.snapshots import label_of
from cxmodels.experience.choosing import SignalRules, choose_signals
from cxmodels.experience.signal import COUNTS, Signal
from cxmodels.experience.signals import signal_frame
from cxmodels.study import ChurnSettings, DriverSettings, Study

LONG_AGO = 180  # days before the window: what happened before then is thought to work no more
LONG = 360  # days of that time
LESS = " (less)"  # ends the name of a signal that is taken away


def driver_values(
    tables: Mapping[str, ir.Table],
    drivers: Sequence[DriverSettings],
    people: pd.DataFrame,
    *,
    days: int | None = None,
) -> pd.DataFrame:
    """Return each driver in the window that ends with a customer's date.

    Parameters
    ----------
    tables : mapping of str to ibis Table
        Those that the drivers are of.
    drivers : sequence of DriverSettings
    people : DataFrame
        customer_id, as_of.
    days : int, optional
        Another window than the driver's own.

    Returns
    -------
    DataFrame of float32, shape (rows, drivers)
        0 where nothing happened; missing where there is no score yet.
    """
    asked = {one.name: _signals(one, days=days or one.window_days) for one in drivers}
    found: dict[str, pd.Series] = {}
    for table, alias in (("", ""), ("treatments", "events")):
        some = [s for one in drivers if (one.table == "treatments") == bool(table) for s in asked[one.name]]
        if some:
            source = {alias: tables[table]} if table else tables
            frame = signal_frame(source, people, some)
            found |= {name: frame[name] for name in frame.columns}
    return pd.DataFrame(
        {
            name: sum(found[s.name] * (-1.0 if s.name.endswith(LESS) else 1.0) for s in signals)
            for name, signals in asked.items()
        }
    )


def _signals(driver: DriverSettings, *, days: int) -> list[Signal]:
    table = "events" if driver.table == "treatments" else driver.table
    limit = float("nan") if driver.limit is None else driver.limit
    # first contacts are all but those that repeat one
    parts = {"": "count", LESS: "repeat"} if driver.figure == "first" else {"": driver.figure}
    return [
        Signal(f"{driver.name}/{of}{end}", table, figure, of=of, days=days, limit=limit)
        for of in (driver.of or [""])
        for end, figure in parts.items()
    ]


def sizes_of(
    tables: Mapping[str, ir.Table], drivers: Sequence[DriverSettings], people: pd.DataFrame
) -> pd.DataFrame:
    """Return the magnitude of the events that count: a long outage makes more customers call."""
    counted = [one for one in drivers if one.table == "events" and one.figure == "count"]
    if "events" not in tables or "magnitude" not in tables["events"].columns:
        return pd.DataFrame(index=people.index)
    sums = [one.model_copy(update={"statistic": "sum"}) for one in counted]
    frame = driver_values(tables, sums, people).fillna(0.0)
    return frame.loc[:, frame.nunique() > 1]


def history_of(
    tables: Mapping[str, ir.Table], study: Study, start: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return what customers had lived through by the start of the window, in counts and last scores."""
    settings = study.churn or ChurnSettings()
    windows = sorted({max(one.window_days for one in study.drivers), settings.observation_days})
    logs = {name: tables[name] for name in LOGS if name in tables}
    chosen = choose_signals(logs, as_of=study.as_of, windows=windows, rules=SignalRules(most=12))
    # who is silent is known by how long already
    recent = ("days_since",) if label_of(tables, settings) == "silence" else ()
    signals = [one for one in chosen.signals if _told_apart(one, recent=recent)]
    parts = [signal_frame(logs, start, signals)]
    offers = [one for one in study.drivers if one.table == "treatments"]
    for days in windows if offers else ():
        frame = driver_values(tables, offers, start, days=days)
        parts.append(frame.add_suffix(f"_{days}d"))
    return pd.concat([part.reset_index(drop=True) for part in parts], axis=1), chosen.notes


def _told_apart(signal: Signal, *, recent: tuple[str, ...]) -> bool:
    return signal.statistic in ("count", "unresolved", "last") or (
        signal.table == "transactions" and signal.statistic in ("sum", "refunds", *recent)
    )


def long_before(
    tables: Mapping[str, ir.Table],
    drivers: Sequence[DriverSettings],
    start: pd.DataFrame,
    *,
    tenure: pd.Series | None,
) -> pd.DataFrame:
    """Return drivers in a time long before, per window; missing for who was not there throughout."""
    then = start.assign(as_of=start["as_of"] - pd.Timedelta(days=LONG_AGO))
    counted = [one for one in drivers if one.figure in (*COUNTS, "first")]
    frame = driver_values(tables, counted, then, days=LONG)
    frame = frame.mul([one.window_days / LONG for one in counted], axis=1)
    known = np.ones(len(start), dtype=np.bool_)
    if tenure is not None:
        known &= tenure.to_numpy() >= LONG_AGO + LONG
    for one in counted:
        first = tables[one.table].timestamp if one.table != "surveys" else tables[one.table].sent_at
        begun = pd.Timestamp(first.min().cast("date").to_pyarrow().as_py())
        there = known & (then["as_of"] - pd.Timedelta(days=LONG) >= begun - pd.Timedelta(days=31)).to_numpy()
        frame[one.name] = frame[one.name].where(there)
    return frame.loc[:, frame.notna().any()]

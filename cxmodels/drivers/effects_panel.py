"""How does a study become rows for effects? Dates a month apart, and everything cut before the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.churn.dates import ShortHistory, step_back
from cxmodels.churn.excluded import without_records
from cxmodels.churn.features import LOGS, attribute_features, contract_features
from cxmodels.churn.leaving import as_days, dates_table
from cxmodels.churn.snapshots import label_of, outcome_days_of, population
from cxmodels.drivers.effects_rows import EffectRows, flat_rows
from cxmodels.experience.choosing import SignalRules, choose_signals
from cxmodels.experience.signal import COUNTS, Signal
from cxmodels.experience.signals import signal_frame
from cxmodels.study import ChurnSettings, DriverSettings, Study
from cxmodels.tables.collection import Tables
from cxmodels.tables.cut import RECORDED, known_by

LONG_AGO = 180  # days before the window: what happened before then is thought to work no more
LONG = 360  # days of that time
TENURE = {"up to 1 year": 0.0, "1 to 3 years": 365.25, "over 3 years": 3 * 365.25}
AT_RANDOM = "random"
LESS = " (less)"  # ends the name of a signal that is taken away


@dataclass(frozen=True)
class PanelPlan:
    """Which dates.

    Attributes
    ----------
    most_rows : int
        Of customers on dates; the latest dates are taken.
    most_dates : int
        Dates, a month apart.
    """

    most_rows: int = 600_000
    most_dates: int = 24


def effect_rows(
    tables: Tables | Mapping[str, ir.Table], study: Study, *, plan: PanelPlan | None = None
) -> EffectRows:
    """Bring together who was there before the drivers' window, what happened in it, and who left after it.

    Parameters
    ----------
    tables : Tables, or mapping of str to ibis Table
        The canonical tables that there are. A flat `snapshot` comes before all others.
    study : Study
        Its as_of, ``[churn]`` (horizon, label, exclude) and ``[[drivers]]``.
    plan : PanelPlan, optional
        How many rows.

    Returns
    -------
    EffectRows

    Raises
    ------
    ShortHistory
        Where the records are too short for one date.
    ValueError
        Where the study has no drivers, or names a table that is not there.

    Notes
    -----
    A driver is what happened in the window that ends with a date. Covariates are as of the day on which the
    window begins. Leaving is read in the horizon right after the date, without a gap: nobody has to act in
    it. What happened counts by the time at which it happened, however late it was recorded: it worked from
    then on. Dates lie a month apart, closer than the horizon, so that a leaving may be the outcome of several;
    whoever estimates has to count customers and not rows.
    """
    if not study.drivers:
        raise ValueError("The study names no drivers: add [[drivers]] to the study file.")
    every = {name: tables[name] for name in (tables.names if isinstance(tables, Tables) else tables)}
    settings = study.churn or ChurnSettings()
    if "snapshot" in every:
        from cxmodels.churn.flat import read_flat

        return flat_rows(read_flat(every["snapshot"]).table, study.drivers)
    here = _happened(without_records(every, settings.exclude), as_of=study.as_of)
    _require(study.drivers, here)
    people = _people(here, study, plan=plan or PanelPlan())
    return _fill(here, study, people)


def _happened(tables: Mapping[str, ir.Table], *, as_of: date) -> dict[str, ir.Table]:
    """Cut by what was known on the study's date, and date what is left by when it happened."""
    found = dict(tables)
    for name, column in (LOGS | {"treatments": "timestamp"}).items():
        if name in found:
            known = known_by(found[name], as_of, column=column)
            found[name] = known.drop(RECORDED) if RECORDED in known.columns else known
    if "treatments" in found:
        found["treatments"] = found["treatments"].mutate(kind=found["treatments"].action)
    return found


def _require(drivers: Sequence[DriverSettings], tables: Mapping[str, ir.Table]) -> None:
    for one in drivers:
        if one.table not in tables:
            raise ValueError(
                f"The driver {one.name!r} is of the table {one.table}; the study has {', '.join(tables)}. Add "
                f"[tables.{one.table}] to the study file, or take the driver out."
            )


def _people(tables: Mapping[str, ir.Table], study: Study, *, plan: PanelPlan) -> pd.DataFrame:
    """Return customer_id, as_of, start (of the window) and churned, of those who were there at the start."""
    settings = (study.churn or ChurnSettings()).model_copy(update={"gap_days": 0})
    window = max(one.window_days for one in study.drivers)
    wait = outcome_days_of(label_of(tables, settings), settings)
    firsts = [tables[n][c].min().cast("date").to_pyarrow().as_py() for n, c in LOGS.items() if n in tables]
    if not firsts:
        raise ValueError(f"There are no records of experiences among {', '.join(tables)}: nothing drives.")
    latest = study.as_of - timedelta(days=wait)
    earliest = max(firsts) + timedelta(days=settings.observation_days + window)
    # the ends of months, where the study stands on one
    grid = (
        [day for day in step_back(study.as_of, until=earliest) if day <= latest] if latest >= earliest else []
    )
    if not grid:
        need = settings.observation_days + window + wait
        raise ShortHistory(
            f"Effects need {need} days of records by {study.as_of}; they begin on {max(firsts)}."
        )
    parts: list[pd.DataFrame] = []
    for day in reversed(grid[-plan.most_dates :]):
        some = population(tables, [day], settings, known_until=study.as_of).table
        if parts and sum(map(len, parts)) + len(some) > plan.most_rows:
            break
        parts.append(some)
    people = pd.concat(parts[::-1], ignore_index=True)
    people["start"] = people["as_of"] - pd.Timedelta(days=window)
    return people[people["churned"].notna()].reset_index(drop=True)


def _fill(tables: Mapping[str, ir.Table], study: Study, people: pd.DataFrame) -> EffectRows:
    settings = study.churn or ChurnSettings()
    start = people[["customer_id"]].assign(as_of=people["start"])
    parts = []
    if "contracts" in tables:
        known = contract_features(tables["contracts"], start, return_days=settings.return_days)
        there = (
            known["tenure_days"].notna().to_numpy()
        )  # whoever joined within the window has nothing before it
        people, start = people[there].reset_index(drop=True), start[there].reset_index(drop=True)
        parts.append(known[there].reset_index(drop=True))
    if "customers" in tables:
        parts.append(attribute_features(tables["customers"], start).reset_index(drop=True))
    history, notes = _history(tables, study, start)
    background = _usable(pd.concat([*parts, history], axis=1))
    tenure = background.get("tenure_days")
    end = people[["customer_id", "as_of"]]
    return EffectRows(
        drivers=tuple(study.drivers),
        customer_id=people["customer_id"],
        date=people["as_of"],
        left=people["churned"].to_numpy(dtype=float),
        values=driver_values(tables, study.drivers, end),
        sizes=_sizes(tables, study.drivers, end),
        background=background,
        long_before=_long_before(tables, study.drivers, start, tenure=tenure),
        month_before=driver_values(tables, study.drivers, start),
        trial=_trial(tables, end, window=max(one.window_days for one in study.drivers)),
        segments=_segments(background),
        history=tuple(name for name in history.columns if name in background.columns),
        horizon_days=settings.horizon_days,
        notes=notes,
    )


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


def _sizes(
    tables: Mapping[str, ir.Table], drivers: Sequence[DriverSettings], people: pd.DataFrame
) -> pd.DataFrame:
    """Return the magnitude of the events that count: a long outage makes more customers call."""
    counted = [one for one in drivers if one.table == "events" and one.figure == "count"]
    if "events" not in tables or "magnitude" not in tables["events"].columns:
        return pd.DataFrame(index=people.index)
    sums = [one.model_copy(update={"statistic": "sum"}) for one in counted]
    frame = driver_values(tables, sums, people).fillna(0.0)
    return frame.loc[:, frame.nunique() > 1]


def _history(
    tables: Mapping[str, ir.Table], study: Study, start: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return what customers had lived through by the start of the window, in counts and last scores."""
    settings = study.churn or ChurnSettings()
    windows = sorted({max(one.window_days for one in study.drivers), settings.observation_days})
    logs = {name: tables[name] for name in LOGS if name in tables}
    chosen = choose_signals(logs, as_of=study.as_of, windows=windows, rules=SignalRules(most=12))
    signals = [one for one in chosen.signals if _told_apart(one)]
    parts = [signal_frame(logs, start, signals)]
    offers = [one for one in study.drivers if one.table == "treatments"]
    for days in windows if offers else ():
        frame = driver_values(tables, offers, start, days=days)
        parts.append(frame.add_suffix(f"_{days}d"))
    return pd.concat([part.reset_index(drop=True) for part in parts], axis=1), chosen.notes


def _told_apart(signal: Signal) -> bool:
    return signal.statistic in ("count", "unresolved", "last") or (
        signal.table == "transactions" and signal.statistic == "sum"
    )


def _long_before(
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


def _trial(tables: Mapping[str, ir.Table], end: pd.DataFrame, *, window: int) -> pd.DataFrame:
    """Return what was given at random in each window; nothing where two things were."""
    log = tables.get("treatments")
    if log is None or "assignment" not in log.columns:
        return pd.DataFrame(index=end.index)
    drawn = log.filter(log.assignment == AT_RANDOM)
    days = dates_table(sorted(pd.to_datetime(end["as_of"]).dt.date.unique()))
    day = drawn.timestamp.cast("date")
    first = days.as_of - ibis.interval(days=window)
    met = drawn.join(days, [day <= days.as_of, day > first.cast("date")])
    found = met.group_by("customer_id", "as_of").aggregate(
        action=met.action.first(), propensity=met.propensity.first().cast("float64"), times=met.count()
    )
    frame = as_days(found.to_pyarrow().to_pandas(date_as_object=False), "as_of")
    frame = frame[frame["times"] == 1].drop(columns="times")
    rows = end.merge(frame, on=["customer_id", "as_of"], how="left")
    return rows[["action", "propensity"]].astype({"action": "category"})


def _segments(background: pd.DataFrame) -> pd.DataFrame:
    kinds = {}
    if "tenure_days" in background:
        days = background["tenure_days"].to_numpy(dtype=float)
        names = list(TENURE)
        place = np.searchsorted(list(TENURE.values()), days, side="right") - 1
        kinds["tenure"] = pd.Categorical.from_codes(np.clip(place, 0, len(names) - 1), names)
    if "plan" in background:
        kinds["plan"] = background["plan"].array
    return pd.DataFrame(kinds, index=background.index)


def _usable(background: pd.DataFrame) -> pd.DataFrame:
    """Keep what differs between customers, in small numbers."""
    kept = background.loc[:, background.nunique() > 1]
    numbers = [name for name in kept.columns if not isinstance(kept[name].dtype, pd.CategoricalDtype)]
    return kept.astype(dict.fromkeys(numbers, np.float32))

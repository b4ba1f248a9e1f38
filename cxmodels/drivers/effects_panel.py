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
from cxmodels.churn.flat import read_flat
from cxmodels.churn.leaving import as_days, dates_table, lapse_means
from cxmodels.churn.snapshots import label_of, outcome_days_of, population
from cxmodels.drivers.effects_rows import EffectRows, flat_rows
from cxmodels.drivers.effects_signals import driver_values, history_of, long_before, sizes_of
from cxmodels.study import ChurnSettings, DriverSettings, Study
from cxmodels.tables.collection import Tables, by_name
from cxmodels.tables.cut import RECORDED, known_by

TENURE = {"up to 1 year": 0.0, "1 to 3 years": 365.25, "over 3 years": 3 * 365.25}
AT_RANDOM = "random"


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
    it. Where leaving is silence, those count who had bought before the window began: whether they buy in it
    goes along with drivers, and must not decide who is looked at.

    What happened counts by the time at which it happened, however late it was recorded: it worked from then
    on. Dates lie a month apart, closer than the horizon: a leaving may be the outcome of several, and
    whoever estimates has to count customers and not rows.
    """
    if not study.drivers:
        raise ValueError("The study names no drivers: add [[drivers]] to the study file.")
    every = by_name(tables)
    settings = study.churn or ChurnSettings()
    if "snapshot" in every:
        return flat_rows(read_flat(every["snapshot"]).table, study.drivers)
    here = _happened(without_records(every, settings.exclude), as_of=study.as_of)
    _require(study.drivers, here)
    people = _people(here, study, plan=plan or PanelPlan())
    return _fill(here, study, people)


def drivers_today(
    tables: Tables | Mapping[str, ir.Table], study: Study, customers: pd.Series
) -> pd.DataFrame:
    """Return each driver of each customer in the window that ends with the study's date.

    Parameters
    ----------
    tables, study
        As of `effect_rows`.
    customers : Series of str
        Ids of those who are there.

    Returns
    -------
    DataFrame of float, shape (customers, drivers)
        In the order of `customers`.
    """
    every = by_name(tables)
    if "snapshot" in every:
        rows = flat_rows(read_flat(every["snapshot"]).table, study.drivers)
        return rows.values.set_index(rows.customer_id).reindex(customers).reset_index(drop=True)
    excluded = (study.churn or ChurnSettings()).exclude
    here = _happened(without_records(every, excluded), as_of=study.as_of)
    people = pd.DataFrame({"customer_id": customers.to_numpy(), "as_of": pd.Timestamp(study.as_of)})
    return driver_values(here, study.drivers, people)


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
                f"The driver {one.name!r} is of the table {one.table}; the study has {', '.join(tables)}. "
                f"Add [tables.{one.table}] to the study file, or take the driver out."
            )


def _people(tables: Mapping[str, ir.Table], study: Study, *, plan: PanelPlan) -> pd.DataFrame:
    """Return customer_id, as_of, start (of the window) and churned, of those who were there at the start."""
    settings = (study.churn or ChurnSettings()).model_copy(update={"gap_days": 0})
    window = max(one.window_days for one in study.drivers)
    label = label_of(tables, settings)
    wait = outcome_days_of(label, settings)
    # silence looks back: from the start of the window, which is then the gap before the horizon
    back = window if label == "silence" else 0
    settings = settings.model_copy(update={"gap_days": back})
    # before its log begins a driver is not seen; treatments may begin with the first campaign
    logs = {one.table for one in study.drivers} & set(LOGS) or set(LOGS) & set(tables)
    found = (tables[name][LOGS[name]].min().cast("date").to_pyarrow().as_py() for name in logs)
    firsts = [day for day in found if day is not None]
    if not firsts:
        raise ValueError(f"There are no records of experiences by {study.as_of}: nothing drives.")
    latest = study.as_of - timedelta(days=wait)
    earliest = max(firsts) + timedelta(days=settings.observation_days + window)
    # the ends of months, where the study stands on one
    grid = [day for day in step_back(study.as_of, until=earliest) if day <= latest]
    if not grid:
        need = settings.observation_days + window + wait
        raise ShortHistory(
            f"Effects need {need} days of records by {study.as_of}; they begin on {max(firsts)}."
        )
    parts: list[pd.DataFrame] = []
    for day in reversed(grid[-plan.most_dates :]):
        stand = day - timedelta(days=back)
        some = population(tables, [stand], settings, known_until=study.as_of).table.assign(
            as_of=pd.Timestamp(day)
        )
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
    history, notes = history_of(tables, study, start)
    silence = label_of(tables, settings) == "silence"
    if silence:
        notes = (lapse_means(settings, until="the start of a window", after="the window"), *notes)
    background = _usable(pd.concat([*parts, history], axis=1))
    tenure = background.get("tenure_days")
    end = people[["customer_id", "as_of"]]
    return EffectRows(
        drivers=tuple(study.drivers),
        customer_id=people["customer_id"],
        date=people["as_of"],
        left=people["churned"].to_numpy(dtype=float),
        values=driver_values(tables, study.drivers, end),
        sizes=sizes_of(tables, study.drivers, end),
        background=background,
        long_before=long_before(tables, study.drivers, start, tenure=tenure),
        month_before=driver_values(tables, study.drivers, start),
        trial=_trial(tables, end, window=max(one.window_days for one in study.drivers)),
        segments=_segments(background),
        history=tuple(name for name in history.columns if name in background.columns),
        silence=silence,
        horizon_days=settings.horizon_days,
        notes=notes,
    )


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
        words = np.array(names, dtype=object)[np.clip(place, 0, len(names) - 1)]
        kinds["tenure"] = pd.Categorical(words, categories=names)
    if "plan" in background:
        kinds["plan"] = background["plan"].array
    return pd.DataFrame(kinds, index=background.index)


def _usable(background: pd.DataFrame) -> pd.DataFrame:
    """Keep what differs between customers, in small numbers."""
    kept = background.loc[:, background.nunique() > 1]
    numbers = [name for name in kept.columns if not isinstance(kept[name].dtype, pd.CategoricalDtype)]
    return kept.astype(dict.fromkeys(numbers, np.float32))

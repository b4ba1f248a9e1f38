"""What was known of each customer on each date? Contracts, attributes and signals, joined to the label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.churn.columns import Columns, fit_columns
from cxmodels.churn.excluded import without_features, without_records
from cxmodels.churn.flat import CANNOT_CHECK, read_flat
from cxmodels.churn.folds import Frames, part_frames
from cxmodels.churn.monotone import monotone_signs
from cxmodels.churn.snapshots import (
    SnapshotPlan,
    label_of,
    outcome_days_of,
    population,
    snapshot_dates,
)
from cxmodels.churn.standing import attribute_features, contract_features
from cxmodels.churn.words import feature_words
from cxmodels.experience.signals import Signal, signal_frame, standard_signals
from cxmodels.study import ChurnSettings, Study
from cxmodels.tables.collection import Tables, by_name

KEYS = ("customer_id", "as_of", "churned")
WORTH = "clv"  # of a flat table: what is lost if the customer leaves, and no feature
LOGS = {"transactions": "timestamp", "events": "timestamp", "contacts": "timestamp", "surveys": "sent_at"}


@dataclass(frozen=True)
class Snapshots:
    """Customers on dates: what was known of them, and whether they left.

    Attributes
    ----------
    table : DataFrame
        One row a customer and date, in order of date and customer: customer_id, as_of (NaT where data carry
        no dates), churned (1 left, 0 stayed, NaN not known yet), clv where a flat table states it, then the
        features: floats with NaN for missing, or categories.
    plan : SnapshotPlan or None
        What each date is for; None where data carry no dates.
    counts : DataFrame
        One row a date: as_of, customers, left, stayed, not_known, left_in_gap, use (in words; also why a date
        is not used).
    left_out : DataFrame
        One row a column that is no feature: feature, reason.
    notes : tuple of str
        What was done otherwise than asked, and what to know about label and features.
    cannot_check : tuple of str
        What these data do not allow to check, in plain words; empty where there are dates.
    signals : tuple of Signal
        Of the columns that stem from experiences.
    monotone : mapping of str to {1, -1}
        Features with which the study lets the probability only rise, or only fall.
    silence : bool
        Whether leaving is seen in purchases that stop.
    """

    table: pd.DataFrame = field(repr=False)
    plan: SnapshotPlan | None
    counts: pd.DataFrame
    left_out: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()
    cannot_check: tuple[str, ...] = ()
    signals: tuple[Signal, ...] = field(repr=False, default=())
    monotone: Mapping[str, int] = field(repr=False, default_factory=dict)
    silence: bool = False

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(name for name in self.table.columns if name not in (*KEYS, WORTH))

    @property
    def labels(self) -> dict[str, str]:
        """Words for each feature, such as ``outages in 90 days``."""
        return feature_words(self.features, self.signals)

    @property
    def flags(self) -> frozenset[str]:
        """Features that say yes or no: no counts of experiences, and nothing but 0 and 1 in the table."""
        counted = {signal.name for signal in self.signals}
        told = [name for name in self.features if name not in counted]
        return frozenset(name for name in told if set(self.table[name].dropna().unique()) == {0.0, 1.0})

    @property
    def counted_from(self) -> dict[str, str]:
        """The kind of events or reason of contacts behind features, as `churn.exclude` takes them out."""
        by = {"events", "contacts"}
        return {signal.name: signal.of for signal in self.signals if signal.table in by and signal.of}

    def for_test(self, *, test_share: float = 0.2, turn: int = 0) -> Frames:
        """Part the snapshots for a test on a later date and on other customers; see `part_frames`."""
        stage = None if self.plan is None else self.plan.for_test
        return part_frames(self.table, stage, test_share=test_share, turn=turn)

    def for_scoring(self) -> Frames:
        """Part the snapshots to foretell today; see `part_frames`."""
        stage = None if self.plan is None else self.plan.for_scoring
        return part_frames(self.table, stage, test_share=0.0)


def snapshot_frame(
    tables: Tables | Mapping[str, ir.Table], study: Study, *, plan: SnapshotPlan | None = None
) -> Snapshots:
    """Bring together who could leave on each date, what was known of them, and who left.

    Parameters
    ----------
    tables : Tables, or mapping of str to ibis Table
        The canonical tables that there are. A flat `snapshot` comes before all others.
    study : Study
        Its as_of, and the windows in ``[churn]``.
    plan : SnapshotPlan, optional
        The dates; by default those of `plan_snapshots`.

    Returns
    -------
    Snapshots

    Raises
    ------
    ShortHistory
        Where the records are too short for one date with an outcome.
    ValueError
        Where a table is missing, nobody could leave, a flat table repeats a customer, or ``churn.exclude`` or
        ``churn.monotone`` names what there is not.
    """
    every = by_name(tables)
    settings = study.churn or ChurnSettings()
    if "snapshot" in every:
        return _flat(every, settings, as_of=study.as_of)
    here = without_records(every, settings.exclude)
    plan = plan or plan_snapshots(here, study)
    people = population(here, (*plan.dates, *plan.idle), settings, known_until=study.as_of)
    labelled = people.table[people.table["as_of"].isin(pd.to_datetime(list(plan.dates)))]
    labelled = labelled.reset_index(drop=True)
    keys = labelled[["customer_id", "as_of"]]
    parts, notes = [], [*plan.notes, *people.notes, *_late_logs(here, plan)]
    if "contracts" in here:
        parts.append(contract_features(here["contracts"], keys, return_days=settings.return_days))
    if "customers" in here:
        parts.append(attribute_features(here["customers"], keys))
        notes.append(_undated(parts[-1]))
    signals = standard_signals(here, as_of=plan.train[-1], windows=settings.signal_windows)
    parts.append(signal_frame(here, keys, signals).reset_index(drop=True))
    features, excluded = without_features(pd.concat(parts, axis=1), settings.exclude, tables=every)
    columns = fit_columns(features, training=_training(keys, plan))
    kept = set(columns.table.columns)
    return Snapshots(
        table=pd.concat([labelled, columns.table], axis=1).copy(),  # in few blocks: pandas is slow on many
        plan=plan,
        counts=people.counts.assign(use=people.counts["as_of"].dt.date.map(plan.uses)),
        left_out=pd.concat([excluded, columns.left_out], ignore_index=True),
        notes=(*(note for note in notes if note), *_told(columns, signals)),
        signals=tuple(signal for signal in signals if signal.name in kept),
        monotone=monotone_signs(settings.monotone, columns),
        silence=label_of(here, settings) == "silence",
    )


def plan_snapshots(tables: Tables | Mapping[str, ir.Table], study: Study) -> SnapshotPlan:
    """Choose the dates of a study; see `cxmodels.churn.snapshots.snapshot_dates`.

    The history starts with the first record of purchases, events, contacts or surveys (of contracts, where
    there is none of these), or with the study's ``value.history_start`` where that is later. No date lies
    before the first end of a contract: of those who could leave then only the ones who stayed are known.

    Raises
    ------
    ShortHistory, ValueError
        As `snapshot_frame`.
    """
    here = by_name(tables)
    settings = study.churn or ChurnSettings()
    label = label_of(here, settings)
    wait = outcome_days_of(label, settings)
    first = _first_days(here) or _first_days(here, {"contracts": "start_date"})
    if not first:
        raise ValueError(f"No record of {', '.join(here)} is dated by {study.as_of}: check as_of.")
    start = max(min(first.values()), study.value.history_start or date.min)
    ended = _first_end(here, by=study.as_of) if label == "contracts" else None
    since = ended - timedelta(days=settings.observation_days - 1) if ended else start
    plan = snapshot_dates(study.as_of, history_start=max(start, since), settings=settings, outcome_days=wait)
    if since <= start:
        return plan
    survivors = f"No contract is known to have ended before {ended}: who left earlier is missing, and no "
    return replace(plan, notes=(*plan.notes, f"{survivors}date before it is used."))


def _flat(tables: Mapping[str, ir.Table], settings: ChurnSettings, *, as_of: date) -> Snapshots:
    flat = read_flat(tables["snapshot"])
    stated = [*KEYS, *(name for name in (WORTH,) if name in flat.table.columns)]
    features, excluded = without_features(flat.table.drop(columns=stated), settings.exclude, tables={})
    # without dates no row is later than another: all may be looked at for what says nothing at all
    everywhere = np.full(len(flat.table), True)
    columns = fit_columns(features, training=everywhere)
    others = [name for name in tables if name != "snapshot"]
    unused = (f"Not used beside the flat table: {', '.join(others)}.",) if others else ()
    return Snapshots(
        table=pd.concat([flat.table[stated], columns.table], axis=1),
        plan=None,
        counts=flat.counts,
        left_out=pd.concat([excluded, columns.left_out], ignore_index=True),
        notes=(f"No dates: {as_of} only names the report.", *flat.notes, *unused, *_told(columns)),
        cannot_check=CANNOT_CHECK,
        monotone=monotone_signs(settings.monotone, columns),
    )


def _training(keys: pd.DataFrame, plan: SnapshotPlan) -> np.ndarray:
    return keys["as_of"].isin(pd.to_datetime(list(plan.train))).to_numpy()


def _first_days(tables: Mapping[str, ir.Table], columns: Mapping[str, str] = LOGS) -> dict[str, date]:
    firsts = {
        name: tables[name][column].min().cast("date").to_pyarrow().as_py()
        for name, column in columns.items()
        if name in tables
    }
    return {name: first for name, first in firsts.items() if first is not None}


def _first_end(tables: Mapping[str, ir.Table], *, by: date) -> date | None:
    ends = tables["contracts"].end_date.cast("date")
    first: date | None = ends.min(where=ends <= by).to_pyarrow().as_py()
    return first


def _late_logs(tables: Mapping[str, ir.Table], plan: SnapshotPlan) -> Sequence[str]:
    """Say of which tables the first dates see too little."""
    full = pd.Timestamp(plan.dates[0]) - pd.Timedelta(days=plan.observation_days - 1)
    return [
        f"{name} begin on {first}: on dates up to {plan.observation_days} days later their counts are of a "
        "shorter time than they say."
        for name, first in _first_days(tables).items()
        if pd.Timestamp(first) > full
    ]


def _undated(attributes: pd.DataFrame) -> str:
    if attributes.empty or not len(attributes.columns):
        return ""
    names = ", ".join(feature_words(attributes.columns).values())
    names = names[:1].upper() + names[1:]
    return (
        f"{names}: attributes carry no time stamp, and count as if "
        "they had been so on every date. One that is changed when a customer leaves would tell the answer."
    )


def _told(columns: Columns, signals: Sequence[Signal] = ()) -> Sequence[str]:
    names = feature_words(columns.left_out["feature"], signals).values()
    return [f"Left out, for they say nothing: {', '.join(names)}."] if names else []

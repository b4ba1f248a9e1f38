"""Who could leave on each date, and who did? Population and label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.churn.dates import ShortHistory, SnapshotPlan, Stage, snapshot_dates
from cxmodels.churn.leaving import contract_ends, lapse_means, silences
from cxmodels.study import ChurnSettings

__all__ = [
    "Population",
    "ShortHistory",
    "SnapshotPlan",
    "Stage",
    "label_of",
    "outcome_days_of",
    "population",
    "snapshot_dates",
]


@dataclass(frozen=True)
class Population:
    """Who could leave on each date, and who did.

    Attributes
    ----------
    table : DataFrame
        One row a customer and date: customer_id, as_of, churned (1 left in the horizon, 0 stayed, NaN not
        known yet).
    counts : DataFrame
        One row a date: as_of, customers, left, stayed, not_known, left_in_gap (not among the customers);
        missing where the outcome is not known.
    notes : tuple of str
        What to know about the label.
    """

    table: pd.DataFrame = field(repr=False)
    counts: pd.DataFrame
    notes: tuple[str, ...] = ()


def population(
    tables: Mapping[str, ir.Table],
    dates: SnapshotPlan | Iterable[date],
    settings: ChurnSettings,
    *,
    known_until: date,
) -> Population:
    """Find who could leave on each date, and who left.

    Parameters
    ----------
    tables : mapping of str to ibis Table
        contracts, or transactions.
    dates : SnapshotPlan, or iterable of date
        The dates; up to `known_until`.
    settings : ChurnSettings
        Windows and label.
    known_until : date
        The study's as_of: nothing after it is read.

    Returns
    -------
    Population
        Rows in order of date and customer.

    Raises
    ------
    ValueError
        Where a table is missing, a date lies after `known_until`, or nobody could leave on any date.

    Notes
    -----
    With contracts, a customer could leave whose contract runs at the end of a date. The customer leaves with
    the end of the last contract after which none starts within `settings.return_days`: those whose end lies
    in the gap are left out where that is known already, those in the horizon left. An end after
    `known_until` (a cancellation with notice) is not known. Without contracts, a customer could leave who
    bought in the observation window, and left who bought nothing in the horizon.

    The outcome of a date is known when gap, horizon and, with contracts, the time to return are over by
    `known_until`; before, it is NaN for everybody.
    """
    days = tuple(sorted(set(dates.dates if isinstance(dates, SnapshotPlan) else dates)))
    late = [str(day) for day in days if day > known_until]
    if late:
        raise ValueError(f"{', '.join(late)} lies after {known_until}, up to which records are known.")
    kind = label_of(tables, settings)
    if kind == "contracts":
        found = contract_ends(
            tables["contracts"], days, return_days=settings.return_days, known_until=known_until
        )
        notes: tuple[str, ...] = ()
    else:
        found, doubts = silences(tables["transactions"], days, settings, known_until=known_until)
        notes = (lapse_means(settings), *doubts)
    if found.empty:
        raise ValueError(_nobody(kind, days))
    labelled = _label(found, settings, wait=outcome_days_of(kind, settings), known_until=known_until)
    counts = _count(labelled)
    table = labelled.loc[~labelled["in_gap"], ["customer_id", "as_of", "churned"]]
    return Population(table.reset_index(drop=True), counts, (*notes, *_told(counts, settings)))


def label_of(tables: Iterable[str], settings: ChurnSettings) -> str:
    """Return by what leaving is seen: contracts or silence.

    Raises
    ------
    ValueError
        Where the study lacks the table.
    """
    have = list(tables)
    asked = settings.label
    if asked == "auto":
        asked = "contracts" if "contracts" in have else "silence"
    needed = {"contracts": "contracts", "silence": "transactions"}[asked]
    if needed not in have:
        raise ValueError(
            f"churn.label = {settings.label!r} needs the table {needed}; the study has "
            f"{', '.join(have) or 'none'}. Add [tables.{needed}] to the study file."
        )
    return asked


def outcome_days_of(label: str, settings: ChurnSettings) -> int:
    """Return the days from a date until its outcome is known; contracts need time to return as well."""
    back = settings.return_days if label == "contracts" else 0
    return settings.gap_days + settings.horizon_days + back


def _label(found: pd.DataFrame, settings: ChurnSettings, *, wait: int, known_until: date) -> pd.DataFrame:
    """Say of each row whether its customer left within the gap, and in the horizon."""
    known = (found["as_of"] + pd.Timedelta(days=wait) <= pd.Timestamp(known_until)).to_numpy()
    after = (found["left_on"] - found["as_of"]).dt.days.to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        in_gap = known & (after <= settings.gap_days)
        left = (after <= settings.gap_days + settings.horizon_days).astype(float)
    return found.assign(in_gap=in_gap, churned=np.where(known, left, np.nan))


def _count(labelled: pd.DataFrame) -> pd.DataFrame:
    inside = ~labelled["in_gap"]
    rows = pd.DataFrame(
        {
            "as_of": labelled["as_of"],
            "customers": inside,
            "left": inside & (labelled["churned"] == 1.0),
            "stayed": inside & (labelled["churned"] == 0.0),
            "not_known": inside & labelled["churned"].isna(),
            "left_in_gap": labelled["in_gap"],
        }
    )
    counts = rows.groupby("as_of", as_index=False).sum()
    outcome = ["left", "stayed", "left_in_gap"]
    counts[outcome] = counts[outcome].astype("Int64").where(counts["not_known"] == 0)
    return counts


def _told(counts: pd.DataFrame, settings: ChurnSettings) -> tuple[str, ...]:
    notes = []
    gone = int(counts["left_in_gap"].sum())
    if gone:
        notes.append(
            f"{gone:,} times a customer left within the {settings.gap_days} days of the gap: nobody could "
            "have acted in time, and they are left out."
        )
    if counts["left"].sum() == 0 and counts["stayed"].sum() > 0:
        notes.append("Nobody left in the horizon of any date: there is nothing to learn from.")
    return tuple(notes)


def _nobody(kind: str, days: Sequence[date]) -> str:
    who = "has a contract that runs" if kind == "contracts" else "bought in the observation window"
    return f"No customer {who} on {', '.join(map(str, days))}: nobody could leave. Check as_of and the dates."

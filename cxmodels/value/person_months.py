"""From what does a hazard learn? Months of customers: what was known before, and whether they left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from cxmodels.value.contract_months import NOT_FEATURES, calendar_month, lead_of
from cxmodels.value.counts import Floats, Integers

LEFT_SHARE = 1 / 3  # of the rows that are kept, at most: the others tell from whom leavers differ
FAR = 36.0  # months from the end of the binding beyond which all are alike
Levels = Mapping[str, Sequence[object]]


@dataclass(frozen=True)
class PersonMonths:
    """Months of customers under contract, sampled.

    Attributes
    ----------
    row : ndarray of int
        Place of the customer and snapshot in the rows that they were drawn from.
    lead : ndarray of float
        Which month after the snapshot.
    left : ndarray of float
        1 where the customer left in it.
    weight : ndarray of float
        How many months like it stand behind each.
    offset : float
        Log odds that sampling has added: a model of the log odds that gets it as a start learns the odds
        without it (King & Zeng 2001, Political Analysis 9).
    """

    row: Integers
    lead: Floats
    left: Floats
    weight: Floats
    offset: float


def person_months(
    rows: pd.DataFrame,
    *,
    leads: int,
    most: int,
    rng: np.random.Generator,
    after: date | None = None,
) -> PersonMonths:
    """Draw months under contract: all in which a customer left, and of the others as many as fit.

    Parameters
    ----------
    rows : DataFrame
        From `cxmodels.value.contract_months.at_risk`.
    leads : int
        Months after a snapshot that count.
    most : int
        Rows to return. Where more customers left than a third of it, leavings are sampled too.
    rng : Generator
    after : date, optional
        Only months that end after it.

    Returns
    -------
    PersonMonths
    """
    first = np.ones(len(rows))
    if after is not None:
        first = np.maximum(lead_of(np.datetime64(after + timedelta(days=1)), rows["as_of"]), 1.0)
    leave = rows["risk_leave_lead"].to_numpy(dtype=float)
    last = np.minimum(rows["risk_known_leads"].to_numpy(dtype=float), leads)
    left = np.flatnonzero((leave <= last) & (leave >= first))
    left = left[leave[left] >= 1.0]
    stayed = np.maximum(np.minimum(last, leave - 1.0) - first + 1.0, 0.0).astype(np.int64)
    ends = np.cumsum(stayed)
    total = int(ends[-1]) if len(ends) else 0
    kept_left = _some(len(left), int(most * LEFT_SHARE), rng=rng)
    kept = _some(total, most - len(kept_left), rng=rng)
    row = np.searchsorted(ends, kept, side="right")
    lead = first[row] + kept - (ends[row] - stayed[row])
    shares = [max(len(some), 1) / max(whole, 1) for some, whole in ((kept_left, len(left)), (kept, total))]
    return PersonMonths(
        row=np.append(left[kept_left], row),
        lead=np.append(leave[left[kept_left]], lead),
        left=np.repeat([1.0, 0.0], [len(kept_left), len(kept)]),
        weight=np.repeat([1.0 / shares[0], 1.0 / shares[1]], [len(kept_left), len(kept)]),
        offset=float(np.log(shares[0] / shares[1])),
    )


def leavers_by_lead(rows: pd.DataFrame, *, leads: int) -> Floats:
    """Return how many customers are known to have left in each lead month of a date; shape (leads,)."""
    leave = rows["risk_leave_lead"].to_numpy(dtype=float)
    known = np.flatnonzero((leave >= 1) & (leave <= np.minimum(rows["risk_known_leads"], leads)))
    pairs = pd.DataFrame(
        {"who": rows["customer_id"].to_numpy()[known], "lead": leave[known].astype(np.int64)}
    )
    return np.bincount(pairs.drop_duplicates()["lead"], minlength=leads + 1)[1:].astype(float)


def levels_of(rows: pd.DataFrame) -> dict[str, list[object]]:
    """Return the categories of each feature that has any, in order; a number each in `features_at`.

    Raises
    ------
    ValueError
        Where a feature is neither a number nor a category.
    """
    found: dict[str, list[object]] = {"risk_plan": sorted(rows["risk_plan"].unique().tolist())}
    for name in feature_names(rows):
        kind = rows[name].dtype
        if isinstance(kind, pd.CategoricalDtype):
            found[name] = kind.categories.tolist()
        elif not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)):
            raise ValueError(
                f"The feature {name} is {kind}; give numbers, or a pandas category "
                f"(frame[{name!r}].astype('category'))."
            )
    return found


def feature_names(rows: pd.DataFrame) -> list[str]:
    """Return the names of the features that came with the snapshot frame."""
    return [name for name in rows.columns if name not in NOT_FEATURES and not str(name).startswith("risk_")]


def features_at(rows: pd.DataFrame, lead: Floats, *, names: Sequence[str], levels: Levels) -> pd.DataFrame:
    """Return what is known at the snapshot, and what will be so in the lead month whatever happens.

    Parameters
    ----------
    rows : DataFrame
        From `cxmodels.value.contract_months.at_risk`.
    lead : ndarray of float
        The lead month of each row.
    names : sequence of str
        Features to take along; one that is not there is missing (NaN).
    levels : mapping
        From `levels_of`; a category unseen there is missing (NaN).

    Returns
    -------
    DataFrame of float
        The features, and then_lead, then_tenure (months), then_binding (months since the end of the binding,
        below 0 while bound), then_month (of the year), then_fee (as at the snapshot), then_plan.
    """
    columns = {name: _numbers(rows, name, levels=levels) for name in names}
    columns |= {
        "then_lead": lead,
        "then_tenure": lead - rows["risk_start_lead"].to_numpy(),
        "then_binding": np.clip(lead - rows["risk_bound_lead"].to_numpy(), -FAR, FAR),
        "then_month": calendar_month(rows["as_of"], lead),
        "then_fee": rows["risk_fee"].to_numpy(dtype=float),
        "then_plan": _numbers(rows, "risk_plan", levels=levels),
    }
    return pd.DataFrame(columns)


def _numbers(rows: pd.DataFrame, name: str, *, levels: Levels) -> Floats:
    if name not in rows.columns:
        return np.full(len(rows), np.nan)
    if name not in levels:
        return np.asarray(rows[name].to_numpy(dtype=float, na_value=np.nan), dtype=float)
    place = {level: float(number) for number, level in enumerate(levels[name])}
    return np.asarray(rows[name].astype(object).map(place), dtype=float)


def _some(total: int, most: int, *, rng: np.random.Generator) -> Integers:
    """Return so many places of a total, or fewer, in order."""
    if total <= most:
        return np.arange(total)
    return np.unique(rng.integers(total, size=most))

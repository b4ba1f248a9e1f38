"""How easily does a cohort leave, month by month? The sBG by tenure, with factors by binding and plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.value.contract_months import lead_of
from cxmodels.value.contracts import NothingToLearn, RetentionModel, fit_retention
from cxmodels.value.counts import Floats, Integers

FREE, BOUND, ENDING = 0, 1, 2
BINDINGS = 3
JUST_ENDED = 1  # months after the end of the binding that still count as its end
WEIGHT = 25.0  # leavers expected of a group for its own record to weigh as much as that of all
ROUNDS = 5
LONGEST = 600  # months of tenure
LARGEST = 0.95  # of a monthly probability


@dataclass(frozen=True, kw_only=True)
class CohortTail:
    """The monthly probability of leaving of a cohort: tenure by the sBG, times factors.

    Attributes
    ----------
    model : RetentionModel or None
        The shifted beta-geometric model by months of tenure; None where it cannot be fitted.
    rate : float
        Leavers a month under contract, of all; stands in where there is no model.
    binding : tuple of float
        Factors on the probability: free, bound, in the month that ends the binding or the one after it.
    plans : dict of str to float
        Factors of plans; a plan that is not among them has 1.
    leavers : int
        That it was fitted to.
    """

    model: RetentionModel | None
    rate: float
    binding: tuple[float, ...]
    plans: Mapping[str, float]
    leavers: int

    def hazard(self, tenure: Floats, *, bound_for: Floats, plan: npt.ArrayLike) -> Floats:
        """Return the probability of leaving in a month.

        Parameters
        ----------
        tenure : ndarray of float
            Months since the start of the contract, that month included.
        bound_for : ndarray of float
            That month less the month in which the binding ends: below 0 while bound; NaN without a binding.
        plan : array_like of str

        Returns
        -------
        ndarray of float
        """
        whole = np.full(np.shape(tenure), self.rate)
        if self.model is not None:
            whole = 1.0 - self.model.retention(np.clip(tenure, 1.0, LONGEST) - 1.0)
        of_plan = pd.Series(np.asarray(plan, dtype=object)).map(dict(self.plans)).fillna(1.0).to_numpy()
        factor = np.array(self.binding)[binding_state(bound_for)] * of_plan
        return np.asarray(np.clip(whole * factor, 1e-7, LARGEST), dtype=float)


def binding_state(bound_for: Floats) -> Integers:
    """Say of each month whether the contract is free, bound, or at the end of its binding."""
    return np.select(
        [bound_for < 0, (bound_for >= 0) & (bound_for <= JUST_ENDED)], [BOUND, ENDING], default=FREE
    )


def fit_tail(
    known: pd.DataFrame,
    *,
    as_of: date,
    observed_since: date | None = None,
    weights: Floats | None = None,
) -> CohortTail:
    """Fit how a cohort leaves, from contracts alone.

    Parameters
    ----------
    known : DataFrame
        From `cxmodels.value.contract_months.read_contracts`.
    as_of : date
        The last day of which it is known who left.
    observed_since : date, optional
        The first day on which a leaving would be in the records: customers who began before it count from
        then on, since those like them who left earlier are unknown. Default: the first end in the records.
    weights : ndarray of float, optional
        How often each row of `known` counts; for resampled customers. Only the first row of a spell counts.

    Returns
    -------
    CohortTail

    Notes
    -----
    One factor after another is set to (seen + `WEIGHT`) / (expected + `WEIGHT`) leavers of its group, a few
    times over (credibility with a Gamma prior around 1): a group that says little stays near the whole.
    """
    plans, cells, left = _risk_sets(known, as_of=as_of, observed_since=observed_since, weights=weights)
    by_tenure, gone = cells.sum(axis=(1, 2)), left.sum(axis=(1, 2))
    months, leavers = float(by_tenure.sum()), float(gone.sum())
    rate = (leavers + 0.5) / (months + 1.0)
    model = _retention(by_tenure, gone)
    base = np.full(LONGEST + 1, rate)
    if model is not None:
        base[1:] = 1.0 - model.retention(np.arange(LONGEST, dtype=float))
    said = cells * base[:, None, None]
    binding, of_plan = np.ones(BINDINGS), np.ones(len(plans))
    for _ in range(ROUNDS):
        seen, expected = left.sum(axis=(0, 2)), (said * of_plan).sum(axis=(0, 2))
        binding = (seen + WEIGHT) / (expected + WEIGHT)
        seen, expected = left.sum(axis=(0, 1)), (said * binding[:, None]).sum(axis=(0, 1))
        of_plan = (seen + WEIGHT) / (expected + WEIGHT)
    return CohortTail(
        model=model,
        rate=rate,
        binding=tuple(binding.tolist()),
        plans=dict(zip(plans, of_plan.tolist(), strict=True)),
        leavers=round(leavers),
    )


def _risk_sets(
    known: pd.DataFrame, *, as_of: date, observed_since: date | None, weights: Floats | None
) -> tuple[list[str], Floats, Floats]:
    """Count months under contract, and leavers, by tenure, binding and plan; month by month before as_of."""
    first = ~known.duplicated(["customer_id", "spell_start"])
    spells = known[first]
    count = np.ones(len(spells)) if weights is None else weights[first.to_numpy()]
    start = lead_of(spells["spell_start"], as_of)
    end = lead_of(spells["spell_end"].where(spells["spell_end"] <= pd.Timestamp(as_of)), as_of)
    bound = lead_of(spells["bound_until"], as_of)
    since = lead_of(pd.to_datetime(observed_since), as_of) if observed_since else np.nanmin([*end, 0.0])
    plan, plans = pd.factorize(spells["plan"], sort=True)
    shape = (LONGEST + 1, BINDINGS, len(plans))
    cells, left = np.zeros(shape), np.zeros(shape)
    for month in range(int(max(since, start.min() + 1.0)), 1):
        here = np.flatnonzero((start < month) & ~(end < month))
        tenure = np.minimum(month - start[here], LONGEST).astype(np.int64)
        place = np.ravel_multi_index((tenure, binding_state(month - bound[here]), plan[here]), shape)
        cells += np.bincount(place, count[here], minlength=cells.size).reshape(shape)
        gone = end[here] == month
        left += np.bincount(place[gone], count[here][gone], minlength=cells.size).reshape(shape)
    return list(plans), cells, left


def _retention(at_risk: Floats, left: Floats) -> RetentionModel | None:
    """Fit the sBG to how many were at risk and left at each tenure; None where nobody left."""
    more = at_risk - left - np.append(at_risk[1:], 0.0)  # who is not seen at the next tenure, or came to it
    counts = pd.DataFrame(
        {
            "tenure": np.arange(1.0, LONGEST + 1),
            "lost": left[1:],
            "staying": np.maximum(more[1:], 0.0),
            "entered": np.maximum(-more[1:], 0.0),
        }
    )
    try:
        return fit_retention(counts[counts[["lost", "staying", "entered"]].any(axis=1)])
    except NothingToLearn:
        return None

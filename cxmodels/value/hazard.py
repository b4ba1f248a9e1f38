"""When do customers under contract leave? A discrete-time hazard, learned on person-months of earlier dates.

Trained on what was known by `as_of`, refitted to resampled customers, and calibrated on the latest months as
a fit to what was known before them saw them coming.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from scipy.special import expit

from cxmodels.value.boosting import MAX_ROWS, train
from cxmodels.value.cohort_tail import CohortTail, fit_tail
from cxmodels.value.contract_months import at_risk, read_contracts, shift_months
from cxmodels.value.counts import Floats
from cxmodels.value.hazard_check import Calibration, calibrate, score_hazards
from cxmodels.value.hazard_model import HazardModel, Refit, cohort_log_odds
from cxmodels.value.person_months import (
    feature_names,
    features_at,
    leavers_by_lead,
    levels_of,
    person_months,
)

FEWEST_LEAVERS = 50
LEAD_WEIGHT = 50.0  # leavers in a lead month for the learned correction to count half
MOST_LEADS = 36
CHECK_MONTHS = 6
CHECK_ROWS = 60_000
ROUNDS = 75
SETTINGS: dict[str, object] = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 12,
    "min_data_in_leaf": 100,
    "feature_fraction_bynode": 0.6,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
}


def fit_hazard(
    frame: pd.DataFrame,
    contracts: pd.DataFrame,
    *,
    as_of: date,
    months: int = 12,
    refits: int = 8,
    seed: int = 0,
    observed_since: date | None = None,
) -> HazardModel:
    """Learn from snapshots and contracts when customers leave.

    Parameters
    ----------
    frame : DataFrame
        One row a customer_id and as_of, at several dates, with any features known then: numbers, or pandas
        categories; a column churned is not read. What the contract says is added here.
    contracts : DataFrame
        One row a contract, as of `cxmodels.value.contract_months.read_contracts`.
    as_of : date
        The day on which we stand: who left later is not read.
    months : int
        Months ahead that are to be foretold.
    refits : int
        Fits to resampled customers.
    seed : int
        Same seed, same model.
    observed_since : date, optional
        First day on which a leaving would be in the records. Default: the first end in them.

    Returns
    -------
    HazardModel
        From fewer than 50 leavers the sBG alone; where nobody left, one rate for all.

    Raises
    ------
    ValueError
        Where a column is missing or a feature is neither a number nor a category.
    """
    known = read_contracts(contracts, as_of=as_of)
    leads = min(months, MOST_LEADS)
    rows = at_risk(frame, known, until=as_of)
    leavers = int(rows["customer_id"][_known_to_leave(rows)].nunique())
    fitter = _Fitter(known, feature_names(rows), levels_of(rows), leads, seed, observed_since)
    if leavers < FEWEST_LEAVERS:
        return _cohort_alone(fitter, leavers, as_of=as_of, refits=refits)
    check, calibrations = _look_back(fitter, frame, rows, as_of=as_of, refits=refits)
    seen = leavers_by_lead(rows, leads=leads)
    return HazardModel(
        refits=tuple(
            fitter.refit(rows, as_of=as_of, number=number, calibration=calibration)
            for number, calibration in enumerate(calibrations)
        ),
        features=tuple(fitter.names),
        levels=fitter.levels,
        lead_weights=seen / (seen + LEAD_WEIGHT),
        check=check,
        source="hazard",
        notes=_notes(check, seen, months=months),
    )


@dataclass(frozen=True)
class _Fitter:
    """What all fits have in common."""

    known: pd.DataFrame
    names: Sequence[str]
    levels: Mapping[str, Sequence[object]]
    leads: int
    seed: int
    observed_since: date | None

    def tail(self, *, as_of: date, count: pd.Series | None = None) -> CohortTail:
        """Fit the cohort, each customer counted so often."""
        weights = None if count is None else count.reindex(self.known["customer_id"]).to_numpy(dtype=float)
        return fit_tail(self.known, as_of=as_of, observed_since=self.observed_since, weights=weights)

    def count(self, number: int) -> pd.Series:
        """Draw customers with replacement: how often each is drawn."""
        ids = self.known["customer_id"].unique()
        drawn = np.random.default_rng([self.seed, number]).integers(len(ids), size=len(ids))
        return pd.Series(np.bincount(drawn, minlength=len(ids)), index=ids)

    def refit(
        self, rows: pd.DataFrame, *, as_of: date, number: int | None, calibration: Calibration
    ) -> Refit:
        """Fit to resampled customers, or to all of them where there is no number."""
        rng = np.random.default_rng([self.seed, 1, 0 if number is None else number + 1])
        count = None if number is None else self.count(number)
        if count is not None:
            rows = rows.iloc[np.repeat(np.arange(len(rows)), count[rows["customer_id"]])]
        tail = self.tail(as_of=as_of, count=count)
        drawn = person_months(rows, leads=self.leads, most=MAX_ROWS, rng=rng)
        at = rows.iloc[drawn.row]
        learned = train(
            features_at(at, drawn.lead, names=self.names, levels=self.levels),
            drawn.left,
            settings=SETTINGS,
            rounds=ROUNDS,
            seed=int(rng.integers(2**31)),
            offset=cohort_log_odds(tail, at, drawn.lead) + drawn.offset,
        )
        return Refit(tail, learned, calibration)


def _look_back(
    fitter: _Fitter, frame: pd.DataFrame, rows: pd.DataFrame, *, as_of: date, refits: int
) -> tuple[pd.DataFrame, list[Calibration]]:
    """Fit to what was known some months ago, and see how well it foretold the months since, beside others."""
    before = shift_months(as_of, -CHECK_MONTHS)
    unchanged = [Calibration(leads=fitter.leads)] * refits
    if not (rows["as_of"] < pd.Timestamp(before)).any():
        return pd.DataFrame(), unchanged
    early = at_risk(frame, fitter.known, until=before)
    if early["customer_id"][_known_to_leave(early)].nunique() < FEWEST_LEAVERS:
        return pd.DataFrame(), unchanged
    rng = np.random.default_rng([fitter.seed, 2])
    seen = person_months(rows, leads=fitter.leads, most=CHECK_ROWS, rng=rng, after=before)
    at = rows.iloc[seen.row]
    one = fitter.refit(early, as_of=before, number=None, calibration=unchanged[0])
    features = features_at(at, seen.lead, names=fitter.names, levels=fitter.levels)
    cohort, said = one.log_odds(at, seen.lead, features=features)
    ways = {"hazard": expit(said), "cohort": expit(cohort), **_rivals(one.tail, early, at, seen.lead)}
    check = score_hazards(ways, seen.left, seen.weight)
    # a leaving is seen from several dates, and says something once
    leaving = at["customer_id"][seen.left == 1]
    once = leaving.nunique() / max(len(leaving), 1)
    middle, root = calibrate(said, seen.lead, seen.left, seen.weight * once, leads=fitter.leads)
    return check, [middle.moved(root @ z) for z in _balanced(rng, refits)]


def _balanced(rng: np.random.Generator, draws: int) -> Floats:
    """Draw standard normals, shape (draws, 3), whose mean is 0."""
    drawn = rng.standard_normal((draws, 3))
    return drawn - drawn.mean(axis=0)


def _rivals(tail: CohortTail, early: pd.DataFrame, at: pd.DataFrame, lead: Floats) -> dict[str, Floats]:
    """Say what the sBG alone would, and the share of a plan's customers who left in a month."""
    alone = replace(tail, binding=(1.0,) * len(tail.binding), plans={})
    months = early[["risk_leave_lead", "risk_known_leads"]].min(axis=1).clip(lower=0.0)
    sums = pd.DataFrame({"months": months, "left": _known_to_leave(early)}).groupby(early["risk_plan"]).sum()
    rate = at["risk_plan"].map((sums["left"] + tail.rate) / (sums["months"] + 1.0)).fillna(tail.rate)
    return {"sBG": expit(cohort_log_odds(alone, at, lead)), "cohort rate": rate.to_numpy(dtype=float)}


def _cohort_alone(fitter: _Fitter, leavers: int, *, as_of: date, refits: int) -> HazardModel:
    """Make do with what contracts say of all customers together."""
    tails = [fitter.tail(as_of=as_of, count=fitter.count(number)) for number in range(refits)]
    whole = fitter.tail(as_of=as_of)
    source = "pooled rate" if whole.model is None else "sBG"
    instead = (
        f"one rate for all, {whole.rate:.2%} a month, stands in"
        if whole.model is None
        else "the retention of the cohort by tenure (sBG), binding and plan stands in"
    )
    note = (
        f"{leavers} customers left at the dates that could teach; a hazard of each customer's own needs "
        f"{FEWEST_LEAVERS}: {instead}."
    )
    return HazardModel(
        refits=tuple(Refit(tail, None, Calibration(leads=fitter.leads)) for tail in tails),
        features=tuple(fitter.names),
        levels=fitter.levels,
        lead_weights=np.zeros(fitter.leads),
        check=pd.DataFrame(),
        source=source,
        notes=(note,),
    )


def _known_to_leave(rows: pd.DataFrame) -> pd.Series:
    return (rows["risk_leave_lead"] >= 1.0) & (rows["risk_leave_lead"] <= rows["risk_known_leads"])


def _notes(check: pd.DataFrame, seen: Floats, *, months: int) -> tuple[str, ...]:
    notes = []
    if check.empty:
        notes.append(
            f"Too little is known before the latest {CHECK_MONTHS} months to check the hazard on them: it is "
            "neither calibrated nor compared with simpler ways."
        )
    else:
        best = check["way"].iloc[int(check["log_loss"].argmin())]
        if best != "hazard":
            notes.append(
                f"On the latest {CHECK_MONTHS} months the {best} foretold leaving better than the hazard: "
                "read differences between customers with care."
            )
    taught = int((seen >= LEAD_WEIGHT).sum())
    if taught < months:
        notes.append(
            f"Of {months} months ahead, the data can teach {taught} ({LEAD_WEIGHT:.0f} leavers or more): the "
            "later ones lean on the retention of the cohort."
        )
    return tuple(notes)

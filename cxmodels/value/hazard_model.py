"""How probable is it that a customer under contract leaves in a month to come? A fitted hazard.

For customer i at a date t, the log odds of leaving in the k-th month after it, given staying until then, are
those of the cohort (`cxmodels.value.cohort_tail`: tenure, binding, plan) plus a correction that LightGBM
learned from what was known at t (Singer & Willett 1993, Journal of Educational Statistics 18: 155-195). The
correction is weighted by what the data can teach of month k; beyond them, the cohort speaks alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from cxmodels.value.boosting import predict
from cxmodels.value.cohort_tail import CohortTail
from cxmodels.value.counts import Floats
from cxmodels.value.hazard_check import Calibration
from cxmodels.value.person_months import features_at

if TYPE_CHECKING:
    import lightgbm

Curves = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Refit:
    """One fit, to one sample of the customers: the cohort, and the correction learned on it."""

    tail: CohortTail
    learned: lightgbm.Booster | None
    calibration: Calibration

    def log_odds(
        self, rows: pd.DataFrame, lead: Floats, *, features: pd.DataFrame | None
    ) -> tuple[Floats, Floats]:
        """Return the log odds of leaving in a lead month that the cohort says, and with the correction."""
        cohort = cohort_log_odds(self.tail, rows, lead)
        if self.learned is None or features is None:
            return cohort, cohort
        return cohort, np.add(cohort, predict(self.learned, features, raw=True))


@dataclass(frozen=True, kw_only=True)
class HazardModel:
    """The monthly probability of leaving of customers under contract.

    Attributes
    ----------
    refits : tuple of Refit
        Fits to resampled customers. Their mean is the prediction, their spread its uncertainty.
    features : tuple of str
        Of the snapshot frame.
    levels : dict
        Categories of features.
    lead_weights : ndarray of float, shape (leads,)
        How far the learned correction counts in each lead month, 0 to 1; 0 in all beyond.
    check : DataFrame
        One row a way of saying it, on the latest known months, each fitted to what was known before them:
        way, log_loss (mean over months under contract), leavers, expected (leavers that it said).
    source : str
        "hazard", "sBG" or "pooled rate".
    notes : tuple of str
    """

    refits: tuple[Refit, ...]
    features: tuple[str, ...]
    levels: Mapping[str, Sequence[object]]
    lead_weights: Floats
    check: pd.DataFrame = field(repr=False)
    source: str
    notes: tuple[str, ...]

    def survival(self, rows: pd.DataFrame, *, months: int) -> Curves:
        """Return the probability that each customer is still under contract, month by month.

        Parameters
        ----------
        rows : DataFrame
            From `cxmodels.value.contract_months.customers_on` (or `at_risk`).
        months : int
            Months ahead.

        Returns
        -------
        ndarray of float32, shape (refits, rows, months + 1)
            At the end of each month, by each refit; the first is 1, at the snapshot itself.
        """
        curves = np.ones((len(self.refits), len(rows), months + 1), dtype=np.float32)
        for lead in range(1, months + 1):
            hazards = self.hazards(rows, np.full(len(rows), float(lead)))
            for number, hazard in enumerate(hazards):
                curves[number, :, lead] = curves[number, :, lead - 1] * (1.0 - hazard)
        return curves

    def hazards(self, rows: pd.DataFrame, lead: Floats) -> Iterator[Floats]:
        """Yield the probability of leaving in a lead month given staying until then, by each refit."""
        place = np.minimum(lead, len(self.lead_weights) + 1).astype(np.int64) - 1
        weight = np.append(self.lead_weights, 0.0)[place]
        features = None
        if weight.any():
            features = features_at(rows, lead, names=self.features, levels=self.levels)
        for one in self.refits:
            cohort, learned = one.log_odds(rows, lead, features=features)
            yield expit(cohort + weight * (one.calibration.apply(learned, lead) - cohort))


def cohort_log_odds(tail: CohortTail, rows: pd.DataFrame, lead: Floats) -> Floats:
    """Return the log odds of leaving in a lead month that the cohort alone says."""
    said = tail.hazard(
        lead - rows["risk_start_lead"].to_numpy(),
        bound_for=lead - rows["risk_bound_lead"].to_numpy(),
        plan=rows["risk_plan"],
    )
    return np.asarray(logit(said), dtype=float)

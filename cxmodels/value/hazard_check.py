"""Does the hazard say what came? Calibration, and simpler ways beside it, on the latest known months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from cxmodels.value.counts import Floats

PRIOR = np.array([0.3, 0.2, 0.3])  # standard deviations of the three coefficients around no change
STEPS, SETTLED = 30, 1e-8
CERTAIN = 1e-7  # a probability nearer to 0 or 1 counts as so far from it


@dataclass(frozen=True)
class Calibration:
    """A logistic recalibration: log odds a + b · said + c · (lead - middle) / leads.

    Attributes
    ----------
    level, slope, by_lead : float
        a, b and c; 0, 1 and 0 change nothing.
    leads : int
        Lead months that it was fitted on; a later one counts as the last.
    """

    level: float = 0.0
    slope: float = 1.0
    by_lead: float = 0.0
    leads: int = 1

    def apply(self, log_odds: Floats, lead: Floats) -> Floats:
        """Return the recalibrated log odds."""
        return self.level + self.slope * log_odds + self.by_lead * _centred(lead, self.leads)

    def moved(self, by: Floats) -> Calibration:
        """Return one whose three coefficients are off by so much."""
        level, slope, by_lead = by.tolist()
        return Calibration(self.level + level, self.slope + slope, self.by_lead + by_lead, self.leads)


def calibrate(
    log_odds: Floats, lead: Floats, left: Floats, weight: Floats, *, leads: int
) -> tuple[Calibration, Floats]:
    """Fit a recalibration, drawn towards no change.

    Parameters
    ----------
    log_odds, lead, left, weight : ndarray of float, shape (rows,)
        Said log odds of leaving, lead month, whether the customer left (0 or 1), and months behind each row.
    leads : int
        Lead months in all.

    Returns
    -------
    calibration : Calibration
    root : ndarray of float, shape (3, 3)
        A square root of the covariance of its coefficients: root @ standard normal draws its error.

    Notes
    -----
    Maximum of the penalised likelihood (normal prior around 0, 1, 0 with the standard deviations `PRIOR`),
    by Newton's method; the covariance is the inverse of its curvature.
    """
    design = np.column_stack([np.ones(len(lead)), log_odds, _centred(lead, leads)])
    none = np.array([0.0, 1.0, 0.0])
    at, precision = none.copy(), np.diag(PRIOR**-2.0)
    curve = precision
    for _ in range(STEPS):
        said = expit(design @ at)
        rise = design.T @ (weight * (left - said)) - precision @ (at - none)
        curve = (design * (weight * said * (1.0 - said))[:, None]).T @ design + precision
        step = np.linalg.solve(curve, rise)
        at = at + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < SETTLED:
            break
    root = np.linalg.cholesky(np.linalg.inv(curve))
    level, slope, by_lead = at.tolist()
    return Calibration(level, slope, by_lead, leads), root


def score_hazards(ways: Mapping[str, Floats], left: Floats, weight: Floats) -> pd.DataFrame:
    """Score ways of saying how probable leaving is, on the same months.

    Parameters
    ----------
    ways : mapping of str to ndarray of float, shape (rows,)
        The probability of leaving in each month, by each way.
    left, weight : ndarray of float, shape (rows,)
        1 where the customer left in the month; months behind each row.

    Returns
    -------
    DataFrame
        One row a way: way, log_loss (mean over months), leavers, expected (leavers that it said), months.
    """
    rows = []
    for name, said in ways.items():
        p = np.clip(said, CERTAIN, 1.0 - CERTAIN)
        loss = -(left * np.log(p) + (1.0 - left) * np.log1p(-p))
        rows.append(
            {
                "way": name,
                "log_loss": float((weight * loss).sum() / weight.sum()),
                "leavers": float((weight * left).sum()),
                "expected": float((weight * p).sum()),
                "months": float(weight.sum()),
            }
        )
    return pd.DataFrame(rows)


def _centred(lead: Floats, leads: int) -> Floats:
    return (np.minimum(lead, leads) - (leads + 1) / 2) / leads

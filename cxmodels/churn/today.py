"""Who is at risk now? The final model, and everybody scored by a model that does not know their outcome."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cxmodels.churn.features import Snapshots
from cxmodels.churn.folds import Frames
from cxmodels.churn.model import ChurnModel, FitPlan, fit_churn
from cxmodels.churn.risk import ChurnRisk, assess_risk
from cxmodels.churn.worth import Worth, WorthErrors

HALVES = 2


@dataclass(frozen=True)
class Today:
    """Customers at risk, and the model to keep.

    Attributes
    ----------
    model : ChurnModel
        Fitted to everything that is known.
    risk : ChurnRisk
        Of everybody who can still leave.
    learned : DataFrame
        The rows that the model learned from.
    scored_by : tuple of (ChurnModel, DataFrame)
        The rows that were scored, each by a model that does not know their outcome; in the order of `risk`.
    note : str
        How customers were scored where they have no later date; else empty.
    """

    model: ChurnModel = field(repr=False)
    risk: ChurnRisk
    learned: pd.DataFrame = field(repr=False)
    scored_by: tuple[tuple[ChurnModel, pd.DataFrame], ...] = field(repr=False)
    note: str = ""

    @property
    def scored(self) -> pd.DataFrame:
        """All rows that were scored."""
        return pd.concat([rows for _, rows in self.scored_by], ignore_index=True)


def assess_today(snapshots: Snapshots, worth: Worth, *, plan: FitPlan | None = None, seed: int = 0) -> Today:
    """Fit the model to all that is known, and score who can still leave.

    Parameters
    ----------
    snapshots : Snapshots
    worth : Worth
        What customers are worth on the date of the study.
    plan : FitPlan, optional
        With refits; without dates three fits are made by it.
    seed : int

    Returns
    -------
    Today

    Raises
    ------
    ValueError
        As `fit_churn`, `assess_risk` and `Snapshots.for_scoring`.

    Notes
    -----
    Where there are dates, today's outcome is not known to anybody. A flat table has the outcome beside the
    features: a model that learned from a customer who stayed would say so. So each half of the customers is
    scored by a model of the other half, and those who had not left are shown: as likely to leave as
    customers with their features were.
    """
    features, monotone = list(snapshots.features), snapshots.monotone
    frames = snapshots.for_scoring()

    def fit(some: Frames) -> ChurnModel:
        return fit_churn(
            some.train, some.calibrate, features=features, monotone=monotone, seed=seed, plan=plan
        )

    model = fit(frames)
    if snapshots.plan is not None:
        risk = assess_risk(model, frames.evaluate, worth)
        return Today(model, risk, frames.train, ((model, frames.evaluate),))
    parts, scored_by = [], []
    for turn in range(HALVES):
        half = snapshots.for_test(test_share=1.0 / HALVES, turn=turn)
        other = fit(half)
        here = half.evaluate[half.evaluate["churned"] != 1.0].reset_index(drop=True)
        parts.append(assess_risk(other, here, worth))
        scored_by.append((other, here))
    risk = ChurnRisk(
        table=pd.concat([part.table for part in parts], ignore_index=True),
        draws=np.concatenate([part.draws for part in parts], axis=1),
        shared=np.concatenate([part.shared for part in parts]),
        errors=WorthErrors.joined([part.errors for part in parts]),
    )
    note = "Each half of the customers was scored by a model of the other half; who had left is not shown."
    return Today(model, risk, frames.train, tuple(scored_by), note)

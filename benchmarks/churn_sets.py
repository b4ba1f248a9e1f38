"""Real flat data sets of who left: where they are, and what a customer is worth in them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from benchmarks.measure import ROOT
from cxmodels.study import read_study
from cxmodels.tables import open_tables

NO_FEATURES = ("customer_id", "churned", "as_of", "clv")


@dataclass(frozen=True)
class ChurnSet:
    """One set: its study, and what was measured before.

    Attributes
    ----------
    auc, rival
        Published figures to reach, of LightGBM and of logistic regression.
    repeats
        Of five-fold cross-validation.
    """

    name: str
    study: str
    auc: float
    rival: float | None
    repeats: int = 3

    def read(self) -> pd.DataFrame:
        """Return the set through the door, who left as 0 and 1."""
        tables = open_tables(read_study(ROOT / self.study))
        frame = tables["snapshot"].execute()
        return frame.assign(churned=frame["churned"].astype(float), as_of=pd.NaT)


SETS = (
    ChurnSet("IBM Telco", "data/ibm-telco/study.toml", 0.847, 0.845),
    ChurnSet("Iranian", "data/iranian-churn/study.toml", 0.987, 0.931),
    ChurnSet("Cell2Cell", "data/cell2cell/study.toml", 0.67, None, repeats=1),
)


def worth_of(frame: pd.DataFrame) -> pd.Series:
    """Return what each customer is taken to be worth, 0 or more; the median where it is not known."""
    worth = frame["clv"].astype(float).clip(lower=0.0)
    return worth.fillna(worth.median())


def features_of(frame: pd.DataFrame) -> list[str]:
    """Return the columns that a model may learn from."""
    return [str(name) for name in frame.columns if name not in NO_FEATURES]

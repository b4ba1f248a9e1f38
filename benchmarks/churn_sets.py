"""Real flat data sets of who left: where they are, and what a customer is worth in them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from benchmarks.measure import ROOT
from cxmodels.study import read_study
from cxmodels.tables import open_tables

KEYS = ("customer_id", "churned")
MONTHS, MARGIN = 12, 0.35  # of fees, that make a customer's worth where a set has only fees


@dataclass(frozen=True)
class ChurnSet:
    """One set: its study, the column that a customer's worth follows, and what was measured before.

    Attributes
    ----------
    worth, months
        Column of money, and for how many months its margin counts (0: it is the worth itself).
    auc, rival
        Published figures to reach, of LightGBM and of logistic regression.
    repeats
        Of five-fold cross-validation.
    """

    name: str
    study: str
    worth: str
    months: int
    auc: float
    rival: float | None
    repeats: int = 3

    def read(self) -> pd.DataFrame:
        """Return the set through the door, who left as 0 and 1."""
        tables = open_tables(read_study(ROOT / self.study))
        frame = tables["snapshot"].execute()
        return frame.assign(churned=frame["churned"].astype(float), as_of=pd.NaT)

    def clv(self, frame: pd.DataFrame) -> pd.Series:
        """Return what each customer is taken to be worth, 0 or more; the median where it is not known."""
        money = pd.to_numeric(frame[self.worth]).clip(lower=0.0)
        worth = money * self.months * MARGIN if self.months else money
        return worth.fillna(worth.median())


SETS = (
    ChurnSet("IBM Telco", "data/ibm-telco/study.toml", "monthly_charges", MONTHS, 0.847, 0.845),
    ChurnSet("Iranian", "data/iranian-churn/study.toml", "customer_value", 0, 0.987, 0.931),
    ChurnSet("Cell2Cell", "data/cell2cell/study.toml", "monthly_revenue", MONTHS, 0.67, None, repeats=1),
)


def features_of(frame: pd.DataFrame) -> list[str]:
    """Return the columns that a model may learn from."""
    return [str(name) for name in frame.columns if name not in (*KEYS, "as_of")]

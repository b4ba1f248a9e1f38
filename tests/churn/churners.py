"""Customers whose true probability of leaving is known, for the tests of the churn model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from cxmodels.churn.model import FitPlan
from cxmodels.churn.trees import TreeSettings

FEATURES = ["outages", "fee", "usage", "plan"]
QUICK = FitPlan(candidates=(TreeSettings(learning_rate=0.1),), refits=3)
NO_REFITS = FitPlan(candidates=QUICK.candidates, refits=0)


def make_customers(customers, *, seed, snapshots=0):
    """Return snapshot rows and the true probability of each; flat without snapshots."""
    rng = np.random.default_rng(seed)
    rows = customers * max(snapshots, 1)
    frame = pd.DataFrame(
        {
            "customer_id": np.tile([f"c{seed}-{one}" for one in range(customers)], max(snapshots, 1)),
            "as_of": pd.NaT,
            "outages": rng.poisson(1.0, rows).astype(float),
            "fee": rng.normal(size=rows),
            "usage": rng.normal(size=rows),
            "plan": rng.choice(["basic", "plus", "max"], rows),
        }
    )
    if snapshots:
        dates = pd.date_range("2024-01-31", periods=snapshots, freq="ME")
        frame["as_of"] = np.repeat(dates, customers)
    log_odds = -1.6 + 0.7 * frame["outages"] + 0.8 * frame["fee"] - 0.7 * (frame["plan"] == "max")
    truth = expit(log_odds.to_numpy())
    frame["churned"] = (rng.random(rows) < truth).astype(float)
    frame.loc[rng.random(rows) < 0.1, "usage"] = np.nan
    return frame, truth

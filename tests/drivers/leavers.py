"""A model with strong, weak and no features, some missing, one a category, for the tests of attribution."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from cxmodels.churn.model import FitPlan, fit_churn
from cxmodels.churn.trees import TreeSettings

NOISE = tuple(f"noise_{one}" for one in range(5))
FEATURES = ("outages", "usage", "plan", *NOISE)
TREES = (TreeSettings(learning_rate=0.1, feature_share=1.0),)


def make_leavers(customers, *, seed, snapshots=1):
    """Return snapshot rows: outages raise the odds a lot, usage a little, plan "max" lowers them."""
    rng = np.random.default_rng(seed)
    rows = customers * snapshots
    frame = pd.DataFrame(
        {
            "customer_id": np.tile([f"c{one}" for one in range(customers)], snapshots),
            "as_of": np.repeat(pd.date_range("2024-01-31", periods=snapshots, freq="ME"), customers),
            "outages": rng.poisson(1.0, rows).astype(float),
            "usage": rng.normal(size=rows),
            "plan": rng.choice(["basic", "plus", "max"], rows),
            **{name: rng.normal(size=rows) for name in NOISE},
        }
    )
    log_odds = -1.5 + 0.9 * frame["outages"] + 0.25 * frame["usage"] - 1.0 * (frame["plan"] == "max")
    frame["churned"] = (rng.random(rows) < expit(log_odds)).astype(float)
    frame.loc[rng.random(rows) < 0.1, "usage"] = np.nan
    frame.loc[rng.random(rows) < 0.05, "plan"] = None
    return frame


def fit_leavers(customers=2_500, *, refits=0, seed=1):
    return fit_churn(
        make_leavers(customers, seed=seed),
        features=FEATURES,
        plan=FitPlan(candidates=TREES, refits=refits),
    )

"""Everybody who can still leave is scored by a model that does not know whether they will."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.churn.features import Snapshots
from cxmodels.churn.model import FitPlan
from cxmodels.churn.today import assess_today
from cxmodels.churn.worth import Worth
from tests.churn.churners import FEATURES, QUICK, make_customers

PLAN = FitPlan(candidates=QUICK.candidates, refits=4)


def hold(frame):
    """Return the customers as a flat table without dates, and what they are worth."""
    table = frame[["customer_id", "as_of", "churned", *FEATURES]].assign(
        plan=frame["plan"].astype("category")
    )
    worth = pd.DataFrame({"customer_id": frame["customer_id"], "clv": 10.0, "clv_low": 0.0, "clv_high": 20.0})
    empty = pd.DataFrame(columns=["feature", "reason"])
    return Snapshots(table, None, pd.DataFrame(), empty), Worth(worth, "stated")


@pytest.fixture(scope="module")
def today():
    frame, truth = make_customers(4_000, seed=11)
    return assess_today(*hold(frame), plan=PLAN, seed=1), frame, truth


def test_of_a_flat_table_those_who_stayed_are_scored_once_each(today):
    found, frame, _ = today
    stayed = frame.loc[frame["churned"] == 0.0, "customer_id"]
    assert sorted(found.risk.table["customer_id"]) == sorted(stayed)
    assert found.scored["customer_id"].tolist() == found.risk.table["customer_id"].tolist()
    # by whom they were scored tells why: the models of the halves, not the one that knows everybody
    chance = np.concatenate([model.predict(rows) for model, rows in found.scored_by])
    assert chance.tolist() == found.risk.table["p_leave"].tolist()
    assert len(found.scored_by) == 2 and all(model is not found.model for model, _ in found.scored_by)
    assert "half" in found.note


def test_who_stayed_is_not_called_safe_for_having_stayed(today):
    found, frame, truth = today
    chance = pd.Series(truth, index=frame["customer_id"])[found.risk.table["customer_id"]].to_numpy()
    row = found.risk.totals().iloc[0]
    error = (row["leavers_high"] - row["leavers_low"]) / 2 / 1.645
    assert abs(row["leavers"] - chance.sum()) < 3 * error
    # a model that has learned from them says less, by far more than chance
    of_all = found.model.predict(found.scored).sum()
    assert of_all < row["leavers"]
    assert np.isfinite(found.risk.draws).all() and found.risk.draws.shape == (4, len(chance))

"""Do the weekly purchases follow the model, before the cut and after it?"""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.study import ValueSettings
from cxmodels.tables.customer_days import customer_days
from cxmodels.tables.cut import known_by
from cxmodels.value.counts import Floats
from cxmodels.value.purchase_model import PurchaseModel
from cxmodels.value.summary import summarise
from cxmodels.value.units import days_in

TRACKING_AGES = 80


def tracking_curve(
    transactions: ir.Table, model: PurchaseModel, *, cut: date, as_of: date, settings: ValueSettings
) -> pd.DataFrame:
    """Compare weekly repeat purchases with what the model expects of customers who came when they came.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount.
    model : PurchaseModel
        Fitted on what was known at `cut`.
    cut, as_of : date
        Last day of the fit, and of the curve.
    settings : ValueSettings
        Unit and start of the history.

    Returns
    -------
    DataFrame
        week (its last day), actual, predicted (repeat purchases in the week), actual_cumulative,
        predicted_cumulative (starts at the actual number at the cut, so that the two curves part by what was
        missed after it), holdout. Of customers known at the cut; weeks count back from the cut, and the first
        may be shorter.
    """
    summary = summarise(transactions, as_of=cut, unit="day", history_start=settings.history_start)
    births = summary.group_by("first_day").aggregate(customers=summary.count()).to_pandas()
    start = pd.to_datetime(births["first_day"]).min()
    n_days = (pd.Timestamp(as_of) - start).days + 1
    born = np.zeros(n_days)
    np.add.at(born, (pd.to_datetime(births["first_day"]) - start).dt.days.to_numpy(), births["customers"])
    bought = customer_days(known_by(transactions, as_of)).filter(lambda days: days.bought)
    repeats = bought.inner_join(summary.select("customer_id", "first_day"), "customer_id")
    repeats = repeats.filter(repeats.day > repeats.first_day)
    counts = repeats.group_by("day").aggregate(purchases=repeats.count()).to_pandas()
    actual = np.zeros(n_days)
    np.add.at(actual, (pd.to_datetime(counts["day"]) - start).dt.days.to_numpy(), counts["purchases"])
    predicted = _expected_by_day(model, born, unit_days=days_in(settings.unit))
    days_to_cut = (pd.Timestamp(cut) - start).days
    week = (np.arange(n_days) - days_to_cut + 6) // 7
    frame = pd.DataFrame({"number": week, "actual": actual, "predicted": predicted}).groupby("number").sum()
    ends = np.minimum(days_to_cut + 7 * frame.index.to_numpy(), n_days - 1)
    held = frame.index.to_numpy() > 0
    at_cut = float(frame["actual"].to_numpy()[~held].sum())
    ahead = at_cut + np.where(held, frame["predicted"], 0.0).cumsum()
    return pd.DataFrame(
        {
            "week": start + pd.to_timedelta(ends, unit="D"),
            "actual": frame["actual"].to_numpy(),
            "predicted": frame["predicted"].to_numpy(),
            "actual_cumulative": frame["actual"].cumsum().to_numpy(),
            "predicted_cumulative": np.where(frame.index.to_numpy() >= 0, ahead, np.nan),
            "holdout": held,
        }
    )


def _expected_by_day(model: PurchaseModel, born: Floats, *, unit_days: float) -> Floats:
    """Return repeat purchases expected on each day of customers born on each day."""
    ages = np.arange(len(born) + 1, dtype=float)
    grid = np.unique(np.round(np.linspace(0.0, np.sqrt(ages[-1]), TRACKING_AGES) ** 2))
    expected = np.interp(ages, grid, model.expected_purchases_new(grid / unit_days))
    by_age = np.diff(expected)
    # a customer of age k on a day made the purchases between the ages k − 1 and k
    return np.concatenate(([0.0], np.convolve(born, by_age)[: len(born) - 1]))

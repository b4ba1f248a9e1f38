"""How did each way of predicting do on the same later days? The rows of a comparison, rivals among them."""

from __future__ import annotations

from datetime import timedelta

import ibis.expr.types as ir
import pandas as pd

from cxmodels.study import ValueSettings
from cxmodels.value.counts import Floats
from cxmodels.value.customer_value import CustomerValue
from cxmodels.value.metrics import interval_scores, score_predictions, spearman_untied
from cxmodels.value.rivals import past_spend, past_spend_rate, plain_regression, quantile_regression
from cxmodels.value.snapshots import Snapshot, take_snapshot

FEWEST_CUSTOMERS = 10


def rival_rows(known: ir.Table, held: Snapshot, *, settings: ValueSettings) -> list[dict[str, object]]:
    """Return the rows of past spend and, where an earlier snapshot can teach it, of a plain regression.

    Parameters
    ----------
    known : ibis Table
        Columns customer_id, timestamp, amount.
    held : Snapshot
        The customers at the cut, with their outcome.
    settings : ValueSettings
        Unit, start of the history and seed.
    """
    days, actual = held.horizon_days, held.outcome
    rows = [
        score_row(actual, past_spend_rate(held, horizon_days=days), model="past spend rate", kind="rival"),
        score_row(actual, past_spend(held, horizon_days=days), model="past spend", kind="rival"),
    ]
    earlier = take_snapshot(
        known,
        as_of=held.as_of - timedelta(days=held.window_days),
        window_days=held.window_days,
        horizon_days=held.window_days,
        unit=settings.unit,
        history_start=settings.history_start,
    )
    if len(earlier.customers) >= FEWEST_CUSTOMERS:
        values = plain_regression(earlier, held, horizon_days=days, seed=settings.seed)
        ends = quantile_regression(earlier, held, horizon_days=days, seed=settings.seed)
        rows.append(score_row(actual, values, model="lightgbm regression", kind="rival", interval=ends))
    return rows


def score_value(actual: Floats, value: CustomerValue, *, model: str, kind: str) -> dict[str, object]:
    """Return the row of a customer value, with that of its 90 % intervals; see `score_row`."""
    ends = (value.table["clv_low"].to_numpy(dtype=float), value.table["clv_high"].to_numpy(dtype=float))
    return score_row(actual, value.table["clv"], model=model, kind=kind, interval=ends)


def score_row(
    actual: Floats,
    predicted: Floats | pd.Series,
    *,
    model: str,
    kind: str,
    interval: tuple[Floats, Floats] | None = None,
) -> dict[str, object]:
    """Return the row of one way of predicting, as `cxmodels.value.holdout.Validation.table` has it.

    Parameters
    ----------
    actual, predicted : array of float, shape (customers,)
        What each customer spent, and what was foretold (currency).
    model, kind : str
        Names of the way of predicting, and of what it is compared as.
    interval : two arrays of float, optional
        Lower and upper ends for each customer; without them coverage and width are NaN.
    """
    blank = dict.fromkeys(("coverage", "below", "above", "width"), float("nan"))
    return {
        "model": model,
        "label": model,
        "kind": kind,
        **score_predictions(actual, predicted),
        "spearman_untied": spearman_untied(actual, predicted),
        **(blank if interval is None else interval_scores(actual, *interval)),
    }

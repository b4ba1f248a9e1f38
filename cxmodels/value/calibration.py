"""Did groups of customers buy and spend what was expected of them? By purchases so far, tenth and fifth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxmodels.value.counts import Floats
from cxmodels.value.customer_value import CustomerValue
from cxmodels.value.snapshots import Snapshot

TOP_FREQUENCY = 7
DECILES = 10


def conditional_expectations(held: Snapshot, expected: Floats) -> pd.DataFrame:
    """Compare purchases in the holdout with those expected, by purchases so far.

    Parameters
    ----------
    held : Snapshot
        With an outcome.
    expected : ndarray of float, shape (customers,)
        Purchases expected over the same days.

    Returns
    -------
    DataFrame
        frequency ("0" … "7+"), customers, actual, predicted (purchases a customer).
    """
    if held.purchases is None:
        raise ValueError(f"The snapshot of {held.as_of} has no outcome: take it with horizon_days.")
    group = held.customers["frequency"].clip(upper=TOP_FREQUENCY).astype(int).to_numpy()
    frame = pd.DataFrame({"frequency": group, "actual": held.purchases, "predicted": expected})
    means = frame.groupby("frequency").agg(
        customers=("actual", "size"), actual=("actual", "mean"), predicted=("predicted", "mean")
    )
    names = [f"{one}+" if one == TOP_FREQUENCY else str(one) for one in means.index]
    return means.set_axis(pd.Index(names, name="frequency")).reset_index()


def value_by_decile(actual: Floats, predicted: Floats) -> pd.DataFrame:
    """Compare actual with predicted spend in tenths of customers by predicted spend (1 is the highest).

    Returns
    -------
    DataFrame
        decile, customers, predicted and actual (currency a customer), actual_error (standard error of the
        mean; NaN for one customer), share (of all actual spend; NaN without any).

    Examples
    --------
    >>> value_by_decile(np.arange(20.0), np.arange(20.0))["actual"].tolist()[:2]
    [18.5, 16.5]
    """
    n = len(actual)
    order = np.argsort(-predicted, kind="stable")
    decile = np.empty(n, dtype=int)
    decile[order] = np.arange(n) * DECILES // n + 1
    frame = pd.DataFrame({"decile": decile, "predicted": predicted, "actual": actual})
    by = frame.groupby("decile")
    means = by.agg(customers=("actual", "size"), predicted=("predicted", "mean"), actual=("actual", "mean"))
    total = float(actual.sum())
    return means.assign(
        actual_error=by["actual"].std() / np.sqrt(means["customers"]),
        share=by["actual"].sum() / total if total > 0 else np.nan,
    ).reset_index()


def totals_by_fifth(chosen: CustomerValue, actual: Floats) -> pd.DataFrame:
    """Compare totals of fifths of customers by predicted spend, and of all, with their intervals.

    Parameters
    ----------
    chosen : CustomerValue
        The prediction, with its intervals.
    actual : ndarray of float, shape (customers,)
        What each customer spent (currency).

    Returns
    -------
    DataFrame
        group ("fifth 1" is the highest … "fifth 5", "all"), customers, clv, low, high, actual (currency),
        covered (whether the interval holds the actual total).
    """
    clv = chosen.table["clv"].to_numpy(dtype=float)
    fifth = np.empty(len(clv), dtype=int)
    fifth[np.argsort(-clv, kind="stable")] = np.arange(len(clv)) * 5 // len(clv)
    names = pd.Series(fifth).map(lambda one: f"fifth {one + 1}")
    groups = chosen.totals(names).assign(actual=pd.Series(actual).groupby(names).sum().to_numpy())
    both = pd.concat([groups, chosen.totals().assign(actual=float(actual.sum()))], ignore_index=True)
    return both.assign(covered=(both["low"] <= both["actual"]) & (both["actual"] <= both["high"]))

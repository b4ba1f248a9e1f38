"""How does a customer differ from what a purchase model sees? Features without a unit of time or money."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxmodels.value.counts import Floats
from cxmodels.value.snapshots import SHARES_OF_WINDOW, Snapshot, calendar_days

DIGITS = 6  # sums in another order differ in the last digit; a tree must not see that


def learned_features(
    snapshot: Snapshot, *, purchases: Floats, p_alive: Floats, spend_each: Floats
) -> pd.DataFrame:
    """Return the features from which an earlier snapshot teaches a correction.

    Every feature is a ratio, a count in a window of fixed length, or a probability, so that what is learned
    on one date still means the same on a later one, when all customers are older.

    Parameters
    ----------
    snapshot : Snapshot
        Customers as known on a date.
    purchases, p_alive, spend_each : ndarray of float, shape (customers,)
        What the purchase and spend models expect on that date over `snapshot.window_days`.

    Returns
    -------
    DataFrame, shape (customers, features)
        NaN where a feature does not exist (gaps of a one-time buyer). Values are rounded to 6 digits.
    """
    known, window = snapshot.customers, float(snapshot.window_days)
    count = known["frequency"].to_numpy(dtype=float) + 1.0
    total = known["total_spend"].to_numpy(dtype=float)
    mean = total / count
    typical = float(np.median(mean)) or 1.0
    age, active, silence = calendar_days(known, as_of=snapshot.as_of)
    gap = _column(known, "gap_mean")
    columns = {
        "log_repeats": np.log(count),
        "log_expected": np.log(np.maximum(purchases, 1e-9)),
        "log_spend_each": np.log(np.maximum(spend_each, 1e-9) / max(float(np.mean(spend_each)), 1e-9)),
        "p_alive": p_alive,
        "share_active": active / np.maximum(age, 1.0),
        "silence_in_gaps": silence / np.maximum(gap, 1.0),
        "silence_at_rate": silence * count / (age + window),
        "silence": silence / window,
        "gap_variation": _column(known, "gap_deviation") / np.maximum(gap, 1.0),
        "gap_last": _column(known, "gap_last") / np.maximum(gap, 1.0),
        "first_value": _log_ratio(known["first_value"], mean),
        "last_value": _log_ratio(known["last_value"], mean),
        "largest_value": _log_ratio(known["largest_value"], mean),
        "value_variation": _column(known, "value_deviation") / np.maximum(mean, 1e-9),
        "refund_share": _column(known, "refunds") / np.maximum(total, 1e-9),
        "log_total": np.log1p(np.maximum(total, 0.0) / typical),
    }
    for share in SHARES_OF_WINDOW:
        columns[f"purchases_{share}"] = _column(known, f"purchases_{share}")
        if share < 4:
            columns[f"spend_{share}"] = np.log1p(np.maximum(_column(known, f"spend_{share}"), 0.0) / typical)
    frame = pd.DataFrame(columns, index=known.index)
    return frame.replace([np.inf, -np.inf], np.nan).round(DIGITS)


def plain_features(snapshot: Snapshot) -> pd.DataFrame:
    """Return the columns that a plain regression would take: counts, time and money as they are.

    Returns
    -------
    DataFrame, shape (customers, features)
    """
    known = snapshot.customers
    names = ["frequency", "recency", "T", "monetary_value", "total_spend"]
    recent = [f"{kind}_{share}" for kind in ("purchases", "spend") for share in SHARES_OF_WINDOW]
    plain = known[names + recent].astype(float)
    plain["silence"] = plain["T"] - plain["recency"]
    return plain.round(DIGITS)


def _column(known: pd.DataFrame, name: str) -> Floats:
    return known[name].to_numpy(dtype=float)


def _log_ratio(value: pd.Series, mean: Floats) -> Floats:
    amount = np.maximum(value.to_numpy(dtype=float), 0.0)
    floor = np.maximum(0.01 * np.maximum(mean, 0.0), 1e-9)
    return np.log((amount + floor) / (np.maximum(mean, 0.0) + floor))

"""What would a simple rule or a plain regression say? The rivals that every value model must meet."""

from __future__ import annotations

import numpy as np

from cxmodels.value.boosting import PLAIN, predict, train
from cxmodels.value.counts import Floats
from cxmodels.value.features import plain_features
from cxmodels.value.snapshots import Snapshot, calendar_days

PLAIN_ROUNDS = 100


def past_spend(snapshot: Snapshot, *, horizon_days: int) -> Floats:
    """Expect of each customer the net spend a day over the whole history of *all* customers.

    A customer who came late is charged for the days before. Not a rate of the customer, but a strong rival
    where new customers seldom return.

    Returns
    -------
    ndarray of float, shape (customers,)
        Currency over the horizon, 0 or more.
    """
    return _net_past(snapshot) * horizon_days / max(snapshot.history_days, 1)


def past_spend_rate(snapshot: Snapshot, *, horizon_days: int) -> Floats:
    """Expect of each customer the own net spend a day since the first purchase (that day included).

    Returns
    -------
    ndarray of float, shape (customers,)
        Currency over the horizon, 0 or more.
    """
    age, _, _ = calendar_days(snapshot.customers, as_of=snapshot.as_of)
    return _net_past(snapshot) * horizon_days / (age + 1.0)


def plain_regression(earlier: Snapshot, now: Snapshot, *, horizon_days: int, seed: int) -> Floats:
    """Expect what LightGBM, by least squares on an earlier snapshot, says of `now`.

    Parameters
    ----------
    earlier : Snapshot
        With an outcome that ends by `now.as_of`.
    now : Snapshot
        The customers to predict.
    horizon_days : int
        Days ahead; where the outcome learned is shorter, the prediction grows in proportion.
    seed : int

    Returns
    -------
    ndarray of float, shape (customers,)
        Currency over the horizon; a prediction below 0 becomes 0.
    """
    settings = {**PLAIN, "objective": "regression"}
    model = train(plain_features(earlier), earlier.outcome, settings=settings, rounds=PLAIN_ROUNDS, seed=seed)
    grown = horizon_days / earlier.horizon_days
    return np.maximum(predict(model, plain_features(now)), 0.0) * grown


def quantile_regression(
    earlier: Snapshot, now: Snapshot, *, horizon_days: int, seed: int, level: float = 0.90
) -> tuple[Floats, Floats]:
    """Return the interval that LightGBM quantile regression on an earlier snapshot gives each customer.

    Parameters
    ----------
    earlier, now, horizon_days, seed
        As for `plain_regression`.
    level : float
        Share of outcomes that the interval should hold.

    Returns
    -------
    low, high : ndarray of float, shape (customers,)
        Currency over the horizon.
    """
    grown = horizon_days / earlier.horizon_days
    ends = []
    for quantile in ((1 - level) / 2, (1 + level) / 2):
        settings = {**PLAIN, "objective": "quantile", "alpha": quantile}
        model = train(
            plain_features(earlier), earlier.outcome, settings=settings, rounds=PLAIN_ROUNDS, seed=seed
        )
        ends.append(predict(model, plain_features(now)) * grown)
    return np.minimum(*ends), np.maximum(*ends)


def _net_past(snapshot: Snapshot) -> Floats:
    net = snapshot.customers["total_spend"] - snapshot.customers["refunds"]
    return np.maximum(net.to_numpy(dtype=float), 0.0)

"""To which driver and part of the journey does each feature belong, and where in the causal order is it?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from cxmodels.churn.features import Snapshots
from cxmodels.experience.signal import Signal
from cxmodels.study.drivers import DriverSettings

REST = "everything else"
BACKGROUND = "background"  # the stage of what nobody experienced: contract and attributes
STAGE_WORDS = {
    "event": "what happened",
    "contact": "getting in touch",
    "wait": "waiting",
    "score": "what they said",
    "money": "what they paid",
    "usage": "how they used it",
    "offer": "what was offered",
}
"""Words for the stages of an experience, in their order."""
CONTRACT = {
    "tenure_days": "tenure",
    "monthly_fee": "fee",
    "plan": "plan",
    "earlier_contracts": "tenure",
    "bound_days_left": "binding",
    "months_since_bound": "binding",
}
"""Features of the contract, and what each is about."""
# a driver that counts a kind of contact speaks for the figures that tell of it
_AMOUNT = ("sum", "sum_trend", "mean", "bought")
_RETURNS = ("refunds", "refunded")
_PURCHASE_FIGURES = {
    "count": ("count", "days_since", "trend"),
    "sum": _AMOUNT,
    "bought": _AMOUNT,
    "refunds": _RETURNS,
    "refunded": _RETURNS,
}
_CONTACT_FIGURES = {
    "unresolved": ("unresolved",),
    "repeat": ("repeat",),
    "broken": ("broken",),
    "sum": ("mean", "worst"),
    "count": ("count", "days_since", "trend"),
    "first": ("count", "days_since", "trend"),
}


def feature_parts(snapshots: Snapshots, drivers: Sequence[DriverSettings] = ()) -> pd.DataFrame:
    """Say of each feature what it is about.

    Parameters
    ----------
    snapshots : Snapshots
    drivers : sequence of DriverSettings
        Of the study. What it says of touchpoint and stage of a driver goes before what the data say.

    Returns
    -------
    DataFrame
        Indexed by feature: label (words), driver (name, or `REST`), touchpoint (of its driver or else of its
        signal; where there is none, its table; ``contract``, or ``customer`` for attributes), stage (of the
        causal order; ``background`` where it is no experience), family (features that tell the same thing in
        other windows or figures).

    Notes
    -----
    A column of it, as a mapping, is what `total_attribution`, `rank_parts` and `stream_attribution` add up
    by: ``feature_parts(snapshots)["touchpoint"].to_dict()``.
    """
    signals = {signal.name: signal for signal in snapshots.signals}
    named = {one.name: one for one in drivers}
    told = drivers_of_features(snapshots.features, snapshots.signals, drivers)
    labels = snapshots.labels
    rows = [
        {"feature": name, "label": labels[name], "driver": told[name]}
        | _about(name, signals.get(name))
        | _said_of(named.get(told[name]))
        for name in snapshots.features
    ]
    columns = ["feature", "label", "driver", "touchpoint", "stage", "family"]
    return pd.DataFrame(rows, columns=columns).set_index("feature")


def _about(name: str, signal: Signal | None) -> dict[str, str]:
    if signal is not None:
        what = signal.of or ("rarer" if signal.apart_from else "all")
        return {
            "touchpoint": signal.touchpoint or signal.table,
            "stage": signal.stage,
            "family": f"{signal.table}: {what}, {signal.stage}",
        }
    touchpoint = "contract" if name in CONTRACT else "customer"
    return {"touchpoint": touchpoint, "stage": BACKGROUND, "family": CONTRACT.get(name, name)}


def _said_of(driver: DriverSettings | None) -> dict[str, str]:
    if driver is None:
        return {}
    return {"stage": driver.stage} | ({"touchpoint": driver.touchpoint} if driver.touchpoint else {})


def drivers_of_features(
    features: Iterable[str], signals: Sequence[Signal], drivers: Sequence[DriverSettings]
) -> dict[str, str]:
    """Say which driver each feature of a model tells of.

    Parameters
    ----------
    features : iterable of str
    signals : sequence of Signal
        Those among the features.
    drivers : sequence of DriverSettings

    Returns
    -------
    dict of str to str
        Feature → name of the driver, or `REST`. Where several drivers count the same, the one that counts the
        fewest kinds has it.
    """
    known = {signal.name: signal for signal in signals}
    narrow = sorted(drivers, key=lambda one: len(one.of) or 1_000)
    found = {}
    for name in features:
        told = (one.name for one in narrow if _tells(name, known.get(name), one))
        found[name] = next(told, REST)
    return found


def _tells(feature: str, signal: Signal | None, driver: DriverSettings) -> bool:
    if driver.table == "snapshot":
        return feature == driver.of[0]
    if signal is None or signal.table != driver.table:
        return False
    if driver.of and signal.of not in driver.of:
        return False
    if driver.table == "contacts":
        return signal.statistic in _CONTACT_FIGURES[driver.figure]
    return driver.table != "transactions" or signal.statistic in _PURCHASE_FIGURES[driver.figure]

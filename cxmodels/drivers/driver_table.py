"""Which experiences drive leaving? What the model uses of each driver, beside what would change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from cxmodels.drivers.effects import Effects
from cxmodels.drivers.grade import GRADES
from cxmodels.experience.signal import Signal
from cxmodels.study.drivers import DriverSettings

REST = "everything else"
DRIVER_COLUMNS = (
    *("driver", "label", "touchpoint", "stage", "touched", "attribution", "rank", "rank_low", "rank_high"),
    *("change", "alone", "effect", "low", "high", "evidence", "reasons", "reached", "leavers"),
    *("value_at_stake", "stake_low", "stake_high"),
)
# a driver that counts a kind of contact speaks for the figures that tell of it
_CONTACT_FIGURES = {
    "unresolved": ("unresolved",),
    "repeat": ("repeat",),
    "broken": ("broken",),
    "sum": ("mean", "worst"),
    "count": ("count", "days_since", "trend"),
    "first": ("count", "days_since", "trend"),
}


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
    return driver.table != "transactions" or (driver.figure == "refunds") == (signal.statistic == "refunds")


def driver_table(
    effects: Effects, *, ranks: pd.DataFrame | None = None, stakes: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Bring together what the model uses of each driver, what would change, and what is at stake.

    Parameters
    ----------
    effects : Effects
    ranks : DataFrame, optional
        From `rank_parts` over `drivers_of_features`: part, size and ranks among the drivers.
    stakes : DataFrame, optional
        From `value_at_stake`.

    Returns
    -------
    DataFrame
        One row a driver, most at stake first, then by the evidence and the size of the effect: driver, label,
        touchpoint, stage (of the causal order), touched (share of customers in a window), attribution (mean
        size of what it moves, log odds) and its rank with the 90 % interval, change (in words), alone (what a
        plain comparison says of it), effect with its 90 % interval (on the probability of leaving in the
        horizon, of a customer whom it reaches), evidence, reasons, and reached, leavers, value_at_stake,
        stake_low, stake_high as of `value_at_stake`. What is not known is missing.
    """
    table = effects.table
    if ranks is not None:
        told = ranks.rename(columns={"part": "driver", "size": "attribution"})
        table = table.merge(
            told[["driver", "attribution", "rank", "rank_low", "rank_high"]], on="driver", how="left"
        )
    if stakes is not None:
        table = table.merge(stakes, on="driver", how="left")
    table = table.reindex(columns=list(DRIVER_COLUMNS))
    order = pd.DataFrame(
        {
            "stake": -table["value_at_stake"].abs().fillna(-1.0),
            "evidence": table["evidence"].map(lambda name: -GRADES.index(name)),
            "size": -table["effect"].abs().fillna(0.0),
        }
    )
    places = order.sort_values(["stake", "evidence", "size"], kind="stable").index
    return table.loc[places].reset_index(drop=True)

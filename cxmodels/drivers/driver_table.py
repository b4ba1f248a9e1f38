"""Which experiences drive leaving? What the model uses of each driver, beside what would change."""

from __future__ import annotations

import pandas as pd

from cxmodels.drivers.effects import Effects
from cxmodels.drivers.grade import GRADES

DRIVER_COLUMNS = (
    *("driver", "label", "touchpoint", "stage", "touched", "attribution", "rank", "rank_low", "rank_high"),
    *("change", "alone", "effect", "low", "high", "evidence", "reasons", "reached", "every_days"),
    *("leavers", "value_at_stake", "stake_low", "stake_high"),
)


def driver_table(
    effects: Effects, *, ranks: pd.DataFrame | None = None, stakes: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Bring together what the model uses of each driver, what would change, and what is at stake.

    Parameters
    ----------
    effects : Effects
    ranks : DataFrame, optional
        From `rank_parts` over the drivers of `feature_parts`: part, size and ranks among the drivers.
    stakes : DataFrame, optional
        From `value_at_stake`.

    Returns
    -------
    DataFrame
        One row a driver, most at stake first, then by the evidence and the size of the effect: driver, label,
        touchpoint, stage (of the causal order), touched (share of customers in a window), attribution (mean
        size of what it moves, log odds) and its rank with the 90 % interval, change (in words), alone (what a
        plain comparison says of it), effect with its 90 % interval (on the probability of leaving in the
        horizon, of a customer whom it reaches), evidence, reasons, and reached, every_days, leavers,
        value_at_stake, stake_low, stake_high as of `value_at_stake`. What is not known is missing.
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

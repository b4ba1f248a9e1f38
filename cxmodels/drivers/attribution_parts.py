"""To which part of the journey does each feature belong, and where does it stand in the causal order?"""

from __future__ import annotations

import pandas as pd

from cxmodels.churn.features import Snapshots
from cxmodels.experience.signal import STAGES, Signal

BACKGROUND = "background"  # the stage of what nobody experienced: contract and attributes
PARTS = (*STAGES, BACKGROUND)
CONTRACT = {
    "tenure_days": "tenure",
    "monthly_fee": "fee",
    "plan": "plan",
    "earlier_contracts": "tenure",
    "bound_days_left": "binding",
    "months_since_bound": "binding",
}
"""Features of the contract, and what each is about."""


def feature_parts(snapshots: Snapshots) -> pd.DataFrame:
    """Say of each feature what it is about.

    Parameters
    ----------
    snapshots : Snapshots

    Returns
    -------
    DataFrame
        Indexed by feature: label (words), touchpoint (that of the signal; where it has none, its table;
        ``contract``, or ``customer`` for attributes), stage (of the causal order; ``background`` where it is
        no experience), family (features that tell the same thing in other windows or figures).

    Notes
    -----
    A column of it, as a mapping, is what `total_attribution`, `rank_parts` and `stream_attribution` add up
    by: ``feature_parts(snapshots)["touchpoint"].to_dict()``.
    """
    signals = {signal.name: signal for signal in snapshots.signals}
    labels = snapshots.labels
    rows = [
        {"feature": name, "label": labels[name], **_about(name, signals.get(name))}
        for name in snapshots.features
    ]
    return pd.DataFrame(rows, columns=["feature", "label", "touchpoint", "stage", "family"]).set_index(
        "feature"
    )


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

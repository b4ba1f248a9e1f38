"""By which rules are customers put in segments? The named rules, and their words as they were applied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxmodels.study import SegmentSettings


@dataclass(frozen=True)
class SegmentRule:
    """One named combination of lifecycle and value: who is in it, and what it means to do."""

    name: str
    lifecycle: str
    valuable: bool | None
    meaning: str
    action: str


SEGMENTS = (
    SegmentRule(
        "protect", "active", True, "Valuable, and buying in their own rhythm.",
        "Keep what works for them and fix what hurts them first; no discount on what they buy anyway.",
    ),
    SegmentRule(
        "grow", "active", False, "Buying in their own rhythm, but worth little each.",
        "Offer the next product or a larger basket, at a cost below what it can bring.",
    ),
    SegmentRule(
        "nurture", "new", None, "Bought for the first time only recently.",
        "Make the first weeks work, and help them to the second purchase.",
    ),
    SegmentRule(
        "rescue", "cooling", True, "Valuable, and silent for longer than is usual for them.",
        "Find out now what happened, in person where the value allows it, before they are lost.",
    ),
    SegmentRule(
        "remind", "cooling", False, "Worth little each, and silent for longer than is usual for them.",
        "Send one automatic reminder that costs next to nothing.",
    ),
    SegmentRule(
        "win back", "lapsed", True, "Valuable in the past or the future, but gone by their own rhythm.",
        "Try one good offer on a random half, and go on only if that half buys more than the other.",
    ),
    SegmentRule(
        "let rest", "lapsed", False, "Worth little, and gone by their own rhythm.",
        "Spend nothing on them beyond the ordinary newsletter.",
    ),
)  # fmt: skip

REPAIR = SegmentRule(
    "repair", "new, active or cooling", None, "Expected to cost more than they bring, and still buying.",
    "Change what makes them a loss (prices, delivery, returns, service) before selling them more; no offers.",
)  # fmt: skip
"""Only where somebody's future value is below 0; it comes before the other rules."""


def rules_in_words(
    settings: SegmentSettings,
    *,
    floors: dict[str, float],
    past_floors: dict[str, float],
    typical: float,
    past: str = "past spend",
    costs: bool = False,
) -> pd.DataFrame:
    """Write down the rules as they were applied.

    Parameters
    ----------
    settings
        Tiers and lifecycle thresholds of the study.
    floors, past_floors
        Lowest future and past value of each tier, in money.
    typical
        Typical gap of the population, in days.
    past
        What past value is.
    costs
        Whether anybody's future value is below 0.

    Returns
    -------
    pandas.DataFrame
        ``kind`` (value tier, lifecycle, segment), ``name``, ``rule``; in the order in which they are tried.
    """
    rows = []
    for tier, share in settings.tiers.items():
        floor, before_floor = floors[tier], past_floors[tier]
        limit = "everybody else" if floor == -np.inf else f"future value of {_figure(floor)} or more"
        before = "" if before_floor == -np.inf else f" ({past}: {_figure(before_floor)} or more)"
        rows.append(("value tier", tier, f"{limit}{before}; cumulative share of value {share:.0%}"))
    gap = f"the expected gap is the mean of the customer's own gaps and one typical gap of {typical:.1f} days"
    rows += [
        ("lifecycle", "new", f"first purchase at most {settings.new_days} days ago"),
        ("lifecycle", "active", f"silent for at most {settings.active_gaps:g} expected gaps; {gap}"),
        ("lifecycle", "cooling", f"silent for at most {settings.lapsed_gaps:g} expected gaps"),
        ("lifecycle", "lapsed", f"silent for more than {settings.lapsed_gaps:g} expected gaps"),
    ]
    if costs:
        rows.append(("segment", REPAIR.name, f"{REPAIR.lifecycle}, and future value below 0; tried first"))
    tiers = " or ".join(settings.valuable_tiers)
    for rule in SEGMENTS:
        among = f"in tier {tiers}"
        if rule.lifecycle == "active":
            side = {True: f", and future value {among}", False: f", and future value not {among}"}
        else:
            side = {
                True: f", and future value or {past} {among}",
                False: f", and neither future value nor {past} {among}",
            }
        if costs and rule.lifecycle == "lapsed":
            side[True] += ", and future value not below 0"
            side[False] += "; or lapsed, and future value below 0"
        rows.append(
            ("segment", rule.name, rule.lifecycle + ("" if rule.valuable is None else side[rule.valuable]))
        )
    return pd.DataFrame(rows, columns=["kind", "name", "rule"], dtype="str")


def _figure(value: float) -> str:
    """Write money with two decimals, rounded down: who is at the border is printed as above it."""
    return f"{np.floor(round(value * 100, 6)) / 100:,.2f}"

"""Which assumptions stand behind the figures? A study's settings in words."""

from __future__ import annotations

import pandas as pd

from cxmodels.reporting.wording import Wording
from cxmodels.study import Study


def assumptions(study: Study) -> pd.DataFrame:
    """List what a study assumes, worded for readers.

    Parameters
    ----------
    study : Study
        The settings, overrides applied.

    Returns
    -------
    pandas.DataFrame
        ``key`` (as in the study file), ``setting``, ``value`` and ``meaning``; one row a setting that matters
        to a reader.
    """
    words, value, segments = Wording(study.language), study.value, study.segments
    margin = words.percent(value.margin_low, digits=0)
    if value.margin_high > value.margin_low:
        margin += f" to {words.percent(value.margin_high, digits=0)}"
    tiers = ", ".join(f"{tier} {words.percent(share, digits=0)}" for tier, share in segments.tiers.items())
    rows = [
        (
            "as_of",
            "As of",
            words.date(study.as_of),
            "The day on which we stand; nothing later enters a forecast.",
        ),
        (
            "value.history_start",
            "History from",
            words.date(value.history_start) if value.history_start else "the first purchase",
            "Purchases before it enter no value.",
        ),
        ("currency", "Currency", study.currency, "Of every amount."),
        (
            "value.horizon_days",
            "Horizon",
            words.count(value.horizon_days, "day"),
            "How far ahead value is counted.",
        ),
        (
            "value.margin",
            "Margin",
            margin,
            "What is left of an amount spent, where purchases do not state it; a range goes into intervals.",
        ),
        (
            "value.discount_rate",
            "Discount rate",
            f"{words.percent(value.discount_rate)} a year",
            "What is earned later counts less.",
        ),
        ("value.unit", "Unit of time", value.unit, "In which frequency and age are counted."),
        (
            "value.model",
            "Model",
            value.model,
            "auto: chosen on the last part of the history, kept from the models.",
        ),
        (
            "segments.tiers",
            "Value tiers",
            tiers,
            "Share of value that a tier and those above it bring together.",
        ),
        (
            "segments.new_days",
            "New customers",
            words.count(segments.new_days, "day"),
            "So long after the first purchase a customer is new.",
        ),
        (
            "segments.active_gaps",
            "Cooling, lapsed",
            words.figures(f"after {segments.active_gaps:g} and {segments.lapsed_gaps:g} usual gaps"),
            "Silence, measured in the customer's own usual gap between purchases.",
        ),
    ]
    return pd.DataFrame(rows, columns=["key", "setting", "value", "meaning"])

"""Which assumptions stand behind the figures? A study's settings in words."""

from __future__ import annotations

import pandas as pd

from cxmodels.reporting.wording import Wording
from cxmodels.study import Study, ValueSettings
from cxmodels.tables.schemas import schema_of

SETTINGS = {
    "as_of": ("As of", "The day on which we stand; nothing later enters a forecast."),
    "value.history_start": ("History from", "Purchases before it enter no value."),
    "currency": ("Currency", "Of every amount."),
    "value.horizon_days": ("Horizon", "How far ahead value is counted."),
    "value.margin": (
        "Margin",
        "What is left of an amount spent, where purchases do not state it; a range goes into intervals.",
    ),
    "value.discount_rate": ("Discount rate", "What is earned later counts less."),
    "value.unit": ("Unit of time", "In which frequency and age are counted."),
    "value.model": ("Model", "auto: chosen on the last part of the history, kept from the models."),
    "segments.tiers": ("Value tiers", "Share of value that a tier and those above it bring together."),
    "segments.new_days": ("New customers", "So long after the first purchase a customer is new."),
    "segments.active_gaps": (
        "Cooling, lapsed",
        "Silence, measured in the customer's own usual gap between purchases.",
    ),
    "churn.observation_days": ("Observed", "How far back what customers did and lived through is counted."),
    "churn.gap_days": ("Time to act", "Between the day on which we stand and the horizon of leaving."),
    "churn.horizon_days": ("Horizon of leaving", "Within how many days leaving is foretold."),
}
"""The settings that matter to a reader, by key: name and meaning."""

ONLY_A_NAME = "Only names the report: the data have no dates."


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
    values = _values(study, Wording(study.language))
    settings = SETTINGS | ({"as_of": ("As of", ONLY_A_NAME)} if study.undated else {})
    rows = [(key, name, values[key], meaning) for key, (name, meaning) in settings.items() if key in values]
    return pd.DataFrame(rows, columns=["key", "setting", "value", "meaning"])


def stands_on(study: Study, words: Wording) -> str:
    """Say as of when the figures hold; of one flat table the date is only a name."""
    day = words.date(study.as_of)
    return f"No dates in the data: {day} only names this report" if study.undated else f"As of {day}"


def states_money(study: Study) -> bool:
    """Whether a table of the study holds amounts in its currency."""
    columns = (column for name in study.tables for column in schema_of(name).columns)
    return any(column.unit.startswith("study currency") for column in columns)


def _values(study: Study, words: Wording) -> dict[str, str]:
    """Word the settings that bear on the tables that the study has."""
    values = {"as_of": words.date(study.as_of)}
    if states_money(study):
        values["currency"] = study.currency
    if {"transactions", "contracts"} & set(study.tables):
        values |= _of_value(study.value, words)
    if "transactions" in study.tables:
        values |= _of_purchases(study, words)
    if study.churn is not None:
        # of one flat table nothing is counted over days
        observed = () if "snapshot" in study.tables else ("observation_days",)
        for key in (*observed, "gap_days", "horizon_days"):
            values[f"churn.{key}"] = words.count(getattr(study.churn, key), "day")
    return values


def _of_value(value: ValueSettings, words: Wording) -> dict[str, str]:
    return {
        "value.horizon_days": words.count(value.horizon_days, "day"),
        "value.margin": _margin(value, words),
        "value.discount_rate": f"{words.percent(value.discount_rate)} a year",
    }


def _of_purchases(study: Study, words: Wording) -> dict[str, str]:
    value, segments = study.value, study.segments
    start = value.history_start
    tiers = [f"{tier} {words.percent(share, digits=0)}" for tier, share in segments.tiers.items()]
    return {
        "value.history_start": words.date(start) if start else "the first purchase",
        "value.unit": value.unit,
        "value.model": value.model,
        "segments.tiers": ", ".join(tiers),
        "segments.new_days": words.count(segments.new_days, "day"),
        "segments.active_gaps": words.figures(
            f"after {segments.active_gaps:g} and {segments.lapsed_gaps:g} usual gaps"
        ),
    }


def _margin(value: ValueSettings, words: Wording) -> str:
    low, high = (words.percent(end, digits=0) for end in (value.margin_low, value.margin_high))
    return f"{low} to {high}" if value.margin_high > value.margin_low else low

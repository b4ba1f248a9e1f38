"""A study's assumptions in words: what stands in the file is what readers see."""

from datetime import date

import pytest

from cxmodels.reporting.assumptions import assumptions, stands_on
from cxmodels.reporting.wording import Wording
from cxmodels.study import Study


def shown(**changed):
    settings = {
        "title": "T",
        "as_of": date(2025, 1, 31),
        "currency": "EUR",
        "tables": {"transactions": {"source": "a.csv"}},
    }
    return assumptions(Study.model_validate({**settings, **changed})).set_index("key")["value"]


def test_values_follow_the_study():
    values = shown(value={"margin": [0.3, 0.4], "horizon_days": 180}, segments={"lapsed_gaps": 5.5})
    assert values["as_of"] == "31 January 2025"
    assert values["value.margin"] == "30% to 40%"
    assert values["value.horizon_days"] == "180 days"
    assert values["segments.active_gaps"] == "after 2 and 5.5 usual gaps"


def test_where_the_history_starts_is_said():
    assert shown()["value.history_start"] == "the first purchase"
    assert shown(value={"history_start": date(2024, 5, 1)})["value.history_start"] == "1 May 2024"


def test_a_single_margin_is_no_range():
    assert shown(value={"margin": 0.35})["value.margin"] == "35%"


@pytest.mark.parametrize(("language", "day"), [("nb", "31.01.2025"), ("sv", "2025-01-31")])
def test_the_language_of_the_study_is_used(language, day):
    values = shown(language=language, segments={"lapsed_gaps": 5.5})
    assert values["as_of"] == day
    assert values["segments.active_gaps"] == "after 2 and 5,5 usual gaps"


def test_only_settings_that_bear_on_the_tables_are_listed():
    churn = {"horizon_days": 60, "gap_days": 1}
    flat = shown(tables={"snapshot": {"source": "a.csv"}}, churn=churn)
    windows = {"churn.gap_days": "1 day", "churn.horizon_days": "60 days"}
    assert flat.to_dict() == {"as_of": "31 January 2025", **windows}
    assert shown(churn=churn)["churn.observation_days"] == "180 days"
    contracts = shown(tables={"contracts": {"source": "a.csv"}})
    value = ["value.horizon_days", "value.margin", "value.discount_rate"]
    assert contracts.index.tolist() == ["as_of", "currency", *value]


@pytest.mark.parametrize(
    ("tables", "heads", "means"),
    [
        (
            ("snapshot",),
            "No dates in the data: 31 January 2025 only names this report",
            "Only names the report",
        ),
        (("snapshot", "contacts"), "As of 31 January 2025", "The day on which we stand"),
        (("contracts",), "As of 31 January 2025", "The day on which we stand"),
    ],
)
def test_without_dates_the_day_is_only_a_name(tables, heads, means):
    sources = {name: {"source": "a.csv"} for name in tables}
    settings = {"title": "T", "as_of": date(2025, 1, 31), "currency": "EUR", "tables": sources}
    study = Study.model_validate(settings)
    assert stands_on(study, Wording("en")) == heads
    assert assumptions(study).set_index("key").loc["as_of", "meaning"].startswith(means)


def test_every_key_is_a_setting_of_the_study():
    study = Study.model_validate(
        {
            "title": "T",
            "as_of": date(2025, 1, 31),
            "currency": "EUR",
            "tables": {"transactions": {"source": "a.csv"}},
        }
    )
    for key in assumptions(study)["key"]:
        found = study.settings()
        for part in key.split("."):
            found = found[part]

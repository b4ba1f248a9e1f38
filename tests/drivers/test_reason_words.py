"""A feature is told as people say it, in the study's words and language."""

from __future__ import annotations

import string

import numpy as np
import pytest

from cxmodels.drivers.phrases import LANGUAGES, NUMBERS, PHRASES
from cxmodels.drivers.reason_words import ReasonWords, driver_labels
from cxmodels.experience.signal import STATISTICS, Signal
from cxmodels.reporting.wording import Wording
from cxmodels.study import DriverSettings


def signal(statistic, table="contacts", **given):
    limit = {"limit": 10.0} if statistic == "broken" else {}
    of = {"of": "nps"} if table == "surveys" else {}
    return Signal("it", table, statistic, **{"days": 60, **limit, **of, **given})


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "waited 14 minutes on average in 60 days"),
        ("nb", "ventet 14 minutter i snitt på 60 dager"),
        ("da", "ventede 14 minutter i gennemsnit på 60 dage"),
        ("sv", "väntade 14 minuter i snitt på 60 dagar"),
    ],
)
def test_a_wait_is_told_in_the_study_s_language(language, expected):
    assert ReasonWords(language, [signal("mean")]).say("it", 14.0) == expected


@pytest.mark.parametrize(
    ("one", "value", "expected"),
    [
        (signal("count", "events", of="billing_error"), 0.0, "billing error: never in 60 days"),
        (signal("count", "events", of="outage"), 1.0, "outage: once in 60 days"),
        (signal("count", of="billing"), 3.0, "contact about billing: three times in 60 days"),
        (signal("count", apart_from=("billing",)), 3.0, "other contact: three times in 60 days"),
        (signal("mean"), np.nan, "contact: none in 60 days"),
        (signal("worst"), 1.0, "waited up to 1 minute in 60 days"),
        (signal("broken"), 2.0, "waited more than 10 minutes, twice in 60 days"),
        (signal("days_since", "events", of="outage"), 1.0, "outage: 1 day since the last"),
        (signal("days_since", "events", of="outage"), np.nan, "outage: none in 60 days"),
        (signal("trend"), -2.0, "contact: 2 fewer in 60 days than in the 60 before"),
        (signal("trend"), 0.0, "contact: as many in 60 days as in the 60 before"),
        (signal("last", "surveys"), 3.0, "NPS: last score 3"),
        (signal("last", "surveys"), np.nan, "NPS: no score so far"),
        (signal("change", "surveys"), -4.0, "NPS: 4 lower than before"),
        (signal("count"), 12.0, "contact: 12 times in 60 days"),
        (signal("sum", "transactions", days=90, months=3), 790.0, "spent 790 in 3 months"),
        (signal("sum_trend", "transactions"), -120.0, "spent 120 less in 60 days than in the 60 before"),
        (signal("bought", "transactions"), 40.0, "spent 40 in 60 days"),
        (signal("refunds", "transactions"), 1.0, "refund: once in 60 days"),
        (signal("refunded", "transactions"), 12.5, "got 12.5 back in 60 days"),
    ],
)
def test_figures_are_told_as_people_say_them(one, value, expected):
    assert ReasonWords("en", [one]).say("it", value) == expected


@pytest.mark.parametrize(
    ("feature", "value", "expected"),
    [
        ("bound_days_left", -20.0, "binding ended 20 days ago"),
        ("bound_days_left", 1.0, "bound for 1 more day"),
        ("bound_days_left", 0.0, "the binding has ended"),
        ("months_since_bound", 0.0, "still bound"),
        ("months_since_bound", 4.13, "binding ended 4.1 months ago"),
        ("months_since_bound", 1.0, "binding ended 1 month ago"),
        ("months_since_bound", 0.033, "binding ended 0.1 months ago"),
        ("months_since_bound", 35.48, "binding ended 35 months ago"),
        ("monthly_gb", 8.2, "monthly gb: 8.2"),
        ("monthly_gb", 0.0001234, "monthly gb: 0.000123"),
        ("spend", 1234.56, "spend: 1235"),
        ("bound_days_left", np.nan, "no binding"),
        ("months_since_bound", np.nan, "no binding"),
        ("plan", "fibre", "plan fibre"),
        ("age", "35 to 44", "age: 35 to 44"),
        ("bound_days_left", "one {year}", "bound days left: one {year}"),
        ("tenure_days", 400.0, "customer for 400 days"),
        ("earlier_contracts", 1.0, "customer before: once"),
        ("monthly_fee", np.nan, "monthly fee: not known"),
        ("mean", 3.0, "mean: 3"),
        ("count", np.nan, "count: not known"),
        ("is_online", True, "is online: yes"),
        ("region", "Oslo", "region: Oslo"),
    ],
)
def test_contract_and_attributes_are_told_too(feature, value, expected):
    assert ReasonWords("en").say(feature, value) == expected


def test_the_study_s_own_words_come_first_and_numbers_are_the_language_s():
    outages = signal("sum", "events", of="outage")
    words = ReasonWords("sv", [outages], {"outage": "avbrott"}, number=Wording("sv").number)
    assert words.say("it", 2.5) == "avbrott: 2,5 totalt på 60 dagar"
    assert ReasonWords("sv", [outages], {"it": "avbrott hemma"}).say("it", 2.0) == "avbrott hemma: 2"
    assert ReasonWords("sv").say("paid", False) == "paid: nej"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "waited 14 minutes on average, in touch three times in 60 days"),
        ("nb", "ventet 14 minutter i snitt, tok kontakt tre ganger på 60 dager"),
        ("da", "ventede 14 minutter i gennemsnit, henvendte sig tre gange på 60 dage"),
        ("sv", "väntade 14 minuter i snitt, tog kontakt tre gånger på 60 dagar"),
    ],
)
def test_a_wait_is_told_with_how_often_the_customer_was_in_touch(language, expected):
    same = Signal("calls", "contacts", "count", days=60)
    others = [
        Signal("in_30", "contacts", "count", days=30),
        Signal("bills", "contacts", "count", of="bill", days=60),
    ]
    words = ReasonWords(language, [signal("mean"), *others, same])
    assert words.beside["it"] == "calls"
    assert words.say("it", 14.0, 3.0) == expected
    assert "it" not in ReasonWords(language, [signal("mean"), *others]).beside
    assert words.say("it", np.nan, 0.0) == words.say("it", np.nan)


def test_a_binding_is_told_by_the_end_of_it_that_says_something():
    words = ReasonWords("en")
    assert words.say("months_since_bound", 0.0, 28.0) == "bound for 28 more days"
    assert words.say("bound_days_left", 28.0, 0.0) == "bound for 28 more days"
    assert words.say("bound_days_left", 0.0, 4.0) == "binding ended 4 months ago"
    assert words.say("bound_days_left", np.nan, np.nan) == "no binding"


def test_the_study_s_words_for_drivers_are_those_of_their_kind_or_column():
    drivers = [
        DriverSettings(name="cuts", of="outage", label="strømbrudd"),
        DriverSettings(name="care", table="snapshot", of="care_calls", label="calls to care"),
        DriverSettings(name="plain", of="late_delivery"),
        DriverSettings(name="both", of=["refund", "return"], label="things sent back"),
        DriverSettings(name="long", of="fault", statistic="broken", limit=4, label="long faults"),
        DriverSettings(name="asked", table="contacts", of="bill", statistic="repeat", label="asked again"),
    ]
    assert driver_labels(drivers) == {"outage": "strømbrudd", "care_calls": "calls to care"}


def test_every_figure_of_every_table_is_told_in_every_language():
    for language in LANGUAGES:
        for table, statistics in STATISTICS.items():
            for statistic in statistics:
                words = ReasonWords(language, [signal(statistic, table)])
                for value in (-2.0, 0.0, 1.0, 7.0, np.nan):
                    said = words.say("it", value)
                    assert said and "{" not in said and "nan" not in said, (language, table, statistic)


def test_languages_have_the_same_phrases_with_the_same_gaps():
    for language in LANGUAGES:
        assert PHRASES[language].keys() == PHRASES["en"].keys()
        for key, english in PHRASES["en"].items():
            own = PHRASES[language][key]
            assert isinstance(own, tuple) == isinstance(english, tuple), (language, key)
            assert gaps_of(own) == gaps_of(english), (language, key)


def test_small_counts_have_a_word_of_their_own_in_every_language():
    assert NUMBERS.keys() == PHRASES.keys()
    for language in LANGUAGES:
        words = ReasonWords(language, [signal("count", days=100)])
        told = [words.say("it", float(number)) for number in range(13)]
        assert len(set(told)) == 13 and not set("23456789") & set("".join(told[:10]))
        assert "12" in told[12]


def gaps_of(phrase):
    forms = phrase if isinstance(phrase, tuple) else (phrase,)
    return [{gap for _, gap, _, _ in string.Formatter().parse(form) if gap} for form in forms]


def test_a_language_without_phrases_is_refused():
    with pytest.raises(ValueError, match="no phrases in 'no'; there are in en, nb, da, sv"):
        ReasonWords("no")


@pytest.mark.parametrize(("value", "expected"), [(1.0, "yes"), (0.0, "no"), (np.nan, "not known")])
def test_a_flag_is_told_as_yes_or_no(value, expected):
    words = ReasonWords("en", flags=["consent_marketing"])
    assert words.say("consent_marketing", value) == f"consent marketing: {expected}"
    assert ReasonWords("en").say("products", 1.0) == "products: 1"

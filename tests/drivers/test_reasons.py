"""A customer's reasons are that customer's own: its values, what raised its odds, in the study's language."""

from __future__ import annotations

import string

import numpy as np
import pandas as pd
import pytest

from cxmodels.churn.reasons import LEAST, tell_reasons
from cxmodels.drivers.phrases import LANGUAGES, PHRASES
from cxmodels.drivers.reasons import ReasonWords, stream_reasons
from cxmodels.experience.signal import STATISTICS, Signal
from tests.drivers.leavers import FEATURES, NOISE

SIGNALS = [Signal("outages", "events", "count", of="outage", days=90)]
WORDS = ReasonWords("en", SIGNALS)


def told_of(model, frame, words=WORDS, **settings):
    return pd.concat(stream_reasons(model, frame, words, **settings))["reasons"]


def comma(value):
    return f"{value:g}".replace(".", ",")


def signal(statistic, table="contacts", **given):
    limit = {"limit": 10.0} if statistic == "broken" else {}
    of = {"of": "nps"} if table == "surveys" else {}
    return Signal("it", table, statistic, **{"days": 60, **limit, **of, **given})


def test_reasons_name_only_what_raised_the_odds_of_that_customer_with_its_own_value(model, frame):
    moved = model.contributions(frame)[list(FEATURES)]
    for (_, row), raised, reasons in zip(
        frame.iterrows(), moved.to_numpy(), told_of(model, frame), strict=True
    ):
        first = [one for one in np.argsort(-raised, kind="stable")[:3] if raised[one] >= LEAST]
        expected = [WORDS.say(FEATURES[one], row[FEATURES[one]]) for one in first]
        assert reasons.split("; ") == (expected or [""])


def test_batches_tell_the_same_as_one_go_and_keep_who_it_is(model, frame):
    batches = list(stream_reasons(model, frame, WORDS, rows=170))
    assert [len(one) for one in batches] == [170, 170, 170, 90]
    assert list(batches[0].columns) == ["customer_id", "as_of", "reasons"]
    pd.testing.assert_series_equal(pd.concat(batches)["reasons"], told_of(model, frame))


def test_a_family_is_added_up_and_told_once_by_what_raises_most():
    moved = pd.DataFrame({"in_30": [0.2, 0.5], "in_90": [0.3, -0.6], "fee": [0.4, 0.1]})
    values = pd.DataFrame({"in_30": [1, 2], "in_90": [4, 5], "fee": [79, 80]})
    families = {"in_30": "outages", "in_90": "outages"}
    told = tell_reasons(moved, values, say=lambda name, value: f"{name} {value}", families=families)
    assert told.tolist() == ["in_90 4; fee 79", "fee 80"]


def test_families_of_noise_are_told_at_most_once(model, frame):
    families = dict.fromkeys(NOISE, "noise")
    for reasons in told_of(model, frame, families=families, count=8):
        assert sum("noise" in reason for reason in reasons.split("; ")) <= 1


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
        (signal("count", of="billing"), 3.0, "contact about billing: 3 times in 60 days"),
        (signal("count", apart_from=("billing",)), 3.0, "other contact: 3 times in 60 days"),
        (signal("mean"), np.nan, "contact: none in 60 days"),
        (signal("worst"), 1.0, "waited up to 1 minute in 60 days"),
        (signal("broken"), 2.0, "waited more than 10 minutes, 2 times in 60 days"),
        (signal("days_since", "events", of="outage"), 1.0, "outage: 1 day since the last"),
        (signal("days_since", "events", of="outage"), np.nan, "outage: none in 60 days"),
        (signal("trend"), -2.0, "contact: 2 fewer in 60 days than in the 60 before"),
        (signal("trend"), 0.0, "contact: as many in 60 days as in the 60 before"),
        (signal("last", "surveys"), 3.0, "NPS: last score 3"),
        (signal("last", "surveys"), np.nan, "NPS: no score so far"),
        (signal("change", "surveys"), -4.0, "NPS: 4 lower than before"),
        (signal("sum_trend", "transactions"), -120.0, "spent 120 less in 60 days than in the 60 before"),
        (signal("refunds", "transactions"), 1.0, "refund: once in 60 days"),
    ],
)
def test_figures_are_told_as_people_say_them(one, value, expected):
    assert ReasonWords("en", [one]).say("it", value) == expected


@pytest.mark.parametrize(
    ("feature", "value", "expected"),
    [
        ("bound_days_left", -20.0, "binding ended 20 days ago"),
        ("bound_days_left", 1.0, "bound for 1 more day"),
        ("bound_days_left", np.nan, "no binding"),
        ("months_since_bound", np.nan, "still bound, or never was"),
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
    words = ReasonWords("sv", [outages], {"outage": "avbrott"}, number=comma)
    assert words.say("it", 2.5) == "avbrott: 2,5 totalt på 60 dagar"
    assert ReasonWords("sv", [outages], {"it": "avbrott hemma"}).say("it", 2.0) == "avbrott hemma: 2"
    assert ReasonWords("sv").say("paid", False) == "paid: nej"


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


def gaps_of(phrase):
    forms = phrase if isinstance(phrase, tuple) else (phrase,)
    return [{gap for _, gap, _, _ in string.Formatter().parse(form) if gap} for form in forms]


def test_a_language_without_phrases_is_refused():
    with pytest.raises(ValueError, match="no phrases in 'no'; there are in en, nb, da, sv"):
        ReasonWords("no")

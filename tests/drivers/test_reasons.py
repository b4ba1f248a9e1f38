"""A customer's reasons are that customer's own: its values, and what raised its odds, strongest first."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.drivers.reason_words import ReasonWords
from cxmodels.drivers.reasons import LEAST, stream_reasons, tell_reasons
from cxmodels.experience.signal import Signal
from tests.drivers.leavers import FEATURES, NOISE

SIGNALS = [Signal("outages", "events", "count", of="outage", days=90)]
WORDS = ReasonWords("en", SIGNALS)


def told_of(model, frame, words=WORDS, **settings):
    return pd.concat(stream_reasons(model, frame, words, **settings))["reasons"]


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


def test_no_reason_is_told_where_nothing_raises_the_odds_and_no_more_than_asked():
    moved = pd.DataFrame({"fee": [-0.4, 0.4, 0.01], "calls": [0.019, 0.3, 0.5]})
    values = pd.DataFrame({"fee": [10, 79, 20], "calls": [1, 2, 3]}, index=["Ann", "Bo", "Cy"])
    told = tell_reasons(moved, values, say=lambda name, value: f"{name} {value}", count=1)
    assert told.to_dict() == {"Ann": "", "Bo": "fee 79", "Cy": "calls 3"}
    with pytest.raises(ValueError, match="count is 0"):
        tell_reasons(moved, values, say=str, count=0)


def test_what_is_told_beside_a_reason_is_the_customer_s_own_value_too():
    moved = pd.DataFrame({"wait": [0.5] * 5, "calls": [0.0] * 5})
    values = pd.DataFrame({"wait": [14.0, 14.0, 9.0, np.nan, 14.0], "calls": [3.0, 1.0, 3.0, 0.0, 3.0]})
    asked = []

    def say(name, *told):
        asked.append(told)
        return f"{name}: {', '.join(f'{one:g}' for one in told)}"

    told = tell_reasons(moved, values, say=say, beside={"wait": "calls"})
    both = ["wait: 14, 3", "wait: 14, 1", "wait: 9, 3", "wait: nan, 0", "wait: 14, 3"]
    assert told.tolist() == both and len(asked) == 4
    alone = tell_reasons(moved, values[["wait"]], say=say, beside={"wait": "calls"})
    assert alone.tolist() == ["wait: 14", "wait: 14", "wait: 9", "wait: nan", "wait: 14"]

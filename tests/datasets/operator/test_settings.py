"""Settings that cannot be are refused, with what is wrong and what is allowed."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, replace
from datetime import date

import pytest

from cxmodels.datasets.operator import OperatorSettings
from cxmodels.datasets.operator.campaigns import Surveys, Treatments
from cxmodels.datasets.operator.coefficients import EventKind, Leaving, Service
from cxmodels.datasets.operator.settings import Money, People, Plan, Span


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: EventKind(rate=-0.1), r"EventKind\.rate is -0\.1; give a number of 0 or more"),
        (lambda: EventKind(rate=math.nan), r"EventKind\.rate is nan; give a number"),
        (lambda: EventKind(rate="much"), r"EventKind\.rate is 'much'; give a number"),
        (lambda: EventKind(rate=0.1, contact=1.5), r"contact is 1\.5; give a number from 0 to 1"),
        (lambda: Leaving(call_months=2.5), r"Leaving\.call_months is 2\.5; give a whole number of 1|from 1"),
        (lambda: Leaving(new_months=40), r"new_months is 40, not below long_months \(30\)"),
        (lambda: Service(wait_minutes=0), r"Service\.wait_minutes is 0"),
        (lambda: People(usage_loyalty=1.0), r"usage_loyalty is 1\.0; give a number from -0\.99 to 0\.99"),
        (lambda: People(bound_12=0.7, bound_24=0.7), r"add up to 1\.4; give at most 1"),
        (lambda: Span(start=date(2022, 1, 15)), r"Span\.start is 2022-01-15; give the first day of a month"),
        (lambda: Span(start="2022-01-01"), r"Span\.start is '2022-01-01'; give a day, such as date"),
        (lambda: Span(months=0), r"Span\.months is 0; give a whole number from 1"),
        (lambda: Span(months=239), "at most 240 in all"),
        (
            lambda: Treatments(trial_call=0.9),
            r"add up to 1\.3; give each more than 0, and together less than 1",
        ),
        (lambda: Surveys(scales={}), r"Surveys\.scales has nothing; give a Scale\(…\) for each of nps"),
        (lambda: Money(refunded=True), r"Money\.refunded is True; give a number from 0 to 1"),
        (lambda: OperatorSettings(leaving=0.1), r"leaving is 0\.1; give Leaving\(…\)"),
        (lambda: OperatorSettings(plans=()), "give a tuple of one or more Plan"),
        (
            lambda: OperatorSettings(plans=(Plan(name="one", fee=1.0, cost=1.0, share=0.5),)),
            r"shares that add up to 0\.5; make them 1",
        ),
        (
            lambda: OperatorSettings(span=Span(months=12)),
            r"joining_months is 32, more than Span\.months \(12\)",
        ),
        (
            lambda: OperatorSettings(hidden_confounder=-1.0),
            "hidden_confounder is -1.0; give a number of 0 or",
        ),
    ],
)
def test_what_cannot_be_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_settings_are_frozen_and_changed_by_making_others():
    settings = OperatorSettings()
    with pytest.raises(FrozenInstanceError):
        settings.hidden_confounder = 1.0
    changed = replace(settings, leaving=replace(settings.leaving, mood=0.0))
    assert changed.leaving.mood == 0.0 != settings.leaving.mood
    assert hash(settings.leaving) == hash(OperatorSettings().leaving)

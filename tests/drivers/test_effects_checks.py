"""Each check of an effect, against figures that others have published and worlds whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxmodels.drivers.effects_checks import (
    Checked,
    Sensitivity,
    Strengths,
    before_its_cause,
    mark_of_customer,
    sensitivity,
)
from cxmodels.drivers.effects_estimate import Estimate, Residuals
from cxmodels.drivers.effects_rows import Places, take_away

FINE = Checked(
    estimate=Estimate(0.02, 0.002),
    linear=Estimate(0.019, 0.002),
    variance_left=0.8,
    customers=900.0,
    long_before=Estimate(0.001, 0.0008),
    before_its_cause=(0.02, 1.0),
    sensitivity=Sensitivity(robustness=0.02, strongest="usage", taken=0.004, e_value=1.8),
)


def places(rows: int) -> Places:
    return Places(np.arange(rows), np.arange(rows) % 3, np.arange(rows) % 3, ())


def verdict(checked: Checked, check: str, **how: object) -> tuple[bool | None, str]:
    found = next(one for one in checked.findings(**{"dated": True, **how}) if one.check == check)
    return found.passed, found.decides


def sensitivity_of(estimate: Estimate, *, rows: int, base: float = 0.1, typical: float = 1.0) -> Sensitivity:
    # residuals by which the estimate has its error: what is left does not go along with the driver
    driver = np.where(np.arange(rows) % 2, 1.0, -1.0)
    left = np.where(np.arange(rows) % 4 < 2, 1.0, -1.0) * estimate.error * np.sqrt(rows)
    found = Residuals(estimate.value * driver + left, driver, places(rows))
    none = pd.Series({"a": 0.01, "b": 0.04})
    return sensitivity(found, estimate, Strengths(none, none), base=base, typical=typical)


def test_the_robustness_value_is_the_published_one():
    # Cinelli & Hazlett 2020, table 1: the effect 0.097 with error 0.023 on 783 degrees of freedom: 13.9 %
    assert sensitivity_of(Estimate(0.0973, 0.02326), rows=783).robustness == pytest.approx(0.139, abs=5e-4)


def test_the_e_value_is_the_published_one():
    # VanderWeele & Ding 2017: a risk ratio of 3.9 needs 7.26
    assert sensitivity_of(Estimate(0.29, 0.01), rows=100).e_value == pytest.approx(7.26, abs=0.005)


def test_an_unseen_cause_as_strong_as_the_strongest_covariate_is_the_bound_of_omitted_variables():
    found = sensitivity_of(Estimate(0.1, 0.01), rows=400)
    odds = 0.04 / 0.96
    assert found.strongest == "b"
    unit = 0.01 * np.sqrt(400)  # standard deviation of what is left of leaving, over that of the driver
    assert found.taken == pytest.approx(unit * np.sqrt(odds * odds / (1 - odds)), rel=1e-9)


def test_the_driver_long_before_shows_the_bias_of_a_hidden_rate():
    rng = np.random.default_rng(2)
    rate = np.exp(0.6 * rng.normal(size=40_000))
    driver, then = rng.poisson(rate) * 1.0, rng.poisson(12 * rate) / 12.0
    outcome = 0.3 * rate + rng.normal(size=len(rate))  # the driver itself does nothing
    now, before = (
        Residuals(outcome - outcome.mean(), one - one.mean(), places(len(rate))) for one in (driver, then)
    )
    mark = mark_of_customer(now, before)
    assert mark.value == pytest.approx(now.estimate().value, abs=3 * now.estimate().error)
    assert mark.value > 0.08


def test_what_follows_a_driver_is_found_with_it_and_not_before():
    rng = np.random.default_rng(3)
    driver = rng.normal(size=5_000)
    found = Residuals(driver, driver, places(5_000))
    with_it = pd.DataFrame({"calls": driver + rng.normal(size=5_000)})
    before = pd.DataFrame({"calls": rng.normal(size=5_000)})
    share, z = before_its_cause(found, ["calls"], with_it, before)
    assert share < 0.05 and z < 3
    share, z = before_its_cause(found, ["calls"], with_it, with_it)
    assert share == pytest.approx(1.0) and z > 10
    assert np.isnan(before_its_cause(found, [], with_it, before)[0])


def test_what_differs_between_dates_does_not_hide_what_was_there_before():
    rng = np.random.default_rng(4)
    date = np.repeat(np.arange(10), 500)
    seen = Places(np.arange(5_000), np.zeros(5_000, int), np.zeros(5_000, int), (date,))
    driver = rng.normal(size=5_000)
    calls = pd.DataFrame({"calls": 0.1 * driver + rng.normal(size=5_000)})
    found = Residuals(driver, take_away(driver, seen), seen)
    _, calm = before_its_cause(found, ["calls"], calls, calls)
    _, stormy = before_its_cause(found, ["calls"], calls, calls.add(3.0 * rng.normal(size=10)[date], axis=0))
    assert stormy == pytest.approx(calm, rel=0.02) and calm > 4


def test_an_effect_that_is_fine_passes_every_check():
    assert all(one.passed for one in FINE.findings(dated=True, more="harms"))


@pytest.mark.parametrize(
    ("changed", "check", "passed", "decides"),
    [
        ({"estimate": Estimate(0.02, 0.01)}, "told apart from none", False, "adjusted"),
        ({"customers": 49.0}, "not a few customers", False, "adjusted"),
        ({"linear": Estimate(0.01, 0.002)}, "two learners", False, "adjusted"),
        ({"linear": Estimate(-0.02, 0.002)}, "two learners", False, "adjusted"),
        ({"long_before": Estimate(0.018, 0.001)}, "the same driver long before", False, "adjusted"),
        (
            {"long_before": Estimate(-0.009, 0.001)},
            "the same driver long before",
            False,
            "sensitivity-tested",
        ),
        (
            {"long_before": Estimate(0.003, 0.0008)},
            "the same driver long before",
            False,
            "sensitivity-tested",
        ),
        (
            {"long_before": Estimate(-0.003, 0.0008)},
            "the same driver long before",
            True,
            "sensitivity-tested",
        ),
        (
            {"estimate": Estimate(0.02, 0.007), "long_before": Estimate(0.009, 0.0058)},
            "the same driver long before",
            False,
            "adjusted",
        ),
        ({"long_before": Estimate(0.004, 0.010)}, "the same driver long before", False, "sensitivity-tested"),
        ({"long_before": Estimate(0.004, 0.002)}, "the same driver long before", False, "sensitivity-tested"),
        ({"long_before": None}, "the same driver long before", None, "sensitivity-tested"),
        ({"before_its_cause": (0.4, 9.0)}, "what follows it, before it", False, "sensitivity-tested"),
        ({"before_its_cause": (0.4, 1.0)}, "what follows it, before it", True, "sensitivity-tested"),
        ({"before_its_cause": (float("nan"), 0.0)}, "what follows it, before it", True, "sensitivity-tested"),
        (
            {"sensitivity": replace(FINE.sensitivity, taken=0.018)},
            "an unseen cause",
            False,
            "sensitivity-tested",
        ),
    ],
)
def test_each_check_fails_by_itself(changed, check, passed, decides):
    assert verdict(replace(FINE, **changed), check) == (passed, decides)


def test_an_effect_against_what_is_expected_is_left_to_an_experiment():
    assert verdict(FINE, "the way expected", more="helps") == (False, "sensitivity-tested")
    assert verdict(FINE, "the way expected", more="harms") == (True, "sensitivity-tested")


def test_where_leaving_is_silence_buying_is_no_lever_and_only_harm_outweighs_being_heard_of():
    helps = replace(FINE, estimate=Estimate(-0.02, 0.002))
    for one, sign, passed in (
        (FINE, "buying", False),
        (FINE, "after buying", True),
        (helps, "after buying", False),
    ):
        assert verdict(one, "a sign of life", sign_of_life=sign) == (passed, "adjusted")
    assert "a sign of life" not in {one.check for one in FINE.findings(dated=True)}


def test_a_driver_rests_on_as_many_customers_as_hold_its_variance():
    alike = Residuals(np.zeros(100), np.tile([1.0, -1.0], 50), places(100))
    one_large = Residuals(np.zeros(100), np.where(np.arange(100) == 7, 1e3, 0.1), places(100))
    assert alike.customers == pytest.approx(100)
    assert one_large.customers == pytest.approx(1, abs=0.01)


def test_without_dates_neither_order_can_be_looked_at():
    flat = replace(FINE, long_before=None, before_its_cause=(float("nan"), 0.0))
    assert verdict(flat, "the same driver long before", dated=False)[0] is None
    assert verdict(flat, "what follows it, before it", dated=False)[0] is None

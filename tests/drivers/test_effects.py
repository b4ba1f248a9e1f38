"""Effects are found where there are any, graded by what can be known, and missing where they have to be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxmodels.drivers.effects import EffectPlan, Effects, estimate_effects
from cxmodels.drivers.effects_panel import effect_rows
from cxmodels.drivers.effects_rows import EffectRows, flat_rows
from cxmodels.drivers.effects_trees import TreePlan
from cxmodels.study import DriverSettings, read_study
from cxmodels.tables import open_tables
from tests.drivers.worlds import World, dated_rows, subscribers

ROOT = Path(__file__).resolve().parents[2]

PLAN = EffectPlan(trees=TreePlan(rounds=40))
KNOWN = ["sales_calls", "interactions", "economy", "last_upgrade", "monthly_usage"]


def effect_of(rows: EffectRows, name: str = "faults") -> pd.Series:
    return estimate_effects(rows, plan=PLAN).table.set_index("driver").loc[name]


@pytest.fixture(scope="module")
def plain() -> Effects:
    return estimate_effects(dated_rows(World()), plan=PLAN)


@pytest.fixture(scope="module")
def retention() -> Effects:
    drivers = [
        DriverSettings(name="discount", table="snapshot", of="discount", after=KNOWN),
        DriverSettings(name="ad_spend", table="snapshot", of="ad_spend", after=KNOWN),
    ]
    return estimate_effects(flat_rows(subscribers(), drivers), plan=PLAN)


def test_a_known_effect_is_found_within_its_error(plain: Effects):
    found = plain.table.iloc[0]
    assert found["unit"] == pytest.approx(0.04, abs=3 * found["unit_error"])
    assert found["unit_error"] < 0.005


def test_it_is_found_where_a_trait_decides_much_of_the_driver():
    effects = estimate_effects(dated_rows(World(trait=1.0)), plan=PLAN)
    found = effects.table.iloc[0]
    assert found["unit"] == pytest.approx(0.04, abs=3 * found["unit_error"])
    assert found["unit_error"] < 0.004


def test_a_column_that_two_drivers_name_is_priced_once():
    rows = dated_rows(World())
    copy = rows.drivers[0].model_copy(update={"name": "again"})
    twice = replace(
        rows, drivers=(*rows.drivers, copy), values=rows.values.assign(again=rows.values["faults"])
    )
    found = estimate_effects(twice, plan=PLAN).table.set_index("driver")
    assert found.loc["again", "reasons"].startswith("It is the same as “faults” in every row")
    assert np.isnan(found.loc["again", "effect"]) and np.isfinite(found.loc["faults", "effect"])


def test_what_goes_along_with_the_trait_is_not_taken_for_an_effect():
    found = effect_of(dated_rows(World(effect=0.0)))
    rows = dated_rows(World(effect=0.0))
    assert np.corrcoef(rows.values["faults"], rows.left)[0, 1] < -0.02  # heavy users meet more, and stay
    assert abs(found["unit"]) < 3 * found["unit_error"]
    assert found["evidence"] == "association"


def test_an_effect_that_passes_every_check_is_sensitivity_tested(plain: Effects):
    assert plain.table["evidence"].tolist() == ["sensitivity-tested"]
    assert plain.checks["passed"].all()


def test_a_hidden_cause_of_both_is_seen_by_the_driver_long_before():
    effects = estimate_effects(dated_rows(World(effect=0.01, hidden=0.6)), plan=PLAN)
    assert effects.table["evidence"].tolist() == ["association"]
    assert "marks who the customer is" in effects.table["reasons"].iloc[0]


def test_an_effect_without_dates_is_adjusted_at_most():
    rows = dated_rows(World())
    driver = DriverSettings(name="faults", table="snapshot", of="faults", after=["trait"])
    table = rows.background.assign(
        customer_id=rows.customer_id, churned=rows.left, faults=rows.values["faults"]
    )
    found = effect_of(flat_rows(table, [driver]))
    assert found["evidence"] == "adjusted"
    assert "without dates" in found["reasons"]


def test_bugs_reported_come_out_without_effect():
    driver = DriverSettings(name="bugs_reported", table="snapshot", of="bugs_reported", after=KNOWN)
    found = [effect_of(flat_rows(subscribers(seed=one), [driver]), "bugs_reported") for one in range(1, 6)]
    # the bugs themselves, which are not in the table, do a little harm: one in five may be taken in by it
    assert sum(one["evidence"] != "association" for one in found) <= 1
    assert abs(np.mean([one["unit"] for one in found])) < 0.02


def test_advertising_that_follows_from_usage_and_upgrades_has_no_overlap(retention: Effects):
    found = retention.table.set_index("driver").loc["ad_spend"]
    assert np.isnan(found["effect"]) and found["evidence"] == "association"
    assert "no overlap" in found["reasons"]


def test_a_discount_for_those_with_least_need_is_adjusted_at_most(retention: Effects):
    found = retention.table.set_index("driver").loc["discount"]
    assert found["unit"] > 0  # it looks as if discounts drove customers away
    assert found["evidence"] in ("association", "adjusted")


def test_what_was_given_at_random_replaces_the_estimate_and_both_are_kept():
    driver = DriverSettings(name="faults", table="events", experiment="call", change="+1")
    found = effect_of(dated_rows(World(trial=-0.03), drivers=(driver,)))
    assert found["evidence"] == "experiment"
    assert found["unit"] == found["experiment"] == pytest.approx(-0.03, abs=3 * found["unit_error"])
    assert found["estimated"] > 0.02


def test_an_experiment_that_nobody_was_in_replaces_nothing():
    driver = DriverSettings(name="faults", table="events", experiment="gift")
    found = effect_of(dated_rows(World(), drivers=(driver,)))
    assert found["evidence"] == "sensitivity-tested" and np.isnan(found["experiment"])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: replace(rows, values=rows.values * 0.0), "It is 0 for everybody"),
        (lambda rows: replace(rows, left=rows.left * 0.0), "0 customers left; 50 are needed"),
        (lambda rows: replace(rows, background=rows.background[[]]), "Nothing is known that precedes it"),
        (
            lambda rows: replace(rows, background=rows.background.assign(same=rows.values["faults"])),
            "There is no overlap",
        ),
        (
            lambda rows: replace(rows, values=rows.values * (rows.values > 4)),
            "are needed to see what it does",
        ),
    ],
    ids=["constant", "few leavers", "nothing precedes", "decided by what precedes", "few touched"],
)
def test_what_cannot_be_estimated_is_said_and_has_no_effect(spoil, said: str):
    found = effect_of(spoil(dated_rows(World(customers=800))))
    assert said in found["reasons"]
    assert found["evidence"] == "association"
    assert found[["unit", "effect", "low", "high", "effect_all"]].isna().all()


def test_a_relative_change_reaches_those_who_have_any():
    driver = DriverSettings(name="faults", table="events", change="-30 %")
    found = effect_of(dated_rows(World(), drivers=(driver,)))
    assert found["effect_all"] == pytest.approx(-0.3 * found["unit"] * found["mean"])
    assert found["effect"] == pytest.approx(found["effect_all"] / found["touched"])
    assert found["low"] < found["effect"] < found["high"] < 0


def test_an_effect_that_changes_sign_is_found_by_segment():
    rows = dated_rows(World(effect=0.0, trait=0.0))
    rng = np.random.default_rng(5)
    long = rng.random(len(rows)) < 0.5
    chance = 0.2 + np.where(long, -0.06, 0.06) * np.minimum(rows.values["faults"], 3)
    tenure = pd.Categorical(np.where(long, "long", "new"))
    some = replace(
        rows,
        left=(rng.random(len(rows)) < chance).astype(float),
        segments=pd.DataFrame({"tenure": tenure}),
    )
    effects = estimate_effects(some, plan=PLAN)
    assert abs(effects.table["unit"].iloc[0]) < 0.02
    signs = effects.changing_sign().set_index("segment")["effect"]
    assert signs["long"] < -0.04 and signs["new"] > 0.04


def test_the_same_rows_give_the_same_effects(plain: Effects):
    again = estimate_effects(dated_rows(World()), plan=PLAN)
    pd.testing.assert_frame_equal(again.table, plain.table)


def test_folds_that_leave_nobody_to_learn_from_are_refused():
    with pytest.raises(ValueError, match="give 2 or more"):
        EffectPlan(folds=1)


def test_beside_the_effect_stands_what_a_plain_comparison_says():
    rng = np.random.default_rng(12)
    usage = rng.normal(size=4_000)
    faults = rng.poisson(np.exp(0.6 * usage)).astype(float)
    left = (rng.random(4_000) < np.clip(0.3 - 0.12 * usage + 0.02 * faults, 0, 1)).astype(float)
    table = pd.DataFrame(
        {"customer_id": np.arange(4_000).astype(str), "churned": left, "usage": usage, "faults": faults}
    )
    driver = DriverSettings(name="faults", table="snapshot", of="faults", after=["usage"])
    (found,) = estimate_effects(flat_rows(table, [driver])).table.to_dict("records")
    slope = np.cov(faults, left)[0, 1] / faults.var(ddof=1)
    assert found["alone"] == pytest.approx(-slope)
    # heavy users meet more faults and leave less: one fault less looks as if it made them leave
    assert found["alone"] > 0 > found["effect"]


@pytest.mark.parametrize(
    ("statistic", "effect", "lever"),
    [("count", 0.04, False), ("refunds", 0.04, True), ("refunds", -0.04, False)],
)
def test_where_leaving_is_silence_what_only_buyers_have_is_no_lever_unless_it_harms(statistic, effect, lever):
    one = DriverSettings(name="faults", table="transactions", statistic=statistic)
    rows = dated_rows(World(effect=effect, base=0.3), drivers=(one,))
    under_contract, silent = (
        estimate_effects(replace(rows, silence=silence), plan=PLAN).evidence["faults"]
        for silence in (False, True)
    )
    assert under_contract.may_carry_money
    assert silent.may_carry_money == lever


@pytest.mark.slow
def test_nothing_in_the_invoices_of_a_shop_is_more_than_an_association_with_lapsing(data_set):
    data_set("online-retail")
    study = read_study(ROOT / "data" / "online-retail")
    found = estimate_effects(effect_rows(open_tables(study), study)).table.set_index("driver")
    assert found["evidence"].eq("association").all()
    # who buys much gives much back: most of the plain comparison is that
    given_back = found.loc["cancellations"]
    assert 0 < given_back["high"] < 0.5 * given_back["alone"]
    assert "as few as 3 customers" in found.loc["refunded", "reasons"]

"""The truth is true: it agrees with what happens, and re-runs change only what they are told to change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.operator import simulate_operator
from cxmodels.datasets.operator.levers import LEVERS

AS_OF = date(2024, 6, 30)
END = date(2024, 12, 31)


@pytest.fixture(scope="module")
def treated(nordtel):
    """Of half the customers: every occasion is run again under every action."""
    return simulate_operator(nordtel.customers // 2, seed=nordtel.seed).truth.treatment_effects()


def left_within(nordtel, customers, day, *, months=6):
    ends = nordtel.tables["contracts"].set_index("customer_id").end_date.loc[customers]
    return (ends <= pd.Timestamp(day) + pd.offsets.MonthEnd(months)).to_numpy()


def test_as_many_leave_as_the_truth_says(nordtel):
    """In each fifth of the risk, within the standard error of so many flips of a coin."""
    for day in (date(2022, 12, 31), date(2023, 12, 31), AS_OF):
        p = 1 - nordtel.truth.survival(day).iloc[:, 5]
        left = left_within(nordtel, p.index, day)
        for part in np.array_split(np.argsort(p.to_numpy()), 5):
            risk = p.to_numpy()[part]
            assert abs(left[part].sum() - risk.sum()) < 3.5 * np.sqrt((risk * (1 - risk)).sum())


def test_who_is_under_contract_is_what_the_table_says(nordtel):
    contracts = nordtel.tables["contracts"]
    day = pd.Timestamp(AS_OF)
    here = contracts[(contracts.start_date <= day) & ~(contracts.end_date <= day)]
    assert list(nordtel.truth.survival(AS_OF).index) == list(here.customer_id)


def test_survival_falls_and_is_a_probability(nordtel):
    curve = nordtel.truth.survival(AS_OF).to_numpy()
    assert ((curve > 0) & (curve <= 1)).all()
    assert (np.diff(curve, axis=1) <= 0).all()
    assert curve.shape[1] == 6 + nordtel.settings.span.follow_months


def test_value_is_the_margin_that_comes_in(nordtel):
    value = nordtel.truth.value(AS_OF, horizon_months=6, discount_rate=0.0)
    rows = nordtel.tables["transactions"]
    later = rows[rows.timestamp >= pd.Timestamp(AS_OF) + pd.Timedelta(days=1)]
    margin = later.groupby("customer_id").margin.sum().reindex(value.index).fillna(0.0)
    off = margin - value
    assert abs(off.mean()) < 3.5 * off.std() / np.sqrt(len(off))
    assert off.std() < margin.std()


def test_a_discount_rate_lowers_value(nordtel):
    plain, discounted = (nordtel.truth.value(AS_OF, discount_rate=rate) for rate in (0.0, 0.2))
    assert 0.85 < discounted.sum() / plain.sum() < 0.95


@pytest.mark.parametrize("lever", LEVERS)
def test_no_change_changes_nothing(nordtel, lever):
    table = nordtel.truth.effect_of(lever, 0.0, since=AS_OF, horizon_months=3).table
    assert (table.p_leave == table.p_leave_changed).all()
    assert (table.value == table.value_changed).all()


@pytest.mark.parametrize(
    ("lever", "change"),
    [
        ("outages", -0.5),
        ("billing_errors", -0.5),
        ("late_deliveries", -0.5),
        ("self_service_failures", -0.5),
        ("waits", -0.5),
        ("unresolved", -0.5),
        ("price", -0.05),
    ],
)
def test_less_of_what_hurts_keeps_customers(nordtel, lever, change):
    better = nordtel.truth.effect_of(lever, change, since=date(2023, 12, 31))
    worse = nordtel.truth.effect_of(lever, -change, since=date(2023, 12, 31))
    assert better.mean < 0 < worse.mean
    # a better month may bring an offer less, or forestall a helpful contact, but that is rare
    assert (better.table.effect > 1e-3).mean() < 0.05


def test_heavy_users_meet_more_outages_and_stay_so_outages_look_harmless(nordtel, counted):
    """What is seen and what is true have opposite signs: the trap of usage and loyalty."""
    frame = counted("outage")
    seen = np.corrcoef(frame.events, frame.left)[0, 1]
    assert seen < 0
    assert nordtel.truth.effect_of("outages", 1.0, since=AS_OF).mean > 0.01


def test_among_customers_alike_outages_go_with_leaving(nordtel, counted):
    """Within narrow groups of usage and loyalty, which no company sees, the sign is right again."""
    frame = counted("outage").join(nordtel.truth.people)
    alike = [pd.qcut(frame[trait], 8, labels=False) for trait in ("usage", "loyalty")]
    within = frame[["events", "left"]].astype(float)
    within = within - within.groupby(alike).transform("mean")
    slope = (within.events * within.left).sum() / (within.events**2).sum()
    error = np.sqrt((within.left - slope * within.events).var() / (within.events**2).sum())
    assert slope > 2 * error


def test_the_effect_is_what_happens_where_the_rate_is_really_halved(nordtel):
    """The tables of an operator with half the outages, customer by customer, against the truth."""
    settings = nordtel.settings
    outage = replace(settings.events.outage, rate=settings.events.outage.rate / 2)
    calm = replace(settings, events=replace(settings.events, outage=outage))
    other = simulate_operator(nordtel.customers, settings=calm, seed=nordtel.seed).tables["contracts"]
    effect = nordtel.truth.effect_of("outages", -0.5, since=date(2022, 1, 31), horizon_months=35)
    left, would = (
        contracts.set_index("customer_id").end_date.notna().loc[effect.table.index].astype(float)
        for contracts in (nordtel.tables["contracts"], other)
    )
    change = would - left
    assert abs(change.mean() - effect.mean) < 3 * change.std() / np.sqrt(len(change))
    assert change.mean() < -2 * change.std() / np.sqrt(len(change))


def test_app_logins_go_with_staying_and_do_nothing(nordtel, counted):
    frame = counted("app_login")
    assert np.corrcoef(frame.events, frame.left)[0, 1] < -4 / np.sqrt(len(frame))
    for change in (-1.0, 1.0):
        effect = nordtel.truth.effect_of("app_logins", change, since=AS_OF)
        assert (effect.table.effect == 0).all()
        assert effect.value == 0


def test_a_login_more_or_less_reshuffles_nothing_else(nordtel):
    settings = nordtel.settings
    without = replace(settings.events, app_login=replace(settings.events.app_login, rate=0.0))
    tables = simulate_operator(300, settings=replace(settings, events=without), seed=7).tables
    usual = simulate_operator(300, seed=7).tables
    for name in ("transactions", "contracts", "contacts", "surveys", "treatments"):
        assert tables[name].equals(usual[name])
    events = usual["events"].query("kind != 'app_login'")
    assert tables["events"].equals(events.reset_index(drop=True))


def test_calls_drive_new_customers_away_and_keep_those_of_long_standing(nordtel):
    start = nordtel.tables["contracts"].set_index("customer_id").start_date
    table = nordtel.truth.effect_of("proactive_calls", 2.0, since=AS_OF, horizon_months=6).table
    tenure = (pd.Timestamp(AS_OF) - start.loc[table.index]).dt.days / 30.4
    assert table.effect[tenure < 6].mean() > 0
    assert table.effect[tenure > 30].mean() < 0


def test_contacts_and_waits_lie_between_faults_and_leaving(nordtel):
    """Without the way over contacts, outages do less; what is left is their direct effect."""
    settings = nordtel.settings
    deaf = replace(settings.service, wait_impact=0.0, unresolved_impact=0.0, resolved_lift=0.0)
    total = nordtel.truth.effect_of("outages", 1.0, since=AS_OF).mean
    direct = simulate_operator(nordtel.customers, settings=replace(settings, service=deaf), seed=7).truth
    assert 0 < direct.effect_of("outages", 1.0, since=AS_OF).mean < 0.9 * total


def test_a_change_ends_when_it_is_said_to(nordtel):
    ended = nordtel.truth.effect_of("outages", -1.0, since=date(2023, 12, 31), until=date(2024, 2, 29))
    lasts = nordtel.truth.effect_of("outages", -1.0, since=date(2023, 12, 31))
    assert lasts.mean < ended.mean < 0


def test_trial_arms_are_alike(nordtel):
    """Hidden traits do not differ between arms, by an F test of each that would fail once in 10,000."""
    from scipy.stats import f_oneway

    trial = nordtel.tables["treatments"].query("assignment == 'random'")
    people = nordtel.truth.people.loc[trial.customer_id]
    for trait in ("usage", "loyalty", "sensitivity"):
        arms = [people[trait][(trial.action == action).to_numpy()] for action in trial.action.unique()]
        assert f_oneway(*arms).pvalue > 1e-4


def test_trial_propensities_are_the_shares_of_the_arms(nordtel):
    trial = nordtel.tables["treatments"].query("assignment == 'random'")
    for _, arm in trial.groupby("action"):
        p = arm.propensity.iloc[0]
        assert (arm.propensity == p).all()
        assert abs(len(arm) / len(trial) - p) < 4 * np.sqrt(p * (1 - p) / len(trial))


def test_targeted_propensities_are_calibrated(nordtel):
    targeted = nordtel.tables["treatments"].query("assignment == 'targeted'")
    given = targeted.action == "discount"
    p = targeted.propensity.where(given, 1 - targeted.propensity)
    assert ((p > 0) & (p < 1)).all()
    for _, part in targeted.groupby(pd.qcut(p, 4)):
        chance = p.loc[part.index]
        assert abs(given.loc[part.index].sum() - chance.sum()) < 4 * np.sqrt((chance * (1 - chance)).sum())


@pytest.mark.parametrize("action", ["discount", "call", "upgrade"])
def test_individual_effects_add_up_to_what_the_trial_shows(nordtel, treated, action):
    """Leaving in the six months after that of the treatment, arm against arm, among those who stayed."""
    ends = nordtel.tables["contracts"].set_index("customer_id").end_date
    trial = treated.query("assignment == 'random' and timestamp < '2024-06-01'")
    month_end = trial.timestamp.dt.normalize() + pd.offsets.MonthEnd(0)
    end = ends.loc[trial.customer_id].set_axis(trial.index)
    stayed = ~(end <= month_end)
    left = (end <= month_end + pd.offsets.MonthEnd(6))[stayed].astype(float)
    arm, nothing = (left[trial.action[stayed] == name] for name in (action, "nothing"))
    shown = arm.mean() - nothing.mean()
    error = np.sqrt(arm.var() / len(arm) + nothing.var() / len(nothing))
    assert abs(shown - trial[f"effect_{action}"][stayed].mean()) < 3.5 * error


def test_every_treatment_in_the_table_has_its_effects(nordtel, treated):
    table = nordtel.tables["treatments"].query("customer_id < 'N0003000'")
    assert len(treated) == len(table)
    key = ["customer_id", "timestamp", "action"]
    assert (
        treated[key]
        .sort_values(key)
        .reset_index(drop=True)
        .equals(table[key].sort_values(key).reset_index(drop=True).astype(treated[key].dtypes.to_dict()))
    )
    assert (treated.effect_discount < 0).mean() > 0.9
    assert 0.1 < (treated.effect_call > 0).mean() < 0.9
    assert treated.value_discount.mean() < 0 < treated.value_upgrade.mean()


def test_what_cannot_be_asked_is_said(nordtel):
    truth = nordtel.truth
    with pytest.raises(ValueError, match=r"no lever 'outage'; did you mean 'outages'"):
        truth.effect_of("outage", -0.5)
    with pytest.raises(ValueError, match="change is -2"):
        truth.effect_of("outages", -2)
    with pytest.raises(ValueError, match=r"2024-06-15 is no date.*last day of a month"):
        truth.survival(date(2024, 6, 15))
    with pytest.raises(ValueError, match="2030-06-30 is no date"):
        truth.survival(date(2030, 6, 30))
    with pytest.raises(ValueError, match=r"horizon_months is 13; give 1 to 12.*follow_months"):
        truth.value(END, horizon_months=13)

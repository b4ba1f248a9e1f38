"""What customers under contract are worth: against the truth of the simulated operator, and bad input."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.operator import simulate_operator
from cxmodels.study import ValueSettings
from cxmodels.value.contract_months import shift_months
from cxmodels.value.contract_value import value_contracts

AS_OF = date(2024, 6, 30)
SETTINGS = ValueSettings(unit="month", discount_rate=0.10, horizon_days=365, draws=400, seed=1)
FAULTS = ("outage", "billing_error", "app_login")


def features(tables, days):
    """Count a few kinds of events, contacts, and what is known of the customer, at each date."""
    customers = tables["customers"].set_index("customer_id")
    parts = []
    for day in map(pd.Timestamp, days):
        contracts = tables["contracts"]
        here = contracts[(contracts.start_date <= day) & ~(contracts.end_date <= day)].customer_id
        known = customers.reindex(here)
        frame = pd.DataFrame({"customer_id": here.to_numpy(), "as_of": day})
        frame["monthly_gb"], frame["products"] = known.monthly_gb.to_numpy(), known.products.to_numpy()
        frame["region"] = known.region.to_numpy()
        for kind in FAULTS:
            frame[kind] = _count(tables["events"].query("kind == @kind"), here, day)
        asked = tables["contacts"].query("reason != 'cancellation'")
        frame["contacts"] = _count(asked, here, day)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True).astype({"region": "category"})


def _count(rows, customers, day):
    after = day + pd.Timedelta(days=1)
    seen = rows[(rows.recorded_at < after) & (rows.timestamp >= after - pd.Timedelta(days=120))]
    return seen.groupby("customer_id").size().reindex(customers).fillna(0.0).to_numpy()


def valued(operator, *, back, refits=2):
    tables = operator.tables
    frame = features(tables, [shift_months(AS_OF, -months) for months in back])
    log = ibis.memtable(tables["transactions"])
    return value_contracts(frame, tables["contracts"], log, as_of=AS_OF, settings=SETTINGS, refits=refits)


@pytest.fixture(scope="module")
def operator():
    return simulate_operator(3_000, seed=11)


@pytest.fixture(scope="module")
def result(operator):
    return valued(operator, back=(0, 4, 8, 12, 16))


def outcomes(truth, customers, *, draws, seed=1):
    """Draw what customers bring in a year, from the true hazards and margins; shape (draws, customers)."""
    first = list(truth.hazards.columns).index(pd.Timestamp("2024-07-01"))
    hazard, margin = (
        table.reindex(customers).to_numpy(dtype=float)[:, first : first + 12]
        for table in (truth.hazards, truth.margins)
    )
    rng, discount = np.random.default_rng(seed), 1.1 ** -((np.arange(12) + 0.5) / 12)
    came = []
    for _ in range(draws):
        stays = np.cumprod(rng.random(hazard.shape) >= hazard, axis=1)
        there = np.hstack((np.ones((len(hazard), 1)), stays[:, :-1]))
        came.append((there * margin * discount).sum(axis=1))
    return np.array(came)


def check_against_truth(value, truth, *, total, slope):
    """Hold values to the truth: total, by decile of the value, and how often outcomes lie in intervals."""
    table = value.table.set_index("customer_id")
    true = truth.value(AS_OF, horizon_months=12).reindex(table.index)
    assert table["clv"].sum() == pytest.approx(true.sum(), rel=total)
    whole = value.totals().iloc[0]
    assert whole["low"] < true.sum() < whole["high"]
    decile = pd.qcut(table["clv"], 10, labels=False)
    said, is_so = table["clv"].groupby(decile).mean(), true.groupby(decile).mean()
    error = (true - table["clv"]).groupby(decile).std() / np.sqrt(len(table) / 10)
    # beside chance within a decile, all of them share the error of the total
    assert (np.abs(said - is_so) < 3.5 * error + total * is_so.abs()).all()
    assert np.polyfit(said, is_so, 1)[0] == pytest.approx(1.0, abs=slope)
    came = outcomes(truth, table.index, draws=10)
    inside = (came >= table["clv_low"].to_numpy()) & (came <= table["clv_high"].to_numpy())
    assert 0.85 < inside.mean() < 0.95


def test_values_intervals_and_totals_are_those_of_the_truth(operator, result):
    check_against_truth(result, operator.truth, total=0.05, slope=0.08)


@pytest.mark.slow
def test_twenty_thousand_customers_are_valued_within_five_per_cent():
    operator = simulate_operator(20_000, seed=3)
    value = valued(operator, back=range(0, 25, 3), refits=4)
    check_against_truth(value, operator.truth, total=0.03, slope=0.05)
    assert value.hazard.check.set_index("way")["log_loss"].idxmin() == "hazard"


def test_the_hazard_foretold_leaving_better_than_simpler_ways(result):
    loss = result.hazard.check.set_index("way")["log_loss"]
    assert loss["hazard"] < min(loss["cohort"], loss["sBG"], loss["cohort rate"])


def test_each_customer_is_told_apart_better_than_by_retention_and_mean_margin(operator, result):
    table = result.table.set_index("customer_id")
    true = operator.truth.value(AS_OF, horizon_months=12).reindex(table.index)
    plan = operator.tables["contracts"].set_index("customer_id")["plan"].reindex(table.index)
    rival = table["clv"].groupby(plan).transform("mean")  # one rate, and one margin, a plan
    assert (table["clv"] - true).abs().mean() < 0.5 * (rival - true).abs().mean()


def test_value_at_risk_is_what_leaving_now_would_lose(result):
    table = result.table
    assert (table["value_at_risk"] == table["clv"] * table["p_leave"]).all()
    assert table["p_leave"].to_numpy() == pytest.approx(1 - result.survival[3].to_numpy(), abs=1e-6)
    assert table["p_leave"].between(0, 1).all()
    assert (table["clv_low"] <= table["clv"]).all()
    assert (table["clv"] <= table["clv_high"]).all()


def test_customers_who_cost_more_than_they_bring_are_worth_less_than_nothing(operator, result):
    table = result.table.set_index("customer_id")
    costly = table["margin"] < -20
    assert costly.sum() > 10
    assert (table.loc[costly, "clv"] < 0).all()
    true = operator.truth.value(AS_OF, horizon_months=12).reindex(table.index)
    assert (true[costly] < 0).mean() > 0.8


def test_groups_add_up_to_the_whole(operator, result):
    value = result
    plan = operator.tables["contracts"].set_index("customer_id")["plan"]
    groups = plan.reindex(value.table["customer_id"]).reset_index(drop=True)
    parts, whole = value.totals(groups), value.totals().iloc[0]
    for name in ("customers", "clv", "value_at_risk"):
        assert parts[name].sum() == pytest.approx(whole[name])
    # chance evens out over groups; what all share does not
    assert parts["outcome_width"].sum() > 1.5 * whole["outcome_width"]
    assert parts["parameter_width"].sum() < 2.0 * whole["parameter_width"]
    assert (parts["low"] < parts["clv"]).all()


@pytest.fixture(scope="module")
def few(operator):
    """Return two hundred customers, of whom hardly anybody leaves; the fee is all that is known."""
    contracts = operator.tables["contracts"].query("end_date.isna() and start_date < '2024-03-01'").head(200)
    frame = pd.DataFrame({"customer_id": contracts["customer_id"], "as_of": pd.Timestamp("2024-03-31")})
    return frame, contracts


def test_without_leavers_and_transactions_there_is_still_a_value(few):
    frame, contracts = few
    settings = SETTINGS.model_copy(update={"margin": (0.2, 0.4)})
    value = value_contracts(frame, contracts, as_of=AS_OF, settings=settings)
    assert value.hazard.source == "pooled rate"
    assert value.notes[-1] == "200 customers have no features on 2024-06-30: their contract alone speaks."
    fee = contracts.set_index("customer_id")["monthly_fee"].reindex(value.table["customer_id"]).to_numpy()
    assert value.table["margin"].to_numpy() == pytest.approx(0.3 * fee)
    year = (1.1 ** -((np.arange(12) + 0.5) / 12)).sum()
    assert value.table["clv"].to_numpy() == pytest.approx(0.3 * fee * year, rel=0.03)
    whole = value.totals().iloc[0]
    # a third up or down, as one: a uniform range's standard deviation is its half-width over √3
    assert whole["high"] / whole["clv"] - 1 == pytest.approx(1.645 / 3 / np.sqrt(3), abs=0.02)


def test_no_fee_is_no_value(few):
    frame, contracts = few
    value = value_contracts(frame, contracts.assign(monthly_fee=0.0), as_of=AS_OF, settings=SETTINGS)
    assert (value.table[["clv", "clv_low", "clv_high", "value_at_risk"]] == 0).all(axis=None)


def test_contracts_that_start_after_as_of_are_not_valued(few):
    frame, contracts = few
    later = contracts.assign(
        start_date=contracts["start_date"].mask(np.arange(200) < 50, pd.Timestamp("2024-08-01"))
    )
    value = value_contracts(frame, later, as_of=AS_OF, settings=SETTINGS)
    assert value.table["customer_id"].tolist() == contracts["customer_id"].iloc[50:].tolist()


@pytest.mark.parametrize("wrong", [{"refits": 1}, {"leave_months": 0}])
def test_numbers_out_of_range_are_refused(few, wrong):
    with pytest.raises(ValueError, match="give 2 refits or more, and 1 month or more"):
        value_contracts(*few, as_of=AS_OF, settings=SETTINGS, **wrong)

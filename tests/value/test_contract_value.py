"""What customers under contract are worth: against the truth of the simulated operator, and bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.contracts import AS_OF, SETTINGS, by_tenth, share_inside, value_operator
from cxmodels.datasets.operator import simulate_operator
from cxmodels.value.contract_value import value_contracts


@pytest.fixture(scope="module")
def operator():
    return simulate_operator(3_000, seed=11)


@pytest.fixture(scope="module")
def result(operator):
    return value_operator(operator, back=(0, 4, 8, 12, 16), refits=2)


def check_against_truth(value, truth, *, total, slope):
    """Hold values to the truth: total, by decile of the value, and how often outcomes lie in intervals."""
    table = value.table.set_index("customer_id")
    true = truth.value(AS_OF, horizon_months=12).reindex(table.index)
    assert table["clv"].sum() == pytest.approx(true.sum(), rel=total)
    whole = value.totals().iloc[0]
    assert whole["low"] < true.sum() < whole["high"]
    tenths = by_tenth(value, truth)
    # beside chance within a tenth, all of them share the error of the total
    assert (tenths["off"].abs() < 3.5 * tenths["error"] + total * tenths["true"].abs()).all()
    assert np.polyfit(tenths["said"], tenths["true"], 1)[0] == pytest.approx(1.0, abs=slope)
    assert 0.85 < share_inside(value, truth) < 0.95


def test_values_intervals_and_totals_are_those_of_the_truth(operator, result):
    check_against_truth(result, operator.truth, total=0.05, slope=0.08)


@pytest.mark.slow
def test_twenty_thousand_customers_are_valued_within_five_per_cent():
    operator = simulate_operator(20_000, seed=3)
    value = value_operator(operator, refits=4)
    check_against_truth(value, operator.truth, total=0.05, slope=0.05)
    assert value.hazard.check.set_index("way")["log_loss"].idxmin() == "hazard"


def test_the_hazard_foretold_leaving_better_than_simpler_ways(result):
    check = result.hazard.check.set_index("way")
    assert check["log_loss"].idxmin() == "hazard"
    # some 300 customers left in the six months, and months differ
    assert check.loc["hazard", "expected"] == pytest.approx(check.loc["hazard", "leavers"], rel=0.25)


def test_each_customer_is_told_apart_better_than_by_retention_and_mean_margin(operator, result):
    table = result.table.set_index("customer_id")
    true = operator.truth.value(AS_OF, horizon_months=12).reindex(table.index)
    plan = operator.tables["contracts"].set_index("customer_id")["plan"].reindex(table.index)
    rival = table["clv"].groupby(plan).transform("mean")  # one rate, and one margin, a plan
    assert (table["clv"] - true).abs().mean() < 0.5 * (rival - true).abs().mean()


def test_who_is_there_at_the_end_survived_every_month(result):
    assert (result.survival.diff(axis=1).iloc[:, 1:] <= 0).all(axis=None)
    assert result.table["p_stay"].to_numpy() == pytest.approx(result.survival[12].to_numpy(), abs=1e-6)
    assert result.table["p_stay"].between(0, 1).all()


def test_each_value_lies_in_its_interval(result):
    table = result.table
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
    for name in ("customers", "clv"):
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
    assert (value.table[["clv", "clv_low", "clv_high"]] == 0).all(axis=None)


def test_contracts_that_start_after_as_of_are_not_valued(few):
    frame, contracts = few
    later = contracts.assign(
        start_date=contracts["start_date"].mask(np.arange(200) < 50, pd.Timestamp("2024-08-01"))
    )
    value = value_contracts(frame, later, as_of=AS_OF, settings=SETTINGS)
    assert value.table["customer_id"].tolist() == contracts["customer_id"].iloc[50:].tolist()


def test_a_horizon_of_less_than_a_month_has_a_value(few):
    settings = SETTINGS.model_copy(update={"horizon_days": 20, "discount_rate": 0.0})
    value = value_contracts(*few, as_of=AS_OF, settings=settings)
    fee = few[1].set_index("customer_id")["monthly_fee"].reindex(value.table["customer_id"]).to_numpy()
    assert value.table["clv"].to_numpy() == pytest.approx(fee * 20 / 30.4375, rel=0.03)


def test_one_refit_is_refused(few):
    with pytest.raises(ValueError, match="refits is 1; give 2 or more"):
        value_contracts(*few, as_of=AS_OF, settings=SETTINGS, refits=1)

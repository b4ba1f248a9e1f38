"""A customer's margin rate: their own record as far as it says something, else the base's."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.purchases import MarginTruth, PurchaseTruth, simulate_purchases, simulated_margins
from cxmodels.value.margins import margin_rates

AS_OF = date(2024, 1, 25)
CUSTOMERS = 2_000


def _log(**margin):
    truth = PurchaseTruth(days=390, joining_days=200, margin=MarginTruth(**margin))
    log = simulate_purchases(CUSTOMERS, truth=truth, seed=5)
    return log, simulated_margins(CUSTOMERS, truth=truth, seed=5)


def _rates(log, **kwargs):
    return margin_rates(ibis.memtable(log), as_of=AS_OF, **kwargs)


def _rows(customer, amounts, margins, *, first="2023-06-01"):
    days = pd.date_range(first, periods=len(amounts))
    return pd.DataFrame({"customer_id": customer, "timestamp": days, "amount": amounts, "margin": margins})


@pytest.fixture(scope="module")
def world():
    return _log(mean=0.2, spread=0.2, noise=0.4)


def test_shrunk_rates_are_nearer_to_the_truth_than_raw_and_pooled_ones(world):
    log, truth = world
    table = _rates(log).table
    true = truth.reindex(table.index)
    rivals = {
        "shrunk": table["rate"],
        "raw": table["margin"] / table["spend"],
        "pooled": log["margin"].sum() / log["amount"].sum(),
    }
    error = {name: np.sqrt(np.mean((rate - true) ** 2)) for name, rate in rivals.items()}
    assert error["shrunk"] < 0.85 * error["pooled"]
    assert error["shrunk"] < 0.75 * error["raw"]


def test_the_deviation_says_how_far_rates_fall_from_the_truth(world):
    log, truth = world
    table = _rates(log).table
    off = (table["rate"] - truth.reindex(table.index)) / table["deviation"]
    assert abs(off.mean()) < 4 / np.sqrt(len(off))
    # the error of the estimated variances beside that of the sample
    assert off.std() == pytest.approx(1.0, abs=4 / np.sqrt(2 * len(off)) + 0.03)


@pytest.mark.parametrize(("spread", "noise"), [(0.2, 0.4), (0.05, 0.2), (0.3, 0.05)])
def test_both_variances_are_those_of_the_truth(spread, noise):
    rates = _rates(_log(mean=0.3, spread=spread, noise=noise)[0])
    assert rates.between == pytest.approx(spread, rel=0.12)
    # on the smallest tenth of the days noise is smaller than assumed, and cents are rounded
    assert rates.within == pytest.approx(noise, rel=0.06)
    assert abs(rates.base_rate - 0.3) < 4 * rates.base_deviation


def test_customers_who_differ_by_chance_only_have_the_rate_of_the_base():
    log, _ = _log(mean=0.3, spread=0.0, noise=0.2)
    table = _rates(log).table
    assert table["rate"].std() < 0.1 * (table["margin"] / table["spend"]).std()


def test_one_purchase_moves_a_rate_less_than_many_of_the_same_rate(world):
    log, _ = world
    once = _rows("once", [30.0], [-30.0])
    often = _rows("often", [30.0] * 20, [-30.0] * 20)
    rates = _rates(pd.concat([log, once, often]))
    base = rates.base_rate
    assert base - 0.3 * (base + 1.0) < rates.table.loc["once", "rate"] < base
    assert -1.0 < rates.table.loc["often", "rate"] < -0.6
    assert rates.table.loc["once", "deviation"] > 2 * rates.table.loc["often", "deviation"]


def test_one_large_day_says_no_more_than_an_ordinary_one(world):
    log, _ = world
    large = _rates(pd.concat([log, _rows("large", [30_000.0, 30.0], [-30_000.0, 9.0])])).table
    ordinary = _rates(pd.concat([log, _rows("large", [30.0, 30.0], [-30.0, 9.0])])).table
    assert large.loc["large", "credibility"] < ordinary.loc["large", "credibility"]


def test_a_slip_of_the_decimal_point_changes_next_to_nothing_for_the_others(world):
    log, _ = world
    slip = _rows("slip", [20.0, 30.0], [6.0, -90_000.0])
    before, after = _rates(log), _rates(pd.concat([log, slip]))
    assert after.limited_days == 1
    assert after.base_rate == pytest.approx(before.base_rate, abs=before.base_deviation)
    others = after.table.drop(index="slip")
    assert np.abs(others["rate"] - before.table["rate"]).max() < 0.1 * before.between
    assert after.table.loc["slip", "margin"] == -89_994.0  # what came is not touched
    assert after.table.loc["slip", "rate"] > -4.0


def test_rates_below_zero_and_above_one_are_possible():
    log = pd.concat(
        [_rows(f"c{i}", [10.0] * 5, [share * 10.0] * 5) for i, share in enumerate((-1, 0.5, 1.4))]
    )
    assert _rates(log).table["rate"].tolist() == pytest.approx([-1.0, 0.5, 1.4])


def test_a_constant_margin_is_everybodys():
    log = pd.concat([_rows(f"c{i}", [10.0 + i, 7.0], [(10.0 + i) * 0.35, 7.0 * 0.35]) for i in range(30)])
    rates = _rates(log)
    assert rates.table["rate"].to_numpy() == pytest.approx(np.full(30, 0.35))
    assert rates.between == rates.within == 0.0


def test_one_customer_is_the_base():
    rates = _rates(_rows("a", [10.0, 30.0], [1.0, 9.0]))
    assert rates.table.loc["a", "rate"] == pytest.approx(0.25) == pytest.approx(rates.base_rate)


def test_one_time_buyers_only_have_the_rate_of_the_base():
    log = pd.concat([_rows(f"c{i}", [10.0], [float(i % 5)]) for i in range(50)])
    rates = _rates(log)
    assert rates.table["rate"].to_numpy() == pytest.approx(np.full(50, rates.base_rate))
    assert rates.base_deviation > 0


def test_who_gave_back_as_much_as_they_bought_has_the_rate_of_the_base(world):
    log, _ = world
    odd = [_rows("zero", [20.0, -20.0], [5.0, -9.0]), _rows("below", [10.0, -40.0], [3.0, -30.0])]
    free = _rows("free", [0.0, 0.0], [-5.0, -5.0])
    rates = _rates(pd.concat([log, *odd, free]))
    for name in ("zero", "below", "free"):
        assert rates.table.loc[name, "rate"] == rates.base_rate
        assert rates.table.loc[name, "credibility"] == 0.0
    assert np.isfinite(rates.table.to_numpy(dtype=float)).all()


def test_rows_that_state_no_margin_are_left_out_and_counted(world):
    log, _ = world
    holes = log.assign(margin=log["margin"].where(np.arange(len(log)) % 3 > 0))
    known = log[log["timestamp"] < "2024-01-26"]
    rates, without = _rates(holes), _rates(holes.dropna())
    assert (rates.rows, rates.stated_rows) == (
        len(known),
        int(holes.loc[known.index, "margin"].notna().sum()),
    )
    pd.testing.assert_frame_equal(rates.table, without.table)
    unknown = rates.of(pd.Series(["nobody", rates.table.index[0]]))
    assert unknown["stated"].tolist() == [False, True]
    assert unknown["rate"][0] == rates.base_rate
    assert unknown["deviation"][0] == pytest.approx(np.hypot(rates.between, rates.base_deviation))


def test_a_log_that_states_no_margin_teaches_nothing(world):
    log, _ = world
    assert _rates(log.assign(margin=np.nan)) is None
    assert _rates(_rows("a", [-10.0], [-4.0])) is None


def test_rows_after_the_date_and_before_the_history_do_not_matter(world):
    log, _ = world
    later = _rows("later", [10.0], [-9_000.0], first="2024-01-26")
    earlier = _rows("earlier", [10.0], [-9_000.0], first="2022-12-31")
    start = date(2023, 1, 1)
    wide = _rates(pd.concat([log, later, earlier]), history_start=start)
    pd.testing.assert_frame_equal(wide.table, _rates(log, history_start=start).table)

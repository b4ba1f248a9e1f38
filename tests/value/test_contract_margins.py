"""Margins a month: own months, the plan's mean, and the path of a year."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.study import ValueSettings
from cxmodels.value.contract_margins import monthly_margins

AS_OF = date(2024, 6, 30)
SETTINGS = ValueSettings(margin=(0.2, 0.4))


def customers(size, *, start=-60.0, fee=100.0, plan="p"):
    columns = {"customer_id": [f"{i:05d}" for i in range(size)], "risk_plan": plan, "risk_fee": fee}
    return pd.DataFrame({**columns, "risk_start_lead": start})


def log(grid, *, day=20):
    """Write a bill a customer and month: the last column is the month of AS_OF."""
    size, months = grid.shape
    month = np.datetime64("2024-06") - np.arange(months - 1, -1, -1)
    frame = pd.DataFrame(
        {
            "customer_id": np.repeat([f"{i:05d}" for i in range(size)], months),
            "timestamp": np.tile(month.astype("datetime64[D]") + day - 1, size).astype("datetime64[us]"),
            "margin": grid.ravel(),
        }
    )
    return frame.assign(amount=3 * frame["margin"])


def estimate(table, people, *, months=12, settings=SETTINGS, as_of=AS_OF):
    return monthly_margins(ibis.memtable(table), people, as_of=as_of, months=months, settings=settings)


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(2)
    level = rng.normal(50.0, 15.0, 3_000)
    return level, level[:, None] + rng.normal(0.0, 30.0, (3_000, 27))


def test_levels_lie_between_own_months_and_the_plan(drawn):
    level, grid = drawn
    found = estimate(log(grid), customers(3_000)).table
    credibility = 15**2 / (15**2 + 30**2 / 12)
    assert found["credibility"].mean() == pytest.approx(credibility, rel=0.05)
    off = found["level"] - level
    assert off.std() == pytest.approx(15 * np.sqrt(1 - credibility), rel=0.06)
    assert found["deviation"].mean() == pytest.approx(off.std(), rel=0.06)
    assert np.sqrt((found["noise"] ** 2).mean()) == pytest.approx(30.0, rel=0.05)
    assert np.abs(off).mean() < np.abs(grid[:, -12:].mean(axis=1) - level).mean()


def test_new_customers_have_their_plans_mean(drawn):
    _, grid = drawn
    people = customers(3_000)
    people.loc[0, ["risk_start_lead", "risk_plan"]] = [0.0, "p"]
    people.loc[1, ["risk_start_lead", "risk_plan"]] = [0.0, "unknown"]
    found = estimate(log(grid), people).table
    assert found["months"].iloc[:3].tolist() == [0.0, 0.0, 12.0]
    assert found["level"].iloc[:2].to_numpy() == pytest.approx([grid[:, -12:].mean()] * 2, abs=1.0)


def test_the_month_in_which_a_contract_began_does_not_count():
    grid = np.full((100, 27), 50.0)
    grid[0, -4:] = [0.0, 5.0, 50.0, 50.0]
    people = customers(100)
    people.loc[0, "risk_start_lead"] = -2.0
    assert estimate(log(grid), people).table["level"].iloc[0] == pytest.approx(50.0)


def test_a_rise_in_january_comes_again():
    grid = np.full((200, 30), 40.0)
    grid[:, -6:] += 5.0  # 5 % of the fee since January
    found = estimate(log(grid), customers(200))
    rise = found.path * 100.0
    # the level is the mean of twelve months, six of them before the rise
    assert rise[:6] == pytest.approx(np.zeros(6), abs=1e-9)
    assert rise[6:] == pytest.approx(np.full(6, 5.0), abs=1e-9)
    longer = estimate(log(grid), customers(200), months=18)
    assert longer.path[12:] * 100.0 == pytest.approx(np.full(6, 2.5), abs=1e-9)


def test_short_records_keep_the_level_and_say_so():
    found = estimate(log(np.full((200, 10), 40.0)), customers(200))
    assert (found.path == 0).all()
    assert any("Margins are known for 9 months" in note for note in found.notes)
    few = estimate(log(np.full((20, 30), 40.0)), customers(20))
    assert any("20 customers were there" in note for note in few.notes)


def test_nothing_after_as_of_is_read(drawn):
    _, grid = drawn
    table = log(grid[:300])
    later = table["timestamp"] > pd.Timestamp("2024-03-31 23:59")
    people, day = customers(300), date(2024, 3, 31)
    scrambled = table.assign(margin=table["margin"].mask(later, 9_999.0))
    one, other, gone = (estimate(t, people, as_of=day) for t in (table, scrambled, table[~later]))
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.table, gone.table)


def test_months_are_counted_from_the_day_of_as_of(drawn):
    _, grid = drawn
    people = customers(300)
    middle = estimate(log(grid[:300], day=10), people, as_of=date(2024, 6, 15)).table
    ends = estimate(log(grid[:300], day=10), people, as_of=AS_OF).table
    pd.testing.assert_frame_equal(middle, ends)


def test_rows_without_a_margin_count_at_the_rate_of_the_others():
    table = log(np.full((100, 27), 40.0))
    lacking = table["customer_id"] == "00000"
    own = ValueSettings()
    found = estimate(table.assign(margin=table["margin"].mask(lacking)), customers(100), settings=own)
    assert found.table["level"].iloc[0] == pytest.approx(40.0)
    assert found.notes[0].startswith("27 of 2,700 rows state no margin: they count at 33.3%")


@pytest.mark.parametrize("kept", [None, ["customer_id", "timestamp", "amount"]])
def test_without_margins_the_fee_brings_the_studys_share(kept):
    table = None if kept is None else ibis.memtable(log(np.full((9, 5), 40.0))[kept])
    people = customers(9, fee=np.linspace(0.0, 80.0, 9))
    found = monthly_margins(table, people, as_of=AS_OF, months=12, settings=SETTINGS)
    assert found.expected()[:, 5] == pytest.approx(0.3 * people["risk_fee"].to_numpy())
    assert found.spread == pytest.approx(1 / 3)
    assert "20% to 40%" in found.notes[0]

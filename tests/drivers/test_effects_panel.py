"""Rows for effects: what came before the window stays before it, and leaving is read after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.churn.dates import ShortHistory
from cxmodels.drivers.effects import estimate_effects
from cxmodels.drivers.effects_panel import PanelPlan, effect_rows
from cxmodels.drivers.effects_rows import EffectRows
from cxmodels.study import Study, read_study

HEAD = 'title = "Ours"\nas_of = 2024-06-30\ncurrency = "EUR"\n'
STUDY = f"""{HEAD}
[tables.contracts]
source = "contracts.csv"
[churn]
observation_days = 60
horizon_days = 30
return_days = 0
exclude = ["cancellation"]
[[drivers]]
name = "outages"
of = "outage"
[[drivers]]
name = "calls"
table = "contacts"
statistic = "first"
after = "outages"
[[drivers]]
name = "gifts"
table = "treatments"
of = "gift"
experiment = "gift"
change = "+1"
"""
DAY = pd.Timestamp("2024-05-31")


def study(folder: Path, text: str = STUDY) -> Study:
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return read_study(folder)


def at(*days: str) -> list[datetime]:
    return [datetime.fromisoformat(day) for day in days]


def tables(**changed: pd.DataFrame) -> dict[str, ibis.Table]:
    """Return the tables of four customers: one leaves, one stays, one joins late, one has left."""
    contracts = pd.DataFrame(
        {
            "customer_id": ["leaves", "stays", "joins", "left"],
            "start_date": at("2020-01-01", "2021-01-01", "2024-05-10", "2020-01-01"),
            "end_date": [*at("2024-06-20"), None, None, *at("2024-05-20")],
            "monthly_fee": [10.0, 20.0, 30.0, 40.0],
        }
    )
    events = pd.DataFrame(
        {
            "customer_id": ["leaves", "leaves", "leaves", "stays", "stays"],
            "timestamp": at("2024-05-05", "2024-05-31", "2024-04-20", "2024-06-01", "2022-12-01"),
            # one of the window is recorded after it has passed
            "recorded_at": at("2024-05-05", "2024-06-10", "2024-04-20", "2024-06-01", "2022-12-01"),
            "kind": "outage",
            "magnitude": [1.0, 2.0, 4.0, 8.0, 16.0],
        }
    )
    contacts = pd.DataFrame(
        {
            "customer_id": ["leaves", "leaves", "stays", "leaves", "stays"],
            "timestamp": at("2024-05-06", "2024-05-07", "2024-05-08", "2024-05-09", "2022-12-01"),
            "reason": ["outage", "outage", "outage", "cancellation", "outage"],
            "resolved": [False, True, True, True, True],
        }
    )
    treatments = pd.DataFrame(
        {
            "customer_id": ["stays", "leaves"],
            "timestamp": at("2024-05-15", "2024-05-15"),
            "action": ["gift", "nothing"],
            "propensity": [0.5, 0.4],
            "assignment": ["random", "targeted"],
        }
    )
    made = {"contracts": contracts, "events": events, "contacts": contacts, "treatments": treatments}
    return {name: ibis.memtable(frame) for name, frame in (made | changed).items()}


@pytest.fixture
def rows(tmp_path: Path) -> EffectRows:
    return effect_rows(tables(), study(tmp_path), plan=PanelPlan(most_dates=1))


def row(rows: EffectRows, customer: str) -> int:
    return int(np.flatnonzero((rows.customer_id == customer) & (rows.date == DAY))[0])


def test_who_was_there_before_the_window_and_after_it_is_looked_at(rows: EffectRows):
    assert sorted(rows.customer_id) == ["leaves", "stays"]
    assert rows.date.unique().tolist() == [DAY]
    assert rows.left[row(rows, "leaves")] == 1.0 and rows.left[row(rows, "stays")] == 0.0


def test_a_driver_is_what_happened_in_the_window_however_late_it_was_recorded(rows: EffectRows):
    assert rows.values["outages"].tolist() == [2.0, 0.0]
    assert rows.sizes["outages"].tolist() == [3.0, 0.0]


def test_first_contacts_leave_out_those_that_repeat_one_and_those_to_cancel(rows: EffectRows):
    assert rows.values["calls"].tolist() == [1.0, 1.0]


def test_the_background_knows_nothing_of_the_window(tmp_path: Path, rows: EffectRows):
    quiet = tables()["events"].filter(ibis._.timestamp < ibis.timestamp("2024-05-02"))
    after = tables()["events"].filter(ibis._.timestamp >= ibis.timestamp("2024-05-02")).mutate(magnitude=99.0)
    plan = PanelPlan(most_dates=1)
    other = effect_rows(tables() | {"events": quiet.union(after)}, study(tmp_path), plan=plan)
    pd.testing.assert_frame_equal(other.background, rows.background)
    assert rows.background["other_event_count_60d"].tolist() == [1.0, 0.0]  # of so few no kind stands alone
    assert rows.background["tenure_days"].max() < (DAY - pd.Timestamp("2020-01-01")).days


def test_only_what_was_given_at_random_is_a_trial(rows: EffectRows):
    action = rows.trial["action"]
    assert action[row(rows, "stays")] == "gift" and pd.isna(action[row(rows, "leaves")])
    assert rows.values["gifts"].tolist() == [0.0, 1.0]


def test_what_precedes_a_driver_is_the_background_and_what_the_study_names(rows: EffectRows):
    assert rows.covariates("outages") == list(rows.background.columns)
    assert rows.covariates("calls") == [*rows.background.columns, "outages", "outages (size)"]


def test_dates_lie_a_month_apart_up_to_the_most_rows(tmp_path: Path):
    dates = effect_rows(tables(), study(tmp_path), plan=PanelPlan(most_dates=4)).date.unique()
    assert [str(day)[:10] for day in dates] == ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]
    few = effect_rows(tables(), study(tmp_path), plan=PanelPlan(most_rows=3)).date.unique()
    assert [str(day)[:10] for day in few] == ["2024-05-31"]


def test_records_that_are_too_short_are_refused_with_what_is_needed(tmp_path: Path):
    text = STUDY.replace("observation_days = 60", "observation_days = 900")
    with pytest.raises(ShortHistory, match="Effects need 960 days of records by 2024-06-30"):
        effect_rows(tables(), study(tmp_path, text))


def test_a_driver_of_a_table_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(ValueError, match="'gifts' is of the table treatments; the study has"):
        some = tables()
        some.pop("treatments")
        effect_rows(some, study(tmp_path))


def test_a_study_without_drivers_is_told_what_to_add(tmp_path: Path):
    with pytest.raises(ValueError, match=r"add \[\[drivers\]\]"):
        effect_rows(tables(), study(tmp_path, STUDY[: STUDY.index("[[drivers]]")]))


def test_a_flat_table_is_read_without_dates_and_only_what_is_named_precedes(tmp_path: Path):
    text = STUDY[: STUDY.index("[tables.contracts]")] + (
        '[tables.snapshot]\nsource = "flat.csv"\n'
        '[[drivers]]\nname = "complaints"\ntable = "snapshot"\nof = "complains"\nafter = "usage"\n'
    )
    rng = np.random.default_rng(1)
    flat = pd.DataFrame(
        {
            "customer_id": [str(one) for one in range(60)],
            "churned": np.arange(60) % 2 == 0,
            "complains": rng.poisson(1.0, 60),
            "usage": rng.normal(size=60),
            "age": rng.normal(size=60),
        }
    )
    rows = effect_rows({"snapshot": ibis.memtable(flat)}, study(tmp_path, text))
    assert not rows.dated and len(rows) == 60 and rows.leavers == 30
    assert rows.covariates("complaints") == ["usage"]
    with pytest.raises(ValueError, match="names 'usage': no column"):
        effect_rows({"snapshot": ibis.memtable(flat.drop(columns="usage"))}, study(tmp_path, text))


SHOP = f"""{HEAD}
[tables.transactions]
source = "log.csv"
[churn]
observation_days = 60
gap_days = 7
horizon_days = 30
[[drivers]]
name = "orders"
table = "transactions"
[[drivers]]
name = "bought"
table = "transactions"
statistic = "bought"
[[drivers]]
name = "refunds"
table = "transactions"
statistic = "refunds"
after = ["orders", "bought"]
[[drivers]]
name = "refunded"
table = "transactions"
statistic = "refunded"
after = "refunds"
"""


def shop(*more: tuple[str, str, str, float]) -> dict[str, ibis.Table]:
    """Return invoice lines; the window is May 2024, the look back March and April, the horizon June."""
    lines = [
        ("first", "2024-01-02", "0", 5.0),  # the log begins
        ("stays", "2024-04-10", "1", 20.0),
        ("stays", "2024-04-12", "C1", -2.0),
        *(("stays", "2024-05-06", "2", amount) for amount in (10.0, 15.0)),
        *(("stays", "2024-05-20", "C2", amount) for amount in (-10.0, -3.0)),
        ("stays", "2024-06-15", "3", 30.0),
        ("lapses", "2024-04-20", "4", 8.0),
        ("lapses", "2024-05-10", "5", 9.0),
        ("silent", "2024-03-20", "6", 7.0),
        ("new", "2024-05-15", "7", 40.0),  # nothing is known of it before the window
        *more,
    ]
    frame = pd.DataFrame(lines, columns=["customer_id", "timestamp", "invoice", "amount"])
    return {"transactions": ibis.memtable(frame.assign(timestamp=pd.to_datetime(frame["timestamp"])))}


def lapsing(folder: Path, *more: tuple[str, str, str, float]) -> EffectRows:
    return effect_rows(shop(*more), study(folder, SHOP), plan=PanelPlan(most_dates=1))


def test_who_bought_before_the_window_can_lapse_whether_or_not_they_buy_in_it(tmp_path: Path):
    rows = lapsing(tmp_path)
    assert rows.silence and rows.date.unique().tolist() == [DAY]
    left = dict(zip(rows.customer_id, rows.left, strict=True))
    assert left == {"stays": 0.0, "lapses": 1.0, "silent": 1.0}
    assert rows.notes[0].startswith("To leave is to lapse: whoever bought in the 60 days up to the start")


def test_drivers_of_purchases_are_what_can_be_counted_by_hand(tmp_path: Path):
    rows = lapsing(tmp_path)
    values = rows.values.set_index(rows.customer_id)
    assert values.loc["stays"].tolist() == [1.0, 25.0, 1.0, 13.0]
    assert values.loc["lapses"].tolist() == [1.0, 9.0, 0.0, 0.0]
    assert values.loc["silent"].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert rows.covariates("refunds") == [*rows.background.columns, "orders", "bought"]
    before = rows.background.set_index(rows.customer_id)
    assert before["refund_count_2m"].to_dict() == {"stays": 1.0, "lapses": 0.0, "silent": 0.0}
    assert before.loc["silent", "purchase_days_since"] == 42.0


def test_what_comes_after_the_window_moves_neither_drivers_nor_what_precedes_them(tmp_path: Path):
    rows = lapsing(tmp_path)
    later = lapsing(tmp_path, *((who, "2024-06-01", "C9", -99.0) for who in ("stays", "lapses", "silent")))
    pd.testing.assert_frame_equal(later.values, rows.values)
    pd.testing.assert_frame_equal(later.background, rows.background)
    assert later.left.tolist() == rows.left.tolist()  # to give back is not to buy


def test_without_a_refund_and_with_few_who_lapse_both_are_said(tmp_path: Path):
    rows = lapsing(tmp_path)
    few = estimate_effects(rows).table.set_index("driver")
    assert few.loc["orders", "reasons"].startswith("2 customers left; 50 are needed")
    none = replace(rows, values=rows.values.assign(refunds=0.0))
    said = estimate_effects(none).table.set_index("driver")["reasons"]
    assert said["refunds"] == "It is 0 for everybody: what would be otherwise is not seen."

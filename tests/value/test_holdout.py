"""Would it have held? Predictions from an earlier date against what came."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.value.holdout import default_holdout, split_holdout, validate
from cxmodels.value.rivals import past_spend, past_spend_rate
from tests.value.conftest import HELD_AS_OF, HELD_CUT, HELD_SETTINGS


def test_the_studys_model_meets_purchase_models_and_rivals_on_the_same_days(checked):
    assert (checked.cut, checked.holdout_days) == (HELD_CUT, 90)
    assert checked.table["model"].tolist() == [
        "auto",
        "bg-nbd",
        "nbd",
        "past spend rate",
        "past spend",
        "lightgbm regression",
        "oracle",
    ]
    table = checked.table.set_index("model")
    assert table.loc["oracle", ["mae", "spearman"]].tolist() == [0.0, pytest.approx(1.0)]
    assert (table["top_tenth"] <= table.loc["oracle", "top_tenth"] + 1e-12).all()
    assert np.isfinite(table.loc[["auto", "lightgbm regression"], ["coverage", "width"]]).all().all()
    assert checked.best_rival in {"bg-nbd", "nbd", "past spend rate", "past spend", "lightgbm regression"}


def test_a_check_that_went_badly_is_said(checked):
    assert checked.faults == ()  # the truth is one of the models
    table = checked.table.copy()
    chosen = table["kind"] == "chosen"
    table.loc[chosen, ["mae", "coverage"]] = [2 * table["mae"].max(), 0.6]
    totals = checked.totals.assign(covered=False)
    error, total, narrow = replace(checked, table=table, totals=totals).faults
    assert "lower than this forecast's" in error
    assert "outside the interval of the total" in total
    assert "only 60% of the customers' outcomes" in narrow


def test_the_prediction_at_the_cut_does_not_know_the_holdout(held_log, checked):
    after = held_log.timestamp >= pd.Timestamp(HELD_CUT) + pd.Timedelta(days=1)
    other = held_log.assign(amount=np.where(after, held_log.amount * 9, held_log.amount))
    again = validate(ibis.memtable(other), as_of=HELD_AS_OF, settings=HELD_SETTINGS, purchase_models=())
    pd.testing.assert_frame_equal(again.value.table, checked.value.table)
    assert again.deciles["actual"].sum() == pytest.approx(9 * checked.deciles["actual"].sum(), rel=1e-6)


def test_a_label_says_whose_spend_was_read_and_what_stood_in(checked):
    labels = checked.table.set_index("model")["label"]
    assert labels["bg-nbd"].startswith("BG/NBD")
    assert labels["nbd"] == "NBD, spend of repeat purchases"
    assert labels["past spend"] == "past spend"


def test_the_rules_of_past_spend_by_hand():
    rows = pd.DataFrame(
        {
            "customer_id": ["old", "new"],
            "timestamp": pd.to_datetime(["2023-01-01", "2023-04-01"]),
            "amount": [100.0, 30.0],
        }
    )
    held = split_holdout(
        ibis.memtable(rows), as_of=date(2023, 4, 20), holdout_days=10, settings=HELD_SETTINGS
    )
    # known on 10 April: 100 days of history; the new customer came 10 days ago
    assert dict(zip(held.customers.index, past_spend(held, horizon_days=10), strict=True)) == {
        "old": pytest.approx(10.0),
        "new": pytest.approx(3.0),
    }
    assert dict(zip(held.customers.index, past_spend_rate(held, horizon_days=10), strict=True)) == {
        "old": pytest.approx(10.0),
        "new": pytest.approx(30.0),
    }


def test_the_holdout_takes_half_of_a_short_history(held_log):
    assert default_holdout(history_days=100, horizon_days=365) == 50
    assert default_holdout(history_days=1000, horizon_days=365) == 365
    with pytest.raises(ValueError, match="at least 1 day"):
        split_holdout(ibis.memtable(held_log), as_of=HELD_AS_OF, holdout_days=0, settings=HELD_SETTINGS)


def test_too_few_customers_leave_no_holdout_and_say_so():
    rows = pd.DataFrame({"customer_id": ["a"], "timestamp": pd.to_datetime(["2023-12-01"]), "amount": [5.0]})
    nothing = validate(ibis.memtable(rows), as_of=HELD_AS_OF, settings=HELD_SETTINGS)
    assert nothing.value is None
    assert nothing.table.empty
    assert "Nothing could be checked" in nothing.notes[0]


def test_few_customers_or_none_who_come_back_leave_no_holdout_and_say_why():
    eight, twelve = (
        pd.DataFrame(
            {
                "customer_id": [f"c{one}" for one in range(count)],
                "timestamp": pd.Timestamp("2023-06-01"),
                "amount": 5.0,
            }
        )
        for count in (8, 12)
    )
    few, silent = (
        validate(ibis.memtable(one), as_of=HELD_AS_OF, settings=HELD_SETTINGS) for one in (eight, twelve)
    )
    assert "a check needs 10 customers" in few.notes[0] and "found 8" in few.notes[0]
    assert "12 customers" in silent.notes[0] and "brought nothing" in silent.notes[0]
    assert few.value is None and silent.value is None


def test_a_history_that_starts_later_is_held_out_from_there(held_log):
    start = date(2023, 8, 1)
    settings = HELD_SETTINGS.model_copy(update={"history_start": start, "horizon_days": 365})
    found = validate(
        ibis.memtable(held_log), as_of=HELD_AS_OF, settings=settings, purchase_models=("bg-nbd",)
    )
    assert start < found.cut < HELD_AS_OF
    assert found.holdout_days == (HELD_AS_OF - found.cut).days
    assert np.isfinite(found.table.set_index("model").loc["auto", "mae"])

"""Would it have held? Predictions from an earlier date against what came."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.purchases import PurchaseTruth, simulate_purchases
from cxmodels.study import ValueSettings
from cxmodels.value.holdout import default_holdout, split_holdout, validate, value_by_decile
from cxmodels.value.rivals import past_spend, past_spend_rate

TRUTH = PurchaseTruth(days=360, joining_days=120)
AS_OF = date(2023, 12, 26)  # the 360th day
SETTINGS = ValueSettings(horizon_days=90, draws=200)
CUT = AS_OF - timedelta(days=90)


@pytest.fixture(scope="module")
def log():
    return simulate_purchases(700, truth=TRUTH, seed=31)


@pytest.fixture(scope="module")
def checked(log):
    return validate(ibis.memtable(log), as_of=AS_OF, settings=SETTINGS, purchase_models=("bg-nbd", "nbd"))


def test_the_studys_model_meets_purchase_models_and_rivals_on_the_same_days(checked):
    assert (checked.cut, checked.holdout_days) == (CUT, 90)
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


def test_the_prediction_at_the_cut_does_not_know_the_holdout(log, checked):
    after = log.timestamp >= pd.Timestamp(CUT) + pd.Timedelta(days=1)
    other = log.assign(amount=np.where(after, log.amount * 9, log.amount))
    again = validate(ibis.memtable(other), as_of=AS_OF, settings=SETTINGS, purchase_models=())
    pd.testing.assert_frame_equal(again.value.table, checked.value.table)
    assert again.deciles["actual"].sum() == pytest.approx(9 * checked.deciles["actual"].sum(), rel=1e-6)


def test_the_tracking_curve_counts_every_repeat_purchase_day(log, checked):
    days = log.assign(day=log.timestamp.dt.normalize())[["customer_id", "day"]].drop_duplicates()
    first = days.groupby("customer_id").day.transform("min")
    known = first <= pd.Timestamp(CUT)
    repeats = days[known & (days.day > first)]
    curve = checked.tracking
    assert curve["actual"].sum() == len(repeats)
    assert curve.loc[~curve["holdout"], "actual"].sum() == (repeats.day <= pd.Timestamp(CUT)).sum()
    assert curve["week"].iloc[-1] == pd.Timestamp(AS_OF)
    assert pd.Timestamp(CUT) in set(curve["week"])


def test_the_tracking_curve_follows_the_true_model(checked):
    curve = checked.tracking
    fitted = curve.loc[~curve["holdout"], ["actual", "predicted"]].sum()
    # repeat purchases vary more than Poisson; 15 % is about three of their standard errors here
    assert fitted["predicted"] == pytest.approx(fitted["actual"], rel=0.15)


def test_the_curves_start_together_at_the_cut_and_part_by_what_was_missed(checked):
    curve = checked.tracking.set_index("week")
    assert curve["predicted_cumulative"].first_valid_index() == pd.Timestamp(CUT)
    at_cut, end = curve.loc[pd.Timestamp(CUT)], curve.iloc[-1]
    assert at_cut["predicted_cumulative"] == at_cut["actual_cumulative"]
    missed = curve.loc[curve["holdout"], ["actual", "predicted"]].sum()
    gap = end["actual_cumulative"] - end["predicted_cumulative"]
    assert gap == pytest.approx(missed["actual"] - missed["predicted"])


def test_a_label_says_whose_spend_was_read_and_what_stood_in(checked):
    labels = checked.table.set_index("model")["label"]
    assert labels["bg-nbd"].startswith("BG/NBD")
    assert labels["nbd"] == "NBD, spend of repeat purchases"
    assert labels["past spend"] == "past spend"


def test_purchases_by_frequency_and_value_by_decile_hold_everyone(checked):
    for table in (checked.by_frequency, checked.deciles):
        assert table["customers"].sum() == checked.customers
    assert checked.deciles["share"].sum() == pytest.approx(1.0)
    assert checked.deciles["predicted"].is_monotonic_decreasing
    groups = checked.by_frequency
    spent = checked.tracking.loc[checked.tracking["holdout"], "actual"].sum()
    assert (groups["actual"] * groups["customers"]).sum() == pytest.approx(spent)


def test_a_decile_of_one_customer_has_no_error():
    table = value_by_decile(np.arange(10.0), np.arange(10.0))
    assert table["actual"].tolist() == list(range(9, -1, -1))
    assert table["actual_error"].isna().all()


def test_totals_of_fifths_and_of_all_are_compared_with_what_came(checked):
    totals = checked.totals.set_index("group")
    assert totals.loc[[f"fifth {one}" for one in range(1, 6)], "actual"].sum() == pytest.approx(
        totals.loc["all", "actual"]
    )
    assert totals["covered"].tolist() == [
        low <= actual <= high for low, high, actual in totals[["low", "high", "actual"]].to_numpy()
    ]


def test_the_rules_of_past_spend_by_hand():
    rows = pd.DataFrame(
        {
            "customer_id": ["old", "new"],
            "timestamp": pd.to_datetime(["2023-01-01", "2023-04-01"]),
            "amount": [100.0, 30.0],
        }
    )
    held = split_holdout(ibis.memtable(rows), as_of=date(2023, 4, 20), holdout_days=10, settings=SETTINGS)
    # known on 10 April: 100 days of history; the new customer came 10 days ago
    assert dict(zip(held.customers.index, past_spend(held, horizon_days=10), strict=True)) == {
        "old": pytest.approx(10.0),
        "new": pytest.approx(3.0),
    }
    assert dict(zip(held.customers.index, past_spend_rate(held, horizon_days=10), strict=True)) == {
        "old": pytest.approx(10.0),
        "new": pytest.approx(30.0),
    }


def test_the_holdout_takes_half_of_a_short_history(log):
    assert default_holdout(history_days=100, horizon_days=365) == 50
    assert default_holdout(history_days=1000, horizon_days=365) == 365
    with pytest.raises(ValueError, match="at least 1 day"):
        split_holdout(ibis.memtable(log), as_of=AS_OF, holdout_days=0, settings=SETTINGS)


def test_too_few_customers_leave_no_holdout_and_say_so():
    rows = pd.DataFrame({"customer_id": ["a"], "timestamp": pd.to_datetime(["2023-12-01"]), "amount": [5.0]})
    nothing = validate(ibis.memtable(rows), as_of=AS_OF, settings=SETTINGS)
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
    few, silent = (validate(ibis.memtable(one), as_of=AS_OF, settings=SETTINGS) for one in (eight, twelve))
    assert "a check needs 10 customers" in few.notes[0] and "found 8" in few.notes[0]
    assert "12 customers" in silent.notes[0] and "brought nothing" in silent.notes[0]
    assert few.value is None and silent.value is None


def test_a_history_that_starts_later_is_held_out_from_there(log):
    start = date(2023, 8, 1)
    settings = SETTINGS.model_copy(update={"history_start": start, "horizon_days": 365})
    found = validate(ibis.memtable(log), as_of=AS_OF, settings=settings, purchase_models=("bg-nbd",))
    assert start < found.cut < AS_OF
    assert found.holdout_days == (AS_OF - found.cut).days
    assert np.isfinite(found.table.set_index("model").loc["auto", "mae"])

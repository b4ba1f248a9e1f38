"""What groups of customers bought and spent, beside what was expected of them."""

import numpy as np
import pytest

from cxmodels.value.calibration import value_by_decile


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

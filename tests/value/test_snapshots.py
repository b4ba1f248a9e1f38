"""Customers as they were known on an earlier date."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmodels.value.features import learned_features
from cxmodels.value.snapshots import learning_dates, learning_horizon, take_snapshot

LOG = pd.DataFrame(
    {
        "customer_id": ["a", "a", "a", "a", "b", "b"],
        "timestamp": pd.to_datetime(
            ["2025-01-01", "2025-01-11", "2025-01-31 09:00", "2025-02-10", "2025-01-30", "2025-02-05"],
            format="mixed",
        ),
        "amount": [10.0, 20.0, 30.0, 40.0, 7.0, -3.0],
    }
)
AS_OF = date(2025, 1, 31)


def _snapshot(log=LOG, **changes):
    asked = {"as_of": AS_OF, "window_days": 28, "horizon_days": 14, **changes}
    return take_snapshot(ibis.memtable(log), **asked)


def test_recent_windows_hold_the_last_days_up_to_the_date():
    known = _snapshot().customers.loc["a"]
    assert (known.purchases_1, known.spend_1) == (2, 50.0)  # 4 to 31 January
    assert (known.purchases_2, known.spend_2) == (1, 30.0)  # 18 to 31 January
    assert (known.gap_mean, known.gap_last) == (15.0, 20.0)
    assert (known.first_value, known.last_value, known.largest_value) == (10.0, 30.0, 30.0)


def test_the_outcome_is_net_of_refunds_and_starts_on_the_next_day():
    snapshot = _snapshot()
    assert dict(zip(snapshot.customers.index, snapshot.outcome, strict=True)) == {"a": 40.0, "b": -3.0}
    assert snapshot.purchases.tolist() == [1.0, 0.0]
    assert snapshot.history_days == 31


def test_a_snapshot_without_outcome_says_so():
    with pytest.raises(ValueError, match="take it with horizon_days"):
        _ = _snapshot(horizon_days=0).outcome


def test_what_comes_after_the_date_changes_no_feature():
    later = pd.DataFrame(
        {
            "customer_id": ["a", "c"],
            "timestamp": pd.to_datetime(["2025-02-01", "2025-02-02"]),
            "amount": [1e6, 5.0],
        }
    )
    changed = _snapshot(pd.concat([LOG, later]), horizon_days=0)
    pd.testing.assert_frame_equal(changed.customers, _snapshot(horizon_days=0).customers)


def test_history_before_its_start_does_not_count():
    known = _snapshot(history_start=date(2025, 1, 5)).customers.loc["a"]
    assert (known.frequency, known.first_value, known.gap_mean) == (1, 20.0, 20.0)


@given(st.integers(1, 2000), st.integers(1, 800))
def test_lessons_end_before_the_date_and_have_a_history(history_days, horizon_days):
    window = learning_horizon(history_days=history_days, horizon_days=horizon_days)
    start = AS_OF - timedelta(days=history_days - 1)
    assert 1 <= window <= horizon_days
    for day in learning_dates(as_of=AS_OF, history_days=history_days, window_days=window):
        assert day + timedelta(days=window) <= AS_OF
        assert (day - start).days + 1 >= window


def test_features_do_not_change_with_the_unit_of_money_or_time():
    plain, dear = _snapshot(), _snapshot(LOG.assign(amount=LOG.amount * 1000.0), unit="day")
    ones = np.ones(2)
    features = learned_features(plain, purchases=ones, p_alive=ones, spend_each=ones)
    scaled = learned_features(dear, purchases=ones, p_alive=ones, spend_each=ones * 1000.0)
    pd.testing.assert_frame_equal(features, scaled)

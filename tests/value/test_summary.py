from datetime import date, datetime

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.value.summary import as_frame, outcomes, summarise


def log(*rows):
    return ibis.memtable(pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount"]))


def one(table):
    frame = table.to_pandas()
    assert len(frame) == 1
    return frame.iloc[0]


def test_equals_lifetimes_own_summary_on_cdnow(cdnow_sample):
    from lifetimes.utils import summary_data_from_transaction_data

    ours = summarise(cdnow_sample, as_of=date(1997, 9, 30), unit="day").to_pandas()
    theirs = summary_data_from_transaction_data(
        cdnow_sample.to_pandas().assign(timestamp=lambda log: pd.to_datetime(log.timestamp)),
        "customer_id",
        "timestamp",
        "amount",
        observation_period_end="1997-09-30",
    )
    ours = ours.set_index("customer_id").sort_index()
    theirs = theirs.sort_index()
    assert len(ours) == 2357
    for column in ("frequency", "recency", "T"):
        np.testing.assert_array_equal(ours[column], theirs[column])
    # both are sums of floating-point cents, in another order
    np.testing.assert_allclose(ours.monetary_value, theirs.monetary_value, rtol=4e-15, atol=6e-14)


def test_time_stamps_within_a_day_are_one_purchase():
    row = one(
        summarise(
            log(
                ("a", datetime(2025, 1, 1, 23, 59), 5.0),
                ("a", datetime(2025, 1, 8, 0, 1), 10.0),
                ("a", datetime(2025, 1, 8, 23, 58), 20.0),
            ),
            as_of=date(2025, 1, 15),
        )
    )
    assert (row.frequency, row.recency, row["T"], row.monetary_value) == (1, 1.0, 2.0, 30.0)


def test_the_whole_day_of_as_of_is_known_and_the_next_is_not():
    rows = log(
        ("a", datetime(2025, 1, 1, 12), 5.0),
        ("a", datetime(2025, 1, 31, 23, 59, 59), 7.0),
        ("a", datetime(2025, 2, 1, 0, 0), 9.0),
    )
    known = one(summarise(rows, as_of=date(2025, 1, 31), unit="day"))
    later = one(outcomes(rows, as_of=date(2025, 1, 31), horizon_days=1))
    assert (known.frequency, known.recency, known.total_spend) == (1, 30.0, 12.0)
    assert (later.purchases, later.spend) == (1, 9.0)


def test_a_refund_on_another_day_is_no_purchase_but_is_counted():
    row = one(
        summarise(
            log(("a", date(2025, 1, 1), 50.0), ("a", date(2025, 1, 3), 30.0), ("a", date(2025, 1, 9), -30.0)),
            as_of=date(2025, 1, 31),
            unit="day",
        )
    )
    assert (row.frequency, row.recency, row.monetary_value) == (1, 2.0, 30.0)
    assert (row.total_spend, row.refunds) == (80.0, 30.0)


@pytest.mark.parametrize(
    ("amounts", "is_purchase"),
    [
        ((50.0, -20.0), True),  # part of the day's purchase came back
        ((50.0, -50.0), False),  # all of it came back
        ((50.0, -60.0), False),
        ((-20.0,), False),
        ((0.0,), True),  # a free order
        ((0.0, 0.0), True),
        ((0.0, -5.0), False),
    ],
)
def test_what_makes_a_day_a_purchase(amounts, is_purchase):
    rows = [("a", date(2025, 1, 1), 10.0), *(("a", date(2025, 1, 5), amount) for amount in amounts)]
    row = one(summarise(log(*rows), as_of=date(2025, 1, 31)))
    assert row.frequency == int(is_purchase)
    assert row.total_spend - row.refunds == pytest.approx(10.0 + sum(amounts))


def test_customers_with_refunds_only_are_left_out():
    rows = log(("a", date(2025, 1, 1), 10.0), ("b", date(2025, 1, 2), -10.0))
    assert one(summarise(rows, as_of=date(2025, 1, 31))).customer_id == "a"


def test_history_start_forgets_earlier_purchases():
    rows = log(("a", date(2024, 1, 1), 10.0), ("a", date(2025, 1, 1), 10.0), ("b", date(2024, 1, 1), 10.0))
    row = one(summarise(rows, as_of=date(2025, 1, 31), history_start=date(2025, 1, 1)))
    assert (row.customer_id, row.frequency) == ("a", 0)


def test_small_repeats_after_a_large_first_purchase_stay_above_zero():
    rows = [("a", date(2025, 1, 1), 1e9), *(("a", date(2025, 1, day), 0.01) for day in range(2, 30))]
    row = one(summarise(log(*rows), as_of=date(2025, 1, 31)))
    assert row.monetary_value == pytest.approx(0.01, rel=1e-3)


def test_outcomes_are_net_of_refunds_and_discounted_to_as_of():
    rows = log(
        ("a", date(2025, 1, 1), 10.0), ("a", date(2026, 1, 1), 110.0), ("a", date(2026, 1, 1), -55.0),
        ("b", date(2025, 1, 1), 10.0),
    )  # fmt: skip
    row = one(outcomes(rows, as_of=date(2025, 1, 1), horizon_days=365, discount_rate=0.10))
    assert (row.customer_id, row.purchases, row.spend) == ("a", 1, 55.0)
    assert row.discounted_spend == pytest.approx(55.0 / 1.1 ** (365 / 365.25))


def test_cdnow_sample_has_the_known_repeat_buyers_and_holdout(cdnow_weeks, cdnow_holdout):
    assert len(cdnow_weeks) == 2357
    assert (cdnow_weeks.frequency > 0).sum() == 946
    assert cdnow_holdout.sum() == 1882


def test_a_log_without_a_column_names_it_and_what_there_is():
    with pytest.raises(ValueError, match=r"lacks timestamp; it has customer_id, when, amount"):
        summarise(log(("a", date(2025, 1, 1), 1.0)).rename(when="timestamp"), as_of=date(2025, 1, 31))


def test_an_unknown_unit_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'week'"):
        summarise(log(("a", date(2025, 1, 1), 1.0)), as_of=date(2025, 1, 31), unit="weeks")


def test_the_order_of_the_rows_changes_no_digit():
    rng = np.random.default_rng(3)
    log = pd.DataFrame(
        {
            "customer_id": rng.integers(0, 40, 20_000).astype(str),
            "timestamp": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 60, 20_000), unit="D"),
            "amount": rng.integers(-2_000, 90_000, 20_000) / 100 * 3,
        }
    )
    one, other = (
        as_frame(summarise(ibis.memtable(rows), as_of=date(2024, 12, 31)).order_by("customer_id"))
        for rows in (log, log.sample(frac=1.0, random_state=1))
    )
    pd.testing.assert_frame_equal(one, other, check_exact=True)

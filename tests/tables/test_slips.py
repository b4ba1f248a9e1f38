from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest

from cxmodels.study import ValueSettings
from cxmodels.tables.slips import find_slips, lone_above

AS_OF = date(2024, 12, 31)
START = pd.Timestamp("2024-01-01")


def purchases(customers, *, sigma=0.6, median=30.0, each=3, seed=1):
    """Lognormal purchases on days of their own."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "customer_id": np.repeat([f"c{one:05}" for one in range(customers)], each),
            "timestamp": START + pd.to_timedelta(np.arange(customers * each) % 300, unit="D"),
            "amount": median * np.exp(sigma * rng.standard_normal(customers * each)),
        }
    )


def row(customer, day, amount):
    return pd.DataFrame({"customer_id": [customer], "timestamp": [pd.Timestamp(day)], "amount": [amount]})


def find(*parts):
    return find_slips(ibis.memtable(pd.concat(parts)), as_of=AS_OF)


def days_after_limit(*parts):
    rows = pd.concat(parts)
    return find(rows).limit(ibis.memtable(rows)).to_pandas()


@pytest.mark.parametrize("customers", [10, 100, 800, 20_000])
@pytest.mark.parametrize("amount", [1e5, 1e7, -1e7])
def test_one_slip_among_any_number_of_customers_is_found_and_counted_as_a_large_day(customers, amount):
    ordinary = purchases(customers)
    found = find(ordinary, row("slip", "2024-11-01", amount)).days
    (one,) = found.to_dict("records")
    assert (one["customer_id"], one["value"]) == ("slip", amount)
    assert one["counted"] == pytest.approx(np.sign(amount) * ordinary.amount.quantile(0.99), rel=1e-6)


@pytest.mark.parametrize("customers", [100, 800, 20_000])
def test_heavy_lognormal_spend_is_left_alone(customers):
    for seed in range(8):
        assert find(purchases(customers, sigma=2.0, seed=seed)).days.empty, seed


@pytest.mark.parametrize("median", [1e9, 0.01])
def test_only_ratios_count_not_the_currency(median):
    assert find(purchases(200, median=median)).days.empty
    assert find(purchases(200, median=median, sigma=0.0)).days.empty
    assert len(find(purchases(200, median=median), row("slip", "2024-11-01", median * 1e5)).days) == 1


def test_a_customer_who_buys_at_that_size_twice_is_a_large_customer():
    large = [row("works", "2024-03-01", 90_000.0), row("works", "2024-06-01", 110_000.0)]
    assert find(purchases(800), *large).days.empty
    both = find(purchases(800), *large, row("slip", "2024-07-01", 5e7)).days
    assert both.customer_id.tolist() == ["slip"]


@pytest.mark.parametrize("amount", [9e4, 9e8])
def test_a_customer_named_as_large_keeps_a_lone_order_and_hides_no_slip_of_another(amount):
    named = ValueSettings(large_customers=["works"])
    rows = pd.concat([purchases(800), row("works", "2024-03-01", amount)])
    assert len(find(rows).days) == 1
    assert find_slips(ibis.memtable(rows), as_of=AS_OF, settings=named).days.empty
    with_slip = ibis.memtable(pd.concat([rows, row("slip", "2024-07-01", 5e6)]))
    assert find_slips(with_slip, as_of=AS_OF, settings=named).days.customer_id.tolist() == ["slip"]


def test_a_hundredth_of_large_orders_is_how_customers_buy():
    rows = purchases(1_000)
    rows.loc[::100, "amount"] *= 1_000
    assert find(rows).days.empty


def test_an_order_cancelled_on_its_day_is_nothing_and_on_a_later_day_both_are_limited():
    order, back = row("big", "2024-02-01", 1e7), -1e7
    assert find(purchases(800), order, row("big", "2024-02-01", back)).days.empty
    later = find(purchases(800), order, row("big", "2024-02-03", back)).days
    assert sorted(later.value) == [-1e7, 1e7]
    assert later.counted.sum() == pytest.approx(0.0)


def test_all_rows_of_the_day_and_their_margins_are_scaled_and_no_other_row_is_touched():
    rows = pd.concat(
        [purchases(800), row("slip", "2024-11-01 10:00", 20.0), row("slip", "2024-11-01 12:00", 1e7)]
    )
    rows = pd.concat([rows, row("slip", "2024-11-02", 20.0)]).assign(margin=lambda one: 0.4 * one.amount)
    found = find(rows)
    limited = found.limit(ibis.memtable(rows)).to_pandas()
    key = ["customer_id", "timestamp", "amount"]
    day = limited[(limited.customer_id == "slip") & (limited.timestamp < "2024-11-02")]
    assert day.amount.sum() == pytest.approx(found.days.counted[0])
    np.testing.assert_allclose(day.margin, 0.4 * day.amount)
    rest = limited.drop(day.index).sort_values(key).reset_index(drop=True)
    untouched = rows[(rows.customer_id != "slip") | (rows.timestamp >= "2024-11-02")]
    pd.testing.assert_frame_equal(
        rest, untouched.sort_values(key).reset_index(drop=True), check_dtype=False, check_exact=True
    )


def test_limiting_once_is_enough():
    assert find(days_after_limit(purchases(800), row("slip", "2024-11-01", 1e7))).days.empty


def test_days_after_as_of_and_before_the_history_are_not_read():
    rows = pd.concat([purchases(800), row("slip", "2024-01-01", 1e7), row("slip", "2025-02-01", 1e7)])
    log = ibis.memtable(rows)
    from_the_second = ValueSettings(history_start=date(2024, 1, 2))
    assert find_slips(log, as_of=AS_OF, settings=from_the_second).days.empty
    assert find_slips(log, as_of=AS_OF).days.day.dt.date.tolist() == [date(2024, 1, 1)]
    assert find_slips(log, as_of=date(2024, 1, 1) + timedelta(days=500)).days.empty  # twice: a large customer


def test_the_note_names_amount_and_day_but_no_customer():
    note = find(purchases(800), row("slip", "2024-11-01", 1e7)).note
    assert note.startswith("A purchase of 10,000,000.00 on 2024-11-01 stood far apart")
    assert "it was counted as" in note and "slip " not in note.replace("slipped", "")
    assert "The study can name that customer as a large one" in note
    two = find(purchases(800), row("a", "2024-11-01", 1e7), row("b", "2024-11-01", -1e8)).note
    assert "A refund of 100,000,000.00 on 2024-11-01 and 1 more" in two and "each was counted" in two
    assert find(purchases(800)).note == find(purchases(800)).cure == ""


def test_an_ordinary_log_is_handed_on_as_it_is():
    log = ibis.memtable(purchases(50))
    assert find_slips(log, as_of=AS_OF).limit(log) is log


@pytest.mark.parametrize("sizes", [np.empty(0), np.array([5.0]), np.array([1.0] * 8 + [1e9])])
def test_of_a_few_days_nothing_is_told(sizes):
    assert lone_above(sizes) is None


def test_ids_of_large_customers_that_nobody_has_are_counted_and_not_named():
    log = ibis.memtable(pd.concat([purchases(800), row("works", "2024-03-01", 1e7)]))
    found = find_slips(log, as_of=AS_OF, settings=ValueSettings(large_customers=["works", "wroks"]))
    assert found.days.empty
    assert found.unknown == (
        "One id among the large customers that the study names cannot be found in any purchase known."
    )
    assert find_slips(log, as_of=AS_OF, settings=ValueSettings(large_customers=["works"])).unknown == ""
    assert (
        find_slips(log, as_of=AS_OF, settings=ValueSettings(large_customers=["a", "b"])).unknown[:5]
        == "2 ids"
    )

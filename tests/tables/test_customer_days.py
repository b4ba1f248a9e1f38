"""The rows of a customer's day are one; whether they are a purchase is settled once, for all who ask."""

from datetime import datetime

import ibis
import pandas as pd
import pytest

from cxmodels.tables.customer_days import customer_days

MORNING, NIGHT = datetime(2025, 1, 6, 0, 0), datetime(2025, 1, 6, 23, 59)


def day_of(*amounts):
    rows = zip("aa", (MORNING, NIGHT), amounts, strict=False)
    log = pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount"])
    (day,) = customer_days(ibis.memtable(log)).to_pandas().to_dict("records")
    return day


def test_rows_from_midnight_to_midnight_are_one_day():
    assert day_of(10.0, 4.0)["value"] == 14.0
    log = pd.DataFrame({"customer_id": ["a", "b", "a"], "timestamp": [NIGHT, NIGHT, datetime(2025, 1, 7)]})
    assert customer_days(ibis.memtable(log.assign(amount=1.0))).count().execute() == 3


@pytest.mark.parametrize(
    ("amounts", "bought"),
    [
        ((10.0,), True),
        ((0.0,), True),
        ((10.0, -4.0), True),
        ((10.0, -10.0), False),
        ((0.0, -4.0), False),
        ((-4.0,), False),
        ((0.1 + 0.2, -0.3), False),  # 5.6e-17
    ],
)
def test_a_day_is_a_purchase_without_a_refund_or_with_a_net_above_zero(amounts, bought):
    assert day_of(*amounts)["bought"] == bought

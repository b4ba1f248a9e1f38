"""Purchase logs that the tests of value share: real ones by name, and small ones made on the spot."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import pytest

from cxmodels.datasets.catalogue import CatalogueError, fetch
from cxmodels.datasets.purchases import PurchaseTruth, simulate_purchases
from cxmodels.study import ValueSettings
from cxmodels.value.holdout import validate
from cxmodels.value.summary import outcomes, summarise

CDNOW_CUT = date(1997, 9, 30)
CDNOW_HOLDOUT_DAYS = 273
HELD_AS_OF = date(2023, 12, 26)  # the 360th day of `held_log`
HELD_CUT = HELD_AS_OF - timedelta(days=90)
HELD_SETTINGS = ValueSettings(horizon_days=90, draws=200)


def _log(name, columns):
    try:
        (path,) = fetch(name)
    except CatalogueError as error:
        pytest.skip(f"{name} is not here: {error}")
    table = ibis.duckdb.connect().read_parquet(path)
    return columns(table)


def _cdnow(table):
    return table.select("customer_id", timestamp=table.date, amount=table.dollar_value)


@pytest.fixture(scope="session")
def cdnow_sample():
    return _log("cdnow-sample", _cdnow)


@pytest.fixture(scope="session")
def cdnow_master():
    return _log("cdnow-master", _cdnow)


@pytest.fixture(scope="session")
def online_retail():
    return _log(
        "online-retail",
        lambda t: t.filter(t.CustomerID.notnull()).select(
            customer_id=t.CustomerID.cast("string"), timestamp=t.InvoiceDate, amount=t.Quantity * t.UnitPrice
        ),
    )


@pytest.fixture(scope="session")
def complete_journey():
    return _log(
        "completejourney",
        lambda t: t.select(
            customer_id=t.household_id.cast("string"),
            timestamp=t.transaction_timestamp,
            amount=t.sales_value,
        ),
    )


@pytest.fixture(scope="session")
def cdnow_weeks(cdnow_sample):
    """The 1/10 sample as of week 39, in weeks."""
    table = summarise(cdnow_sample, as_of=CDNOW_CUT).to_pandas()
    return table.set_index("customer_id").sort_index()


@pytest.fixture(scope="session")
def cdnow_holdout(cdnow_sample, cdnow_weeks):
    """Purchases of each customer of the sample in weeks 40 to 78."""
    later = outcomes(cdnow_sample, as_of=CDNOW_CUT, horizon_days=CDNOW_HOLDOUT_DAYS).to_pandas()
    return later.set_index("customer_id").purchases.reindex(cdnow_weeks.index, fill_value=0)


@pytest.fixture(scope="session")
def held_log():
    """Simulated purchases of a year, of BG/NBD customers."""
    return simulate_purchases(700, truth=PurchaseTruth(days=360, joining_days=120), seed=31)


@pytest.fixture(scope="session")
def checked(held_log):
    """The last 90 days of `held_log`, foretold from the days before."""
    return validate(
        ibis.memtable(held_log),
        as_of=HELD_AS_OF,
        settings=HELD_SETTINGS,
        purchase_models=("bg-nbd", "nbd"),
    )

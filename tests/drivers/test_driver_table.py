"""Which feature tells of which driver, and how what is used and what would change stand side by side."""

import pandas as pd

from cxmodels.drivers.driver_table import DRIVER_COLUMNS, REST, driver_table, drivers_of_features
from cxmodels.drivers.effects import COLUMNS, Effects
from cxmodels.experience.signal import Signal
from cxmodels.study import DriverSettings

SIGNALS = (
    Signal("outage_count_3m", "events", "count", of="outage"),
    Signal("contact_count_3m", "contacts", "count"),
    Signal("bill_contact_count_3m", "contacts", "count", of="billing_error"),
    Signal("wait_mean_3m", "contacts", "mean"),
    Signal("wait_broken_3m", "contacts", "broken", limit=10),
    Signal("unresolved_3m", "contacts", "unresolved"),
    Signal("spend_3m", "transactions", "sum"),
    Signal("refunds_3m", "transactions", "refunds"),
    Signal("nps_last", "surveys", "last", of="nps"),
)
DRIVERS = (
    DriverSettings(name="outages", of="outage"),
    DriverSettings(name="contacts", table="contacts", statistic="first"),
    DriverSettings(name="fault_contacts", table="contacts", statistic="first", of=["billing_error"]),
    DriverSettings(name="unresolved", table="contacts", statistic="unresolved"),
    DriverSettings(name="waiting", table="contacts", statistic="sum"),
    DriverSettings(name="long_waits", table="contacts", statistic="broken", limit=10),
    DriverSettings(name="refunds", table="transactions", statistic="refunds"),
)


def test_each_feature_tells_of_the_driver_that_counts_what_it_counts():
    found = drivers_of_features([*(s.name for s in SIGNALS), "plan"], SIGNALS, DRIVERS)
    assert found == {
        "outage_count_3m": "outages",
        "contact_count_3m": "contacts",
        "bill_contact_count_3m": "fault_contacts",
        "wait_mean_3m": "waiting",
        "wait_broken_3m": "long_waits",
        "unresolved_3m": "unresolved",
        "spend_3m": REST,
        "refunds_3m": "refunds",
        "nps_last": REST,
        "plan": REST,
    }


def test_a_column_of_a_flat_table_tells_of_the_driver_that_names_it():
    drivers = [DriverSettings(name="care", table="snapshot", of="care_calls")]
    assert drivers_of_features(["care_calls", "age"], (), drivers) == {"care_calls": "care", "age": REST}


def effects() -> Effects:
    rows = [
        {"driver": "logins", "effect": -0.05, "evidence": "association"},
        {"driver": "outages", "effect": -0.01, "evidence": "sensitivity-tested"},
        {"driver": "waits", "effect": -0.02, "evidence": "adjusted"},
        {"driver": "nothing", "effect": float("nan"), "evidence": "association"},
    ]
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    empty = pd.DataFrame()
    return Effects(table=table, checks=empty, segments=empty, paths=empty, evidence={})


def test_most_at_stake_comes_first_and_no_size_lifts_what_is_not_proven():
    stakes = pd.DataFrame(
        {"driver": ["outages", "waits", "logins"], "value_at_stake": [50.0, 900.0, float("nan")]}
    )
    table = driver_table(effects(), stakes=stakes)
    assert table["driver"].tolist() == ["waits", "outages", "logins", "nothing"]
    assert tuple(table.columns) == DRIVER_COLUMNS


def test_ranks_stand_beside_and_what_no_model_uses_is_missing():
    ranks = pd.DataFrame(
        {
            "part": ["logins", "waits"],
            "size": [0.4, 0.1],
            "rank": [1, 2],
            "rank_low": [1, 2],
            "rank_high": [1, 2],
        }
    )
    table = driver_table(effects(), ranks=ranks).set_index("driver")
    assert table.loc["logins", "rank"] == 1
    assert table.loc["logins", "attribution"] == 0.4
    assert pd.isna(table.loc["outages", "rank"])
    assert table.loc["outages", "evidence"] == "sensitivity-tested"
    # without money the evidence leads
    assert table.index[0] == "outages"

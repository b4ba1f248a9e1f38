"""Each feature belongs to a touchpoint, a stage and a family."""

from __future__ import annotations

import pandas as pd
import pytest

from cxmodels.churn.features import Snapshots
from cxmodels.drivers.attribution_parts import REST, STAGE_WORDS, drivers_of_features, feature_parts
from cxmodels.experience.signal import STAGES, Signal
from cxmodels.study import DriverSettings

SIGNALS = (
    Signal("outage_30", "events", "count", of="outage", days=30, touchpoint="network"),
    Signal("outage_90", "events", "count", of="outage", days=90, touchpoint="network"),
    Signal("contact_90", "contacts", "count", days=90, stage="contact"),
    Signal("wait_90", "contacts", "mean", days=90, stage="wait"),
)
KINDS = (
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


def hold():
    columns = [signal.name for signal in SIGNALS] + ["tenure_days", "earlier_contracts", "region"]
    table = pd.DataFrame(columns=["customer_id", "as_of", "churned", *columns])
    return Snapshots(table, None, pd.DataFrame(), pd.DataFrame(columns=["feature"]), signals=SIGNALS)


@pytest.fixture(scope="module")
def parts():
    return feature_parts(hold())


def test_signals_have_their_touchpoint_or_else_their_table(parts):
    expected = ["network", "network", "contacts", "contacts", "contract", "contract", "customer"]
    assert parts["touchpoint"].tolist() == expected


def test_stages_are_those_of_the_causal_order_and_background(parts):
    assert parts["stage"].tolist() == ["event", "event", "contact", "wait"] + ["background"] * 3
    assert parts["stage"].isin([*STAGE_WORDS, "background"]).all()


def test_windows_of_one_kind_are_a_family_and_waits_are_another_than_contacts(parts):
    family = parts["family"]
    assert family["outage_30"] == family["outage_90"]
    assert family["contact_90"] != family["wait_90"]
    assert family["tenure_days"] == family["earlier_contracts"] and family["region"] == "region"


def test_labels_are_those_of_the_snapshots(parts):
    assert parts.loc["outage_90", "label"] == "outages in 90 days"


def test_each_feature_tells_of_the_driver_that_counts_what_it_counts():
    found = drivers_of_features([*(s.name for s in KINDS), "plan"], KINDS, DRIVERS)
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


def test_of_purchases_numbers_amounts_and_refunds_are_told_apart():
    log = tuple(
        Signal(name, "transactions", name) for name in ("count", "trend", "sum", "sum_trend", "refunds")
    )
    drivers = [
        DriverSettings(name="orders", table="transactions"),
        DriverSettings(name="amount", table="transactions", statistic="bought"),
        DriverSettings(name="given_back", table="transactions", statistic="refunded"),
    ]
    found = drivers_of_features([one.name for one in log], log, drivers)
    assert list(found.values()) == ["orders", "orders", "amount", "amount", "given_back"]


def test_a_column_of_a_flat_table_tells_of_the_driver_that_names_it():
    drivers = [DriverSettings(name="care", table="snapshot", of="care_calls")]
    assert drivers_of_features(["care_calls", "age"], (), drivers) == {"care_calls": "care", "age": REST}


def test_what_the_study_says_of_a_driver_goes_before_what_the_data_say():
    drivers = [
        DriverSettings(name="cuts", of="outage", stage="usage", touchpoint="power"),
        DriverSettings(name="calls", table="contacts", touchpoint="service", stage="contact"),
        DriverSettings(name="region", table="snapshot", of="region", stage="money"),
    ]
    parts = feature_parts(hold(), drivers)
    assert parts.loc["outage_90", ["driver", "touchpoint", "stage"]].tolist() == ["cuts", "power", "usage"]
    assert parts.loc["contact_90", ["touchpoint", "stage"]].tolist() == ["service", "contact"]
    assert parts.loc["wait_90", ["driver", "touchpoint", "stage"]].tolist() == [REST, "contacts", "wait"]
    # without a touchpoint of its own a driver keeps that of the data
    assert parts.loc["region", ["touchpoint", "stage"]].tolist() == ["customer", "money"]


def test_every_stage_but_the_background_has_words():
    assert list(STAGE_WORDS) == [*STAGES, "offer"]

"""Each feature belongs to a touchpoint, a stage and a family."""

from __future__ import annotations

import pandas as pd
import pytest

from cxmodels.churn.features import Snapshots
from cxmodels.drivers.attribution_parts import PARTS, feature_parts
from cxmodels.experience.signal import Signal

SIGNALS = (
    Signal("outage_30", "events", "count", of="outage", days=30, touchpoint="network"),
    Signal("outage_90", "events", "count", of="outage", days=90, touchpoint="network"),
    Signal("contact_90", "contacts", "count", days=90, stage="contact"),
    Signal("wait_90", "contacts", "mean", days=90, stage="wait"),
)


@pytest.fixture(scope="module")
def parts():
    columns = [signal.name for signal in SIGNALS] + ["tenure_days", "earlier_contracts", "region"]
    table = pd.DataFrame(columns=["customer_id", "as_of", "churned", *columns])
    return feature_parts(
        Snapshots(table, None, pd.DataFrame(), pd.DataFrame(columns=["feature"]), signals=SIGNALS)
    )


def test_signals_have_their_touchpoint_or_else_their_table(parts):
    expected = ["network", "network", "contacts", "contacts", "contract", "contract", "customer"]
    assert parts["touchpoint"].tolist() == expected


def test_stages_are_those_of_the_causal_order_and_background(parts):
    assert parts["stage"].tolist() == ["event", "event", "contact", "wait"] + ["background"] * 3
    assert parts["stage"].isin(PARTS).all()


def test_windows_of_one_kind_are_a_family_and_waits_are_another_than_contacts(parts):
    family = parts["family"]
    assert family["outage_30"] == family["outage_90"]
    assert family["contact_90"] != family["wait_90"]
    assert family["tenure_days"] == family["earlier_contracts"] and family["region"] == "region"


def test_labels_are_those_of_the_snapshots(parts):
    assert parts.loc["outage_90", "label"] == "outages in 90 days"

"""What the model must not see."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest

from cxmodels.churn.excluded import without_features, without_records

CONTACTS = ibis.memtable(
    {
        "customer_id": ["a", "b", "c"],
        "reason": ["order", "cancellation", None],
        "touchpoint": ["sales", "support", "cancellation"],
    },
    schema={"customer_id": "string", "reason": "string", "touchpoint": "string"},
)
SURVEYS = ibis.memtable({"customer_id": ["a", "b"], "touchpoint": ["service", "cancellation"]})


def test_records_go_by_reason_and_by_touchpoint_and_the_rest_stays():
    kept = without_records({"contacts": CONTACTS, "surveys": SURVEYS}, ["cancellation"])
    assert kept["contacts"].customer_id.to_pyarrow().to_pylist() == ["a"]
    assert kept["surveys"].customer_id.to_pyarrow().to_pylist() == ["a"]


def test_a_record_without_a_reason_stays():
    kept = without_records({"contacts": CONTACTS.drop("touchpoint")}, ["cancellation"])
    assert sorted(kept["contacts"].customer_id.to_pyarrow().to_pylist()) == ["a", "c"]


def test_an_excluded_feature_is_taken_out_and_named():
    features, left_out = without_features(pd.DataFrame({"score": [1.0], "fee": [2.0]}), ["score"], tables={})
    assert list(features.columns) == ["fee"]
    assert left_out.to_dict("records") == [{"feature": "score", "reason": "taken out by churn.exclude"}]


def test_a_name_that_is_nothing_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"'cancelation', which is neither .* 'cancellation'"):
        without_features(pd.DataFrame({"fee": [2.0]}), ["cancelation"], tables={"contacts": CONTACTS})

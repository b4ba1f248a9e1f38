"""Features that know who left are refused by name, and honest ones are let through."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from cxmodels.churn.leaks import LeakError, find_leaks, refuse_leaks

ROWS = 3_000
RNG = np.random.default_rng(0)
X = RNG.normal(size=ROWS)
LEFT = (RNG.random(ROWS) < expit(1.2 * X - 1.5)).astype(int)


def suspects(**features):
    table = find_leaks(pd.DataFrame({"usage": X} | features), LEFT).table
    return dict(zip(table["feature"], table["verdict"], strict=True))


def test_a_strong_honest_feature_is_no_suspect():
    assert suspects(fee=X + RNG.normal(size=ROWS)) == {}


@pytest.mark.parametrize(
    "leak",
    [
        LEFT * 2.0 + RNG.normal(size=ROWS) * 0.5,
        np.where(LEFT == 1, np.nan, X),
        np.where(LEFT == 1, X, np.nan),
        np.where(LEFT == 1, RNG.choice(["price", "moved", "service"], ROWS), "none"),
        pd.Timestamp("2025-01-01") + pd.to_timedelta(LEFT * 300 + RNG.integers(0, 250, ROWS), unit="D"),
    ],
    ids=["number", "missing where left", "filled where left", "category", "date"],
)
def test_what_alone_nearly_decides_is_refused_whatever_its_kind(leak):
    assert suspects(innocent_name=leak) == {"innocent_name": "refused"}


def test_what_ranks_too_well_is_refused_though_few_leave_and_much_stays_uncertain():
    left = np.arange(10_000) < 200
    found = find_leaks(pd.DataFrame({"score": 2.4 * left + RNG.normal(size=10_000)}), left)
    assert found.refused == ("score",)
    assert found.table["explained"][0] < 0.45


def test_a_rare_value_with_which_all_leave_is_refused_though_it_decides_little():
    rare = np.zeros(ROWS)
    rare[np.flatnonzero(LEFT)[:150]] = 1.0
    rare[np.flatnonzero(LEFT == 0)[:2]] = 1.0
    found = find_leaks(pd.DataFrame({"calls_to_line_four": rare}), LEFT)
    assert found.refused == ("calls_to_line_four",)
    assert found.table["auc"][0] < 0.65
    assert "150 of 152 customers with '1' left" in found.table["reason"][0]


def test_a_few_customers_who_all_left_are_no_proof_unless_only_leavers_can_have_the_value():
    rare = np.zeros(ROWS)
    rare[np.flatnonzero(LEFT)[:8]] = 1.0
    rare[np.flatnonzero(LEFT == 0)[:1]] = 1.0
    assert suspects(rare=rare) == {}
    rare = np.zeros(ROWS)
    rare[np.flatnonzero(LEFT)[:15]] = 1.0
    found = find_leaks(pd.DataFrame({"rare": rare}), LEFT)
    assert found.refused == ("rare",)
    assert found.table["reason"][0] == "all who stayed have '0'; the 15 customers with anything else left"
    rare[np.flatnonzero(LEFT)[3:15]] = 0.0
    assert suspects(rare=rare) == {}


def test_a_value_that_only_stayers_have_is_worth_a_look_as_a_contract_may_bind_them():
    bound = np.zeros(ROWS)
    bound[np.flatnonzero(LEFT == 0)[:400]] = 1.0
    found = refuse_leaks(pd.DataFrame({"bound": bound}), LEFT)
    assert found.table["verdict"].tolist() == ["look"]
    assert "all who left have '0'; the 400 customers with anything else stayed" in found.table["reason"][0]


@pytest.mark.parametrize(
    "name", ["Churn Score", "endReason", "cancellation_contacts_90d", "exit survey", "termination-date"]
)
def test_a_name_that_speaks_of_the_leaving_is_refused_where_it_is_related_to_it(name):
    related = X + 2 * RNG.normal(size=ROWS)
    assert suspects(**{name: related}) == {name: "refused"}
    assert suspects(**{name: RNG.normal(size=ROWS)}) == {}


@pytest.mark.parametrize(
    "name", ["cancelled_orders_90d", "trips cancelled", "weekend_date", "blended_reason"]
)
def test_what_else_is_cancelled_or_ends_is_an_experience(name):
    assert suspects(**{name: X + 2 * RNG.normal(size=ROWS)}) == {}


def test_a_strong_feature_named_as_a_state_is_worth_a_look_and_stops_nothing():
    state = np.select([X > 0.8, X > -0.2], ["inactive", "idle"], "active")
    assert suspects(customer_status=state) == {"customer_status": "look"}
    assert suspects(customer_kind=state) == {}


def test_where_nearly_all_leave_a_pure_value_is_no_wonder():
    left = (RNG.random(ROWS) < 0.93).astype(int)
    assert find_leaks(pd.DataFrame({"plan": RNG.choice(["a", "b"], ROWS)}), left).table.empty


def test_the_error_names_every_suspect_why_and_the_setting_that_lets_them_pass():
    features = pd.DataFrame({"usage": X, "a": LEFT, "b": np.where(LEFT == 1, "gone", None)})
    with pytest.raises(LeakError) as caught:
        refuse_leaks(features, LEFT)
    message = str(caught.value)
    assert message.startswith("2 features may know who left")
    assert "a: alone it nearly decides who left (AUC 1.00" in message
    assert "b: alone" in message
    assert "filled in for 100% of those who left and 0% of the others" in message
    assert message.endswith('churn.allow = ["a", "b"]')
    with pytest.raises(LeakError, match=r'churn.allow = \["a", "b"\]'):
        refuse_leaks(features, LEFT, allow=("a",))
    assert refuse_leaks(features, LEFT, allow=("a", "b")).table["verdict"].tolist() == ["allowed", "allowed"]


def test_the_error_speaks_in_words_and_proposes_what_the_study_calls_it_beside_what_it_has():
    features = pd.DataFrame({"a_30d": LEFT, "a_90d": LEFT, "usage": X})
    words = {"a_30d": "calls in 30 days", "a_90d": "calls in 90 days"}
    with pytest.raises(LeakError) as caught:
        refuse_leaks(features, LEFT, exclude=("b",), label=words, counted_from=dict.fromkeys(words, "call"))
    assert "\n  calls in 30 days: alone" in str(caught.value)
    # a sentence each: a report shows them on one line
    assert " ".join(str(caught.value).split()).count(". calls in 90 days: alone") == 1
    assert "left.\nTake them out" in str(caught.value)
    assert 'churn.exclude = ["b", "call"]. Where' in str(caught.value)


def test_allowing_what_is_not_there_is_a_mistake():
    with pytest.raises(ValueError, match=r"churn.allow names usagee; there are usage"):
        find_leaks(pd.DataFrame({"usage": X}), LEFT, allow=("usagee",))


@pytest.mark.parametrize("rows", [12, 60])
def test_small_samples_give_no_false_alarm(rows):
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame(
            {
                "number": rng.normal(size=rows),
                "flag": rng.random(rows) < 0.2,
                "kind": rng.choice(list("abc"), rows),
                "gaps": np.where(rng.random(rows) < 0.3, np.nan, 1.0),
            }
        )
        found = find_leaks(frame, np.r_[1, 0, rng.integers(0, 2, rows - 2)])
        alarms += len(found.refused)
    assert alarms == 0
    assert "cannot be told from chance" in found.note or rows > 59


def test_one_label_or_other_lengths_stop_with_the_reason():
    with pytest.raises(ValueError, match="All 2 rows left"):
        find_leaks(pd.DataFrame({"a": [1, 2]}), [1, 1])
    with pytest.raises(ValueError, match="2 rows of features for 3 labels"):
        find_leaks(pd.DataFrame({"a": [1, 2]}), [1, 0, 1])


def test_the_callers_frame_stays_as_it_was():
    frame = pd.DataFrame({"a": X, "b": LEFT})
    before = frame.copy()
    find_leaks(frame, LEFT)
    pd.testing.assert_frame_equal(frame, before)


def test_the_leak_trap_is_refused_and_its_columns_are_named(data_set):
    frame = pd.read_csv(data_set("ibm-telco-extended")[0])
    features = frame.drop(columns=["Customer ID", "Churn Label"])
    traps = {"Satisfaction Score", "Customer Status", "Churn Score", "Churn Category", "Churn Reason"}
    with pytest.raises(LeakError) as caught:
        refuse_leaks(features, frame["Churn Label"] == "Yes")
    assert all(f"{name}: " in str(caught.value) for name in traps)
    found = find_leaks(features, frame["Churn Label"] == "Yes")
    assert set(found.refused) == traps
    assert set(found.table["feature"]) == traps
    assert refuse_leaks(features.drop(columns=list(traps)), frame["Churn Label"] == "Yes").table.empty
    # by their figures, not by their names
    nameless = features.rename(columns={name: f"c{place}" for place, name in enumerate(features)})
    found = find_leaks(nameless, frame["Churn Label"] == "Yes")
    assert {features.columns[int(name[1:])] for name in found.refused} == traps


@pytest.mark.parametrize(
    ("name", "dropped", "label", "yes"),
    [
        ("ibm-telco", ["customerID"], "Churn", "Yes"),
        ("cell2cell", ["CustomerID"], "Churn", "Yes"),
    ],
)
def test_other_sets_raise_no_alarm(data_set, name, dropped, label, yes):
    frame = pd.read_parquet(data_set(name)[0]).dropna(subset=[label])
    assert refuse_leaks(frame.drop(columns=[*dropped, label]), frame[label] == yes).table.empty


@pytest.mark.parametrize("without_duplicates", [False, True])
def test_the_near_leak_of_the_iranian_set_is_worth_a_look_only(data_set, without_duplicates):
    frame = pd.read_parquet(data_set("iranian-churn")[0])
    frame = frame.drop_duplicates() if without_duplicates else frame
    table = refuse_leaks(frame.drop(columns=["customer_id", "Churn"]), frame["Churn"]).table
    assert table[["feature", "verdict"]].to_numpy().tolist() == [["Status", "look"]]

"""Later behaviour by group, and what simpler rules would have caught."""

import numpy as np
import pandas as pd
import pytest

from cxmodels.value.intervals import wilson_interval
from cxmodels.value.segment_check import capture_by_rule, captured, later_behaviour, told_apart


def series(values):
    return pd.Series(values, index=[f"c{i}" for i in range(len(values))])


LATER = pd.DataFrame(
    {"customer_id": ["c0", "c1", "other"], "purchases": [2, 0, 9], "spend": [30.0, -10.0, 99.0]}
)


def test_customers_without_a_later_row_did_nothing():
    table = later_behaviour(series(["a", "a", "b", "b"]), LATER, order=["a", "b", "c"]).set_index("group")
    assert table["customers"].tolist() == [2, 2, 0]
    assert table["bought_share"].tolist() == [0.5, 0.0, 0.0]
    assert table["spend_each"].tolist() == [10.0, 0.0, 0.0]
    assert table["spend_share"].tolist() == [1.0, 0.0, 0.0]
    assert table.loc["c", ["low", "high"]].tolist() == [0.0, 1.0]


def shares(**groups):
    rows = [(name, count, hit / max(count, 1), hit, count) for name, (hit, count) in groups.items()]
    table = pd.DataFrame(rows, columns=["group", "customers", "bought_share", "hit", "count"])
    low, high = wilson_interval(table["hit"], table["count"])
    return table.assign(low=low, high=high)


def test_groups_are_told_apart_only_in_order_and_beyond_chance():
    apart = "told apart who would come back"
    assert told_apart(shares(active=(600, 1000), cooling=(300, 1000), lapsed=(50, 1000))) == apart
    swapped = told_apart(shares(active=(300, 1000), cooling=(600, 1000), lapsed=(50, 1000)))
    assert swapped == "did not tell active from cooling customers"
    turned = told_apart(shares(active=(50, 1000), cooling=(300, 1000), lapsed=(600, 1000)))
    assert turned == "did not tell active from cooling or cooling from lapsed customers"
    few = told_apart(shares(active=(6, 10), cooling=(3, 10), lapsed=(0, 10)))
    assert few == "did not tell active from cooling or cooling from lapsed customers"
    partly = told_apart(shares(active=(700, 1000), cooling=(34, 100), lapsed=(27, 100)))
    assert partly == "did not tell cooling from lapsed customers"


def test_groups_without_customers_and_new_ones_are_passed_over():
    there = {"new": (9, 1000), "active": (600, 1000), "lapsed": (50, 1000)}
    assert told_apart(shares(**there, cooling=(0, 0))).startswith("told apart")
    assert told_apart(shares(**there)).startswith("told apart")
    assert told_apart(shares(new=(900, 1000), lapsed=(50, 1000))) == (
        "put all who were no longer new in one lifecycle, so that there was nobody to tell apart"
    )


def test_the_best_customers_are_taken_first():
    assert captured([1, 5, 3], [10.0, 60.0, 30.0], size=1) == 0.6
    assert captured([1, 5, 3], [10.0, 60.0, 30.0], size=2) == pytest.approx(0.9)


def test_ties_count_in_proportion_so_that_order_does_not_matter():
    assert captured([1, 1, 1, 1], [4.0, 0.0, 0.0, 0.0], size=1) == 0.25
    assert captured([1, 1, 1, 1], [0.0, 0.0, 0.0, 4.0], size=1) == 0.25


def test_rules_are_compared_with_hindsight():
    rng = np.random.default_rng(3)
    worth = series(rng.gamma(0.5, 100, 2000))
    later = pd.DataFrame({"customer_id": worth.index, "purchases": 1, "spend": rng.poisson(worth)})
    rules = {"knows": worth, "guesses": series(rng.random(2000))}
    table = capture_by_rule(rules, later, size=200).set_index("rule")
    assert table.index.tolist() == ["knows", "guesses", "hindsight"]
    assert table.loc["guesses", "value"] == pytest.approx(0.1, abs=0.03)
    assert table.loc["guesses", "value"] < table.loc["knows", "low"]
    assert table.loc["knows", "value"] <= table.loc["hindsight", "value"]
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()


def test_interval_of_a_capture_covers_the_truth():
    spend = np.random.default_rng(9).gamma(0.5, 10, 200_000)
    score = spend * np.random.default_rng(8).lognormal(0, 1, 200_000)
    truth = captured(score, spend, size=20_000)
    hits = 0
    for seed in range(40):
        pick = np.random.default_rng(seed).integers(0, 200_000, 500)
        rule = {"rule": series(score[pick])}
        later = pd.DataFrame({"customer_id": rule["rule"].index, "purchases": 1, "spend": spend[pick]})
        row = capture_by_rule(rule, later, size=50, draws=100, seed=seed).iloc[0]
        hits += row["low"] <= truth <= row["high"]
    # 36 of 40 expected, standard error 1.9
    assert hits >= 30


def test_nothing_to_catch_is_refused():
    with pytest.raises(ValueError, match="later spend"):
        capture_by_rule({"r": series([1.0])}, LATER.iloc[:0], size=1)
    with pytest.raises(ValueError, match="5 of 2 customers"):
        capture_by_rule({"r": series([1.0, 2.0])}, LATER, size=5)

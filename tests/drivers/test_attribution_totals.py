"""Sizes are taken after signed values are added up; weights, groups and errors mean what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxmodels.drivers.attribution import explain
from cxmodels.drivers.attribution_totals import total_attribution
from tests.drivers.leavers import make_leavers


@pytest.fixture(scope="module")
def found(model, frame):
    return explain(model, frame)


def by_hand(found, values, *, places=None):
    """Return an attribution with these values, the customers one a row unless said otherwise."""
    frame = pd.DataFrame(values)
    rows = np.arange(len(frame))
    where = rows if places is None else np.asarray(places)
    return replace(
        found, values=frame, rows=rows, places=where, of_rows=len(frame), of_customers=len(np.unique(where))
    )


def test_all_customers_are_summed_up_without_an_error(found):
    total = total_attribution(found).set_index("part")
    assert total["size"].to_dict() == pytest.approx(found.values.abs().mean().to_dict())
    assert total["signed"].to_dict() == pytest.approx(found.values.mean().to_dict())
    assert (total[["size_error", "share_error", "signed_error"]] == 0.0).all(axis=None)
    assert total["share"].sum() == pytest.approx(1.0)
    assert total["rank"].tolist() == list(range(1, 9)) and total.index[0] == "outages"


def test_what_moves_to_and_fro_within_a_part_cancels_before_its_size_is_taken(found):
    moved = {"calls": [0.5] * 10, "wait": [-0.5] * 10, "fee": [0.1, -0.1] * 5}
    parts = {"calls": "contact", "wait": "contact", "fee": "bill"}
    total = total_attribution(by_hand(found, moved), parts=parts).set_index("part")
    assert total["size"].to_dict() == pytest.approx({"contact": 0.0, "bill": 0.1})
    assert total["signed"].to_dict() == pytest.approx({"contact": 0.0, "bill": 0.0})


def test_weights_count_and_what_is_missing_or_negative_counts_nothing(found):
    moved = by_hand(found, {"calls": [1.0] * 5 + [3.0] * 5 + [9.0, 9.0]})
    value_at_risk = pd.Series([3.0] * 5 + [1.0] * 5 + [np.nan, -50.0])
    total = total_attribution(moved, weights=value_at_risk)
    assert total["size"].item() == pytest.approx((5 * 3 * 1 + 5 * 1 * 3) / 20)
    with pytest.raises(ValueError, match="No explained row has a weight above 0"):
        total_attribution(moved, weights=np.zeros(12))


def test_groups_are_summed_up_apart_and_small_ones_not_shown(found):
    moved = by_hand(found, {"calls": [1.0] * 10 + [-2.0] * 10 + [7.0] * 9})
    tier = pd.Series(["low"] * 10 + ["top"] * 10 + ["few"] * 9, index=range(100, 129))
    total = total_attribution(moved, groups=tier).set_index("group")
    assert total["customers"].to_dict() == {"few": 9, "low": 10, "top": 10}
    assert total["signed"].drop("few").to_dict() == {"low": 1.0, "top": -2.0}
    assert total.loc["few", ["size", "share", "signed", "rank"]].isna().all()


def test_figures_that_are_not_one_a_row_are_refused(found):
    with pytest.raises(ValueError, match="groups has 3 rows and the frame that was explained 600"):
        total_attribution(found, groups=pd.Series(["a"] * 3))
    with pytest.raises(ValueError, match="weights has 2 rows"):
        total_attribution(found, weights=np.ones(2))


def test_groups_and_weights_of_all_rows_find_those_of_the_sample(model, frame):
    sample = explain(model, frame, most=200, seed=3)
    plan = frame["plan"].fillna("none")
    value = pd.Series(np.arange(600.0))
    total = total_attribution(sample, groups=plan, weights=value).set_index(["group", "part"])
    own = sample.data["plan"].eq("max").to_numpy()
    weight = value.to_numpy()[sample.rows][own]
    expected = np.average(sample.values["outages"].abs()[own], weights=weight)
    assert total.loc[("max", "outages"), "size"] == pytest.approx(expected)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_error_is_as_large_as_samples_are_off(model, frame, weighted):
    several = pd.concat([frame, frame.assign(usage=0.5)], ignore_index=True)  # two snapshots a customer
    value = pd.Series(np.random.default_rng(2).lognormal(size=1_200)) if weighted else None
    everybody = explain(model, several)
    true = total_attribution(everybody, weights=value).set_index("part")
    rng, off, draws = np.random.default_rng(5), [], 300
    for _ in range(draws):
        rows = np.flatnonzero(np.isin(everybody.places, rng.choice(600, 150, replace=False)))
        sample = replace(
            everybody,
            values=everybody.values.iloc[rows].reset_index(drop=True),
            rows=rows,
            places=everybody.places[rows],
        )
        said = total_attribution(sample, weights=value).set_index("part").loc["outages"]
        off.append((said["size"] - true.loc["outages", "size"]) / said["size_error"])
    # the root mean square of so many standard normal figures, within 4.5 standard errors
    assert np.sqrt(np.mean(np.square(off))) == pytest.approx(1.0, abs=4.5 / np.sqrt(2 * draws))


def test_rows_of_one_customer_are_no_evidence_of_several(found):
    rng = np.random.default_rng(1)
    each = rng.normal(size=50)
    once = replace(by_hand(found, {"calls": each}), of_customers=500)
    three = by_hand(found, {"calls": np.repeat(each, 3)}, places=np.repeat(range(50), 3))
    thrice = replace(three, of_customers=500)
    errors = [total_attribution(one)["signed_error"].item() for one in (once, thrice)]
    assert errors[0] == pytest.approx(errors[1])
    assert errors[0] == pytest.approx(each.std(ddof=1) / np.sqrt(50) * np.sqrt(0.9))


def test_a_sample_of_a_large_base_holds_its_figures(model):
    many = make_leavers(3_000, seed=11)
    sampled = total_attribution(explain(model, many, most=500, seed=1)).set_index("part")
    true = total_attribution(explain(model, many)).set_index("part")
    off = (sampled["size"] - true["size"]).abs() / sampled["size_error"]
    assert off.max() < 4.5

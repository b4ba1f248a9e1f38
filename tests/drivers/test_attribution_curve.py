"""A curve ends where the data end, says how many customers it is of, and follows what the model does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxmodels.drivers.attribution import explain
from cxmodels.drivers.attribution_curve import Dependence, dependence
from cxmodels.reporting.wording import Wording
from tests.drivers.leavers import make_leavers


@pytest.fixture(scope="module")
def found(model):
    return explain(model, make_leavers(2_000, seed=9))


def test_each_count_is_a_piece_and_rare_ones_at_the_top_are_put_together(found):
    curve = dependence(found, "outages")
    outages = found.data["outages"]
    assert curve.table["piece"].tolist() == ["0", "1", "2", f"3 to {outages.max():g}"]
    assert outages.eq(3.0).mean() > 0.02 > outages.gt(3.0).mean()
    for row in curve.table.itertuples():
        inside = outages.between(row.low, row.high).to_numpy()
        assert row.customers == inside.sum() and row.share == pytest.approx(inside.mean())
        assert row.moved == pytest.approx(found.values["outages"][inside].mean())
        assert row.value == pytest.approx(outages[inside].mean())
    assert curve.table["high"].iloc[-1] == outages.max()
    assert curve.table["share"].min() >= 0.02 and curve.left_out == 0


def test_the_curve_rises_with_what_raises_the_odds(found):
    table = dependence(found, "outages").table
    assert (np.diff(table["moved"]) > 0).all()
    assert (table["moved_low"] <= table["moved"]).all() and (table["moved"] <= table["moved_high"]).all()


def test_missing_values_stand_apart_from_the_numbers(found):
    table = dependence(found, "usage").table
    missing = table[table["kind"] == "missing"]
    assert missing["piece"].tolist() == ["not known"] and missing["value"].isna().all()
    assert missing["customers"].item() == found.data["usage"].isna().sum()
    assert table["share"].sum() == pytest.approx(1.0)
    assert len(table) <= 51


def test_categories_stand_by_name_the_most_frequent_first(found):
    table = dependence(found, "plan").table
    counts = found.data["plan"].value_counts()
    assert table["kind"].tolist() == ["category"] * 3 + ["missing"]
    assert table["piece"].tolist()[:3] == counts.index.tolist()
    assert table["customers"].tolist()[:3] == counts.tolist()
    moved = table.set_index("piece")["moved"]
    assert moved["max"] < min(moved["basic"], moved["plus"])


def test_between_no_and_yes_there_is_no_line(found):
    met = found.data.assign(outages=(found.data["outages"] > 0).astype(float))
    curve = dependence(replace(found, data=met), "outages")
    assert curve.table["kind"].tolist() == ["category"] * 2
    assert sorted(curve.table["piece"]) == ["0", "1"] and curve.support.empty


def test_the_support_counts_rows_along_the_curve(found):
    curve = dependence(found, "usage")
    usage = found.data["usage"].dropna()
    ends = curve.table["value"].min(), curve.table["value"].max()
    assert (curve.support["low"].iloc[0], curve.support["high"].iloc[-1]) == pytest.approx(ends)
    assert curve.support["share"].sum() == pytest.approx(usage.between(*ends).sum() / len(found.data))
    assert dependence(found, "plan").support.empty


def test_few_values_have_a_bar_each_around_them(found):
    curve = dependence(found, "outages")
    bars, last = curve.support, curve.table["value"].max()
    counts = found.data["outages"].value_counts(normalize=True).sort_index().loc[:last]
    assert ((bars["low"] + bars["high"]) / 2).tolist() == pytest.approx(counts.index.tolist())
    assert bars["share"].tolist() == pytest.approx(counts.tolist())


def test_pieces_of_fewer_than_ten_customers_are_not_shown(model):
    few = make_leavers(200, seed=2)
    few["usage"] = few["usage"].fillna(0.0)
    few.loc[:4, "usage"] = np.nan
    curve = dependence(explain(model, few), "usage")
    assert "missing" not in curve.table["kind"].tolist()
    assert curve.left_out >= 5 and (curve.table["customers"] >= 10).all()


def test_an_unknown_feature_is_named_with_the_nearest(found):
    with pytest.raises(ValueError, match="no feature 'outage'; nearest: 'outages'"):
        dependence(found, "outage")


def test_a_rare_flag_has_a_piece_of_its_own(found):
    # one in a hundred complained: fewer than the pieces of a long curve have
    read = replace(found, data=found.data.assign(outages=(np.arange(2_000) % 100 == 0).astype(float)))
    assert dependence(read, "outages").table["piece"].tolist() == ["0", "1"]


def curve_of(moved, *, kind="number", share=0.1):
    """Return a curve through such points at 0, 1, 2 and so on, or of categories a, b, c."""
    rows = {
        "kind": kind,
        "piece": list("abcdefgh"[: len(moved)]),
        "value": np.arange(float(len(moved))) if kind == "number" else np.nan,
        "share": share,
        "moved": moved,
    }
    return Dependence("wait", pd.DataFrame(rows), pd.DataFrame(), 0)


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ([-0.2, 0.0, 0.1, 0.456], "The score rises with “wait”: from -0.20 at 0 to 0.46 at 3"),
        ([0.4, 0.45, 0.1, -0.3], "The score falls with “wait”: from 0.40 at 0 to -0.30 at 3"),
        ([0.0, 0.5, 0.6, 0.1], "The score is highest where “wait” is near 2"),
        ([0.3, -0.5, 0.0, 0.2], "The score is lowest where “wait” is near 1"),
        ([0.02, 0.0, 0.04, 0.03], "The score hardly moves with “wait”"),
        ([0.3], "Too few customers differ in “wait” to say how the score moves with it"),
    ],
)
def test_a_curve_is_told_by_what_it_does(moved, said):
    assert curve_of(moved).finding("wait", number=Wording("en").number) == said


def test_a_long_curve_is_told_in_whole_numbers():
    curve = curve_of([0.5, 0.2, -0.2])
    long = replace(curve, table=curve.table.assign(value=[0.518, 90.4, 170.3]))
    told = long.finding("wait", number=Wording("en").number)
    assert told == "The score falls with “wait”: from 0.50 at 1 to -0.20 at 170"


def test_categories_are_told_by_the_highest():
    number = Wording("en").number
    told = curve_of([0.1, 0.4, -0.3], kind="category").finding("plan", number=number)
    assert told == "The score is highest where “plan” is “b”"
    assert "hardly moves" in curve_of([0.01, 0.0], kind="category").finding("plan", number=number)
    assert "Too few customers differ" in curve_of([0.4], kind="category").finding("plan", number=number)

"""Months of customers: which are drawn, what they stand for, and what was known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from cxmodels.value.person_months import features_at, leavers_by_lead, levels_of, person_months


def rows(leave, known, **more):
    size = len(leave)
    columns = {
        "customer_id": [str(i) for i in range(size)],
        "as_of": pd.Timestamp("2023-06-30"),
        "risk_plan": "p",
        "risk_fee": 100.0,
        "risk_start_lead": -4.0,
        "risk_bound_lead": np.nan,
        "risk_leave_lead": leave,
        "risk_known_leads": known,
    }
    return pd.DataFrame({**columns, **more})


def drawn(table, *, leads=12, most=10_000, after=None):
    return person_months(table, leads=leads, most=most, rng=np.random.default_rng(1), after=after)


def test_every_known_month_is_there_and_none_after():
    months = drawn(rows([3.0, np.inf, 9.0], [6.0, 2.0, 6.0]))
    found = sorted(zip(months.row, months.lead, months.left, strict=True))
    stayed = [(0, 1, 0), (0, 2, 0), (0, 3, 1), (1, 1, 0), (1, 2, 0), *((2, k, 0) for k in range(1, 7))]
    assert found == stayed
    assert months.offset == 0.0
    assert (months.weight == 1.0).all()


def test_leads_beyond_those_asked_for_are_left_out():
    months = drawn(rows([3.0, np.inf], [6.0, 6.0]), leads=2)
    assert months.left.sum() == 0
    assert months.lead.max() == 2


def test_only_months_after_a_date_are_taken_where_one_is_given():
    months = drawn(rows([2.0, 5.0, np.inf], [6.0, 6.0, 6.0]), after=date(2023, 9, 30))
    found = sorted(zip(months.row, months.lead, months.left, strict=True))
    assert found == [(1, 4, 0), (1, 5, 1), (2, 4, 0), (2, 5, 0), (2, 6, 0)]


def test_a_sample_stands_for_all():
    rng = np.random.default_rng(5)
    leave = np.where(rng.random(40_000) < 0.2, rng.integers(1, 13, 40_000), np.inf)
    table = rows(leave, np.full(40_000, 12.0))
    months = drawn(table, most=20_000)
    left, stayed = (leave <= 12).sum(), np.minimum(leave - 1, 12).sum()
    assert months.weight[months.left == 1].sum() == pytest.approx(left)
    assert months.weight[months.left == 0].sum() == pytest.approx(stayed)
    # log odds in the sample, less the offset, are those of all months
    there = np.log((months.left == 1).sum() / (months.left == 0).sum())
    assert there - months.offset == pytest.approx(np.log(left / stayed))
    lead = months.lead[months.left == 0]
    share = np.array([(leave > k).sum() for k in range(1, 13)]) / stayed
    seen = np.bincount(lead.astype(int), minlength=13)[1:] / len(lead)
    assert seen == pytest.approx(share, abs=4 * np.sqrt(0.1 / len(lead)))


def test_leavers_are_counted_once_a_lead_month():
    table = rows([3.0, 3.0, 3.0, 8.0], [6.0, 6.0, 2.0, 6.0]).assign(customer_id=["a", "a", "b", "c"])
    assert leavers_by_lead(table, leads=4).tolist() == [0, 0, 1, 0]


def test_features_say_what_will_be_so_in_the_month():
    table = rows([np.inf], [6.0], x=[2.0], risk_bound_lead=[3.0])
    seen = features_at(table, np.array([7.0]), names=["x", "gone"], levels=levels_of(table)).iloc[0]
    assert seen["x"] == 2.0
    assert np.isnan(seen["gone"])
    assert seen["then_tenure"] == 11.0
    assert seen["then_binding"] == 4.0
    assert seen["then_month"] == 1.0


def test_categories_keep_their_number_and_new_ones_are_missing():
    table = rows([np.inf] * 3, [6.0] * 3, kind=pd.Categorical(["b", "a", None]))
    levels = levels_of(table)
    other = table.assign(kind=pd.Categorical(["a", "new", "b"]), risk_plan="q")
    seen = features_at(other, np.ones(3), names=["kind"], levels=levels)
    assert seen["kind"].tolist()[::2] == [0.0, 1.0]
    assert np.isnan(seen["kind"].iloc[1])
    assert seen["then_plan"].isna().all()


def test_text_is_refused_with_the_cure():
    with pytest.raises(ValueError, match=r"frame\['kind'\].astype\('category'\)"):
        levels_of(rows([np.inf], [6.0], kind=["a"]))

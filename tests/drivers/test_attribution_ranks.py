"""A strong driver keeps its rank under other customers, noise does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cxmodels.churn.refits import Refits
from cxmodels.drivers.attribution import explain
from cxmodels.drivers.attribution_ranks import rank_parts
from tests.drivers.leavers import FEATURES, NOISE, fit_leavers


@pytest.fixture(scope="module")
def ranks(model, frame):
    return rank_parts(explain(model, frame), model).set_index("part")


def test_the_strong_feature_has_a_narrow_interval_and_noise_a_wide_one(ranks):
    width = ranks["rank_high"] - ranks["rank_low"]
    assert ranks.loc["outages", ["rank", "rank_low", "rank_high"]].tolist() == [1, 1, 1]
    assert (width[list(NOISE)] >= 2).all()
    assert ranks.loc[list(NOISE), "rank_low"].min() > ranks.loc["plan", "rank_high"]


def test_intervals_hold_the_model_s_own_figures(ranks):
    assert ranks["rank"].between(ranks["rank_low"], ranks["rank_high"]).all()
    assert ranks["size"].between(ranks["size_low"], ranks["size_high"]).all()
    assert sorted(ranks["rank"]) == list(range(1, len(FEATURES) + 1))


def test_parts_are_ranked_by_the_size_of_their_sum(model, frame):
    parts = {name: "noise" if name in NOISE else name for name in FEATURES}
    ranked = rank_parts(explain(model, frame), model, parts=parts).set_index("part")
    assert ranked.index.tolist()[:2] == ["outages", "plan"]
    noise = explain(model, frame).by_part(parts)["noise"].abs().mean()
    assert ranked.loc["noise", "size"] == pytest.approx(noise)


def test_what_is_left_out_takes_no_rank_from_the_others(model, frame):
    parts = {name: "noise" if name in NOISE else name for name in FEATURES}
    whole = rank_parts(explain(model, frame), model, parts=parts).set_index("part")
    some = rank_parts(explain(model, frame), model, parts=parts, leave_out=["outages"]).set_index("part")
    assert "outages" not in some.index
    assert sorted(some["rank"]) == list(range(1, len(whole)))
    assert some.loc["plan", "rank"] == whole.loc["plan", "rank"] - 1
    assert some["rank_high"].max() <= len(some)
    assert some.loc["plan", "size"] == whole.loc["plan", "size"]


def test_refits_on_fewer_customers_count_for_less(model, frame, ranks):
    less = replace(model, refits=Refits(model.refits.boosters, model.refits.scale / 10))
    narrow = rank_parts(explain(model, frame), less).set_index("part")
    width, full = (one["size_high"] - one["size_low"] for one in (narrow, ranks))
    assert (width < full / 5).all()


def test_parts_that_nothing_uses_share_the_last_ranks(model, frame):
    unused = replace(model, refits=Refits((model.booster,) * 3))
    parts = {name: "noise" if name in NOISE else name for name in FEATURES}
    same = rank_parts(explain(model, frame), unused, parts=parts)
    assert (same["rank_low"] == same["rank"]).all() and (same["rank_high"] == same["rank"]).all()


def test_without_refits_or_with_too_few_customers_nothing_is_ranked(model, frame):
    with pytest.raises(ValueError, match=r"no refits: fit it with FitPlan\(refits=20\)"):
        rank_parts(explain(fit_leavers(400), frame), fit_leavers(400))
    with pytest.raises(ValueError, match="Too few to rank anything"):
        rank_parts(explain(model, frame.head(5)), model)

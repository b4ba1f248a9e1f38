"""Concentration against closed forms, and a whale curve that shows what unprofitable customers take away."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cxmodels.value.concentration import concentration, curves_together, gini

GRID = (np.arange(200_000) + 0.5) / 200_000


@pytest.mark.parametrize(
    ("quantile", "truth"),
    [
        (lambda u: u, 1 / 3),
        (lambda u: -np.log1p(-u), 1 / 2),
        (lambda u: (1 - u) ** (-1 / 3), 1 / (2 * 3 - 1)),
        (lambda u: u**0.5, 1 / 5),
    ],
    ids=["uniform", "exponential", "pareto-3", "power-2"],
)
def test_gini_equals_the_closed_form_of_the_distribution(quantile, truth):
    assert gini(quantile(GRID)) == pytest.approx(truth, abs=2e-4)


@pytest.mark.parametrize("customers", [2, 5, 100])
def test_gini_of_one_who_has_everything(customers):
    assert gini([0.0] * (customers - 1) + [7.0]) == pytest.approx((customers - 1) / customers)


def test_gini_of_two_customers_by_hand():
    assert gini([1.0, 3.0]) == pytest.approx(0.25)


customers = st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 2)), min_size=1, max_size=50)


@given(customers, st.randoms())
def test_gini_is_a_share_blind_to_order_and_currency(values, random):
    result = gini(values)
    assert 0 <= result <= 1
    shuffled = list(values)
    random.shuffle(shuffled)
    assert gini(shuffled) == result
    assert gini([value * 8 for value in values]) == pytest.approx(result, abs=1e-12)


@given(customers)
def test_gini_is_the_mean_difference_over_twice_the_mean_size(values):
    value = np.array(values)
    assume(np.abs(value).sum() > 0)
    by_pairs = np.abs(value[:, None] - value[None, :]).sum() / (2 * len(value) * np.abs(value).sum())
    assert gini(values) == pytest.approx(by_pairs, abs=1e-9)


@given(customers)
def test_whale_curve_runs_from_nothing_to_the_whole_over_its_peak(values):
    assume(sum(values) > 1)
    result = concentration(values)
    curve = result.curve
    assert curve.iloc[0].tolist() == [0.0, 0.0]
    assert curve.iloc[-1].tolist() == pytest.approx([1.0, 1.0])
    assert np.diff(curve["customer_share"]).min() > 0
    assert result.peak == pytest.approx((result.total + result.lost) / result.total)
    slopes = np.diff(curve["value_share"]) / np.diff(curve["customer_share"])
    assert (np.diff(slopes) <= 1e-6 * np.abs(slopes).max()).all()


def test_customers_are_alike_where_the_best_tenth_holds_little_more_than_its_share():
    subscribers = concentration([99.0] * 90 + [101.0] * 10)
    assert subscribers.alike and subscribers.top_share(0.1) < 0.2
    assert not concentration(-np.log1p(-GRID[::100])).alike


def test_unprofitable_customers_are_counted_and_lift_the_curve_above_the_whole():
    result = concentration([60.0, 60.0, 0.0, -20.0])
    assert (result.unprofitable, result.lost, result.total) == (1, 20.0, 100.0)
    assert result.peak == pytest.approx(1.2)
    assert result.top_share(0.5) == pytest.approx(1.2)


def test_top_shares_of_a_known_population():
    result = concentration([50.0] + [5.0] * 9 + [0.05] * 100, cuts=(0.5, 0.01))
    assert result.table["customer_share"].tolist() == [0.01, 0.5]
    assert result.table["value_share"].iloc[0] == pytest.approx((50 + 0.1 * 5) / 100)
    assert result.top_share(1.0) == pytest.approx(1.0)


def test_customers_needed_for_a_share_of_the_value_is_the_inverse_of_the_top_share():
    result = concentration([8.0, 4.0, 2.0, 1.0, 1.0])
    for share in (0.0, 0.3, 0.5, 0.8, 1.0):
        assert result.top_share(result.customers_for(share)) == pytest.approx(share)


def test_a_thinned_curve_keeps_peak_and_cuts():
    value = np.concatenate([np.linspace(100, 0.1, 9_000), np.full(2_007, -3.0)])
    full, thin = concentration(value, points=len(value)), concentration(value, points=100)
    assert len(thin.curve) < 130 < len(full.curve)
    assert thin.peak == full.peak
    for cut in (0.01, 0.1, 0.5):
        assert thin.top_share(cut) == pytest.approx(full.top_share(cut), abs=1e-12)


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [5.0, -9.0]])
def test_shares_of_nothing_are_refused(values):
    with pytest.raises(ValueError, match="needs a total above zero"):
        concentration(values)


def test_impossible_shares_are_refused():
    result = concentration([1.0, 2.0])
    with pytest.raises(ValueError, match="between 0 and 1"):
        result.top_share(1.2)
    with pytest.raises(ValueError, match="value_share is 2"):
        result.customers_for(2.0)


def test_curves_on_one_axis_keep_their_points():
    few, many = concentration([3.0, 1.0]), concentration([5.0, 2.0, 1.0, 0.0])
    table = curves_together({"few": few, "many": many})
    assert table.index.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert table["few"].tolist() == [0.0, 0.375, 0.75, 0.875, 1.0]
    assert table["many"].tolist() == [0.0, 0.625, 0.875, 1.0, 1.0]

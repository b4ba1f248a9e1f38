"""Closed forms against lifetimes' formulas, against simulation, and where the textbook forms break."""

from __future__ import annotations

import lifetimes
import numpy as np
import pandas as pd
import pytest

from cxmodels.value.beta_geometric import BgNbd, MbgNbd
from cxmodels.value.counts import Counts
from cxmodels.value.nbd import Nbd
from cxmodels.value.pareto import ParetoNbd
from cxmodels.value.purchase_model import PurchaseModel, Window

NO_COUNTS = Counts(*(np.ones(1) for _ in range(4)))
KINDS = {
    "bg-nbd": (BgNbd, {"r": 0.2426, "alpha": 4.4135, "a": 0.7929, "b": 2.4258}, lifetimes.BetaGeoFitter),
    "mbg-nbd": (
        MbgNbd,
        {"r": 0.5248, "alpha": 6.183, "a": 0.8914, "b": 1.614},
        lifetimes.ModifiedBetaGeoFitter,
    ),
    "pareto-nbd": (
        ParetoNbd,
        {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.67},
        lifetimes.ParetoNBDFitter,
    ),
    "nbd": (Nbd, {"r": 0.3848, "alpha": 12.07}, None),
}
CUSTOMERS = pd.DataFrame(
    {
        "frequency": [0, 0, 1, 1, 2, 5, 10, 25, 3],
        "recency": [0.0, 0.0, 2.0, 36.0, 20.0, 30.4, 38.9, 39.0, 4.0],
        "T": [39.0, 1.0, 39.0, 38.0, 33.0, 39.0, 39.0, 39.0, 39.0],
    }
)


def build(name, params=None) -> PurchaseModel:
    kind, published, _ = KINDS[name]
    return kind(
        name=name,
        requested=name,
        params=params or published,
        unit="week",
        log_likelihood=0.0,
        counts=NO_COUNTS,
    )


def columns(frame):
    return frame.frequency, frame.recency, frame["T"]


@pytest.mark.parametrize("name", ["bg-nbd", "mbg-nbd", "pareto-nbd"])
def test_equals_lifetimes_formulas_where_they_work(name):
    model = build(name)
    theirs = KINDS[name][2]()
    theirs.params_ = pd.Series(model.params)
    args = columns(CUSTOMERS)
    np.testing.assert_allclose(model.p_alive(*args), theirs.conditional_probability_alive(*args), rtol=1e-6)
    for t in (0.5, 39.0, 500.0):
        np.testing.assert_allclose(
            model.expected_purchases(t, *args),
            theirs.conditional_expected_number_of_purchases_up_to_time(t, *args),
            rtol=1e-6,
        )
        assert model.expected_purchases_new(t)[0] == pytest.approx(
            float(theirs.expected_number_of_purchases_up_to_time(t)), rel=1e-8
        )


def test_nbd_expects_the_posterior_rate_for_ever():
    model = build("nbd")
    x, t_x, age = columns(CUSTOMERS)
    np.testing.assert_allclose(
        model.expected_purchases(10.0, x, t_x, age), 10.0 * (0.3848 + x) / (12.07 + age)
    )
    assert model.expected_purchases_new([0.0, 12.07]).tolist() == pytest.approx([0.0, 0.3848])


@pytest.mark.parametrize("name", KINDS)
def test_simulated_futures_agree_with_the_closed_forms(name):
    model, size, window = build(name), 30_000, Window(60.0, 0.01)
    args = columns(CUSTOMERS)
    purchases, discount = model.draw_future(*args, window=window, size=size, rng=np.random.default_rng(8))
    assert purchases.shape == discount.shape == (len(CUSTOMERS), size)
    for drawn, expected in (
        (purchases, model.expected_purchases(60.0, *args)),
        (purchases * discount, model.discounted_purchases(60.0, *args, discount_rate_per_unit=0.01)),
        (purchases.clip(max=0) + (purchases == purchases.round()), np.ones(len(CUSTOMERS))),
    ):
        error = drawn.std(axis=1) / np.sqrt(size)
        assert (np.abs(drawn.mean(axis=1) - expected) <= 4 * error + 1e-12).all()


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("bg-nbd", {"r": 0.8, "alpha": 30.0, "a": 0.8, "b": 3.0}),
        ("mbg-nbd", {"r": 0.8, "alpha": 30.0, "a": 0.8, "b": 3.0}),
        ("pareto-nbd", {"r": 0.8, "alpha": 30.0, "s": 0.7, "beta": 150.0}),
    ],
)
def test_forecast_holds_for_customers_followed_beyond_as_of(name, truth):
    """Simulate lives to day 400, look at day 200, forecast the rest: right on average.

    The simulated log is cut, the model's own posterior is not drawn: a wrong P(alive) shows.
    """
    from cxmodels.datasets.purchases import PurchaseTruth, _draw_customers, _draw_repeats

    rng = np.random.default_rng(21)
    customers, ends = 120_000, np.full(120_000, 400.0)
    world = PurchaseTruth(model=name, purchases=truth)
    owner, day = _draw_repeats(world, _draw_customers(world, customers, rng=rng), ends, rng=rng)
    known = day <= 200.0
    x = np.bincount(owner[known], minlength=customers)
    t_x = np.zeros(customers)
    np.maximum.at(t_x, owner[known], day[known])
    later = np.bincount(owner[~known], minlength=customers)
    forecast = build(name, truth).expected_purchases(200.0, x, t_x, ends - 200.0)
    for least, most in ((0, 0), (1, 1), (2, 4), (5, 1_000)):
        group = (x >= least) & (x <= most)
        gap = (later - forecast)[group]
        assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(group.sum()), (least, most)


def test_no_nan_where_a_plus_b_is_below_one():
    """The textbook form divides by a + b − 1 and takes 2F1 of a negative third argument at x = 0."""
    params = {"r": 0.9, "alpha": 5.0, "a": 0.2, "b": 0.5}
    model, theirs = build("bg-nbd", params), lifetimes.BetaGeoFitter()
    theirs.params_ = pd.Series(params)
    ours = model.expected_purchases(39.0, [0], [0.0], [39.0])
    with np.errstate(all="ignore"):
        assert not np.isfinite(theirs.conditional_expected_number_of_purchases_up_to_time(39.0, 0, 0.0, 39.0))
    drawn, _ = model.draw_future(
        [0], [0.0], [39.0], window=Window(39.0), size=200_000, rng=np.random.default_rng(3)
    )
    assert ours[0] == pytest.approx(drawn.mean(), abs=4 * drawn.std() / np.sqrt(200_000))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_nothing_is_nan_infinite_or_negative_for_extreme_customers(name, scale):
    extreme = pd.DataFrame(
        {
            "frequency": [0, 1, 1_500, 1_500, 20_000, 20_000, 0],
            "recency": [0.0, 1e-3, 700.0, 10.0, 730.0, 1.0, 0.0],
            "T": [0.0, 730.0, 700.0, 730.0, 730.0, 730.0, 7_300.0],
        }
    )
    published = KINDS[name][1]
    for key in published:
        model = build(name, {**published, key: published[key] * scale})
        args = columns(extreme)
        alive = model.p_alive(*args)
        expected = model.expected_purchases(730.0, *args)
        discounted = model.discounted_purchases(730.0, *args, discount_rate_per_unit=0.002)
        drawn, discount = model.draw_future(
            *args, window=Window(730.0, 0.002), size=20, rng=np.random.default_rng(1)
        )
        for values in (alive, expected, discounted, drawn, discount):
            assert np.isfinite(values).all(), key
            assert (values >= 0).all(), key
        assert (alive <= 1).all()
        assert (discounted <= expected * (1 + 1e-9)).all()
        values = model.cell_log_likelihood(
            {one: np.float64(value) for one, value in model.params.items()},
            *(column.to_numpy(float) for column in args),
        )
        assert np.isfinite(values).all(), key


def test_a_heavy_buyer_who_fell_silent_is_gone_and_one_who_just_bought_is_not():
    for name in ("bg-nbd", "mbg-nbd", "pareto-nbd"):
        silent, active = build(name).p_alive([1_500, 1_500], [10.0, 729.9], [730.0, 730.0])
        assert silent < 1e-6
        assert active > 0.99


def test_expected_purchases_at_a_dropout_of_exactly_one_is_no_division_by_zero():
    """a = 1 is a removable singularity of the textbook form."""
    around = [build("bg-nbd", {"r": 0.24, "alpha": 4.4, "a": a, "b": 2.4}) for a in (1 - 1e-6, 1.0, 1 + 1e-6)]
    low, middle, high = (model.expected_purchases(39.0, [2], [20.0], [39.0])[0] for model in around)
    assert high < middle < low
    assert middle == pytest.approx((low + high) / 2, rel=1e-9)


def test_many_customers_get_the_same_as_each_alone():
    """Above 2,000 customers distinct pairs are looked up; the answer may not change."""
    rng = np.random.default_rng(9)
    frame = pd.DataFrame({"frequency": rng.integers(0, 6, 5_000), "T": rng.integers(1, 60, 5_000) / 7})
    frame["recency"] = np.where(frame.frequency > 0, frame["T"] * rng.random(5_000), 0.0)
    model = build("mbg-nbd")
    together = model.expected_purchases(39.0, *columns(frame))
    pieces = [model.expected_purchases(39.0, *columns(frame[i : i + 500])) for i in range(0, 5_000, 500)]
    np.testing.assert_allclose(together, np.concatenate(pieces), rtol=1e-14)


@pytest.mark.parametrize("stays", [0.0, 50.0, 1_500.0])
@pytest.mark.parametrize("a", [0.05, 0.8, 80.0])
def test_mean_power_is_the_integral_where_scipy_overflows_and_where_not(stays, a):
    """SciPy 1.17 gives inf for 2F1(-0.95, 0.05; 100.1; 0.947), which is 0.99955."""
    from scipy.special import betaln, log_expit, logsumexp

    from cxmodels.value.beta_geometric import _mean_power

    power, b, z = stays + 1.3, stays + 2.4, np.array([0.1, 1.0, 18.0, 160.0])
    logit = np.linspace(-600.0, 300.0, 400_001)
    log_p, log_q = log_expit(logit), log_expit(-logit)
    height = a * log_p + b * log_q - power * np.log1p(z[:, None] * np.exp(log_p))
    integral = np.exp(logsumexp(height, axis=1) - betaln(a, b)) * (logit[1] - logit[0])
    arguments = (np.full(4, one) for one in (power, a, b))
    np.testing.assert_allclose(_mean_power(*arguments, z), integral, rtol=1e-6, atol=1e-12)

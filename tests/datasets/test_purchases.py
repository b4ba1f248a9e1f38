from datetime import date

import numpy as np
import pyarrow.parquet as pq
import pytest

from cxmodels.datasets.purchases import (
    MarginTruth,
    PurchaseTruth,
    simulate_histories,
    simulate_purchases,
    simulated_margins,
    write_purchases,
)

TRUTHS = [
    PurchaseTruth(),
    PurchaseTruth(model="mbg-nbd", purchases={"r": 0.8, "alpha": 30.0, "a": 0.8, "b": 5.0}),
    PurchaseTruth(model="pareto-nbd", purchases={"r": 0.8, "alpha": 30.0, "s": 0.6, "beta": 200.0}),
]


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.model)
def test_same_seed_same_log(truth):
    first, second, other = (simulate_purchases(200, truth=truth, seed=seed) for seed in (1, 1, 2))
    assert first.equals(second)
    assert not first.equals(other)


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.model)
def test_log_holds_every_customer_in_order_of_time_within_its_days(truth):
    log = simulate_purchases(300, truth=truth, seed=4)
    assert log.customer_id.nunique() == 300
    assert log.timestamp.is_monotonic_increasing
    assert log.timestamp.dt.date.min() >= truth.start
    assert log.timestamp.dt.date.max() < date.fromordinal(truth.start.toordinal() + truth.days)
    assert (log.amount > 0).all()
    assert np.allclose(log.amount, log.amount.round(2))


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.model)
def test_simulated_repeat_purchases_have_the_expected_mean(truth):
    """Against the closed forms of the literature, with the standard error of the simulation."""
    from lifetimes import BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter

    fitters = {"bg-nbd": BetaGeoFitter, "mbg-nbd": ModifiedBetaGeoFitter, "pareto-nbd": ParetoNBDFitter}
    fitter = fitters[truth.model]()
    fitter.params_ = dict(truth.purchases)
    expected = float(fitter.expected_number_of_purchases_up_to_time(400.0))
    frequency = simulate_histories(truth, np.full(60_000, 400.0), rng=np.random.default_rng(5)).frequency
    error = frequency.std() / np.sqrt(len(frequency))
    assert abs(frequency.mean() - expected) < 4 * error


def test_simulated_spend_has_the_expected_mean():
    log = simulate_purchases(20_000, truth=PurchaseTruth(), seed=6)
    by_customer = log.groupby("customer_id").amount.mean()
    error = by_customer.std() / np.sqrt(len(by_customer))
    assert abs(by_customer.mean() - 6.0 * 15.0 / 3.0) < 4 * error


def test_a_customer_who_left_bought_last_at_the_time_of_leaving():
    """With certain leaving at the first repeat purchase nobody buys twice again, and recency is its time."""
    truth = PurchaseTruth(purchases={"r": 500.0, "alpha": 5_000.0, "a": 1e9, "b": 1e-3})
    histories = simulate_histories(truth, np.full(20_000, 1_000.0), rng=np.random.default_rng(7))
    assert (histories.frequency == 1).all()
    assert histories.recency.mean() == pytest.approx(10.0, abs=4 * 10.0 / np.sqrt(20_000))


def test_a_file_written_in_pieces_is_the_log(tmp_path, monkeypatch):
    monkeypatch.setattr("cxmodels.datasets.purchases.CHUNK", 100)
    rows = write_purchases(tmp_path / "log.parquet", 250, truth=PurchaseTruth(), seed=8)
    written = pq.read_table(tmp_path / "log.parquet").to_pandas()
    log = simulate_purchases(250, truth=PurchaseTruth(), seed=8)
    assert rows == len(written) == len(log)
    assert written.customer_id.nunique() == 250
    assert written.sort_values("timestamp", kind="stable", ignore_index=True).equals(log)


def test_a_wrong_truth_says_what_is_allowed():
    with pytest.raises(ValueError, match="did you mean 'bg-nbd'"):
        PurchaseTruth(model="bgnbd")
    with pytest.raises(ValueError, match="Give r, alpha, s, beta"):
        PurchaseTruth(model="pareto-nbd")
    with pytest.raises(ValueError, match="joining_days is 800"):
        PurchaseTruth(joining_days=800)
    with pytest.raises(ValueError, match="at least 1"):
        simulate_purchases(0, truth=PurchaseTruth(), seed=1)


def test_margins_change_nothing_else_in_the_log(tmp_path):
    plain, costed = PurchaseTruth(), PurchaseTruth(margin=MarginTruth())
    log = simulate_purchases(300, truth=costed, seed=8)
    assert log.drop(columns="margin").equals(simulate_purchases(300, truth=plain, seed=8))
    write_purchases(tmp_path / "log.parquet", 300, truth=costed, seed=8)
    assert pq.read_table(tmp_path / "log.parquet").column_names == list(log.columns)


def test_margins_fall_around_the_true_rate_of_each_customer():
    margin = MarginTruth(mean=0.2, spread=0.3, noise=0.1)
    truth = PurchaseTruth(margin=margin)
    log = simulate_purchases(20_000, truth=truth, seed=9)
    rates = simulated_margins(20_000, truth=truth, seed=9)
    assert abs(rates.mean() - 0.2) < 4 * 0.3 / np.sqrt(len(rates))
    assert (rates < 0).mean() == pytest.approx(0.2525, abs=4 * np.sqrt(0.2525 * 0.7475 / len(rates)))
    large = log[log.amount > 5]  # below, rounding to cents counts
    off = large.margin / large.amount - rates.loc[large.customer_id].to_numpy()
    assert abs(off.mean()) < 4 * 0.1 / np.sqrt(len(off))
    assert off.std() == pytest.approx(0.1, rel=4 / np.sqrt(2 * len(off)) + 1e-3)


def test_rates_of_a_log_without_margins_are_refused():
    with pytest.raises(ValueError, match="no margin"):
        simulated_margins(10, truth=PurchaseTruth(), seed=1)


def test_a_negative_spread_of_margins_is_refused():
    with pytest.raises(ValueError, match=r"spread is -0\.1"):
        MarginTruth(spread=-0.1)

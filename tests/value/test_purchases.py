"""Figures of the literature, and what happens where a model does not hold."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.purchases import PurchaseTruth, simulate_histories
from cxmodels.value.beta_geometric import BgNbd
from cxmodels.value.counts import coarsen, count_exactly
from cxmodels.value.fitting import fit_purchase_model
from cxmodels.value.pareto import ParetoNbd
from cxmodels.value.purchases import fit_purchases
from cxmodels.value.summary import summarise

HOLDOUT_WEEKS = 39
PUBLISHED = {
    "bg-nbd": ({"r": (0.2426, 4), "alpha": (4.4135, 3), "a": (0.7929, 4), "b": (2.4258, 3)}, -9582.43),
    "mbg-nbd": ({"r": (0.5248, 4), "alpha": (6.183, 3), "a": (0.8914, 4), "b": (1.6140, 4)}, -9582.13),
    "pareto-nbd": ({"r": (0.553, 3), "alpha": (10.578, 2), "s": (0.606, 3), "beta": (11.67, 2)}, -9594.97),
}


@pytest.fixture(scope="module")
def fitted(cdnow_weeks):
    return {name: fit_purchases(cdnow_weeks, model=name) for name in [*PUBLISHED, "nbd"]}


@pytest.mark.parametrize("name", PUBLISHED)
def test_cdnow_parameters_and_likelihood_are_the_published_ones(fitted, name):
    params, log_likelihood = PUBLISHED[name]
    assert fitted[name].name == fitted[name].requested == name
    assert fitted[name].note == ""
    for key, (value, digits) in params.items():
        # published figures are rounded from fits whose own tolerance shows in the last digit
        assert fitted[name].params[key] == pytest.approx(value, abs=0.6 * 10.0**-digits), key
    assert fitted[name].log_likelihood == pytest.approx(log_likelihood, abs=0.01)


@pytest.mark.parametrize(
    ("name", "total", "correlation"),
    [("bg-nbd", 1653.4, 0.626), ("pareto-nbd", 1665.5, 0.630), ("mbg-nbd", 1576.7, 0.627)],
)
def test_cdnow_holdout_forecast_is_the_known_one(
    fitted, cdnow_weeks, cdnow_holdout, name, total, correlation
):
    expected = fitted[name].expected_purchases(
        HOLDOUT_WEEKS, cdnow_weeks.frequency, cdnow_weeks.recency, cdnow_weeks["T"]
    )
    assert expected.sum() == pytest.approx(total, abs=0.1)
    assert np.corrcoef(expected, cdnow_holdout)[0, 1] == pytest.approx(correlation, abs=0.0006)


def test_every_model_explains_cdnow_better_than_nbd_without_dropout(fitted):
    nested = fitted["nbd"].log_likelihood
    assert all(fitted[name].log_likelihood > nested + 100 for name in PUBLISHED)


@pytest.mark.parametrize("name", ["bg-nbd", "mbg-nbd"])
def test_parameters_and_standard_errors_are_those_that_lifetimes_finds(fitted, cdnow_weeks, name):
    import lifetimes

    kind = lifetimes.BetaGeoFitter if name == "bg-nbd" else lifetimes.ModifiedBetaGeoFitter
    theirs = kind().fit(cdnow_weeks.frequency, cdnow_weeks.recency, cdnow_weeks["T"])
    for key, error in fitted[name].standard_errors.items():
        assert error == pytest.approx(theirs.standard_errors_[key], rel=0.005)
        assert abs(fitted[name].params[key] - theirs.params_[key]) < 0.02 * error


def test_customers_without_a_repeat_purchase_are_alive_to_bg_nbd_by_design(fitted):
    args = ([0, 0, 3], [0.0, 0.0, 10.0], [39.0, 2.0, 39.0])
    assert fitted["bg-nbd"].p_alive(*args)[:2].tolist() == [1.0, 1.0]
    assert (fitted["mbg-nbd"].p_alive(*args) < 1.0).all()
    assert (fitted["pareto-nbd"].p_alive(*args) < 1.0).all()
    assert fitted["nbd"].p_alive(*args).tolist() == [1.0, 1.0, 1.0]


def test_pareto_finds_the_same_optimum_from_any_seed(cdnow_weeks, fitted):
    counts = coarsen(count_exactly(cdnow_weeks))
    for seed in range(1, 7):
        params = fit_purchase_model(ParetoNbd, counts, seed=seed)
        assert params == pytest.approx(fitted["pareto-nbd"].params, rel=2e-3)


def test_pareto_survives_the_heavy_buyers_that_turn_lifetimes_into_nan():
    """recency = T and hundreds of purchases: lifetimes' likelihood is NaN there with scipy 1.16 and later."""
    import lifetimes

    heavy = pd.DataFrame({"frequency": [400, 900, 1500], "recency": [700.0] * 3, "T": [700.0] * 3})
    usual = simulate_histories(PurchaseTruth(), np.full(800, 700.0), rng=np.random.default_rng(2))
    summary = pd.concat([usual, heavy], ignore_index=True)
    fitted = fit_purchases(summary, model="pareto-nbd", unit="day")
    assert fitted.name == "pareto-nbd"
    assert np.isfinite(fitted.log_likelihood)
    alive = fitted.p_alive(heavy.frequency, heavy.recency, heavy["T"])
    assert alive == pytest.approx(np.ones(3))
    params = np.array(list(fitted.params.values()))
    with np.errstate(all="ignore"):
        theirs = lifetimes.ParetoNBDFitter._conditional_log_likelihood(
            params, heavy.frequency.to_numpy(float), heavy.recency.to_numpy(), heavy["T"].to_numpy()
        )
    ours = fitted.cell_log_likelihood(
        fitted.params, heavy.frequency.to_numpy(float), heavy.recency.to_numpy(), heavy["T"].to_numpy()
    )
    usable = np.isfinite(theirs)
    assert np.isfinite(ours).all()
    np.testing.assert_allclose(ours[usable], theirs[usable], rtol=1e-6)


@pytest.mark.parametrize("model", ["bg-nbd", "mbg-nbd", "pareto-nbd"])
def test_where_dropout_runs_to_zero_the_nested_model_is_fitted_and_said(online_retail, model):
    summary = summarise(online_retail, as_of=date(2011, 9, 9)).to_pandas()
    fitted = fit_purchases(summary, model=model)
    nested = fit_purchases(summary, model="nbd")
    assert (fitted.name, fitted.requested) == ("nbd", model)
    assert "NBD without dropout" in fitted.note
    assert fitted.params == nested.params
    forecast = fitted.expected_purchases(13.0, summary.frequency, summary.recency, summary["T"])
    assert np.isfinite(forecast).all()
    assert 0.5 < forecast.sum() / summary.frequency.sum() / (13 / summary["T"].max()) < 3


def test_a_start_where_the_likelihood_breaks_down_is_passed_over(monkeypatch, cdnow_weeks):
    real, calls = BgNbd.likelihood_and_score, []

    def breaks_at_first(params, counts):
        calls.append(params)
        return (np.nan, np.zeros(4)) if len(calls) == 1 else real(params, counts)

    monkeypatch.setattr(BgNbd, "likelihood_and_score", breaks_at_first)
    assert fit_purchases(cdnow_weeks, model="bg-nbd").params["r"] == pytest.approx(0.2426, abs=1e-3)


def test_when_no_start_has_a_likelihood_nbd_is_fitted_and_said(monkeypatch, cdnow_weeks):
    monkeypatch.setattr(BgNbd, "likelihood_and_score", lambda params, counts: (np.nan, np.zeros(4)))
    fitted = fit_purchases(cdnow_weeks, model="bg-nbd")
    assert fitted.name == "nbd"
    assert "did not converge" in fitted.note
    assert fit_purchase_model(BgNbd, coarsen(count_exactly(cdnow_weeks))) is None


def test_nobody_buying_again_is_said_and_forecasts_nearly_nothing():
    summary = pd.DataFrame({"frequency": [0] * 50, "recency": [0.0] * 50, "T": np.linspace(1, 50, 50)})
    for model in PUBLISHED:
        fitted = fit_purchases(summary, model=model)
        assert "No customer has bought again" in fitted.note
        assert 0 <= fitted.expected_purchases(52, [0], [0.0], [30.0])[0] < 0.01


def test_fits_leave_warning_filters_and_random_state_alone(cdnow_weeks):
    import warnings

    np.random.seed(3)  # noqa: NPY002  the very global state that lifetimes draws its Pareto start from
    before, state = list(warnings.filters), np.random.get_state()[1].copy()  # noqa: NPY002
    fit_purchases(cdnow_weeks, model="pareto-nbd")
    assert list(warnings.filters) == before
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_joined_cells_leave_parameters_within_a_tenth_of_a_standard_error():
    rng = np.random.default_rng(11)
    age = np.floor(rng.uniform(1, 730, 70_000))
    histories = simulate_histories(PurchaseTruth(), age, rng=rng)
    summary = histories.assign(recency=np.minimum(np.ceil(histories.recency), age))
    full = fit_purchase_model(BgNbd, coarsen(count_exactly(summary), cells=1_000_000))
    joined = fit_purchases(summary, unit="day")
    assert joined.counts.cells < 13_000 < coarsen(count_exactly(summary), cells=1_000_000).cells
    for key, error in joined.standard_errors.items():
        assert abs(joined.params[key] - full[key]) < 0.1 * error, key


def test_an_unknown_model_names_the_nearest(cdnow_weeks):
    with pytest.raises(ValueError, match="did you mean 'mbg-nbd'"):
        fit_purchases(cdnow_weeks, model="mbgnbd")

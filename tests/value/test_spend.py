from datetime import date

import numpy as np
import pandas as pd
import pytest

from cxmodels.value.independence import spend_cells
from cxmodels.value.spend import fit_spend, gamma_gamma_log_likelihood
from cxmodels.value.summary import summarise


def repeat_buyers(customers, *, p=6.0, q=4.0, v=15.0, trend=0.0, seed=1):
    rng = np.random.default_rng(seed)
    x = 1 + rng.poisson(rng.gamma(0.8, 4.0, customers))
    rate = rng.gamma(q, 1.0, customers) / v
    value = rng.gamma(p * x) / rate / x * (1.0 + x) ** trend
    return pd.DataFrame({"frequency": x, "monetary_value": value})


def test_cdnow_parameters_and_mean_are_the_published_ones(cdnow_weeks):
    fitted = fit_spend(cdnow_weeks)
    assert fitted.name == "gamma-gamma"
    assert fitted.cells.customers == 946
    assert fitted.params["p"] == pytest.approx(6.25, abs=0.005)
    assert fitted.params["q"] == pytest.approx(3.74, abs=0.005)
    assert fitted.params["v"] == pytest.approx(15.45, abs=0.01)
    assert fitted.population_mean == pytest.approx(35.17, abs=0.005)


def test_expected_spend_equals_lifetimes_formula(cdnow_weeks):
    import lifetimes

    fitted = fit_spend(cdnow_weeks)
    theirs = lifetimes.GammaGammaFitter()
    theirs.params_ = pd.Series(fitted.params)
    x, m = cdnow_weeks.frequency, cdnow_weeks.monetary_value
    np.testing.assert_allclose(fitted.expected_spend(x, m), theirs.conditional_expected_average_profit(x, m))


def test_cells_leave_parameters_within_a_tenth_of_a_standard_error():
    summary = repeat_buyers(40_000)
    import lifetimes

    full = lifetimes.GammaGammaFitter().fit(summary.frequency, summary.monetary_value)
    fitted = fit_spend(summary)
    assert len(fitted.cells.weights) < 8_000
    for key, error in full.standard_errors_.items():
        assert abs(fitted.params[key] - full.params_[key]) < 0.1 * error, key


def test_likelihood_is_the_one_that_lifetimes_maximises(cdnow_weeks):
    import lifetimes

    x, m = (
        cdnow_weeks.query("frequency > 0")[key].to_numpy(float) for key in ("frequency", "monetary_value")
    )
    params = {"p": 6.25, "q": 3.74, "v": 15.45}
    theirs = -lifetimes.GammaGammaFitter._negative_log_likelihood(
        np.log(list(params.values())), x, m, np.ones(len(x)), 0.0
    )
    assert gamma_gamma_log_likelihood(params, x, m).mean() == pytest.approx(theirs)


def test_simulated_totals_agree_with_expected_spend():
    fitted = fit_spend(repeat_buyers(2_000))
    x, m = np.array([0.0, 2.0, 30.0]), np.array([0.0, 12.0, 80.0])
    purchases = np.full((3, 200_000), 3.0)
    factor = fitted.draw_factor(purchases, x[:, None], rng=np.random.default_rng(4))
    drawn = fitted.scale(x, m)[:, None] * factor / 3.0
    error = drawn.std(axis=1) / np.sqrt(200_000)
    assert (np.abs(drawn.mean(axis=1) - fitted.expected_spend(x, m)) < 4 * error).all()


def test_second_moment_agrees_with_simulation():
    fitted = fit_spend(repeat_buyers(2_000))
    purchases, x = np.full((1, 400_000), 3.0), np.array([[4.0]])
    drawn = fitted.draw_factor(purchases, x, rng=np.random.default_rng(5))
    mean, square = fitted.second_moment(purchases[:, :1], x)
    assert drawn.mean() == pytest.approx(mean[0, 0], rel=0.01)
    assert (drawn**2).mean() == pytest.approx(square[0, 0], rel=0.02)


def test_customers_who_all_spend_the_same_are_valued_at_the_pooled_mean():
    summary = pd.DataFrame({"frequency": [1, 2, 5, 9] * 30, "monetary_value": 25.0})
    fitted = fit_spend(summary)
    assert (fitted.name, fitted.requested) == ("pooled-mean", "gamma-gamma")
    assert "varies too little" in fitted.note
    assert fitted.expected_spend([0, 3], [0.0, 25.0]).tolist() == [25.0, 25.0]
    drawn = fitted.draw_factor(np.full((1, 5), 4.0), np.array([[3.0]]), rng=np.random.default_rng(1))
    assert (fitted.scale(np.array([[3.0]]), np.array([[25.0]])) * drawn).tolist() == [[100.0] * 5]


def test_spend_that_varies_within_but_not_between_customers_is_pooled():
    """lifetimes raises ConvergenceError here: q and v run away together."""
    rng = np.random.default_rng(6)
    x = 1 + rng.poisson(4.0, 3_000)
    fitted = fit_spend(
        pd.DataFrame({"frequency": x, "monetary_value": rng.gamma(8.0 * x) / (8.0 * x) * 40.0})
    )
    assert np.isfinite(fitted.population_mean)
    one_large = fitted.expected_spend([5], [60.0])[0]
    assert fitted.population_mean == pytest.approx(40.0, rel=0.02)
    assert one_large == pytest.approx(40.0, rel=0.05)


def test_a_gamma_gamma_with_infinite_mean_is_refitted_with_the_observed_one():
    rng = np.random.default_rng(8)
    summary = repeat_buyers(3_000, p=3.0, q=0.7, v=10.0, seed=9)
    fitted = fit_spend(summary)
    assert "infinite" in fitted.note or "times the observed" in fitted.note
    assert fitted.params["q"] > 1.0
    assert fitted.population_mean == pytest.approx(summary.monetary_value.mean(), rel=1e-6)
    drawn = fitted.draw_factor(np.full((1, 100), 2.0), np.zeros((1, 1)), rng=rng)
    assert np.isfinite(drawn).all()


def test_independent_spend_is_said_to_be_independent():
    verdict = fit_spend(repeat_buyers(4_000)).independence
    assert abs(verdict.spearman) < 0.05
    assert "does not depend" in verdict.verdict


def test_correlations_equal_scipys(cdnow_weeks):
    from scipy.stats import pearsonr, spearmanr

    kept = cdnow_weeks.query("frequency > 0")
    found = fit_spend(cdnow_weeks).independence
    pearson, spearman = (
        pearsonr(kept.frequency, kept.monetary_value),
        spearmanr(kept.frequency, kept.monetary_value),
    )
    assert (found.pearson, found.pearson_p) == pytest.approx(tuple(pearson))
    assert (found.spearman, found.spearman_p) == pytest.approx(tuple(spearman), rel=1e-6)


def test_spend_that_grows_with_frequency_is_reported_and_the_way_out_is_better():
    """Customers' own later purchases, simulated from the truth, are nearer to the trended forecast."""
    rng, trend = np.random.default_rng(12), 0.5
    summary = repeat_buyers(6_000, trend=trend, seed=13)
    plain, trended = fit_spend(summary), fit_spend(summary, model="gamma-gamma-by-frequency")
    assert "gamma-gamma-by-frequency" in plain.independence.verdict
    assert trended.params["trend"] == pytest.approx(trend, abs=0.1)
    # a new customer's true mean is that of frequency 0
    truth = 6.0 * 15.0 / 3.0
    gaps = [abs(model.expected_spend([0], [0.0])[0] - truth) for model in (plain, trended)]
    assert gaps[1] < gaps[0] / 2
    drawn = trended.draw_factor(np.full((1, 50), 2.0), np.array([[3.0]]), rng=rng)
    assert np.isfinite(trended.scale(np.array([[3.0]]), np.array([[20.0]])) * drawn).all()


def test_too_few_repeat_buyers_get_the_mean_purchase():
    summary = pd.DataFrame(
        {"frequency": [0, 0, 1], "monetary_value": [0, 0, 30.0], "total_spend": [10, 20, 60.0]}
    )
    fitted = fit_spend(summary)
    assert fitted.name == "pooled-mean"
    assert "Too few customers (1) bought again" in fitted.note
    nobody = fit_spend(summary.iloc[:2])
    assert nobody.population_mean == 15.0


def test_bootstrap_of_spend_has_the_spread_of_refits_to_new_customers():
    drawn = fit_spend(repeat_buyers(1_500, seed=30)).sample_parameters(200, np.random.default_rng(1))
    refits = pd.DataFrame([fit_spend(repeat_buyers(1_500, seed=seed)).params for seed in range(31, 71)])
    for key in ("p", "q", "v"):
        ratio = np.log(drawn[key]).std() / np.log(refits[key]).std()
        assert 0.6 < ratio < 1.6, key  # the standard error of a spread from 40 refits is 11 %


def test_a_negative_mean_value_is_refused_with_the_row():
    with pytest.raises(ValueError, match="below 0 or not finite; the first is row 1"):
        spend_cells(pd.DataFrame({"frequency": [1, 2], "monetary_value": [5.0, -1.0]}))


def test_an_unknown_spend_model_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'gamma-gamma'"):
        fit_spend(pd.DataFrame({"frequency": [1], "monetary_value": [5.0]}), model="gamma")


def test_online_retail_spend_is_fitted_and_its_dependence_reported(online_retail):
    fitted = fit_spend(summarise(online_retail, as_of=date(2011, 9, 9)).to_pandas())
    assert fitted.name == "gamma-gamma"
    assert 0.1 < fitted.independence.spearman < 0.3
    assert "weakly more" in fitted.independence.verdict

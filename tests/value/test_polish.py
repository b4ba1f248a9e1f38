import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.purchases import PurchaseTruth, simulate_histories
from cxmodels.value.beta_geometric import BetaGeometric, BgNbd, MbgNbd
from cxmodels.value.bootstrap import cell_derivatives
from cxmodels.value.counts import coarsen, count_exactly, read_history
from cxmodels.value.fitting import fit_purchase_model
from cxmodels.value.pareto import ParetoNbd
from cxmodels.value.polish import polish
from cxmodels.value.purchases import fit_purchases
from cxmodels.value.spend import fit_spend, gamma_gamma_log_likelihood


@pytest.fixture(scope="module")
def summary() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    age = np.floor(rng.uniform(1, 730, 60_000))
    histories = simulate_histories(PurchaseTruth(), age, rng=rng)
    return histories.assign(recency=np.ceil(histories.recency))


@pytest.fixture(scope="module")
def exact_fit(summary) -> tuple[dict[str, float], dict[str, float]]:
    """Parameters of the fit on all distinct histories, and their standard errors."""
    counts = count_exactly(summary)
    params = fit_purchase_model(BgNbd, counts)
    assert params is not None
    model = BgNbd(
        name="bg-nbd", requested="bg-nbd", params=params, unit="day", log_likelihood=0.0, counts=counts
    )
    return params, model.standard_errors


def largest_distance(params, exact_fit) -> float:
    full, errors = exact_fit
    return max(abs(params[key] - full[key]) / errors[key] for key in full)


def test_exact_counts_join_nothing_and_lose_nobody(summary):
    counts = count_exactly(summary)
    distinct = summary[["frequency", "recency", "T"]].drop_duplicates()
    assert counts.cells == len(distinct)
    assert counts.customers == len(summary)
    assert counts.weights @ counts.recency == pytest.approx(summary.recency.sum())


def test_exact_counts_do_not_depend_on_the_order_of_customers(summary):
    few = summary.head(2_000)
    shuffled = few.sample(frac=1.0, random_state=1)
    one, other = (count_exactly(frame) for frame in (few, shuffled))
    for field in ("frequency", "recency", "T", "weights"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


def test_polished_parameters_are_those_of_the_fit_on_every_history(summary, exact_fit):
    joined = coarsen(count_exactly(summary), cells=5_000)
    rough = fit_purchase_model(BgNbd, joined)
    assert largest_distance(rough, exact_fit) > 1.0
    exact = count_exactly(summary)
    polished = polish(BgNbd, rough, joined=joined, exact=exact)
    assert largest_distance(polished, exact_fit) < 0.05


def test_a_fit_of_many_customers_is_within_a_tenth_of_a_standard_error(summary, exact_fit):
    fitted = fit_purchases(summary, model="bg-nbd", unit="day")
    assert fitted.counts.cells < 20_000
    assert largest_distance(fitted.params, exact_fit) < 0.1


def test_the_log_likelihood_is_that_of_every_history(summary):
    fitted = fit_purchases(summary, model="bg-nbd", unit="day")
    named = {key: np.asarray(value) for key, value in fitted.params.items()}
    full = BgNbd.cell_log_likelihood(named, *read_history(summary)).sum()
    assert fitted.log_likelihood == pytest.approx(full, rel=1e-12)


def test_a_step_that_leads_nowhere_leaves_the_parameters(summary):
    counts = coarsen(count_exactly(summary.head(500)))

    class Broken(BgNbd):
        @classmethod
        def likelihood_and_score(cls, params, counts):
            return 0.0, np.full(4, np.nan)

    params = {"r": 1.0, "alpha": 10.0, "a": 1.0, "b": 2.0}
    assert polish(Broken, params, joined=counts, exact=counts) == params


@pytest.mark.parametrize("kind", [BgNbd, MbgNbd])
def test_the_closed_form_gradient_is_that_of_the_likelihood(kind, summary):
    counts = coarsen(count_exactly(summary.head(3_000)))
    params = {"r": 0.7, "alpha": 25.0, "a": 0.6, "b": 3.0}
    exact, score = kind.likelihood_and_score(params, counts)
    height, by_differences = super(BetaGeometric, kind).likelihood_and_score(params, counts)
    assert exact == pytest.approx(height, rel=1e-12)
    np.testing.assert_allclose(score, by_differences, rtol=1e-4, atol=0.05)


def test_pareto_nbd_is_as_exact_although_it_is_fitted_on_few_cells():
    truth = PurchaseTruth(model="pareto-nbd", purchases={"r": 0.6, "alpha": 45.0, "s": 0.6, "beta": 60.0})
    rng = np.random.default_rng(5)
    summary = simulate_histories(truth, rng.uniform(90.0, 730.0, 6_000), rng=rng)
    fitted = fit_purchases(summary, model="pareto-nbd", unit="day")
    history = read_history(summary)

    def values(logs):
        return ParetoNbd.cell_log_likelihood(dict(zip(truth.purchases, np.exp(logs), strict=True)), *history)

    score, curvature = (
        one.sum(axis=0) for one in cell_derivatives(values, np.log(list(fitted.params.values())))
    )
    distance_to_optimum = np.sqrt(score @ np.linalg.solve(-curvature, score))  # in standard errors
    assert distance_to_optimum < 0.1
    assert fitted.log_likelihood >= values(np.log(list(truth.purchases.values()))).sum()


def test_gamma_gamma_on_cells_is_within_a_tenth_of_a_standard_error_of_every_customer(summary):
    fitted = fit_spend(summary)
    repeats = summary[summary.frequency > 0]

    def values(logs):
        named = dict(zip(("p", "q", "v"), np.exp(logs), strict=True))
        return gamma_gamma_log_likelihood(
            named, repeats.frequency.to_numpy(float), repeats.monetary_value.to_numpy()
        )

    at = np.log([fitted.params[key] for key in ("p", "q", "v")])
    score, curvature = (one.sum(axis=0) for one in cell_derivatives(values, at))
    # the distance shrinks with the root of the customers: a hundredth here is a twentieth at 25 times as many
    assert np.sqrt(score @ np.linalg.solve(-curvature, score)) < 0.02

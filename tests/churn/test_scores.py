"""How good probabilities of leaving are: against scikit-learn, closed forms and simulations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from cxmodels.churn.scores import by_tenth, score_churn


def simulate(rows: int, *, seed: int, slope: float = 1.0, shift: float = 0.0):
    """Return who left, and what was said: true log odds are shift + slope · said."""
    rng = np.random.default_rng(seed)
    said = rng.normal(-1.0, 1.0, rows)
    return (rng.random(rows) < expit(shift + slope * said)).astype(int), expit(said)


def test_losses_and_ranks_are_those_of_scikit_learn_with_ties_too():
    churned, said = simulate(2_000, seed=1)
    said = np.round(said, 2).clip(0.01, 0.99)
    value = score_churn(churned, said, draws=2).table["value"]
    assert value["log_loss"] == pytest.approx(log_loss(churned, said))
    assert value["brier"] == pytest.approx(brier_score_loss(churned, said))
    assert value["auc"] == pytest.approx(roc_auc_score(churned, said))
    assert value["average_precision"] == pytest.approx(average_precision_score(churned, said))


def test_slope_is_that_of_an_unpenalised_logistic_regression_on_log_odds():
    churned, said = simulate(3_000, seed=2, slope=0.6, shift=0.3)
    fit = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(said)[:, None], churned)
    # 3,000 distinct log odds are joined into 1,000 cells
    assert score_churn(churned, said, draws=2).table["value"]["calibration_slope"] == pytest.approx(
        fit.coef_[0, 0], abs=1e-3
    )


def test_intercept_makes_the_predicted_total_that_of_those_who_left():
    churned, said = simulate(3_000, seed=3, shift=0.5)
    intercept = score_churn(churned, said, draws=2).table["value"]["calibration_intercept"]
    assert expit(logit(said) + intercept).sum() == pytest.approx(churned.sum(), rel=1e-4)
    assert intercept == pytest.approx(0.5, abs=4 * 0.045)  # standard error by the information matrix


def test_too_extreme_probabilities_have_a_slope_below_one_and_too_timid_ones_above():
    churned, said = simulate(20_000, seed=4)
    for factor in (2.0, 0.5):
        table = score_churn(churned, expit(factor * logit(said)), draws=60).table
        assert table["low"]["calibration_slope"] < 1 / factor < table["high"]["calibration_slope"]


def test_lift_of_the_top_tenth_counts_ties_at_its_edge_in_proportion():
    churned = np.array([1, 0] * 10)
    assert score_churn(churned, np.full(20, 0.5), draws=2).table["value"]["top_tenth_lift"] == pytest.approx(
        1
    )
    churned = np.r_[np.ones(3), np.zeros(27)].astype(int)
    said = np.linspace(0.9, 0.1, 30)
    assert score_churn(churned, said, draws=2).table["value"]["top_tenth_lift"] == pytest.approx(10.0)


def test_no_figure_depends_on_the_order_of_the_rows():
    churned, said = simulate(500, seed=5)
    said = np.round(said, 1).clip(0.01, 0.99)
    other = np.random.default_rng(0).permutation(500)
    one = score_churn(churned, said, value=np.arange(500.0), draws=2)
    two = score_churn(churned[other], said[other], value=np.arange(500.0)[other], draws=2)
    assert one.table["value"].to_numpy() == pytest.approx(two.table["value"].to_numpy(), abs=1e-9)
    assert one.tenths["observed"].to_numpy() == pytest.approx(two.tenths["observed"].to_numpy())
    assert one.value_deciles["slope"].to_numpy() == pytest.approx(two.value_deciles["slope"].to_numpy())


def test_intervals_cover_the_truth_as_often_as_they_say():
    many = simulate(400_000, seed=10**6)
    auc, loss = roc_auc_score(*many), log_loss(*many)
    truth = {"calibration_slope": 1.0, "calibration_intercept": 0.0, "auc": auc, "log_loss": loss}
    trials, inside = 100, dict.fromkeys(truth, 0)
    for seed in range(trials):
        table = score_churn(*simulate(400, seed=seed), draws=100, seed=seed).table
        for name, value in truth.items():
            inside[name] += table["low"][name] <= value <= table["high"][name]
    # 90 % less the bootstrap's shortfall on 400 rows, and three standard errors of 100 trials (3 %)
    assert {name: hits / trials for name, hits in inside.items() if not 0.80 <= hits / trials <= 0.98} == {}


def test_rows_of_one_customer_do_not_count_as_several_customers():
    churned, said = simulate(400, seed=6)
    five = {"churned": np.repeat(churned, 5), "probability": np.repeat(said, 5)}
    alone = score_churn(churned, said, seed=3)
    together = score_churn(**five, customer_ids=np.repeat(np.arange(400), 5), seed=3)
    blind = score_churn(**five, seed=3)
    width = {
        name: one.table["high"] - one.table["low"]
        for name, one in {"alone": alone, "together": together, "blind": blind}.items()
    }
    assert width["together"]["auc"] == pytest.approx(width["alone"]["auc"], rel=1e-6)
    assert width["blind"]["auc"] == pytest.approx(width["alone"]["auc"] / np.sqrt(5), rel=0.2)
    assert together.customers == 400
    assert together.rows == 2_000
    tenth = [(one.tenths["high"] - one.tenths["low"]).mean() for one in (alone, together, blind)]
    assert tenth[1] == pytest.approx(tenth[0], rel=0.1)
    assert tenth[2] < 0.6 * tenth[0]


def test_tenths_show_predicted_and_observed_with_intervals_that_cover():
    churned, said = simulate(20_000, seed=7)
    tenths = score_churn(churned, said, draws=50).tenths
    assert tenths["rows"].tolist() == [2_000] * 10
    assert tenths["predicted"].is_monotonic_decreasing
    error = np.sqrt(tenths["predicted"] * (1 - tenths["predicted"]) / 2_000)
    assert (abs(tenths["observed"] - tenths["predicted"]) < 4 * error).all()
    assert ((tenths["low"] <= tenths["predicted"]) & (tenths["predicted"] <= tenths["high"])).sum() >= 7


def test_a_tenth_in_which_nobody_left_is_not_certain_to_stay_so():
    churned, said = np.array([0] * 50 + [1] * 50), np.linspace(0.01, 0.99, 100)
    tenths = score_churn(churned, said, draws=30).tenths
    # Wilson's interval of 0 of 10: up to z² / (10 + z²)
    assert tenths["high"].iloc[-1] == pytest.approx(1.6449**2 / (10 + 1.6449**2), abs=1e-4)
    assert tenths["low"].iloc[0] == pytest.approx(10 / (10 + 1.6449**2), abs=1e-4)


def test_equal_probabilities_share_a_tenth():
    assert by_tenth(np.full(30, 0.2)).tolist() == [4] * 30
    assert by_tenth(np.arange(10.0)).tolist() == list(range(9, -1, -1))


def test_a_fault_that_only_valuable_customers_meet_shows_in_their_decile():
    churned, said = simulate(30_000, seed=8)
    value = np.random.default_rng(1).gamma(1.0, 100.0, 30_000)
    dear = value >= np.quantile(value, 0.9)
    said = np.where(dear, expit(2.0 * logit(said) - 0.5), said)
    deciles = score_churn(churned, said, value=value, draws=100).value_deciles.set_index("decile")
    assert deciles.loc[1, "slope_high"] < 0.7
    assert deciles.loc[1, "intercept_low"] > 0.3
    right = deciles.loc[2:]
    assert ((right["slope_low"] <= 1.0) & (right["slope_high"] >= 1.0)).sum() >= 6
    assert ((right["low"] <= right["predicted"]) & (right["predicted"] <= right["high"])).sum() >= 6
    assert deciles["value"].is_monotonic_decreasing


def test_wrong_certainty_costs_much_but_not_everything():
    scores = score_churn([1, 0, 1, 0], [0.0, 1.0, 0.6, 0.4], draws=20)
    expected = (2 * -np.log(1e-6) + 2 * -np.log(0.6)) / 4
    assert scores.table["value"]["log_loss"] == pytest.approx(expected)
    assert scores.table["value"]["brier"] == pytest.approx((1 + 1 + 0.16 + 0.16) / 4)
    assert np.isfinite(scores.table["value"]).all()
    assert scores.bounded == 2


def test_scores_that_tell_all_apart_have_an_endless_slope_and_constant_ones_none():
    apart = score_churn([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], draws=20).table["value"]
    assert apart["calibration_slope"] == np.inf
    assert apart["auc"] == 1.0
    backwards = score_churn([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], draws=20).table["value"]
    assert backwards["calibration_slope"] == -np.inf
    same = score_churn([0, 1, 1, 1], [0.5] * 4, draws=20).table["value"]
    assert np.isnan(same["calibration_slope"])
    assert same["calibration_intercept"] == pytest.approx(np.log(3))
    assert same["auc"] == 0.5


def test_two_rows_are_enough_for_figures_if_not_for_certainty():
    scores = score_churn([0, 1], [0.2, 0.7], value=[5.0, 5.0], draws=50)
    assert scores.table["value"]["auc"] == 1.0
    assert scores.table["low"]["brier"] < scores.table["high"]["brier"]
    assert scores.value_deciles["rows"].tolist() == [2]


def test_the_same_seed_gives_the_same_intervals():
    churned, said = simulate(200, seed=9)
    one, two, other = (score_churn(churned, said, draws=50, seed=seed).table for seed in (1, 1, 2))
    assert one.equals(two)
    assert not one.equals(other)


@pytest.mark.parametrize(
    ("churned", "probability", "said"),
    [
        ([0, 0, 0], [0.1, 0.2, 0.3], "All 3 rows stayed.*longer horizon"),
        ([1, 1], [0.1, 0.2], "All 2 rows left"),
        ([], [], "at least one row"),
        ([0, 2], [0.1, 0.2], "neither 0 nor 1; the first is row 1"),
        ([0, np.nan], [0.1, 0.2], "neither 0 nor 1"),
        (["Yes", "No"], [0.1, 0.2], "hold No, Yes; give 1 or True"),
        ([0, 1], [0.1, 1.2], "outside 0 to 1; the first is row 1 with 1.2"),
        ([0, 1], [0.1, np.nan], "missing or infinite"),
        ([0, 1], [0.1, 0.2, 0.3], "one value for each of the 2 rows"),
        ([[0, 1]], [0.1, 0.2], "one list"),
    ],
)
def test_what_cannot_be_scored_is_named_with_its_cure(churned, probability, said):
    with pytest.raises(ValueError, match=said):
        score_churn(churned, probability)


def test_ids_and_values_must_be_there_for_every_row():
    with pytest.raises(ValueError, match="3 customer_ids for 2 rows"):
        score_churn([0, 1], [0.1, 0.2], customer_ids=["a", "b", "c"])
    with pytest.raises(ValueError, match="1 of 2 customer_ids are missing"):
        score_churn([0, 1], [0.1, 0.2], customer_ids=["a", None])
    with pytest.raises(ValueError, match="values of value are missing"):
        score_churn([0, 1], [0.1, 0.2], value=[1.0, np.nan])

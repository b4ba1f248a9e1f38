"""A model is better than a rival only where chance does not explain it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from cxmodels.churn.comparison import compare_models
from cxmodels.churn.profit import expected_maximum_profit
from cxmodels.churn.scores import FIGURES, score_churn
from cxmodels.churn.targeting import compare_rules

RNG = np.random.default_rng(1)
ROWS = 1_500
SCORE = RNG.normal(-1.0, 1.0, ROWS)
LEFT = (RNG.random(ROWS) < expit(SCORE)).astype(int)
CLV = RNG.gamma(2.0, 100.0, ROWS)
MODELS = {
    "right": expit(SCORE),
    "noisy": expit(SCORE + RNG.normal(size=ROWS)),
    "same": expit(SCORE + 0.01 * RNG.normal(size=ROWS)),
}


@pytest.fixture(scope="module")
def compared():
    return compare_models(LEFT, MODELS, clv=CLV)


def test_every_model_has_every_figure_as_scored_alone(compared):
    alone = score_churn(LEFT, MODELS["noisy"]).table
    for figure in FIGURES:
        assert compared.figure(figure).loc["noisy"].tolist() == alone.loc[figure].tolist()
    empc = expected_maximum_profit(LEFT, MODELS["noisy"], draws=0).empc
    assert compared.figure("empc").loc["noisy", "value"] == empc
    profit = compare_rules(LEFT, MODELS["noisy"], CLV).table.loc["expected profit", "profit"]
    assert compared.figure("expected_profit").loc["noisy", "value"] == profit


def test_the_better_model_wins_and_chance_does_not(compared):
    verdicts = compared.differences.pivot(index="rival", columns="figure", values="verdict")
    assert set(verdicts.loc["noisy"]) == {"better"}
    assert verdicts.loc["same", "auc"] == "same to within chance"
    turned = compare_models(LEFT, {"noisy": MODELS["noisy"], "right": MODELS["right"]}).differences
    assert set(turned["verdict"]) == {"worse"}


def test_a_gain_is_the_difference_of_the_figures_and_lies_in_its_interval(compared):
    rows = compared.differences.set_index(["rival", "figure"])
    scores = compared.figure("log_loss")["value"]
    assert rows.loc[("noisy", "log_loss"), "gain"] == pytest.approx(scores["noisy"] - scores["right"])
    areas = compared.figure("auc")["value"]
    assert rows.loc[("noisy", "auc"), "gain"] == pytest.approx(areas["right"] - areas["noisy"])
    assert (rows["low"] <= rows["gain"]).all() and (rows["gain"] <= rows["high"]).all()


def test_a_difference_is_known_better_than_the_figures_it_is_made_of(compared):
    alone = compared.figure("log_loss").loc["right"]
    row = compared.differences.set_index(["rival", "figure"]).loc[("same", "log_loss")]
    assert row["high"] - row["low"] < 0.1 * (alone["high"] - alone["low"])


def test_rows_of_one_customer_are_drawn_together():
    left, said = np.repeat(LEFT[:300], 5), {name: np.repeat(one[:300], 5) for name, one in MODELS.items()}

    def width(ids):
        rows = compare_models(left, said, customer_ids=ids).differences
        return (rows["high"] - rows["low"]).iloc[0]

    assert width(np.repeat(np.arange(300), 5)) > 1.7 * width(None)


def test_without_a_model_there_is_nothing_to_compare():
    with pytest.raises(ValueError, match="give at least one"):
        compare_models(LEFT, {})

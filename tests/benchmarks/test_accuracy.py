from datetime import date
from types import SimpleNamespace

import ibis
import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy import ORACLE, Outcome, figure_of, measure_holdout, verdicts
from benchmarks.holdouts import LOGS, Cut, Holdout
from benchmarks.raw_lifetimes import predict_spend
from benchmarks.recovery import Trial, coverage
from cxmodels.datasets.purchases import PurchaseTruth, simulate_purchases


@pytest.fixture(scope="module")
def holdout() -> Holdout:
    log = simulate_purchases(700, truth=PurchaseTruth(days=540, joining_days=180), seed=4)
    return Holdout("simulated", Cut(date(2024, 3, 31), 84), ibis.memtable(log))


@pytest.fixture(scope="module")
def outcome(holdout) -> Outcome:
    return measure_holdout(holdout)


def test_the_earlier_snapshot_ends_where_the_holdout_begins(holdout):
    earlier, now = holdout.earlier, holdout.now
    assert (now.as_of - earlier.as_of).days == earlier.horizon_days
    assert now.horizon_days == 84


def test_every_rival_and_the_oracle_are_scored(outcome):
    models = outcome.scores["model"].tolist()
    assert models[0] == "auto" and models[-1] == ORACLE
    assert {"BG/NBD × GG", "lifetimes BG/NBD × GG", "past spend rate", "LightGBM regression"} <= set(models)
    oracle = figure_of(outcome.scores.set_index("model"), ORACLE, "top tenth")
    assert (outcome.scores["top tenth"].dropna() <= oracle).all()


def test_our_model_predicts_what_lifetimes_predicts_where_it_converges(outcome):
    scores = outcome.scores.set_index("model")
    assert figure_of(scores, "BG/NBD × GG", "Spearman") == pytest.approx(
        figure_of(scores, "lifetimes BG/NBD × GG", "Spearman"), abs=0.01
    )


def test_totals_are_those_of_all_customers(outcome):
    totals = outcome.totals.set_index("group")
    tiers = totals.drop(index="all")
    for column in ("customers", "clv", "actual"):
        assert tiers[column].sum() == pytest.approx(figure_of(totals, "all", column))
    assert figure_of(totals, "all", "actual") == pytest.approx(outcome.holdout.now.outcome.sum())


def scored(
    auto: tuple[float, float, float], rival: tuple[float, float, float], inside: float = 0.9
) -> Outcome:
    columns = ["MAE", "Spearman", "top tenth"]
    rows = {"auto": auto, "rival": rival, "broken": (np.nan,) * 3, ORACLE: (np.nan, np.nan, 0.9)}
    scores = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("model").reset_index()
    intervals = pd.DataFrame({"model": ["auto"], "inside": [inside]})
    totals = pd.DataFrame({"inside": [True, inside > 0.5]})
    return Outcome(SimpleNamespace(name="set"), scores, intervals, totals, ())  # type: ignore[arg-type]


def test_verdicts_hold_auto_against_the_best_rival_and_never_the_oracle():
    reached = [verdict.reached for verdict in verdicts(scored((10.0, 0.50, 0.60), (10.0, 0.50, 0.60)))]
    assert reached == [True] * 6
    worse = list(verdicts(scored((10.1, 0.49, 0.59), (10.0, 0.50, 0.60))))
    assert [verdict.reached for verdict in worse[:3]] == [False] * 3
    assert "beside rival" in worse[0].question


@pytest.mark.parametrize(
    ("inside", "enough", "narrow"), [(0.86, False, True), (0.9, True, True), (0.98, True, False)]
)
def test_intervals_may_hold_neither_too_few_nor_too_many(inside, enough, narrow):
    found = list(verdicts(scored((1.0, 0.5, 0.5), (1.0, 0.5, 0.5), inside)))
    assert (found[3].reached, found[4].reached) == (enough, narrow)


def test_lifetimes_that_does_not_converge_has_no_prediction_and_a_reason():
    summary = pd.DataFrame({"frequency": [5, 6] * 20, "recency": 10.0, "T": 10.0, "monetary_value": 7.0})
    predicted, reason = predict_spend(summary, model="lifetimes BG/NBD × GG", horizon=4.0)
    assert predicted is None and reason


def test_every_log_has_one_main_cut():
    assert [sum(cut.main for cut in log.cuts) for log in LOGS] == [1, 1, 1]


def test_coverage_counts_intervals_that_hold_the_truth():
    trials = [Trial("m", "r", 1.0, 1.1, low, 1.5) for low in (0.5, 1.0, 1.2)]
    trials.append(Trial("m", "r", 1.0, np.nan, np.nan, np.nan))  # a fallback has no interval
    row = coverage(trials).iloc[0]
    assert (row["covered"], row["trials"]) == (2, 4)

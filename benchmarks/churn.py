"""How well is it foretold who leaves, on real data, beside the rivals?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.churn_sets import SETS, ChurnSet, features_of, worth_of
from benchmarks.machine import describe_machine
from benchmarks.report import Result, Section, Verdict
from cxmodels.churn.comparison import compare_models
from cxmodels.churn.encoding import fit_encoding
from cxmodels.churn.leaks import refuse_leaks
from cxmodels.churn.model import FitPlan, fit_churn
from cxmodels.churn.rivals import fit_rivals
from cxmodels.churn.scores import score_churn
from cxmodels.churn.targeting import Offer, TargetingRules, compare_rules
from cxmodels.datasets.catalogue import CatalogueError

Floats = npt.NDArray[np.float64]
SEED, FOLDS = 20250101, 5
OURS, PLAIN, LOGISTIC = "cxmodels", "LightGBM, as it comes", "logistic regression"
SLOPES = (0.9, 1.1)
INCENTIVE, CONTACT = 0.10, 0.01  # of the mean worth of a customer
FIGURES = {"AUC": ".4f", "SD of folds": ".4f", "log-loss": ".4f", "slope": ".3f"}
GAINS = {"gain": ".4f", "low": ".4f", "high": ".4f"}
MONEY = dict.fromkeys(("profit", "low", "high", "gain", "gain low", "gain high"), ",.0f")


@dataclass(frozen=True)
class Outcome:
    """All that was measured on one set."""

    churn_set: ChurnSet
    scores: pd.DataFrame
    gains: pd.DataFrame
    rules: TargetingRules
    notes: tuple[str, ...]


def measure_churn(*, small: bool = False) -> Result:
    """Cross-validate every model on every set.

    Parameters
    ----------
    small
        One repeat, and no Cell2Cell.
    """
    outcomes, notes = [], ["MLC is left out: its public address is not among those of the catalogue."]
    for churn_set in SETS[:2] if small else SETS:
        try:
            outcomes.append(measure_set(churn_set, repeats=1 if small else churn_set.repeats))
        except CatalogueError as error:
            notes.append(f"{churn_set.name} is left out: {error}")
    notes += [note for outcome in outcomes for note in outcome.notes]
    return Result(
        name="churn",
        title="How well is it foretold who leaves?",
        sections=tuple(section for outcome in outcomes for section in _sections(outcome)),
        verdicts=tuple(verdict for outcome in outcomes for verdict in verdicts(outcome)),
        notes=tuple(notes),
        machine=describe_machine(),
    )


def measure_set(churn_set: ChurnSet, *, repeats: int) -> Outcome:
    """Predict each customer of one set from the others, `repeats` times."""
    frame = churn_set.read()
    features = features_of(frame)
    refuse_leaks(frame[features], frame["churned"])
    labels = frame["churned"].to_numpy(dtype=float)
    said, rounds = [], []
    for repeat in range(repeats):
        fold = folds_of(labels, seed=SEED + repeat)
        told = {}
        for one in range(FOLDS):
            out = np.flatnonzero(fold == one)
            predicted, note = predict_fold(frame.iloc[fold != one], frame.iloc[out], features=features)
            rounds.append(note)
            for model, values in predicted.items():
                told.setdefault(model, np.empty(len(labels)))[out] = values
        said.append((fold, told))
    clv = worth_of(frame).to_numpy(dtype=float)
    offer = Offer(INCENTIVE * clv.mean(), CONTACT * clv.mean(), 0.3)
    first = said[0][1]
    compared = compare_models(labels, first)
    return Outcome(
        churn_set,
        scores=_score(labels, said),
        gains=compared.differences.assign(figure=compared.differences["figure"].str.replace("_", " ")),
        rules=compare_rules(labels, first[OURS], clv, offer=offer),
        notes=(f"{churn_set.name}: {'; '.join(sorted(set(rounds)))}.",),
    )


def predict_fold(
    train: pd.DataFrame, test: pd.DataFrame, *, features: list[str]
) -> tuple[dict[str, Floats], str]:
    """Return what each model says of `test`, having seen only `train`; and the leaves that ours chose."""
    model = fit_churn(train, features=features, seed=SEED, plan=FitPlan(refits=0))
    told = {OURS: model.predict(test), PLAIN: _plain(train, test, features=features)}
    told |= {name: rival.predict(test) for name, rival in fit_rivals(train, features=features).items()}
    return told, f"{model.settings['leaves']} leaves, calibration {model.calibration.kind}"


def folds_of(labels: Floats, *, seed: int) -> npt.NDArray[np.int64]:
    """Return the fold of each row, leavers and stayers spread evenly."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(labels), dtype=np.int64)
    for kind in (0.0, 1.0):
        rows = rng.permutation(np.flatnonzero(labels == kind))
        fold[rows] = np.arange(len(rows)) % FOLDS
    return fold


def verdicts(outcome: Outcome) -> Iterator[Verdict]:
    """Hold ours against published figures, the best rival of the run, and what else is asked."""
    name, scores = outcome.churn_set.name, outcome.scores.set_index("model")
    ours, rivals = scores.loc[OURS], scores.drop(index=OURS)
    yield Verdict(f"{name}: AUC", float(ours["AUC"]), outcome.churn_set.auc, "at least")
    best = rivals["log-loss"].idxmin()
    yield Verdict(
        f"{name}: log-loss, beside {best}", ours["log-loss"], rivals.loc[best, "log-loss"], "at most"
    )
    yield Verdict(f"{name}: calibration slope", ours["slope"], SLOPES[0], "at least")
    yield Verdict(f"{name}: calibration slope", ours["slope"], SLOPES[1], "at most")
    gain = float(outcome.rules.table.loc["expected profit", "gain"])
    yield Verdict(f"{name}: profit above targeting by risk alone", gain, 0.0, "at least")


def _plain(train: pd.DataFrame, test: pd.DataFrame, *, features: list[str]) -> Floats:
    """LightGBM with its defaults and 100 trees, on the same encoding."""
    import lightgbm

    encoding = fit_encoding(train, features=features)
    data = lightgbm.Dataset(
        encoding.matrix(train), train["churned"].to_numpy(), categorical_feature=encoding.categorical
    )
    parameters = {"objective": "binary", "verbose": -1, "num_threads": 1, "seed": SEED, "deterministic": True}
    booster = lightgbm.train(parameters, data, num_boost_round=100)
    return np.asarray(booster.predict(encoding.matrix(test)), dtype=float)


def _score(labels: Floats, said: list[tuple[npt.NDArray[np.int64], dict[str, Floats]]]) -> pd.DataFrame:
    """Return, by model, mean AUC and log-loss of the folds, and the mean slope of the repeats."""
    rows = []
    for model in said[0][1]:
        each, slopes = [], []
        for fold, told in said:
            slopes.append(_figures(labels, told[model])["calibration_slope"])
            each += [_figures(labels[fold == one], told[model][fold == one]) for one in range(FOLDS)]
        area = [one["auc"] for one in each]
        rows.append(
            {
                "model": model,
                "AUC": np.mean(area),
                "SD of folds": np.std(area, ddof=1),
                "log-loss": np.mean([one["log_loss"] for one in each]),
                "slope": np.mean(slopes),
            }
        )
    return pd.DataFrame(rows)


def _figures(labels: Floats, said: Floats) -> pd.Series:
    return score_churn(labels, said, draws=2).table["value"]


def _sections(outcome: Outcome) -> Iterator[Section]:
    name = outcome.churn_set.name
    published = f"Published: AUC {outcome.churn_set.auc} for LightGBM"
    if outcome.churn_set.rival is not None:
        published += f", {outcome.churn_set.rival} for logistic regression"
    yield Section(
        f"{name}: each model on customers that it has not seen", outcome.scores, FIGURES, published + "."
    )
    yield Section(
        f"{name}: what cxmodels gains over each rival",
        outcome.gains,
        GAINS,
        "90 % intervals over customers, in pairs, of the first repeat; above 0 cxmodels is better.",
    )
    rules = outcome.rules.table.reset_index()[["rule", "targets", "profit", "gain", "gain_low", "gain_high"]]
    rules = rules.rename(columns={"gain_low": "gain low", "gain_high": "gain high"})
    yield Section(f"{name}: whom to reach", rules, MONEY, outcome.rules.verdict)

"""How well is each customer's spend foretold, on real logs, beside the rivals?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.holdouts import LOGS, UNIT, Cut, Holdout, RealLog
from benchmarks.machine import describe_machine
from benchmarks.raw_lifetimes import MODELS as RAW_MODELS
from benchmarks.raw_lifetimes import predict_spend
from benchmarks.report import Result, Section, Verdict
from cxmodels.datasets.catalogue import CatalogueError
from cxmodels.study import SegmentSettings, ValueSettings
from cxmodels.tables import DataError
from cxmodels.value.customer_value import CustomerValue, value_customers
from cxmodels.value.metrics import interval_scores, score_predictions, spearman_untied
from cxmodels.value.rivals import past_spend, past_spend_rate, plain_regression, quantile_regression
from cxmodels.value.tiers import value_tiers
from cxmodels.value.units import days_in

Floats = npt.NDArray[np.float64]
SEED = 20250101
OURS = {
    "bg-nbd": "BG/NBD × GG",
    "mbg-nbd": "MBG/NBD × GG",
    "pareto-nbd": "Pareto/NBD × GG",
    "nbd": "NBD × GG",
}
AUTO, ORACLE = "auto", "oracle"
LOWEST_COVERAGE, HIGHEST_COVERAGE = 0.87, 0.97
PUBLISHED = pd.DataFrame(
    [
        ("CDNOW master", "MBG/NBD × GG", 31.8, 0.430, 0.516, 0.763),
        ("Online Retail", "BG/NBD × GG", 638.0, 0.508, 0.525, 0.688),
    ],
    columns=["log", "best rival measured before", "MAE", "Spearman", "top tenth", "oracle"],
)
FIGURES = {"MAE": ",.2f", "Spearman": ".4f", "untied": ".4f", "top tenth": ".4f", "total": ".3f"}
INTERVALS = {"inside": ".1%", "below": ".1%", "above": ".1%", "mean width": ",.1f"}


@dataclass(frozen=True)
class Outcome:
    """All that was measured on one holdout."""

    holdout: Holdout
    scores: pd.DataFrame
    intervals: pd.DataFrame
    totals: pd.DataFrame
    notes: tuple[str, ...]


def measure_accuracy(*, small: bool = False) -> Result:
    """Predict every holdout with every model and score them all the same way.

    Parameters
    ----------
    small
        The main cut of each log only.
    """
    outcomes, notes = [], []
    for log in LOGS:
        try:
            outcomes += [measure_holdout(holdout) for holdout in _holdouts(log, small=small)]
        except (CatalogueError, DataError) as error:
            notes.append(f"{log.name} is left out: {error}")
    notes += [note for outcome in outcomes for note in outcome.notes]
    return Result(
        name="accuracy",
        title="How well is each customer's spend foretold?",
        sections=tuple(_sections(outcomes)),
        verdicts=tuple(verdict for outcome in outcomes for verdict in verdicts(outcome)),
        notes=tuple(notes),
        machine=describe_machine(),
    )


def measure_holdout(holdout: Holdout) -> Outcome:
    """Predict one holdout with every model."""
    actual = holdout.now.outcome
    auto = _value(holdout, AUTO)
    modelled = {name: _value(holdout, model) for model, name in OURS.items()}
    predictions = {AUTO: _clv(auto)} | {name: _clv(value) for name, value in modelled.items()}
    rivals, notes = _rivals(holdout)
    predictions |= rivals
    rows = [{"model": name} | _scores(actual, predicted) for name, predicted in predictions.items()]
    rows.append({"model": ORACLE, "top tenth": score_predictions(actual, actual)["top_tenth"]})
    return Outcome(
        holdout=holdout,
        scores=pd.DataFrame(rows),
        intervals=_interval_table(holdout, auto, modelled),
        totals=_total_table(auto, actual),
        notes=(f"{holdout.name}: auto took {auto.choice.name!r} on {auto.choice.base!r}.", *notes),
    )


def verdicts(outcome: Outcome) -> Iterator[Verdict]:
    """Hold `auto` against the best rival on each figure, and its intervals against their stated coverage."""
    name = outcome.holdout.name
    scores = outcome.scores.set_index("model")
    rivals = scores.drop(index=[AUTO, ORACLE])
    for figure, bound in (("MAE", "at most"), ("Spearman", "at least"), ("top tenth", "at least")):
        column = rivals[figure].dropna().sort_values(ascending=bound == "at most")
        ours, best = figure_of(scores, AUTO, figure), float(column.iloc[0])
        yield Verdict(f"{name}: {figure}, beside {column.index[0]}", ours, best, bound)
    inside = figure_of(outcome.intervals.set_index("model"), AUTO, "inside")
    yield Verdict(f"{name}: customers inside their interval", inside, LOWEST_COVERAGE, "at least")
    yield Verdict(f"{name}: customers inside their interval", inside, HIGHEST_COVERAGE, "at most")
    held, totals = int(outcome.totals["inside"].sum()), len(outcome.totals)
    yield Verdict(f"{name}: totals inside their interval", float(held), float(totals), "at least")


def figure_of(table: pd.DataFrame, row: str, column: str) -> float:
    """One figure of a table by the names of its row and its column."""
    return float(table[column].to_dict()[row])


def _holdouts(log: RealLog, *, small: bool) -> Iterator[Holdout]:
    transactions = log.transactions()
    cuts: tuple[Cut, ...] = tuple(cut for cut in log.cuts if cut.main or not small)
    for cut in cuts:
        yield Holdout(log.name, cut, transactions)


def _value(holdout: Holdout, model: str) -> CustomerValue:
    """Undiscounted spend over the holdout: value at a margin of 1 and a rate of 0."""
    settings = ValueSettings(
        unit=UNIT,
        margin=1.0,
        discount_rate=0.0,
        horizon_days=holdout.cut.days,
        model=model,  # type: ignore[arg-type]
        seed=SEED,
    )
    value = value_customers(holdout.transactions, as_of=holdout.cut.as_of, settings=settings)
    known = holdout.now.customers.index
    return _in_order(value, known)


def _in_order(value: CustomerValue, known: pd.Index) -> CustomerValue:
    """Check that customers stand in the order of the outcome."""
    if not value.table["customer_id"].reset_index(drop=True).equals(known.to_series().reset_index(drop=True)):
        raise ValueError("value_customers and take_snapshot do not list the same customers in the same order")
    return value


def _clv(value: CustomerValue) -> Floats:
    return value.table["clv"].to_numpy(dtype=float)


def _rivals(holdout: Holdout) -> tuple[dict[str, Floats], list[str]]:
    """Predictions of what is not ours, and why some of them are missing."""
    now, days = holdout.now, holdout.cut.days
    found: dict[str, Floats] = {}
    notes = []
    for name in RAW_MODELS:
        predicted, reason = predict_spend(now.customers, model=name, horizon=days / days_in(UNIT))
        if predicted is None:
            notes.append(f"{holdout.name}: {name} {reason}.")
            found[name] = np.full(len(now.customers), math.nan)
        else:
            found[name] = predicted
    found["past spend over the history"] = past_spend(now, horizon_days=days)
    found["past spend rate"] = past_spend_rate(now, horizon_days=days)
    found["LightGBM regression"] = plain_regression(holdout.earlier, now, horizon_days=days, seed=SEED)
    return found, notes


def _scores(actual: Floats, predicted: Floats) -> dict[str, float]:
    """Figures of one model; none where it has no prediction."""
    if not np.isfinite(predicted).all():
        return {}
    scores = score_predictions(actual, predicted)
    return {
        "MAE": scores["mae"],
        "Spearman": scores["spearman"],
        "untied": spearman_untied(actual, predicted, seed=SEED),
        "top tenth": scores["top_tenth"],
        "total": scores["total_ratio"],
    }


def _interval_table(
    holdout: Holdout, auto: CustomerValue, modelled: dict[str, CustomerValue]
) -> pd.DataFrame:
    """Share of customers inside their own 90 % interval, and its mean width, beside a rival's."""
    actual, days = holdout.now.outcome, holdout.cut.days
    ends = {
        name: (value.table["clv_low"].to_numpy(dtype=float), value.table["clv_high"].to_numpy(dtype=float))
        for name, value in ({AUTO: auto} | modelled).items()
    }
    ends["LightGBM quantiles"] = quantile_regression(
        holdout.earlier, holdout.now, horizon_days=days, seed=SEED
    )
    rows = []
    for name, (low, high) in ends.items():
        scores = interval_scores(actual, low, high)
        rows.append(
            {
                "model": name,
                "inside": scores["coverage"],
                "below": scores["below"],
                "above": scores["above"],
                "mean width": scores["width"],
            }
        )
    return pd.DataFrame(rows)


def _total_table(auto: CustomerValue, actual: Floats) -> pd.DataFrame:
    """Totals of the value tiers and of all customers, with their 90 % intervals, beside what came."""
    tiers = value_tiers(auto.table["clv"], SegmentSettings().tiers).reset_index(drop=True)
    outcome = pd.Series(actual)
    parts = [
        auto.totals(tiers).assign(actual=lambda frame: frame["group"].map(outcome.groupby(tiers).sum())),
        auto.totals().assign(actual=float(actual.sum())),
    ]
    table = pd.concat(parts, ignore_index=True)
    inside = (table["low"] <= table["actual"]) & (table["actual"] <= table["high"])
    return table[["group", "customers", "clv", "low", "high", "actual"]].assign(inside=inside)


def _sections(outcomes: list[Outcome]) -> Iterator[Section]:
    yield Section(
        "Measured before on two of these holdouts",
        PUBLISHED,
        {"MAE": ".1f", "Spearman": ".3f", "top tenth": ".3f", "oracle": ".3f"},
    )
    for outcome in outcomes:
        actual = outcome.holdout.now.outcome
        yield Section(
            outcome.holdout.name,
            outcome.scores,
            FIGURES,
            note=f"{len(actual):,} customers; {(actual > 0).mean():.0%} bought, in all {actual.sum():,.0f}.",
        )
        yield Section(f"{outcome.holdout.name}: 90 % intervals of customers", outcome.intervals, INTERVALS)
        money = dict.fromkeys(("customers", "clv", "low", "high", "actual"), ",.0f")
        yield Section(f"{outcome.holdout.name}: 90 % intervals of totals", outcome.totals, money)

"""Are effects those of the counterfactual? Simulated operators drawn at random, and their truth."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.effects_timed import STUDY
from benchmarks.machine import describe_machine
from benchmarks.measure import measure, module
from benchmarks.operators import LEVER_OF, drawn_settings, rows_of, true_effect
from benchmarks.report import RESULTS, Result, Section, Verdict
from benchmarks.seeds import run_seeds
from benchmarks.stakes import NOTE as STAKES_NOTE
from benchmarks.stakes import rank_correlations, stakes_of, summarise
from benchmarks.stakes import verdict as stakes_verdict
from cxmodels.datasets.operator import Operator, simulate_operator, write_operator
from cxmodels.datasets.operator.levers import EVENT_LEVERS
from cxmodels.drivers.effects import Effects, estimate_effects
from cxmodels.drivers.grade import GRADES
from cxmodels.study import Study, read_study
from cxmodels.value.intervals import NORMAL

CUSTOMERS, SMALL, SEEDS = 40_000, 12_000, 20
SPEED_CUSTOMERS = 160_000
HIDDEN = 0.7
MEASURED = 3.0
"""Standard errors that a true effect has, at least, where the error in per cent means anything."""
NOTE = (
    "found, true: change of the probability of leaving in 90 days for one more of the driver in a month. "
    "The truth changes the lever in each of the months that the estimate is from, and divides by what was "
    "taken away or given; z: standard errors between the two. null: the lever does nothing. Settings are "
    "drawn anew for each operator."
)


def measure_effects(
    *,
    seeds: int = SEEDS,
    first: int = 1,
    customers: int = CUSTOMERS,
    timed: bool = True,
    processes: int = 1,
    folder: Path = RESULTS,
) -> Result:
    """Estimate effects on operators drawn at random, and hold them to the counterfactual.

    Parameters
    ----------
    seeds
        Operators; as many again with a hidden confounder of outages and leaving.
    first
        Seed of the first of them.
    customers
        Of each.
    timed
        Whether to time 600,000 rows too.
    processes
        Operators at a time.
    folder
        Where what was found for each seed is kept, so that a run that was cut goes on.
    """
    kept = run_seeds(
        partial(measure_seed, customers=customers),
        range(first, first + seeds),
        folder=folder / f"effects-{customers}",
        processes=processes,
    )
    levers, hidden, signs, stakes = (
        pd.DataFrame([row for one in kept for row in one[name]])
        for name in ("levers", "hidden", "signs", "stakes")
    )
    ranks = rank_correlations(stakes)
    speed = [_speed()] if timed else []
    figures = dict.fromkeys(("found", "true", "error"), ".5f") | {"ratio": ".2f", "z": ".1f"}
    summary = _by_lever(levers)
    sections = (
        Section("Median by lever", summary, dict.fromkeys(summary, ".2f") | {"driver": ""}),
        Section(
            "Which lever is worth most?", summarise(ranks), {"median": ".2f", "least": ".2f"}, STAKES_NOTE
        ),
        Section("The same by operator", ranks, dict.fromkeys(ranks, ".2f") | {"seed": ""}),
        Section(f"{seeds} operators of {customers:,} customers", levers, figures, note=NOTE),
        Section("What is at stake in a year", stakes, _money(stakes)),
        Section("With a hidden confounder of outages and leaving", hidden, figures),
        Section("Proactive calls: new customers and old ones", signs, dict.fromkeys(("new", "long"), ".4f")),
        *(Section("Speed", pd.DataFrame(speed), {"seconds": ".0f", "GB": ".1f"}) for _ in speed),
    )
    verdicts = (*_verdicts(levers, hidden, signs), stakes_verdict(ranks), *map(_in_time, speed))
    title = "Are effects those of the counterfactual?"
    return Result("effects", title, sections, verdicts, (), describe_machine())


def measure_seed(seed: int, *, customers: int) -> dict[str, Any]:
    """Return the figures of one operator, and the grade where a hidden cause is added to it."""
    study = read_study(STUDY)
    settings, null = drawn_settings(seed)
    rows = rows_of(study, settings, customers=customers, seed=seed)
    effects = estimate_effects(rows)
    operator = simulate_operator(customers, settings=settings, seed=seed)
    stakes = stakes_of(rows, effects, operator.truth, seed=seed)
    return {
        "levers": _levers(effects, operator, rows.date.unique(), null=null),
        "stakes": stakes.to_dict("records"),
        "signs": [_signs(effects, seed)],
        "hidden": [_hidden(seed, study, customers=customers)],
    }


def _by_lever(levers: pd.DataFrame) -> pd.DataFrame:
    real = _real(levers)
    return (
        real.groupby("driver", sort=False)
        .agg(ratio=("ratio", "median"), off=("off", "median"), inside=("inside", "mean"), z=("z", "mean"))
        .reset_index()
    )


def _real(levers: pd.DataFrame) -> pd.DataFrame:
    real = levers[~levers["null"]]
    return real.assign(off=(real["ratio"] - 1.0).abs())


def _verdicts(levers: pd.DataFrame, hidden: pd.DataFrame, signs: pd.DataFrame) -> tuple[Verdict, ...]:
    real = _real(levers)
    sure = real[real["true"].abs() >= MEASURED * real["error"]]
    raised = levers.loc[levers["null"], "grade"] != GRADES[0]
    fooled = hidden["grade"] == "sensitivity-tested"
    shares = (
        ("median error of the effects", real["off"].median(), 20.0, "at most"),
        ("of those known to a third", sure["off"].median(), 20.0, "at most"),
        ("90 % intervals that hold the truth", real["inside"].mean(), 85.0, "at least"),
        ("levers without effect above association", raised.mean(), 5.0, "at most"),
        ("hidden confounders graded sensitivity-tested", fooled.mean(), 0.0, "at most"),
        ("changes of sign found", signs["found"].mean(), 95.0, "at least"),
    )
    return tuple(
        Verdict(question, float(100 * share), goal, bound, "%") for question, share, goal, bound in shares
    )


def _in_time(speed: dict[str, Any]) -> Verdict:
    return Verdict("seconds for 600,000 rows", speed["seconds"], 300.0, "at most", "s")


def _money(stakes: pd.DataFrame) -> dict[str, str]:
    figures = [name for name in stakes.columns if name not in ("seed", "driver", "grade")]
    return dict.fromkeys(figures, ",.0f") | {"shap": ".4f"}


def _levers(
    effects: Effects, operator: Operator, dates: Iterable[pd.Timestamp], *, null: str
) -> list[dict[str, Any]]:
    table = effects.table.set_index("driver")
    rows = []
    for driver, lever in LEVER_OF.items():
        one, true = table.loc[driver], true_effect(operator, lever, dates)
        error = (one["estimated_high"] - one["estimated_low"]) / (2 * NORMAL)
        rows.append(
            {
                "seed": operator.seed,
                "driver": driver,
                "found": one["estimated"],
                "true": true,
                "error": error,
                "ratio": one["estimated"] / true if true else np.nan,
                "z": (one["estimated"] - true) / error,
                "inside": one["estimated_low"] <= true <= one["estimated_high"],
                "null": EVENT_LEVERS.get(lever) in (null, "app_login"),
                "grade": one["evidence"],
            }
        )
    return rows


def _signs(effects: Effects, seed: int) -> dict[str, Any]:
    parts = effects.segments[effects.segments["driver"] == "proactive_calls"].set_index("segment")
    changing = effects.changing_sign()
    found = "proactive_calls" in changing.loc[changing["kind"] == "tenure", "driver"].tolist()
    new, long = parts.loc["up to 1 year", "effect"], parts.loc["over 3 years", "effect"]
    others = sorted(set(changing["driver"]) - {"proactive_calls"})
    return {"seed": seed, "new": new, "long": long, "found": found, "others": ", ".join(others)}


def _hidden(seed: int, study: Study, *, customers: int) -> dict[str, Any]:
    settings, _ = drawn_settings(seed, hidden=HIDDEN)
    only = study.model_copy(update={"drivers": [one for one in study.drivers if one.name == "outages"]})
    one = estimate_effects(rows_of(only, settings, customers=customers, seed=seed)).table.iloc[0]
    return {"seed": seed, "driver": "outages", "found": one["unit"], "grade": one["evidence"]}


def _speed() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="effects-") as folder:
        report = Path(folder) / "report.json"
        write_operator(Path(folder), SPEED_CUSTOMERS, seed=1)
        found = measure(module("benchmarks.effects_timed", *("--folder", folder, "--report", str(report))))
        told = json.loads(report.read_text())
    own = {name: told["stages"][name] for name in ("rows", "effects")}
    return {
        **{name: int(told["parameters"][name]) for name in ("rows", "drivers")},
        "reading": own["rows"],
        "seconds": sum(own.values()),
        "GB": found.peak_mb / 1_000,
    }

"""Are effects those of the counterfactual? Simulated operators drawn at random, and their truth."""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import ibis
import numpy as np
import pandas as pd

from benchmarks.machine import describe_machine
from benchmarks.report import Result, Section, Verdict
from cxmodels.datasets.operator import Operator, OperatorSettings, simulate_operator, write_operator
from cxmodels.datasets.operator.levers import EVENT_LEVERS
from cxmodels.drivers.effects import Effects, estimate_effects
from cxmodels.drivers.effects_panel import PanelPlan, effect_rows
from cxmodels.drivers.grade import GRADES
from cxmodels.study import DriverSettings, Study, read_study

STUDY = Path(__file__).parents[1] / "data" / "nordtel"
CUSTOMERS, SMALL, SEEDS = 40_000, 12_000, 20
SPEED_CUSTOMERS, SPEED_ROWS = 160_000, 600_000
FAULTS = ("outage", "billing_error", "late_delivery", "self_service_failure")
LEVER_OF = {
    **{lever: lever for lever in EVENT_LEVERS},
    "fault_contacts": "contacts",
    "waiting": "waits",
    "unresolved_contacts": "unresolved",
}
"""Lever of the simulator that changes each driver."""
DATES = ("2022-10-31", "2023-04-30", "2023-10-31", "2024-02-29")
CHANGE = -0.5
HIDDEN = 0.7
MEASURED = (
    3.0  # standard errors that the true effect has, at least, where the error in per cent means anything
)


def measure_effects(*, seeds: int = SEEDS, customers: int = CUSTOMERS, timed: bool = True) -> Result:
    """Estimate effects on operators drawn at random, and hold them to the counterfactual.

    Parameters
    ----------
    seeds
        Operators; as many again with a hidden confounder of outages and leaving.
    customers
        Of each.
    timed
        Whether to time 600,000 rows too.
    """
    study = read_study(STUDY)
    runs = [_one(seed, study, customers=customers) for seed in range(1, seeds + 1)]
    levers = pd.concat([levers for levers, _ in runs], ignore_index=True)
    hidden = pd.concat([_hidden(seed, study, customers=customers) for seed in range(1, seeds + 1)])
    signs = pd.DataFrame([signs for _, signs in runs])
    real = levers[~levers["null"]]
    sure = real[real["true"].abs() >= MEASURED * real["error"]]
    by_lever = real.assign(off=(real["found"] / real["true"] - 1.0).abs())
    summary = by_lever.groupby("driver", sort=False).agg(
        ratio=("ratio", "median"), off=("off", "median"), inside=("inside", "mean"), z=("z", "mean")
    )
    speed = [_speed(study)] if timed else []
    verdicts = (
        Verdict("median error of the effects", float(100 * by_lever["off"].median()), 20.0, "at most", "%"),
        Verdict(
            "of those known to a third", float(100 * (sure["ratio"] - 1).abs().median()), 20.0, "at most", "%"
        ),
        Verdict(
            "90 % intervals that hold the truth", float(100 * real["inside"].mean()), 85.0, "at least", "%"
        ),
        Verdict(
            "levers without effect above association",
            float(100 * (levers.loc[levers["null"], "grade"] != GRADES[0]).mean()),
            5.0,
            "at most",
            "%",
        ),
        Verdict(
            "hidden confounders graded sensitivity-tested",
            float(100 * (hidden["grade"] == "sensitivity-tested").mean()),
            0.0,
            "at most",
            "%",
        ),
        Verdict("changes of sign found", float(100 * signs["found"].mean()), 95.0, "at least", "%"),
        *(Verdict("seconds for 600,000 rows", one["seconds"], 300.0, "at most", "s") for one in speed),
    )
    figures = dict.fromkeys(("found", "true", "error", "experiment"), ".5f") | {"ratio": ".2f", "z": ".1f"}
    sections = (
        Section("Median by lever", summary.reset_index(), dict.fromkeys(summary, ".2f")),
        Section(f"{seeds} operators of {customers:,} customers", levers, figures, note=NOTE),
        Section("With a hidden confounder of outages and leaving", hidden, figures),
        Section("Proactive calls: new customers and old ones", signs, dict.fromkeys(("new", "long"), ".4f")),
        *(Section("Speed", pd.DataFrame(speed), {"seconds": ".0f", "GB": ".1f"}) for _ in speed),
    )
    return Result(
        "effects", "Are effects those of the counterfactual?", sections, verdicts, (), describe_machine()
    )


NOTE = (
    "found, true: change of the probability of leaving in 90 days for one more of the driver in a month. The "
    "truth halves the lever for a month and divides by what was taken away; z: standard errors between the "
    "two. null: the lever does nothing. Settings are drawn anew for each operator."
)


def drawn_settings(seed: int, *, hidden: float = 0.0) -> tuple[OperatorSettings, str]:
    """Draw settings within realistic bounds, and one fault that does nothing at all."""
    rng = np.random.default_rng((seed, 77))
    base = OperatorSettings(hidden_confounder=hidden)
    null = str(rng.choice(FAULTS[1:]))
    kinds = {}
    for name in (*FAULTS, "app_login", "proactive_call"):
        one = getattr(base.events, name)
        drawn = replace(
            one,
            rate=one.rate * rng.uniform(0.7, 1.5),
            usage=one.usage * rng.uniform(0.5, 1.2),
            loyalty=one.loyalty * rng.uniform(0.6, 1.2),
            impact=one.impact * rng.uniform(0.6, 1.4),
            contact=min(one.contact * rng.uniform(0.6, 1.3), 0.95),
        )
        kinds[name] = replace(drawn, impact=0.0, contact=0.0) if name == null else drawn
    service = replace(
        base.service,
        wait_minutes=base.service.wait_minutes * rng.uniform(0.7, 1.6),
        wait_impact=base.service.wait_impact * rng.uniform(0.7, 1.5),
        unresolved=rng.uniform(0.18, 0.35),
        unresolved_impact=base.service.unresolved_impact * rng.uniform(0.7, 1.3),
    )
    leaving = replace(
        base.leaving,
        base=base.leaving.base + rng.uniform(-0.2, 0.3),
        loyalty=base.leaving.loyalty * rng.uniform(0.6, 1.2),
        mood=base.leaving.mood * rng.uniform(0.8, 1.3),
        mood_kept=rng.uniform(0.65, 0.8),
    )
    people = replace(base.people, usage_loyalty=rng.uniform(0.4, 0.8))
    events = replace(base.events, **kinds)
    return replace(base, events=events, service=service, leaving=leaving, people=people), null


def estimate(
    study: Study, settings: OperatorSettings, *, customers: int, seed: int, plan: PanelPlan | None = None
) -> Effects:
    """Make the tables of an operator, and estimate the effects of the study's drivers from them."""
    with tempfile.TemporaryDirectory(prefix="effects-") as folder:
        write_operator(Path(folder), customers, settings=settings, seed=seed)
        engine = ibis.duckdb.connect()
        tables = {path.stem: engine.read_parquet(path) for path in Path(folder).glob("*.parquet")}
        rows = effect_rows(tables, study, plan=plan)
        engine.disconnect()
    return estimate_effects(rows)


def true_effect(operator: Operator, lever: str, *, horizon_months: int = 3) -> float:
    """Return the true effect of one more of what a lever multiplies: its total over months, per unit."""
    change, units = 0.0, 0.0
    for end in pd.to_datetime(list(DATES)):
        start = end - pd.offsets.MonthEnd(1)
        found = operator.truth.effect_of(
            lever, CHANGE, since=start.date(), until=end.date(), horizon_months=horizon_months + 1
        )
        hazard = operator.truth.hazards.loc[found.table.index, start + pd.Timedelta(days=1)]
        change += found.mean / (1.0 - float(hazard.mean()))  # among those still there at the end of the month
        units += CHANGE * _units(operator, lever, start, end, found.table.index)
    return change / units


def _units(
    operator: Operator, lever: str, start: pd.Timestamp, end: pd.Timestamp, customers: pd.Index
) -> float:
    """Return how much of what the lever multiplies a customer met in the month, on average."""
    log = operator.tables["events" if lever in EVENT_LEVERS else "contacts"]
    day = pd.Timedelta(days=1)
    log = log[(log.timestamp >= start + day) & (log.timestamp < end + day) & log.customer_id.isin(customers)]
    if lever in EVENT_LEVERS:
        return float((log["kind"] == EVENT_LEVERS[lever]).sum()) / len(customers)
    log = log[log["reason"] != "cancellation"].sort_values("timestamp")
    again = log.groupby(["customer_id", "reason"])["timestamp"].diff() <= pd.Timedelta(days=7)
    total = {
        "contacts": float((log["reason"].isin(FAULTS) & ~again).sum()),
        "waits": float(log["wait_minutes"].sum()),
        "unresolved": float((~log["resolved"]).sum()),
    }[lever]
    return total / len(customers)


def _one(seed: int, study: Study, *, customers: int) -> tuple[pd.DataFrame, dict[str, object]]:
    settings, null = drawn_settings(seed)
    effects = estimate(study, settings, customers=customers, seed=seed)
    operator = simulate_operator(customers, settings=settings, seed=seed)
    table = effects.table.set_index("driver")
    rows = []
    for driver, lever in LEVER_OF.items():
        one, true = table.loc[driver], true_effect(operator, lever)
        error = (one["estimated_high"] - one["estimated_low"]) / (2 * 1.6449)
        rows.append(
            {
                "seed": seed,
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
    return pd.DataFrame(rows), _signs(effects, seed)


def _signs(effects: Effects, seed: int) -> dict[str, object]:
    parts = effects.segments[effects.segments["driver"] == "proactive_calls"].set_index("segment")
    changing = effects.changing_sign()
    found = "proactive_calls" in changing.loc[changing["kind"] == "tenure", "driver"].tolist()
    new, long = parts.loc["up to 1 year", "effect"], parts.loc["over 3 years", "effect"]
    others = sorted(set(changing["driver"]) - {"proactive_calls"})
    return {"seed": seed, "new": new, "long": long, "found": found, "others": ", ".join(others)}


def _hidden(seed: int, study: Study, *, customers: int) -> pd.DataFrame:
    settings, _ = drawn_settings(seed, hidden=HIDDEN)
    only = study.model_copy(update={"drivers": [one for one in study.drivers if one.name == "outages"]})
    one = estimate(only, settings, customers=customers, seed=seed).table.iloc[0]
    return pd.DataFrame([{"seed": seed, "driver": "outages", "found": one["unit"], "grade": one["evidence"]}])


def _speed(study: Study) -> dict[str, object]:
    drivers: list[DriverSettings] = list(study.drivers)[:12]
    with tempfile.TemporaryDirectory(prefix="effects-") as folder:
        write_operator(Path(folder), SPEED_CUSTOMERS, seed=1)
        engine = ibis.duckdb.connect()
        tables = {path.stem: engine.read_parquet(path) for path in Path(folder).glob("*.parquet")}
        start = time.perf_counter()
        rows = effect_rows(
            tables, study.model_copy(update={"drivers": drivers}), plan=PanelPlan(SPEED_ROWS, most_dates=6)
        )
        read = time.perf_counter() - start
        engine.disconnect()
    estimate_effects(rows)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"rows": len(rows), "drivers": len(drivers), "reading": read, "seconds": seconds, "GB": memory}

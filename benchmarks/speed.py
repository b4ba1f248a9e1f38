"""How fast, and in how much memory, does a log of purchases become a table of customer values?"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from benchmarks.machine import describe_machine, load
from benchmarks.measure import Measurement, interleave, median, module
from benchmarks.purchase_log import AS_OF, LogFacts, write_log
from benchmarks.raw_lifetimes import fit_spend_plainly
from benchmarks.report import Result, Section, Verdict

CUSTOMERS = 1_000_000
SMALL = 50_000
NAMES = {
    "cxmodels": "cxmodels, clv",
    "cxmodels-intervals": "cxmodels, clv with 90 % intervals",
    "lifetimes": "lifetimes, clv",
    "group-by": "bare DuckDB group-by, no clv",
    "door": "cxmodels, through the door, no clv",
}
TIMES_FASTER, TIMES_BARE, EXTRA_SECONDS, PEAK_MB, STANDARD_ERRORS = 10.0, 2.0, 2.0, 1500.0, 0.1
DOOR_TIMES_BARE, DOOR_PEAK_MB = 3.0, 1000.0


@dataclass(frozen=True)
class Run:
    """One contender: its measurements, the table that it wrote, and what it told of its run."""

    measurements: Sequence[Measurement]
    table: Path
    report: Mapping[str, Any]

    @property
    def typical(self) -> Measurement:
        """Median time and memory."""
        return median(self.measurements)


def contender(name: str, *, log: Path, folder: Path, as_of: date = AS_OF) -> list[str]:
    """Command that runs one contender on a log; table and report go to `folder`."""
    paths = {"--log": log, "--out": folder / f"{name}.parquet", "--report": folder / f"{name}.json"}
    arguments = [text for option, path in paths.items() for text in (option, str(path))]
    return module("benchmarks.contenders", name, *arguments, "--as-of", as_of.isoformat())


def run_contenders(names: Sequence[str], *, log: Path, folder: Path, repetitions: int) -> dict[str, Run]:
    """Run contenders on one log, interleaved, each in a fresh process."""
    measured = interleave(
        {name: contender(name, log=log, folder=folder) for name in names}, repetitions=repetitions
    )
    return {
        name: Run(runs, folder / f"{name}.parquet", json.loads((folder / f"{name}.json").read_text()))
        for name, runs in measured.items()
    }


def measure_speed(*, customers: int, repetitions: int, folder: Path) -> Result:
    """Simulate a log, run all contenders on it, and hold the figures against the goals.

    Parameters
    ----------
    customers
        Simulated customers; the goals are set for 1,000,000.
    repetitions
        Rounds; medians are shown.
    folder
        Where the log and the tables are written; about 100 MB at a million customers.
    """
    log = folder / "log.parquet"
    facts = write_log(log, customers=customers)
    runs = run_contenders(list(NAMES), log=log, folder=folder, repetitions=repetitions)
    full = full_fit(runs["lifetimes"])
    notes = [note for run in runs.values() for note in run.report["notes"]]
    if customers != CUSTOMERS:
        notes.append(f"The goals are set for {CUSTOMERS:,} customers; this log has {customers:,}.")
    notes.append(f"Load at the end: {load():.1f} for each core (1.0 is this benchmark alone on one core).")
    return Result(
        name="speed" if customers == CUSTOMERS else f"speed-{customers}",
        title="From a log of purchases to customer value: time and memory",
        sections=(
            _times(runs, facts, repetitions),
            _stages(runs),
            parameters(runs["cxmodels"].report, full),
            _agreement(runs),
        ),
        verdicts=tuple(verdicts(runs, full)),
        notes=tuple(notes),
        machine=describe_machine(),
    )


def full_fit(run: Run) -> dict[str, Any]:
    """Return lifetimes' parameters on every customer and their standard errors, spend without a penalty.

    Where its Gamma-Gamma did not converge, the timed run has the parameters of a penalty: no yardstick.
    """
    repeaters = pd.read_parquet(run.table, filters=[("frequency", ">", 0)])
    params, errors = fit_spend_plainly(repeaters["frequency"], repeaters["monetary_value"])
    return {
        "parameters": run.report["parameters"] | params.to_dict(),
        "standard_errors": run.report["standard_errors"] | errors.to_dict(),
    }


def verdicts(runs: Mapping[str, Run], full: Mapping[str, Any]) -> list[Verdict]:
    """Hold times, memory and parameters against the goals."""
    ours, theirs, bare, door = (runs[name].typical for name in ("cxmodels", "lifetimes", "group-by", "door"))
    distance = largest_distance(runs["cxmodels"].report, full)
    return [
        Verdict("times faster than lifetimes", theirs.seconds / ours.seconds, TIMES_FASTER, "at least", "×"),
        Verdict(
            f"time, beside {TIMES_BARE:g} × the bare group-by + {EXTRA_SECONDS:g} s",
            ours.seconds,
            TIMES_BARE * bare.seconds + EXTRA_SECONDS,
            "at most",
            "s",
        ),
        Verdict(
            "time through the door (every row checked, duplicates counted), beside the bare group-by",
            door.seconds / bare.seconds,
            DOOR_TIMES_BARE,
            "at most",
            "×",
        ),
        Verdict("peak memory through the door", door.peak_mb, DOOR_PEAK_MB, "at most", "MB"),
        Verdict("peak memory", ours.peak_mb, PEAK_MB, "at most", "MB"),
        Verdict(
            "largest distance of a parameter from the full fit", distance, STANDARD_ERRORS, "at most", "SE"
        ),
    ]


def parameters(ours: Mapping[str, Any], full: Mapping[str, Any]) -> Section:
    """Parameters beside those of the fit on every customer, and their distance in its standard errors."""
    rows = [
        {
            "parameter": name,
            "cxmodels": ours["parameters"].get(name, math.nan),
            "full fit": value,
            "standard error": full["standard_errors"][name],
            "distance in SE": abs(ours["parameters"].get(name, math.nan) - value)
            / full["standard_errors"][name],
        }
        for name, value in full["parameters"].items()
    ]
    return Section(
        "Parameters beside lifetimes' fit on every customer",
        pd.DataFrame(rows),
        {"cxmodels": ".5f", "full fit": ".5f", "standard error": ".5f", "distance in SE": ".3f"},
    )


def largest_distance(ours: Mapping[str, Any], full: Mapping[str, Any]) -> float:
    """Largest distance of any parameter from the full fit, in the full fit's standard errors."""
    return float(parameters(ours, full).table["distance in SE"].max(skipna=False))


def _times(runs: Mapping[str, Run], facts: LogFacts, repetitions: int) -> Section:
    """Seconds and memory of each contender, and their ratios to ours."""
    ours = runs["cxmodels"].typical
    rows = [
        {
            "contender": NAMES[name],
            "seconds": run.typical.seconds,
            "fastest": min(one.seconds for one in run.measurements),
            "slowest": max(one.seconds for one in run.measurements),
            "time, ours = 1": run.typical.seconds / ours.seconds,
            "peak MB": run.typical.peak_mb,
            "memory, ours = 1": run.typical.peak_mb / ours.peak_mb,
        }
        for name, run in runs.items()
    ]
    spec = dict.fromkeys(("seconds", "fastest", "slowest", "time, ours = 1", "memory, ours = 1"), ".2f")
    return Section(
        f"{facts.customers:,} simulated customers, {facts.transactions:,} transactions, {facts.days} days",
        pd.DataFrame(rows),
        spec | {"peak MB": ",.0f"},
        note=f"Median of {repetitions} interleaved runs, each in a fresh process, imports included.",
    )


def _stages(runs: Mapping[str, Run]) -> Section:
    """Seconds of each stage, as the contenders timed themselves in their last run."""
    names = list(dict.fromkeys(stage for run in runs.values() for stage in run.report["stages"]))
    rows = [
        {"contender": NAMES[name]} | {stage: run.report["stages"].get(stage, math.nan) for stage in names}
        for name, run in runs.items()
    ]
    return Section("Seconds by stage, last run", pd.DataFrame(rows), dict.fromkeys(names, ".2f"))


def _agreement(runs: Mapping[str, Run]) -> Section:
    """How far our values are from those of lifetimes, customer by customer."""
    table = (
        duckdb.connect()
        .execute(
            f"""
        SELECT COUNT(*) AS customers,
               SUM(ours.clv) AS "clv, cxmodels",
               SUM(theirs.clv) AS "clv, lifetimes",
               SUM(ours.clv) / SUM(theirs.clv) AS "ratio",
               MEDIAN(ABS(ours.clv - theirs.clv) / NULLIF(theirs.clv, 0)) AS "median difference",
               CORR(ours.clv, theirs.clv) AS "correlation"
        FROM '{runs["cxmodels"].table}' AS ours JOIN '{runs["lifetimes"].table}' AS theirs USING (customer_id)
        """
        )
        .df()
    )
    spec = {"customers": ",", "clv, cxmodels": ",.0f", "clv, lifetimes": ",.0f", "ratio": ".4f"}
    return Section(
        "The same values? Customer by customer",
        table,
        spec | {"median difference": ".2%", "correlation": ".5f"},
        note="lifetimes discounts a month's purchases from the month's end, cxmodels each from its own time.",
    )

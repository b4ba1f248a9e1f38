"""How fast, and in how much memory, do tables of experience become signals of many dates?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from benchmarks.machine import describe_machine, load
from benchmarks.measure import Measurement, interleave, median, module
from benchmarks.report import Result, Section, Verdict
from benchmarks.signal_contenders import DATES, TIMES, WINDOWS
from cxmodels.datasets.operator import OperatorSettings
from cxmodels.datasets.operator.simulate import write_operator

CUSTOMERS = 100_000  # of the simulated operator, over two years: five million records
SMALL = 5_000
MONTHS, JOINING_MONTHS = 24, 22
TIMES_BARE, TIMES_MEMORY = 3.0, 1.25
NAMES = {
    "bare": "bare DuckDB, counts and sums",
    "signals": "cxmodels, all signals",
    "signals-twice": "cxmodels, each record twice",
}


@dataclass(frozen=True)
class Run:
    """One contender: its measurements, and what it told of its last run."""

    measurements: Sequence[Measurement]
    report: Mapping[str, Any]

    @property
    def typical(self) -> Measurement:
        """Median time and memory."""
        return median(self.measurements)


def measure_signals(*, customers: int, repetitions: int, folder: Path) -> Result:
    """Simulate an operator, run both ways on its tables, ours also on twice the records.

    Parameters
    ----------
    customers
        Simulated customers; the goals are set for 100,000, who leave five million records in two years.
    repetitions
        Rounds; medians are shown.
    folder
        Where the tables are written; about 200 MB at 100,000 customers.
    """
    records = write_tables(folder / "once", customers=customers)
    write_twice(folder / "once", folder / "twice")
    runs = run_all(folder, repetitions=repetitions)
    notes = [f"Load at the end: {load():.1f} for each core (1.0 is this benchmark alone on one core)."]
    if customers != CUSTOMERS:
        notes.append(f"The goals are set for {CUSTOMERS:,} customers; here are {customers:,}.")
    return Result(
        name="signals" if customers == CUSTOMERS else f"signals-{customers}",
        title="From tables of experience to signals: time and memory",
        sections=(_times(runs, customers=customers, records=records, repetitions=repetitions),),
        verdicts=tuple(verdicts(runs)),
        notes=tuple(notes),
        machine=describe_machine(),
    )


def write_tables(folder: Path, *, customers: int) -> int:
    """Simulate an operator over two years into one Parquet file a table, and return the records."""
    settings = OperatorSettings()
    settings = replace(
        settings,
        span=replace(settings.span, months=MONTHS),
        people=replace(settings.people, joining_months=JOINING_MONTHS),
    )
    rows = write_operator(folder, customers, settings=settings)
    return sum(rows[name] for name in TIMES)


def write_twice(once: Path, twice: Path) -> None:
    """Write every record twice, one after the other: the same customers with a log twice as long."""
    twice.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as engine:
        for name in ("customers", *TIMES):
            times = 1 if name == "customers" else 2
            engine.execute(
                f"COPY (SELECT records.* FROM '{once / f'{name}.parquet'}' AS records, range({times})) "
                f"TO '{twice / f'{name}.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
            )


def run_all(folder: Path, *, repetitions: int) -> dict[str, Run]:
    """Run the contenders, interleaved, each in a fresh process."""
    tables = {"bare": "once", "signals": "once", "signals-twice": "twice"}
    reports = {name: folder / f"{name}.json" for name in tables}
    commands = {
        name: module(
            "benchmarks.signal_contenders",
            name.removesuffix("-twice"),
            *("--folder", str(folder / place), "--report", str(reports[name])),
        )
        for name, place in tables.items()
    }
    measured = interleave(commands, repetitions=repetitions)
    return {name: Run(runs, json.loads(reports[name].read_text())) for name, runs in measured.items()}


def verdicts(runs: Mapping[str, Run]) -> list[Verdict]:
    """Hold time and memory against the goals."""
    bare, ours, twice = (runs[name].typical for name in ("bare", "signals", "signals-twice"))
    return [
        Verdict(
            "time of all signals, beside counts and sums of the same windows in bare DuckDB",
            ours.seconds / bare.seconds,
            TIMES_BARE,
            "at most",
            "×",
        ),
        Verdict(
            "peak memory with each record twice, beside once",
            twice.peak_mb / ours.peak_mb,
            TIMES_MEMORY,
            "at most",
            "×",
        ),
    ]


def _times(runs: Mapping[str, Run], *, customers: int, records: int, repetitions: int) -> Section:
    """Seconds and memory of each, and their ratios to the bare one."""
    bare = runs["bare"].typical
    rows = [
        {
            "contender": NAMES[name],
            "rows": int(run.report["parameters"]["rows"]),
            "columns": int(run.report["parameters"]["columns"]),
            "seconds": run.typical.seconds,
            "fastest": min(one.seconds for one in run.measurements),
            "slowest": max(one.seconds for one in run.measurements),
            "time, bare = 1": run.typical.seconds / bare.seconds,
            "peak MB": run.typical.peak_mb,
            **{f"{stage}, s": seconds for stage, seconds in run.report["stages"].items()},
        }
        for name, run in runs.items()
    ]
    table = pd.DataFrame(rows)
    spec = {column: ".2f" for column in table.columns if column not in ("contender", "rows", "columns")}
    return Section(
        f"{customers:,} simulated customers, {records:,} records, {len(DATES)} dates, windows of "
        f"{', '.join(map(str, WINDOWS))} days",
        table,
        spec | {"rows": ",", "columns": ",", "peak MB": ",.0f"},
        note=f"Median of {repetitions} interleaved runs, each in a fresh process, imports included; seconds "
        "of the stages are those of the last run.",
    )

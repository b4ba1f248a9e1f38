"""How do time and memory grow with the customers, and with the log?"""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.machine import describe_machine, load
from benchmarks.purchase_log import write_log
from benchmarks.report import Result, Section, Verdict
from benchmarks.speed import NAMES, run_contenders

CUSTOMERS = (10_000, 100_000, 1_000_000)
LARGE = 10_000_000
SMALL = (1_000, 10_000)
LINES = (1, 4, 16)
LINES_CUSTOMERS = 100_000
LIFETIMES_UP_TO = 1_000_000
MEMORY_SLOPE = 0.1


def measure_growth(
    *,
    folder: Path,
    customers: Sequence[int] = CUSTOMERS,
    lines: Sequence[int] = LINES,
    lines_customers: int = LINES_CUSTOMERS,
    repetitions: int = 1,
) -> Result:
    """Measure all contenders on logs of more and more customers, then of more and more lines a purchase.

    Parameters
    ----------
    folder
        Where logs and tables are written; each is removed after use.
    customers
        Sizes of the simulated customer base.
    lines
        Log lines that a purchase is split into, for a customer base of `lines_customers`.
    lines_customers
        Customers in the second part.
    repetitions
        Runs of each contender on each log; medians are shown.
    """
    by_customers = pd.concat(
        [_measure_one(folder, customers=size, lines=1, repetitions=repetitions) for size in customers]
    )
    by_lines = pd.concat(
        [
            _measure_one(folder, customers=lines_customers, lines=many, repetitions=repetitions)
            for many in lines
        ]
    )
    with_customers, with_lines = slopes(by_customers, "customers"), slopes(by_lines, "log lines")
    memory = float(with_lines.set_index("contender")["slope of memory"].to_dict()[NAMES["cxmodels"]])
    return Result(
        name="growth",
        title="How time and memory grow",
        sections=(
            Section("With the number of customers", by_customers, _SPEC),
            Section("Slopes with the number of customers", with_customers, _SLOPE_SPEC, note=_SLOPE_NOTE),
            Section(f"With the lines of the log, {lines_customers:,} customers", by_lines, _SPEC),
            Section("Slopes with the lines of the log", with_lines, _SLOPE_SPEC, note=_SLOPE_NOTE),
        ),
        verdicts=(
            Verdict("slope of peak memory with the lines of the log", memory, MEMORY_SLOPE, "at most"),
        ),
        notes=(f"Load at the end: {load():.1f} for each core.",),
        machine=describe_machine(),
    )


def slopes(table: pd.DataFrame, size: str) -> pd.DataFrame:
    """Slopes of log time and of log memory on log size, by least squares, one row a contender.

    Parameters
    ----------
    table
        Columns contender, seconds, peak MB, and the one that `size` names.
    size
        Column with the size of the task.
    """
    rows = []
    for name, runs in table.groupby("contender", sort=False):
        row: dict[str, object] = {"contender": name}
        for column, label in (("seconds", "slope of time"), ("peak MB", "slope of memory")):
            enough = runs[size].nunique() > 1
            row[label] = (
                float(np.polyfit(np.log(runs[size]), np.log(runs[column]), 1)[0]) if enough else math.nan
            )
        rows.append(row)
    return pd.DataFrame(rows)


_SPEC = {
    "customers": ",",
    "log lines": ",",
    "seconds": ".2f",
    "peak MB": ",.0f",
    "µs a customer": ".2f",
    "bytes a line": ",.0f",
}
_SLOPE_SPEC = {"slope of time": ".2f", "slope of memory": ".2f"}
_SLOPE_NOTE = "Log-log: 1 grows in proportion, 0 does not grow."


def _measure_one(folder: Path, *, customers: int, lines: int, repetitions: int) -> pd.DataFrame:
    """Write one log, run the contenders on it, and remove it; lifetimes is left out above its size."""
    place = folder / f"{customers}-{lines}"
    place.mkdir(parents=True, exist_ok=True)
    log = place / "log.parquet"
    facts = write_log(log, customers=customers, lines=lines)
    names = [name for name in NAMES if name != "lifetimes" or facts.transactions <= 7 * LIFETIMES_UP_TO]
    runs = run_contenders(names, log=log, folder=place, repetitions=repetitions)
    shutil.rmtree(place)
    return pd.DataFrame(
        {
            "contender": NAMES[name],
            "customers": facts.customers,
            "log lines": facts.transactions,
            "seconds": run.typical.seconds,
            "peak MB": run.typical.peak_mb,
            "µs a customer": 1e6 * run.typical.seconds / facts.customers,
            "bytes a line": 1e6 * run.typical.peak_mb / facts.transactions,
        }
        for name, run in runs.items()
    )

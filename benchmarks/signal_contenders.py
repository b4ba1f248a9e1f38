"""The two ways that are timed from tables of experience to one row a customer and date.

Run in a process of its own, as ``python -m benchmarks.signal_contenders NAME --folder … --report …``.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

from benchmarks.contenders import ENGINE_MEMORY, Report

WINDOWS = (30, 90, 180)
DATES = tuple(date(2023 + month // 12, month % 12 + 1, 1) - timedelta(days=1) for month in range(1, 13))
TIMES = {
    "events": "coalesce(recorded_at, timestamp)",
    "contacts": "coalesce(recorded_at, timestamp)",
    "surveys": "sent_at",
    "transactions": "timestamp",
}
MEASURES = {"events": "magnitude", "contacts": "wait_minutes", "surveys": "score", "transactions": "amount"}


def run_signals(folder: Path, report: Report) -> None:
    """Choose the standard signals and compute them of every customer on every date."""
    with report.stage("import"):
        import ibis
        import pandas as pd

        from cxmodels.experience.signals import choose_signals, signal_frame
    with report.stage("open"):
        engine = ibis.duckdb.connect()
        engine.raw_sql(f"SET memory_limit = '{ENGINE_MEMORY}'")
        engine.raw_sql(f"SET temp_directory = '{folder / 'spill'}'")
        tables = {name: engine.read_parquet(folder / f"{name}.parquet", table_name=name) for name in TIMES}
        customers = pd.read_parquet(folder / "customers.parquet", columns=["customer_id"])
        population = customers.merge(pd.DataFrame({"as_of": pd.to_datetime(list(DATES))}), how="cross")
    with report.stage("choose"):
        choice = choose_signals(tables, as_of=DATES[-1], windows=WINDOWS)
    with report.stage("signals"):
        frame = signal_frame(tables, population, choice.signals)
    report.parameters.update(rows=len(frame), columns=frame.shape[1])


def run_bare(folder: Path, report: Report) -> None:
    """Count and sum by customer and date over the same windows, of each table, in plain SQL."""
    with report.stage("import"):
        import duckdb
    engine = duckdb.connect()
    engine.execute(f"SET memory_limit = '{ENGINE_MEMORY}'")
    engine.execute(f"SET temp_directory = '{folder / 'spill'}'")
    days = ", ".join(f"(DATE '{day}')" for day in DATES)
    engine.execute(f"CREATE TABLE dates AS SELECT col0 AS as_of FROM (VALUES {days})")
    frames = []
    with report.stage("signals"):
        for name, time in TIMES.items():
            figures = [
                f"{figure} FILTER (WHERE {time} >= as_of - {days - 1})"
                for days in WINDOWS
                for figure in ("count(*)", f"sum({MEASURES[name]})")
            ]
            frames.append(
                engine.execute(
                    f"""
                    SELECT customer_id, as_of, {", ".join(figures)}
                    FROM '{folder / f"{name}.parquet"}'
                    JOIN dates ON {time} < as_of + 1 AND {time} >= as_of - {max(WINDOWS) - 1}
                    GROUP BY customer_id, as_of
                    """
                ).to_arrow_table()
            )
    report.parameters.update(
        rows=max(len(frame) for frame in frames), columns=sum(frame.num_columns - 2 for frame in frames)
    )


CONTENDERS = {"signals": run_signals, "bare": run_bare}


def main(arguments: list[str] | None = None) -> None:
    """Run one contender and write its report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signal_contenders", description=__doc__)
    parser.add_argument("name", choices=sorted(CONTENDERS))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    report = Report()
    CONTENDERS[chosen.name](chosen.folder, report)
    report.save(chosen.report)


if __name__ == "__main__":
    main()

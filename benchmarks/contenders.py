"""The pipelines that are timed: each turns one Parquet log of purchases into one Parquet table a customer.

Run in a process of its own, as ``python -m benchmarks.contenders NAME --log … --out … --report … --as-of …``.
A contender imports only what it needs, inside its function, so that no other's imports are timed with it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MONTHS = 24
DAYS_A_MONTH = 30  # lifetimes counts a month as 30 days when its unit is a day
MONTHLY_RATE = 0.01
ENGINE_MEMORY = "1GB"  # as the tables of a study have it
HORIZON_DAYS = MONTHS * DAYS_A_MONTH
YEARLY_RATE = (1 + MONTHLY_RATE) ** (365.25 / DAYS_A_MONTH) - 1


@dataclass
class Report:
    """What a contender tells of its run: seconds by stage, parameters, and what it had to do otherwise."""

    stages: dict[str, float] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)
    standard_errors: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage."""
        start = time.perf_counter()
        yield
        self.stages[name] = time.perf_counter() - start

    def save(self, path: Path) -> None:
        """Write the report as JSON."""
        path.write_text(json.dumps(vars(self)), encoding="utf-8")


Contender = Callable[[Path, Path, date, Report], None]


def run_cxmodels(log: Path, out: Path, as_of: date, report: Report, *, intervals: bool = False) -> None:
    """Take the public functions one by one: summary in the engine, fits on counted cells, value."""
    with report.stage("import"):
        import ibis

        from cxmodels.value.lifetime import Terms, estimate_value
        from cxmodels.value.purchases import fit_purchases
        from cxmodels.value.spend import fit_spend
        from cxmodels.value.summary import as_frame, summarise
    with report.stage("summary"):
        engine = ibis.duckdb.connect()
        engine.raw_sql(f"SET memory_limit = '{ENGINE_MEMORY}'")
        engine.raw_sql(f"SET temp_directory = '{out.parent / 'spill'}'")
        transactions = engine.read_parquet(log)
        summary = as_frame(summarise(transactions, as_of=as_of, unit="day"))
    with report.stage("purchases"):
        purchases = fit_purchases(summary, model="bg-nbd", unit="day")
    with report.stage("spend"):
        spend = fit_spend(summary)
    with report.stage("clv"):
        terms = Terms(horizon_days=HORIZON_DAYS, discount_rate=YEARLY_RATE)
        value = estimate_value(summary, purchases, spend, terms=terms)
    if intervals:
        with report.stage("intervals"):
            from cxmodels.value.uncertainty import value_intervals

            value = value.join(value_intervals(summary, purchases, spend, terms=terms))
    with report.stage("write"):
        kept = ["customer_id", "frequency", "recency", "T", "monetary_value"]
        summary[kept].join(value).to_parquet(out)
    report.parameters.update(purchases.params, **{name: spend.params[name] for name in ("p", "q", "v")})
    report.notes.extend(note for note in (purchases.note, spend.note) if note)


def run_lifetimes(log: Path, out: Path, as_of: date, report: Report) -> None:
    """Follow the documentation of lifetimes: summary, BG/NBD, Gamma-Gamma on repeat buyers, CLV."""
    with report.stage("import"):
        import pandas as pd
        from lifetimes import BetaGeoFitter
        from lifetimes.utils import summary_data_from_transaction_data
    with report.stage("read"):
        transactions = pd.read_parquet(log)
    with report.stage("summary"):
        summary = summary_data_from_transaction_data(
            transactions, "customer_id", "timestamp", "amount", observation_period_end=pd.Timestamp(as_of)
        )
    with report.stage("purchases"):
        purchases = BetaGeoFitter().fit(summary["frequency"], summary["recency"], summary["T"])
    with report.stage("spend"):
        spend = _lifetimes_spend(summary, report)
    with report.stage("clv"):
        summary["clv"] = spend.customer_lifetime_value(
            purchases,
            summary["frequency"],
            summary["recency"],
            summary["T"],
            summary["monetary_value"],
            time=MONTHS,
            discount_rate=MONTHLY_RATE,
            freq="D",
        )
    with report.stage("write"):
        summary.to_parquet(out)
    for fitter in (purchases, spend):
        report.parameters.update(fitter.params_.to_dict())
        report.standard_errors.update(fitter.standard_errors_.to_dict())


def _lifetimes_spend(summary: pd.DataFrame, report: Report) -> Any:
    """Gamma-Gamma on repeat buyers; with the smallest penalty that converges where the plain fit does not."""
    from lifetimes import GammaGammaFitter
    from lifetimes.utils import ConvergenceError

    repeaters = summary[summary["frequency"] > 0]
    for penalty in (0.0, 1e-4, 1e-3, 1e-2, 1e-1):
        try:
            fitter = GammaGammaFitter(penalizer_coef=penalty)
            fitted = fitter.fit(repeaters["frequency"], repeaters["monetary_value"])
        except ConvergenceError:
            continue
        if penalty:
            report.notes.append(f"lifetimes' Gamma-Gamma did not converge; fitted with penalty {penalty:g}")
        return fitted
    raise ConvergenceError("lifetimes' Gamma-Gamma did not converge with any penalty up to 0.1")


def run_group_by(log: Path, out: Path, as_of: date, report: Report) -> None:
    """Do only what every such pipeline has to: purchases to customer-days to customers, to a table."""
    with report.stage("import"):
        import duckdb
    with report.stage("summary"):
        duckdb.connect().execute(
            f"""
            COPY (
                WITH days AS (
                    SELECT customer_id, CAST(timestamp AS DATE) AS day, SUM(amount) AS value
                    FROM read_parquet('{log}') WHERE timestamp < DATE '{as_of}' + 1 GROUP BY ALL
                )
                SELECT customer_id,
                       COUNT(*) - 1 AS frequency,
                       MAX(day) - MIN(day) AS recency,
                       DATE '{as_of}' - MIN(day) AS T,
                       COALESCE((SUM(value) - ARG_MIN(value, day)) / NULLIF(COUNT(*) - 1, 0), 0)
                           AS monetary_value
                FROM days GROUP BY customer_id
            ) TO '{out}' (FORMAT parquet)
            """
        )


def run_door(log: Path, out: Path, as_of: date, report: Report) -> None:
    """Open the log as a study does: every row checked, customers and duplicates counted."""
    with report.stage("import"):
        from cxmodels.study import Study
        from cxmodels.tables import open_tables
    with report.stage("check"):
        study = Study(
            title="Simulated purchases",
            as_of=as_of,
            currency="EUR",
            tables={"transactions": {"source": [str(log)]}},
            path=log.parent / "study.toml",
        )
        tables = open_tables(study)
    with report.stage("write"):
        tables.report.table.to_parquet(out)


CONTENDERS: dict[str, Contender] = {
    "cxmodels": run_cxmodels,
    "cxmodels-intervals": partial(run_cxmodels, intervals=True),
    "lifetimes": run_lifetimes,
    "group-by": run_group_by,
    "door": run_door,
}


def main(arguments: list[str] | None = None) -> None:
    """Run one contender and write its table and its report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contenders", description=__doc__)
    parser.add_argument("name", choices=sorted(CONTENDERS))
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    chosen = parser.parse_args(arguments)
    report = Report()
    CONTENDERS[chosen.name](chosen.log, chosen.out, chosen.as_of, report)
    report.save(chosen.report)


if __name__ == "__main__":
    main()

"""Effects of many drivers on many rows, from tables to grades, in a process of its own.

Run as ``python -m benchmarks.effects_timed --folder … --report …``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.contenders import Report

STUDY = Path(__file__).parents[1] / "data" / "nordtel"
DRIVERS, ROWS, DATES = 12, 600_000, 6


def run_effects(folder: Path, report: Report) -> None:
    """Estimate and grade the effects of the operator whose tables lie in the folder."""
    with report.stage("import"):
        import ibis

        from cxmodels.drivers.effects import estimate_effects
        from cxmodels.drivers.effects_panel import PanelPlan, effect_rows
        from cxmodels.study import read_study
    study = read_study(STUDY)
    study = study.model_copy(update={"drivers": list(study.drivers)[:DRIVERS]})
    with report.stage("rows"):
        engine = ibis.duckdb.connect()
        tables = {path.stem: engine.read_parquet(path) for path in folder.glob("*.parquet")}
        rows = effect_rows(tables, study, plan=PanelPlan(ROWS, most_dates=DATES))
        engine.disconnect()
    with report.stage("effects"):
        estimate_effects(rows)
    report.parameters.update(rows=len(rows), drivers=len(study.drivers))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    given = parser.parse_args()
    told = Report()
    run_effects(given.folder, told)
    told.save(given.report)

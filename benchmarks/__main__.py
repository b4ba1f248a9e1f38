"""Run the benchmarks, print their results and write them to ``benchmarks/results/``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.report import RESULTS, Result, save

ALL = ("speed", "growth", "signals", "accuracy", "recovery", "churn", "contracts", "attribution", "effects")


def main(arguments: list[str] | None = None) -> int:
    """Run the named benchmarks, all without a name; exit status 0 whatever the verdicts say."""
    chosen = _parser().parse_args(arguments)
    for name in chosen.names or ALL:
        start = time.perf_counter()
        print(f"{name}: running …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
            result = BENCHMARKS[name](chosen, Path(folder))
        print(result.text(), flush=True)
        for path in save(result, chosen.results):
            print(f"{name}: written to {path}", file=sys.stderr)
        print(f"{name}: {time.perf_counter() - start:.0f} s\n", file=sys.stderr, flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=ALL, metavar="|".join(ALL), help="default: all of them")
    parser.add_argument(
        "--small", action="store_true", help="few customers and seeds (speed: 50,000 instead of a million)"
    )
    parser.add_argument("--large", action="store_true", help="growth up to ten million customers")
    parser.add_argument("--repetitions", type=int, help="rounds of each contender (growth 1, others 3)")
    parser.add_argument(
        "--seeds", type=int, help="simulated populations: recovery 30, contracts 5, effects 20"
    )
    parser.add_argument("--first", type=int, default=1, help="effects: seed of the first population")
    parser.add_argument("--processes", type=int, default=1, help="effects: populations at a time")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the result files")
    return parser


# Each benchmark is imported when it is run: the accuracy benchmark needs no DuckDB log, speed needs no model.
def _speed(chosen: argparse.Namespace, folder: Path) -> Result:
    from benchmarks.speed import CUSTOMERS, SMALL, measure_speed

    customers = SMALL if chosen.small else CUSTOMERS
    return measure_speed(customers=customers, repetitions=chosen.repetitions or 3, folder=folder)


def _growth(chosen: argparse.Namespace, folder: Path) -> Result:
    from benchmarks.growth import CUSTOMERS, LARGE, LINES, SMALL, measure_growth

    sizes = SMALL if chosen.small else (*CUSTOMERS, *([LARGE] if chosen.large else []))
    lines = LINES if not chosen.large else (*LINES, 4 * LINES[-1])
    return measure_growth(
        folder=folder,
        customers=sizes,
        lines=lines,
        lines_customers=sizes[0] if chosen.small else 100_000,
        repetitions=chosen.repetitions or 1,
    )


def _signals(chosen: argparse.Namespace, folder: Path) -> Result:
    from benchmarks.signals import CUSTOMERS, SMALL, measure_signals

    customers = SMALL if chosen.small else CUSTOMERS
    return measure_signals(customers=customers, repetitions=chosen.repetitions or 3, folder=folder)


def _accuracy(chosen: argparse.Namespace, folder: Path) -> Result:
    from benchmarks.accuracy import measure_accuracy

    return measure_accuracy(small=chosen.small)


def _recovery(chosen: argparse.Namespace, folder: Path) -> Result:
    from benchmarks.recovery import SEEDS, measure_recovery

    return measure_recovery(seeds=chosen.seeds or (3 if chosen.small else SEEDS))


def _churn(chosen: argparse.Namespace, folder: Path) -> Result:
    from benchmarks.churn import measure_churn

    return measure_churn(small=chosen.small)


def _contracts(chosen: argparse.Namespace, folder: Path) -> Result:
    from benchmarks.contracts import CUSTOMERS, SEEDS, SMALL, measure_contracts

    seeds = chosen.seeds or (1 if chosen.small else SEEDS)
    return measure_contracts(seeds=seeds, customers=SMALL if chosen.small else CUSTOMERS)


def _attribution(chosen: argparse.Namespace, folder: Path) -> Result:
    from benchmarks.attribution import CUSTOMERS, SMALL, measure_attribution

    customers = SMALL if chosen.small else CUSTOMERS
    return measure_attribution(customers=customers, repetitions=chosen.repetitions or 3)


def _effects(chosen: argparse.Namespace, folder: Path) -> Result:
    from benchmarks.effects import CUSTOMERS, SEEDS, SMALL, measure_effects

    seeds = chosen.seeds or (1 if chosen.small else SEEDS)
    customers = SMALL if chosen.small else CUSTOMERS
    return measure_effects(
        seeds=seeds,
        first=chosen.first,
        customers=customers,
        timed=not chosen.small,
        processes=chosen.processes,
        folder=chosen.results,
    )


BENCHMARKS: dict[str, Callable[[argparse.Namespace, Path], Result]] = {
    "speed": _speed,
    "growth": _growth,
    "signals": _signals,
    "accuracy": _accuracy,
    "recovery": _recovery,
    "churn": _churn,
    "contracts": _contracts,
    "attribution": _attribution,
    "effects": _effects,
}


if __name__ == "__main__":
    sys.exit(main())

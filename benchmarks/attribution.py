"""What does it cost to explain customers, beyond the bare TreeSHAP values?"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import expit

from benchmarks.machine import describe_machine, load
from benchmarks.report import Result, Section, Verdict
from cxmodels.churn.model import ChurnModel, FitPlan, fit_churn
from cxmodels.churn.trees import TreeSettings
from cxmodels.drivers.attribution import explain, stream_attribution
from cxmodels.drivers.attribution_totals import total_attribution
from cxmodels.drivers.reasons import ReasonWords, stream_reasons

CUSTOMERS, SMALL, LEARNED = 50_000, 5_000, 20_000
NUMBERS, CATEGORIES = 45, 5
TIMES_BARE, TIMES_MEMORY = 1.1, 1.1
SAMPLE, BATCH = 10_000, 2_000
SEED = 20250101
BARE, VALUES, PARTS = "bare pred_contrib", "values of all, streamed", "the same, summed by touchpoint"
OVERALL, REASONS = f"overall picture, on {SAMPLE:,} drawn", "reasons of all, in words"


def measure_attribution(*, customers: int = CUSTOMERS, repetitions: int = 3) -> Result:
    """Fit a model to simulated customers, and explain others with and without what is around TreeSHAP.

    Parameters
    ----------
    customers
        Customers explained.
    repetitions
        Rounds, interleaved; medians are shown.
    """
    model = fit_model()
    frame = make_customers(customers, seed=SEED + 1)
    seconds = time_ways(ways(model, frame), repetitions=repetitions)
    once, four = (peak_of_stream(model, batches=count) for count in (2, 8))
    return Result(
        name="attribution" if customers == CUSTOMERS else f"attribution-{customers}",
        title="Explaining customers: time and memory beside bare TreeSHAP",
        sections=(_times(seconds, customers=customers, trees=model.booster.num_trees()),),
        verdicts=tuple(verdicts(seconds, once=once, four=four)),
        notes=(f"Load at the end: {load():.1f} for each core (1.0 is this benchmark alone on one core).",),
        machine=describe_machine(),
    )


def make_customers(customers: int, *, seed: int) -> pd.DataFrame:
    """Return customers with counts, figures and categories, some missing, and who of them left."""
    rng = np.random.default_rng(seed)
    counts = {f"count_{one}": rng.poisson(1.0, customers).astype(float) for one in range(NUMBERS // 2)}
    figures = {f"figure_{one}": rng.normal(size=customers) for one in range(NUMBERS - NUMBERS // 2)}
    names = np.array([f"kind {one}" for one in range(12)])
    kinds = {f"kind_{one}": rng.choice(names, customers) for one in range(CATEGORIES)}
    frame = pd.DataFrame({"customer_id": np.arange(customers).astype(str), **counts, **figures, **kinds})
    odds = -2.0 + 0.4 * frame["count_0"] + 0.3 * frame["count_1"] * (frame["figure_0"] > 0)
    odds += 0.3 * frame["figure_1"] + 0.5 * frame["kind_0"].isin(names[:3])
    frame["churned"] = (rng.random(customers) < expit(odds)).astype(float)
    for name in figures:
        frame.loc[rng.random(customers) < 0.1, name] = np.nan
    return frame


def fit_model(learned: int = LEARNED) -> ChurnModel:
    """Fit a model with the package's first settings, without intervals."""
    frame = make_customers(learned, seed=SEED)
    features = [name for name in frame.columns if name not in ("customer_id", "churned")]
    return fit_churn(frame, features=features, plan=FitPlan(candidates=(TreeSettings(),), refits=0))


def ways(model: ChurnModel, frame: pd.DataFrame) -> dict[str, Callable[[], object]]:
    """Return what is timed: the bare call on a matrix that is there already, and ours from the frame."""
    matrix = model.encoding.matrix(frame)
    touchpoints = {name: name.split("_")[0] for name in model.features}
    words = ReasonWords("en")
    return {
        BARE: lambda: model.booster.predict(matrix, pred_contrib=True),
        VALUES: lambda: _drain(stream_attribution(model, frame)),
        PARTS: lambda: _drain(stream_attribution(model, frame, parts=touchpoints)),
        OVERALL: lambda: total_attribution(explain(model, frame, most=SAMPLE), parts=touchpoints),
        REASONS: lambda: _drain(stream_reasons(model, frame, words)),
    }


def time_ways(timed: Mapping[str, Callable[[], object]], *, repetitions: int) -> dict[str, Sequence[float]]:
    """Return seconds of processor of each way, round by round: a busy minute then hits all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(repetitions):
        for name, way in timed.items():
            start = time.process_time()
            way()
            seconds[name].append(time.process_time() - start)
    return dict(seconds)


def peak_of_stream(model: ChurnModel, *, batches: int) -> float:
    """Return the most megabytes that a stream of so many batches holds."""
    source = (make_customers(BATCH, seed=one) for one in range(batches))
    tracemalloc.start()
    try:
        _drain(stream_attribution(model, source))
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def verdicts(seconds: Mapping[str, Sequence[float]], *, once: float, four: float) -> list[Verdict]:
    """Hold time and memory against the goals."""
    bare = statistics.median(seconds[BARE])
    times = {name: statistics.median(seconds[name]) / bare for name in (VALUES, PARTS)}
    return [
        *(Verdict(f"{name}, beside {BARE}", one, TIMES_BARE, "at most", "×") for name, one in times.items()),
        Verdict("peak memory of four times as many customers", four / once, TIMES_MEMORY, "at most", "×"),
    ]


def _times(seconds: Mapping[str, Sequence[float]], *, customers: int, trees: int) -> Section:
    bare = statistics.median(seconds[BARE])
    rows = [
        {
            "way": name,
            "seconds": statistics.median(all_of),
            "fastest": min(all_of),
            "slowest": max(all_of),
            "bare = 1": statistics.median(all_of) / bare,
        }
        for name, all_of in seconds.items()
    ]
    return Section(
        f"{customers:,} simulated customers, {NUMBERS + CATEGORIES} features, {trees} trees",
        pd.DataFrame(rows),
        dict.fromkeys(("seconds", "fastest", "slowest"), ".2f") | {"bare = 1": ".3f"},
        note="Seconds of processor, medians of interleaved rounds in one process. The bare call gets the "
        "numbers ready made; ours begin with the frame.",
    )


def _drain(batches: Iterator[pd.DataFrame]) -> int:
    return sum(len(batch) for batch in batches)

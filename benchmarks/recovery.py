"""Do the 90 % intervals of parameters cover the truth nine times in ten? Populations whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.machine import describe_machine
from benchmarks.report import Result, Section, Verdict
from cxmodels.datasets.purchases import PurchaseTruth, simulate_histories
from cxmodels.value.purchases import fit_purchases
from cxmodels.value.spend import fit_spend

SEEDS = 30
CUSTOMERS = 5_000
LEVEL = 0.90
DRAWS = 400
SLACK = 3  # of 30 populations; it grows with the root of their number
SPEND = {"p": 6.0, "q": 4.0, "v": 15.0}
TRUTHS = {
    "bg-nbd": {"r": 0.6, "alpha": 45.0, "a": 0.8, "b": 2.5},
    "mbg-nbd": {"r": 0.6, "alpha": 45.0, "a": 0.8, "b": 2.5},
    "pareto-nbd": {"r": 0.6, "alpha": 45.0, "s": 0.6, "beta": 60.0},
}


@dataclass(frozen=True)
class Trial:
    """One parameter of one fitted population."""

    model: str
    parameter: str
    truth: float
    estimate: float
    low: float
    high: float

    @property
    def covered(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high


def measure_recovery(*, seeds: int = SEEDS, customers: int = CUSTOMERS) -> Result:
    """Simulate `seeds` populations for each model, fit each, and count how often intervals cover the truth.

    Parameters
    ----------
    seeds
        Populations for each model.
    customers
        Customers in each population, aged evenly between 90 days and two years.
    """
    trials = [
        trial
        for model in TRUTHS
        for seed in range(seeds)
        for trial in _trials(model, seed, customers=customers)
    ]
    table = coverage(trials)
    goal, slack = LEVEL * seeds, SLACK * float(np.sqrt(seeds / SEEDS))
    counts = zip(
        table["model"].astype(str), table["parameter"].astype(str), table["covered"].tolist(), strict=True
    )
    verdicts = [
        Verdict(
            f"{model} {name}: {count} of {seeds} cover the truth, off {goal:g} by",
            abs(count - goal),
            slack,
            "at most",
        )
        for model, name, count in counts
    ]
    return Result(
        name="recovery",
        title="Do 90 % parameter intervals cover the truth?",
        sections=(
            Section(
                f"{seeds} simulated populations of {customers:,} customers a model",
                table,
                {"truth": ".3f", "mean estimate": ".3f", "bias in SE": "+.2f", "mean width": ".3f"},
                note=f"Right intervals cover {goal:g} times on average; chance alone moves that by "
                f"{np.sqrt(seeds * LEVEL * (1 - LEVEL)):.1f}.",
            ),
        ),
        verdicts=tuple(verdicts),
        notes=(
            f"All together: {table['covered'].sum()} of {table['trials'].sum()} intervals hold the truth.",
        ),
        machine=describe_machine(),
    )


def coverage(trials: list[Trial]) -> pd.DataFrame:
    """Count the covered trials of each parameter of each model.

    Returns
    -------
    DataFrame
        One row a parameter: model, parameter, truth, mean estimate, bias in SE (of one estimate), mean width
        of the interval, trials, covered.
    """
    frame = pd.DataFrame([{**vars(trial), "covered": trial.covered} for trial in trials])
    rows = []
    for (model, parameter), group in frame.groupby(["model", "parameter"], sort=False):
        bias, spread = (group["estimate"] - group["truth"]).mean(), group["estimate"].std()
        rows.append(
            {
                "model": model,
                "parameter": parameter,
                "truth": group["truth"].iloc[0],
                "mean estimate": group["estimate"].mean(),
                "bias in SE": bias / spread if spread > 0 else np.nan,
                "mean width": (group["high"] - group["low"]).mean(),
                "trials": len(group),
                "covered": int(group["covered"].sum()),
            }
        )
    return pd.DataFrame(rows)


def _trials(model: str, seed: int, *, customers: int) -> Iterator[Trial]:
    """Fit one population; Gamma-Gamma is read off the BG/NBD populations only, it is the same for all."""
    rng = np.random.default_rng([seed, list(TRUTHS).index(model)])
    truth = PurchaseTruth(model=model, purchases=TRUTHS[model], spend=SPEND)
    age = rng.uniform(90.0, 730.0, customers)
    summary = simulate_histories(truth, age, rng=rng)
    fitted = fit_purchases(summary, model=model, unit="day", seed=seed)
    yield from _read(model, TRUTHS[model], fitted.params, fitted.sample_parameters(DRAWS, rng))
    if model == "bg-nbd":
        spend = fit_spend(summary)
        yield from _read("gamma-gamma", SPEND, spend.params, spend.sample_parameters(DRAWS, rng))


def _read(
    model: str, truth: dict[str, float], estimates: dict[str, float], draws: pd.DataFrame
) -> Iterator[Trial]:
    """Take the interval of each parameter; after a fallback to another model there is none, nor cover."""
    tail = (1.0 - LEVEL) / 2
    for name, value in truth.items():
        low, high = np.quantile(draws[name], [tail, 1.0 - tail]) if name in draws else (np.nan, np.nan)
        yield Trial(model, name, value, estimates.get(name, np.nan), float(low), float(high))

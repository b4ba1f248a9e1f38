"""Known truth, thirty times: do the 90 % intervals of the parameters hold it 27 ± 3 times?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.purchases import PurchaseTruth, simulate_histories
from cxmodels.value.purchases import fit_purchases
from cxmodels.value.spend import fit_spend

SEEDS = 30
CUSTOMERS = 4_000
TRUTHS = {
    "bg-nbd": {"r": 0.8, "alpha": 30.0, "a": 0.9, "b": 3.0},
    "mbg-nbd": {"r": 0.8, "alpha": 30.0, "a": 0.9, "b": 3.0},
    "pareto-nbd": {"r": 0.8, "alpha": 30.0, "s": 0.9, "beta": 200.0},
}
SPEND = {"p": 6.0, "q": 4.0, "v": 15.0}


def holds(drawn: pd.DataFrame, truth: dict[str, float]) -> dict[str, bool]:
    low, high = drawn.quantile(0.05), drawn.quantile(0.95)
    return {key: bool(low[key] <= value <= high[key]) for key, value in truth.items()}


@pytest.mark.slow
@pytest.mark.parametrize("model", TRUTHS)
def test_intervals_of_parameters_hold_the_truth(model):
    truth = PurchaseTruth(model=model, purchases=TRUTHS[model], spend=SPEND)
    held = []
    for seed in range(SEEDS):
        rng = np.random.default_rng([seed, 0])
        summary = simulate_histories(truth, rng.uniform(300.0, 730.0, CUSTOMERS), rng=rng)
        purchases = fit_purchases(summary, model=model, unit="day", seed=seed)
        found = holds(purchases.sample_parameters(200, rng), truth.purchases)
        if model == "mbg-nbd":
            found |= holds(fit_spend(summary).sample_parameters(200, rng), SPEND)
        held.append(found)
    times = pd.DataFrame(held).sum()
    # right intervals leave 24 … 30 in 3 % of the choices of seeds, for each of fifteen parameters
    assert times.between(24, 30).all(), times.to_dict()

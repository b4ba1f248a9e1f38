"""NBD: customers who differ in how often they buy and never leave (Ehrenberg 1959). The others nest it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.special import gammaln

from cxmodels.value.counts import Counts, Floats
from cxmodels.value.purchase_model import LARGEST_MEAN, Params, PurchaseModel, Window
from cxmodels.value.units import days_in

LOG_BOUND = 12.0


@dataclass(frozen=True, kw_only=True)
class Nbd(PurchaseModel):
    """NBD; a customer buys at rate λ ~ Gamma(r, alpha) for ever."""

    names: ClassVar[tuple[str, ...]] = ("r", "alpha")

    @staticmethod
    def cell_log_likelihood(params: Params, frequency: Floats, recency: Floats, T: Floats) -> Floats:
        r, alpha = params["r"], params["alpha"]
        spread = gammaln(r + frequency) - gammaln(r)
        return spread - r * np.log1p(T / alpha) - frequency * np.log(alpha + T)

    @staticmethod
    def alive(params: Params, frequency: Floats, recency: Floats, T: Floats) -> Floats:
        return np.ones(np.broadcast_shapes(np.shape(params["r"]), np.shape(frequency), np.shape(T)))

    @staticmethod
    def purchase_rate(params: Params, ahead: Floats, frequency: Floats, T: Floats) -> Floats:
        return (params["r"] + frequency) / (params["alpha"] + T) + 0.0 * ahead

    @staticmethod
    def decay_time(params: Params, T: Floats) -> Floats:
        return params["alpha"] + T

    @staticmethod
    def simulate_alive(
        params: Params, frequency: Floats, T: Floats, *, window: Window, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        shape = np.broadcast_shapes(np.shape(params["r"]), np.shape(frequency))
        rate = rng.standard_gamma(np.broadcast_to(params["r"] + frequency, shape)) / (params["alpha"] + T)
        purchases = rng.poisson(np.minimum(rate * window.horizon, LARGEST_MEAN)).astype(float)
        return purchases, window.mean_discount(np.full(shape, float(window.horizon)))

    def sample_parameters(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """Return parameters of bootstrap samples; where nobody bought again, rates that this allows.

        Notes
        -----
        Without a repeat purchase every bootstrap sample is silent too, and would say that nobody ever buys
        again. With none seen over the exposure E (the sum of T), the chance of that at a rate λ is exp(-λ E):
        λ is drawn from the exponential distribution of mean 1/E, whose 95 % quantile is the exact upper limit
        -ln(0.05)/E, the "rule of three" (Hanley & Lippman-Hand 1983, JAMA 249: 1743-1745).
        """
        if not self.counts.silent:
            return super().sample_parameters(n, rng)
        rate = rng.exponential(1.0 / watched(self.counts, unit=self.unit), n)
        alike = float(np.exp(LOG_BOUND))
        return pd.DataFrame({"r": alike, "alpha": alike / np.maximum(rate, 1e-300)})


def watched(counts: Counts, *, unit: str) -> float:
    """Return the time over which customers could have bought again, at least one day each (in `unit`)."""
    seen = float(counts.weights @ counts.T)
    return max(seen, counts.customers / days_in(unit))


def rate_limit(counts: Counts, *, unit: str) -> float:
    """Return the 95 % upper limit of the purchase rate where no repeat purchase was seen (rule of three)."""
    return -float(np.log(0.05)) / watched(counts, unit=unit)


def fit_nbd(counts: Counts) -> dict[str, float]:
    """Return the NBD parameters of greatest likelihood.

    Parameters
    ----------
    counts : Counts
        Cells of customers.

    Returns
    -------
    dict
        r, and alpha in the unit of `counts`. Where all customers buy at one rate, r runs to its bound
        (e^12) and r / alpha is that rate; where nobody bought again, r runs to e^-12.
    """
    scale = float(counts.T.max()) or 1.0
    x, age, weights = counts.frequency, counts.T / scale, counts.weights
    purchases = float((weights * x).sum())
    exposure = float((weights * age).sum())
    if purchases == 0.0 or exposure == 0.0:
        return {"r": float(np.exp(-LOG_BOUND)), "alpha": scale}

    from scipy.optimize import minimize  # slow to load: only where something is fitted

    # in r and the mean rate r / alpha the two parameters are nearly independent
    def negative(logs: Floats) -> float:
        params = {"r": np.exp(logs[0]), "alpha": np.exp(logs[0] - logs[1])}
        return -float((weights * Nbd.cell_log_likelihood(params, x, x, age)).sum()) / counts.customers

    middle = np.log(purchases / exposure)
    bounds = [(-LOG_BOUND, LOG_BOUND), (middle - 5.0, middle + 5.0)]
    starts = [np.array([log_r, middle]) for log_r in (-1.0, 2.0)]
    fits = [
        minimize(negative, start, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13, "gtol": 1e-8})
        for start in starts
    ]
    best = min(fits, key=lambda fit: fit.fun).x
    return {"r": float(np.exp(best[0])), "alpha": float(np.exp(best[0] - best[1]) * scale)}

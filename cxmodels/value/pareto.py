"""Pareto/NBD: customers who may leave at any time (Schmittlein, Morrison & Colombo 1987).

A customer buys at rate λ ~ Gamma(r, α) and leaves at rate μ ~ Gamma(s, β). Derivations: Fader & Hardie
(2005), "A Note on Deriving the Pareto/NBD Model and Related Expressions".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import expit, gammaln

from cxmodels.value.counts import Floats
from cxmodels.value.purchase_model import LARGEST_MEAN, Params, PurchaseModel, Window

NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(20)
NODES, NODE_WEIGHTS = (NODES + 1) / 2, NODE_WEIGHTS / 2


@dataclass(frozen=True, kw_only=True)
class ParetoNbd(PurchaseModel):
    """Pareto/NBD; its parameters are r, alpha, s, beta."""

    # its likelihood is an integral, an order dearer than the others'
    bootstrap_cells: ClassVar[int] = 100
    fit_cells: ClassVar[int] = 4_000
    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")

    @staticmethod
    def log_odds_left(params: Params, frequency: Floats, recency: Floats, T: Floats) -> Floats:
        """Return log(P(left by T) / P(alive at T)), given the history.

        The odds are s ∫ ((α+T)/(α+y))^(r+x) ((β+T)/(β+y))^s dy / (β+y) over the times y from recency to T at
        which the customer may have left. The substitution is a power law with the integrand's own initial
        slope and final power, so few nodes serve every frequency, and nothing overflows: the difference of
        two hypergeometric functions in the literature is NaN for heavy buyers with recency = T.
        """
        r, alpha, s, beta = (params[key] for key in ("r", "alpha", "s", "beta"))
        power = r + frequency + s
        scale = (power + 1.0) / ((r + frequency) / (alpha + recency) + (s + 1.0) / (beta + recency))
        gap = T - recency
        reach = -np.expm1(-power * np.log1p(gap / scale))
        total = np.zeros(np.shape(reach))
        for node, weight in zip(NODES, NODE_WEIGHTS, strict=True):
            step = -np.log1p(-node * reach)  # (power) · log(1 + after / scale)
            after = scale * np.expm1(step / power)
            log_ratio = (
                step * (power + 1.0) / power
                - (r + frequency) * np.log1p(after / (alpha + recency))
                - (s + 1.0) * np.log1p(after / (beta + recency))
            )
            total = total + weight * np.exp(log_ratio)
        start = (r + frequency) * np.log1p(gap / (alpha + recency)) + s * np.log1p(gap / (beta + recency))
        with np.errstate(divide="ignore"):  # recency = T: no time to leave in, log-odds -inf
            return np.log(s / (beta + recency) * scale / power * reach * total) + start

    @staticmethod
    def cell_log_likelihood(params: Params, frequency: Floats, recency: Floats, T: Floats) -> Floats:
        r, alpha, s, beta = (params[key] for key in ("r", "alpha", "s", "beta"))
        buying = gammaln(r + frequency) - gammaln(r) - r * np.log1p(T / alpha) - frequency * np.log(alpha + T)
        left = np.logaddexp(0.0, ParetoNbd.log_odds_left(params, frequency, recency, T))
        return buying - s * np.log1p(T / beta) + left

    @staticmethod
    def alive(params: Params, frequency: Floats, recency: Floats, T: Floats) -> Floats:
        return expit(-ParetoNbd.log_odds_left(params, frequency, recency, T))

    @staticmethod
    def purchase_rate(params: Params, ahead: Floats, frequency: Floats, T: Floats) -> Floats:
        staying = np.exp(-params["s"] * np.log1p(ahead / (params["beta"] + T)))
        return (params["r"] + frequency) / (params["alpha"] + T) * staying

    @staticmethod
    def decay_time(params: Params, T: Floats) -> Floats:
        return params["beta"] + T

    @staticmethod
    def simulate_alive(
        params: Params, frequency: Floats, T: Floats, *, window: Window, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        shape = np.broadcast_shapes(np.shape(params["r"]), np.shape(frequency))
        rate = rng.standard_gamma(np.broadcast_to(params["r"] + frequency, shape)) / (params["alpha"] + T)
        leaving = rng.standard_gamma(np.broadcast_to(params["s"], shape)) / (params["beta"] + T)
        life = rng.standard_exponential(shape) / np.maximum(leaving, 1e-300)
        until = np.minimum(life, window.horizon)
        purchases = rng.poisson(np.minimum(rate * until, LARGEST_MEAN)).astype(float)
        return purchases, window.mean_discount(until)

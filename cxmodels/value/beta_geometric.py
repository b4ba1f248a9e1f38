"""BG/NBD and MBG/NBD: customers who may leave right after a purchase.

Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way; Batislam, Denizel & Filiztekin (2007) and
Wagner & Hoppe (2008) for the modified model, in which customers may also leave after the first purchase.
A customer buys at rate λ ~ Gamma(r, α) and leaves after a purchase with probability p ~ Beta(a, b).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import betaln, expit, gammaln, hyp2f1, log_expit, logsumexp, psi

from cxmodels.value.counts import Counts, Floats, rank_frequencies
from cxmodels.value.purchase_model import LARGEST_MEAN, Params, PurchaseModel, Window


@dataclass(frozen=True, kw_only=True)
class BetaGeometric(PurchaseModel):
    """What both models share; `_stays` counts the times that a living customer chose to stay."""

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")

    @staticmethod
    @abstractmethod
    def _stays(frequency: Floats) -> Floats:
        """Return how often customers with these repeat purchases had the chance to leave, and stayed."""

    @classmethod
    def _log_odds_left(cls, params: Params, frequency: Floats, recency: Floats, T: Floats) -> Floats:
        r, alpha, a, b = (params[key] for key in ("r", "alpha", "a", "b"))
        # log1p keeps its digits where recency is close to T and frequency is large
        lapse = (r + frequency) * np.log1p((T - recency) / (alpha + recency))
        return lapse + np.log(a) - np.log(b + np.maximum(cls._stays(frequency) - 1, 0.0))

    @classmethod
    def cell_log_likelihood(cls, params: Params, frequency: Floats, recency: Floats, T: Floats) -> Floats:
        r, alpha, a, b = (params[key] for key in ("r", "alpha", "a", "b"))
        stays = cls._stays(frequency)
        buying = gammaln(r + frequency) - gammaln(r) + r * np.log(alpha) - (r + frequency) * np.log(alpha + T)
        staying = gammaln(a + b) - gammaln(b) + gammaln(b + stays) - gammaln(a + b + stays)
        left = np.logaddexp(0.0, cls._log_odds_left(params, frequency, recency, T))
        return buying + staying + np.where(stays > 0, left, 0.0)

    @classmethod
    def likelihood_and_score(cls, params: Mapping[str, float], counts: Counts) -> tuple[float, Floats]:
        """Return the log-likelihood and its gradient in closed form; terms of frequency once for each one."""
        r, alpha, a, b = (params[key] for key in ("r", "alpha", "a", "b"))
        ranks, x = rank_frequencies(counts.frequency)
        k = cls._stays(x)
        customers = np.bincount(ranks, counts.weights)
        until_now, until_last = np.log(alpha + counts.T), np.log(alpha + counts.recency)
        odds = (r + counts.frequency) * (until_now - until_last)
        odds += np.where(k > 0, np.log(a) - np.log(b + np.maximum(k - 1, 0.0)), -np.inf)[ranks]
        left = counts.weights * expit(odds)
        left_of_rank = np.bincount(ranks, left)
        now, last = (counts.weights / (alpha + counts.T), left / (alpha + counts.recency))
        of_frequency = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        of_frequency += gammaln(a + b) - gammaln(b) + gammaln(b + k) - gammaln(a + b + k)
        buying = counts.weights * ((r + counts.frequency) * until_now - np.logaddexp(0.0, odds))
        score_r = customers @ (psi(r + x) - psi(r) + np.log(alpha)) - counts.weights @ until_now
        score_r += left @ (until_now - until_last)
        score_alpha = customers.sum() * r / alpha - (r + counts.frequency) @ now
        score_alpha += (r + counts.frequency) @ (left / (alpha + counts.T) - last)
        apart = psi(a + b) - psi(a + b + k)
        score_a = customers @ apart + left_of_rank.sum() / a
        score_b = customers @ (apart - psi(b) + psi(b + k))
        score_b -= (left_of_rank / (b + np.maximum(k - 1, 0.0))).sum()
        score = np.array([score_r * r, score_alpha * alpha, score_a * a, score_b * b])
        return float(customers @ of_frequency - buying.sum()), score

    @classmethod
    def purchase_rate(cls, params: Params, ahead: Floats, frequency: Floats, T: Floats) -> Floats:
        """Purchases a unit of time: (r+x)/(α+T) · E[(1 + p s/(α+T))^-(r+x+1)] over p ~ Beta(a, b + stays)."""
        r, alpha, a, b = (params[key] for key in ("r", "alpha", "a", "b"))
        z = ahead / (alpha + T)
        return (
            (r + frequency) / (alpha + T) * _mean_power(r + frequency + 1.0, a, b + cls._stays(frequency), z)
        )

    @classmethod
    def alive(cls, params: Params, frequency: Floats, recency: Floats, T: Floats) -> Floats:
        left = cls._log_odds_left(params, frequency, recency, T)
        return np.where(cls._stays(frequency) > 0, expit(-left), 1.0)

    @staticmethod
    def decay_time(params: Params, T: Floats) -> Floats:
        return params["alpha"] + T

    @classmethod
    def simulate_alive(
        cls, params: Params, frequency: Floats, T: Floats, *, window: Window, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """The smaller of a Poisson count and of the purchase at which the customer leaves."""
        r, alpha, a, b = (params[key] for key in ("r", "alpha", "a", "b"))
        shape = np.broadcast_shapes(np.shape(r), np.shape(frequency))
        rate = rng.standard_gamma(np.broadcast_to(r + frequency, shape)) / (alpha + T)
        would_buy = rng.poisson(np.minimum(rate * window.horizon, LARGEST_MEAN)).astype(float)
        leaves = rng.beta(a, np.broadcast_to(b + cls._stays(frequency), shape))
        last = rng.geometric(np.clip(leaves, 1e-15, 1.0)).astype(float)
        cut = would_buy > last
        until = np.full(shape, float(window.horizon))
        until[cut] *= rng.beta(last[cut], would_buy[cut] + 1.0 - last[cut])
        purchases = np.where(cut, last, would_buy)
        discount = window.mean_discount(until)
        at_end = np.exp(-window.discount * until)
        return purchases, np.where(cut, discount + (at_end - discount) / last, discount)


@dataclass(frozen=True, kw_only=True)
class BgNbd(BetaGeometric):
    """BG/NBD; its parameters are r, alpha, a, b."""

    @staticmethod
    def _stays(frequency: Floats) -> Floats:
        return frequency


@dataclass(frozen=True, kw_only=True)
class MbgNbd(BetaGeometric):
    """MBG/NBD; its parameters are r, alpha, a, b."""

    @staticmethod
    def _stays(frequency: Floats) -> Floats:
        return frequency + 1.0


def _mean_power(power: Floats, a: Floats, b: Floats, z: Floats) -> Floats:
    """Return E[(1 + p z)^-power] over p ~ Beta(a, b).

    This is 2F1(power, a; a + b; −z). Of Pfaff's two transformations the one with the smaller arguments stays
    moderate for any frequency and any a + b > 0, where the textbook form of the forecast overflows or is NaN.
    Where SciPy's function overflows all the same (a + b above 100 and z above 9), the mean is integrated.
    """
    w = z / (1.0 + z)
    other = (a + b - power) * a <= power * b
    first, second = np.where(other, a + b - power, power), np.where(other, a, b)
    with np.errstate(over="ignore", invalid="ignore"):
        value = hyp2f1(first, second, a + b, w) * np.exp(-np.where(other, a, power) * np.log1p(z))
    failed = np.nonzero(~np.isfinite(value))
    if len(failed[0]):
        power, a, b, z = (np.broadcast_to(one, value.shape)[failed] for one in (power, a, b, z))
        value[failed] = _integrated_mean_power(power, a, b, z)
    return value


def _integrated_mean_power(power: Floats, a: Floats, b: Floats, z: Floats) -> Floats:
    """Return E[(1 + p z)^-power] by the trapezoid rule over sinh-spaced logits of p around the mode."""

    def slope(logit: Floats) -> Floats:
        p = expit(logit)
        return a * expit(-logit) - b * p - power * z * p * expit(-logit) / (1.0 + p * z)

    low, high = np.full(a.shape, -2_000.0), np.full(a.shape, 2_000.0)
    for _ in range(60):
        middle = (low + high) / 2
        rising = slope(middle) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    mode = (low + high) / 2
    width = 1.0 / np.sqrt(np.maximum((slope(mode - 1e-3) - slope(mode + 1e-3)) / 2e-3, 1e-6))
    nodes = np.linspace(-12.0, 12.0, 241)[:, None]
    logits = mode + width * np.sinh(nodes)
    height = a * log_expit(logits) + b * log_expit(-logits) - power * np.log1p(z * expit(logits))
    spacing = np.log(width * np.cosh(nodes)) + np.log(nodes[1] - nodes[0])
    return np.exp(logsumexp(height + spacing, axis=0) - betaln(a, b))

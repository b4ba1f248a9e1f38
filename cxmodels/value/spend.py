"""What is a customer's purchase worth? Gamma-Gamma on counted cells, and what replaces it where it fails.

Fader, Hardie & Lee (2005), "RFM and CLV"; Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value". A
purchase of a customer is Gamma(p, ν), and ν ~ Gamma(q, v) over customers, independent of how often they buy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln

from cxmodels.study_errors import nearest
from cxmodels.value.bootstrap import bootstrap_log_parameters
from cxmodels.value.counts import Floats
from cxmodels.value.fitting import fit_gamma_gamma
from cxmodels.value.independence import Independence, SpendCells, assess_independence, spend_cells

SPEND_MODELS = ("gamma-gamma", "gamma-gamma-by-frequency", "pooled-mean")
LEAST_BUYERS = 3
# a shape above this leaves a coefficient of variation below 1.5 %: customers do not differ
LARGEST_SHAPE = 5_000.0
LARGEST_MEAN_RATIO = 2.0
SMALLEST = 1e-300


@dataclass(frozen=True, kw_only=True)
class SpendModel:
    """A fitted model of the value of a purchase.

    Attributes
    ----------
    name, requested : str
        The model that was fitted, and the one that was asked for.
    params : dict of str to float
        Gamma-Gamma: p, q, v (currency), and `trend`: mean spend goes with (1 + frequency)^trend, 0 unless
        "gamma-gamma-by-frequency". Pooled mean: mean (currency) and p, the shape of a purchase (infinite: all
        purchases are alike).
    note : str
        Empty, or one sentence on what was done instead of what was asked for, and why.
    independence : Independence
        Whether spend depends on frequency, which Gamma-Gamma assumes it does not.
    cells : SpendCells
        The counted cells on which the model was fitted.
    """

    name: str
    requested: str
    params: dict[str, float]
    note: str = ""
    independence: Independence
    cells: SpendCells = field(repr=False, compare=False)

    @property
    def population_mean(self) -> float:
        """Expected value of a purchase of a customer of whom nothing is known (currency)."""
        if "mean" in self.params:
            return self.params["mean"]
        return self.params["p"] * self.params["v"] / (self.params["q"] - 1.0)

    def expected_spend(self, frequency: npt.ArrayLike, monetary_value: npt.ArrayLike) -> Floats:
        """Return the expected value of a customer's future purchases.

        Parameters
        ----------
        frequency, monetary_value : array_like, shape (customers,)
            Repeat purchases and their mean value (currency).

        Returns
        -------
        ndarray of float, shape (customers,)
            p (v + x m) / (p x + q − 1): between the customer's own mean and the population's.
        """
        x, m = np.asarray(frequency, dtype=float), np.asarray(monetary_value, dtype=float)
        return self.scale(x, m) * self.expected_factor(x, self.params)

    @staticmethod
    def expected_factor(frequency: Floats, params: Mapping[str, npt.ArrayLike]) -> Floats:
        """Return the expected value of a purchase over `scale`: p / (p x + q − 1); pooled mean: 1."""
        if "mean" in params:
            return np.ones(np.shape(frequency))
        p, q = np.asarray(params["p"], dtype=float), np.asarray(params["q"], dtype=float)
        return p / (p * frequency + q - 1.0)

    def rescale(self, frequency: Floats, scale: Floats, *, params: Mapping[str, npt.ArrayLike]) -> Floats:
        """Return `scale` under other parameters, over `scale` under the fitted ones."""
        if "mean" in params:
            return np.asarray(params["mean"]) / max(self.params["mean"], SMALLEST)
        trend = (1.0 + frequency) ** self.params["trend"]
        return 1.0 + trend * (np.asarray(params["v"]) - self.params["v"]) / np.maximum(scale, SMALLEST)

    def scale(
        self, frequency: Floats, monetary_value: Floats, params: Mapping[str, npt.ArrayLike] | None = None
    ) -> Floats:
        """Return the part of a customer's spend that depends on the mean value: v + x m (currency)."""
        used: Mapping[str, npt.ArrayLike] = self.params if params is None else params
        if "mean" in used:
            return np.asarray(used["mean"]) + np.zeros(np.shape(frequency))
        trend = (1.0 + frequency) ** np.asarray(used["trend"])
        return np.asarray(used["v"]) * trend + frequency * np.where(frequency > 0, monetary_value, 0.0)

    def draw_factor(
        self,
        purchases: Floats,
        frequency: Floats,
        *,
        rng: np.random.Generator,
        params: Mapping[str, npt.ArrayLike] | None = None,
    ) -> Floats:
        """Simulate the total of `purchases` future purchases, divided by `scale`.

        With N purchases the total is (v + x m) · Gamma(p N) / Gamma(p x + q): all but the first factor
        depends on the frequency alone, so customers who differ in mean value only can share draws.

        Parameters
        ----------
        purchases : ndarray of float, shape (customers, draws)
            Simulated numbers of purchases.
        frequency : ndarray of float, broadcastable to `purchases`
            Repeat purchases up to now.
        rng : numpy Generator
            Source of randomness.
        params : dict, optional
            Parameters, or arrays of them that broadcast, to use instead of the fitted ones.

        Returns
        -------
        ndarray of float, shape (customers, draws)
        """
        used: Mapping[str, npt.ArrayLike] = self.params if params is None else params
        bought = np.nonzero(purchases > 0)
        count, x = purchases[bought], np.broadcast_to(frequency, purchases.shape)[bought]
        p, q = (np.broadcast_to(used.get(key, 1.0), purchases.shape)[bought] for key in ("p", "q"))
        total = np.zeros(purchases.shape)
        if "mean" not in used:
            own = np.maximum(rng.standard_gamma(p * x + q), SMALLEST)
            total[bought] = rng.standard_gamma(p * count) / own
        elif np.isfinite(p).all():
            total[bought] = rng.standard_gamma(p * count) / p
        else:
            total[bought] = count
        return total

    def second_moment(self, purchases: Floats, frequency: Floats) -> tuple[Floats, Floats]:
        """Return mean and mean square of the total of `purchases` purchases over `scale`.

        Parameters
        ----------
        purchases : ndarray of float, shape (customers, draws)
            Numbers of purchases.
        frequency : ndarray of float, broadcastable to `purchases`
            Repeat purchases up to now.

        Returns
        -------
        mean, square : ndarray of float, shape (customers, draws)
            Where Gamma-Gamma's variance is infinite (p x + q ≤ 2), as if p x + q were 2.1.
        """
        p = self.params["p"]
        if "mean" in self.params:
            return purchases, purchases**2 + (purchases / p if np.isfinite(p) else 0.0)
        shape = p * frequency + self.params["q"]
        finite = np.maximum(shape, 2.1)
        mean = p * purchases / (shape - 1.0)
        return mean, mean**2 + (p * purchases * (finite - 1.0 + p * purchases)) / (
            (finite - 1.0) ** 2 * (finite - 2.0)
        )

    def sample_parameters(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """Return parameters refitted to `n` bootstrap samples of the customers.

        Parameters
        ----------
        n : int
            Samples.
        rng : numpy Generator
            Source of randomness.

        Returns
        -------
        DataFrame, shape (n, parameters)
        """
        if "mean" in self.params:
            relative = self.cells.mean_error / max(self.params["mean"], SMALLEST)
            draws = pd.DataFrame({"mean": self.params["mean"] * np.exp(relative * rng.standard_normal(n))})
            return draws.assign(p=self.params["p"])
        kept = ("p", "q", "v")
        cells = self.cells.without_trend(self.params["trend"])
        few = cells.coarser()

        def cell_values(logs: Floats) -> Floats:
            params = dict(zip(kept, np.exp(logs), strict=True))
            return gamma_gamma_log_likelihood(params, cells.frequency, cells.monetary_value)

        def few_totals(logs: Floats) -> Floats:
            params = dict(zip(kept, np.exp(logs).T[:, :, None], strict=True))
            values = gamma_gamma_log_likelihood(params, few.frequency, few.monetary_value)
            return np.asarray((values * few.weights).sum(axis=1), dtype=float)

        fitted = np.log(np.array([self.params[key] for key in kept]))
        logs = bootstrap_log_parameters(cell_values, few_totals, fitted, cells.weights, n=n, rng=rng)
        drawn = pd.DataFrame(np.exp(logs), columns=list(kept)).assign(trend=self.params["trend"])
        # a mean that the sample cannot bound is no draw of a mean: keep it at the fit's guard
        largest = LARGEST_MEAN_RATIO * max(self.population_mean, SMALLEST)
        drawn["q"] = np.maximum(drawn["q"], 1.0 + drawn["p"] * drawn["v"] / largest)
        return drawn


def gamma_gamma_log_likelihood(
    params: Mapping[str, npt.ArrayLike], frequency: Floats, monetary_value: Floats
) -> Floats:
    """Return the Gamma-Gamma log-likelihood of each mean value (Fader & Hardie 2013, equation 1a).

    Parameters
    ----------
    params : dict
        p, q, v.
    frequency, monetary_value : ndarray of float, shape (cells,)
        Repeat purchases and their mean value, both above 0.

    Returns
    -------
    ndarray of float, shape (cells,)
    """
    p, q, v = (np.asarray(params[key], dtype=float) for key in ("p", "q", "v"))
    shape, total = p * frequency, frequency * monetary_value
    return (
        gammaln(shape + q)
        - gammaln(shape)
        - gammaln(q)
        - q * np.log1p(total / v)
        + shape * (np.log(total) - np.log(v + total))
        - np.log(monetary_value)
    )


def fit_spend(summary: pd.DataFrame, *, model: str = "gamma-gamma") -> SpendModel:
    """Fit the value of a purchase to the repeat buyers of a summary.

    Parameters
    ----------
    summary : DataFrame
        With the columns frequency and monetary_value of `summarise`, and total_spend where nobody has bought
        again.
    model : {"gamma-gamma", "gamma-gamma-by-frequency", "pooled-mean"}
        "gamma-gamma-by-frequency" is the way out where spend depends on frequency: the trend of log spend on
        log(1 + frequency) is taken out before the fit and put back in the prediction.

    Returns
    -------
    SpendModel
        The pooled mean, with a note, where fewer than three customers bought again, or they do not differ.

    Raises
    ------
    ValueError
        For an unknown model, or a missing or negative monetary_value.
    """
    if model not in SPEND_MODELS:
        raise ValueError(
            f"Unknown spend model {model!r}{nearest(str(model), SPEND_MODELS, otherwise='.')} "
            f"Allowed: {', '.join(SPEND_MODELS)}."
        )
    cells = spend_cells(summary)
    pooled = SpendModel(
        name="pooled-mean",
        requested=model,
        params=_pooled(summary, cells),
        independence=assess_independence(cells),
        cells=cells,
    )
    if model == "pooled-mean":
        return pooled
    if cells.customers < LEAST_BUYERS:
        return replace(
            pooled,
            note=f"Too few customers ({cells.customers:.0f}) bought again at a price above 0 to tell "
            "customers' spend apart: every purchase is valued at the mean purchase.",
        )
    trend = cells.trend() if model == "gamma-gamma-by-frequency" else 0.0
    level = cells.without_trend(trend)
    params = None
    if pooled.params["p"] < LARGEST_SHAPE:
        params = fit_gamma_gamma(level.frequency, level.monetary_value, level.weights)
    if params is None or params["q"] > LARGEST_SHAPE:
        return replace(
            pooled,
            note="Spend varies too little between customers for Gamma-Gamma to tell them apart: every "
            "purchase is valued at the mean purchase.",
        )
    params, note = _bounded_mean(params, level)
    return replace(pooled, name=model, params={**params, "trend": trend}, note=note)


def _pooled(summary: pd.DataFrame, cells: SpendCells) -> dict[str, float]:
    if cells.customers == 0:
        bought = summary["frequency"].to_numpy(dtype=float) + 1.0
        known = "total_spend" in summary.columns
        mean = float(summary["total_spend"].sum() / bought.sum()) if known else 0.0
        return {"mean": mean, "p": 1.0}
    mean = cells.mean
    # Var(m | x) = mean² / (p x) where customers do not differ
    spread = float((cells.weights * cells.frequency * (cells.monetary_value / mean - 1.0) ** 2).sum())
    return {"mean": mean, "p": cells.customers / spread if spread > 1e-12 * cells.customers else np.inf}


def _bounded_mean(params: dict[str, float], cells: SpendCells) -> tuple[dict[str, float], str]:
    """Refit with the observed mean where the fitted one is infinite, or far from it."""
    q = params["q"]
    mean = params["p"] * params["v"] / (q - 1.0) if q > 1.0 else np.inf
    if cells.mean / LARGEST_MEAN_RATIO <= mean <= cells.mean * LARGEST_MEAN_RATIO:
        return params, ""

    from scipy.optimize import minimize  # slow to load: only where something is fitted

    def named(logs: Floats) -> dict[str, float]:
        p, excess = np.exp(logs)
        return {"p": float(p), "q": float(1.0 + excess), "v": float(cells.mean * excess / p)}

    def negative(logs: Floats) -> float:
        values = gamma_gamma_log_likelihood(named(logs), cells.frequency, cells.monetary_value)
        return -float((cells.weights * values).sum()) / cells.customers

    start = np.array([np.log(np.clip(params["p"], 0.05, 500.0)), np.log(max(q - 1.0, 0.1))])
    best = minimize(negative, start, method="L-BFGS-B", bounds=[(-6.0, 9.0), (-4.0, 9.0)])
    stated = "infinite" if not np.isfinite(mean) else f"{mean / cells.mean:.2g} times the observed one"
    return named(best.x), (
        f"Gamma-Gamma's mean spend came out {stated} (q = {q:.2f}): it was refitted with the mean that was "
        "observed."
    )

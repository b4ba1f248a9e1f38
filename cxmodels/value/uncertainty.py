"""How sure is a value? Intervals for customers and groups, of parameters and of outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.value.counts import Floats, read_history
from cxmodels.value.groups import group_customers
from cxmodels.value.intervals import COVERAGE
from cxmodels.value.lifetime import Terms, refund_share
from cxmodels.value.purchase_model import PurchaseModel
from cxmodels.value.spend import SpendModel

INTERVAL_CELLS = 2_500
TOTAL_CELLS = 250
PARAMETER_DRAWS = 200
VARIANCE_DRAWS = 400
BLOCK = 250
FEWEST_HITS = 1.0  # purchases among the draws of a customer's variance


@dataclass(frozen=True)
class _Cells:
    """Customers with nearly the same future, at their mean history."""

    place: npt.NDArray[np.int64]
    frequency: Floats
    recency: Floats
    T: Floats
    scale: Floats
    weights: Floats


def value_intervals(
    summary: pd.DataFrame,
    purchases: PurchaseModel,
    spend: SpendModel,
    *,
    terms: Terms,
    draws: int = 1_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the 90 % interval of each customer's own discounted outcome.

    Parameters
    ----------
    summary : DataFrame
        As of `summarise`, in the unit of `purchases`.
    purchases, spend : PurchaseModel, SpendModel
        Fitted to the summary.
    terms : Terms
        Horizon, discount rate and margin. A margin range is part of the uncertainty.
    draws : int
        Simulated futures a cell of customers.
    seed : int
        Same seed, same intervals.

    Returns
    -------
    DataFrame
        On the index of `summary`: clv_low, clv_high (currency), the 5 % and 95 % quantiles of the margin that
        the customer will bring within the horizon, discounted and net of the refund share.

    Notes
    -----
    A future is simulated with parameters refitted to a bootstrap sample, so the interval holds the
    uncertainty of parameters and of outcome. Given frequency and the chance to be alive, the distribution of
    the outcome over v + x m does not depend on the mean value m: customers are joined in cells by frequency,
    age and P(alive), each cell is simulated once, and its quantiles are scaled to each customer.
    """
    rng = np.random.default_rng(seed)
    x, _, _ = read_history(summary)
    value = summary["monetary_value"].to_numpy(dtype=float)
    scale = spend.scale(x, value)
    cells = _cells(summary, purchases, scale, target=INTERVAL_CELLS)
    factors = _simulate(cells, purchases, spend, terms=terms, draws=draws, rng=rng)
    tail = (1.0 - COVERAGE) / 2
    low, high = np.quantile(factors, [tail, 1.0 - tail], axis=1)
    low = low * (not purchases.counts.silent)  # nearly nothing is expected, and less cannot come
    net = scale * (1.0 - refund_share(summary))
    return pd.DataFrame(
        {"clv_low": net * low[cells.place], "clv_high": net * high[cells.place]}, index=summary.index
    )


def group_totals(
    summary: pd.DataFrame,
    purchases: PurchaseModel,
    spend: SpendModel,
    groups: pd.Series | None = None,
    *,
    terms: Terms,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the value of groups of customers, with 90 % intervals of the totals.

    Parameters
    ----------
    summary, purchases, spend, terms
        As for `value_intervals`.
    groups : Series, optional
        The group of each customer, on the index of `summary` or in its order. Default: one group, "all".
    seed : int
        Same seed, same intervals.

    Returns
    -------
    DataFrame
        One row a group: group, customers, clv (expected total, currency), low and high (5 % and 95 %
        quantiles of what the group will bring), parameter_width and outcome_width (widths of the intervals
        from the uncertainty of parameters, and margin, alone; and from chance alone).

    Notes
    -----
    Parameters are refitted to bootstrap samples, and for each the expected total is worked out on cells.
    Outcomes are independent between customers given the parameters; their total is drawn from a Gamma
    distribution with the simulated mean and variance: right-skewed for few customers, normal for many.
    """
    rng = np.random.default_rng(seed)
    grouped = group_customers(summary, groups)
    scale = spend.scale(
        summary["frequency"].to_numpy(dtype=float), summary["monetary_value"].to_numpy(dtype=float)
    )
    net = 1.0 - refund_share(summary)
    expected, spread = _moments(summary, purchases, spend, scale=scale, terms=terms, rng=rng)
    clv, variance = grouped.sum(expected) * net, grouped.sum(spread) * net**2
    ratio = _parameter_ratios(summary, purchases, spend, member=grouped.member, terms=terms, rng=rng)
    margins = _draw_margins(terms, ratio.shape[1], rng=rng) / max(terms.margin_middle, 1e-300)
    repeats = 20
    means = np.repeat(clv[:, None] * ratio * margins, repeats, axis=1)
    chance = _gamma_with(np.ones_like(means) * clv[:, None], variance[:, None], rng=rng)
    both = _gamma_with(
        means, variance[:, None] * np.repeat(ratio * margins**2, repeats, axis=1).astype(np.float64), rng=rng
    )
    tail = [(1.0 - COVERAGE) / 2, (1.0 + COVERAGE) / 2]
    low, high = np.quantile(both, tail, axis=1)
    low = np.minimum(low * (not purchases.counts.silent), clv)
    return pd.DataFrame(
        {
            "group": grouped.names,
            "customers": grouped.sizes,
            "clv": clv,
            "low": low,
            "high": np.maximum(high, clv),
            "parameter_width": np.diff(np.quantile(means, tail, axis=1), axis=0)[0],
            "outcome_width": np.diff(np.quantile(chance, tail, axis=1), axis=0)[0],
        }
    )


def _cells(summary: pd.DataFrame, purchases: PurchaseModel, scale: Floats, *, target: int) -> _Cells:
    x, t_x, age = read_history(summary)
    if len(x) <= target:
        return _Cells(np.arange(len(x)), x, t_x, age, scale, np.ones(len(x)))
    alive = purchases.p_alive(x, t_x, age)
    # frequencies up to 16 stand alone, then each cell is about 6 % wide
    steps = np.where(x <= 16, x, 16 + np.floor(np.log(np.maximum(x, 16.0) / 16.0) * 16.0)).astype(np.int64)
    side = max(int(np.sqrt(target / 24)), 2)
    age_bin = np.minimum((age / (age.max() or 1.0) * side).astype(np.int64), side - 1)
    alive_bin = np.minimum((alive * side).astype(np.int64), side - 1)
    key = (steps * side + age_bin) * side + alive_bin
    place = (np.cumsum(np.bincount(key) > 0) - 1)[key]
    weights = np.bincount(place).astype(float)
    means = [np.bincount(place, one) / weights for one in (x, t_x, age, scale)]
    return _Cells(place, means[0], np.minimum(means[1], means[2]), means[2], means[3], weights)


def _simulate(
    cells: _Cells,
    purchases: PurchaseModel,
    spend: SpendModel,
    *,
    terms: Terms,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """Simulate margin over `scale` for each cell, with parameters drawn from the bootstrap."""
    samples = min(draws, PARAMETER_DRAWS)
    of_purchases = _drawn(purchases.sample_parameters(samples, rng), draws)
    of_spend = _drawn(spend.sample_parameters(samples, rng), draws)
    margins = _draw_margins(terms, draws, rng=rng)
    window = terms.window(purchases.unit)
    factors = np.empty((len(cells.weights), draws))
    for start in range(0, len(factors), BLOCK):
        rows = slice(start, start + BLOCK)
        x, t_x, age = (one[rows, None] for one in (cells.frequency, cells.recency, cells.T))
        bought, discount = purchases.draw_with(of_purchases, x, t_x, age, window=window, rng=rng)
        total = spend.draw_factor(bought, x, rng=rng, params=of_spend) * discount
        factors[rows] = total * margins * spend.rescale(x, cells.scale[rows, None], params=of_spend)
    return factors


def _moments(
    summary: pd.DataFrame,
    purchases: PurchaseModel,
    spend: SpendModel,
    *,
    scale: Floats,
    terms: Terms,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Return mean and variance of each customer's margin at the fitted parameters, before refunds."""
    x, t_x, age = read_history(summary)
    window = terms.window(purchases.unit)
    discounted = purchases.p_alive(x, t_x, age) * purchases.purchases_given_alive(window, x, age)[1]
    expected = discounted * spend.expected_spend(x, summary["monetary_value"].to_numpy(dtype=float))
    rare = discounted * VARIANCE_DRAWS < FEWEST_HITS
    cells = _cells(summary, purchases, scale, target=INTERVAL_CELLS)
    variances = np.empty(len(cells.weights))
    for start in range(0, len(variances), BLOCK):
        rows = slice(start, start + BLOCK)
        bought, discount = purchases.draw_future(
            cells.frequency[rows],
            cells.recency[rows],
            cells.T[rows],
            window=window,
            size=VARIANCE_DRAWS,
            rng=rng,
        )
        mean, square = spend.second_moment(bought, cells.frequency[rows, None])
        variances[rows] = (square * discount**2).mean(axis=1) - (mean * discount).mean(axis=1) ** 2
    # purchases too rare for the draws to hold any: nobody makes two, so the variance is that of one or none
    one = spend.second_moment(np.ones((len(x), 1)), x[:, None])[1][:, 0]
    margin = terms.margin_middle
    return expected * margin, (scale * margin) ** 2 * np.where(rare, discounted * one, variances[cells.place])


def _parameter_ratios(
    summary: pd.DataFrame,
    purchases: PurchaseModel,
    spend: SpendModel,
    *,
    member: npt.NDArray[np.int64],
    terms: Terms,
    rng: np.random.Generator,
) -> Floats:
    """Return each group's expected total under drawn parameters over that under the fitted ones."""
    value = summary["monetary_value"].to_numpy(dtype=float)
    cells = _cells(summary, purchases, value, target=TOTAL_CELLS)
    groups = int(member.max()) + 1
    key = cells.place * groups + member
    size = len(cells.weights) * groups
    customers = np.bincount(key, minlength=size).reshape(-1, groups).astype(float)
    means = np.bincount(key, value, minlength=size).reshape(-1, groups) / np.maximum(customers, 1.0)
    fitted = [pd.DataFrame([model.params]) for model in (purchases, spend)]
    drawn = [model.sample_parameters(PARAMETER_DRAWS, rng) for model in (purchases, spend)]
    of_purchases, of_spend = (pd.concat(pair, ignore_index=True) for pair in zip(fitted, drawn, strict=True))
    params = _drawn(of_purchases, len(of_purchases))
    x, t_x, age = (one[:, None] for one in (cells.frequency, cells.recency, cells.T))
    discounted = purchases.integrate_rate(params, x, age, window=terms.window(purchases.unit))[1]
    discounted = discounted * purchases.alive(params, x, t_x, age)
    totals = np.empty((groups, len(of_spend)))
    for i in range(len(of_spend)):
        row = {str(name): float(of_spend[name].iloc[i]) for name in of_spend.columns}
        worth = spend.scale(x, means, row) * spend.expected_factor(x, row) * customers
        totals[:, i] = discounted[:, i] @ worth
    return totals[:, 1:] / np.maximum(totals[:, :1], 1e-300)


def _drawn(samples: pd.DataFrame, draws: int) -> dict[str, Floats]:
    return {
        str(key): np.resize(samples[key].to_numpy(dtype=float), draws)[None, :] for key in samples.columns
    }


def _draw_margins(terms: Terms, draws: int, *, rng: np.random.Generator) -> Floats:
    return rng.uniform(*terms.margin_range, size=(1, draws))


def _gamma_with(mean: Floats, variance: Floats, *, rng: np.random.Generator) -> Floats:
    """Draw from Gamma distributions with the given means and variances."""
    mean = np.maximum(mean, 0.0)
    variance = np.broadcast_to(np.maximum(variance, 0.0), mean.shape)
    certain = (variance <= 1e-18 * mean**2) | (mean <= 0.0)
    shape = np.where(certain, 1.0, mean**2 / np.where(certain, 1.0, variance))
    return np.where(certain, mean, mean * rng.standard_gamma(shape) / shape)

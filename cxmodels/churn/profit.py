"""What could a retention campaign earn with these scores? The expected maximum profit measure for churn."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import isotonic_regression
from scipy.special import betainc

from cxmodels.churn.labels import read_scores
from cxmodels.churn.ranking import rank_rows
from cxmodels.churn.resampling import DRAWS, customer_places, interval, resample
from cxmodels.value.counts import Floats


@dataclass(frozen=True)
class Campaign:
    """What a retention campaign costs and how likely it works, alike for all customers.

    Attributes
    ----------
    clv : float
        What a customer who stays is worth (currency); above `incentive`.
    incentive : float
        What an accepted offer costs (currency). Who would have stayed always accepts.
    contact_cost : float
        What it costs to reach a customer (currency).
    alpha, beta : float
        The share of leavers that the offer keeps is not known; it has the distribution Beta(alpha, beta).

    Raises
    ------
    ValueError
        Where a figure is out of bounds.

    Notes
    -----
    The defaults are those of Verbraken, Verbeke & Baesens (2013) for telecom: on average 30 % accept.

    Examples
    --------
    >>> Campaign(alpha=6, beta=14).acceptance
    0.3
    """

    clv: float = 200.0
    incentive: float = 10.0
    contact_cost: float = 1.0
    alpha: float = 6.0
    beta: float = 14.0

    def __post_init__(self) -> None:
        """Check the bounds."""
        figures = (self.clv, self.incentive, self.contact_cost, self.alpha, self.beta)
        if not np.isfinite(figures).all() or self.alpha <= 0 or self.beta <= 0:
            raise ValueError(f"alpha and beta must be above 0 and every figure finite; found {self}.")
        if self.incentive < 0 or self.contact_cost < 0:
            raise ValueError(f"Costs cannot be below 0; found {self}.")
        if self.clv <= self.incentive:
            raise ValueError(
                f"The clv of {self.clv} does not exceed the incentive of {self.incentive}: keeping a "
                "customer would never pay. Lower the incentive."
            )

    @property
    def acceptance(self) -> float:
        """The mean share of leavers that the offer keeps."""
        return self.alpha / (self.alpha + self.beta)


@dataclass(frozen=True)
class MaximumProfit:
    """The most that a campaign earns with these scores, on average over what is not known of acceptance.

    Attributes
    ----------
    empc : float
        Expected maximum profit (currency a customer, whether targeted or not).
    empc_low, empc_high : float
        Its 90 % interval over customers; NaN where no samples were drawn.
    empc_share : float
        Share of customers to target, on average over the acceptance rate.
    mpc : float
        Maximum profit if exactly the mean share of leavers accepts (currency a customer).
    mpc_share : float
        Share of customers to target then.
    table : DataFrame
        One row a corner of the ROC curve's convex hull, from nobody to everybody: share (of customers
        targeted), leavers and stayers (shares of each that are targeted), acceptance_from, acceptance_to
        (between which this is the best share; equal where it never is), profit (currency a customer at the
        mean acceptance).
    """

    empc: float
    empc_low: float
    empc_high: float
    empc_share: float
    mpc: float
    mpc_share: float
    table: pd.DataFrame = field(repr=False)


@dataclass(frozen=True)
class _Hull:
    """Corners of the ROC curve's convex hull, as shares of all customers, and where each is the best."""

    left: Floats
    stayed: Floats
    edges: Floats


def expected_maximum_profit(
    churned: npt.ArrayLike,
    score: npt.ArrayLike,
    *,
    campaign: Campaign | None = None,
    customer_ids: npt.ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> MaximumProfit:
    """Return the expected maximum profit for churn (EMPC), and the maximum profit (MPC), of scores.

    Parameters
    ----------
    churned : array_like of bool or 0/1, shape (rows,)
        Whether the customer left.
    score : array_like of float, shape (rows,)
        Higher means likelier to leave; only the order matters.
    campaign : Campaign, optional
        Default: `Campaign()`.
    customer_ids : array_like, shape (rows,), optional
        Rows of one customer are drawn together. Default: every row is another customer.
    draws : int
        Bootstrap samples behind the interval; 0 for none.
    seed : int
        Same seed, same interval.

    Returns
    -------
    MaximumProfit

    Raises
    ------
    ValueError
        Where labels or scores are missing, or all rows have the same label.

    Notes
    -----
    Verbraken, Verbeke & Baesens 2013, IEEE Transactions on Knowledge and Data Engineering 25, "A novel profit
    maximizing metric for measuring classification performance of customer churn prediction models". Targeting
    a share F0 of the leavers (a share π0 of all) and F1 of the stayers earns, a customer::

        π0 F0 (γ (CLV - d) - f) - π1 F1 (d + f)

    For each acceptance γ the best target is a corner of the convex hull of the ROC curve. Two neighbouring
    corners earn the same at one γ; between two such values one corner is best, and the integral of its
    profit over the Beta density is a difference of incomplete beta functions.

    Examples
    --------
    >>> score = [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9]
    >>> round(expected_maximum_profit([0, 1, 0, 1, 0, 1, 0, 1], score, draws=0).empc, 5)
    23.87559
    """
    terms = Campaign() if campaign is None else campaign
    labels, values = read_scores(churned, score)
    ranked = rank_rows(labels, values)
    hull = roc_hull(*ranked.counts(), campaign=terms)
    empc, share = integrate_profit(hull, campaign=terms)
    low = high = np.full(1, np.nan)
    if draws > 0:
        places = customer_places(customer_ids, rows=len(labels))
        samples = [
            integrate_profit(roc_hull(*ranked.counts(weights), campaign=terms), campaign=terms)[0]
            for weights in resample(places, draws=draws, seed=seed)
        ]
        low, high = interval(np.array(samples)[:, None])
    table = _profits(hull, campaign=terms)
    best = table.iloc[int(table["profit"].to_numpy().argmax())]
    return MaximumProfit(
        empc=empc,
        empc_low=float(low[0]),
        empc_high=float(high[0]),
        empc_share=share,
        mpc=float(best["profit"]),
        mpc_share=float(best["share"]),
        table=table,
    )


def _profits(hull: _Hull, *, campaign: Campaign) -> pd.DataFrame:
    """Return what targeting up to each corner of the hull earns at the mean acceptance rate."""
    earned = hull.left * (campaign.acceptance * (campaign.clv - campaign.incentive) - campaign.contact_cost)
    return pd.DataFrame(
        {
            "share": hull.left + hull.stayed,
            "leavers": hull.left / hull.left[-1],
            "stayers": hull.stayed / hull.stayed[-1],
            "acceptance_from": hull.edges[:-1],
            "acceptance_to": hull.edges[1:],
            "profit": earned - hull.stayed * (campaign.incentive + campaign.contact_cost),
        }
    )


def roc_hull(left: Floats, stayed: Floats, *, campaign: Campaign) -> _Hull:
    """Return the corners of the ROC curve's convex hull, and the acceptance rates between which each is best.

    Parameters
    ----------
    left, stayed : ndarray of float, shape (distinct scores,)
        Counts from the highest score.
    campaign : Campaign

    Notes
    -----
    The hull's corners are where the pooled adjacent violators of the share that left begin and end (Fawcett &
    Niculescu-Mizil 2007, Machine Learning 68).
    """
    rows = left + stayed
    kept = rows > 0
    left, stayed, rows = left[kept], stayed[kept], rows[kept]
    blocks = isotonic_regression(left / rows, weights=rows, increasing=False).blocks[:-1]
    more_left = np.add.reduceat(left, blocks) / rows.sum()
    more_stayed = np.add.reduceat(stayed, blocks) / rows.sum()
    cost = more_stayed * (campaign.incentive + campaign.contact_cost)
    pays = np.divide(cost, more_left, out=np.full_like(cost, np.inf), where=more_left > 0)
    pays = (pays + campaign.contact_cost) / (campaign.clv - campaign.incentive)
    edges = np.concatenate(([0.0], np.clip(pays, 0.0, 1.0), [1.0]))
    return _Hull(
        left=np.concatenate(([0.0], np.cumsum(more_left))),
        stayed=np.concatenate(([0.0], np.cumsum(more_stayed))),
        # equal but for rounding where one share of leavers repeats
        edges=np.maximum.accumulate(edges),
    )


def integrate_profit(hull: _Hull, *, campaign: Campaign) -> tuple[float, float]:
    """Return the expected maximum profit (currency a customer) and the mean best share of customers."""
    a, b = campaign.alpha, campaign.beta
    likely = np.diff(betainc(a, b, hull.edges))
    accepted = campaign.acceptance * np.diff(betainc(a + 1.0, b, hull.edges))
    earned = hull.left * ((campaign.clv - campaign.incentive) * accepted - campaign.contact_cost * likely)
    spent = hull.stayed * (campaign.incentive + campaign.contact_cost) * likely
    return float((earned - spent).sum()), float(((hull.left + hull.stayed) * likely).sum())

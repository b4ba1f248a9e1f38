"""Which touchpoint goes with recommending? Ratings that go together share what they explain."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cxmodels.value.counts import Floats, Integers
from cxmodels.value.intervals import COVERAGE

LEAST_SHARE = 0.2  # of respondents who rated a touchpoint; below, it is set aside
LEAST_PAIR = 100  # respondents who rated both of two touchpoints
FLOOR = 1e-3  # of an eigenvalue: correlations of different respondents may contradict each other
ORDERS, ORDERS_OF_DRAWS = 2_000, 100  # random orders, and each one backwards; of a resample fewer do
TAIL = (1.0 - COVERAGE) / 2.0


class TooFewRatings(ValueError):
    """There are not enough ratings to tell touchpoints apart; the message says what is lacking."""


@dataclass(frozen=True)
class Importance:
    """What each touchpoint's rating explains of an outcome, beside the other ratings.

    Attributes
    ----------
    table : DataFrame
        One row a touchpoint, the most important first: touchpoint, respondents, mean (of the rating),
        correlation, correlation_low, correlation_high (with the outcome, the others not looked at), shapley,
        shapley_low, shapley_high, johnson, johnson_low, johnson_high (shares of what all explain together;
        1 in all), rank, rank_low, rank_high (1: most important, by `shapley`). Intervals of 90 %.
    explained : float
        Share of the outcome's variance that all ratings together explain (R²).
    respondents : int
        With an outcome and at least one rating.
    set_aside : DataFrame
        touchpoint, respondents, reason.
    """

    table: pd.DataFrame = field(repr=False)
    explained: float
    respondents: int
    set_aside: pd.DataFrame = field(repr=False)


def rating_importance(
    ratings: pd.DataFrame, outcome: pd.Series, *, draws: int = 200, seed: int = 0
) -> Importance:
    """Divide what ratings explain of an outcome among touchpoints, by Shapley value and Johnson's weights.

    Parameters
    ----------
    ratings : DataFrame, shape (respondents, touchpoints)
        A missing rating is one that nobody gave.
    outcome : Series, shape (respondents,)
        Such as the score from 0 to 10 of a recommendation; the same index.
    draws : int
        Resamples of respondents, for the intervals.
    seed : int
        Seeds the orders and the resamples.

    Returns
    -------
    Importance

    Raises
    ------
    TooFewRatings
        Where fewer than two touchpoints are left, or the outcome is the same for all.
    ValueError
        Where the indexes differ.

    Notes
    -----
    Few respondents rate everything, so each correlation is of those who rated both; the matrix is made
    positive definite where these contradict each other (eigenvalues of at least `FLOOR`). That holds as far
    as those who skip a touchpoint would have rated as the others do.

    The Shapley value of a rating is the mean, over all orders in which ratings may enter a regression, of the
    variance that it adds (Lindeman, Merenda & Gold, 1980; Lipovetsky & Conklin, 2001), here over `ORDERS`
    random orders and their reverses. Johnson's relative weights (Johnson, 2000, Multivariate Behavioral
    Research 35) project on the nearest uncorrelated variables. Both are parts of the same R² and neither is
    an effect: what moves several ratings together is shared out among them.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> ratings = pd.DataFrame(rng.normal(size=(2000, 2)), columns=["desk", "queue"])
    >>> found = rating_importance(ratings, 2 * ratings["desk"] + ratings["queue"], draws=20)
    >>> found.table["touchpoint"].tolist(), found.table["shapley"].round(1).tolist()
    (['desk', 'queue'], [0.8, 0.2])
    """
    if not ratings.index.equals(outcome.index):
        raise ValueError("ratings and outcome have different indexes; give both by respondent.")
    rated = ratings.loc[outcome.notna()]
    rated = rated.loc[rated.notna().any(axis=1)]
    kept, set_aside = _enough(rated)
    if len(kept) < 2:
        raise TooFewRatings(
            f"{len(kept)} of {ratings.shape[1]} touchpoints were rated by enough of {len(rated):,} "
            "respondents; at least 2 are needed to compare."
        )
    values = np.column_stack([rated[kept].to_numpy(dtype=float), outcome[rated.index].to_numpy(dtype=float)])
    if not np.ptp(values[:, -1]) > 0.0:
        raise TooFewRatings("The outcome is the same for every respondent: there is nothing to explain.")
    rng = np.random.default_rng(seed)
    whole = _shares(values, np.ones(len(values)), _orders(len(kept), ORDERS, rng))
    orders = _orders(len(kept), ORDERS_OF_DRAWS, rng)
    count = len(values)
    drawn = [
        _shares(values, np.bincount(rng.integers(count, size=count), minlength=count), orders)
        for _ in range(draws)
    ]
    table = _tabulate(rated[kept], whole, drawn)
    return Importance(table, float(whole["explained"][0]), len(rated), set_aside)


def relative_weights(correlations: Floats) -> Floats:
    """Return Johnson's relative weights; their sum is R².

    Parameters
    ----------
    correlations : ndarray of float, shape (ratings + 1, ratings + 1)
        Positive definite; the outcome stands last.

    Returns
    -------
    ndarray of float, shape (ratings,)
    """
    of_ratings, with_outcome = correlations[:-1, :-1], correlations[:-1, -1]
    roots, vectors = np.linalg.eigh(of_ratings)
    half = (vectors * np.sqrt(roots)) @ vectors.T
    return np.asarray(half**2 @ np.linalg.solve(half, with_outcome) ** 2)


def shapley_shares(correlations: Floats, orders: Integers) -> Floats:
    """Return the mean of the variance that each rating adds, over orders; the sum is R².

    Parameters
    ----------
    correlations : ndarray of float, shape (ratings + 1, ratings + 1)
        Positive definite; the outcome stands last.
    orders : ndarray of int, shape (orders, ratings)
        Permutations in which the ratings enter. Over all permutations the result is exact.

    Returns
    -------
    ndarray of float, shape (ratings,)
    """
    outcome = len(correlations) - 1
    places = np.column_stack([orders, np.full(len(orders), outcome)])
    # the last row of a Cholesky factor holds what each rating adds to those before it, as a root
    added = np.linalg.cholesky(correlations[places[:, :, None], places[:, None, :]])[:, -1, :-1] ** 2
    shares = np.bincount(orders.ravel(), added.ravel(), minlength=outcome)
    return shares / len(orders)


def _tabulate(given: pd.DataFrame, whole: dict[str, Floats], drawn: list[dict[str, Floats]]) -> pd.DataFrame:
    """Put figures beside the 90 % intervals of the resamples, the most important first."""
    columns = {"respondents": given.count(), "mean": given.mean()}
    table = pd.DataFrame(columns).rename_axis("touchpoint").reset_index()
    for name in ("correlation", "shapley", "johnson"):
        low, high = np.quantile([one[name] for one in drawn], [TAIL, 1.0 - TAIL], axis=0)
        table = table.assign(**{name: whole[name], f"{name}_low": low, f"{name}_high": high})
    ranks = [_ranks(one["shapley"]) for one in drawn]
    low, high = np.quantile(ranks, [TAIL, 1.0 - TAIL], axis=0, method="nearest").astype(int)
    table = table.assign(rank=_ranks(whole["shapley"]), rank_low=low, rank_high=high)
    return table.sort_values("rank", ignore_index=True)


def _enough(rated: pd.DataFrame) -> tuple[list[str], pd.DataFrame]:
    """Return the touchpoints to compare, and those set aside with the reason."""
    kept, aside = [], []
    for name in rated.columns:
        count = int(rated[name].count())
        if count < max(LEAST_SHARE * len(rated), LEAST_PAIR):
            aside.append((name, count, f"rated by {count} of {len(rated)} respondents"))
        elif rated[name].nunique() < 2:
            aside.append((name, count, "everybody gave the same rating"))
        else:
            kept.append(str(name))
    seen = rated[kept].notna().to_numpy(dtype=float)
    together = seen.T @ seen
    while len(kept) and together.min() < LEAST_PAIR:
        worst = int((together < LEAST_PAIR).sum(axis=0).argmax())
        pairs = int(together[worst].min())
        aside.append(
            (kept[worst], int(together[worst, worst]), f"rated together with another by {pairs} only")
        )
        together = np.delete(np.delete(together, worst, 0), worst, 1)
        del kept[worst]
    return kept, pd.DataFrame(aside, columns=["touchpoint", "respondents", "reason"])


def _orders(ratings: int, count: int, rng: np.random.Generator) -> Integers:
    orders = np.array([rng.permutation(ratings) for _ in range(count)])
    return np.concatenate([orders, orders[:, ::-1]])


def _shares(values: Floats, weights: Floats | Integers, orders: Integers) -> dict[str, Floats]:
    matrix = _correlations(values, np.asarray(weights, dtype=float))
    added = shapley_shares(matrix, orders)
    return {
        "correlation": matrix[:-1, -1],
        "shapley": added / added.sum(),
        "johnson": (weight := relative_weights(matrix)) / weight.sum(),
        "explained": np.array([added.sum()]),
    }


def _correlations(values: Floats, weights: Floats) -> Floats:
    """Return correlations of those who gave both answers, made positive definite."""
    there = ~np.isnan(values)
    seen = there.astype(float)
    filled = np.where(there, values, 0.0) - np.where(there, np.nanmean(values, axis=0), 0.0)
    weighted = filled * weights[:, None]
    count = (seen * weights[:, None]).T @ seen
    sums = weighted.T @ seen  # of the row's variable, over those who also gave the column's
    squares = (weighted * filled).T @ seen
    variance = np.maximum(squares / count - (sums / count) ** 2, 1e-12)
    covariance = weighted.T @ filled / count - (sums / count) * (sums / count).T
    matrix = covariance / np.sqrt(variance * variance.T)
    np.fill_diagonal(matrix, 1.0)
    roots, vectors = np.linalg.eigh((matrix + matrix.T) / 2.0)
    if roots[0] >= FLOOR:
        return np.asarray(matrix)
    mended = (vectors * np.maximum(roots, FLOOR)) @ vectors.T
    scale = np.sqrt(np.diag(mended))
    return np.asarray(mended / np.outer(scale, scale))


def _ranks(shares: Floats) -> Integers:
    ranks = np.empty(len(shares), dtype=np.int64)
    ranks[np.argsort(-shares, kind="stable")] = np.arange(1, len(shares) + 1)
    return ranks

"""How far would a figure move with other customers? A bootstrap that keeps a customer's rows together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.value.counts import Floats, Integers
from cxmodels.value.intervals import COVERAGE, wilson_interval

DRAWS = 400


def customer_places(customer_ids: npt.ArrayLike | None, *, rows: int) -> Integers:
    """Return the place of each row's customer; without ids every row is a customer of its own.

    Raises
    ------
    ValueError
        Where there are more or fewer ids than rows, or an id is missing.
    """
    if customer_ids is None:
        return np.arange(rows)
    ids = pd.Series(np.asarray(customer_ids))
    if len(ids) != rows:
        raise ValueError(f"There are {len(ids)} customer_ids for {rows} rows; give one for each row.")
    if ids.isna().any():
        raise ValueError(f"{int(ids.isna().sum())} of {rows} customer_ids are missing; every row needs one.")
    return np.asarray(pd.factorize(ids)[0], dtype=np.int64)


def resample(places: Integers, *, draws: int, seed: int) -> Iterator[Floats]:
    """Draw customers with replacement, and tell how often each row comes.

    Parameters
    ----------
    places : ndarray of int, shape (rows,)
        As of `customer_places`.
    draws : int
        Samples.
    seed : int
        Same seed, same samples.

    Yields
    ------
    ndarray of float, shape (rows,)
        How often each row is in the sample: rows of one customer come and go together (the pairs cluster
        bootstrap; Cameron, Gelbach & Miller 2008, Review of Economics and Statistics 90).

    Examples
    --------
    >>> weights = next(resample(np.array([0, 0, 1]), draws=1, seed=1))
    >>> bool(weights[0] == weights[1]), float(weights[0] + weights[2])
    (True, 2.0)
    """
    rng = np.random.default_rng(seed)
    customers = int(places.max()) + 1
    for _ in range(draws):
        times = np.bincount(rng.integers(0, customers, customers), minlength=customers).astype(float)
        yield times[places]


def interval(samples: Floats) -> tuple[Floats, Floats]:
    """Return the ends of the 90 % interval of each column, leaving out samples in which it is undefined.

    Parameters
    ----------
    samples : ndarray of float, shape (draws, figures)
        A figure may be infinite (a slope where scores tell all apart); NaN where it cannot be taken.

    Returns
    -------
    low, high : ndarray of float, shape (figures,)
        NaN where fewer than half of the samples have the figure.
    """
    low, high = np.full((2, samples.shape[1]), np.nan)
    for place, column in enumerate(samples.T):
        known = np.sort(column[~np.isnan(column)])
        if len(known) > 0 and 2 * len(known) >= len(column):
            tail = round((1.0 - COVERAGE) / 2 * (len(known) - 1), 9)
            # whole ranks: between a number and infinity there is nothing to interpolate
            low[place] = known[int(np.floor(tail))]
            high[place] = known[int(np.ceil(len(known) - 1 - tail))]
    return low, high


def rate_interval(rate: Floats, rows: Floats, samples: Floats) -> tuple[Floats, Floats]:
    """Return the ends of the 90 % interval of shares of rows, also where none or all of them left.

    Parameters
    ----------
    rate, rows : ndarray of float, shape (groups,)
        Share that left, and rows.
    samples : ndarray of float, shape (draws, groups)
        The shares in bootstrap samples.

    Returns
    -------
    low, high : ndarray of float, shape (groups,)

    Notes
    -----
    Wilson's score interval (Wilson 1927, JASA 22), on as many independent rows as have the bootstrap's
    variance: several rows of one customer say less than as many customers, never more.
    """
    plain = rate * (1.0 - rate) / np.maximum(rows, 1.0)
    seen = np.nan_to_num(np.nanvar(samples, axis=0)) if len(samples) else np.zeros_like(plain)
    inflation = np.divide(seen, plain, out=np.ones_like(plain), where=plain > 0)
    n = rows / np.maximum(inflation, 1.0)
    return wilson_interval(n * rate, n)

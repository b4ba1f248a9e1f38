"""Which value tier is a customer in? Tiers by cumulative share of value; equal value, equal tier."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def tier_floors(values: ArrayLike, shares: Mapping[str, float]) -> dict[str, float]:
    """Find the lowest value that still belongs to each tier.

    A customer belongs to the first tier whose cumulative share is not yet used up by the customers worth
    *more* than they are. Customers worth the same are therefore always in the same tier, whatever the order
    of the rows. Only positive values count towards the shares; values of zero and below fall into the last
    tier.

    Parameters
    ----------
    values
        Value of each customer, in money, shape (customers,).
    shares
        Tier name to cumulative share of value, best tier first, the last one 1.0.

    Returns
    -------
    dict
        Tier name to its floor, in money, falling. The last floor is minus infinity. A tier that nobody
        reaches has the floor of the tier above it (or plus infinity, where nobody has a positive value).

    Raises
    ------
    ValueError
        Where a value is missing or infinite, or the shares do not rise to 1.

    Examples
    --------
    Two customers hold the first half of the value:

    >>> tier_floors([40, 20, 20, 10, 10], {"top": 0.5, "low": 1.0})
    {'top': 20.0, 'low': -inf}
    """
    value = checked_values(values)
    names, bounds = list(shares), np.array(list(shares.values()), dtype=float)
    check_shares(shares)
    levels, counts = np.unique(value, return_counts=True)
    floors = floors_of_levels(levels, counts.astype(float), bounds)
    return dict(zip(names, floors.tolist(), strict=True))


def floors_of_levels(
    levels: NDArray[np.float64], counts: NDArray[np.float64], bounds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Tier floors from distinct values, rising, and the customers at each (see :func:`tier_floors`)."""
    held = np.where(levels > 0, levels, 0.0) * counts
    floors = np.full(len(bounds), np.inf)
    floors[-1] = -np.inf
    total = held.sum()
    if total <= 0:
        return floors
    present = (levels > 0) & (counts > 0)
    # Summed from the top down, so that the best customer has exactly nothing above them.
    above = np.concatenate([np.cumsum(held[:0:-1])[::-1], [0.0]]) / total
    for number, bound in enumerate(bounds[:-1]):
        inside = present & (above < bound)
        floors[number] = levels[inside].min()
    return floors


def assign_tiers(values: ArrayLike, floors: Mapping[str, float]) -> NDArray[np.int64]:
    """Number the tier of each value, 0 for the best.

    Parameters
    ----------
    values
        Value of each customer, in money, shape (customers,).
    floors
        Tier name to its lowest value, best tier first, as :func:`tier_floors` gives.

    Returns
    -------
    numpy.ndarray
        Position of the tier in ``floors``, shape (customers,).

    Examples
    --------
    >>> assign_tiers([40, 20, 10], {"top": 20.0, "low": float("-inf")}).tolist()
    [0, 0, 1]
    """
    value = checked_values(values)
    rising = np.array(list(floors.values()), dtype=float)[-2::-1]
    return len(rising) - np.searchsorted(rising, value, side="right")


def value_tiers(values: pd.Series, shares: Mapping[str, float]) -> pd.Series:
    """Name the value tier of each customer; the index of ``values`` is kept.

    Examples
    --------
    >>> value_tiers(pd.Series([5.0, 90.0, 5.0]), {"top": 0.5, "low": 1.0}).tolist()
    ['low', 'top', 'low']
    """
    floors = tier_floors(values, shares)
    names = np.array(list(floors), dtype=object)
    return pd.Series(names[assign_tiers(values, floors)], index=values.index, name="value_tier", dtype="str")


def checked_values(values: ArrayLike) -> NDArray[np.float64]:
    """Return the values as a flat float array, or say how many are missing."""
    value = np.asarray(values, dtype=float)
    if value.ndim != 1:
        raise ValueError(
            f"values have shape {value.shape}; one value a customer is needed, shape (customers,)."
        )
    bad = int((~np.isfinite(value)).sum())
    if bad:
        raise ValueError(
            f"{bad} of {len(value)} customers have a missing or infinite value; "
            "give every customer a value (0 for no value) or leave the customer out."
        )
    return value


def check_shares(shares: Mapping[str, float]) -> None:
    """Refuse tier shares that do not rise from above 0 to exactly 1."""
    bounds = list(shares.values())
    rising = all(low < high for low, high in zip([0.0, *bounds], bounds, strict=False))
    if len(bounds) < 2 or not rising or bounds[-1] != 1.0:
        raise ValueError(
            f"tiers are {dict(shares)}; at least two are needed, best first, with cumulative shares "
            "that rise to 1.0, as in {'top': 0.5, 'high': 0.8, 'middle': 0.95, 'low': 1.0}."
        )

"""What moves the model most? Sizes and signs over customers, by group, weighted, each with its error."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cxmodels.drivers.attribution import Attribution
from cxmodels.value.counts import Floats, Integers
from cxmodels.value.groups import group_customers

FEWEST = 10  # customers of a group, below which it is not shown
FIGURES = ("size", "size_error", "share", "share_error", "signed", "signed_error", "rank")


def total_attribution(
    found: Attribution,
    *,
    parts: Mapping[str, str] | None = None,
    groups: pd.Series | None = None,
    weights: pd.Series | Floats | None = None,
) -> pd.DataFrame:
    """Sum up the attribution of customers, overall or by group.

    Parameters
    ----------
    found : Attribution
    parts : mapping of str to str, optional
        Part of each feature, such as its touchpoint or stage; default: each feature by itself.
    groups : Series, optional
        Group of each row of the frame that was explained, in its order, such as segment or value tier.
        Default: one group, "all".
    weights : Series or ndarray, optional
        Weight of each of those rows, such as value at risk; what is missing or below 0 counts as 0. Default:
        every row counts the same.

    Returns
    -------
    DataFrame
        One row a group and part, the largest first: group, customers (explained), part, size (mean of the
        absolute value), share (of the group's sizes), signed (mean), size_error, share_error, signed_error
        (standard errors of drawing the explained customers from all), rank. Log odds before calibration.
        Groups of fewer than 10 explained customers, or without any weight, have no figures.

    Raises
    ------
    ValueError
        Where a feature has no part, a row no group, `groups` or `weights` are not one for each row, or no
        weight is above 0.

    Notes
    -----
    Signed values are added up within a part, customer by customer, *before* sizes are taken: sizes added up
    count as two what moves a customer to and fro. Errors are those of a ratio of two sums over customers
    (linearised; Cochran 1977, "Sampling Techniques", §6.4 and §9A.4), with the finite population correction:
    0 where everybody is explained. How far another model would differ they do not say: see `rank_parts`.
    """
    member = group_customers(
        found.values, None if groups is None else found.of_explained(groups, name="groups")
    )
    weight = _weights(found, weights)
    moved = found.by_part(parts)
    tables = [
        _total(moved[mask], weight[mask], found.places[mask], drawn=found.customers / found.of_customers)
        .assign(group=name)
        .reset_index(drop=True)
        for place, name in enumerate(member.names)
        for mask in [member.member == place]
    ]
    return pd.concat(tables, ignore_index=True)[["group", "customers", "part", *FIGURES]]


def _weights(found: Attribution, weights: pd.Series | Floats | None) -> Floats:
    if weights is None:
        return np.ones(len(found.values))
    given = found.of_explained(weights, name="weights").to_numpy(dtype=float)
    weight: Floats = np.maximum(np.nan_to_num(given), 0.0)
    if not weight.any():
        raise ValueError("No explained row has a weight above 0; give other weights, or none.")
    return weight


def _total(moved: pd.DataFrame, weight: Floats, places: Integers, *, drawn: float) -> pd.DataFrame:
    """Sum up one group; `drawn` is the share of all customers that is explained."""
    signed_of_each = moved.to_numpy()
    codes, customers = pd.factorize(places)
    table = pd.DataFrame({"part": moved.columns, "customers": len(customers)})
    if len(customers) < FEWEST or not weight.any():
        return table.assign(**dict.fromkeys(FIGURES, np.nan))
    size, size_error = _mean(np.abs(signed_of_each), weight, codes, drawn=drawn)
    # a share is the mean of a part's shares of each row, weighted by what all parts move there
    whole = np.maximum(np.abs(signed_of_each).sum(axis=1), np.finfo(float).tiny)
    share, share_error = _mean(np.abs(signed_of_each) / whole[:, None], weight * whole, codes, drawn=drawn)
    signed, signed_error = _mean(signed_of_each, weight, codes, drawn=drawn)
    table = table.assign(
        size=size,
        size_error=size_error,
        share=share,
        share_error=share_error,
        signed=signed,
        signed_error=signed_error,
        rank=pd.Series(size).rank(ascending=False, method="min"),
    )
    return table.sort_values("size", ascending=False, kind="stable")


def _mean(each: Floats, weight: Floats, codes: Integers, *, drawn: float) -> tuple[Floats, Floats]:
    """Return the weighted mean of each column, and its standard error over customers."""
    mean = weight @ each / weight.sum()
    off = (each - mean) * weight[:, None]
    customers = int(codes.max()) + 1
    by_customer = np.column_stack([np.bincount(codes, column, minlength=customers) for column in off.T])
    spread = (by_customer**2).sum(axis=0) * customers / (customers - 1)
    return mean, np.sqrt(spread * max(1.0 - drawn, 0.0)) / weight.sum()

"""How do figures of customers add up to those of groups?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.value.counts import Floats, Integers


@dataclass(frozen=True)
class Groups:
    """Which customer is in which group; made by `group_customers`.

    Attributes
    ----------
    names : ndarray of object, shape (groups,)
        Sorted.
    member : ndarray of int, shape (customers,)
        The place of each customer's group among the names.
    """

    names: npt.NDArray[np.object_]
    member: Integers = field(repr=False)

    @property
    def sizes(self) -> Integers:
        """Customers of each group."""
        return np.bincount(self.member, minlength=len(self.names))

    def sum(self, each: Floats | pd.Series) -> Floats:
        """Add up a figure of each customer; shape (groups,)."""
        return np.bincount(self.member, each, minlength=len(self.names)).astype(float)


def group_customers(customers: pd.DataFrame, groups: pd.Series | None) -> Groups:
    """Say which customer is in which group.

    Parameters
    ----------
    customers : DataFrame
        One row a customer.
    groups : Series, optional
        The group of each customer, on the index of `customers` or in its order. Default: one group, "all".

    Returns
    -------
    Groups

    Raises
    ------
    ValueError
        Where a customer has no group.

    Examples
    --------
    >>> groups = group_customers(pd.DataFrame(index=range(3)), pd.Series(["b", "a", "b"]))
    >>> groups.names.tolist(), groups.sum(np.array([1.0, 2.0, 4.0])).tolist()
    (['a', 'b'], [2.0, 5.0])
    """
    if groups is None:
        return Groups(np.array(["all"], dtype=object), np.zeros(len(customers), dtype=np.int64))
    if len(groups) != len(customers):
        raise ValueError(
            f"groups has {len(groups)} rows and the table {len(customers)}; give one group a customer."
        )
    if groups.isna().any():
        raise ValueError(
            f"{int(groups.isna().sum())} customers have no group; name one for them, such as 'other'."
        )
    aligned = (
        groups
        if groups.index.equals(customers.index) or not customers.index.isin(groups.index).all()
        else (groups.reindex(customers.index))
    )
    codes, names = pd.factorize(aligned, sort=True)
    return Groups(np.asarray(names, dtype=object), codes.astype(np.int64))

"""Do the segments of an earlier date tell how customers behaved after it, and better than simpler rules?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from cxmodels.value.intervals import wilson_interval
from cxmodels.value.tiers import checked_values


def later_behaviour(groups: pd.Series, later: pd.DataFrame, *, order: list[str]) -> pd.DataFrame:
    """Describe what customers did after the date on which they were grouped.

    Parameters
    ----------
    groups
        Group of each customer on the earlier date, indexed by ``customer_id``.
    later
        ``customer_id``, ``purchases`` and ``spend`` after that date; customers who are not in it did nothing.
    order
        All group names.

    Returns
    -------
    pandas.DataFrame
        One row a group: ``group``, ``customers``, ``bought_share`` with its 90 % limits ``low`` and ``high``
        (Wilson 1927), ``spend_each`` (mean, money) and ``spend_share``. Groups without customers have zeros,
        and limits of 0 and 1.
    """
    seen = _joined(groups.index, later)
    by = seen.assign(bought=seen["purchases"] > 0).groupby(groups.to_numpy())
    sums = by[["bought", "spend"]].sum().reindex(order, fill_value=0.0)
    count = by.size().reindex(order, fill_value=0).to_numpy(dtype=float)
    bought, spend = sums["bought"].to_numpy(dtype=float), sums["spend"].to_numpy(dtype=float)
    low, high = wilson_interval(bought, count)
    whole = spend.sum()
    return pd.DataFrame(
        {
            "group": order,
            "customers": count.astype(np.int64),
            "bought_share": bought / np.maximum(count, 1),
            "low": low,
            "high": high,
            "spend_each": spend / np.maximum(count, 1),
            "spend_share": spend / whole if whole else np.zeros(len(order)),
        }
    )


def told_apart(table: pd.DataFrame, *, order: Sequence[str] = ("active", "cooling", "lapsed")) -> str:
    """Say which groups differ as they should: shares in falling order, and no intervals of neighbours meet.

    Parameters
    ----------
    table
        As of `later_behaviour`: ``group``, ``customers``, ``bought_share``, ``low`` and ``high``.
    order
        Groups from the highest share expected to the lowest; those without customers are passed over.

    Returns
    -------
    str
        What the rules did, as the end of a sentence.
    """
    rows = table[table["customers"] > 0].set_index("group")
    rows = rows.loc[[name for name in order if name in rows.index]]
    if len(rows) < 2:
        return "put all who were no longer new in one lifecycle, so that there was nobody to tell apart"
    low, high = rows["low"].to_numpy(dtype=float), rows["high"].to_numpy(dtype=float)
    # a share lies within its interval, so limits in falling order mean shares in falling order
    pairs = zip(rows.index[:-1], rows.index[1:], low[:-1] > high[1:], strict=True)
    alike = [f"{one} from {other}" for one, other, apart in pairs if not apart]
    if not alike:
        return "told apart who would come back"
    return f"did not tell {' or '.join(alike)} customers"


def capture_by_rule(
    rules: Mapping[str, pd.Series], later: pd.DataFrame, *, size: int, draws: int = 200, seed: int = 0
) -> pd.DataFrame:
    """Compare rules for choosing ``size`` customers by the share of the later spend that those brought.

    Parameters
    ----------
    rules
        Name of a rule to a score of each customer on the earlier date, higher is better, indexed by
        ``customer_id``. Customers with the same score at the border count in proportion.
    later
        ``customer_id``, ``purchases`` and ``spend`` after that date.
    size
        Number of customers that each rule may choose.
    draws
        Bootstrap samples of the customers, for the interval.
    seed
        Seed of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        One row a rule and one for ``"hindsight"`` (the best choice there was): ``rule``, ``value`` (share of
        the later spend), ``low`` and ``high`` (90 %).

    Raises
    ------
    ValueError
        Where nobody spent anything later, or rules score different customers.
    """
    names = list(rules)
    index = rules[names[0]].index
    spend = _joined(index, later)["spend"].to_numpy()
    if not 0 < size <= len(index) or spend.sum() <= 0:
        raise ValueError(
            f"{size} of {len(index)} customers are to be chosen, and later spend is {spend.sum():.2f}; "
            "a number of customers between 1 and all, and later spend above zero, are needed."
        )
    scores = {name: checked_values(rules[name].reindex(index)) for name in names} | {"hindsight": spend}
    weights = np.random.default_rng(seed).multinomial(len(index), np.full(len(index), 1 / len(index)), draws)
    rows = []
    for name, score in scores.items():
        samples = [captured(score, spend, size=size, weights=weight) for weight in weights]
        low, high = np.nanquantile(samples, [0.05, 0.95])
        rows.append((name, captured(score, spend, size=size), low, high))
    return pd.DataFrame(rows, columns=["rule", "value", "low", "high"])


def captured(score: ArrayLike, spend: ArrayLike, *, size: float, weights: ArrayLike | None = None) -> float:
    """Share of the spend that the ``size`` customers with the highest score hold; ties count in proportion.

    Examples
    --------
    >>> captured([3, 2, 2, 1], [10.0, 6.0, 2.0, 2.0], size=2)
    0.7
    """
    rank, money = -checked_values(score), checked_values(spend)
    weight = np.ones(len(money)) if weights is None else np.asarray(weights, dtype=float)
    _, place = np.unique(rank, return_inverse=True)
    customers = np.bincount(place, weights=weight)
    held = np.bincount(place, weights=weight * money)
    total = held.sum()
    if total <= 0:
        return float("nan")
    chosen = np.interp(
        size, np.concatenate([[0.0], np.cumsum(customers)]), np.concatenate([[0.0], np.cumsum(held)])
    )
    return float(chosen / total)


def _joined(index: pd.Index, later: pd.DataFrame) -> pd.DataFrame:
    known = later.set_index("customer_id")[["purchases", "spend"]].reindex(index)
    return known.fillna(0.0)

"""Who moved between two dates, and how firmly do the tiers stand?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cxmodels.value.tiers import assign_tiers, checked_values, floors_of_levels, tier_floors

MOST_DAYS = 365
NOT_YET = "not yet a customer"
GONE = "no longer listed"


@dataclass(frozen=True)
class Migration:
    """Customers by their group on two dates.

    Attributes
    ----------
    table
        One row a pair of groups with anybody in it: ``before``, ``after``, ``customers``,
        ``share_of_before``; with values also ``value_before``, ``value_after``.
    order
        Names of the groups, best first.
    """

    table: pd.DataFrame
    order: tuple[str, ...]

    @property
    def matrix(self) -> pd.DataFrame:
        """Number of customers: groups before as rows, groups after as columns, zeros filled in."""
        wide = self.table.pivot(index="before", columns="after", values="customers")
        before = [*self.order, *([NOT_YET] if NOT_YET in wide.index else [])]
        after = [*self.order, *([GONE] if GONE in wide.columns else [])]
        return wide.reindex(index=before, columns=after).fillna(0).astype(np.int64)

    @property
    def shares(self) -> pd.DataFrame:
        """Share of each group before that is in each group after; rows add up to 1 (0 if empty)."""
        matrix = self.matrix
        return matrix.div(matrix.sum(axis=1).clip(lower=1), axis=0)

    @property
    def known(self) -> int:
        """Customers who were there on both dates."""
        return int(self._both["customers"].sum())

    @property
    def stayed(self) -> float:
        """Share of the customers there on both dates who kept their group."""
        return self._moved(0)

    @property
    def risen(self) -> float:
        """Share of the customers there on both dates who moved to a better group."""
        return self._moved(-1)

    @property
    def fallen(self) -> float:
        """Share of the customers there on both dates who moved to a worse group."""
        return self._moved(1)

    @property
    def _both(self) -> pd.DataFrame:
        return self.table[(self.table["before"] != NOT_YET) & (self.table["after"] != GONE)]

    def _moved(self, direction: int) -> float:
        both, rank = self._both, {name: place for place, name in enumerate(self.order)}
        step = np.sign(both["after"].map(rank).astype(float) - both["before"].map(rank).astype(float))
        return float(both.loc[step == direction, "customers"].sum() / max(1, self.known))


def earlier_date(first_day: date, as_of: date, *, days: int | None = None) -> date:
    """Date to compare ``as_of`` with: by default a third of the history before it, and at most a year.

    Where the history has fewer than three days, the default is the day before ``as_of``: then nobody, or
    nearly nobody, was known.

    Parameters
    ----------
    first_day, as_of
        First day of the history, and the date of the study.
    days
        Days between the two dates, where the study says so.

    Raises
    ------
    ValueError
        Where `days` reaches back to before the history.

    Examples
    --------
    >>> earlier_date(date(2024, 1, 1), date(2024, 12, 31)).isoformat()
    '2024-08-31'
    """
    first_day = date(first_day.year, first_day.month, first_day.day)  # a time stamp is a date too
    back = days or max(min(MOST_DAYS, ((as_of - first_day).days + 1) // 3), 1)
    then = as_of - timedelta(days=back)
    if days and then < first_day:
        raise ValueError(
            f"the history runs from {first_day} to {as_of}, and {back} days before its end nothing is known; "
            "set segments.compare_days to less than its length."
        )
    return then


def migrate(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    column: str,
    order: Sequence[str],
    value: str | None = None,
) -> Migration:
    """Count how customers moved between groups from one date to a later one.

    Parameters
    ----------
    before, after
        ``customer_id``, the group in ``column`` and, where given, the ``value`` column; one row a customer.
    column
        Name of the group, such as ``value_tier`` or ``segment``.
    order
        All names of groups, best first.
    value
        Column with each customer's value, in money; its sums on both dates are added.

    Returns
    -------
    Migration
        Customers who are only in ``after`` come from "not yet a customer"; those only in ``before`` go to "no
        longer listed".

    Examples
    --------
    >>> then = pd.DataFrame({"customer_id": ["a", "b"], "tier": ["top", "low"]})
    >>> now = pd.DataFrame({"customer_id": ["a", "b", "c"], "tier": ["low", "low", "top"]})
    >>> moved = migrate(then, now, column="tier", order=["top", "low"])
    >>> moved.stayed, moved.fallen
    (0.5, 0.5)
    """
    for name, frame in (("before", before), ("after", after)):
        _check(frame, name=name, column=column, order=order, value=value)
    wanted = ["customer_id", column, *([value] if value else [])]
    pairs = before[wanted].merge(after[wanted], on="customer_id", how="outer", suffixes=("_was", "_is"))
    pairs["before"] = pairs[f"{column}_was"].astype(object).where(pairs[f"{column}_was"].notna(), NOT_YET)
    pairs["after"] = pairs[f"{column}_is"].astype(object).where(pairs[f"{column}_is"].notna(), GONE)
    sums = {"customers": ("customer_id", "size")}
    if value:
        sums |= {"value_before": (f"{value}_was", "sum"), "value_after": (f"{value}_is", "sum")}
    table = pairs.groupby(["before", "after"], as_index=False).agg(**sums)
    whole = table.groupby("before")["customers"].transform("sum")
    table.insert(3, "share_of_before", table["customers"] / whole)
    rank = {name: place for place, name in enumerate([*order, NOT_YET, GONE])}
    table = table.sort_values(["before", "after"], key=lambda names: names.map(rank), ignore_index=True)
    return Migration(table=table.astype({"before": "str", "after": "str"}), order=tuple(order))


@dataclass(frozen=True)
class Stability:
    """How firmly customers sit in their value tier.

    Attributes
    ----------
    table
        One row a tier: ``value_tier``, ``customers``, ``kept`` (mean share of its customers who stay in it in
        a resample), ``kept_low``, ``kept_high`` (5 % and 95 % of the resamples), ``floor``, ``floor_low``,
        ``floor_high`` (money). A tier without customers keeps 1; the last tier has no floor (missing).
    kept
        Mean share of all customers who stay in their tier.
    resamples
        Number of resamples.
    """

    table: pd.DataFrame
    kept: float
    resamples: int


def tier_stability(
    values: ArrayLike,
    shares: Mapping[str, float],
    *,
    resamples: int = 200,
    seed: int = 0,
) -> Stability:
    """Draw the tiers again from resampled customers and see who stays.

    Each resample draws as many customers with replacement, finds the tier floors anew, and puts all customers
    into tiers by them.

    Parameters
    ----------
    values
        Value of each customer, in money, shape (customers,).
    shares
        Tier name to cumulative share of value, best tier first.
    resamples
        Number of resamples.
    seed
        Seed of the resampling.

    Returns
    -------
    Stability

    Examples
    --------
    >>> tier_stability([9.0] * 50 + [1.0] * 450, {"top": 0.3, "low": 1.0}, resamples=20).kept
    1.0
    """
    value = checked_values(values)
    first = tier_floors(value, shares)
    tier = assign_tiers(value, first)
    members = np.bincount(tier, minlength=len(shares))
    rng = np.random.default_rng(seed)
    bounds = np.array(list(shares.values()), dtype=float)
    levels, position = np.unique(value, return_inverse=True)
    there = np.bincount(position) / len(value)
    kept, floors = np.ones((resamples, len(shares))), np.empty((resamples, len(shares)))
    for number in range(resamples):
        drawn = rng.multinomial(len(value), there).astype(float)
        floors[number] = floors_of_levels(levels, drawn, bounds)
        again = assign_tiers(levels, dict(zip(shares, floors[number], strict=True)))[position]
        same = np.bincount(tier[again == tier], minlength=len(shares))
        kept[number] = np.where(members > 0, same / np.maximum(members, 1), 1.0)
    return Stability(
        table=_stability_table(first, members=members, kept=kept, floors=floors),
        kept=float((kept * members).sum() / (resamples * max(1, len(value)))),
        resamples=resamples,
    )


def _stability_table(
    first: dict[str, float],
    *,
    members: NDArray[np.int64],
    kept: NDArray[np.float64],
    floors: NDArray[np.float64],
) -> pd.DataFrame:
    # An infinite floor means that no value is asked for, or that nobody reaches it: missing.
    limits = np.where(np.isfinite(floors), floors, np.nan)
    limits[:, np.isnan(limits).any(axis=0)] = np.nan
    floor = np.array(list(first.values()))
    return pd.DataFrame(
        {
            "value_tier": list(first),
            "customers": members,
            "kept": kept.mean(axis=0),
            "kept_low": np.quantile(kept, 0.05, axis=0),
            "kept_high": np.quantile(kept, 0.95, axis=0),
            "floor": np.where(np.isfinite(floor), floor, np.nan),
            "floor_low": np.quantile(limits, 0.05, axis=0),
            "floor_high": np.quantile(limits, 0.95, axis=0),
        }
    )


def _check(frame: pd.DataFrame, *, name: str, column: str, order: Sequence[str], value: str | None) -> None:
    missing = [one for one in ("customer_id", column, value) if one and one not in frame.columns]
    if missing:
        raise ValueError(f"{name} lacks the columns {missing}; there are {list(frame.columns)}.")
    twice = int(frame["customer_id"].duplicated().sum())
    if twice:
        raise ValueError(f"{name} repeats a customer_id in {twice} rows; one row a customer is needed.")
    unknown = sorted(set(frame[column]) - set(order))
    if unknown:
        raise ValueError(f"{name} has {column} {unknown}, which the order {list(order)} does not name.")

"""Which customers need what? Lifecycle by each customer's own rhythm, combined with the value tier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cxmodels.study import SegmentSettings
from cxmodels.value.rfm import rfm_scores
from cxmodels.value.segment_rules import REPAIR, SEGMENTS, rules_in_words
from cxmodels.value.tiers import assign_tiers, checked_values, tier_floors
from cxmodels.value.units import days_in

LIFECYCLES = ("new", "active", "cooling", "lapsed")

NEEDED = ("customer_id", "frequency", "recency", "T", "clv", "total_spend", "refunds")

Totals = Callable[[pd.Series], pd.DataFrame]


@dataclass(frozen=True)
class Segmentation:
    """Every customer in one tier, one lifecycle and one segment.

    Attributes
    ----------
    customers
        ``customer_id``, ``value_tier``, ``past_tier``, ``lifecycle``, ``segment``, ``silence_days``,
        ``expected_gap_days``, ``recency_score``, ``frequency_score``, ``monetary_score``, ``rfm``; one row a
        customer, in the order given.
    table, tiers, lifecycles
        One row a segment, a value tier, a lifecycle: ``customers``, ``customer_share``, ``past_value``,
        ``past_share``, ``future_value``, ``future_share`` and, where totals were given, the limits of
        ``future_value``: ``future_low``, ``future_high``. The segments carry ``meaning`` and ``action`` too.
        Shares are of the net value: where some groups cost value the others hold more than all of it, and
        where all together do there is no share (missing).
    rules
        The rules in words as they were applied: ``kind``, ``name``, ``rule``.
    typical_gap_days
        Median of the repeat buyers' mean days between two purchases.
    """

    customers: pd.DataFrame
    table: pd.DataFrame
    tiers: pd.DataFrame
    lifecycles: pd.DataFrame
    rules: pd.DataFrame
    typical_gap_days: float


def assign_segments(
    customers: pd.DataFrame, settings: SegmentSettings, *, unit: str = "week", totals: Totals | None = None
) -> Segmentation:
    """Put every customer in one value tier, one lifecycle and one segment, by the rules of the study.

    Parameters
    ----------
    customers
        One row a customer: ``customer_id``, ``frequency``, ``recency``, ``T`` (in time units), ``clv``
        (expected future value, money, below 0 where they cost more than they bring), ``total_spend`` and
        ``refunds`` (money, both positive; past value is the difference) and, where costs are known,
        ``past_margin`` (money; then that is the past value).
    settings
        Tiers and lifecycle thresholds of the study.
    unit
        Time unit of ``recency`` and ``T``: day, week or month.
    totals
        Gives the interval of the future value of groups: called with a Series of group names indexed by
        ``customer_id``; returns ``group``, ``clv``, ``low``, ``high``. Without it the tables carry no
        interval.

    Returns
    -------
    Segmentation

    Raises
    ------
    ValueError
        Where a column is missing, a customer appears twice or a value is missing.
    """
    _check(customers)
    past = customers.get("past_margin", _net_spend(customers))
    floors, past_floors = (tier_floors(value, settings.tiers) for value in (customers["clv"], past))
    silence, gap, typical = _rhythm(customers, unit_days=days_in(unit), otherwise=settings.new_days)
    age = customers["T"].to_numpy() * days_in(unit)
    lifecycle = lifecycles(silence=silence, age=age, gap=gap, settings=settings)
    value_tier, past_tier = _tier_names(customers["clv"], floors), _tier_names(past, past_floors)
    costs = customers["clv"].to_numpy() < 0
    valuable = settings.valuable_tiers
    segment = combine(lifecycle, value_tier=value_tier, past_tier=past_tier, valuable=valuable, costs=costs)
    names = {"value_tier": value_tier, "past_tier": past_tier, "lifecycle": lifecycle, "segment": segment}
    who = pd.DataFrame(
        {
            "customer_id": customers["customer_id"].to_numpy(),
            **{column: named.astype(str) for column, named in names.items()},
            "silence_days": silence,
            "expected_gap_days": gap,
        }
    )
    scores = rfm_scores(silence=silence, purchases=customers["frequency"], spend=_net_spend(customers))
    who = pd.concat([who, scores], axis=1).set_axis(customers.index)
    rules = rules_in_words(
        settings,
        floors=floors,
        past_floors=past_floors,
        typical=typical,
        past="past margin" if "past_margin" in customers else "past spend",
        costs=bool(costs.any()),
    )
    worth = customers[["customer_id", "clv"]].assign(past_value=past)
    describe = partial(describe_groups, worth, totals=totals)
    return Segmentation(
        customers=who,
        table=_with_meaning(describe, who["segment"], costs=bool(costs.any())),
        tiers=describe(who["value_tier"], order=list(settings.tiers)),
        lifecycles=describe(who["lifecycle"], order=list(LIFECYCLES)),
        rules=rules,
        typical_gap_days=typical,
    )


def _with_meaning(describe: Callable[..., pd.DataFrame], segment: pd.Series, *, costs: bool) -> pd.DataFrame:
    """Describe the segments; that of repair is there only where somebody costs more than they bring."""
    rules = [*SEGMENTS, REPAIR] if costs else [*SEGMENTS]
    about = pd.DataFrame([{"segment": r.name, "meaning": r.meaning, "action": r.action} for r in rules])
    return describe(segment, order=list(about["segment"])).merge(about, on="segment")


def _net_spend(customers: pd.DataFrame) -> pd.Series:
    return customers["total_spend"] - customers["refunds"]


def _rhythm(
    customers: pd.DataFrame, *, unit_days: float, otherwise: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return each customer's silence and expected gap between purchases, and the typical gap, in days."""
    repeats, span = customers["frequency"].to_numpy(), customers["recency"].to_numpy() * unit_days
    typical = typical_gap_days(repeats, span, otherwise=otherwise)
    silence = (customers["T"] - customers["recency"]).to_numpy() * unit_days
    return silence, expected_gap_days(repeats, span, typical=typical), typical


def _tier_names(values: pd.Series, floors: dict[str, float]) -> NDArray[np.object_]:
    return np.array(list(floors), dtype=object)[assign_tiers(values, floors)]


def typical_gap_days(repeats: ArrayLike, span_days: ArrayLike, *, otherwise: float) -> float:
    """Median of the repeat buyers' mean days between two purchases; ``otherwise`` where there are none."""
    repeat, span = np.asarray(repeats, dtype=float), np.asarray(span_days, dtype=float)
    again = repeat > 0
    return float(np.median(span[again] / repeat[again])) if again.any() else float(otherwise)


def expected_gap_days(repeats: ArrayLike, span_days: ArrayLike, *, typical: float) -> NDArray[np.float64]:
    """Days that we expect between two purchases of each customer.

    The customer's own gaps, averaged with one gap of the typical length, so that one purchase does not make a
    rhythm: ``(typical + span) / (1 + repeats)``.

    Parameters
    ----------
    repeats
        Repeat purchases, shape (customers,).
    span_days
        Days between first and last purchase, shape (customers,).
    typical
        Typical gap of the population, in days.

    Examples
    --------
    >>> expected_gap_days([0, 3], [0, 60], typical=40).tolist()
    [40.0, 25.0]
    """
    return (typical + np.asarray(span_days, dtype=float)) / (1.0 + np.asarray(repeats, dtype=float))


def lifecycles(
    *, silence: ArrayLike, age: ArrayLike, gap: ArrayLike, settings: SegmentSettings
) -> NDArray[np.object_]:
    """Name the lifecycle of each customer.

    Parameters
    ----------
    silence
        Days since the last purchase, shape (customers,).
    age
        Days since the first purchase, shape (customers,).
    gap
        Days expected between two purchases of the customer, shape (customers,).
    settings
        ``new_days``, ``active_gaps`` and ``lapsed_gaps`` of the study.

    Returns
    -------
    numpy.ndarray
        One of ``new``, ``active``, ``cooling``, ``lapsed`` each, shape (customers,). For somebody who keeps
        buying at random at the expected rhythm, a silence of more than k gaps has the probability exp(-k).
    """
    quiet, old, usual = (checked_values(column) for column in (silence, age, gap))
    conditions = [
        old <= settings.new_days,
        quiet <= settings.active_gaps * usual,
        quiet <= settings.lapsed_gaps * usual,
    ]
    return np.select(conditions, LIFECYCLES[:3], default=LIFECYCLES[3]).astype(object)


def combine(
    lifecycle: NDArray[np.object_],
    *,
    value_tier: NDArray[np.object_],
    past_tier: NDArray[np.object_],
    valuable: tuple[str, ...],
    costs: NDArray[np.bool_],
) -> NDArray[np.object_]:
    """Name the segment of each customer from lifecycle and value.

    For customers who have gone quiet the past tier counts as well: their future value is low *because* they
    are quiet, and would hide those whom it pays to win back. Whoever ``costs`` more than they will bring
    (shape (customers,)) is never worth protecting or winning back: those who still buy are to be repaired,
    the others left to rest.

    Returns
    -------
    numpy.ndarray
        A name from ``SEGMENTS`` each, shape (customers,).
    """
    now = np.isin(value_tier, valuable)
    quiet = np.isin(lifecycle, ("cooling", "lapsed"))
    worth = (now | (quiet & np.isin(past_tier, valuable))) & ~costs
    segment = np.full(len(lifecycle), "", dtype=object)
    for rule in SEGMENTS:
        inside = lifecycle == rule.lifecycle
        if rule.valuable is not None:
            inside &= worth == rule.valuable
        segment[inside] = rule.name
    segment[costs & (lifecycle != "lapsed")] = REPAIR.name
    return segment


def describe_groups(
    customers: pd.DataFrame, groups: pd.Series, *, order: list[str], totals: Totals | None = None
) -> pd.DataFrame:
    """Size and value of groups of customers, one row each in the order given, empty groups included.

    Parameters
    ----------
    customers
        ``customer_id``, ``clv`` and ``past_value``, one row a customer.
    groups
        Group name of each customer, indexed like ``customers``; its name becomes the first column.
    order
        All group names.
    totals
        See :func:`assign_segments`.

    Returns
    -------
    pandas.DataFrame
        The group, ``customers``, ``customer_share``, ``past_value``, ``past_share``, ``future_value``,
        ``future_share`` and, with ``totals``, ``future_low`` and ``future_high``, the limits of
        ``future_value``.
    """
    by = customers.groupby(groups.to_numpy())
    sums = by[["past_value", "clv"]].sum().reindex(order, fill_value=0.0)
    count = by.size().reindex(order, fill_value=0)
    table = pd.DataFrame(
        {
            str(groups.name): order,
            "customers": count.to_numpy(dtype=np.int64),
            "customer_share": _share(count),
            "past_value": sums["past_value"].to_numpy(),
            "past_share": _share(sums["past_value"]),
            "future_value": sums["clv"].to_numpy(),
            "future_share": _share(sums["clv"]),
        }
    )
    if totals is None:
        return table
    named = pd.Series(
        groups.to_numpy(), index=pd.Index(customers["customer_id"], name="customer_id"), name="group"
    )
    limits = totals(named).set_index("group")[["low", "high"]].reindex(order, fill_value=0.0)
    return table.assign(future_low=limits["low"].to_numpy(), future_high=limits["high"].to_numpy())


def _share(values: pd.Series) -> NDArray[np.float64]:
    total = float(values.sum())
    if total < 0:
        return np.full(len(values), np.nan)
    return values.to_numpy(dtype=float) / total if total else np.zeros(len(values))


def _check(customers: pd.DataFrame) -> None:
    missing = [column for column in NEEDED if column not in customers.columns]
    if missing:
        raise ValueError(
            f"customers lack the columns {missing}; needed are {list(NEEDED)}, "
            f"there are {list(customers.columns)}."
        )
    twice = int(customers["customer_id"].duplicated().sum())
    if twice:
        raise ValueError(f"{twice} rows repeat a customer_id; one row a customer is needed.")

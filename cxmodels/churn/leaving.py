"""When did each customer leave? By the end of the last contract, or by silence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.study import ChurnSettings, SegmentSettings
from cxmodels.tables.cut import known_by
from cxmodels.value.contract_spells import NEVER, contract_spells
from cxmodels.value.segments import expected_gap_days, lifecycles, typical_gap_days
from cxmodels.value.summary import outcomes, summarise


def dates_table(dates: Sequence[date]) -> ir.Table:
    """Return the dates as a table of one column, as_of (date)."""
    return ibis.memtable(pd.DataFrame({"as_of": list(dates)}), schema={"as_of": "date"})


def contract_ends(
    contracts: ir.Table, dates: Sequence[date], *, return_days: int, known_until: date
) -> pd.DataFrame:
    """Return who has a contract that runs at the end of each date, and when they leave.

    Parameters
    ----------
    contracts, return_days, known_until
        As of `cxmodels.value.contract_spells.contract_spells`.
    dates : sequence of date
        Up to `known_until`.

    Returns
    -------
    DataFrame
        customer_id, as_of, left_on (last day; NaT where no end is known by `known_until`), in order of date
        and customer.
    """
    spells = contract_spells(contracts, return_days=return_days, known_until=known_until)
    days = dates_table(dates)
    running = spells.join(days, [spells.start_date <= days.as_of, spells.end_date > days.as_of])
    found = running.group_by("customer_id", "as_of").aggregate(left_on=running.spell_end.max())
    never = ibis.literal(NEVER, type="date")
    found = found.mutate(left_on=found.left_on.nullif(never)).order_by("as_of", "customer_id")
    return as_days(found.to_pyarrow().to_pandas(date_as_object=False), "as_of", "left_on")


def silences(
    transactions: ir.Table, dates: Sequence[date], settings: ChurnSettings, *, known_until: date
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return who bought in the observation window of each date, and who then bought nothing in the horizon.

    Parameters
    ----------
    transactions : ibis Table
        customer_id, timestamp, amount.
    dates : sequence of date
        Up to `known_until`.
    settings : ChurnSettings
        The windows.
    known_until : date
        Purchases after it are not known.

    Returns
    -------
    DataFrame
        customer_id, as_of, left_on (last day of the horizon of those who were silent in it, else NaT), in
        order of date and customer. A horizon that is not over by `known_until` says nothing.
    tuple of str
        Warnings: where the horizon is too short for the rhythm of most active customers, or the log stale.
    """
    known = known_by(transactions, known_until)
    parts, notes = [], [*_stale(known, known_until)]
    reach = timedelta(days=settings.gap_days + settings.horizon_days)
    judged = max((day for day in dates if day + reach <= known_until), default=max(dates))
    for day in dates:
        here = summarise(known, as_of=day, unit="day").to_pyarrow().to_pandas(date_as_object=False)
        if day == judged and len(here):
            notes += horizon_doubts(here, settings)
        start = pd.Timestamp(day) - pd.Timedelta(days=settings.observation_days)
        ids = here.loc[here["last_day"] > start, "customer_id"].sort_values()
        later = outcomes(
            known, as_of=day + timedelta(days=settings.gap_days), horizon_days=settings.horizon_days
        )
        bought = later.filter(later.purchases > 0).select("customer_id").to_pyarrow().to_pandas()
        left = pd.Series(pd.Timestamp(day + reach), index=ids.index).where(~ids.isin(bought["customer_id"]))
        parts.append(pd.DataFrame({"customer_id": ids, "as_of": pd.Timestamp(day), "left_on": left}))
    return as_days(pd.concat(parts, ignore_index=True), "as_of", "left_on"), tuple(notes)


def lapse_means(settings: ChurnSettings, *, until: str = "a date", after: str = "") -> str:
    """Say in a sentence what leaving is where it is seen in purchases that stop.

    Parameters
    ----------
    settings : ChurnSettings
        The windows.
    until, after : str
        Up to when the observation window reaches, and after what the horizon begins; by default the gap.
    """
    after = after or (f"a gap of {settings.gap_days} days" if settings.gap_days else "it")
    return (
        f"To leave is to lapse: whoever bought in the {settings.observation_days} days up to "
        f"{until} could leave, and left by buying nothing in the {settings.horizon_days} days after {after}."
    )


def horizon_doubts(customers: pd.DataFrame, settings: ChurnSettings) -> tuple[str, ...]:
    """Warn where a silence as long as the horizon is nothing unusual for most active customers.

    Parameters
    ----------
    customers : DataFrame
        frequency, recency and T of `summarise`, in days.
    settings : ChurnSettings
        The horizon.

    Returns
    -------
    tuple of str
        Empty where the horizon is long enough. By the rule of segments (`cxmodels.value.segments`), a
        customer is active who is silent for at most two expected gaps: the horizon should not be shorter.
    """
    rules = SegmentSettings()
    repeats, span, age = (customers[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    typical = typical_gap_days(repeats, span, otherwise=rules.new_days)
    gap = expected_gap_days(repeats, span, typical=typical)
    active = lifecycles(silence=age - span, age=age, gap=gap, settings=rules) == "active"
    if not active.any():
        return ()
    needed = rules.active_gaps * gap[active]
    short = float(np.mean(needed > settings.horizon_days))
    if short <= 0.5:
        return ()
    usual = float(np.median(gap[active]))
    return (
        f"A horizon of {settings.horizon_days} days is short: for {short:.0%} of the {int(active.sum()):,} "
        f"active customers such a silence is within {rules.active_gaps:g} of their expected gaps. Somebody "
        f"with the median gap, {usual:.0f} days, who goes on buying is silent for so long with a probability "
        f"of {np.exp(-settings.horizon_days / max(usual, 1e-9)):.0%}. Take churn.horizon_days = "
        f"{int(np.ceil(np.median(needed)))} or more, or read churned as: did not buy again in time.",
    )


def as_days(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return the frame with days as time stamps in nanoseconds, and ids as text."""
    return frame.astype(dict.fromkeys(columns, "datetime64[ns]") | {"customer_id": "str"})


def _stale(known: ir.Table, known_until: date) -> tuple[str, ...]:
    last = known.timestamp.max().cast("date").to_pyarrow().as_py()
    if last is None or (known_until - last).days <= 7:
        return ()
    return (
        f"The last purchase is of {last}, {(known_until - last).days} days before {known_until}: if the log "
        "ends there, customers look silent who are not. Set as_of to the last day of the log.",
    )

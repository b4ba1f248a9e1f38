"""What margin does a customer under contract bring in a month to come? Their own months, as far as they say.

Credibility as in `cxmodels.value.margins`: the level of a customer lies between the mean of their own recent
months and that of their plan. Where the levels go from here (price rises, seasons, offers that run out) is
read off what the same customers' months did a year before.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.study import ValueSettings
from cxmodels.tables.customer_days import settled_sum
from cxmodels.tables.cut import known_since
from cxmodels.value.counts import Floats
from cxmodels.value.margins import between_variance
from cxmodels.value.summary import as_frame

YEAR = 12
FEWEST_RECENT = 3  # months before the year from which the path is read
RECENT = 12  # months of a customer's own that make the level
PLAN_WEIGHT = 10.0  # customers of a plan for its mean to count as much as that of all
NOISE_WEIGHT = 6.0  # months of a customer's own for their noise to count as much as that of all
FEWEST_YEAR_AGO = 50  # customers seen all the way through a year ago, for their path to be taken over
UNSURE_PATH = 0.5  # standard deviation of a path seen in one year only, as a share of it


@dataclass(frozen=True)
class MonthlyMargins:
    """The margin a month of each customer, and how it varies.

    Attributes
    ----------
    table : DataFrame
        One row a customer, in the order asked for: level (expected margin of a recent month, currency),
        deviation (standard deviation of what is not known of it), noise (standard deviation of a month around
        it), credibility (0 to 1: weight of the customer's own months), months (of their own that count), fee.
    path : ndarray of float, shape (months ahead,)
        Change of the level in each month ahead, as a share of the fee.
    spread : float
        Half the width of the study's margin range over its middle, where levels rest on the fee; else 0.
    notes : tuple of str
    assumed : bool
        Nothing states a margin, neither transactions nor the study: the fee counts in full.
    """

    table: pd.DataFrame = field(repr=False)
    path: Floats
    spread: float
    notes: tuple[str, ...]
    assumed: bool = False

    def expected(self) -> Floats:
        """Return the expected margin of each customer in each month ahead, given staying; currency."""
        level, fee = (self.table[name].to_numpy(dtype=float) for name in ("level", "fee"))
        return level[:, None] + fee[:, None] * self.path


def monthly_margins(
    transactions: ir.Table | None,
    customers: pd.DataFrame,
    *,
    as_of: date,
    months: int,
    settings: ValueSettings,
) -> MonthlyMargins:
    """Estimate what each customer under contract brings a month.

    Parameters
    ----------
    transactions : ibis Table or None
        Columns customer_id, timestamp, amount, margin (currency; empty where not known). Rows after `as_of`
        are not read. Without the table, or a row that states a margin, it is the fee at the study's margin.
    customers : DataFrame
        customer_id, risk_plan, risk_fee, risk_start_lead, as of
        `cxmodels.value.contract_months.customers_on`.
    as_of : date
    months : int
        Months ahead.
    settings : ValueSettings
        Its margin, and the first day that counts.

    Returns
    -------
    MonthlyMargins
    """
    seen = None
    if transactions is not None and "margin" in transactions.columns:
        seen = _by_month(transactions, customers, as_of=as_of, settings=settings)
    if seen is None:
        return _of_fees(customers, months=months, settings=settings)
    grid, notes = seen
    fee = customers["risk_fee"].to_numpy(dtype=float)
    # the month in which a contract began is a part of one
    full = np.arange(-grid.shape[1] + 1, 1)[None, :] > customers["risk_start_lead"].to_numpy()[:, None]
    grid = np.where(full, grid, np.nan)
    length = grid.shape[1]
    recent = length - YEAR if length >= YEAR + FEWEST_RECENT else min(RECENT, length)
    table = _shrunk(grid[:, -recent:], customers["risk_plan"])
    path, note = _path(grid, fee, recent=recent, months=months)
    return MonthlyMargins(table.assign(fee=fee), path, 0.0, (*notes, *note))


def _by_month(
    transactions: ir.Table, customers: pd.DataFrame, *, as_of: date, settings: ValueSettings
) -> tuple[Floats, tuple[str, ...]] | None:
    """Sum up the margin of each customer in each month known in full; None where no row states a margin."""
    known = known_since(transactions, settings.history_start, as_of)
    stated = known.margin.notnull() & ~known.margin.isnan()
    rows = known.select(
        customer_id=known.customer_id.cast("string"),
        lead=_lead(known.timestamp, as_of),
        margin=ibis.ifelse(stated, known.margin.cast("float64"), 0.0),
        unstated=ibis.ifelse(stated, 0.0, known.amount.cast("float64")),
        spend=ibis.ifelse(stated, known.amount.cast("float64"), 0.0),
        stated=stated,
    )
    base = rows.aggregate(
        first=rows.lead.min(),
        margin=settled_sum(rows.margin),
        spend=settled_sum(rows.spend),
        stated=rows.stated.sum(),
        rows=rows.count(),
    )
    first, margin, spend, count, all_rows = base.to_pyarrow().to_pylist()[0].values()
    if not count:
        return None
    own = spend > 0 and "margin" not in settings.model_fields_set
    rate = margin / spend if own else settings.margin_mid
    # the first month may have begun before the log
    months = int(min(RECENT + YEAR, max(-first, 1)))
    whole = rows.mutate(left=rows.margin + rate * rows.unstated)
    sums = {
        f"m{lead}": settled_sum(whole.left, where=whole.lead == -lead) for lead in range(months - 1, -1, -1)
    }
    by = as_frame(whole.group_by("customer_id").aggregate(**sums)).set_index("customer_id")
    grid = by.reindex(pd.Index(customers["customer_id"])).fillna(0.0).to_numpy(dtype=float)
    note = f"{all_rows - count:,} of {all_rows:,} rows state no margin: they count at {rate:.1%} of spend."
    return grid, (note,) if count < all_rows else ()


def _lead(timestamp: ir.TimestampValue, as_of: date) -> ir.IntegerValue:
    """Say in which month each time lies, as `cxmodels.value.contract_months.lead_of`."""
    months = timestamp.year() * YEAR + timestamp.month() - (as_of.year * YEAR + as_of.month)
    if _ends_month(as_of):
        return months
    return months + (timestamp.day() > as_of.day).cast("int64")


def _ends_month(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


def _of_fees(customers: pd.DataFrame, *, months: int, settings: ValueSettings) -> MonthlyMargins:
    fee = customers["risk_fee"].to_numpy(dtype=float)
    table = pd.DataFrame(
        {
            "level": settings.margin_mid * fee,
            "deviation": 0.0,
            "noise": 0.0,
            "credibility": 0.0,
            "months": 0.0,
            "fee": fee,
        }
    )
    spread = (settings.margin_high - settings.margin_low) / 2 / settings.margin_mid
    if assumed := "margin" not in settings.model_fields_set:
        note = (
            "Neither transactions nor the study state a margin: the monthly fee counts in full, as if "
            "customers cost nothing to serve. State value.margin in the study."
        )
    else:
        low, high = settings.margin_low, settings.margin_high
        share = f"{low:.0%} to {high:.0%}" if high > low else f"{low:.0%}"
        note = f"No transaction states a margin: fees count at the study's margin of {share}."
    return MonthlyMargins(table, np.zeros(months), spread, (note,), assumed)


def _shrunk(recent: Floats, plan: pd.Series) -> pd.DataFrame:
    """Draw the mean of each customer's months towards that of their plan (Bühlmann)."""
    count = np.isfinite(recent).sum(axis=1).astype(float)
    total = np.nansum(recent, axis=1)
    says = count > 0
    own = np.divide(total, count, out=np.zeros_like(total), where=says)
    squares = np.nansum((recent - own[:, None]) ** 2, axis=1)
    freedom = np.maximum(count - 1.0, 0.0)
    within = float(squares.sum() / freedom.sum()) if freedom.sum() > 0 else 0.0
    everybody = float(own[says].mean()) if says.any() else 0.0
    by_plan = pd.DataFrame({"own": np.where(says, own, 0.0), "says": says}).groupby(plan.to_numpy()).sum()
    mean = (by_plan["own"] + PLAN_WEIGHT * everybody) / (by_plan["says"] + PLAN_WEIGHT)
    mean_of = plan.map(mean).to_numpy(dtype=float)
    between = between_variance((own - mean_of)[says], count[says], within) if says.any() else 0.0
    spare = between + np.divide(within, count, out=np.zeros_like(count), where=says)
    credibility = np.divide(between, spare, out=np.zeros_like(spare), where=says & (spare > 0))
    credibility[says & (spare == 0)] = 1.0
    return pd.DataFrame(
        {
            "level": mean_of + credibility * (own - mean_of),
            "deviation": np.sqrt(between * (1.0 - credibility)),
            "noise": np.sqrt((squares + NOISE_WEIGHT * within) / (freedom + NOISE_WEIGHT)),
            "credibility": credibility,
            "months": count,
        }
    )


def _path(grid: Floats, fee: Floats, *, recent: int, months: int) -> tuple[Floats, tuple[str, ...]]:
    """Return how levels went on, a year ago, in the months after such recent months; a share of the fee."""
    flat = np.zeros(months)
    if grid.shape[1] < recent + YEAR:
        return flat, (
            f"Margins are known for {grid.shape[1]} months, and only {recent + YEAR} could show "
            "how they change over a year: each customer's level is taken to stay.",
        )
    before, after = grid[:, -YEAR - recent : -YEAR], grid[:, -YEAR:]
    there = np.isfinite(grid[:, -YEAR - recent :]).all(axis=1) & (fee > 0)
    if there.sum() < FEWEST_YEAR_AGO:
        return flat, (
            f"{int(there.sum())} customers were there, for a fee, all of the last {recent + YEAR} months: "
            "how margins change over a year is not read off so few, and levels are taken to stay.",
        )
    change = (after[there] - before[there].mean(axis=1, keepdims=True)).sum(axis=0) / fee[there].sum()
    years = np.arange(months) // YEAR
    return change[np.arange(months) % YEAR] + years * change.mean(), ()

"""Who was under contract on a date, and in which month after it did they leave? Months counted from a date.

Lead month k of a date t runs from the day after t + (k - 1) months to t + k months; from the last day of a
month, these are the calendar months.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.value.contract_spells import NEVER, contract_spells
from cxmodels.value.counts import Floats

Days = npt.ArrayLike | pd.Series | pd.Timestamp | date
NEEDED = ("customer_id", "start_date", "end_date", "monthly_fee")
NOT_FEATURES = ("customer_id", "as_of", "churned")
NO_PLAN = "(no plan)"
RENEWAL_DAYS = 1
"""Who starts again the next day was never without a contract. A longer break is one: nothing is earned in it,
and whether it was one, or leaving, is known only when it is over."""
KINDS = {
    "customer_id": "string",
    "start_date": "date",
    "end_date": "date",
    "monthly_fee": "float64",
    "plan": "string",
    "bound_until": "date",
}


def shift_months(day: date, months: int) -> date:
    """Return the date so many months on (or back); the last day of a month stays the last.

    Examples
    --------
    >>> shift_months(date(2024, 6, 30), -4), shift_months(date(2024, 1, 30), 1)
    (datetime.date(2024, 2, 29), datetime.date(2024, 2, 29))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    ends = day.day == monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if ends else min(day.day, last))


def lead_of(days: Days, since: Days) -> Floats:
    """Return in which lead month of a date each day lies: 0 or less is the past, NaN where there is no day.

    Parameters
    ----------
    days : array_like of datetime64
        Days; NaT where there is none.
    since : array_like of datetime64
        The date t, one or one for each day.

    Returns
    -------
    ndarray of float

    Examples
    --------
    >>> lead_of(["2024-06-30", "2024-07-01", "2024-12-31", "NaT"], "2024-06-30").tolist()
    [0.0, 1.0, 6.0, nan]
    """
    day, origin = np.asarray(days, dtype="datetime64[D]"), np.asarray(since, dtype="datetime64[D]")
    month, of_month = _month_and_day(day)
    first, start_day = _month_and_day(origin)
    next_day = np.asarray(origin + np.timedelta64(1, "D"), dtype="datetime64[D]")
    ends = _month_and_day(next_day)[0] > first
    lead = (month - first + (~ends & (of_month > start_day))).astype(float)
    return np.where(np.isnat(day), np.nan, lead)


def read_contracts(contracts: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Return the contracts known on a date, with the unbroken spell that each belongs to.

    Parameters
    ----------
    contracts : DataFrame
        One row a contract: customer_id, start_date, end_date (none: it runs), monthly_fee (currency), and
        where known plan and bound_until.
    as_of : date
        Contracts that start later are left out; an end after it is not yet known.

    Returns
    -------
    DataFrame
        In the order of customer_id, start_date, end_date and plan: customer_id, start_date, end_date,
        monthly_fee, plan, bound_until, spell_start, spell_end. Contracts that overlap, or follow each other
        the next day, are one spell: a customer who renews has not left.

    Raises
    ------
    ValueError
        Where a column is missing, or no contract had started.
    """
    missing = [name for name in NEEDED if name not in contracts.columns]
    if missing:
        raise ValueError(
            f"The contracts lack {', '.join(missing)}; they have {', '.join(map(str, contracts.columns))}."
        )
    dates = ["start_date", "end_date", "bound_until"]
    table = contracts.reindex(columns=list(KINDS)).assign(
        customer_id=contracts["customer_id"].astype(str),
        monthly_fee=contracts["monthly_fee"].astype(float).fillna(0.0),
    )
    table = table.assign(
        plan=table["plan"].astype(str).where(table["plan"].notna(), NO_PLAN),
        **{name: pd.to_datetime(table[name]) for name in dates},
    )
    spells = contract_spells(
        ibis.memtable(table, schema=KINDS), return_days=RENEWAL_DAYS, known_until=as_of
    ).order_by("customer_id", "start_date", "end_date", "plan")
    ends = {name: spells[name].nullif(ibis.literal(NEVER, type="date")) for name in ("end_date", "spell_end")}
    known = spells.mutate(**ends).to_pyarrow().to_pandas(date_as_object=False)
    if known.empty:
        raise ValueError(f"No contract had started by {as_of}; take a later as_of, or check start_date.")
    days = dict.fromkeys([*dates, "spell_start", "spell_end"], "datetime64[ns]")
    return known.astype({"customer_id": object, "plan": object, **days})


def under_contract(known: pd.DataFrame, day: date | pd.Timestamp) -> pd.DataFrame:
    """Return the customers under contract at the end of a day, with what their contracts said then.

    Parameters
    ----------
    known : DataFrame
        From `read_contracts`.
    day : date
        On or before its as_of.

    Returns
    -------
    DataFrame
        Indexed by customer_id: plan (of the contract begun last), monthly_fee (of all that run, currency),
        bound_until (the latest), spell_start, spell_end (NaT where no end is known by as_of).
    """
    at = pd.Timestamp(day)
    here = known[(known["start_date"] <= at) & ~(known["spell_end"] <= at)]
    fee = here["monthly_fee"].where(~(here["end_date"] <= at), 0.0)
    return (
        here.assign(monthly_fee=fee)
        .groupby("customer_id")
        .agg(
            plan=("plan", "last"),
            monthly_fee=("monthly_fee", "sum"),
            bound_until=("bound_until", "max"),
            spell_start=("spell_start", "first"),
            spell_end=("spell_end", "first"),
        )
    )


def at_risk(frame: pd.DataFrame, known: pd.DataFrame, *, until: date) -> pd.DataFrame:
    """Put contracts to a snapshot frame: who was under contract, and what is known of their leaving.

    Parameters
    ----------
    frame : DataFrame
        One row a customer_id and as_of, with any features. Rows of customers not under contract then, and of
        dates after `until`, are left out.
    known : DataFrame
        From `read_contracts`.
    until : date
        The last day of which it is known who left.

    Returns
    -------
    DataFrame
        customer_id, as_of, the features, and: plan, fee (currency a month), start_lead and bound_lead (lead
        months of the start of the spell and of the end of the binding; NaN without one), leave_lead (lead
        month of leaving; infinite where none is known), known_leads (months known in full).
    """
    check_frame(frame)
    end = pd.Timestamp(until)
    features = [name for name in frame.columns if name not in NOT_FEATURES]
    parts = []
    dates = pd.to_datetime(frame["as_of"])
    for day in sorted(dates[dates <= end].unique()):
        rows, here = frame[dates == day], under_contract(known, day)
        ids = pd.Index(rows["customer_id"].astype(str).astype(object))
        place = here.index.get_indexer(ids)
        rows, contract = rows[place >= 0], here.iloc[place[place >= 0]]
        left = lead_of(contract["spell_end"].where(contract["spell_end"] <= end), day)
        columns = {
            "fee": contract["monthly_fee"].to_numpy(dtype=float),
            "start_lead": lead_of(contract["spell_start"], day),
            "bound_lead": lead_of(contract["bound_until"], day),
            "leave_lead": np.where(np.isnan(left), np.inf, left),
            "known_leads": np.full(len(rows), lead_of(end + pd.Timedelta(days=1), day) - 1.0),
        }
        risks = {f"risk_{name}": column for name, column in columns.items()}
        parts.append(
            rows[["customer_id", "as_of", *features]].assign(risk_plan=contract["plan"].to_numpy(), **risks)
        )
    if not parts:
        raise ValueError(
            f"The snapshot frame has no row up to {until}; give rows at dates that lie before it."
        )
    return pd.concat(parts, ignore_index=True)


def customers_on(frame: pd.DataFrame, known: pd.DataFrame, *, as_of: date) -> tuple[pd.DataFrame, int]:
    """Return one row for everybody under contract on a date, and how many of them the frame lacks.

    Those whom the frame does not hold on that date have no features (NaN).
    """
    check_frame(frame)
    here = under_contract(known, as_of).index
    if here.empty:
        raise ValueError(f"Nobody is under contract on {as_of}; take an earlier as_of, or check end_date.")
    now = frame[pd.to_datetime(frame["as_of"]) == pd.Timestamp(as_of)]
    found = now.set_index(now["customer_id"].astype(str).astype(object)).drop(columns="customer_id")
    lacking = int((~here.isin(found.index)).sum())
    rows = found.reindex(here).assign(as_of=pd.Timestamp(as_of)).rename_axis("customer_id").reset_index()
    return at_risk(rows, known, until=as_of), lacking


def check_frame(frame: pd.DataFrame) -> None:
    """Refuse a snapshot frame without customer and date, or with a customer twice on a date."""
    missing = [name for name in ("customer_id", "as_of") if name not in frame.columns]
    if missing:
        raise ValueError(
            f"The snapshot frame lacks {' and '.join(missing)}; it has {', '.join(map(str, frame.columns))}."
        )
    twice = frame.duplicated(["customer_id", "as_of"])
    if twice.any():
        first = frame[twice].iloc[0]
        raise ValueError(
            f"The snapshot frame has {int(twice.sum()):,} rows of a customer and date that it has already, "
            f"such as {first['customer_id']} on {first['as_of']:%Y-%m-%d}; give one row each."
        )


def calendar_month(days: Sequence[pd.Timestamp] | pd.Series, lead: Floats) -> Floats:
    """Return the calendar month, 1 to 12, in which each lead month ends."""
    first, _ = _month_and_day(np.asarray(days, dtype="datetime64[D]"))
    return np.asarray((first + lead) % 12 + 1, dtype=float)


def _month_and_day(days: npt.NDArray[np.datetime64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return months since 1970, and the day of the month."""
    months = days.astype("datetime64[M]")
    return months.astype(np.int64), (days - months.astype("datetime64[D]")).astype(np.int64) + 1

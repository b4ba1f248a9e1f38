"""What do contracts and attributes say of each customer on a date?"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd

from cxmodels.churn.columns import read_columns
from cxmodels.churn.leaving import as_days, dates_table
from cxmodels.value.contract_spells import contract_spells
from cxmodels.value.units import days_in


def contract_features(contracts: ir.Table, people: pd.DataFrame, *, return_days: int = 0) -> pd.DataFrame:
    """Return what contracts say of each customer, as known on each date.

    Parameters
    ----------
    contracts : ibis Table
        customer_id, start_date, end_date, monthly_fee [plan, bound_until].
    people : DataFrame, shape (rows, …)
        customer_id, as_of.
    return_days : int
        A break of up to so many days between contracts does not end the tenure.

    Returns
    -------
    DataFrame, shape (rows, features)
        In the order of `people`: tenure_days (since the first of the contracts that follow one another),
        monthly_fee (of all that run, currency a month), plan (of the one that started last), bound_days_left
        (until the last binding ends; 0 after it), months_since_bound (0 before it; both are missing where
        nothing ever bound) and earlier_contracts (ended by then). An end after the date is not known on it.
    """
    dates = sorted(pd.to_datetime(people["as_of"]).dt.date.unique())
    spells = contract_spells(contracts, return_days=return_days, known_until=max(dates))
    days = dates_table(dates)
    begun = spells.join(days, [spells.start_date <= days.as_of])
    runs = begun.end_date > begun.as_of
    figures = {
        "tenure_days": begun.as_of.delta(begun.spell_start, unit="day").max(where=runs).cast("float64"),
        "monthly_fee": begun.monthly_fee.sum(where=runs),
        "earlier_contracts": (~runs).sum().cast("float64"),
    }
    if "plan" in begun.columns:
        newest = [ibis.desc(begun.start_date), begun.plan]
        figures["plan"] = begun.plan.first(where=runs & begun.plan.notnull(), order_by=newest)
    if "bound_until" in begun.columns:
        left = begun.bound_until.cast("date").delta(begun.as_of, unit="day")
        figures["bound_days_left"] = left.max(where=runs).cast("float64")
    found = begun.group_by("customer_id", "as_of").aggregate(**figures)
    frame = as_days(found.to_pyarrow().to_pandas(date_as_object=False), "as_of")
    rows = people[["customer_id", "as_of"]].merge(frame, on=["customer_id", "as_of"], how="left")
    rows = rows.drop(columns=["customer_id", "as_of"])
    if "bound_days_left" in rows:
        left = rows["bound_days_left"]
        rows["bound_days_left"] = left.clip(lower=0.0)
        rows["months_since_bound"] = (-left).clip(lower=0.0) / days_in("month")
    if "plan" in rows:
        rows["plan"] = rows["plan"].astype(object).where(rows["plan"].notna(), None).astype("category")
    return rows


def attribute_features(customers: ir.Table, people: pd.DataFrame) -> pd.DataFrame:
    """Return what is noted of each customer, whatever the date.

    Parameters
    ----------
    customers : ibis Table
        customer_id and any attributes; of a customer who is repeated the first row counts.
    people : DataFrame, shape (rows, …)
        customer_id, as_of.

    Returns
    -------
    DataFrame, shape (rows, attributes)
        In the order of `people`, as of `read_columns`; birth_year becomes age (years), and a day the days
        since then. Attributes carry no time stamp: they are as they were noted last.
    """
    known = customers.to_pyarrow().to_pandas(date_as_object=False).astype({"customer_id": "str"})
    known = known.drop_duplicates("customer_id")
    rows = people[["customer_id", "as_of"]].merge(known, on="customer_id", how="left")
    as_of = rows["as_of"]
    columns = read_columns(rows.drop(columns=["customer_id", "as_of"]), as_of)
    if "birth_year" in columns:
        columns["birth_year"] = as_of.dt.year - columns["birth_year"]
        columns = columns.rename(columns={"birth_year": "age"})
    return columns

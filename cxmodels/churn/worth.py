"""What is lost with each customer who leaves? Their clv: from contracts, from purchases, or as stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.churn.features import WORTH, Snapshots
from cxmodels.study import Study
from cxmodels.tables.collection import Tables
from cxmodels.value.contract_value import value_contracts
from cxmodels.value.customer_value import value_customers

FIGURES = ("clv", "clv_low", "clv_high")


@dataclass(frozen=True)
class Worth:
    """What customers are worth on one date.

    Attributes
    ----------
    table : DataFrame
        One row a customer: customer_id, clv, clv_low, clv_high (90 % interval of the customer's own outcome;
        currency; NaN where it is not known).
    source : {"contracts", "purchases", "stated", ""}
        Where clv comes from; empty: nothing says what a customer is worth.
    notes : tuple of str
        What was done otherwise, and why.
    """

    table: pd.DataFrame = field(repr=False)
    source: str
    notes: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether anything says what a customer is worth."""
        return self.source != ""

    def of(self, customer_ids: pd.Series) -> pd.DataFrame:
        """Return clv, clv_low and clv_high of customers, in the order given; NaN where not known."""
        return self.table.set_index("customer_id")[list(FIGURES)].reindex(customer_ids).reset_index(drop=True)


def customer_worth(
    tables: Tables | Mapping[str, ir.Table],
    snapshots: Snapshots,
    study: Study,
    *,
    as_of: date | None = None,
    refits: int = 8,
) -> Worth:
    """Say what customers are worth on a date, by the best that the data allow.

    Parameters
    ----------
    tables : Tables, or mapping of str to ibis Table
        The canonical tables that there are.
    snapshots : Snapshots
        For the features on that date, and what a flat table states.
    study : Study
        Its ``[value]`` settings.
    as_of : date, optional
        Default: the study's. Nothing after it is read.
    refits : int
        Fits of the hazard to resampled customers, where there are contracts.

    Returns
    -------
    Worth
        From contracts by survival and margin; without contracts from purchases; of a flat table by its
        column clv.

    Raises
    ------
    ValueError
        Where nobody was under contract, or nothing was bought, by the date.
    """
    day = as_of or study.as_of
    if "snapshot" in tables:
        return _stated(snapshots)
    bought = tables["transactions"] if "transactions" in tables else None  # noqa: SIM401 (Tables has no get)
    if "contracts" in tables:
        before = snapshots.table[snapshots.table["as_of"] <= pd.Timestamp(day)]
        valued = value_contracts(
            before[["customer_id", "as_of", *snapshots.features]],
            tables["contracts"].to_pyarrow().to_pandas(date_as_object=False),
            bought,
            as_of=day,
            settings=study.value,
            refits=refits,
        )
        return Worth(valued.table[["customer_id", *FIGURES]], "contracts", valued.notes)
    if bought is None:
        raise ValueError(
            "It needs contracts, transactions or a flat snapshot to say what customers are worth."
        )
    value = value_customers(bought, as_of=day, settings=study.value)
    return Worth(value.table[["customer_id", *FIGURES]], "purchases", value.notes)


def _stated(snapshots: Snapshots) -> Worth:
    ids = snapshots.table["customer_id"]
    stated = WORTH in snapshots.table.columns
    clv = snapshots.table[WORTH] if stated else pd.Series(np.nan, index=ids.index)
    table = pd.DataFrame({"customer_id": ids, "clv": clv, "clv_low": np.nan, "clv_high": np.nan})
    if stated:
        return Worth(table, "stated")
    note = "Nothing says what a customer is worth: map a column to clv in [tables.snapshot]."
    return Worth(table, "", (note,))

"""What is lost with each customer who leaves? Their clv: from contracts, from purchases, or as stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.churn.features import WORTH, Snapshots
from cxmodels.study import Study
from cxmodels.tables.collection import Tables
from cxmodels.value.contract_value import value_contracts
from cxmodels.value.counts import Floats
from cxmodels.value.customer_value import CustomerValue, value_customers
from cxmodels.value.groups import Groups
from cxmodels.value.intervals import NORMAL, refit_half

EXACT = "What a customer is worth is taken as exact: the data state it without a range."
FIGURES = ("clv", "clv_low", "clv_high")


@dataclass(frozen=True)
class WorthErrors:
    """By how much the expected clv of customers may be wrong.

    Attributes
    ----------
    draws : ndarray of float, shape (refits, customers)
        Expected clv under models of customers drawn anew (currency); no refit where there is none.
    shared : ndarray of float, shape (sources, customers)
        Change of each clv for one standard deviation of an error that all share (currency), a row a source.
    """

    draws: Floats
    shared: Floats

    @classmethod
    def none(cls, customers: int) -> WorthErrors:
        """Return what goes with values that are taken as exact."""
        return cls(np.empty((0, customers)), np.empty((0, customers)))

    @classmethod
    def joined(cls, parts: Sequence[WorthErrors]) -> WorthErrors:
        """Put together the errors of the same values, for customers of several parts."""
        draws, shared = ([getattr(one, name) for one in parts] for name in ("draws", "shared"))
        return cls(np.concatenate(draws, axis=1), np.concatenate(shared, axis=1))

    def half(self, weight: Floats, grouped: Groups) -> Floats:
        """Return half the width of the 90 % interval of the weighted sum of clv in each group (currency).

        Parameters
        ----------
        weight : ndarray of float, shape (customers,)
            Such as the probability of leaving.
        grouped : Groups
        """
        squares = np.zeros(len(grouped.names))
        if len(self.draws) > 1:
            squares += refit_half(np.array([grouped.sum(one * weight) for one in self.draws])) ** 2
        for one in self.shared:
            squares += (NORMAL * grouped.sum(one * weight)) ** 2
        return np.sqrt(squares)


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
    counted : {"margin", "fees", "spend"}
        What clv holds: fees or spend in full where nothing states a margin.
    errors : WorthErrors or None
        In the order of `table`; None: the values are taken as exact.
    """

    table: pd.DataFrame = field(repr=False)
    source: str
    notes: tuple[str, ...] = ()
    counted: str = "margin"
    errors: WorthErrors | None = field(repr=False, default=None)

    @property
    def known(self) -> bool:
        """Whether anything says what a customer is worth."""
        return self.source != ""

    @property
    def warning(self) -> str:
        """What to know before anyone acts on amounts; empty where they are margins."""
        if self.counted == "margin":
            return ""
        return (
            f"No margin is stated: amounts are {self.counted} in full, as if customers cost nothing, and no "
            "profit. Do not act on them before the study states a margin."
        )

    def of(self, customer_ids: pd.Series) -> pd.DataFrame:
        """Return clv, clv_low and clv_high of customers, in the order given; NaN where not known."""
        return self.table.set_index("customer_id")[list(FIGURES)].reindex(customer_ids).reset_index(drop=True)

    def errors_of(self, customer_ids: pd.Series) -> WorthErrors:
        """Return the errors of customers' clv, in the order given; 0 where no value is known."""
        if self.errors is None:
            return WorthErrors.none(len(customer_ids))
        place = pd.Index(self.table["customer_id"]).get_indexer(pd.Index(customer_ids))
        draws, shared = (
            np.where(place >= 0, of[:, place], 0.0) for of in (self.errors.draws, self.errors.shared)
        )
        return WorthErrors(draws, shared)


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
        return Worth(
            valued.table[["customer_id", *FIGURES]],
            "contracts",
            valued.notes,
            counted="fees" if valued.margins.assumed else "margin",
            errors=WorthErrors(valued.draws, valued.shared),
        )
    if bought is None:
        raise ValueError(
            "It needs contracts, transactions or a flat snapshot to say what customers are worth."
        )
    value = value_customers(bought, as_of=day, settings=study.value)
    return Worth(
        value.table[["customer_id", *FIGURES]],
        "purchases",
        value.notes,
        counted=value.kind,
        errors=_level_errors(value),
    )


def _level_errors(value: CustomerValue) -> WorthErrors:
    """Take the error of the total as one that all customers share, each by their clv."""
    clv = value.table["clv"].to_numpy(dtype=float)
    total = value.totals().iloc[0]
    deviation = total["parameter_width"] / (2.0 * NORMAL)
    share = deviation / total["clv"] if total["clv"] > 0 else 0.0
    return WorthErrors(np.empty((0, len(clv))), (share * clv)[None, :])


def _stated(snapshots: Snapshots) -> Worth:
    ids = snapshots.table["customer_id"]
    stated = WORTH in snapshots.table.columns
    clv = snapshots.table[WORTH] if stated else pd.Series(np.nan, index=ids.index)
    table = pd.DataFrame({"customer_id": ids, "clv": clv, "clv_low": np.nan, "clv_high": np.nan})
    if stated:
        return Worth(table, "stated", (EXACT,))
    note = "Nothing says what a customer is worth: map a column to clv in [tables.snapshot]."
    return Worth(table, "", (note,))

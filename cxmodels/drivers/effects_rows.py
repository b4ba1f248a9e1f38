"""From what are effects estimated? Customers on dates: what came before, what happened, who left after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.churn.folds import hashed_places
from cxmodels.study.drivers import DriverSettings, lacking_columns, preceding
from cxmodels.tables.errors import nearest_names
from cxmodels.value.counts import Floats, Integers

PARTS = 7  # of each fold, for what moves when a part of the customers is left out
ROUNDS = 3  # in which means of dates and categories are taken away; of one kind, once is exact


@dataclass(frozen=True, kw_only=True)
class EffectRows:
    """Customers on dates.

    Attributes
    ----------
    drivers : tuple of DriverSettings
        In the order of the study.
    customer_id : Series of str, shape (rows,)
        Whose row it is.
    date : Series, shape (rows,)
        End of the drivers' window; NaT where the data carry no dates.
    left : ndarray of float, shape (rows,)
        1 where the customer left in the horizon after the date.
    values : DataFrame, shape (rows, drivers)
        Each driver in the window; what of it is missing did not happen.
    background : DataFrame, shape (rows, covariates)
        What was known before the window began: numbers, NaN where missing, or categories.
    sizes : DataFrame, shape (rows, sizes)
        How large what happened was, by driver: covariates of what comes after it.
    long_before : DataFrame, shape (rows, drivers)
        The driver in a window as long, on average, in a time so long ago that it works no more; NaN where it
        is not known. A driver that lacks is not there.
    month_before : DataFrame, shape (rows, drivers)
        The driver in the window before this one.
    trial : DataFrame, shape (rows, 2)
        action (of a treatment given at random in the window; missing: none) and propensity.
    segments : DataFrame, shape (rows, kinds)
        Categories within which effects are looked at too.
    history : tuple of str
        Columns of the background that tell what was lived through, and not who the customer is.
    silence : bool
        Whether leaving is seen in purchases that stop.
    horizon_days : int or None
        After the date; None where it is not known.
    notes : tuple of str
        What to know about the rows.
    """

    drivers: tuple[DriverSettings, ...]
    customer_id: pd.Series = field(repr=False)
    date: pd.Series = field(repr=False)
    left: Floats = field(repr=False)
    values: pd.DataFrame = field(repr=False)
    background: pd.DataFrame = field(repr=False)
    sizes: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    long_before: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    month_before: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    trial: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    segments: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    history: tuple[str, ...] = ()
    silence: bool = False
    horizon_days: int | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.left)

    @property
    def leavers(self) -> int:
        """Customers who left."""
        return int(self.customer_id[self.left == 1.0].nunique())

    @property
    def dated(self) -> bool:
        """Whether the data carry dates."""
        return bool(self.date.notna().any())

    def covariates(self, driver: str) -> list[str]:
        """Return what precedes a driver: the background, the drivers before it, and their sizes.

        Of a flat table, that is without dates, only what the study names as preceding counts.
        """
        one = next(each for each in self.drivers if each.name == driver)
        before = preceding(self.drivers)[driver]
        sizes = [name for name in before if name in self.sizes.columns]
        if self.dated:
            return [*self.background.columns, *before, *(size_name(name) for name in sizes)]
        named = {*one.after, *(n for each in self.drivers if each.name in before for n in each.after)}
        return [*(name for name in self.background.columns if name in named), *before]


def size_name(driver: str) -> str:
    """Return the column of how large what happened was."""
    return f"{driver} (size)"


def flat_rows(table: pd.DataFrame, drivers: Sequence[DriverSettings]) -> EffectRows:
    """Read rows of a flat table, without dates.

    Parameters
    ----------
    table : DataFrame, shape (customers, …)
        customer_id, churned (1 left, 0 stayed) and features: numbers or categories.
    drivers : sequence of DriverSettings
        Of the table ``snapshot``; `of` names the column.

    Returns
    -------
    EffectRows

    Raises
    ------
    ValueError
        Where a column is not there.
    """
    columns = [name for name in table.columns if name not in ("customer_id", "as_of", "churned", "clv")]
    for driver, name in lacking_columns(drivers, columns):
        near = nearest_names(name, columns)
        raise ValueError(f"The driver {driver!r} names {name!r}: no column of the flat table{near}.")
    used = {one.of[0] for one in drivers}
    return EffectRows(
        drivers=tuple(drivers),
        customer_id=table["customer_id"].reset_index(drop=True),
        date=pd.Series(pd.NaT, index=range(len(table)), dtype="datetime64[ns]"),
        left=table["churned"].to_numpy(dtype=float),
        values=pd.DataFrame({one.name: table[one.of[0]].to_numpy(dtype=float) for one in drivers}),
        background=table[[name for name in columns if name not in used]].reset_index(drop=True),
        segments=pd.DataFrame(index=range(len(table))),
        notes=("The table has no dates: what came before what is taken from the study, and not seen.",),
    )


@dataclass(frozen=True)
class Places:
    """Rows by number: customers, folds, and the cells of date and category within which rows are compared.

    Attributes
    ----------
    customer, fold, part : ndarray of int, shape (rows,)
        Numbers from 0; all rows of a customer lie in one fold, and in one part of it: part 0 is of fold 0,
        part 1 of fold 1, and so on again.
    cells : tuple of ndarray of int
        Numbers of cells from 0; one array for dates and one for each category.
    """

    customer: Integers
    fold: Integers
    part: Integers
    cells: tuple[Integers, ...]

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return int(self.customer.max()) + 1

    def some(self, mask: npt.NDArray[np.bool_]) -> Places:
        """Return the places of some rows."""
        cells = tuple(cell[mask] for cell in self.cells)
        return Places(self.customer[mask], self.fold[mask], self.part[mask], cells)


def places_of(rows: EffectRows, *, folds: int) -> Places:
    """Number rows.

    Parameters
    ----------
    rows : EffectRows
    folds : int
        Parts of the customers.
    """
    customer, _ = pd.factorize(rows.customer_id)
    parts = PARTS * folds
    part = np.minimum((hashed_places(rows.customer_id) * parts).astype(np.int64), parts - 1)
    date = np.maximum(pd.factorize(rows.date)[0], 0)
    few = [
        column.cat.codes.to_numpy(dtype=np.int64) + 1
        for _, column in rows.background.items()
        if isinstance(column.dtype, pd.CategoricalDtype)
    ]
    # what befalls a region on a day befalls many customers at once: rows are compared within it
    cells = tuple(date * (codes.max() + 1) + codes for codes in few) or (date,)
    return Places(customer.astype(np.int64), part % folds, part, cells if rows.dated else ())


def take_away(values: Floats, places: Places) -> Floats:
    """Return values less their means in the cells, of one kind of cells after the other.

    Parameters
    ----------
    values : ndarray of float, shape (rows,)
    places : Places
        Of the same rows.
    """
    left = values - values.mean()
    for _ in range(ROUNDS if len(places.cells) > 1 else 1):
        for cell in places.cells:
            count = np.bincount(cell)
            total = np.bincount(cell, weights=left)
            left = left - (total / np.maximum(count, 1))[cell]
    return left


def cluster_sums(scores: npt.NDArray[np.float64], places: Places) -> Floats:
    """Return the sum of scores of each customer."""
    sums = np.bincount(places.customer, weights=scores, minlength=places.customers)
    return sums.astype(np.float64)

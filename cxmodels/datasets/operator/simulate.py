"""How is the operator simulated? Customers in pieces, each with its tables; the truth comes with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cxmodels.datasets.operator.draws import Draws
from cxmodels.datasets.operator.live import live
from cxmodels.datasets.operator.people import draw_customers
from cxmodels.datasets.operator.records import Records
from cxmodels.datasets.operator.settings import OperatorSettings
from cxmodels.datasets.operator.tables import TABLES, make_tables
from cxmodels.datasets.operator.truth import Truth
from cxmodels.datasets.operator.world import make_world

PIECE = 25_000
"""Customers simulated at a time; who they are and what they live through does not depend on it."""
MOST = 1_000_000
TIMES = {
    "transactions": "timestamp",
    "contracts": "customer_id",
    "contacts": "timestamp",
    "surveys": "sent_at",
    "events": "timestamp",
    "treatments": "timestamp",
    "customers": "customer_id",
}


@dataclass(frozen=True)
class Operator:
    """A simulated operator: what a company would have, and what nobody would.

    Attributes
    ----------
    customers : int
        How many.
    seed : int
        Same seed and settings, same operator.
    settings : OperatorSettings
        How it was made.
    """

    customers: int
    seed: int
    settings: OperatorSettings
    _arrow: dict[str, pa.Table] = field(repr=False)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The canonical tables, in order of time: transactions, contracts, contacts, surveys, events, …"""
        return {name: _frame(table) for name, table in self._arrow.items()}

    @cached_property
    def truth(self) -> Truth:
        """What is true of each customer; computed when first asked for."""
        return Truth(self.customers, self.seed, self.settings)


def simulate_operator(
    customers: int, *, settings: OperatorSettings | None = None, seed: int = 20250101
) -> Operator:
    """Simulate a telecom and broadband provider, month by month.

    Parameters
    ----------
    customers : int
        From 1 to 1,000,000. Up to 200,000 or so fit into memory; `write_operator` takes more.
    settings : OperatorSettings, optional
        Every coefficient; by default 36 months from January 2022.
    seed : int
        Same seed, same tables. A customer is the same however many others there are.

    Returns
    -------
    Operator
        With `tables` and `truth`.

    Raises
    ------
    ValueError
        Where the number of customers is out of range.

    Examples
    --------
    >>> operator = simulate_operator(50, seed=1)
    >>> len(operator.tables["contracts"])
    50
    """
    settings = settings or OperatorSettings()
    pieces = list(_pieces(customers, settings=settings, seed=seed))
    whole = {name: pa.concat_tables([piece[name] for piece in pieces]) for name in TABLES}
    if len(pieces) > 1:
        whole = {name: table.sort_by(TIMES[name]) for name, table in whole.items()}
    return Operator(customers, seed, settings, whole)


def write_operator(
    folder: Path, customers: int, *, settings: OperatorSettings | None = None, seed: int = 20250101
) -> dict[str, int]:
    """Simulate an operator into Parquet files, one a table, piece by piece.

    Parameters
    ----------
    folder : Path
        It receives ``<table>.parquet``; existing ones are replaced.
    customers, settings, seed
        As for `simulate_operator`. Memory does not grow with the customers; rows are in order of time within
        each 25,000 customers.

    Returns
    -------
    dict of str to int
        Rows of each table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = dict.fromkeys(TABLES, 0)
    writers: dict[str, pq.ParquetWriter] = {}
    try:
        for piece in _pieces(customers, settings=settings or OperatorSettings(), seed=seed):
            for name, table in piece.items():
                if name not in writers:
                    writers[name] = pq.ParquetWriter(
                        folder / f"{name}.parquet", table.schema, compression="zstd"
                    )
                writers[name].write_table(table)
                rows[name] += table.num_rows
    finally:
        for writer in writers.values():
            writer.close()
    return rows


def _pieces(customers: int, *, settings: OperatorSettings, seed: int) -> Iterator[dict[str, pa.Table]]:
    whole = isinstance(customers, int | np.integer) and not isinstance(customers, bool)
    if not whole or not 1 <= customers <= MOST:
        raise ValueError(f"customers is {customers!r}; simulate a whole number from 1 to {MOST:,}.")
    draws = Draws(seed)
    world = make_world(settings, draws=draws)
    for first in range(0, customers, PIECE):
        number = np.arange(first, min(first + PIECE, customers))
        people = draw_customers(number, settings=settings, draws=draws)
        records = Records()
        months = int(settings.span.months)
        live(people, world=world, months=months, records=records)
        yield make_tables(people, records, settings=settings, calendar=world.calendar)


def _frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    for name in table.schema.names:
        if pa.types.is_date32(table.schema.field(name).type):
            frame[name] = pd.to_datetime(frame[name])
    return frame

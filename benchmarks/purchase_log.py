"""The simulated log that every contender starts from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from cxmodels.datasets.purchases import PurchaseTruth, write_purchases

DAYS = 730
TRUTH = PurchaseTruth(
    model="bg-nbd",
    purchases={"r": 0.8, "alpha": 30.0, "a": 0.8, "b": 5.0},
    spend={"p": 6.0, "q": 4.0, "v": 15.0},
    start=date(2024, 1, 1),
    days=DAYS,
    joining_days=DAYS,
)
FIRST_DAY = TRUTH.start
AS_OF = FIRST_DAY + timedelta(days=DAYS - 1)
SEED = 20250101


@dataclass(frozen=True)
class LogFacts:
    """How large a log is."""

    customers: int
    transactions: int
    days: int


def write_log(path: Path, *, customers: int, lines: int = 1, seed: int = SEED) -> LogFacts:
    """Simulate `customers` over two years into one Parquet file, in order of time, as real logs are.

    Parameters
    ----------
    path
        The file to write.
    customers
        Customers, each with a first purchase within the two years.
    lines
        Log lines that every purchase is split into, as a till receipt is: the same customers and money in a
        longer log.
    seed
        Same seed, same log.
    """
    unsorted = path.with_suffix(".unsorted.parquet")
    rows = write_purchases(unsorted, customers, truth=TRUTH, seed=seed)
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            COPY (
                SELECT customer_id, timestamp, amount / {lines} AS amount
                FROM read_parquet('{unsorted}'), range({lines})
                ORDER BY timestamp, customer_id
            ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
            """
        )
    unsorted.unlink()
    return LogFacts(customers=customers, transactions=rows * lines, days=DAYS)

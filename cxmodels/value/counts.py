"""Which customers look alike? Collapse them into cells with a count, on which models are fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CELLS = 12_000  # on which models are fitted
HISTORY_COLUMNS = ("frequency", "recency", "T")


@dataclass(frozen=True)
class Counts:
    """Cells of customers with the same, or nearly the same, purchase history.

    Attributes
    ----------
    frequency : ndarray of float, shape (cells,)
        Repeat purchases, exact and whole in every cell.
    recency, T : ndarray of float, shape (cells,)
        Mean age at the last purchase and mean age of the cell's customers, in the summary's unit.
    weights : ndarray of float, shape (cells,)
        Customers in the cell.
    """

    frequency: Floats
    recency: Floats
    T: Floats
    weights: Floats

    @property
    def cells(self) -> int:
        """The number of cells."""
        return len(self.weights)

    @property
    def silent(self) -> bool:
        """Whether nobody has bought again."""
        return bool(self.frequency.max() == 0.0)

    @property
    def customers(self) -> float:
        """The number of customers."""
        return float(self.weights.sum())


def read_history(summary: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Check a summary's history columns and return them as float arrays.

    Parameters
    ----------
    summary : DataFrame
        With the columns frequency, recency and T, one row a customer.

    Returns
    -------
    frequency, recency, T : ndarray of float, shape (customers,)

    Raises
    ------
    ValueError
        Where a column is missing, empty, not finite, or the three contradict one another.
    """
    missing = [name for name in HISTORY_COLUMNS if name not in summary.columns]
    if missing:
        raise ValueError(
            f"The summary lacks {', '.join(missing)}; it has {', '.join(map(str, summary.columns))}. "
            "Make it with cxmodels.value.summary.summarise."
        )
    if len(summary) == 0:
        raise ValueError("The summary has no customer: no purchase is known by as_of. Choose a later as_of.")
    frequency, recency, age = (summary[name].to_numpy(dtype=float) for name in HISTORY_COLUMNS)
    faults = {
        "a missing or infinite value": ~(np.isfinite(frequency) & np.isfinite(recency) & np.isfinite(age)),
        "a frequency that is negative or not whole": (frequency < 0) | (frequency != np.floor(frequency)),
        "recency below 0 or above T": (recency < 0) | (recency > age * (1 + 1e-12)),
        "recency without a repeat purchase": (frequency == 0) & (recency > 0),
    }
    for fault, bad in faults.items():
        if bad.any():
            row = int(np.argmax(bad))
            raise ValueError(
                f"{int(bad.sum())} of {len(bad)} customers have {fault}; the first is row {row} with "
                f"frequency {frequency[row]}, recency {recency[row]}, T {age[row]}. Correct the summary."
            )
    return frequency, np.minimum(recency, age), age


def coarsen(counts: Counts, *, cells: int = CELLS) -> Counts:
    """Join neighbouring cells until about `cells` are left.

    Cells that are near in recency and T are joined and stand at their means; frequency is never joined.

    Parameters
    ----------
    counts : Counts
        Cells with their customers.
    cells : int
        Cells to aim at; `counts` itself is returned when it has no more.

    Returns
    -------
    Counts
    """
    return counts if counts.cells <= cells else _joined(counts, cells=cells)


def count_exactly(summary: pd.DataFrame) -> Counts:
    """Count customers with equal histories, joining none that differ; raises as `read_history` does.

    Parameters
    ----------
    summary : DataFrame
        With the columns frequency, recency and T, one row a customer, in any order.

    Returns
    -------
    Counts
        In a fixed order: by frequency, T, recency.

    Examples
    --------
    >>> summary = pd.DataFrame({"frequency": [1, 1, 0], "recency": [2.0, 2.0, 0.0], "T": [3.0, 3.0, 1.0]})
    >>> count_exactly(summary).weights.tolist()
    [1.0, 2.0]
    """
    frequency, recency, age = read_history(summary)
    (x, distinct_x), (t, distinct_t), (r, distinct_r) = (
        pd.factorize(column, sort=True) for column in (frequency, age, recency)
    )
    # one whole number a history, in that order: to sort those is far faster than to group by three columns
    ages, recencies = len(distinct_t), len(distinct_r)
    histories, customers = np.unique((x * ages + t) * recencies + r, return_counts=True)
    before, r = np.divmod(histories, recencies)
    x, t = np.divmod(before, ages)
    return Counts(distinct_x[x], distinct_r[r], distinct_t[t], customers.astype(float))


def _joined(rows: Counts, *, cells: int) -> Counts:
    """Join neighbours on a grid that gives each frequency cells by the root of its customers."""
    ranks, x_of_rank = rank_frequencies(rows.frequency)
    customers = np.bincount(ranks, rows.weights)
    budget = np.maximum(np.sqrt(customers) / np.sqrt(customers).sum() * cells, 1.0)
    # without a repeat purchase only the age matters
    age_bins = np.where(x_of_rank == 0, np.ceil(budget), np.ceil(np.sqrt(budget))).astype(np.int64)
    gap_bins = np.where(x_of_rank == 0, 1, np.ceil(budget / age_bins)).astype(np.int64)
    start = np.concatenate(([0], np.cumsum(age_bins * gap_bins)))
    spread = (rows.T.max() - rows.T.min()) or 1.0
    scaled_age = (rows.T - rows.T.min()) / spread
    # the gap since the last purchase on a root scale: narrow cells at recency = T, where the likelihood bends
    gap = np.sqrt(np.maximum(rows.T - rows.recency, 0.0) / np.maximum(rows.T, 1e-12))
    age_bin = np.minimum((scaled_age * age_bins[ranks]).astype(np.int64), age_bins[ranks] - 1)
    gap_bin = np.minimum((gap * gap_bins[ranks]).astype(np.int64), gap_bins[ranks] - 1)
    key = start[ranks] + age_bin * gap_bins[ranks] + gap_bin
    sums = [
        np.bincount(key, values, minlength=start[-1]).astype(float)
        for values in (rows.weights, rows.weights * rows.recency, rows.weights * rows.T)
    ]
    kept = sums[0] > 0
    weights = sums[0][kept]
    x, recency, age = (
        np.repeat(x_of_rank, np.diff(start))[kept],
        sums[1][kept] / weights,
        sums[2][kept] / weights,
    )
    return Counts(x, np.minimum(recency, age), age, weights)


def rank_frequencies(frequency: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return each row's place among the distinct frequencies, and those."""
    if frequency.max() > 10_000_000:
        distinct, ranks = np.unique(frequency, return_inverse=True)
        return ranks.astype(np.int64), distinct
    whole = frequency.astype(np.int64)
    present = np.bincount(whole) > 0
    return (np.cumsum(present) - 1)[whole], np.flatnonzero(present).astype(float)


def distinct_pairs(frequency: Floats, T: Floats) -> tuple[tuple[Floats, Floats], Integers]:
    """Return the distinct (frequency, T), and the place of each customer's pair among them."""
    if len(frequency) < 2_000:
        return (frequency, T), np.arange(len(frequency))
    ages, age_rank = np.unique(T, return_inverse=True)
    key = frequency.astype(np.int64) * len(ages) + age_rank
    if key.max() < 50_000_000:
        present = np.bincount(key) > 0
        distinct, where = np.flatnonzero(present), (np.cumsum(present) - 1)[key]
    else:
        distinct, where = np.unique(key, return_inverse=True)
    return ((distinct // len(ages)).astype(float), ages[distinct % len(ages)]), where

"""Simulated purchase logs whose truth is known, from a handful of customers to ten million."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxmodels.study_errors import nearest

Floats = npt.NDArray[np.float64]
SECONDS_IN_DAY = 86_400
CHUNK = 200_000
PARAMETERS = {
    "bg-nbd": ("r", "alpha", "a", "b"),
    "mbg-nbd": ("r", "alpha", "a", "b"),
    "pareto-nbd": ("r", "alpha", "s", "beta"),
}


@dataclass(frozen=True, kw_only=True)
class MarginTruth:
    """The truth behind the margins of a simulated purchase log.

    Attributes
    ----------
    mean : float
        Mean over customers of the share of spend that stays as margin.
    spread : float
        Standard deviation between customers, normal: with a large one, some customers cost more than they
        bring.
    noise : float
        Standard deviation of a single purchase's share around its customer's, normal.
    """

    mean: float = 0.30
    spread: float = 0.20
    noise: float = 0.30

    def __post_init__(self) -> None:
        """Check the truth, so that an error names what is wrong with it."""
        if not (self.spread >= 0 and self.noise >= 0):
            raise ValueError(f"spread is {self.spread} and noise {self.noise}; give 0 or more for each.")


@dataclass(frozen=True, kw_only=True)
class PurchaseTruth:
    """The truth behind a simulated purchase log.

    Attributes
    ----------
    model : {"bg-nbd", "mbg-nbd", "pareto-nbd"}
        How customers buy and leave.
    purchases : dict of str to float
        Its parameters, time in days: r and alpha, with a and b or with s and beta.
    spend : dict of str to float
        Gamma-Gamma parameters p, q and v (currency).
    start : date
        The first day of the log.
    days : int
        Days in the log.
    joining_days : int
        First purchases are spread evenly over this many first days.
    margin : MarginTruth, optional
        What purchases leave as margin; without it the log has no margin. The rest of the log is the same
        either way.

    Examples
    --------
    >>> PurchaseTruth(days=365, joining_days=90).model
    'bg-nbd'
    """

    model: str = "bg-nbd"
    purchases: dict[str, float] = field(default_factory=lambda: {"r": 0.8, "alpha": 30.0, "a": 0.8, "b": 5.0})
    spend: dict[str, float] = field(default_factory=lambda: {"p": 6.0, "q": 4.0, "v": 15.0})
    start: date = date(2023, 1, 1)
    days: int = 730
    joining_days: int = 730
    margin: MarginTruth | None = None

    def __post_init__(self) -> None:
        """Check the truth, so that an error names what is wrong with it."""
        if self.model not in PARAMETERS:
            raise ValueError(
                f"Unknown model {self.model!r}{nearest(self.model, PARAMETERS, otherwise='.')} "
                f"Allowed: {', '.join(PARAMETERS)}."
            )
        for given, wanted in ((self.purchases, PARAMETERS[self.model]), (self.spend, ("p", "q", "v"))):
            if set(given) != set(wanted) or not all(value > 0 for value in given.values()):
                raise ValueError(f"Give {', '.join(wanted)}, each above 0, for {self.model}; found {given}.")
        if not 1 <= self.joining_days <= self.days:
            raise ValueError(
                f"joining_days is {self.joining_days}; allowed are 1 to {self.days}, the days of the log."
            )


def simulate_histories(truth: PurchaseTruth, age: Floats, *, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate customer summaries directly, in continuous time.

    Parameters
    ----------
    truth : PurchaseTruth
        How customers buy, leave and spend.
    age : ndarray of float, shape (customers,)
        Days since each customer's first purchase.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    DataFrame
        frequency (int64), recency and T (days), monetary_value (currency, 0 without a repeat purchase).
    """
    customers = _draw_customers(truth, len(age), rng=rng)
    owner, after = _draw_repeats(truth, customers, age, rng=rng)
    amount = rng.standard_gamma(truth.spend["p"], size=len(owner)) / customers["spend_rate"][owner]
    frequency = np.bincount(owner, minlength=len(age))
    recency = np.zeros(len(age))
    np.maximum.at(recency, owner, after)
    return pd.DataFrame(
        {
            "frequency": frequency.astype(np.int64),
            "recency": recency,
            "T": age,
            "monetary_value": np.bincount(owner, amount, minlength=len(age)) / np.maximum(frequency, 1),
        }
    )


def simulate_purchases(customers: int, *, truth: PurchaseTruth, seed: int) -> pd.DataFrame:
    """Simulate a purchase log.

    Parameters
    ----------
    customers : int
        Customers, at least 1.
    truth : PurchaseTruth
        How customers buy, leave and spend.
    seed : int
        Same seed, same log.

    Returns
    -------
    DataFrame
        The canonical transactions: customer_id, timestamp, amount (currency, cents) and, where the truth has
        one, margin (currency, cents), in order of time.

    Examples
    --------
    >>> log = simulate_purchases(100, truth=PurchaseTruth(), seed=1)
    >>> log.customer_id.nunique(), list(log.columns)
    (100, ['customer_id', 'timestamp', 'amount'])
    """
    log = pa.concat_tables(_chunks(customers, truth=truth, seed=seed)).to_pandas()
    return log.sort_values("timestamp", kind="stable", ignore_index=True)


def write_purchases(path: Path, customers: int, *, truth: PurchaseTruth, seed: int) -> int:
    """Simulate a purchase log into a Parquet file, piece by piece.

    Parameters
    ----------
    path : Path
        The file to write; an existing one is replaced.
    customers, truth, seed
        As for `simulate_purchases`. Memory does not grow with the customers: 200,000 are held at a time.

    Returns
    -------
    int
        Transactions written.
    """
    rows = 0
    with pq.ParquetWriter(path, _schema(truth), compression="zstd") as writer:
        for chunk in _chunks(customers, truth=truth, seed=seed):
            writer.write_table(chunk)
            rows += chunk.num_rows
    return rows


def simulated_margins(customers: int, *, truth: PurchaseTruth, seed: int) -> pd.Series:
    """Return the true margin rates behind a simulated purchase log.

    Parameters
    ----------
    customers, truth, seed
        As for `simulate_purchases`.

    Returns
    -------
    Series
        The share of spend that stays as margin with each customer, indexed by customer_id.

    Raises
    ------
    ValueError
        Where the truth has no margin.
    """
    if truth.margin is None:
        raise ValueError("The truth has no margin: give PurchaseTruth(margin=MarginTruth()).")
    rates = [
        _draw_rates(truth.margin, size, rng=_margin_stream(chunk))
        for _, size, chunk in _pieces(customers, seed=seed)
    ]
    names = _names(0, customers).to_pylist()
    return pd.Series(np.concatenate(rates), index=pd.Index(names, name="customer_id"), name="margin_rate")


def _schema(truth: PurchaseTruth) -> pa.Schema:
    columns = [("customer_id", pa.string()), ("timestamp", pa.timestamp("us")), ("amount", pa.float64())]
    return pa.schema(columns if truth.margin is None else [*columns, ("margin", pa.float64())])


def _pieces(customers: int, *, seed: int) -> Iterator[tuple[int, int, np.random.SeedSequence]]:
    """Return the first customer, the customers and the seed of each piece."""
    if customers < 1:
        raise ValueError(f"customers is {customers}; simulate at least 1.")
    starts = range(0, customers, CHUNK)
    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    for first, piece_seed in zip(starts, seeds, strict=True):
        yield first, min(CHUNK, customers - first), piece_seed


def _chunks(customers: int, *, truth: PurchaseTruth, seed: int) -> Iterator[pa.Table]:
    for first, size, piece_seed in _pieces(customers, seed=seed):
        yield _log_of(first, size, truth=truth, seed=piece_seed)


def _margin_stream(seed: np.random.SeedSequence) -> np.random.Generator:
    """Return a stream of its own for margins, so that they change nothing else in the log."""
    return np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, 0)))


def _draw_rates(margin: MarginTruth, size: int, *, rng: np.random.Generator) -> Floats:
    return margin.mean + margin.spread * rng.standard_normal(size)


def _names(first: int, size: int) -> pa.Array:
    numbers = pc.utf8_lpad(pa.array(np.arange(first, first + size)).cast(pa.string()), 8, "0")
    return pc.binary_join_element_wise("C", numbers, "")


def _log_of(first: int, size: int, *, truth: PurchaseTruth, seed: np.random.SeedSequence) -> pa.Table:
    """Simulate the log of the customers numbered first … first + size − 1, in order of time."""
    rng = np.random.default_rng(seed)
    joined = rng.uniform(0.0, truth.joining_days, size=size)
    customers = _draw_customers(truth, size, rng=rng)
    owner, after = _draw_repeats(truth, customers, truth.days - joined, rng=rng)
    owner = np.concatenate((np.arange(size), owner))
    days = np.concatenate((joined, joined[owner[size:]] + after))
    amount = rng.standard_gamma(truth.spend["p"], size=len(owner)) / customers["spend_rate"][owner]
    seconds = np.minimum((days * SECONDS_IN_DAY).astype(np.int64), truth.days * SECONDS_IN_DAY - 1)
    order = np.argsort(seconds, kind="stable")
    start = np.datetime64(truth.start, "us")
    paid = np.maximum(np.round(amount[order], 2), 0.01)
    columns = [
        _names(first, size).take(pa.array(owner[order])),
        pa.array(start + seconds[order].astype("timedelta64[s]")),
        pa.array(paid),
    ]
    if truth.margin is not None:
        stream = _margin_stream(seed)
        share = _draw_rates(truth.margin, size, rng=stream)[owner[order]]
        share = share + truth.margin.noise * stream.standard_normal(len(paid))
        columns.append(pa.array(np.round(share * paid, 2)))
    return pa.table(columns, schema=_schema(truth))


def _draw_customers(truth: PurchaseTruth, size: int, *, rng: np.random.Generator) -> dict[str, Floats]:
    """Draw each customer's purchase rate, way of leaving and spend rate."""
    one = truth.purchases
    drawn = {
        "rate": rng.standard_gamma(one["r"], size=size) / one["alpha"],
        "spend_rate": np.maximum(rng.standard_gamma(truth.spend["q"], size=size), 1e-12) / truth.spend["v"],
    }
    if truth.model == "pareto-nbd":
        leaving = rng.standard_gamma(one["s"], size=size) / one["beta"]
        return {**drawn, "life": rng.standard_exponential(size) / np.maximum(leaving, 1e-300)}
    chance = np.clip(rng.beta(one["a"], one["b"], size=size), 1e-15, 1.0)
    # the number of the repeat purchase after which the customer is gone; 0: gone after the first purchase
    last = rng.geometric(chance).astype(float) - (truth.model == "mbg-nbd")
    return {**drawn, "last": last}


def _draw_repeats(
    truth: PurchaseTruth, customers: dict[str, Floats], age: Floats, *, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Draw all repeat purchases: whose, and how many days after the first."""
    if truth.model == "pareto-nbd":
        until = np.minimum(customers["life"], age)
        counts = rng.poisson(customers["rate"] * until)
        owner = np.repeat(np.arange(len(age)), counts)
        return owner, rng.random(len(owner)) * until[owner]
    would = rng.poisson(customers["rate"] * age).astype(float)
    last = customers["last"]
    cut = would > last
    counts = np.where(cut, last, would).astype(np.int64)
    until = age.copy()
    # the last of k purchases among n that would fall evenly on (0, age) is Beta(k, n + 1 - k) of the age
    leaving = cut & (last > 0)
    until[leaving] *= rng.beta(last[leaving], would[leaving] + 1.0 - last[leaving])
    owner = np.repeat(np.arange(len(age)), counts)
    after = rng.random(len(owner)) * until[owner]
    final = np.cumsum(counts)[leaving] - 1
    after[final] = until[leaving]
    return owner, after

"""How are more customers scored than fit into memory? In batches, a model's probabilities row by row."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxmodels.churn.model import BATCH, ChurnModel

if TYPE_CHECKING:
    import ibis.expr.types as ir

KEYS = ("customer_id", "as_of")


def stream_scores(
    model: ChurnModel,
    source: pd.DataFrame | Iterable[pd.DataFrame] | ir.Table | str | Path,
    *,
    intervals: bool = False,
    rows: int = BATCH,
) -> Iterator[pd.DataFrame]:
    """Yield the probability of leaving of every row, a batch at a time.

    Parameters
    ----------
    model : ChurnModel
    source : DataFrame, iterable of DataFrame, ibis Table, or path of a Parquet file
        Rows with customer_id, as_of where there is one, and the model's features.
    intervals : bool
        Also give p_leave_low and p_leave_high; it takes as many times as long as there are refits.
    rows : int
        Of a batch. Only one batch is in memory; frames of an iterable are batches as they come.

    Yields
    ------
    DataFrame
        customer_id, as_of (where it is there), p_leave, and the interval where asked for.

    Raises
    ------
    ValueError
        Where a batch lacks a feature, or `rows` is below 1.
    """
    if rows < 1:
        raise ValueError(f"rows is {rows}; a batch has at least 1.")
    for batch in _batches(source, columns=[*KEYS, *model.features], rows=rows):
        scores = batch[[name for name in KEYS if name in batch.columns]].assign(p_leave=model.predict(batch))
        if intervals:
            low, high = model.interval(batch)
            scores = scores.assign(p_leave_low=low, p_leave_high=high)
        yield scores


def _batches(source: Any, *, columns: list[str], rows: int) -> Iterator[pd.DataFrame]:
    if isinstance(source, pd.DataFrame):
        for start in range(0, len(source), rows):
            yield source.iloc[start : start + rows]
    elif isinstance(source, str | Path):
        yield from _from_parquet(source, columns=columns, rows=rows)
    elif hasattr(source, "to_parquet"):
        # by way of a file: the engine writes it within its own memory, and not every engine streams rows
        with tempfile.TemporaryDirectory(prefix="cxmodels-scores-") as folder:
            file = Path(folder) / "rows.parquet"
            source.select([name for name in columns if name in source.columns]).to_parquet(file)
            yield from _from_parquet(file, columns=columns, rows=rows)
    else:
        yield from source


def _from_parquet(file: str | Path, *, columns: list[str], rows: int) -> Iterator[pd.DataFrame]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as opened:
        there = [name for name in columns if name in opened.schema_arrow.names]
        for batch in opened.iter_batches(batch_size=rows, columns=there):
            yield batch.to_pandas()

"""How are more customers scored than fit into memory? In batches, a model's probabilities row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from cxmodels.churn.model import BATCH, ChurnModel

KEYS = ("customer_id", "as_of")


def stream_scores(
    model: ChurnModel,
    source: pd.DataFrame | Iterable[pd.DataFrame],
    *,
    intervals: bool = False,
    rows: int = BATCH,
) -> Iterator[pd.DataFrame]:
    """Yield the probability of leaving of every row, a batch at a time.

    Parameters
    ----------
    model : ChurnModel
    source : DataFrame, or iterable of DataFrame
        Rows with customer_id, as_of where there is one, and the model's features. Frames of an iterable are
        batches as they come, and only one is in memory: of a Parquet file, for instance,
        ``(batch.to_pandas() for batch in pyarrow.parquet.ParquetFile(path).iter_batches())``.
    intervals : bool
        Also give p_leave_low and p_leave_high; it takes as many times as long as there are refits.
    rows : int
        Of a batch of one DataFrame.

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
    if isinstance(source, pd.DataFrame):
        whole = source
        source = (whole.iloc[start : start + rows] for start in range(0, len(whole), rows))
    for batch in source:
        scores = batch[[name for name in KEYS if name in batch.columns]].assign(p_leave=model.predict(batch))
        if intervals:
            low, high = model.interval(batch)
            scores = scores.assign(p_leave_low=low, p_leave_high=high)
        yield scores

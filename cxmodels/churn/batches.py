"""How are more customers worked on than fit into memory? In batches of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

BATCH = 50_000  # rows worked on at once: memory does not grow with the frame
KEYS = ("customer_id", "as_of")


def batches(
    source: pd.DataFrame | Iterable[pd.DataFrame], *, rows: int | None = None
) -> Iterator[pd.DataFrame]:
    """Yield a frame in pieces of so many rows, at least one; and the frames of an iterable as they come.

    Parameters
    ----------
    source : DataFrame, or iterable of DataFrame
        Frames of an iterable are batches as they come, and only one is in memory: of a Parquet file, for
        instance, ``(batch.to_pandas() for batch in pyarrow.parquet.ParquetFile(path).iter_batches())``.
    rows : int, optional
        Of a batch of one DataFrame. Default: `BATCH`.

    Raises
    ------
    ValueError
        Where `rows` is below 1.

    Examples
    --------
    >>> [len(part) for part in batches(pd.DataFrame({"a": [1, 2, 3]}), rows=2)]
    [2, 1]
    """
    rows = BATCH if rows is None else rows
    if rows < 1:
        raise ValueError(f"rows is {rows}; a batch has at least 1.")
    if isinstance(source, pd.DataFrame):
        for start in range(0, max(len(source), 1), rows):
            yield source.iloc[start : start + rows]
    else:
        yield from source


def keys_of(batch: pd.DataFrame) -> pd.DataFrame:
    """Return customer_id and as_of, as far as they are there."""
    return batch[[name for name in KEYS if name in batch.columns]]

"""How are public sets of one flat table read? As published, with kinds of columns settled, into Parquet."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def write_flat(original: Path, target: Path) -> None:
    """Turn a CSV file, also in a zip, into Parquet: numbers as numbers, all else as text.

    Parameters
    ----------
    original : Path
        The published file. A blank field is missing; so is "NA" in a column of
        numbers. Any other text, "None" and "Unknown" too, is a value.
    target : Path
        The Parquet file to write, with the columns and rows of the original.
    """
    _read(original).to_parquet(target, index=False)


def write_iranian_churn(original: Path, target: Path) -> None:
    """Turn the Iranian operator's file into Parquet with an id, which it lacks.

    Parameters
    ----------
    original : Path
        The published file: 3,150 lines, 300 of which equal an earlier one in every column.
    target : Path
        The Parquet file to write. ``customer_id`` numbers the lines that differ; equal lines have the same
        number, so that ``duplicates = "drop"`` finds them. Double blanks in names of columns become one.
    """
    frame = _read(original)
    frame.columns = pd.Index([" ".join(name.split()) for name in frame.columns])
    number = frame.groupby(list(frame.columns), sort=False, dropna=False).ngroup() + 1
    frame.insert(0, "customer_id", "line-" + number.astype(str).str.zfill(4))
    frame.to_parquet(target, index=False)


def _read(original: Path) -> pd.DataFrame:
    frame = pd.read_csv(original, keep_default_na=False, na_values=["", " "], dtype=str)
    for name in frame.columns:
        known = frame[name].dropna()
        numbers = pd.to_numeric(known[known != "NA"], errors="coerce")
        if len(numbers) and numbers.notna().all():
            frame[name] = pd.to_numeric(frame[name].where(frame[name] != "NA"))
    return frame

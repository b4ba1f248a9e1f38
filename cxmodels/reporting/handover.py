"""Tables for other tools: Parquet for programs, CSV for spreadsheets, with formulas made harmless."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def escape_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before texts that a spreadsheet would run as a formula.

    Names, reasons and ids come from outside; ``=HYPERLINK(…)`` in one of them would run on the reader's
    machine. Numbers are left alone, also negative ones.

    Parameters
    ----------
    frame : pandas.DataFrame
        Any table; it is not changed.

    Returns
    -------
    pandas.DataFrame
        A copy whose text cells, column names and text index are harmless.

    Examples
    --------
    >>> escape_formulas(pd.DataFrame({"reason": ["=1+1", "late"], "amount": [-1.5, 2.0]})).to_dict("list")
    {'reason': ["'=1+1", 'late'], 'amount': [-1.5, 2.0]}
    """
    safe = frame.copy()
    for position in range(safe.shape[1]):
        column = safe.iloc[:, position]
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(object)
        if pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype):
            safe.isetitem(position, column.map(_escape, na_action="ignore").to_numpy(dtype=object))
    safe.columns = pd.Index([_escape(name) for name in safe.columns])
    return safe


def write_parquet(frame: pd.DataFrame, path: Path) -> Path:
    """Write a table as Parquet, the index left out; the file appears whole or not at all."""
    return _write_whole(path, lambda part: frame.to_parquet(part, index=False))


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV that opens safely in a spreadsheet; the file appears whole or not at all.

    UTF-8 with a byte order mark (without it, Excel garbles names), comma, decimal point, ISO dates.
    Numbers have twelve figures: the digits beyond depend on the order in which threads have added up.
    """
    safe = escape_formulas(frame)
    return _write_whole(
        path,
        lambda part: safe.to_csv(
            part, index=False, encoding="utf-8-sig", lineterminator="\n", float_format="%.12g"
        ),
    )


def _escape(cell: object) -> object:
    """Make one cell harmless."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_STARTS_A_FORMULA):
        return f"'{cell}"
    return cell


def _write_whole(path: Path, write: Callable[[Path], object]) -> Path:
    """Write beside the file, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path

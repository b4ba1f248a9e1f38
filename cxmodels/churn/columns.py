"""How do columns of any kind become features? Numbers or categories; what says nothing is left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

DAY_SECONDS = 86_400
FEWEST_NAMES = 50  # texts of so few values are categories, however few rows there are
LIKE_AN_ID = 0.9  # share of rows with a value of their own: no category, but a name
# 007 is no number, and 1,5 could be two things
PLAIN_NUMBER = r"[+-]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?"


@dataclass(frozen=True)
class Columns:
    """Features that are fit for a model, and what became of the rest.

    Attributes
    ----------
    table : DataFrame
        float64 with NaN for missing, or pandas category, however many there are: a model pools the rare ones
        (`cxmodels.churn.encoding`), and keeps with it which.
    left_out : DataFrame
        One row a column left out: feature, reason.
    """

    table: pd.DataFrame = field(repr=False)
    left_out: pd.DataFrame


def read_columns(columns: pd.DataFrame, as_of: pd.Series | None = None) -> pd.DataFrame:
    """Make numbers or categories of columns of any kind.

    Parameters
    ----------
    columns : DataFrame, shape (rows, columns)
        Of any type.
    as_of : Series of datetime64, shape (rows,), optional
        The date of each row: days become days before it, and a day after it is not known. Default: days
        count from 1970.

    Returns
    -------
    DataFrame, shape (rows, columns)
        Numbers, flags (1 and 0) and days are float64; texts are categories, unless all of them are plain
        numbers. A day `x` becomes ``days_since_x`` where `as_of` is given. Infinite values are missing.

    Examples
    --------
    >>> raw = pd.DataFrame({"plan": ["a", "b"], "paid": [True, None]})
    >>> raw = raw.assign(calls=["3", "12"], zip=["01", "2"])
    >>> {name: str(kind) for name, kind in read_columns(raw).dtypes.items()}
    {'plan': 'category', 'paid': 'float64', 'calls': 'float64', 'zip': 'category'}
    """
    read = {}
    for name in columns.columns:
        column, day = _read(columns[name], as_of)
        read[f"days_since_{name}" if day and as_of is not None else str(name)] = column
    return pd.DataFrame(read, index=columns.index)


def fit_columns(table: pd.DataFrame, *, training: npt.NDArray[np.bool_]) -> Columns:
    """Leave out what says nothing, or the same as another column, by what the training rows show.

    Parameters
    ----------
    table : DataFrame, shape (rows, columns)
        Floats and categories, as of `read_columns`.
    training : ndarray of bool, shape (rows,)
        The rows that may be looked at: those to learn from.

    Returns
    -------
    Columns

    Raises
    ------
    ValueError
        Where there is no training row.
    """
    if not training.any():
        raise ValueError("No row is there to learn from; give training dates on which there are customers.")
    reasons = {name: _says_nothing(table.loc[training, name]) for name in table.columns}
    telling = table.loc[training, [name for name, reason in reasons.items() if not reason]]
    reasons |= {name: f"the same as {first}" for name, first in _repeats(telling).items()}
    dropped = [(name, reason) for name, reason in reasons.items() if reason]
    left_out = pd.DataFrame(dropped, columns=["feature", "reason"], dtype="str")
    return Columns(table.drop(columns=left_out["feature"]), left_out)


def _read(column: pd.Series, as_of: pd.Series | None) -> tuple[pd.Series, bool]:
    """Return a column as floats or categories, and whether it held days."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    known = column.dropna()
    if pd.api.types.is_datetime64_any_dtype(column) or _all_are(known, (date, datetime)):
        return _days(column, as_of), True
    if pd.api.types.is_timedelta64_dtype(column):
        return column.dt.total_seconds() / DAY_SECONDS, False
    if pd.api.types.is_numeric_dtype(column):
        return _finite(column), False
    if _all_are(known, (bool, np.bool_, int, float, Decimal)):
        return _finite(column.map(float, na_action="ignore").astype(float)), False
    texts = column.map(str, na_action="ignore")
    said = texts.dropna()
    if len(said) and said.str.fullmatch(PLAIN_NUMBER).all():
        return _finite(pd.to_numeric(texts)), False
    return texts.astype(object).where(texts.notna(), None).astype("category"), False


def _days(column: pd.Series, as_of: pd.Series | None) -> pd.Series:
    moment = pd.to_datetime(column, errors="coerce")
    if moment.dt.tz is not None:
        moment = moment.dt.tz_localize(None)
    if as_of is None:
        return (moment - pd.Timestamp(1970, 1, 1)) / pd.Timedelta(days=1)
    passed = (as_of - moment.dt.normalize()) / pd.Timedelta(days=1)
    # what is dated later was not known, or is a plan that may change
    return passed.where(passed >= 0)


def _finite(column: pd.Series) -> pd.Series:
    values = column.to_numpy(dtype=float, na_value=np.nan)
    return pd.Series(np.where(np.isfinite(values), values, np.nan), index=column.index)


def _all_are(known: pd.Series, kinds: tuple[type, ...]) -> bool:
    """Tell whether a column of Python objects holds values of these kinds, and only such."""
    return known.dtype == object and len(known) > 0 and all(isinstance(one, kinds) for one in known)


def _repeats(seen: pd.DataFrame) -> dict[str, str]:
    """Return the numeric columns that equal an earlier one in every row, and that one."""
    firsts: dict[bytes, str] = {}
    repeats = {}
    for name in seen.select_dtypes("number").columns:
        values = seen[name].to_numpy(dtype=float) + 0.0  # one zero, not two of either sign
        values[np.isnan(values)] = np.nan  # and one missing value
        first = firsts.setdefault(values.tobytes(), name)
        if first != name:
            repeats[name] = first
    return repeats


def _says_nothing(seen: pd.Series) -> str:
    """Return why a column is left out, or an empty string."""
    known = seen.dropna()
    if known.empty:
        return "no value on the dates to learn from"
    distinct = known.nunique()
    if distinct == 1 and len(known) == len(seen):
        return f"always {known.iloc[0]} on the dates to learn from"
    texts = isinstance(seen.dtype, pd.CategoricalDtype)
    if texts and distinct > max(FEWEST_NAMES, LIKE_AN_ID * len(known)):
        return f"{distinct:,} values in {len(known):,} rows: a name or a number of somebody, not a category"
    return ""

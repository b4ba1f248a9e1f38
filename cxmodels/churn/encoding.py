"""How do features become the numbers that a model reads? Decided once on training rows, then kept with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

KEYS = ("customer_id", "as_of", "churned")  # of a snapshot frame: never features
MOST_CATEGORIES = 100  # kept apart; more would be learned by heart
FEWEST_ROWS = 10  # of a category that is kept apart
RARE = "(rare)"


class NoFeatures(ValueError):
    """No feature tells customers apart; the message says of each why."""


@dataclass(frozen=True)
class Encoding:
    """Which features a model reads, and how.

    Attributes
    ----------
    features : tuple of str
        In the order of the matrix.
    categories : mapping of str to tuple of str
        The categories of each feature that is no number; their place is their code.
    pooled : mapping of str to tuple of str
        Of features with too many categories, those that count as one, ``(rare)``.
    dropped : mapping of str to str
        Features that say nothing, and why.
    """

    features: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]
    pooled: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    dropped: Mapping[str, str] = field(default_factory=dict)

    @property
    def categorical(self) -> list[int]:
        """The places of the features that are categories."""
        return [place for place, name in enumerate(self.features) if name in self.categories]

    def matrix(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the features as numbers; NaN where a value is missing or a category was not seen.

        Parameters
        ----------
        frame : DataFrame
            With the features; other columns are not read. It is not changed.

        Returns
        -------
        ndarray of float, shape (rows, features)

        Raises
        ------
        ValueError
            Where a feature is not there, or holds text where the model learned numbers.
        """
        lacking = [name for name in self.features if name not in frame.columns]
        if lacking:
            raise ValueError(
                f"The frame lacks {', '.join(lacking)}; it has {', '.join(map(str, frame.columns))}. Make it "
                "with the settings that the model was fitted with."
            )
        matrix = np.empty((len(frame), len(self.features)))
        for place, name in enumerate(self.features):
            if name in self.categories:
                matrix[:, place] = self._codes(name, frame[name])
            else:
                matrix[:, place] = _as_numbers(frame[name])
        return matrix

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "features": list(self.features),
            "categories": {name: list(values) for name, values in self.categories.items()},
            "pooled": {name: list(values) for name, values in self.pooled.items()},
            "dropped": dict(self.dropped),
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Encoding:
        """Return what `to_dict` gave."""
        return cls(
            tuple(kept["features"]),
            {name: tuple(values) for name, values in kept["categories"].items()},
            {name: tuple(values) for name, values in kept["pooled"].items()},
            dict(kept["dropped"]),
        )

    def _codes(self, name: str, column: pd.Series) -> npt.NDArray[np.float64]:
        code = {value: float(place) for place, value in enumerate(self.categories[name])}
        rare = self.pooled.get(name, ())
        code |= dict.fromkeys(rare, code[RARE]) if rare else {}
        values, distinct = pd.factorize(_as_text(column))
        table = np.array([*(code.get(value, np.nan) for value in distinct), np.nan])
        return np.asarray(table[values], dtype=float)


def fit_encoding(frame: pd.DataFrame, *, features: Sequence[str]) -> Encoding:
    """Decide how features are read, from training rows.

    Parameters
    ----------
    frame : DataFrame
        Training rows. Numbers and flags are numbers; so is text of which every value is a number written
        without leading zeros. Dates are refused. All else is a category.
    features : sequence of str
        Columns to use.

    Returns
    -------
    Encoding
        Without features that are constant. Of a feature with more than 100 categories, or with categories
        of fewer than 10 rows, the rarer ones count as one where there are at least two of them.

    Raises
    ------
    ValueError
        Where a feature is not there, repeated, a key column or a date; or none is left.

    Examples
    --------
    >>> rows = pd.DataFrame({"fee": [1.0, 2.0] * 10, "plan": ["a", "b"] * 10, "land": "no"})
    >>> encoding = fit_encoding(rows, features=["fee", "plan", "land"])
    >>> encoding.features, encoding.dropped
    (('fee', 'plan'), {'land': 'constant: every row has no'})
    """
    _check_names(frame, features)
    kept: list[str] = []
    categories: dict[str, tuple[str, ...]] = {}
    pooled: dict[str, tuple[str, ...]] = {}
    dropped: dict[str, str] = {}
    for name in features:
        column = frame[name]
        constant = _constant(column)
        if constant:
            dropped[name] = constant
            continue
        if not _is_number(column):
            apart, rare = _choose_categories(_as_text(column))
            if not apart and not column.isna().any():
                dropped[name] = f"each of its {len(rare):,} categories has fewer than {FEWEST_ROWS} rows"
                continue
            categories[name] = (*apart, RARE) if rare else apart
            if rare:
                pooled[name] = rare
        kept.append(name)
    if not kept:
        told = "; ".join(f"{name} ({why})" for name, why in dropped.items()) or "none was named"
        raise NoFeatures(f"No feature is left to learn from: {told}. Give features that differ by customer.")
    return Encoding(tuple(kept), categories, pooled, dropped)


def _check_names(frame: pd.DataFrame, features: Sequence[str]) -> None:
    lacking = [name for name in features if name not in frame.columns]
    if lacking:
        raise ValueError(
            f"There is no feature {', '.join(lacking)}; columns are {', '.join(map(str, frame.columns))}."
        )
    keys = [name for name in features if name in KEYS]
    if keys:
        raise ValueError(f"{', '.join(keys)} cannot be a feature: it names the row, or is the answer.")
    if len(set(features)) < len(features):
        raise ValueError("A feature is named twice; name each once.")
    dates = [name for name in features if pd.api.types.is_datetime64_any_dtype(frame[name])]
    if dates:
        raise ValueError(
            f"{', '.join(dates)} are dates: give days up to as_of instead, which mean the same next month."
        )


def _constant(column: pd.Series) -> str:
    known = column.dropna()
    if known.empty:
        return "empty: no row has a value"
    if len(known) < len(column):
        return ""  # whether it is filled in may tell something
    return f"constant: every row has {known.iloc[0]}" if known.nunique() == 1 else ""


def _is_number(column: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(column):
        return True
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    distinct = pd.Series(_as_text(column).dropna().unique(), dtype=object)
    if distinct.isin(["True", "False"]).all():
        return all(isinstance(one, bool | np.bool_) for one in column.dropna())
    # 007 is a code, no number
    written = distinct.str.fullmatch(r"[+-]?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?").all()
    return bool(written and pd.to_numeric(distinct, errors="coerce").notna().all())


def _as_numbers(column: pd.Series) -> npt.NDArray[np.float64]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    try:
        values = pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        read = pd.to_numeric(column, errors="coerce")
        odd = column[read.isna() & column.notna()].iloc[0]
        raise ValueError(
            f"{column.name} was a number in training and now holds {odd!r}; make it a number."
        ) from None
    return np.where(np.isinf(values), np.nan, values)


def _as_text(column: pd.Series) -> pd.Series:
    """Return categories as text: 1, 1.0 and "1" are the same; None where missing."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        names = [_name(one) for one in column.cat.categories]
        return pd.Series(np.array([*names, None], dtype=object)[column.cat.codes], index=column.index)
    return column.astype(object).where(column.notna(), None).map(_name, na_action="ignore")


def _name(one: object) -> str:
    whole = isinstance(one, float | np.floating) and float(one).is_integer()
    return str(int(one)) if whole else str(one)  # type: ignore[call-overload]


def _choose_categories(names: pd.Series) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the categories kept apart, the most frequent first, and those that count as one."""
    counts = names.value_counts()
    # equal counts in the order of the alphabet: the order of rows decides nothing
    counts = counts.sort_index().sort_values(ascending=False, kind="stable")
    few = counts[counts < FEWEST_ROWS].index
    rare = set(few) if len(few) > 1 else set()
    rare |= set(counts.index[MOST_CATEGORIES:])
    apart = tuple(name for name in counts.index if name not in rare)
    return apart, tuple(name for name in counts.index if name in rare)

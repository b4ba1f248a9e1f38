"""Why this customer? Each customer's own strongest reasons, in words of the study and in its language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from cxmodels.churn.batches import batches, keys_of
from cxmodels.churn.model import ChurnModel
from cxmodels.drivers.reason_words import ReasonWords
from cxmodels.value.counts import Floats, Integers

TOP = 3
LEAST = 0.02  # log odds: a reason moves the odds by at least 2 %
SEPARATOR = "; "

Say = Callable[..., str]
"""Words a feature and its value, and the value of the feature that is told beside it."""


def stream_reasons(
    model: ChurnModel,
    source: pd.DataFrame | Iterable[pd.DataFrame],
    words: ReasonWords,
    *,
    families: Mapping[str, str] | None = None,
    count: int = TOP,
    rows: int | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield the reasons of every customer, a batch at a time: memory does not grow with the customers.

    Parameters
    ----------
    model : ChurnModel
    source : DataFrame, or iterable of DataFrame
        As of `cxmodels.churn.batches.batches`.
    words : ReasonWords
    families : mapping of str to str, optional
        Features that tell the same thing, as of `feature_parts`: added up, and told once, by the feature
        that raises most.
    count : int
        Reasons a customer, at most.
    rows : int
        Of a batch of one DataFrame.

    Yields
    ------
    DataFrame
        customer_id and as_of (where they are there), and reasons: what raises the odds of leaving by 2 % or
        more, the strongest first, with the customer's own value; empty where nothing does.

    Raises
    ------
    ValueError
        Where a batch lacks a feature, or `count` or `rows` is below 1.

    Notes
    -----
    A reason says what the model used. It is no cause, and no advice: see `ChurnModel.contributions`.
    """
    for batch in batches(source, rows=rows):
        moved = model.contributions(batch).drop(columns="base")
        told = tell_reasons(moved, batch, say=words.say, families=families, beside=words.beside, count=count)
        yield keys_of(batch).assign(reasons=told)


def tell_reasons(
    moved: pd.DataFrame,
    frame: pd.DataFrame,
    *,
    say: Say,
    families: Mapping[str, str] | None = None,
    beside: Mapping[str, str] | None = None,
    count: int = TOP,
) -> pd.Series:
    """Word the features that most raise each row, the strongest first.

    Parameters
    ----------
    moved : DataFrame, shape (rows, features)
        How far each feature moves each row, log odds.
    frame : DataFrame, shape (rows, columns)
        The features' values, row by row the same.
    say : callable
        Words a feature and its value, or values; called once for each different one.
    families : mapping of str to str, optional
        Features that tell the same thing, such as one count over three windows: they are added up, and the
        one that raises most speaks for all. Others are families of their own.
    beside : mapping of str to str, optional
        Feature → the feature whose value is told with it, as of `ReasonWords.beside`.
    count : int
        Reasons a row, at most.

    Returns
    -------
    Series of str, shape (rows,)
        Indexed as `frame`; empty where nothing raises the odds by 2 %.

    Raises
    ------
    ValueError
        Where `count` is below 1.
    """
    if count < 1:
        raise ValueError(f"count is {count}; give at least 1.")
    names = list(moved.columns)
    raised, speaker = _by_family(moved.to_numpy(), [(families or {}).get(name, name) for name in names])
    first = np.argsort(-raised, axis=1, kind="stable")[:, :count]
    told: list[list[str]] = [[] for _ in range(len(frame))]
    for chosen in first.T:
        raises = np.take_along_axis(raised, chosen[:, None], axis=1)[:, 0] >= LEAST
        place = np.take_along_axis(speaker, chosen[:, None], axis=1)[:, 0]
        for one in np.unique(place[raises]):
            rows = np.flatnonzero(raises & (place == one))
            told_with = [other for other in ((beside or {}).get(names[one]),) if other in frame]
            codes, values = _distinct(frame[[names[one], *told_with]].iloc[rows])
            said = [say(names[one], *each) for each in values]
            for row, code in zip(rows, codes, strict=True):
                told[row].append(said[code])
    return pd.Series([SEPARATOR.join(one) for one in told], index=frame.index, dtype=object, name="reasons")


def _by_family(moved: Floats, families: list[str]) -> tuple[Floats, Integers]:
    """Return the sum of each family, and the place of the feature in it that raises most; by row."""
    codes, names = pd.factorize(np.array(families, dtype=object))
    raised = np.empty((len(moved), len(names)))
    speaker = np.empty((len(moved), len(names)), dtype=np.int64)
    for family in range(len(names)):
        places = np.flatnonzero(codes == family)
        raised[:, family] = moved[:, places].sum(axis=1)
        speaker[:, family] = places[moved[:, places].argmax(axis=1)]
    return raised, speaker


def _distinct(values: pd.DataFrame) -> tuple[Integers, list[tuple[object, ...]]]:
    """Number the different rows of a few columns, where a missing value is one as well."""
    places, parts = np.zeros(len(values), dtype=np.int64), []
    for name in values.columns:
        codes, different = pd.factorize(values[name], use_na_sentinel=False)
        places = places * len(different) + codes
        parts.append(different)
    there, codes = np.unique(places, return_inverse=True)
    at = np.unravel_index(there, [len(part) for part in parts])
    columns = [part[place] for part, place in zip(parts, at, strict=True)]
    return codes, list(zip(*columns, strict=True))

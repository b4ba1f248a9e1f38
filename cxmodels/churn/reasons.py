"""Why does the model think that this customer may leave? The strongest reasons of each, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from cxmodels.churn.model import ChurnModel
from cxmodels.churn.words import AT_ZERO
from cxmodels.value.counts import Floats, Integers

TOP = 3
LEAST = 0.02  # log odds: a reason moves the odds by at least 2 %
SEPARATOR = "; "
PLAIN = ("not known", "yes", "no")

Say = Callable[[str, object], str]
"""Words a feature and its value."""


def top_reasons(
    model: ChurnModel, frame: pd.DataFrame, *, label: Mapping[str, str] | None = None, count: int = TOP
) -> pd.Series:
    """Return the features that most raise each customer's probability of leaving, in words.

    Parameters
    ----------
    model : ChurnModel
    frame : DataFrame, shape (rows, columns)
        As of `ChurnModel.predict`.
    label : mapping of str to str, optional
        Words for features; without any, the name, its underscores made blanks.
    count : int
        Reasons a customer, at most.

    Returns
    -------
    Series of str, shape (rows,)
        Such as ``outages in 90 days: 4; monthly fee: 79``, the strongest first; empty where there is none.

    Raises
    ------
    ValueError
        As `ChurnModel.predict`; and where `label` names no feature or `count` is below 1.

    Notes
    -----
    A reason of the model is no cause: see `ChurnModel.contributions`.
    """
    words = dict(label or {})
    unknown = [name for name in words if name not in (*model.features, *model.encoding.dropped)]
    if unknown:
        raise ValueError(f"label names {', '.join(unknown)}; features are {', '.join(model.features)}.")

    def say(name: str, value: object) -> str:
        if name in AT_ZERO and value == 0:
            return AT_ZERO[name]
        called = words.get(name, name.replace("_", " "))
        return f"{called.partition(' (0:')[0] if name in AT_ZERO else called}: {say_value(value)}"

    moved = model.contributions(frame).drop(columns="base")
    return tell_reasons(moved, frame, say=say, families=dict.fromkeys(AT_ZERO, "binding"), count=count)


def tell_reasons(
    moved: pd.DataFrame,
    frame: pd.DataFrame,
    *,
    say: Say,
    families: Mapping[str, str] | None = None,
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
        Words a feature and its value; called once for each different value.
    families : mapping of str to str, optional
        Features that tell the same thing, such as one count over three windows: they are added up, and the
        one that raises most speaks for all. Others are families of their own.
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
            codes, values = pd.factorize(frame[names[one]].iloc[rows], use_na_sentinel=False)
            said = [say(names[one], value) for value in values]
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


def say_value(
    value: object, *, number: Callable[[float], str] | None = None, words: tuple[str, str, str] = PLAIN
) -> str:
    """Return a value as people write it.

    Parameters
    ----------
    value : object
        Number, flag, text, or missing.
    number : callable, optional
        Words a number; plain English by default.
    words : tuple of str
        What is written for a missing value, for true and for false.

    Examples
    --------
    >>> say_value(3.0), say_value(1234.56), say_value(float("nan")), say_value(True)
    ('3', '1235', 'not known', 'yes')
    """
    if pd.isna(value):  # type: ignore[call-overload]
        return words[0]
    if isinstance(value, bool | np.bool_):
        return words[1] if value else words[2]
    if isinstance(value, int | float | np.number):
        return (number or plain_number)(float(value))
    return str(value)


def plain_number(value: float) -> str:
    """Write a number in plain English, three figures below a thousand."""
    return f"{value:.0f}" if abs(value) >= 1000 or value.is_integer() else f"{value:.3g}"

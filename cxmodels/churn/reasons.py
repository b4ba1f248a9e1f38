"""Why does the model think that this customer may leave? The strongest reasons of each, in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cxmodels.churn.model import ChurnModel

TOP = 3
LEAST = 0.02  # log odds: a reason moves the odds by at least 2 %
SEPARATOR = "; "


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
    if count < 1:
        raise ValueError(f"count is {count}; give at least 1.")
    moved = model.contributions(frame).to_numpy()[:, :-1]
    first = np.argsort(-moved, axis=1, kind="stable")[:, :count]
    told: list[list[str]] = [[] for _ in range(len(frame))]
    for rank in range(first.shape[1]):
        place = first[:, rank]
        raises = np.take_along_axis(moved, place[:, None], axis=1)[:, 0] >= LEAST
        for one in np.unique(place[raises]):
            name = model.features[one]
            rows = np.flatnonzero(raises & (place == one))
            said = words.get(name, name.replace("_", " "))
            for row, value in zip(rows, frame[name].iloc[rows], strict=True):
                told[row].append(f"{said}: {_say(value)}")
    return pd.Series([SEPARATOR.join(one) for one in told], index=frame.index, dtype=object, name="reasons")


def _say(value: object) -> str:
    """Return a value as people write it.

    Examples
    --------
    >>> _say(3.0), _say(1234.56), _say(float("nan")), _say(True)
    ('3', '1235', 'not known', 'yes')
    """
    if pd.isna(value):  # type: ignore[call-overload]
        return "not known"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        number = float(value)
        return f"{number:.0f}" if abs(number) >= 1000 or number.is_integer() else f"{number:.3g}"
    return str(value)

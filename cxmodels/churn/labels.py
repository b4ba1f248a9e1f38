"""Are these labels and scores fit to be compared? The check that every figure of this room starts with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.value.counts import Floats


def read_labels(churned: npt.ArrayLike, *, both: bool = True) -> Floats:
    """Check who left, and return it as 0 and 1.

    Parameters
    ----------
    churned : array_like of bool or 0/1, shape (rows,)
        Whether each customer left within the horizon.
    both : bool
        Whether there must be customers of both kinds.

    Returns
    -------
    ndarray of float, shape (rows,)

    Raises
    ------
    ValueError
        Where there is no row, a label is missing or not 0 or 1, or all rows have the same label.

    Examples
    --------
    >>> read_labels([True, False]).tolist()
    [1.0, 0.0]
    """
    try:
        labels = np.asarray(pd.Series(np.asarray(churned).ravel()), dtype=float)
    except (TypeError, ValueError):
        found = sorted({str(one) for one in np.asarray(churned, dtype=object).ravel()})[:4]
        raise ValueError(
            f"The labels hold {', '.join(found)}; give 1 or True where the customer left, 0 or False "
            "where not, and leave rows without an outcome out."
        ) from None
    if np.ndim(churned) != 1 or len(labels) == 0:
        raise ValueError(
            f"The labels have shape {np.shape(churned)}; give one list with a label for each row, and at "
            "least one row."
        )
    bad = ~np.isin(labels, (0.0, 1.0))
    if bad.any():
        raise ValueError(
            f"{int(bad.sum())} of {len(labels)} labels are neither 0 nor 1; the first is row "
            f"{int(np.argmax(bad))} with {labels[np.argmax(bad)]}. Leave rows without an outcome out."
        )
    if both and labels.min() == labels.max():
        kind = "left" if labels[0] == 1.0 else "stayed"
        raise ValueError(
            f"All {len(labels)} rows {kind}: nothing tells good scores from bad ones. Take a longer horizon, "
            "more customers or another as_of, so that some left and some stayed."
        )
    return labels


def read_scores(churned: npt.ArrayLike, score: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Check labels and scores of the same rows; any finite score will do, higher means likelier to leave.

    Raises
    ------
    ValueError
        As `read_labels`; and where the lengths differ or a score is not finite.
    """
    labels = read_labels(churned)
    return labels, read_numbers(score, rows=len(labels), name="score")


def read_probabilities(churned: npt.ArrayLike, probability: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Check labels and probabilities of the same rows.

    Raises
    ------
    ValueError
        As `read_scores`; and where a probability lies outside 0 to 1.
    """
    labels = read_labels(churned)
    return labels, checked_probability(probability, rows=len(labels))


def checked_probability(probability: npt.ArrayLike, *, rows: int | None = None) -> Floats:
    """Return probabilities as floats; a ValueError names the first that lies outside 0 to 1."""
    values = read_numbers(probability, rows=rows, name="probability")
    bad = (values < 0) | (values > 1)
    if bad.any():
        raise ValueError(
            f"{int(bad.sum())} of {len(values)} probabilities lie outside 0 to 1; the first is row "
            f"{int(np.argmax(bad))} with {values[np.argmax(bad)]}. Give probabilities, not scores "
            "or percentages."
        )
    return values


def read_numbers(values: npt.ArrayLike, *, rows: int | None = None, name: str) -> Floats:
    """Return one finite number a row as floats; a single number stands for all rows.

    Raises
    ------
    ValueError
        Where the number of values is not that of the rows, or a value is not finite.
    """
    numbers = np.asarray(values, dtype=float)
    if numbers.ndim == 0 and rows is not None:
        numbers = np.full(rows, float(numbers))
    if numbers.ndim != 1 or (rows is not None and len(numbers) != rows):
        raise ValueError(f"{name} has shape {numbers.shape}; give one value for each of the {rows} rows.")
    bad = ~np.isfinite(numbers)
    if bad.any():
        raise ValueError(
            f"{int(bad.sum())} of {len(numbers)} values of {name} are missing or infinite; the first is row "
            f"{int(np.argmax(bad))}. Every row needs one."
        )
    return numbers

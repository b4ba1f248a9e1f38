"""How does the model's score move with one feature, and where are there customers to learn it from?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cxmodels.drivers.attribution import Attribution
from cxmodels.tables.errors import nearest_names
from cxmodels.value.counts import Floats, Integers

LEAST_SHARE = 0.02  # of the known values: a piece of the curve has at least so many rows
FEWEST = 10  # customers of a piece, below which it is not shown
BARS = 30
HARDLY = 0.05  # log odds: what moves the odds by less than 5 % hardly moves them
MOSTLY = 2 / 3  # of its reach: a curve that rises by so much from its first point to its last rises
FLAG = ("0", "1")
LONG = 10.0  # a curve so long is told in whole numbers
INNER = (5.0, 95.0)  # percentiles of the rows of a piece: the middle 90 %
_COLUMNS = ["kind", "piece", "value", "low", "high", "customers", "share", "moved", "moved_low", "moved_high"]


@dataclass(frozen=True)
class Dependence:
    """What a model says of one feature, and of how many customers it says it.

    Attributes
    ----------
    feature : str
    table : DataFrame
        One row a piece, numbers rising, then categories, the most frequent first, then missing: kind
        (number, category or missing), piece (in words), value (mean; NaN of no number), low, high (least and
        largest value), customers, share (of all rows), moved (mean log odds before calibration by this
        feature), moved_low, moved_high (5th and 95th percentile of its rows: they differ by what else is
        known of the customers).
    support : DataFrame
        From the first point of the curve to the last: low, high, share (of all rows) of bars of equal width.
    left_out : int
        Rows in pieces of fewer than 10 customers, which are not shown.
    """

    feature: str
    table: pd.DataFrame = field(repr=False)
    support: pd.DataFrame = field(repr=False)
    left_out: int

    def finding(self, label: str, *, number: Callable[..., str]) -> str:
        """Say in a sentence how the score moves with the feature.

        Parameters
        ----------
        label : str
            The feature in words.
        number : callable
            Words a number, with so many ``digits`` where they are given, such as ``run.words.number``.
        """
        line = self.table[self.table["kind"] == "number"]
        if len(line) < 2:
            return self._of_categories(label)
        at, moved = line["value"].to_numpy(dtype=float), line["moved"].to_numpy(dtype=float)
        rise, reach = moved[-1] - moved[0], np.ptp(moved)
        places = [number(value, digits=0) if np.ptp(at) >= LONG else number(value) for value in at]
        if reach < HARDLY:
            return f"The score hardly moves with “{label}”"
        if abs(rise) >= MOSTLY * reach:
            way = "rises" if rise > 0 else "falls"
            ends = [f"{number(moved[end], digits=2)} at {places[end]}" for end in (0, -1)]
            return f"The score {way} with “{label}”: from {' to '.join(ends)}"
        above, below = moved.max() - moved[[0, -1]].max(), moved[[0, -1]].min() - moved.min()
        turn, way = (moved.argmax(), "highest") if above >= below else (moved.argmin(), "lowest")
        return f"The score is {way} where “{label}” is near {places[turn]}"

    def _of_categories(self, label: str) -> str:
        named = self.table[self.table["kind"] == "category"].set_index("piece")["moved"]
        if len(named) < 2:
            return f"Too few customers differ in “{label}” to say how the score moves with it"
        if np.ptp(named) < HARDLY:
            return f"The score hardly moves with “{label}”"
        return f"The score is highest where “{label}” is “{named.idxmax()}”"


def dependence(found: Attribution, feature: str) -> Dependence:
    """Trace what the model says of one feature over its values.

    Parameters
    ----------
    found : Attribution
        The more rows, the finer.
    feature : str
        One that the model reads.

    Returns
    -------
    Dependence
        The curve ends where the data end: nothing is drawn out to values that no customer has.

    Raises
    ------
    ValueError
        Where the model has no such feature.

    Notes
    -----
    Neighbouring values are put together until a piece has 2 % of the known ones, so that each count with
    enough customers is a piece of its own, whatever share has none.
    """
    if feature not in found.features:
        near = nearest_names(feature, found.features)
        raise ValueError(f"The model has no feature {feature!r}{near}; it has {', '.join(found.features)}.")
    # as the model read them: what it has not seen counts as missing
    column = found.features.index(feature)
    read = found.encoding.matrix(found.data)[:, column]
    known = np.isfinite(read)
    names = found.encoding.categories.get(feature)
    if names is None and set(np.unique(read[known])) == {0.0, 1.0}:
        names = FLAG  # between no and yes there is no line to draw
    pieces = np.full(len(read), -1)
    pieces[known] = _pieces(read[known]) if names is None else read[known]
    order = [*_in_order(pieces, by_size=names is not None), -1]
    members = [np.flatnonzero(pieces == piece) for piece in order]
    rows = [_piece(found, feature, read, names, rows=some) for some in members if len(some)]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    table = table[table["customers"] >= FEWEST].reset_index(drop=True)
    shown = round(float(table["share"].sum()) * len(read))
    return Dependence(feature, table, _support(read, table), len(read) - shown)


def _pieces(values: Floats) -> Integers:
    """Number the pieces of known numbers, rising."""
    distinct, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    least = LEAST_SHARE * len(values)
    number, here = 0, 0
    pieces = np.empty(len(distinct), dtype=np.int64)
    for place, count in enumerate(counts):
        pieces[place] = number
        here += count
        if here >= least:
            number, here = number + 1, 0
    if here > 0 and number > 1:  # the few at the top are a piece of their own only beside a single other
        pieces[pieces == number] = number - 1
    return pieces[which]


def _in_order(pieces: Integers, *, by_size: bool) -> list[int]:
    there, counts = np.unique(pieces[pieces >= 0], return_counts=True)
    return [int(one) for one in (there[np.argsort(-counts, kind="stable")] if by_size else there)]


def _piece(
    found: Attribution, feature: str, read: Floats, names: tuple[str, ...] | None, *, rows: Integers
) -> dict[str, object]:
    """Describe one piece: some rows, all missing, of one category, or of neighbouring numbers."""
    moved = found.values[feature].to_numpy()[rows]
    values = read[rows]
    missing, number = bool(np.isnan(values[0])), names is None
    low, high = (values.min(), values.max()) if number else (np.nan, np.nan)
    in_words = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    piece = "not known" if missing else in_words if names is None else names[int(values[0])]
    inner = np.percentile(moved, INNER)
    return {
        "kind": "missing" if missing else "number" if number else "category",
        "piece": piece,
        "value": values.mean() if number else np.nan,
        "low": low,
        "high": high,
        "customers": len(np.unique(found.places[rows])),
        "share": len(rows) / len(read),
        "moved": moved.mean(),
        "moved_low": inner[0],
        "moved_high": inner[1],
    }


def _support(read: Floats, table: pd.DataFrame) -> pd.DataFrame:
    """Count the rows along the curve, in bars of equal width: around each value, where there are few."""
    numbers = table[table["kind"] == "number"]
    if numbers.empty:
        return pd.DataFrame(columns=["low", "high", "share"], dtype=float)
    low, high = float(numbers["value"].min()), float(numbers["value"].max())
    distinct, counts = np.unique(read[(read >= low) & (read <= high)], return_counts=True)
    if len(distinct) <= BARS:
        half = 0.4 * (np.diff(distinct).min() if len(distinct) > 1 else 1.0)
        bars = {"low": distinct - half, "high": distinct + half}
    else:
        edges = np.linspace(low, high, BARS + 1)
        counts = np.histogram(np.repeat(distinct, counts), edges)[0]
        bars = {"low": edges[:-1], "high": edges[1:]}
    return pd.DataFrame({**bars, "share": counts / len(read)})

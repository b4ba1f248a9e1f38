"""Tables that people read: few columns, plain headings, numbers in the study's currency and language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from html import escape

import pandas as pd

from cxmodels.reporting.wording import Money

Spec = str | tuple[str, str] | tuple[str, str, str]

KINDS = ("text", "number", "share", "money", "date")


@dataclass(frozen=True)
class ReadableTable:
    """A table ready to be read: every cell is text.

    Attributes
    ----------
    cells : pandas.DataFrame
        The worded cells under their headings.
    right : tuple of str
        Headings of the columns that hold numbers, which stand to the right.
    """

    cells: pd.DataFrame
    right: tuple[str, ...]

    def __str__(self) -> str:
        """Give the table as plain text."""
        return self.cells.to_string(index=False)

    def _repr_html_(self) -> str:
        """Show the table; what comes from data is escaped."""
        sides = ["right" if name in self.right else "left" for name in self.cells.columns]
        head = _row("th", [str(name) for name in self.cells.columns], sides)
        body = "".join(_row("td", list(row), sides) for row in self.cells.itertuples(index=False, name=None))
        return f'<table class="readable"><thead>{head}</thead><tbody>{body}</tbody></table>'


def readable(frame: pd.DataFrame, columns: Mapping[str, Spec], *, money: Money) -> ReadableTable:
    """Choose, name and word the columns of a table.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    columns : mapping
        Heading → column of text, ``(column, kind)``, or ``(low, high, kind)`` for a range. Kinds: ``text``,
        ``number``, ``share`` (0.12 is shown as 12.0%), ``money`` and ``date``. Missing values become a dash.
    money : Money
        Words money and numbers, such as ``run.money``.

    Raises
    ------
    ValueError
        Where a column or kind is not known; names the nearest.

    Examples
    --------
    >>> frame = pd.DataFrame({"tier": ["top"], "share": [0.25], "low": [900.0], "high": [1100.0]})
    >>> shown = readable(
    ...     frame,
    ...     {"Tier": "tier", "Share": ("share", "share"), "Value": ("low", "high", "money")},
    ...     money=Money("EUR"),
    ... )
    >>> shown.cells.iloc[0].tolist()
    ['top', '25.0%', '€900 to €1,100']
    """
    specs = {heading: (spec, "text") if isinstance(spec, str) else spec for heading, spec in columns.items()}
    cells = {}
    for heading, (*names, kind) in specs.items():
        word = _worder(kind, money)
        _check_columns(frame, names)
        rows = zip(*(frame[name] for name in names), strict=True)
        cells[heading] = [f" {money.words.to} ".join(_worded(value, word) for value in row) for row in rows]
    right = tuple(heading for heading, spec in specs.items() if spec[-1] != "text")
    return ReadableTable(pd.DataFrame(cells).astype(object), right)


def _worder(kind: str, money: Money) -> Callable[[object], str]:
    words: dict[str, Callable[..., str]] = {
        "text": str,
        "number": money.words.number,
        "share": money.words.percent,
        "money": money,
        "date": money.words.date,
    }
    if kind not in words:
        near = get_close_matches(str(kind), KINDS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"kind {kind!r} is not known{hint} Allowed: {', '.join(KINDS)}")
    return words[kind]


def _worded(value: object, word: Callable[[object], str]) -> str:
    if not isinstance(value, str | date) and bool(pd.isna(value)):  # type: ignore[call-overload]
        return "–"
    return word(value)


def _check_columns(frame: pd.DataFrame, names: list[str]) -> None:
    for name in names:
        if name not in frame.columns:
            near = get_close_matches(name, [str(there) for there in frame.columns], n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"the table has no column {name!r}{hint} There are {list(frame.columns)}.")


def _row(tag: str, cells: list[str], sides: list[str]) -> str:
    inner = "".join(
        f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>'
        for cell, side in zip(cells, sides, strict=True)
    )
    return f"<tr>{inner}</tr>"

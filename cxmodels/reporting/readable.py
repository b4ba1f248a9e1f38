"""Tables that people read: few columns, plain headings, numbers in the study's currency and language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from html import escape

import pandas as pd

from cxmodels.reporting.vocabulary import COLUMNS, Spec
from cxmodels.reporting.wording import Money
from cxmodels.study_errors import nearest

_NOTHING = "–"
KINDS = ("text", "number", "share", "points", "money", "flag", "date")
_NUMBERS = ("number", "share", "points", "money")


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
        heads = ["text-align:" + ("right" if name in self.right else "left") for name in self.cells.columns]
        head = _row(["th"] * len(heads), [str(name) for name in self.cells.columns], heads)
        tags = ["th", *["td"] * (len(heads) - 1)]
        # A number, and a range, stays on one line.
        sides = [f"{side};white-space:nowrap" if side.endswith("right") else side for side in heads]
        body = "".join(_row(tags, list(row), sides) for row in self.cells.itertuples(index=False, name=None))
        return f'<table class="readable"><thead>{head}</thead><tbody>{body}</tbody></table>'


def readable(
    frame: pd.DataFrame, columns: Iterable[str] | Mapping[str, Spec], *, money: Money
) -> ReadableTable:
    """Choose, name and word the columns of a table.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    columns : iterable of str, or mapping
        Short names of `cxmodels.reporting.vocabulary.COLUMNS`; or heading → ``(column, kind)``, or
        ``(low, high, kind)`` for a range. Kinds: ``text``, ``number``, ``share`` (0.12 is shown as 12.0%),
        ``points`` (percentage points: 0.012 is shown as 1.2), ``money``, ``flag`` (yes or no) and ``date``.
        Missing values become a dash.
    money : Money
        Words money and numbers, such as ``run.money``.

    Raises
    ------
    ValueError
        Where a name, column or kind is not known; names the nearest.

    Examples
    --------
    >>> tiers = pd.DataFrame({"value_tier": ["top"], "customer_share": [0.25], "low": [900], "high": [1100]})
    >>> readable(tiers, ["value_tier", "customer_share"], money=Money("EUR")).cells.iloc[0].tolist()
    ['top', '25.0%']
    >>> readable(tiers, {"Value": ("low", "high", "money")}, money=Money("EUR")).cells.iloc[0].tolist()
    ['€900 to €1,100']
    """
    specs = columns if isinstance(columns, Mapping) else dict(_from_vocabulary(name) for name in columns)
    cells = {}
    for heading, (*names, kind) in specs.items():
        word = _worder(kind, money)
        _check_columns(frame, names)
        rows = zip(*(frame[name] for name in names), strict=True)
        cells[heading] = [_range([_worded(value, word) for value in row]) for row in rows]
    right = tuple(heading for heading, spec in specs.items() if spec[-1] in _NUMBERS)
    return ReadableTable(pd.DataFrame(cells).astype(object), right)


def _from_vocabulary(name: str) -> tuple[str, Spec]:
    if name not in COLUMNS:
        raise ValueError(
            f"the vocabulary has no column {name!r}{nearest(name, COLUMNS, otherwise='.')} Give a heading "
            "and what to show under it."
        )
    return COLUMNS[name]


def _worder(kind: str, money: Money) -> Callable[[object], str]:
    words: dict[str, Callable[..., str]] = {
        "text": str,
        "number": money.words.number,
        "share": money.words.percent,
        "points": money.words.points,
        "money": money,
        "flag": lambda value: "yes" if value else "no",
        "date": money.words.date,
    }
    if kind not in words:
        hint = nearest(str(kind), KINDS, otherwise=".")
        raise ValueError(f"kind {kind!r} is not known{hint} Allowed: {', '.join(KINDS)}")
    return words[kind]


def _worded(value: object, word: Callable[[object], str]) -> str:
    if value is pd.NaT:  # which is an instance of date
        return _NOTHING
    if not isinstance(value, str | date) and bool(pd.isna(value)):  # type: ignore[call-overload]
        return _NOTHING
    return word(value)


def _range(ends: list[str]) -> str:
    return _NOTHING if set(ends) == {_NOTHING} else " to ".join(ends)


def _check_columns(frame: pd.DataFrame, names: list[str]) -> None:
    for name in names:
        if name not in frame.columns:
            hint = nearest(name, map(str, frame.columns), otherwise=".")
            raise ValueError(f"the table has no column {name!r}{hint} There are {list(frame.columns)}.")


def _row(tags: list[str], cells: list[str], sides: list[str]) -> str:
    inner = "".join(
        f'<{tag} style="{side}">{escape(cell)}</{tag}>'
        for tag, cell, side in zip(tags, cells, sides, strict=True)
    )
    return f"<tr>{inner}</tr>"

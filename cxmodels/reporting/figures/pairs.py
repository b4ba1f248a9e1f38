"""Pairs: the same few things, measured in two ways."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxmodels.reporting.figures.style import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    SMALLEST_FONT,
    Number,
    canvas,
    format_axis,
    put_title,
)
from cxmodels.reporting.wording import Wording


def pairs(
    table: pd.DataFrame, *, title: str, label: str, number: Number | None = None, ax: Axes | None = None
) -> Axes:
    """Draw two marks a row, such as a share by customers and by value, on one scale.

    Parameters
    ----------
    table : pandas.DataFrame
        Index: names from top to bottom, or blocks of them: (block, name). Two columns, named as readers
        should see them. What is missing is not drawn; a row without a number is written as a dash.
    title : str
        The finding.
    label : str
        What is measured, with its unit.
    number : callable, optional
        Words the numbers; whole percent by default.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Raises
    ------
    ValueError
        Where the table is empty, or has not two columns.
    """
    if table.empty:
        raise ValueError("nothing to draw: the table is empty")
    if table.shape[1] != 2:
        raise ValueError(f"two columns are compared, found {', '.join(map(str, table.columns))}")
    word = number or (lambda share: Wording().percent(share, digits=0))
    lines = _lines(table)
    with canvas(ax, height=1.6 + 0.42 * len(lines)) as ax:
        places = np.array([place for place, (_, row) in enumerate(lines[::-1]) if row is not None])[::-1]
        first, second = (table[name].to_numpy(dtype=float) for name in table.columns)
        ax.hlines(places, np.fmin(first, second), np.fmax(first, second), color=QUIET, linewidth=2, zorder=2)
        ax.plot(first, places, "o", color=BLUE, markersize=10, label=str(table.columns[0]), zorder=3)
        ax.plot(
            second,
            places,
            "D",
            color=ORANGE,
            markerfacecolor="white",
            markeredgewidth=2,
            markersize=8,
            label=str(table.columns[1]),
            zorder=4,
        )
        for place, one, other in zip(places, first, second, strict=True):
            _write(ax, place, one, other, number=word)
        ax.set_yticks(range(len(lines)), [text for text, _ in lines[::-1]])
        for tick, (_, row) in zip(ax.get_yticklabels(), lines[::-1], strict=True):
            tick.set_fontweight("bold" if row is None else "normal")
        ax.tick_params(axis="y", length=0, labelsize=12, labelcolor=INK)
        ax.set_ylim(-1.6, len(lines) - 0.3)  # below the last row is room for the legend
        seen = table.to_numpy(dtype=float)
        low, high = float(np.nanmin(seen, initial=0.0)), float(np.nanmax(seen, initial=0.0))
        ax.set_xlim(low - 0.14 * (high - low), high + 0.14 * (high - low))
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(label)
        ax.grid(visible=True, axis="x")
        format_axis(ax, x=word)
        put_title(ax, title)
        ax.legend(loc="lower right", frameon=False, fontsize=SMALLEST_FONT, ncols=2)
        return ax


def _lines(table: pd.DataFrame) -> list[tuple[str, int | None]]:
    """Name each line from top to bottom, and say which row stands there; none for the head of a block."""
    if table.index.nlevels == 1:
        return [(str(name), row) for row, name in enumerate(table.index)]
    lines: list[tuple[str, int | None]] = []
    before = None
    for row, (block, name) in enumerate(table.index):
        if block != before:
            lines.append((str(block), None))
        lines.append((str(name), row))
        before = block
    return lines


def _write(ax: Axes, place: float, one: float, other: float, *, number: Number) -> None:
    """Write both numbers, each on its side, or one where they read the same."""
    known = [value for value in (one, other) if np.isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    ends = [(high, 10, "left")]
    if number(low) != number(high):
        ends.append((low, -10, "right"))
    for value, gap, side in ends:
        ax.annotate(
            number(value) if known else "–",
            xy=(value, place),
            xytext=(gap, 0),
            textcoords="offset points",
            ha=side,
            va="center",
            fontsize=SMALLEST_FONT,
        )

"""A flow: from where something comes, by which ways, to where it arrives."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from cxmodels.reporting.figures.style import FAINT, INK, QUIET, SERIES, Number, canvas, put_title
from cxmodels.reporting.wording import Wording

_NODE, _GAP = 0.02, 0.09  # of the width and of the height
_MIDDLE = 0.5
_THINNEST = 0.01  # of the whole: so that a way that is named can be seen


def flow(
    table: pd.DataFrame,
    *,
    title: str,
    ends: tuple[str, str],
    number: Number | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the ways from one thing to another, as wide as what runs along each.

    Parameters
    ----------
    table : pandas.DataFrame
        Index: the ways, from top to bottom; column ``value``, shares of the whole; and, to be written beside
        it, ``low`` and ``high``. What is below 0 runs the other way: it is named, without a band.
    title : str
        The finding.
    ends : tuple of str
        Names of where it comes from and where it arrives.
    number : callable, optional
        Words the shares; as percent by default.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Raises
    ------
    ValueError
        Where the table has no ``value``, or nothing runs along any way.
    """
    if "value" not in table.columns:
        raise ValueError(f"the table needs a column 'value'; it has {list(table.columns)}")
    shares = table["value"].to_numpy(dtype=float)
    running = np.maximum(shares, 0.0)
    if not running.sum() > 0:
        raise ValueError("nothing runs along any way: no share is above 0")
    word = number or Wording().percent
    widths = running / running.sum() * (1.0 - _GAP * (len(table) - 1))
    outer = running / running.sum()
    # wide enough at both ends, and apart in the middle
    top_outer = 1.0 - np.concatenate([[0.0], np.cumsum(outer)[:-1]])
    top_inner = 1.0 - np.concatenate([[0.0], np.cumsum(widths + _GAP)[:-1]])
    with canvas(ax, height=max(2.8, 1.6 + 0.75 * len(table))) as ax:
        for place, (name, row) in enumerate(table.iterrows()):
            there = shares[place] > 0
            width = max(widths[place], _THINNEST) if there else 0.0
            end, middle = (top_outer[place], outer[place]), (top_inner[place], width)
            if there:
                _way(ax, end, middle, SERIES[place % len(SERIES)])
            told = f"{name}: {word(row['value'])}"
            if {"low", "high"} <= set(table.columns):
                told += f" ({word(row['low'])} to {word(row['high'])})"
            _say(ax, middle[0] - width / 2, told, colour=INK if there else QUIET)
        for x, side, name in ((0.0, "right", ends[0]), (1.0, "left", ends[1])):
            ax.add_patch(Rectangle((x - _NODE * (x > 0), 0.0), _NODE, 1.0, color=INK, linewidth=0))
            apart = 0.012 if x else -0.012
            ax.text(x + apart, 0.5, name, ha=side, va="center", fontsize=13, color=INK)
        ax.set_xlim(-0.02, 1.02)
        ax.set_ylim(-0.06, 1.06)
        ax.set_axis_off()
        put_title(ax, title)
        return ax


def _way(ax: Axes, end: tuple[float, float], middle: tuple[float, float], colour: str) -> None:
    """Draw one way: from the left to a node in the middle, and on to the right."""
    _band(ax, (_NODE, *end), (_MIDDLE - _NODE / 2, *middle), colour)
    _band(ax, (_MIDDLE + _NODE / 2, *middle), (1.0 - _NODE, *end), colour)
    corner = (_MIDDLE - _NODE / 2, middle[0] - middle[1])
    ax.add_patch(Rectangle(corner, _NODE, middle[1], color=colour, linewidth=0))


def _say(ax: Axes, height: float, text: str, *, colour: str) -> None:
    box = {"facecolor": "white", "edgecolor": FAINT, "alpha": 0.95, "pad": 3.0}
    ax.text(
        *(_MIDDLE, height, text),
        ha="center",
        va="center",
        fontsize=12,
        fontweight="bold",
        color=colour,
        bbox=box,
        zorder=4,
    )


def _band(ax: Axes, left: tuple[float, float, float], right: tuple[float, float, float], colour: str) -> None:
    """Draw a band between two places, each given as x, top and width."""
    (x0, top0, width0), (x1, top1, width1) = left, right
    half = (x0 + x1) / 2
    points = [
        *((x0, top0), (half, top0), (half, top1), (x1, top1)),
        *((x1, top1 - width1), (half, top1 - width1), (half, top0 - width0), (x0, top0 - width0)),
        (x0, top0),
    ]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(points, codes), facecolor=colour, alpha=0.45, linewidth=0))

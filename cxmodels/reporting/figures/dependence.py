"""How a model's answer moves with one feature, over how many customers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxmodels.reporting.figures.style import (
    BLUE,
    INK,
    OVER_LINES,
    QUIET,
    SMALLEST_FONT,
    Number,
    canvas,
    format_axis,
    put_title,
)
from cxmodels.reporting.wording import Wording

_FLOOR = 0.18  # of the height, in which the customers are counted
_NEEDED = ("kind", "piece", "value", "share", "moved", "moved_low", "moved_high")
_LONG = 10.0  # an axis so long has whole numbers
_MANY = 8  # categories in one figure


def dependence(
    table: pd.DataFrame,
    support: pd.DataFrame,
    *,
    title: str,
    axes: tuple[str, str],
    number: Number | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what a model says along one feature, above bars of how many customers it says it of.

    Numbers make a line with a band, categories dots with ranges; missing values stand at the right, apart.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a piece: columns ``kind`` (number, category or missing), ``piece`` (in words), ``value``,
        ``share`` (of the customers), ``moved``, ``moved_low`` and ``moved_high``. Of the categories, the
        first eight are drawn.
    support : pandas.DataFrame
        Bars along the numbers: columns ``low``, ``high`` and ``share``.
    title : str
        The finding.
    axes : tuple of str
        Labels with units: the feature, and what is moved.
    number : callable, optional
        Words the numbers of both axes.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Raises
    ------
    ValueError
        Where there is nothing to draw, or a column is not there.
    """
    if missing := [name for name in _NEEDED if name not in table.columns]:
        raise ValueError(f"column {missing[0]!r} is not in the table; it has {', '.join(table.columns)}")
    if table.empty:
        raise ValueError("nothing to draw: no piece has enough customers")
    line = table[table["kind"] == "number"]
    apart = pd.concat(
        [table[table["kind"] == "category"].head(_MANY), table[table["kind"] == "missing"]], ignore_index=True
    )
    with canvas(ax) as ax:
        ax.axhline(0, color=QUIET, linewidth=1.2, linestyle=(0, (2, 2)), zorder=1)
        if len(line):
            at = line["value"].to_numpy(dtype=float)
            band = (line["moved_low"].to_numpy(dtype=float), line["moved_high"].to_numpy(dtype=float))
            ax.fill_between(at, *band, color=BLUE, alpha=0.18, linewidth=0, zorder=2)
            ax.plot(at, line["moved"], color=BLUE, marker="o", markersize=4, zorder=3)
        if len(line) and np.ptp(line["value"]) >= _LONG:
            ax.locator_params(axis="x", integer=True)
        places, width = _places(line, apart)
        ax.vlines(places, apart["moved_low"], apart["moved_high"], color=BLUE, linewidth=2, alpha=0.55)
        ax.plot(places, apart["moved"], "o", color=BLUE, markersize=9, markeredgecolor="white", zorder=3)
        bars = pd.DataFrame(
            {"low": places - width / 2, "high": places + width / 2, "share": apart["share"].to_numpy()}
        )
        word = number or Wording().number
        floor = _leave_room(ax, table)
        _count(ax, pd.concat([support, bars] if len(line) else [bars], ignore_index=True))
        _name(ax, line, apart, places, number=word)
        ax.set_xlabel(axes[0])
        ax.set_ylabel(axes[1])
        ax.grid(visible=True, axis="y")
        format_axis(ax, y=lambda height: word(height) if height >= floor else "")
        put_title(ax, title)
        return ax


def _places(line: pd.DataFrame, apart: pd.DataFrame) -> tuple[np.ndarray, float]:
    """Say where what is no number stands, and how wide its bar is: right of the line, or side by side."""
    if line.empty:
        return np.arange(len(apart), dtype=float), 0.5
    low, high = float(line["value"].min()), float(line["value"].max())
    reach = high - low or 1.0
    return high + reach * (0.12 + 0.1 * np.arange(len(apart))), 0.03 * reach


def _leave_room(ax: Axes, table: pd.DataFrame) -> float:
    """Put what is drawn above a floor on which customers are counted, and return where that ends."""
    low, high = min(0.0, float(table["moved_low"].min())), max(0.0, float(table["moved_high"].max()))
    reach = high - low or 1.0
    bottom = low - 0.06 * reach
    top = high + 0.08 * reach
    ax.set_ylim(bottom - _FLOOR / (1 - _FLOOR) * (top - bottom), top)
    return bottom


def _count(ax: Axes, bars: pd.DataFrame) -> None:
    """Draw on the floor how the customers are spread."""
    ax.bar(
        bars["low"],
        0.8 * _FLOOR * bars["share"] / max(float(bars["share"].max()), 1e-9),
        width=bars["high"] - bars["low"],
        align="edge",
        color=QUIET,
        alpha=0.55,
        transform=ax.get_xaxis_transform(),
        zorder=2,
    )
    ax.text(
        0.01,
        _FLOOR,
        "where the customers are",
        transform=ax.transAxes,
        color=QUIET,
        fontsize=SMALLEST_FONT,
        va="center",
        bbox=OVER_LINES,
        zorder=4,
    )


def _name(ax: Axes, line: pd.DataFrame, apart: pd.DataFrame, places: np.ndarray, *, number: Number) -> None:
    """Name what is no number, with its share of the customers."""
    share = [Wording().percent(one, digits=0) if one >= 0.005 else "<1%" for one in apart["share"]]
    if line.empty:
        names = [f"{piece}\n{part}" for piece, part in zip(apart["piece"], share, strict=True)]
        ax.set_xticks(places, names)
        ax.tick_params(axis="x", length=0, labelcolor=INK)
        ax.set_xlim(-0.6, len(apart) - 0.4)
        return
    last = float(line["value"].max())
    format_axis(ax, x=lambda value: number(value) if value <= last else "")  # beyond it nothing is a number
    for place, piece, part, high in zip(places, apart["piece"], share, apart["moved_high"], strict=True):
        ax.annotate(
            f"{piece} ({part})",
            xy=(place, high),
            xytext=(0, 6),
            textcoords="offset points",
            ha="right" if place == places[-1] else "center",
            color=INK,
            fontsize=SMALLEST_FONT,
            bbox=OVER_LINES,
            zorder=5,
        )

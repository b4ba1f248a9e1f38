"""Shares in a grid, agreement with a diagonal, and how values are spread."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import LogLocator, NullLocator

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
    spread,
)
from cxmodels.reporting.wording import Wording

_SHADES = LinearSegmentedColormap.from_list("quiet blue", ["#f7fafc", "#bcd7ea", "#5b9fcb", BLUE, "#00436a"])


def matrix(
    table: pd.DataFrame,
    *,
    title: str,
    axes: tuple[str, str],
    number: Number | None = None,
    full: float = 1.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw shares in a grid, each written in its cell: for migration, rows *from* and columns *to*.

    Parameters
    ----------
    table : pandas.DataFrame
        Index: rows from top to bottom; columns from left to right; cells: shares from 0 to 1.
    title : str
        The finding.
    axes : tuple of str
        What the columns and what the rows are.
    number : callable, optional
        Words a share; whole percent by default.
    full : float
        The share with the darkest shade.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    shares = table.to_numpy(dtype=float)
    if shares.size == 0:
        raise ValueError("nothing to draw: the table is empty")
    if np.nanmin(shares) < 0 or np.nanmax(shares) > 1 + 1e-9:
        raise ValueError(
            f"cells must be shares from 0 to 1, found {np.nanmin(shares):g} to {np.nanmax(shares):g}"
        )
    word = number or (lambda share: Wording().percent(share, digits=0))
    with canvas(ax, height=max(3.0, 1.9 + 0.55 * len(table))) as ax:
        ax.imshow(shares, cmap=_SHADES, vmin=0, vmax=full, aspect="auto")
        for row, column in np.ndindex(shares.shape):
            share = float(shares[row, column])
            colour = INK if np.isnan(share) else _readable_on(_SHADES(share / full))
            text = word(share) if np.isfinite(share) else "–"
            if 0 < share < 0.005 and number is None:
                text = "<1%"
            ax.text(column, row, text, ha="center", va="center", color=colour, fontsize=12)
        ax.set_xticks(range(table.shape[1]), [str(name) for name in table.columns])
        ax.set_yticks(range(table.shape[0]), [str(name) for name in table.index])
        ax.set_xticks(np.arange(-0.5, table.shape[1]), minor=True)
        ax.set_yticks(np.arange(-0.5, table.shape[0]), minor=True)
        ax.grid(visible=True, which="minor", color="white", linewidth=2)
        ax.tick_params(which="both", length=0, labelcolor=INK)
        ax.spines[:].set_visible(False)
        ax.set_xlabel(axes[0])
        ax.set_ylabel(axes[1])
        put_title(ax, title)
        return ax


def _readable_on(cell: tuple[float, ...]) -> str:
    """Choose black or white text, whichever stands out more (relative luminance, WCAG 2)."""
    light = np.asarray(cell[:3], dtype=float)
    linear = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    return "white" if float(linear @ np.array([0.2126, 0.7152, 0.0722])) < 0.179 else "black"


def calibration(
    table: pd.DataFrame,
    *,
    title: str,
    axes: tuple[str, str],
    number: Number | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what came against what was predicted, group by group, with the line where both agree.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a group (such as a tenth of the customers): columns ``predicted``, ``actual`` and, for the
        interval of the actual mean, ``low`` and ``high``.
    title : str
        The finding.
    axes : tuple of str
        Labels with units: predicted, actual.
    number : callable, optional
        Words the numbers of both axes.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    if missing := [name for name in ("predicted", "actual") if name not in table.columns]:
        raise ValueError(
            f"column {missing[0]!r} is not in the table; it has {', '.join(map(str, table.columns))}"
        )
    word = number or Wording().number
    with canvas(ax, height=5.6) as ax:
        predicted, actual = table["predicted"].to_numpy(dtype=float), table["actual"].to_numpy(dtype=float)
        points = np.r_[predicted, actual]
        reach = points
        if {"low", "high"} <= set(table.columns):
            ax.vlines(predicted, table["low"], table["high"], color=BLUE, linewidth=2, alpha=0.55, zorder=2)
            reach = np.r_[points, table["low"].to_numpy(dtype=float), table["high"].to_numpy(dtype=float)]
        # Tenths of customers differ by orders of size: without a logarithm all but the best share a corner.
        wide = bool(np.nanmin(points) > 0 and np.nanmax(points) > 20 * np.nanmin(points))
        bottom = float(np.nanmin(points) / 1.6) if wide else min(0.0, float(np.nanmin(reach)))
        top = float(np.nanmax(reach)) * (1.25 if wide else 1.06)
        ax.plot([bottom, top], [bottom, top], color=QUIET, linewidth=1.2, linestyle=(0, (2, 2)), zorder=1)
        ax.plot(predicted, actual, "o", color=BLUE, markersize=9, markeredgecolor="white", zorder=3)
        if wide:
            _scale_by_size(ax)
        ax.set_xlim(bottom, top)
        ax.set_ylim(bottom, top)
        ax.set_xlabel(f"{axes[0]} (log scale)" if wide else axes[0])
        ax.set_ylabel(f"{axes[1]} (log scale)" if wide else axes[1])
        ax.grid(visible=True)
        format_axis(ax, x=word, y=word)
        _note(ax, 0.03, 0.95, "more came than predicted")
        _note(ax, 0.97, 0.04, "less came than predicted")
        put_title(ax, title)
        return ax


def _scale_by_size(ax: Axes) -> None:
    """Give both axes a logarithmic scale with ticks at 1, 2 and 5 of each power of ten."""
    ax.set_xscale("log")
    ax.set_yscale("log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_minor_locator(NullLocator())


def _note(ax: Axes, x: float, y: float, text: str) -> None:
    """Write a quiet remark in a corner."""
    ax.text(
        x,
        y,
        text,
        transform=ax.transAxes,
        color=QUIET,
        fontsize=SMALLEST_FONT,
        ha="left" if x < 0.5 else "right",
        va="bottom" if y < 0.5 else "top",
    )


def distribution(
    values: pd.Series,
    *,
    title: str,
    label: str,
    number: Number | None = None,
    marks: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how values are spread over customers: a histogram that says what lies beyond its right edge.

    The horizontal axis ends at the 99th percentile, so that a few extreme customers do not flatten the
    rest; how many lie beyond is written there.

    Parameters
    ----------
    values : pandas.Series
        One number a customer; missing ones are left out.
    title : str
        The finding.
    label : str
        What is measured, with its unit.
    number : callable, optional
        Words the numbers of the horizontal axis.
    marks : mapping, optional
        Name → value of lines to draw, such as the median.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    seen = values.dropna().to_numpy(dtype=float)
    if seen.size == 0:
        raise ValueError("nothing to draw: there are no values")
    word = number or Wording().number
    low, high = float(seen.min()), float(np.quantile(seen, 0.99))
    if high <= low:
        low, high = low - 0.5, low + 0.5
    beyond = int((seen > high).sum())
    with canvas(ax) as ax:
        counts, edges = np.histogram(seen, bins=40, range=(low, high))
        ax.bar(edges[:-1], counts, width=0.94 * np.diff(edges), align="edge", color=BLUE, zorder=2)
        ax.set_xlim(edges[0], edges[-1])
        ax.set_ylim(0, counts.max() * (1.1 + 0.09 * len(marks or {})))
        ax.set_xlabel(label)
        ax.set_ylabel("Customers")
        ax.grid(visible=True, axis="y")
        format_axis(ax, x=word, y=Wording().number)
        if beyond:
            text = f"{Wording().number(beyond)} more beyond {word(high)} →"
            ax.text(
                0.995, 0.06, text, transform=ax.transAxes, ha="right", color=QUIET, fontsize=SMALLEST_FONT
            )
        put_title(ax, title)
        _mark_values(ax, marks or {}, word=word)
        return ax


def _mark_values(ax: Axes, marks: Mapping[str, float], *, word: Number) -> None:
    """Draw named values as upright lines, their names one below the other."""
    left, right = ax.get_xlim()
    heights = spread([1.0] * len(marks), gap=0.085, low=0.0, high=0.97)[::-1]
    for (name, value), height in zip(sorted(marks.items(), key=lambda mark: mark[1]), heights, strict=True):
        late = value - left > 0.6 * (right - left)
        ax.axvline(value, color=INK, linewidth=1.6, linestyle=(0, (4, 2)), zorder=3)
        ax.annotate(
            f"{name} {word(value)}",
            xy=(value, height),
            xycoords=("data", "axes fraction"),
            xytext=(-6 if late else 6, 0),
            textcoords="offset points",
            ha="right" if late else "left",
            va="top",
            fontweight="bold",
            fontsize=12,
            zorder=5,
            bbox=OVER_LINES,
        )

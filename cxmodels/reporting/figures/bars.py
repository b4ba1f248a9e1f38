"""Bars and dots: one number for each of a few things, with its interval."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxmodels.reporting.figures.style import (
    BLUE,
    INK,
    QUIET,
    SMALLEST_FONT,
    WIDTH,
    Number,
    canvas,
    format_axis,
    house_style,
    put_title,
    room_around,
)
from cxmodels.reporting.wording import Wording

_BACK = "#9fb6c6"


def bars(
    table: pd.DataFrame,
    *,
    title: str,
    label: str,
    number: Number | None = None,
    highlight: Collection[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw one horizontal bar a row, with its number at the end and its interval if there is one.

    Parameters
    ----------
    table : pandas.DataFrame
        Index: names, from top to bottom; column ``value`` and, for intervals, ``low`` and ``high``.
    title : str
        The finding.
    label : str
        What is measured, with its unit.
    number : callable, optional
        Words the numbers, such as ``run.money.short`` or ``run.words.percent``.
    highlight : collection of str
        Names to draw in full colour while the others stand back; all, when it is empty.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    _check_columns(table, needed=("value",))
    word = number or Wording().number
    with canvas(ax, height=max(2.6, 1.5 + 0.52 * len(table))) as ax:
        places = np.arange(len(table))[::-1]
        names = [str(name) for name in table.index]
        colours = [BLUE if not highlight or name in highlight else _BACK for name in names]
        values = table["value"].to_numpy(dtype=float)
        ax.barh(places, values, height=0.62, color=colours, zorder=2)
        ends = values
        if {"low", "high"} <= set(table.columns):
            low, high = table["low"].to_numpy(dtype=float), table["high"].to_numpy(dtype=float)
            ax.hlines(places, low, high, color=INK, linewidth=1.8, zorder=3)
            ax.vlines(
                np.r_[low, high],
                np.r_[places, places] - 0.1,
                np.r_[places, places] + 0.1,
                color=INK,
                linewidth=1.8,
            )
            ends = np.where(values < 0, np.fmin(low, values), np.fmax(high, values))
        for place, value, end in zip(places, values, ends, strict=True):
            side = -1 if value < 0 else 1
            ax.annotate(
                word(value),
                xy=(end, place),
                xytext=(6 * side, 0),
                textcoords="offset points",
                ha="right" if value < 0 else "left",
                va="center",
                fontsize=12,
                fontweight="bold",
            )
        if (values < 0).any():  # room for the number between the bar and the name
            left, right = ax.get_xlim()
            ax.set_xlim(left - 0.12 * (right - left), right)
        ax.axvline(0, color="#9ca3af", linewidth=0.8, zorder=1)
        ax.set_yticks(places, names)
        ax.tick_params(axis="y", length=0, labelsize=12, labelcolor=INK)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(label)
        ax.locator_params(axis="x", nbins=6)
        format_axis(ax, x=word)
        put_title(ax, title)
        return ax


def dots(
    table: pd.DataFrame,
    *,
    title: str,
    better: Mapping[str, str],
    number: Number | None = None,
    highlight: Collection[str] = (),
    ax: Sequence[Axes] | None = None,
) -> list[Axes]:
    """Compare a few candidates on a few measures: one panel a measure, one dot a candidate.

    Parameters
    ----------
    table : pandas.DataFrame
        Index: candidates, from top to bottom; one column a measure, named with its unit as readers
        should see it. Missing values are written as a dash.
    title : str
        The finding.
    better : mapping
        Measure → ``"lower"`` or ``"higher"``: what is better; written under the panel. Its keys choose
        the columns and their order.
    number : callable, optional
        Words the numbers.
    highlight : collection of str
        Candidates to draw in full colour.
    ax : sequence of Axes, optional
        One for each measure; a new figure by default.
    """
    _check_columns(table, needed=tuple(better))
    if wrong := [word for word in better.values() if word not in ("lower", "higher")]:
        raise ValueError(f"better is 'lower' or 'higher' for each measure, found {wrong[0]!r}")
    with house_style():
        if ax is None:
            height = max(2.8, 1.9 + 0.45 * len(table))
            _, grid = plt.subplots(
                1, len(better), figsize=(WIDTH, height), sharey=True, squeeze=False, layout=room_around()
            )
            ax = list(grid[0])
        for position, (panel, measure) in enumerate(zip(ax, better, strict=True)):
            _dot_panel(panel, table[measure], number=number, highlight=highlight)
            panel.set_xlabel(f"{measure}\n({better[measure]} is better)")
            panel.tick_params(axis="y", length=0, labelsize=12, labelcolor=INK, labelleft=position == 0)
        put_title(list(ax), title)
        return list(ax)


def _dot_panel(ax: Axes, values: pd.Series, *, number: Number | None, highlight: Collection[str]) -> None:
    """Draw the dots of one measure."""
    places = np.arange(len(values))[::-1]
    names = [str(name) for name in values.index]
    seen = values.to_numpy(dtype=float)
    word = number or _alike(seen)
    span = np.nanmax(seen) - np.nanmin(seen) if np.isfinite(seen).any() else 1.0
    middle = np.nanmean(seen) if np.isfinite(seen).any() else 0.0
    room = span if span > 0 else max(abs(middle), 1.0)
    ax.hlines(places, 0, 1, transform=ax.get_yaxis_transform(), color="#eceff2", linewidth=1, zorder=1)
    for place, value, name in zip(places, seen, names, strict=True):
        loud = not highlight or name in highlight
        if np.isfinite(value):
            ax.plot([value], [place], "o", markersize=10, color=BLUE if loud else _BACK, zorder=3)
        ax.annotate(
            word(value),
            xy=(value if np.isfinite(value) else middle, place),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            fontsize=SMALLEST_FONT,
            fontweight="bold" if loud and highlight else "normal",
            color=INK if loud else QUIET,
        )
    ax.set_yticks(places, names)
    ax.set_ylim(-0.6, len(values) - 0.25)
    if np.isfinite(seen).any():
        ax.set_xlim(np.nanmin(seen) - 0.3 * room, np.nanmax(seen) + 0.3 * room)
    ax.set_xticks([])
    ax.spines[["left", "bottom"]].set_visible(False)


def _alike(values: np.ndarray) -> Number:
    """Word numbers that stand below each other with the same digits, three figures for the largest."""
    top = np.nanmax(np.abs(values)) if np.isfinite(values).any() else 0.0
    digits = 0 if top >= 100 else 1 if top >= 10 else 2 if top >= 1 else 3
    return lambda value: Wording().number(value, digits=digits)


def _check_columns(table: pd.DataFrame, *, needed: Sequence[str]) -> None:
    """Refuse a table that lacks a column or has no rows."""
    if table.empty:
        raise ValueError("nothing to draw: the table is empty")
    if missing := [name for name in needed if name not in table.columns]:
        raise ValueError(
            f"column {missing[0]!r} is not in the table; it has {', '.join(map(str, table.columns))}"
        )

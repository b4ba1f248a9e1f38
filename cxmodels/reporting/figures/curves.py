"""Lines: how something runs over time, and how value gathers in few customers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxmodels.reporting.figures.style import (
    INK,
    OVER_LINES,
    QUIET,
    SERIES,
    SMALLEST_FONT,
    Number,
    canvas,
    format_axis,
    label_ends,
    put_title,
)
from cxmodels.reporting.wording import Wording

_LOUD = ("actual", "observed")
_DASHES = ((0, (5, 1.4)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))


def lines(
    table: pd.DataFrame,
    *,
    title: str,
    axes: tuple[str, str],
    number: Number | None = None,
    cut: tuple[float, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one line a column against the table's index, each named where it ends.

    A column named ``Actual`` or ``Observed`` is drawn as a solid dark line; the others in colour, each
    with dashes of its own, so that they can be told apart in grey.

    Parameters
    ----------
    table : pandas.DataFrame
        Index: the horizontal axis (weeks, dates), rising; one numeric column a series, named as readers
        should see it.
    title : str
        The finding.
    axes : tuple of str
        Labels with units of the horizontal and the vertical axis.
    number : callable, optional
        Words the numbers of the vertical axis; plain numbers by default.
    cut : tuple, optional
        Where the data that the model saw end, and what to write there.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    _check_series(table)
    with canvas(ax) as ax:
        ends = {}
        quiet = [name for name in table.columns if str(name).lower() not in _LOUD]
        for name in table.columns:
            loud = name not in quiet
            colour = INK if loud else SERIES[quiet.index(name) % len(SERIES)]
            dashes = "solid" if loud else _DASHES[quiet.index(name) % len(_DASHES)]
            seen = table[name].dropna()
            ax.plot(seen.index, seen.to_numpy(), color=colour, linestyle=dashes, zorder=3 if loud else 4)
            ends[str(name)] = (ax.convert_xunits(seen.index[-1]), float(seen.iloc[-1]), colour)
        ax.set_xlabel(axes[0])
        ax.set_ylabel(axes[1])
        ax.set_ylim(bottom=min(0.0, float(table.min().min())))
        ax.margins(x=0)
        ax.grid(visible=True, axis="y")
        format_axis(ax, y=number or Wording().number)
        if cut is not None:
            _mark_cut(ax, cut)
        put_title(ax, title)
        label_ends(ax, ends)
        return ax


def gains(
    table: pd.DataFrame,
    *,
    title: str,
    axes: tuple[str, str] = ("Share of customers, most valuable first", "Share of value"),
    marks: tuple[float, ...] = (0.1,),
    ax: Axes | None = None,
) -> Axes:
    """Draw how the share of value grows with the share of customers: a gains or "whale" curve.

    Where some customers cost more than they bring, a curve rises above 100 % and comes down again; its
    top is marked.

    Parameters
    ----------
    table : pandas.DataFrame
        Index: share of customers, 0 to 1, rising; one column a curve: cumulative share of value.
    title : str
        The finding.
    axes : tuple of str
        Labels of the axes.
    marks : tuple of float
        Shares of customers at which the first curve's value is written.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    _check_series(table)
    with canvas(ax) as ax:
        ax.plot(
            [0, 1], [0, 1], color=QUIET, linewidth=1.2, linestyle=(0, (2, 2)), label="Everyone worth the same"
        )
        for position, name in enumerate(table.columns):
            dashes = "solid" if position == 0 else _DASHES[(position - 1) % len(_DASHES)]
            colour = SERIES[position % len(SERIES)]
            ax.plot(table.index, table[name], color=colour, linestyle=dashes, label=str(name))
        ax.set_xlim(0, 1)
        ax.set_ylim(min(0.0, float(table.min().min())), max(1.0, float(table.max().max())) * 1.12)
        ax.set_xlabel(axes[0])
        ax.set_ylabel(axes[1])
        ax.grid(visible=True, axis="y")
        format_axis(ax, x=_whole_percent, y=_whole_percent)
        put_title(ax, title)
        _mark_shares(ax, table, marks=marks)
        # All curves end in one corner, so that names at their ends would lie on each other.
        ax.legend(loc="lower right", frameon=False, fontsize=SMALLEST_FONT, reverse=True)
        return ax


def _mark_shares(ax: Axes, table: pd.DataFrame, *, marks: tuple[float, ...]) -> None:
    """Write the first curve's value at some shares, and at its top where it rises above 100 %."""
    at, curve = list(marks), table.iloc[:, 0]
    if curve.max() > 1.005:
        at.append(float(curve.index[int(curve.to_numpy().argmax())]))
    for share in at:
        value = float(np.interp(share, curve.index.to_numpy(dtype=float), curve.to_numpy(dtype=float)))
        ax.plot([share], [value], "o", color=SERIES[0], markersize=8, zorder=5)
        text = f"{_whole_percent(share)} of customers: {_whole_percent(value)}"
        # over the top there is room, unless another curve runs there
        top = value == curve.max() and table.max().max() == curve.max()
        below = value == curve.max() and not top
        ax.annotate(
            text,
            xy=(share, value),
            xytext=(0, 12) if top else (0, -24) if below else (12, -18),
            textcoords="offset points",
            ha="center" if top or below else "left",
            color=INK,
            fontsize=12,
            fontweight="bold",
            zorder=6,
            bbox=OVER_LINES,
        )


def _mark_cut(ax: Axes, cut: tuple[float, str]) -> None:
    """Draw where the data that a model saw end."""
    place, text = cut
    ax.axvline(place, color=QUIET, linewidth=1.2, linestyle=(0, (2, 2)), zorder=1)
    left, right = ax.get_xlim()
    late = (ax.convert_xunits(place) - left) > 0.6 * (right - left)
    ax.annotate(
        text,
        xy=(place, 0.02),
        xycoords=("data", "axes fraction"),
        xytext=(-6 if late else 6, 4),
        textcoords="offset points",
        ha="right" if late else "left",
        color=QUIET,
        fontsize=SMALLEST_FONT,
    )


def _whole_percent(share: float) -> str:
    return Wording().percent(share, digits=0)


def _check_series(table: pd.DataFrame) -> None:
    """Refuse a table that would draw nothing or nonsense."""
    if table.empty:
        raise ValueError("nothing to draw: the table is empty")
    if not table.index.is_monotonic_increasing:
        raise ValueError("the table's index is the horizontal axis and must rise; sort it first")
    words = [str(name) for name, kind in table.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]
    if words:
        raise ValueError(
            f"every column is drawn as a line, but {', '.join(words)} holds no numbers; select columns"
        )

"""The house style: one quiet look for every figure, readable in a meeting room and by the colour-blind.

The colours are those of Okabe & Ito (2008, *Color Universal Design*), which stay apart for the common
kinds of colour-blindness; figures never rest on colour alone, but name their series where they end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import matplotlib as mpl
import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter

INK = "#1b1f24"
QUIET = "#6b7280"
FAINT = "#e5e7eb"
BLUE = "#0072b2"
ORANGE = "#d55e00"
GREEN = "#009e73"
PINK = "#cc79a7"
SKY = "#56b4e9"
AMBER = "#e69f00"

SERIES = (BLUE, ORANGE, GREEN, PINK, SKY, AMBER)
"""Colours of series, in order; what happened is drawn in `INK`, what stands back in `QUIET`."""

WIDTH, HEIGHT = 9.0, 5.0
"""Inches of a figure."""

SMALLEST_FONT = 11
"""Points of the smallest text at that width."""

OVER_LINES = {"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 1.5}
"""Background of a text that may lie on lines."""

Number = Callable[[float], str]
"""Words a number, such as `Money.short` or `Wording.percent`."""

_RULES = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same figure on every machine
    "font.size": 12,
    "axes.titlesize": 15,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.labelsize": 12,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": "#9ca3af",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "text.parse_math": False,  # two dollar signs in a title are money, not a formula
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelsize": SMALLEST_FONT,
    "ytick.labelsize": SMALLEST_FONT,
    "lines.linewidth": 2.4,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "figure.titlesize": 15,
    "figure.titleweight": "bold",
    "axes.prop_cycle": cycler(color=SERIES),
    "svg.hashsalt": "cxmodels",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style within the block, whatever the reader's own settings are."""
    with mpl.rc_context():
        plt.style.use(["default", _RULES])  # leaves the backend alone
        yield


def room_around() -> ConstrainedLayoutEngine:
    """Give the layout of a new figure: nothing overlaps, and nothing touches the edge."""
    return ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)


@contextmanager
def canvas(ax: Axes | None, *, height: float = HEIGHT) -> Iterator[Axes]:
    """Give the axes to draw on: the caller's, or those of a new figure in the house style.

    Parameters
    ----------
    ax : Axes or None
        The caller's axes.
    height : float
        Inches of a new figure; its width is `WIDTH`.
    """
    with house_style():
        if ax is None:
            _, ax = plt.subplots(figsize=(WIDTH, height), layout=room_around())
        yield ax


def put_title(ax: Axes | Sequence[Axes], title: str) -> None:
    """Put the finding above the figure, from its left edge, broken into lines that fit.

    Where the axes given are all that the figure has, the title starts at the edge of the figure;
    otherwise at the edge of the axes.
    """
    every = [ax] if isinstance(ax, Axes) else list(ax)
    figure = every[0].get_figure()
    if figure is None:
        raise ValueError("the axes belong to no figure; draw on axes of an open figure")
    width = figure.bbox.width
    if len(figure.axes) == len(every):
        edge = 0.012
        text = figure.suptitle(title, x=edge, ha="left", fontsize=15, fontweight="bold", color=INK)
        room = width * (1 - 2 * edge)
    else:
        text = every[0].set_title(title, loc="left")
        room = every[0].get_window_extent().width
    text.set_linespacing(1.25)
    text.set_text(_broken(title, lambda line: _width(figure, line, like=15) <= room))


def _broken(text: str, fits: Callable[[str], bool]) -> str:
    """Break a text at spaces into lines that fit."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and fits(longer):
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def _width(figure: Figure | SubFigure, text: str, *, like: float) -> float:
    """Measure a bold text in pixels."""
    probe = figure.text(0, 0, text, fontsize=like, fontweight="bold")
    try:
        return probe.get_window_extent().width
    finally:
        probe.remove()


def format_axis(ax: Axes, *, x: Number | None = None, y: Number | None = None) -> None:
    """Word the tick labels of an axis, such as money in the study's currency."""
    for axis, number in ((ax.xaxis, x), (ax.yaxis, y)):
        if number is not None:
            axis.set_major_formatter(FuncFormatter(lambda value, _, word=number: _tick(word(value))))


def _tick(text: str) -> str:
    """Write whole percentages on an axis without a decimal: ``10%`` for ``10.0%``."""
    return re.sub(r"[.,]0+(?=\s?%)", "", text)


def label_ends(ax: Axes, ends: Mapping[str, tuple[float, float, str]]) -> list[Annotation]:
    """Name each line where it ends, moved apart so that no two names overlap.

    Parameters
    ----------
    ax : Axes
        With its lines and title in place.
    ends : mapping
        Name → (x, y, colour) of the line's last point, in data units.
    """
    figure = ax.get_figure(root=True)
    if figure is None or not ends:
        return []
    figure.draw_without_rendering()
    gap = 1.35 * SMALLEST_FONT * figure.dpi / 72
    order = sorted(ends, key=lambda name: ends[name][1])
    wanted = [ax.transData.transform((ends[name][0], ends[name][1]))[1] for name in order]
    placed = spread(wanted, gap=gap, low=ax.bbox.y0, high=ax.bbox.y1)
    right = max(end[0] for end in ends.values())
    return [
        ax.annotate(
            name,
            xy=(right, ax.transData.inverted().transform((0, height))[1]),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=ends[name][2],
            fontsize=12,
            fontweight="bold",
            annotation_clip=False,
        )
        for name, height in zip(order, placed, strict=True)
    ]


def spread(wanted: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Move sorted positions apart to a least distance, as little as possible, within an interval if they fit.

    Examples
    --------
    >>> spread([1.0, 1.0, 9.0], gap=2.0, low=0.0, high=10.0)
    [0.0, 2.0, 9.0]
    """
    groups: list[tuple[float, int]] = []  # centre of the wanted places, number of members
    for place in wanted:
        groups.append((place, 1))
        while len(groups) > 1:
            (before, many), (after, more) = groups[-2:]
            if after - before >= gap * (many + more) / 2:
                break
            groups[-2:] = [((before * many + after * more) / (many + more), many + more)]
    placed: list[float] = []
    for centre, many in groups:
        start = min(max(centre - gap * (many - 1) / 2, low), max(low, high - gap * (many - 1)))
        if placed:
            start = max(start, placed[-1] + gap)
        placed += [start + gap * step for step in range(many)]
    return placed

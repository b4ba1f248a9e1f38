"""A figure that has been saved: it shows itself in a notebook, its finding standing in for the picture."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from cxmodels.reporting.figures.style import house_style

_DOTS_PER_INCH = 200
_SHOWN_AT = 100  # pixels an inch on the page: twice as fine a picture for sharp screens and print


@dataclass(frozen=True)
class SavedFigure:
    """A figure on disk.

    Attributes
    ----------
    path : Path
        The PNG file.
    title : str
        The finding that the figure states; read aloud to those who cannot see it.
    width : int
        Pixels at which to show it.
    """

    path: Path
    title: str
    width: int

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, dict[str, object]]]:
        """Show the picture in a notebook."""
        png = base64.b64encode(self.path.read_bytes()).decode("ascii")
        data = {"image/png": png, "text/plain": f"Figure: {self.title}"}
        return data, {"image/png": {"width": self.width, "alt": self.title}}


def save_figure(drawn: Axes | Figure | Sequence[Axes], path: Path) -> SavedFigure:
    """Save what a chart form returned as PNG, and close it.

    Parameters
    ----------
    drawn : Axes, Figure or sequence of Axes
        The drawing; of several axes, all must belong to one figure.
    path : Path
        The file to write.

    Raises
    ------
    TypeError
        When it is no drawing.
    """
    figure = _figure_of(drawn)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with house_style():
            # No date and no version in the file: the same figure has the same bytes.
            figure.savefig(part, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
        _shrink(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
        plt.close(figure)
    return SavedFigure(path, title_of(figure), round(figure.get_figwidth() * _SHOWN_AT))


def _shrink(path: Path) -> None:
    """Keep a quarter of the bytes: our figures need no more than 256 colours."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(
            256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )
    small.save(path, format="PNG", optimize=True)


def title_of(figure: Figure) -> str:
    """Give the title of a figure in one line, or of its first axes with one."""
    titles = [
        figure.get_suptitle(),
        *(axes.get_title(loc=loc) for axes in figure.axes for loc in ("left", "center")),
    ]
    return next((" ".join(title.split()) for title in titles if title.strip()), "")


def _figure_of(drawn: object) -> Figure:
    """Find the one figure behind a drawing."""
    if isinstance(drawn, Figure):
        return drawn
    parts = [drawn] if isinstance(drawn, Axes) else list(drawn) if hasattr(drawn, "__iter__") else []
    figures = {part.get_figure(root=True) for part in parts if isinstance(part, Axes)}
    if len(figures) != 1 or not isinstance(found := figures.pop(), Figure):
        raise TypeError(
            f"expected the axes or figure that a chart form returned, found {type(drawn).__name__}"
        )
    return found

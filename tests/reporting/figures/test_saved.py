"""Saved figures: on disk, closed, shown with their finding, the same every time."""

from __future__ import annotations

import base64
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.axes import Axes
from PIL import Image

from cxmodels.reporting.figures import bars, dots, save_figure

TABLE = pd.DataFrame({"value": [3.0, 2.0]}, index=["a", "b"])


def draw() -> Axes:
    return bars(
        TABLE,
        title="A brings most of all that the customers of this shop bring in a year and a half",
        label="L",
    )


def test_a_figure_is_saved_closed_and_fine_enough_for_print(tmp_path: Path) -> None:
    saved = save_figure(draw(), tmp_path / "figures" / "a.png")
    assert plt.get_fignums() == []
    with Image.open(saved.path) as picture:
        assert picture.width == 2 * saved.width == 1800
    assert saved.path.stat().st_size < 60_000


def test_a_notebook_shows_the_picture_with_its_finding(tmp_path: Path) -> None:
    saved = save_figure(draw(), tmp_path / "a.png")
    data, metadata = saved._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]) == saved.path.read_bytes()
    assert metadata["image/png"]["alt"] == saved.title
    assert saved.title == "A brings most of all that the customers of this shop bring in a year and a half"


def test_the_same_figure_has_the_same_bytes(tmp_path: Path) -> None:
    one, two = save_figure(draw(), tmp_path / "1.png"), save_figure(draw(), tmp_path / "2.png")
    assert one.path.read_bytes() == two.path.read_bytes()


def test_several_panels_and_whole_figures_can_be_saved(tmp_path: Path) -> None:
    panels = dots(TABLE, title="A is best", better={"value": "higher"})
    assert save_figure(panels, tmp_path / "1.png").title == "A is best"
    figure = draw().get_figure(root=True)
    assert save_figure(figure, tmp_path / "2.png").title.startswith("A brings most")


def test_what_is_no_figure_is_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="found DataFrame"):
        save_figure(TABLE, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []

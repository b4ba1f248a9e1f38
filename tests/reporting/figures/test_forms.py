"""Chart forms: what they draw, that it can be read, and that they refuse what would mislead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from cxmodels.reporting.figures import (
    bars,
    calibration,
    dependence,
    distribution,
    dots,
    flow,
    gains,
    house_style,
    lines,
    matrix,
    pairs,
)
from cxmodels.reporting.figures.style import INK, QUIET, SERIES, SMALLEST_FONT
from cxmodels.reporting.wording import Money

LONG = "Repeat purchases came within 3% of what the chosen model had said they would be, week by week"
MONEY = Money("GBP")
WEEKS = np.arange(1, 79)
ACTUAL = 2400 * (1 - np.exp(-WEEKS / 40))
SHARES = np.linspace(0, 1, 101)


def tracking() -> Axes:
    table = pd.DataFrame({"Actual": ACTUAL, "MBG/NBD": ACTUAL * 1.01, "BG/NBD": ACTUAL * 1.02}, index=WEEKS)
    return lines(
        table, title=LONG, axes=("Week", "Repeat purchases"), cut=(39, "the model saw data up to here")
    )


def segments() -> Axes:
    table = pd.DataFrame(
        {"value": [412e3, 198e3, -12e3], "low": [380e3, 180e3, -18e3], "high": [455e3, 221e3, -6e3]},
        index=["Protect", "Grow", "Let go"],
    )
    return bars(table, title="Half of the value", label="Margin", number=MONEY.short, highlight=["Protect"])


def models() -> list[Axes]:
    table = pd.DataFrame(
        {"MAE (£)": [31.8, 31.2, np.nan], "Spearman": [0.43, 0.445, 0.4]},
        index=["MBG/NBD", "Blend", "Past spend"],
    )
    better = {"MAE (£)": "lower", "Spearman": "higher"}
    return dots(table, title=LONG, better=better, highlight=["Blend"])


def moves() -> Axes:
    table = pd.DataFrame(
        [[0.97, 0.003, 0.027], [0.2, 0.5, 0.3]], index=["top", "low"], columns=["top", "low", "gone"]
    )
    return matrix(table, title="Most stay", axes=("December", "June"))


def tenths() -> Axes:
    predicted = np.array([1, 3, 5, 8, 11, 15, 22, 31, 48, 140.0])
    table = pd.DataFrame(
        {"predicted": predicted, "actual": predicted * 1.1, "low": predicted, "high": predicted * 1.2}
    )
    return calibration(table, title="It holds", axes=("Predicted", "Actual"), number=MONEY.short)


def spread_of_value() -> Axes:
    values = pd.Series(np.random.default_rng(1).lognormal(3, 1, 5000))
    marks = {"median": float(values.median()), "mean": float(values.mean())}
    return distribution(
        values, title="Half are worth less than £20", label="Value", number=MONEY.short, marks=marks
    )


def whale() -> Axes:
    table = pd.DataFrame({"Margin": 1.35 * (1 - (1 - SHARES) ** 3) - 0.35 * SHARES**3}, index=SHARES)
    return gains(table, title="One in five costs more than it brings", marks=(0.2,))


def ranking() -> Axes:
    table = pd.DataFrame({"Predicted": 1 - (1 - SHARES) ** 4, "Past": 1 - (1 - SHARES) ** 2}, index=SHARES)
    return gains(table, title="The first tenth brings a third")


PIECES = ["kind", "piece", "value", "share", "moved", "moved_low", "moved_high"]
WAITS = np.arange(12.0)
SUPPORT = pd.DataFrame({"low": WAITS[:-1], "high": WAITS[1:], "share": np.linspace(0.3, 0.01, 11)})


def waiting() -> Axes:
    rows = [("number", f"{at:g}", at, 0.08, at / 20 - 0.1, at / 25 - 0.12, at / 15 - 0.05) for at in WAITS]
    table = pd.DataFrame([*rows, ("missing", "not known", np.nan, 0.04, -0.2, -0.3, -0.1)], columns=PIECES)
    labels = ("Mean wait in minutes", "Log odds of leaving")
    return dependence(table, SUPPORT, title=LONG, axes=labels)


def plans() -> Axes:
    rows = [
        ("category", "fibre", np.nan, 0.6, 0.1, 0.05, 0.2),
        ("category", "mobile", np.nan, 0.3, -0.2, -0.3, -0.1),
        ("missing", "not known", np.nan, 0.1, 0.0, -0.1, 0.1),
    ]
    labels = ("Plan", "Log odds of leaving")
    table = pd.DataFrame(rows, columns=PIECES)
    return dependence(table, SUPPORT.head(0), title="Fibre leaves", axes=labels)


def ways() -> Axes:
    table = pd.DataFrame(
        {"value": [0.27, 0.0002, -0.02, 0.75], "low": [0.13, -0.1, -0.1, 0.6], "high": [0.4, 0.1, 0.06, 0.9]},
        index=["getting in touch", "waiting", "asking", "by itself"],
    )
    return flow(table, title=LONG, ends=("outages", "leaving"))


def journey() -> Axes:
    index = pd.MultiIndex.from_tuples(
        [("Touchpoint", "digital"), ("Touchpoint", "network"), ("Stage", "waiting"), ("Stage", "offers")]
    )
    table = pd.DataFrame(
        {"by customers": [0.18, 0.046, 0.001, 0.02], "by value": [0.25, 0.045, 0.03, np.nan]}
    )
    return pairs(table.set_index(index), title=LONG, label="Share of all that moves the score")


FORMS: list[Callable[[], Axes | list[Axes]]] = [
    tracking,
    segments,
    models,
    moves,
    tenths,
    spread_of_value,
    whale,
    ranking,
    waiting,
    plans,
    ways,
    journey,
]


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def figure_of(drawn: Axes | list[Axes]) -> Figure:
    figure = (drawn if isinstance(drawn, Axes) else drawn[0]).get_figure(root=True)
    assert isinstance(figure, Figure)
    with house_style():  # as a figure is saved
        figure.draw_without_rendering()
    return figure


def texts_of(figure: Figure) -> list[Text]:
    """Every text that a reader sees."""
    found = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    hidden = {
        label
        for axes in figure.axes
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim()))
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        for label in (tick.label1, tick.label2)
        if not min(limits) - 1e-9 <= tick.get_loc() <= max(limits) + 1e-9
    }
    return [text for text in found if text not in hidden]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_no_two_texts_lie_on_each_other(form: Callable[[], Axes | list[Axes]]) -> None:
    figure = figure_of(form())
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(figure)]
    assert len(boxes) > 4
    for (one, a), (two, b) in combinations(boxes, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 1 or high <= 2, f"{one!r} lies on {two!r}"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_text_is_inside_the_figure_and_large_enough(form: Callable[[], Axes | list[Axes]]) -> None:
    figure = figure_of(form())
    for text in texts_of(figure):
        box = text.get_window_extent()
        assert text.get_fontsize() >= SMALLEST_FONT, text.get_text()
        assert box.x0 >= 0 and box.y0 >= 0, text.get_text()
        assert box.x1 <= figure.bbox.width + 1 and box.y1 <= figure.bbox.height + 1, text.get_text()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_the_title_starts_at_the_left_edge(form: Callable[[], Axes | list[Axes]]) -> None:
    figure = figure_of(form())
    title = figure._suptitle  # the public getter gives the words only
    assert title is not None
    assert title.get_window_extent().x0 < 0.03 * figure.bbox.width


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_a_form_leaves_the_readers_settings_alone(form: Callable[[], Axes | list[Axes]]) -> None:
    before = mpl.rcParams.copy()
    form()
    assert dict(mpl.rcParams) == dict(before)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_dollar_signs_are_money_and_no_formula(form: Callable[[], Axes | list[Axes]]) -> None:
    assert not [text.get_text() for text in texts_of(figure_of(form())) if text.get_parse_math()]


def test_a_long_title_is_broken_and_complete() -> None:
    figure = figure_of(tracking())
    title = figure.get_suptitle()
    assert "\n" in title
    assert title.replace("\n", " ") == LONG


def test_lines_are_named_where_they_end_in_their_colour_and_from_top_to_bottom() -> None:
    ax = tracking()
    figure = figure_of(ax)
    names = {
        text.get_text(): text
        for text in texts_of(figure)
        if text.get_text() in ("Actual", "MBG/NBD", "BG/NBD")
    }
    heights = {name: text.get_window_extent().y0 for name, text in names.items()}
    assert heights["BG/NBD"] > heights["MBG/NBD"] > heights["Actual"]
    colours = {str(line.get_label()): line.get_color() for line in ax.get_lines()}
    assert names["Actual"].get_color() == INK
    assert names["MBG/NBD"].get_color() in SERIES
    assert names["MBG/NBD"].get_color() in colours.values()
    assert ax.get_legend() is None


def test_lines_differ_by_more_than_colour() -> None:
    drawn = [line for line in tracking().get_lines() if len(line.get_xdata()) == len(WEEKS)]
    assert len(drawn) == 3
    assert (
        len({str(line._dash_pattern) for line in drawn}) == 3
    )  # dashes have no public getter that tells them apart


def test_lines_mark_the_cut_and_label_both_axes() -> None:
    ax = tracking()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Week", "Repeat purchases")
    assert [39, 39] in [list(line.get_xdata()) for line in ax.get_lines()]
    assert "the model saw data up to here" in [text.get_text() for text in ax.texts]


def test_lines_take_dates_and_gaps() -> None:
    days = pd.date_range("1998-01-05", periods=20, freq="7D")
    table = pd.DataFrame(
        {"Actual": np.arange(20.0), "Model": [np.nan] * 10 + list(range(10, 20))}, index=days
    )
    ax = lines(table, title="T", axes=("Week", "Purchases"), cut=(days[9], "cut"))
    assert [len(line.get_xdata()) for line in ax.get_lines()[:2]] == [20, 10]


def test_bars_carry_their_money_and_interval() -> None:
    ax = segments()
    figure_of(ax)
    assert [patch.get_width() for patch in ax.patches] == [412e3, 198e3, -12e3]
    assert [text.get_text() for text in ax.texts] == ["£412K", "£198K", "-£12K"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Protect", "Grow", "Let go"]
    ranges = ax.collections[0].get_segments()
    assert [tuple(part[:, 0]) for part in ranges] == [(380e3, 455e3), (180e3, 221e3), (-18e3, -6e3)]
    assert len({patch.get_facecolor() for patch in ax.patches}) == 2
    assert all(label.get_text().lstrip("-").startswith("£") for label in ax.get_xticklabels())


def test_dots_have_a_panel_a_measure_and_say_what_is_better() -> None:
    panels = models()
    assert [panel.get_xlabel() for panel in panels] == [
        "MAE (£)\n(lower is better)",
        "Spearman\n(higher is better)",
    ]
    assert [text.get_text() for text in panels[0].texts] == ["31.8", "31.2", "–"]
    assert [text.get_text() for text in panels[1].texts] == ["0.430", "0.445", "0.400"]
    assert len([line for line in panels[0].get_lines() if line.get_marker() == "o"]) == 2


def test_pairs_write_both_numbers_or_one_where_they_read_the_same() -> None:
    ax = journey()
    assert [text.get_text() for text in ax.texts] == ["25%", "18%", "5%", "3%", "0%", "2%"]
    right, left = ax.texts[0], ax.texts[1]
    assert (left.get_ha(), left.xy[0]) == ("right", 0.18) and (right.get_ha(), right.xy[0]) == ("left", 0.25)
    first, second = (line for line in ax.get_lines() if line.get_marker() in ("o", "D"))
    assert first.get_xdata().tolist() == [0.18, 0.046, 0.001, 0.02] and second.get_xdata()[0] == 0.25
    assert [entry.get_text() for entry in ax.get_legend().get_texts()] == ["by customers", "by value"]


def test_pairs_stand_in_blocks_from_top_to_bottom_at_their_marks() -> None:
    ax = journey()
    names = {
        label.get_text(): place for label, place in zip(ax.get_yticklabels(), ax.get_yticks(), strict=True)
    }
    order = ["Touchpoint", "digital", "network", "Stage", "waiting", "offers"]
    assert sorted(names, key=lambda name: -names[name]) == order
    marks = next(line for line in ax.get_lines() if line.get_marker() == "o")
    assert marks.get_ydata().tolist() == [names[name] for name in order if name[0].islower()]
    bold = [label.get_text() for label in ax.get_yticklabels() if label.get_fontweight() == "bold"]
    assert sorted(bold) == ["Stage", "Touchpoint"]


def test_pairs_without_blocks_and_what_is_no_pair() -> None:
    plain = pd.DataFrame({"a": [0.1, 0.3], "b": [0.2, 0.1]}, index=["one", "two"])
    ax = pairs(plain, title="T", label="x")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["two", "one"]
    unknown = pairs(plain.reindex(["one", "three"]), title="T", label="x")
    assert [text.get_text() for text in unknown.texts] == ["20%", "10%", "–"]
    with pytest.raises(ValueError, match="two columns are compared, found a"):
        pairs(plain[["a"]], title="T", label="x")
    with pytest.raises(ValueError, match="nothing to draw"):
        pairs(plain.head(0), title="T", label="x")


def test_the_darkest_shade_of_a_matrix_is_its_fullest_share() -> None:
    table = pd.DataFrame([[0.05, 0.4]])
    ax = matrix(table, title="T", axes=("x", "y"), full=0.4)
    image = ax.get_images()[0]
    assert image.get_clim() == (0.0, 0.4)
    dark = image.to_rgba(image.get_array()[0, 1])[:3]
    assert contrast(to_rgb(ax.texts[1].get_color()), dark) >= 4.5


def test_shares_can_be_read_on_every_shade() -> None:
    table = pd.DataFrame(np.linspace(0, 1, 30).reshape(5, 6))
    ax = matrix(table, title="T", axes=("x", "y"))
    image = ax.get_images()[0]
    for text in ax.texts:
        column, row = text.get_position()
        assert contrast(to_rgb(text.get_color()), image.to_rgba(image.get_array()[row, column])[:3]) >= 4.5


def test_whole_percentages_have_no_decimal_on_an_axis() -> None:
    table = pd.DataFrame({"value": [0.533, 0.105]}, index=["a", "b"])
    ax = bars(table, title="T", label="Share", number=MONEY.words.percent)
    figure_of(ax)
    assert [text.get_text() for text in ax.texts] == ["53.3%", "10.5%"]
    assert [label.get_text() for label in ax.get_xticklabels()][:3] == ["0%", "10%", "20%"]


def test_a_matrix_writes_each_share_and_stays_readable_on_dark_cells() -> None:
    ax = moves()
    written = {(text.get_position()): text for text in ax.texts}
    assert [written[0, 0].get_text(), written[1, 0].get_text(), written[2, 1].get_text()] == [
        "97%",
        "<1%",
        "30%",
    ]
    image = ax.get_images()[0]
    for (column, row), text in written.items():
        cell = image.to_rgba(image.get_array()[row, column])[:3]
        assert contrast(to_rgb(text.get_color()), cell) >= 4.5


def test_calibration_draws_each_group_and_the_line_of_agreement() -> None:
    ax = tenths()
    diagonal, points = ax.get_lines()
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata())
    assert len(points.get_xdata()) == 10
    assert len(ax.collections[0].get_segments()) == 10
    assert ax.get_xlim() == ax.get_ylim()
    assert (ax.get_xscale(), ax.get_xlabel()) == ("log", "Predicted (log scale)")


@pytest.mark.parametrize("lowest", [0.0, 100.0])
def test_calibration_stays_linear_where_groups_are_alike_or_one_is_zero(lowest: float) -> None:
    table = pd.DataFrame({"predicted": [lowest, 140.0], "actual": [90.0, 150.0]})
    ax = calibration(table, title="T", axes=("Predicted", "Actual"))
    assert (ax.get_xscale(), ax.get_xlabel()) == ("linear", "Predicted")


def test_a_distribution_counts_every_customer_shown_or_beyond() -> None:
    ax = spread_of_value()
    shown = sum(patch.get_height() for patch in ax.patches)
    beyond = next(text.get_text() for text in ax.texts if "beyond" in text.get_text())
    assert shown + int(beyond.split()[0]) == 5000
    assert beyond.startswith("50 more beyond £")
    assert {text.get_text().split()[0] for text in ax.texts} == {"50", "median", "mean"}


@pytest.mark.parametrize("values", [[5.0], [5.0, 5.0, 5.0], [0.0, 0.0], [-3.0, 4.0, np.nan], [1e9, 0.01]])
def test_a_distribution_of_few_or_equal_values_is_drawn(values: Sequence[float]) -> None:
    ax = distribution(pd.Series(values), title="T", label="L")
    figure_of(ax)
    assert sum(patch.get_height() for patch in ax.patches) >= 1


def test_a_whale_curve_marks_its_top() -> None:
    ax = whale()
    written = [text.get_text() for text in ax.texts]
    assert written[0] == "20% of customers: 66%"
    assert any(text.endswith(": 120%") for text in written)
    assert ax.get_ylim()[1] > 1.2


def test_a_curve_stands_above_the_customers_that_it_is_of() -> None:
    ax = waiting()
    figure_of(ax)
    curve = next(line for line in ax.get_lines() if len(line.get_xdata()) == len(WAITS))
    assert list(curve.get_ydata()) == pytest.approx(list(WAITS / 20 - 0.1))
    heights = [patch.get_height() for patch in ax.patches]
    assert len(heights) == len(SUPPORT) + 1
    assert np.array(heights[:-1]) / heights[0] == pytest.approx(SUPPORT["share"] / 0.3)
    inside = ax.transAxes.inverted().transform
    floor = max(inside(patch.get_window_extent())[1, 1] for patch in ax.patches)
    assert floor < min(inside(ax.transData.transform((0.0, low)))[1] for low in (-0.3, -0.12))


def test_missing_values_stand_right_of_the_curve_with_their_share() -> None:
    ax = waiting()
    alone = next(line for line in ax.get_lines() if len(line.get_xdata()) == 1)
    shown = [label.get_text() for label in ax.get_xticklabels() if label.get_text()]
    assert max(map(float, shown)) <= WAITS.max()
    assert alone.get_xdata()[0] > WAITS.max() and list(alone.get_ydata()) == [-0.2]
    assert "not known (4%)" in [text.get_text() for text in ax.texts]
    few = dependence(
        pd.DataFrame(
            [("number", "1", 1.0, 0.99, 0.1, 0.0, 0.2), ("missing", "not known", np.nan, 0.004, 0, 0, 0)]
        ).set_axis(PIECES, axis=1),
        SUPPORT.head(1),
        title="T",
        axes=("x", "y"),
    )
    assert "not known (<1%)" in [text.get_text() for text in few.texts]


def test_categories_are_named_with_their_share() -> None:
    ax = plans()
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "fibre\n60%",
        "mobile\n30%",
        "not known\n10%",
    ]
    assert [patch.get_height() for patch in ax.patches][1] == pytest.approx(ax.patches[0].get_height() / 2)


def test_a_curve_without_pieces_or_columns_is_refused() -> None:
    table = pd.DataFrame(columns=PIECES)
    with pytest.raises(ValueError, match="nothing to draw: no piece has enough customers"):
        dependence(table, SUPPORT, title="T", axes=("x", "y"))
    with pytest.raises(ValueError, match="column 'moved' is not in the table"):
        dependence(table.drop(columns="moved"), SUPPORT, title="T", axes=("x", "y"))


def test_a_form_draws_on_the_callers_axes() -> None:
    _, (left, right) = plt.subplots(1, 2, figsize=(12, 4))
    table = pd.DataFrame({"value": [1.0]}, index=["a"])
    assert bars(table, title="A title", label="L", ax=left) is left
    assert left.get_title(loc="left") == "A title"
    assert not right.has_data()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: lines(pd.DataFrame({"a": []}), title="T", axes=("x", "y")), "the table is empty"),
        (lambda: lines(pd.DataFrame({"a": [1, 2]}, index=[2, 1]), title="T", axes=("x", "y")), "must rise"),
        (lambda: lines(pd.DataFrame({"a": ["x"]}), title="T", axes=("x", "y")), "a holds no numbers"),
        (
            lambda: bars(pd.DataFrame({"clv": [1]}), title="T", label="L"),
            "'value' is not in the table; it has clv",
        ),
        (lambda: dots(pd.DataFrame({"a": [1]}), title="T", better={"a": "small"}), "'lower' or 'higher'"),
        (lambda: matrix(pd.DataFrame([[12.0]]), title="T", axes=("x", "y")), "shares from 0 to 1"),
        (
            lambda: calibration(pd.DataFrame({"actual": [1]}), title="T", axes=("x", "y")),
            "'predicted' is not",
        ),
        (lambda: distribution(pd.Series([np.nan]), title="T", label="L"), "there are no values"),
    ],
)
def test_what_would_draw_nothing_or_nonsense_is_refused(draw: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw()


# How the colours look to people with the three kinds of colour-blindness: matrices of Machado, Oliveira and
# Fernandes (2009), severity 1, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
}


def linear(colour: Sequence[float]) -> np.ndarray:
    c = np.asarray(colour, dtype=float)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of linear RGB."""
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.072175],
            [0.0193339, 0.119192, 0.9503041],
        ]
    )
    xyz = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """WCAG contrast ratio."""
    light = sorted(float(np.dot([0.2126, 0.7152, 0.0722], linear(colour))) for colour in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize("kind", BLINDNESS)
def test_the_first_series_stay_apart_for_every_kind_of_eye(kind: str) -> None:
    seen = [lab(BLINDNESS[kind] @ linear(to_rgb(colour))) for colour in (INK, *SERIES[:3])]
    for one, two in combinations(seen, 2):
        assert np.linalg.norm(one - two) > 15  # CIE76; about 2 can just be noticed side by side


@pytest.mark.parametrize("colour", [INK, QUIET])
def test_texts_stand_out_from_the_paper(colour: str) -> None:
    assert contrast(to_rgb(colour), (1, 1, 1)) >= 4.5


def test_amounts_in_dollars_are_not_read_as_a_formula():
    table = pd.DataFrame({"value": [1.0]}, index=["from $1 to $2"])
    ax = bars(table, title="From $149 each to $174", label="US$ or $")
    texts = [ax.figure._suptitle, ax.xaxis.label, *ax.get_yticklabels(), *ax.texts]
    assert not any(text.get_parse_math() for text in texts)


def test_a_way_is_as_wide_as_its_share_at_both_ends_and_what_runs_back_has_no_band():
    shares = pd.DataFrame({"value": [0.25, 0.75, -0.1]}, index=["contact", "itself", "asking"])
    ax = flow(shares, title="T", ends=("outages", "leaving"))
    bands = [patch.get_path().vertices for patch in ax.patches if len(patch.get_path().vertices) == 9]
    to_middle, from_middle = bands[0::2], bands[1::2]
    assert [one[0, 1] - one[7, 1] for one in to_middle] == pytest.approx([0.25, 0.75])
    assert [one[3, 1] - one[4, 1] for one in from_middle] == pytest.approx([0.25, 0.75])
    texts = [text.get_text() for text in ax.texts]
    assert {"contact: 25.0%", "itself: 75.0%", "asking: -10.0%", "outages", "leaving"} <= set(texts)


def test_a_flow_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no share is above 0"):
        flow(pd.DataFrame({"value": [0.0, -0.2]}), title="T", ends=("a", "b"))
    with pytest.raises(ValueError, match="needs a column 'value'"):
        flow(pd.DataFrame({"share": [1.0]}), title="T", ends=("a", "b"))

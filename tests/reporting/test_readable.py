"""Tables for people: chosen columns, plain headings, worded and escaped cells."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from cxmodels.reporting.readable import readable
from cxmodels.reporting.vocabulary import COLUMNS
from cxmodels.reporting.wording import Money

FRAME = pd.DataFrame(
    {
        "name": ["<b>top</b>", "low"],
        "customers": [12345, 2],
        "share": [0.5, np.nan],
        "value": [1234567.0, 0.5],
        "low": [1.0e6, 0.0],
        "high": [2.0e6, 1.0],
        "day": [date(2025, 1, 31), date(2025, 2, 1)],
    }
)


def test_cells_are_worded_by_kind():
    shown = readable(
        FRAME,
        {
            "Customers": ("customers", "number"),
            "Share": ("share", "share"),
            "Points": ("share", "points"),
            "Value": ("value", "money"),
            "Range": ("low", "high", "money"),
            "Day": ("day", "date"),
        },
        money=Money("USD"),
    )
    assert shown.cells.iloc[0].tolist() == [
        "12,345", "50.0%", "50.0", "$1.23 million", "$1.00 million to $2.00 million", "31 January 2025",
    ]  # fmt: skip
    assert shown.cells["Share"].tolist() == ["50.0%", "–"]


def test_the_language_of_the_study_is_used():
    shown = readable(
        FRAME, {"Antall": ("customers", "number"), "Andel": ("share", "share")}, money=Money("NOK", "nb")
    )
    assert shown.cells.iloc[0].str.replace("\xa0", " ").tolist() == ["12 345", "50,0 %"]


def test_html_is_escaped_and_numbers_stand_right():
    html = readable(
        FRAME, {"Who": ("name", "text"), "Customers": ("customers", "number")}, money=Money("USD")
    )._repr_html_()
    assert "&lt;b&gt;top&lt;/b&gt;" in html and "<b>" not in html
    assert '<td style="text-align:right;white-space:nowrap">12,345</td>' in html
    assert '<th style="text-align:left">low</th>' in html


def test_names_of_the_vocabulary_bring_their_heading_and_kind():
    frame = pd.DataFrame(
        {"segment": ["protect"], "customer_share": [0.25], "future_low": [100.0], "future_high": [200.0]}
    )
    shown = readable(frame, ["segment", "customer_share", "future_interval"], money=Money("USD")).cells
    assert shown.columns.tolist() == ["Segment", "Share of customers", "90% interval"]
    assert shown.iloc[0].tolist() == ["protect", "25.0%", "$100 to $200"]


def test_every_word_of_the_vocabulary_can_be_shown():
    for name, (heading, (*columns, kind)) in COLUMNS.items():
        frame = pd.DataFrame({column: [date(2025, 1, 1) if kind == "date" else 1] for column in columns})
        assert readable(frame, [name], money=Money("USD")).cells.columns.tolist() == [heading]


def test_a_missing_day_is_a_dash():
    days = pd.DataFrame({"day": pd.to_datetime(["2025-01-31", None])})
    shown = readable(days, {"Day": ("day", "date")}, money=Money("EUR"))
    assert shown.cells["Day"].tolist() == ["31 January 2025", "–"]


def test_a_range_without_ends_is_one_dash():
    frame = pd.DataFrame({"low": [np.nan, 100.0], "high": [np.nan, np.nan]})
    shown = readable(frame, {"Range": ("low", "high", "money")}, money=Money("USD"))
    assert shown.cells["Range"].tolist() == ["–", "$100 to –"]


def test_a_range_stays_on_one_line():
    html = readable(FRAME, {"Range": ("low", "high", "money")}, money=Money("USD"))._repr_html_()
    assert 'white-space:nowrap">$1.00 million to $2.00 million<' in html


def test_an_empty_table_keeps_its_headings():
    html = readable(
        FRAME.iloc[:0], {"Who": ("name", "text"), "Value": ("low", "high", "money")}, money=Money("USD")
    )._repr_html_()
    assert "Who" in html and "<td" not in html


def test_unknown_columns_and_kinds_name_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'share'"):
        readable(FRAME, {"Share": ("shares", "share")}, money=Money("USD"))
    with pytest.raises(ValueError, match="did you mean 'customer_share'"):
        readable(FRAME, ["customer_shares"], money=Money("USD"))
    with pytest.raises(ValueError, match="did you mean 'money'"):
        readable(FRAME, {"Value": ("value", "monny")}, money=Money("USD"))

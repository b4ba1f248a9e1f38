"""Files as offices write them: each ends in the right figures, or in an error that says what to do."""

import openpyxl
import pytest

from cxmodels.tables import DataError

LINES = "id,day,net\na1,2025-01-31,1.5\nb2,2025-02-28,2\n"
JOINED = "\ufeff" + LINES + "\ufeffa1,2025-03-31,3\n"


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("sep=;\r\n" + LINES.replace(",", ";").replace("\n", "\r\n"), ()),
        ('"sep=;"\n' + LINES.replace(",", ";"), ()),
        ("sep=,\n" + LINES, ()),
        ("Sales report\nmade 2025-03-01\n\n" + LINES, ("log.csv: lines above the header skipped: 3",)),
    ],
)
def test_what_stands_above_the_header_is_no_data(see_csv, content, note):
    seen = see_csv(content)
    assert (seen.ids, seen.amounts, seen.aside, seen.notes) == (["a1", "b2"], [1.5, 2.0], [], note)


def test_joined_files_do_not_split_a_customer(see_csv):
    seen = see_csv(JOINED)
    assert seen.ids == ["a1", "b2", "a1"] and seen.check.customers == 2


def test_columns_that_differ_in_capitals_between_files_are_one(tmp_path, see):
    (tmp_path / "a.csv").write_text(LINES)
    (tmp_path / "b.csv").write_text("Net,ID,day\n3.5,c3,2025-03-31\nx,d4,2025-03-31\n")
    seen = see(source=["*.csv"], max_bad_share=0.5)
    assert sorted(zip(seen.ids, seen.amounts, strict=True)) == [("a1", 1.5), ("b2", 2.0), ("c3", 3.5)]
    assert seen.aside == [(2, "amount is no number")] and not seen.notes


@pytest.fixture
def workbook(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Sales report"], [None], ["id", "day", "net"], ["a1", "2025-01-31", 1.5]):
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    book.create_sheet("cache").sheet_state = "hidden"
    book.save(tmp_path / "log.xlsx")
    return book, tmp_path / "log.xlsx"


def test_a_title_above_the_header_and_a_hidden_sheet_are_passed_over(workbook, see):
    seen = see(source=["log.xlsx"])
    assert (seen.ids, seen.amounts) == (["a1"], [1.5])
    assert seen.notes == ("sheet 'Sheet' of log.xlsx: rows above the header skipped: 1",)


def test_two_visible_sheets_are_asked_about(workbook, see):
    book, file = workbook
    book["cache"].sheet_state = "visible"
    book.save(file)
    with pytest.raises(DataError, match="several sheets: Sheet, cache"):
        see(source=["log.xlsx"])

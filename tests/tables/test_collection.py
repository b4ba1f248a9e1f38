"""The tables of a study are opened, saved with the run, and opened again as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxmodels.study import read_study
from cxmodels.tables import DataError, open_tables, read_tables

ROOT = Path(__file__).resolve().parents[2]
CONTENT = "id,day,net\n1,2025-06-30,5\n,2025-06-30,5\n1,2025-06-30,-2.5\n"


def test_saved_tables_are_the_tables_that_were_opened(tmp_path, see_csv):
    tables = see_csv(CONTENT, max_bad_share=0.5).tables
    saved = tables.save(tmp_path / "run" / "tables")
    again = read_tables(tmp_path / "run" / "tables")
    for one in (saved, again):
        assert one.names == ("transactions",)
        assert one.transactions.to_pyarrow().equals(tables.transactions.to_pyarrow())
        assert one.set_aside.to_pyarrow().to_pylist() == tables.set_aside.to_pyarrow().to_pylist()
        assert one.report == tables.report
    assert {file.name for file in (tmp_path / "run" / "tables").iterdir()} == {
        "transactions.parquet",
        "set_aside.parquet",
        "check.json",
    }


def test_the_report_counts_what_came_and_what_did_not(see_csv):
    report = see_csv(CONTENT, max_bad_share=0.5).tables.report
    row = report.table.iloc[0]
    assert (row.rows_read, row.rows_kept, row.set_aside, row.customers, row.refunds) == (3, 2, 1, 1, 1)
    assert row.bad_share == pytest.approx(1 / 3)
    assert report.reasons.to_dict("records") == [
        {
            "table": "transactions",
            "reason": "customer_id is missing",
            "rows": 1,
            "bad": True,
            "example": "id = None",
        }
    ]
    assert "transactions: 1 row set aside: customer_id is missing." in report.sentences


def test_a_report_without_defects_has_an_empty_table_of_reasons(see_csv):
    assert see_csv("id,day,net\n1,2025-06-30,5\n").tables.report.reasons.empty


def test_a_table_that_the_study_lacks_is_named(see_csv):
    tables = see_csv(CONTENT, max_bad_share=0.5).tables
    assert "transactions" in tables and "contacts" not in tables
    with pytest.raises(DataError, match=r"no table 'contacts'.*Add \[tables\.contacts\]"):
        tables["contacts"]


def test_the_files_behind_the_tables_are_known(tmp_path, see_csv):
    assert see_csv(CONTENT, max_bad_share=0.5).tables.inputs == (tmp_path / "log.csv",)


def test_a_folder_without_saved_tables_is_refused(tmp_path):
    with pytest.raises(DataError, match="has no saved tables"):
        read_tables(tmp_path)


def test_a_saved_table_that_went_missing_is_named(tmp_path, see_csv):
    see_csv(CONTENT, max_bad_share=0.5).tables.save(tmp_path / "tables")
    (tmp_path / "tables" / "transactions.parquet").unlink()
    with pytest.raises(DataError, match=r"has no transactions\.parquet"):
        read_tables(tmp_path / "tables")


def test_duplicates_need_not_be_counted(study_of, tmp_path):
    (tmp_path / "log.csv").write_text("id,day,net\n1,2025-06-30,5\n1,2025-06-30,5\n")
    study = study_of(source=["log.csv"])
    assert open_tables(study).report.checks[0].duplicates == 1
    assert open_tables(study, count_duplicates=False).report.checks[0].duplicates is None


@pytest.mark.parametrize(
    ("study", "rows", "customers", "zeros", "duplicates"),
    [("data/cdnow", 69_659, 23_570, 80, 255), ("data/cdnow/sample.toml", 6_919, 2_357, 8, 21)],
)
def test_cdnow_comes_through_the_door_whole(study, rows, customers, zeros, duplicates):
    tables = open_tables(read_study(ROOT / study))
    check = tables.report.checks[0]
    assert (check.rows_kept, check.customers, check.zero_amounts) == (rows, customers, zeros)
    assert (check.set_aside, check.duplicates) == (0, duplicates)
    assert (check.first_day, check.last_day) == ("1997-01-01", "1998-06-30")


def test_online_retail_comes_through_the_door_without_its_nameless_lines(data_set):
    data_set("online-retail")
    tables = open_tables(read_study(ROOT / "data/online-retail"))
    check = tables.report.checks[0]
    assert (check.rows_read, check.set_aside, check.rows_kept) == (541_909, 135_080, 406_829)
    assert (check.customers, check.refunds, check.duplicates) == (4_372, 8_905, 5_268)
    assert [count.reason for count in tables.report.counts] == ["customer_id is missing"]
    total = tables.transactions.amount.sum().to_pyarrow().as_py()
    assert total == pytest.approx(8_300_065.81, abs=0.01)


def test_online_retail_stops_where_its_nameless_lines_are_not_allowed(data_set):
    data_set("online-retail")
    study = read_study(ROOT / "data/online-retail", {"tables.transactions.max_bad_share": 0.05})
    with pytest.raises(DataError, match=r"135,080 of 541,909 rows \(24\.9%\)"):
        open_tables(study)


def test_online_retail_can_leave_out_what_is_no_product(data_set):
    data_set("online-retail")
    overrides = {"tables.transactions.exclude": ["StockCode IN ('POST', 'M')"]}
    check = open_tables(read_study(ROOT / "data/online-retail", overrides)).report.checks[0]
    assert check.left_out == 1256 + 571
    assert check.rows_read == check.rows_kept + check.set_aside + check.left_out

"""Every kind of source gives the same rows; what cannot be opened is named with the cure."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from datetime import date, datetime

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cxmodels.tables import DataError

CSV = "id,day,net\n007,2025-12-31,12.5\n008,2025-12-30,-3\n"
ROWS = [("007", datetime(2025, 12, 31), 12.5), ("008", datetime(2025, 12, 30), -3.0)]


def write_parquet(file, rows=ROWS):
    columns = list(zip(*rows, strict=True))
    table = pa.table({"id": columns[0], "day": pa.array(columns[1], pa.timestamp("us")), "net": columns[2]})
    pq.write_table(table, file)


def is_the_log(seen):
    # rows of several files come in any order
    return sorted(zip(seen.ids, seen.moments, seen.amounts, strict=True)) == [
        ("007", "2025-12-31 00:00:00", 12.5),
        ("008", "2025-12-30 00:00:00", -3.0),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(see_csv, delimiter):
    assert is_the_log(see_csv(CSV.replace(",", delimiter)))


def test_the_delimiter_is_the_one_under_which_the_header_has_the_wanted_columns(see_csv):
    assert see_csv("id;day;net;a,b\n1;2025-12-31;1,5;x,y\n2;2025-12-31;2,5;x,y\n").amounts == [1.5, 2.5]


def test_a_delimiter_that_cannot_be_told_is_asked_for(see_csv):
    columns = {"customer_id": "x", "timestamp": "y", "amount": "z"}
    with pytest.raises(DataError, match=r"delimiter cannot be told .*Write delimiter ="):
        see_csv("a,b;c\n1,2;3\n", columns=columns)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
def test_encodings_are_found(see_csv, encoding):
    seen = see_csv("id,day,net\nSørgård,2025-12-31,5\nÅse,2025-12-31,6\n".encode(encoding))
    assert seen.ids == ["Sørgård", "Åse"]


def test_an_encoding_that_was_chosen_is_reported(see_csv):
    assert "read as cp1252" in see_csv("id,day,net\nÅse,2025-12-31,5\n".encode("latin-1")).notes[0]
    assert see_csv("id,day,net\nÅse,2025-12-31,5\n").notes == ()


def test_a_stated_encoding_is_used_and_checked(see_csv):
    assert see_csv("id,day,net\nЖук,2025-12-31,5\n".encode("cp1251"), encoding="cp1251").ids == ["Жук"]
    with pytest.raises(DataError, match="not written in the encoding 'utf-8'"):
        see_csv("id,day,net\nÅse,2025-12-31,5\n".encode("latin-1"), encoding="utf-8")


def test_lines_of_another_length_are_set_aside_with_their_number(see_csv):
    content = "id,day,net\n1,2025-12-31,5\n2,2025-12-31\n3,2025-12-31,5,extra\n4,2025-12-31,5\n"
    seen = see_csv(content, max_bad_share=0.6)
    assert seen.ids == ["1", "4"]
    assert seen.aside == [
        (2, "the line has 2 values, the header has 3"),
        (3, "the line has 4 values, the header has 3"),
    ]
    assert json.loads(seen.raw[1])["id"] == "3,2025-12-31,5,extra"


def test_quotes_delimiters_and_line_breaks_inside_values_are_values(see_csv):
    content = 'id,day,net\n"a ""b"", c\nd",2025-12-31,5\n2,2025-12-31,6\n'
    assert see_csv(content).ids == ['a "b", c\nd', "2"]


def test_row_numbers_hold_where_a_file_is_split_in_parallel(see_csv):
    lines = [f"{i},2025-12-31,{'x' * (i % 9)}{i}" for i in range(1, 200_001)]
    lines = [line if i % 50_000 == 0 else f"{i},2025-12-31,{i}" for i, line in enumerate(lines, start=1)]
    seen = see_csv("id,day,net\n" + "\n".join(lines))
    assert [row for row, _ in seen.aside] == [50_000, 100_000, 150_000, 200_000]
    assert all(f'"id":"{row}"' in raw for (row, _), raw in zip(seen.aside, seen.raw, strict=True))


def test_windows_line_ends_and_blank_lines_are_no_rows(see_csv):
    assert is_the_log(see_csv(CSV.replace("\n", "\r\n") + "\r\n\r\n"))


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "is empty"), ("id,day,net\n", "has a header but no rows"), ("\n", "has no header")],
)
def test_files_without_rows_are_refused(see_csv, content, said):
    with pytest.raises(DataError, match=rf"log\.csv has no rows.*{said}"):
        see_csv(content)


def test_packed_files_are_unpacked(tmp_path, see):
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        archive.writestr("log.csv", CSV)
    assert is_the_log(see(source=["log.csv.gz"]))
    assert is_the_log(see(source=["log.zip"]))


def test_a_glob_reads_all_files_and_reports_the_empty_ones(tmp_path, see):
    for name, line in [("a", "007,2025-12-31,12.5"), ("b", "008,2025-12-30,-3")]:
        (tmp_path / f"{name}.csv").write_text(f"id,day,net\n{line}\n")
    (tmp_path / "c.csv").write_text("")
    seen = see(source=["*.csv"])
    assert is_the_log(seen)
    assert "c.csv is empty" in seen.notes


def test_files_of_a_glob_may_order_their_columns_in_other_ways(tmp_path, see):
    (tmp_path / "a.csv").write_text("id,day,net\n007,2025-12-31,12.5\n")
    (tmp_path / "b.csv").write_text("net,id,day\n-3,008,2025-12-30\n")
    assert is_the_log(see(source=["a.csv", "b.csv"]))


def test_what_is_set_aside_names_its_file_and_row(tmp_path, see):
    (tmp_path / "a.csv").write_text("id,day,net\n1,2025-12-31,12.5\n")
    (tmp_path / "b.csv").write_text("id,day,net\n2,2025-12-31,5\n3,2025-12-31,five\n")
    seen = see(source=["a.csv", "b.csv"], max_bad_share=0.5)
    row = seen.tables.set_aside.to_pyarrow().to_pylist()[0]
    assert (row["table"], row["file"], row["row"]) == ("transactions", "b.csv", 2)


def test_parquet_is_read_in_place(tmp_path, see):
    write_parquet(tmp_path / "log.parquet")
    assert is_the_log(see(source=["log.parquet"]))


def test_whole_ids_that_became_floating_point_are_whole_again(tmp_path, see):
    write_parquet(
        tmp_path / "log.parquet", [(17850.0, datetime(2025, 1, 1), 1.0), (None, datetime(2025, 1, 1), 1.0)]
    )
    assert see(source=["log.parquet"], max_bad_share=0.5).ids == ["17850"]


def test_clean_parquet_needs_no_work_ever_after(tmp_path, see):
    write_parquet(tmp_path / "clean.parquet")
    write_parquet(tmp_path / "blanks.parquet", [(" 007", *ROWS[0][1:]), ROWS[1]])
    selected = {}
    for name in ("clean", "blanks"):
        con = see(source=[f"{name}.parquet"]).tables._backend.con
        (sql,) = con.execute("SELECT sql FROM duckdb_views() WHERE view_name = 'transactions'").fetchall()[0]
        selected[name] = sql.split(" AS customer_id")[0]
    assert selected["clean"].endswith("SELECT id")
    assert "CASE" in selected["blanks"]


def test_parquet_with_text_is_parsed_like_csv(tmp_path, see):
    pq.write_table(
        pa.table({"id": ["1"], "day": ["31.12.2025"], "net": ["1.234,5"]}), tmp_path / "log.parquet"
    )
    seen = see(source=["log.parquet"])
    assert (seen.moments, seen.amounts) == (["2025-12-31 00:00:00"], [1234.5])


@pytest.mark.parametrize("as_array", [False, True])
def test_json_lines_and_arrays_are_read(tmp_path, see, as_array):
    records = [{"id": "007", "day": "2025-12-31", "net": 12.5}, {"id": "008", "day": "2025-12-30", "net": -3}]
    text = json.dumps(records) if as_array else "\n".join(map(json.dumps, records))
    (tmp_path / "log.jsonl").write_text(text)
    assert is_the_log(see(source=["log.jsonl"]))


def test_json_lines_that_are_broken_are_set_aside(tmp_path, see):
    whole = [{"id": "007", "day": "2025-12-31", "net": 12.5}, {"id": "008", "day": "2025-12-30", "net": -3}]
    lines = [json.dumps(whole[0]), '{"id": "009", "day": "2025-1', "[1, 2]", json.dumps(whole[1])]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    seen = see(source=["log.jsonl"], max_bad_share=0.5)
    assert is_the_log(seen)
    assert seen.aside == [(2, "the line is no JSON object"), (3, "the line is no JSON object")]
    assert json.loads(seen.raw[0])["id"] == lines[1]


def test_excel_keeps_numbers_dates_and_ids_as_they_are(tmp_path, see):
    book = openpyxl.Workbook()
    book.active.append(["id", "day", "net"])
    book.active.append(["007", date(2025, 12, 31), 12.5])
    book.active.append(["008", datetime(2025, 12, 30), -3])
    book.save(tmp_path / "log.xlsx")
    assert is_the_log(see(source=["log.xlsx"]))


def test_numbers_in_an_excel_column_that_also_holds_text_are_not_misread(tmp_path, see):
    book = openpyxl.Workbook()
    for row in (["id", "day", "net"], [1, date(2025, 12, 31), 1.234], [2, date(2025, 12, 31), "1.234,5"]):
        book.active.append(row)
    book.save(tmp_path / "log.xlsx")
    seen = see(source=["log.xlsx"], decimal=",")
    assert (seen.ids, seen.amounts) == (["1", "2"], [1.234, 1234.5])


def test_one_of_several_sheets_must_be_named(tmp_path, see):
    book = openpyxl.Workbook()
    book.active.title = "cover"
    sheet = book.create_sheet("log")
    for row in (["id", "day", "net"], ["007", date(2025, 12, 31), 12.5], ["008", date(2025, 12, 30), -3]):
        sheet.append(row)
    book.save(tmp_path / "log.xlsx")
    assert is_the_log(see(source=["log.xlsx"], sheet="log"))
    with pytest.raises(DataError, match="several sheets: cover, log"):
        see(source=["log.xlsx"])
    with pytest.raises(DataError, match="no sheet 'logg'; nearest: 'log'"):
        see(source=["log.xlsx"], sheet="logg")


def test_a_table_of_a_duckdb_file_is_read(tmp_path, see):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute("CREATE TABLE log(id VARCHAR, day DATE, net DECIMAL(9, 2))")
        con.execute("INSERT INTO log VALUES ('007', '2025-12-31', 12.5), ('008', '2025-12-30', -3)")
    assert is_the_log(see(database="shop.duckdb", table="log"))
    with pytest.raises(DataError, match=r"no such table; nearest: 'log'. Tables there are: log"):
        see(database="shop.duckdb", table="logs")


def test_a_table_of_a_sqlite_file_is_read(tmp_path, see):
    with sqlite3.connect(tmp_path / "shop.sqlite") as base:
        base.execute("CREATE TABLE log(id TEXT, day TEXT, net)")
        base.executemany(
            "INSERT INTO log VALUES (?, ?, ?)", [("007", "2025-12-31", 12.5), ("008", "2025-12-30", -3)]
        )
    base.close()
    assert is_the_log(see(database="shop.sqlite", table="log"))
    with pytest.raises(DataError, match="no table 'logs'; nearest: 'log'"):
        see(database="shop.sqlite", table="logs")


def test_a_file_that_is_not_there_names_those_that_are(tmp_path, see):
    (tmp_path / "orders.csv").write_text(CSV)
    with pytest.raises(DataError, match=r"no such file; nearest: 'orders\.csv'.*catalogue: cdnow-master"):
        see(source=["order.csv"])


def test_a_misspelt_catalogue_name_names_the_nearest(see):
    with pytest.raises(DataError, match="nearest: 'cdnow-master'"):
        see(source=["cdnow-mastr"])


def test_a_glob_without_files_and_a_folder_are_refused(tmp_path, see):
    with pytest.raises(DataError, match="nothing matches"):
        see(source=["*.csv"])
    with pytest.raises(DataError, match=r"is a folder; write which files"):
        see(source=[str(tmp_path)])


@pytest.mark.parametrize("name", ["log.parquet", "log.xlsx", "log.zip", "log.csv.gz", "log.jsonl"])
def test_damaged_files_are_refused_by_name(tmp_path, see, name):
    (tmp_path / name).write_bytes(b"PAR1 this is not what it says \x00\x01")
    with pytest.raises(DataError, match=name):
        see(source=[name])


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("log.csv", 'write source = "log.csv", without database and table'),
        ("shop.db", "name the file that holds the tables"),
    ],
)
def test_a_file_that_is_no_database_is_named_with_the_cure(tmp_path, see, name, cure):
    (tmp_path / name).write_text("id,day,amount\n1,2024-01-05,3\n" * 500)
    with pytest.raises(DataError) as refusal:
        see(database=name, table="log")
    assert str(refusal.value) == (
        f"[tables.transactions] database = {name!r}: {tmp_path / name} is no DuckDB or SQLite file; {cure}."
    )


def test_a_damaged_database_is_refused_by_name(tmp_path, see):
    (tmp_path / "shop.duckdb").write_bytes(b"checksumDUCK and then nothing")
    with pytest.raises(DataError, match=r"shop\.duckdb cannot be opened"):
        see(database="shop.duckdb", table="log")
    (tmp_path / "shop.sqlite").write_bytes(b"SQLite format 3\x00 and then nothing")
    with pytest.raises(DataError, match=r"shop\.sqlite cannot be read"):
        see(database="shop.sqlite", table="log")


def test_a_file_that_may_not_be_read_is_refused(tmp_path, see, monkeypatch):
    (tmp_path / "log.csv").write_text(CSV)

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("cxmodels.tables.sources.stage_csv", refuse)
    with pytest.raises(DataError, match=r"log\.csv cannot be read as csv.*you may read it"):
        see(source=["log.csv"])


def test_an_ending_without_reader_is_refused(tmp_path, see):
    (tmp_path / "log.sav").write_text("x")
    with pytest.raises(DataError, match=r"'\.sav', which has no reader; there are readers for \.csv"):
        see(source=["log.sav"])


def test_files_whose_columns_differ_in_kind_are_refused(tmp_path, see):
    write_parquet(tmp_path / "a.parquet")
    pq.write_table(pa.table({"id": ["1"], "day": ["2025-12-31"], "net": ["5"]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"column 'day' holds time in a\.parquet but text in b\.parquet"):
        see(source=["*.parquet"])


@pytest.mark.parametrize("header", ["id,day,net,net", "id,day,Net ,net"])
def test_a_wanted_column_that_is_there_twice_is_not_guessed(see_csv, header):
    with pytest.raises(DataError, match="2 columns 'net'"):
        see_csv(f"{header}\n1,2025-12-31,5,6\n")


def test_another_column_may_be_there_twice(see_csv):
    assert see_csv("id,day,net,note,note\n1,2025-12-31,5,a,b\n").amounts == [5.0]


def test_a_sheet_with_a_wanted_column_twice_is_not_guessed_either(see, tmp_path):
    book = openpyxl.Workbook()
    for row in (["id", "day", "net", "net"], ["1", "2025-12-31", 5, 6]):
        book.active.append(row)
    book.save(tmp_path / "log.xlsx")
    with pytest.raises(DataError, match="2 columns 'net'"):
        see(source=["log.xlsx"])

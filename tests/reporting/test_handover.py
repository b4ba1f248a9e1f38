"""Files for other tools: nothing in them runs, and nothing of them is half written."""

from __future__ import annotations

import errno
from pathlib import Path

import pandas as pd
import pytest

from cxmodels.reporting.handover import escape_formulas, write_csv, write_parquet

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1+1", "＝1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("kind", ["object", "string", "category"])
def test_texts_that_a_spreadsheet_would_run_get_an_apostrophe(kind: str) -> None:
    frame = pd.DataFrame({"reason": pd.Series(FORMULAS).astype(kind)})
    assert escape_formulas(frame)["reason"].tolist() == [f"'{text}" for text in FORMULAS]


def test_numbers_dates_ids_and_plain_texts_are_left_alone() -> None:
    frame = pd.DataFrame(
        {
            "customer_id": ["0001", "a-b"],
            "amount": [-1.5, 2.0],
            "day": pd.to_datetime(["1998-01-01", "1998-01-02"]),
            "note": [None, "a=b"],
        }
    )
    safe = escape_formulas(frame)
    assert safe["customer_id"].tolist() == ["0001", "a-b"]
    assert safe["note"].tolist()[1] == "a=b"
    assert pd.isna(safe["note"].tolist()[0])
    pd.testing.assert_frame_equal(safe[["amount", "day"]], frame[["amount", "day"]])


def test_column_names_are_escaped_and_the_callers_frame_is_not_changed() -> None:
    frame = pd.DataFrame({"=HYPERLINK()": ["=1"]})
    assert list(escape_formulas(frame).columns) == ["'=HYPERLINK()"]
    assert frame.to_dict("list") == {"=HYPERLINK()": ["=1"]}


def test_columns_of_the_same_name_are_each_escaped() -> None:
    frame = pd.DataFrame([["=1", "=2"]], columns=["a", "a"])
    assert escape_formulas(frame).iloc[0].tolist() == ["'=1", "'=2"]


def test_csv_opens_in_a_spreadsheet_and_reads_back(tmp_path: Path) -> None:
    path = write_csv(pd.DataFrame({"id": ["0001", "=ø"], "clv": [1.25, -3.0]}), tmp_path / "value.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    back = pd.read_csv(path, dtype={"id": str})
    assert back.to_dict("list") == {"id": ["0001", "'=ø"], "clv": [1.25, -3.0]}


def test_numbers_in_csv_have_the_digits_that_hold(tmp_path: Path) -> None:
    frame = pd.DataFrame({"clv": [0.1 + 0.2, 1234567890.12, 1e-7]})
    lines = write_csv(frame, tmp_path / "value.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines == ["clv", "0.3", "1234567890.12", "1e-07"]


def test_parquet_keeps_texts_as_they_are(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["=1", "0001"], "clv": [1.0, float("nan")]})
    pd.testing.assert_frame_equal(pd.read_parquet(write_parquet(frame, tmp_path / "value.parquet")), frame)


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_csv(pd.DataFrame({"id": ["old"]}), tmp_path / "value.csv")
    before = path.read_bytes()

    def full(self: pd.DataFrame, file: Path, **_: object) -> None:
        Path(file).write_text("half", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="No space left"):
        write_csv(pd.DataFrame({"id": ["new"]}), path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["value.csv"]

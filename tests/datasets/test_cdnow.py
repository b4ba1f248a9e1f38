"""CDNOW is read as it was published, without importing the helpers of lifetimes that break."""

from __future__ import annotations

import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from cxmodels.datasets.cdnow import write_cdnow


@pytest.mark.parametrize(
    ("name", "rows", "customers", "spent"),
    [("cdnow-master", 69_659, 23_570, 2_500_315.63), ("cdnow-sample", 6_919, 2_357, 244_091.94)],
)
def test_all_purchases_are_there(data_set, name, rows, customers, spent):
    table = pq.read_table(data_set(name)[0])
    assert table.num_rows == rows
    assert len(table["customer_id"].unique()) == customers
    assert sum(table["dollar_value"].to_pylist()) == pytest.approx(spent, abs=0.005)


def test_customers_of_the_sample_have_their_ids_of_the_master(data_set):
    master, sample = (
        pq.read_table(data_set(name)[0]).to_pylist() for name in ("cdnow-master", "cdnow-sample")
    )
    whole = {(row["customer_id"], row["date"], row["dollar_value"]) for row in master}
    assert all((row["customer_id"], row["date"], row["dollar_value"]) in whole for row in sample)


def test_header_and_control_characters_are_no_rows(tmp_path):
    original = tmp_path / "log.txt"
    original.write_bytes(
        b" customer_id  date number_of_cds  dollar_value\r\r\n 00001 19970131  1   11.77\r\r\n\x1a\r\n"
    )
    write_cdnow(original, tmp_path / "log.parquet")
    (row,) = pq.read_table(tmp_path / "log.parquet").to_pylist()
    assert (row["customer_id"], str(row["date"]), row["number_of_cds"], row["dollar_value"]) == (
        "00001",
        "1997-01-31",
        1,
        11.77,
    )


def test_lifetimes_is_not_imported_to_find_its_files():
    code = (
        "import sys; from cxmodels.datasets.catalogue import fetch; fetch('cdnow-sample'); "
        "assert 'lifetimes.datasets' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

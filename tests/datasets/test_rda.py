"""R data files are read without R: written here byte by byte as R writes them, and the real one besides."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct

import numpy as np
import pyarrow.parquet as pq
import pytest

from cxmodels.datasets.rda import RdaError, read_rda


def whole(*numbers):
    return struct.pack(f">{len(numbers)}i", *numbers)


def text(value, mark=8):  # 8: UTF-8, 4: Latin-1
    if value is None:
        return whole(9, -1)
    raw = value.encode("utf-8" if mark == 8 else "latin-1")
    return whole(9 | mark << 12, len(raw)) + raw


def symbol(name):
    return whole(1) + text(name)


def texts(values, **marks):
    return whole(16, len(values)) + b"".join(text(value, **marks) for value in values)


def reals(values):
    return whole(14, len(values)) + struct.pack(f">{len(values)}d", *values)


def pairs(**items):
    cells = b"".join(whole(2 | 0x400) + symbol(name) + item for name, item in items.items())
    return cells + whole(254)


def frame(**columns):
    return whole(19 | 0x200, len(columns)) + b"".join(columns.values()) + pairs(names=texts(list(columns)))


def rda(version=2, **objects):
    native = whole(5) + b"UTF-8" if version == 3 else b""
    return b"RDX%d\nX\n" % version + whole(version, 0, 0) + native + pairs(**objects)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_data_frame_is_read_in_every_version_and_packing(tmp_path, version, pack):
    data = rda(
        version, log=frame(id=texts(["a", None]), net=reals([1.5, float("nan")]), n=whole(13, 2, 7, -(2**31)))
    )
    (tmp_path / "log.rda").write_bytes(pack(data))
    log = read_rda(tmp_path / "log.rda")["log"]
    assert log.attributes["names"].values == ["id", "net", "n"]
    assert log.values[0].values == ["a", None]
    np.testing.assert_array_equal(log.values[1].values, [1.5, np.nan])
    np.testing.assert_array_equal(log.values[2].values, [7, -(2**31)])


def test_texts_in_both_encodings_are_read_also_when_there_are_many(tmp_path):
    names = ["Åse", None, "Bjørn"] * 500
    for mark in (8, 4):
        (tmp_path / "log.rda").write_bytes(rda(log=texts(names, mark=mark)))
        assert read_rda(tmp_path / "log.rda")["log"].values == names


def test_a_name_that_was_written_before_is_referred_to(tmp_path):
    again = whole(2 | 0x400) + whole(255 | 1 << 8) + reals([2.0])
    data = b"RDX2\nX\n" + whole(2, 0, 0) + whole(2 | 0x400) + symbol("a") + reals([1.0]) + again + whole(254)
    (tmp_path / "log.rda").write_bytes(data)
    assert read_rda(tmp_path / "log.rda")["a"].values == [2.0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"id,net\n1,2\n", "no R data file"),
        (rda(log=reals([1.0, 2.0]))[:-20], "cut short"),
        (gzip.compress(rda(log=reals([1.0])))[:-12], "cannot be unpacked"),
        (rda(log=whole(3)), "R object of type 3"),
    ],
    ids=["text", "cut short", "broken compression", "unknown type"],
)
def test_what_is_no_data_frame_is_refused(tmp_path, data, said):
    (tmp_path / "log.rda").write_bytes(data)
    with pytest.raises(RdaError, match=said):
        read_rda(tmp_path / "log.rda")


def test_online_retail_has_its_published_shape(data_set):
    table = pq.read_table(data_set("online-retail")[0])
    assert table.num_rows == 541_909
    assert table["CustomerID"].null_count == 135_080
    assert table["Description"].null_count == 1_454
    first = table.slice(0, 1).to_pylist()[0]
    assert (first["InvoiceNo"], first["StockCode"], first["CustomerID"]) == ("536365", "85123A", "17850")
    assert (first["Quantity"], first["UnitPrice"]) == (6, 2.55)
    assert str(first["InvoiceDate"]) == "2010-12-01 08:26:00"

"""How is UCI Online Retail read? From the R data file that CRAN publishes, once, into Parquet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cxmodels.datasets.rda import MISSING_INTEGER, Vector, read_rda


def write_online_retail(original: Path, target: Path) -> None:
    """Turn ``onlineretail.rda`` into Parquet: the same columns and rows, ids as text.

    Parameters
    ----------
    original : Path
        The file from CRAN.
    target : Path
        The Parquet file to write: InvoiceNo, StockCode, Description, Quantity, InvoiceDate (UK time, without
        zone), UnitPrice, CustomerID (text; missing on a quarter of the lines), Country.
    """
    frame = read_rda(original)["onlineretail"]
    columns = dict(zip(frame.attributes["names"].values, frame.values, strict=True))
    arrays = {name: _arrow(name, column) for name, column in columns.items()}
    pq.write_table(pa.table(arrays), target, compression="zstd")


def _arrow(name: str, column: Vector) -> pa.Array:
    if "levels" in column.attributes:
        levels = column.attributes["levels"].values
        return pa.array([None if code == MISSING_INTEGER else levels[code - 1] for code in column.values])
    if isinstance(column.values, list):
        return pa.array(column.values, pa.string())
    values = np.asarray(column.values, dtype="f8")
    lacking = np.isnan(values) | (values == MISSING_INTEGER)
    if name == "InvoiceDate":  # seconds since 1970, of a clock without zone
        micros = np.round(np.where(lacking, 0, values) * 1e6).astype("i8")
        return pa.array(micros, pa.timestamp("us"), mask=lacking)
    if name == "CustomerID":
        return pa.array(
            [None if gap else str(int(value)) for value, gap in zip(values, lacking, strict=True)]
        )
    if name == "Quantity":
        return pa.array(np.where(lacking, 0, values).astype("i8"), mask=lacking)
    return pa.array(values, mask=lacking)

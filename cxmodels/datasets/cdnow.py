"""How is CDNOW read? From the text files that the package lifetimes carries."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MASTER = "datasets/CDNOW_master.txt"
SAMPLE = "datasets/CDNOW_sample.txt"


def write_cdnow(original: Path, target: Path) -> None:
    """Turn a CDNOW text file into Parquet.

    The files are fixed-width text: an id (in the sample also the id within the sample), a day as
    ``19970101``, the number of CDs and their value in US dollars. The master has a header, the sample none.

    Parameters
    ----------
    original : Path
        ``CDNOW_master.txt`` or ``CDNOW_sample.txt``.
    target : Path
        The Parquet file to write: customer_id (text; five digits as in the master), date,
        number_of_cds (pieces), dollar_value (US dollars, zero for free orders).
    """
    lines = (line.split() for line in original.read_text(encoding="ascii").splitlines())
    rows = [fields for fields in lines if fields and fields[0].isdigit()]
    days = [fields[-3] for fields in rows]
    table = pa.table(
        {
            "customer_id": pa.array([fields[0] for fields in rows], pa.string()),
            "date": pa.array([date(int(d[:4]), int(d[4:6]), int(d[6:])) for d in days], pa.date32()),
            "number_of_cds": pa.array([int(fields[-2]) for fields in rows], pa.int64()),
            "dollar_value": pa.array([float(fields[-1]) for fields in rows], pa.float64()),
        }
    )
    pq.write_table(table, target, compression="zstd")

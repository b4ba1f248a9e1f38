import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmodels.tables import fingerprints, open_tables, validate_table
from cxmodels.tables.fingerprints import count_equal_rows, hash_of, repeated, sorted_hashes

MOMENTS = [datetime(2025, 1, 31, 23, 30), datetime(2025, 1, 31, 23, 30, 0, 1), datetime(1850, 1, 1), None]
KINDS = {
    "us": pa.timestamp("us"),
    "ns": pa.timestamp("ns"),
    "zoned": pa.timestamp("us", "Europe/Oslo"),
}
lines = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 17850, None]),
        st.integers(0, 3),
        st.sampled_from([0.0, -0.0, 1.5, -3.0, math.nan, math.inf, None]),
    ),
    min_size=1,
    max_size=30,
)


def zoned(moment, kind):
    return moment.replace(tzinfo=ZoneInfo("Europe/Oslo")) if moment and kind == "zoned" else moment


def write(file, rows, kind, *, texts=False):
    ids = [None if one is None else f" {one} " if texts else one for one, _, _ in rows]
    table = {
        "id": pa.array(ids, pa.string() if texts else pa.int64()),
        "day": pa.array([zoned(MOMENTS[i], kind) for _, i, _ in rows], KINDS[kind]),
        "net": pa.array([net for _, _, net in rows], pa.float64(), from_pandas=False),
    }
    pq.write_table(pa.table(table), file)


def slow_counts(rows):
    """Count by the rules in plain Python: rows kept, customers, and lines equal to an earlier one."""
    good = [
        one
        for one, i, net in rows
        if one is not None
        and MOMENTS[i]
        and MOMENTS[i].year >= 1900
        and net is not None
        and math.isfinite(net)
    ]
    equal = {(one, i, "nan" if net is not None and math.isnan(net) else net) for one, i, net in rows}
    return len(good), len(set(good)), len(rows) - len(equal)


@settings(max_examples=25)
@given(rows=lines, kind=st.sampled_from(list(KINDS)), texts=st.booleans(), held=st.sampled_from([0, 10**7]))
def test_the_fast_way_counts_what_the_rules_say(rows, kind, texts, held, tmp_path_factory):
    rows = [*rows, (7, 0, 1.0)]
    study_folder = tmp_path_factory.mktemp("log")
    write(study_folder / "log.parquet", rows, kind, texts=texts)
    from tests.tables.conftest import make_study

    study = make_study(study_folder, source=["log.parquet"], max_bad_share=1.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprints, "HELD", held)
        tables = open_tables(study)
    check = tables.report.checks[0]
    assert (check.rows_kept, check.customers, check.duplicates) == slow_counts(rows)
    validate_table(tables.transactions, "transactions")


def test_rows_that_only_share_a_hash_are_no_duplicates():
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE log AS SELECT * FROM (VALUES (1, 'a'), (1, 'a'), (1, 'b'), (2, NULL)) v(id, name)"
    )
    everything = sorted_hashes(con, "log", hashes=[hash_of(["id", "name"])])[0]
    assert len(everything) == 4 and len(repeated(everything)) == 1
    # every hash taken for a repeated one: values decide
    assert count_equal_rows(con, "log", columns=["id", "name"], among=everything) == 1


def test_a_moment_is_the_same_in_every_zone():
    con = duckdb.connect()
    moment = datetime(2025, 1, 31, 23, 30, tzinfo=UTC)
    con.register("log", pa.table({"t": pa.array([moment] * 2, pa.timestamp("us", "Asia/Tokyo"))}))
    (hashes,) = sorted_hashes(con, "log", hashes=[hash_of(["t"])])
    assert len(repeated(hashes)) == 1

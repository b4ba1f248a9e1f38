"""Whatever is written, in any dialect: rows kept and set aside are all the rows, and values stay equal."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxmodels.study import Study
from cxmodels.tables import DataError, open_tables
from cxmodels.tables.parse import NULL_WORDS

LAZY = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
MAPPING = {"customer_id": "id", "timestamp": "day", "amount": "net"}

ids = st.text(
    st.characters(codec="latin-1", exclude_categories=["Cc", "Cf", "Zs"]), min_size=1, max_size=12
).filter(lambda name: name.lower() not in NULL_WORDS)
amounts = st.decimals(min_value=-(10**7), max_value=10**7, places=2)
days = st.dates(min_value=date(1950, 1, 1), max_value=date(2026, 1, 1))
moments = st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2026, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)
junk = st.sampled_from(["", "x", "12..5", "31.31.2025", "NULL", "5 EUR", "1;2"])
dialects = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from([",", ";", "\t", "|"]),
        "decimal": st.sampled_from([".", ","]),
        "group": st.sampled_from(["", " ", "\u00a0", "'", "other"]),
        "format": st.sampled_from(["%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"]),
        "line_end": st.sampled_from(["\n", "\r\n"]),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    }
)


def written(amount: Decimal, dialect) -> str:
    other = {".": ",", ",": "."}[dialect["decimal"]]
    group = other if dialect["group"] == "other" else dialect["group"]
    return f"{amount:,.2f}".replace(",", "\0").replace(".", dialect["decimal"]).replace("\0", group)


def read_back(lines, dialect, **stated):
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=dialect["delimiter"], lineterminator=dialect["line_end"], quoting=dialect["quoting"]
    )
    writer.writerow(["id", "day", "net"])
    writer.writerows(lines)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "log.csv").write_bytes(text.getvalue().encode(dialect["encoding"]))
        source = {"source": ["log.csv"], "columns": MAPPING, "max_bad_share": 1.0, **stated}
        study = Study(
            title="A shop",
            as_of=date(2026, 1, 1),
            currency="EUR",
            tables={"transactions": source},
            path=Path(folder) / "study.toml",
        )
        tables = open_tables(study)
        kept = [tuple(row.values()) for row in tables.transactions.to_pyarrow().to_pylist()]
        aside = tables.set_aside.to_pyarrow().to_pylist()
    return kept, aside, tables.report.checks[0]


@LAZY
@given(st.lists(st.tuples(ids, moments, amounts), min_size=1, max_size=20), dialects)
def test_values_come_back_equal_in_every_stated_dialect(rows, dialect):
    lines = [
        (name, moment.strftime(dialect["format"]), written(amount, dialect)) for name, moment, amount in rows
    ]
    kept, aside, _ = read_back(
        lines,
        dialect,
        decimal=dialect["decimal"],
        date_format=dialect["format"],
        delimiter=dialect["delimiter"],
    )
    assert aside == []
    assert kept == [(name, moment, float(amount)) for name, moment, amount in rows]


@LAZY
@given(st.lists(st.tuples(ids, moments, amounts), min_size=1, max_size=20), dialects)
def test_what_is_not_stated_is_found_or_asked_for_but_never_misread(rows, dialect):
    lines = [
        (name, moment.strftime(dialect["format"]), written(amount, dialect)) for name, moment, amount in rows
    ]
    try:
        kept, aside, _ = read_back(lines, dialect)
    except DataError as error:
        assert "Write d" in str(error)  # decimal, date_format or delimiter
        return
    assert aside == []
    assert kept == [(name, moment, float(amount)) for name, moment, amount in rows]


@LAZY
@given(
    st.lists(
        st.tuples(st.one_of(ids, junk), st.one_of(days.map(str), junk), st.one_of(amounts.map(str), junk)),
        min_size=1,
        max_size=25,
    ),
    st.lists(st.integers(0, 24), max_size=3),
)
def test_no_row_is_lost_and_what_is_set_aside_keeps_its_values(lines, cut):
    dialect = {"delimiter": ",", "line_end": "\n", "quoting": csv.QUOTE_MINIMAL, "encoding": "utf-8"}
    lines = [line[:2] if i in cut else line for i, line in enumerate(lines)]
    lines = [("first", "2025-01-31", "1.50"), *lines]
    kept, aside, check = read_back(lines, dialect, decimal=".")
    assert check.rows_read == len(lines) == len(kept) + len(aside)
    assert sorted(row["row"] for row in aside) == sorted({row["row"] for row in aside})
    for row in aside:
        line = lines[row["row"] - 1]
        assert all(value in row["raw"] for value in line if value.isalnum() and value.isascii())
    good = [line for i, line in enumerate(lines, start=1) if i not in {row["row"] for row in aside}]
    assert [(name, str(moment.date()), amount) for name, moment, amount in kept] == [
        (line[0], line[1], float(line[2])) for line in good
    ]

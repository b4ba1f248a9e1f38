"""A study may compute with columns and numbers, and ask for conditions; it can do nothing else."""

from __future__ import annotations

import duckdb
import pytest

from cxmodels.tables.errors import DataError
from cxmodels.tables.expressions import arithmetic, columns_of, condition

COLUMNS = ["Quantity", "Unit Price", "code", "total-net"]


def compute(formula, **values):
    selected = ", ".join(f"{value} AS {name}" for name, value in values.items())
    sql = arithmetic(formula, columns=list(values), key="amount", number=lambda column: column)
    return duckdb.sql(f"SELECT {sql} FROM (SELECT {selected})").fetchall()[0][0]


def test_arithmetic_follows_the_usual_order():
    assert compute("a + b * -c / 2", a=1, b=4, c=3) == -5.0
    assert compute("(a + b) * 1.5", a=1, b=4) == 7.5


def test_each_column_is_parsed_before_it_is_used():
    sql = arithmetic("Quantity * 2", columns=COLUMNS, key="amount", number=lambda column: f"parsed {column}")
    assert sql == '"parsed Quantity" * 2'


def test_a_column_whose_name_looks_like_arithmetic_is_a_column():
    assert columns_of("total-net", columns=COLUMNS, key="amount") == ["total-net"]


def test_names_with_blanks_stand_in_double_quotes():
    assert columns_of('Quantity * "Unit Price"', columns=COLUMNS, key="amount") == ["Quantity", "Unit Price"]


@pytest.mark.parametrize(
    "formula",
    [
        "sum(Quantity)",
        "(SELECT 1)",
        "Quantity; DROP TABLE x",
        "CAST(Quantity AS INT)",
        "Quantity || code",
        "log.Quantity",
        "Quantity > 1",
        "read_csv('/etc/passwd')",
        "",
        "* 2",
    ],
)
def test_nothing_else_is_allowed(formula):
    with pytest.raises(DataError, match=r"neither a column nor a formula .*Columns there are: Quantity"):
        columns_of(formula, columns=COLUMNS, key="amount")


def test_an_unknown_column_in_a_formula_is_named_with_the_nearest():
    with pytest.raises(
        DataError, match=r"amount = 'Quantiy \* 2': there is no column 'Quantiy'. Nearest: 'Quantity'"
    ):
        columns_of("Quantiy * 2", columns=COLUMNS, key="amount")


@pytest.mark.parametrize(
    ("formula", "rows"),
    [
        ("code = 'A'", [1]),
        ("code <> 'A'", [2]),
        ("n > 10", [2, 3]),
        ("n BETWEEN 5 AND 15", [1, 2]),
        ("n IN (9, 100)", [1, 3]),
        ("code IS NULL OR n < 10", [1, 3]),
        ("NOT code LIKE 'A%'", [2]),
        ("n * 2 >= 20 AND code = 'B'", [2]),
    ],
)
def test_conditions_select_rows_and_never_yield_unknown(formula, rows):
    sql = condition(formula, columns=["code", "n"], key="where", number=lambda column: f"__n_{column}")
    found = duckdb.sql(
        "SELECT row FROM (VALUES (1, 'A', '9', 9), (2, 'B', '11', 11), (3, NULL, '100', 100)) "
        f"AS t(row, code, n, __n_n) WHERE {sql} ORDER BY row"
    ).fetchall()
    assert [row for (row,) in found] == rows
    nothing = "SELECT NULL AS code, NULL AS n, NULL AS __n_n"
    assert duckdb.sql(f"SELECT {sql} IS NULL FROM ({nothing})").fetchall() == [(False,)]


def test_conditions_cannot_call_functions():
    with pytest.raises(DataError, match="conditions of columns, numbers and texts"):
        condition("lower(code) = 'a'", columns=["code"], key="where", number=str)

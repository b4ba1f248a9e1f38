"""Does a table hold what its canonical schema says? One validator, for the door and for all other tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cxmodels.tables.errors import DataError, nearest_names
from cxmodels.tables.report import counted
from cxmodels.tables.schemas import TYPES, Column, Schema, schema_of

if TYPE_CHECKING:
    from pandera.ibis import DataFrameSchema


def validate_table(table: ir.Table, name: str, *, rows: bool = True) -> ir.Table:
    """Check a table against its canonical schema, and return it.

    The door asks every row as it reads it, and leaves columns and types to this. Tables that a run saved are
    checked in full whenever they are opened; for tables made elsewhere, call it yourself.

    Parameters
    ----------
    table : ibis Table
        A table with canonical columns, from the door, of an earlier run, or made elsewhere.
    name : str
        Which canonical table it is to be.
    rows : bool
        Check the values too, in one query (5.8 million purchases in Parquet: a tenth of the time of a
        group-by). Without it no row is read.

    Returns
    -------
    ibis Table
        The same table.

    Raises
    ------
    DataError
        Where a column is missing or of another type, a value missing or out of range, or a date before the
        one that it must follow. All defects are named.

    Examples
    --------
    >>> import ibis
    >>> log = ibis.memtable({"customer_id": ["007"], "amount": [12.5]})
    >>> validate_table(log, "transactions")
    Traceback (most recent call last):
    ...
    cxmodels.tables.errors.DataError: Table transactions breaks its rules: column 'timestamp' is missing...
    """
    from pandera.errors import SchemaErrors

    schema, have = schema_of(name), list(table.columns)
    missing = [f"column {m!r} is missing{nearest_names(m, have)}" for m in schema.needed if m not in have]
    if missing:
        raise DataError(
            f"Table {name} breaks its rules: {'; '.join(missing)}. Columns there are: {', '.join(have)}."
        )
    try:
        validator(name, have, rows=rows).validate(table, lazy=True)
    except SchemaErrors as error:
        defects = [*_wrong_types(table, schema), *(_broken_rules(table, schema) if rows else [])]
        raise DataError(f"Table {name} breaks its rules: {'; '.join(defects) or error}.") from None
    return table


def validator(name: str, columns: list[str], *, rows: bool = True) -> DataFrameSchema:
    """Return the pandera schema of a canonical table that has these columns.

    Parameters
    ----------
    name : str
        Canonical table.
    columns : list of str
        The columns that the table has; those that the schema does not know are not checked.
    rows : bool
        Check the values too.

    Returns
    -------
    pandera.ibis.DataFrameSchema
        It checks types, and every rule on rows in a single query: a check of its own for each column would
        read a long table as many times.
    """
    # pandera takes a third of a second to load, and models need only `cxmodels.tables.cut`
    import pandera.ibis as pa

    schema = schema_of(name)
    known = [column for column in schema.columns if column.name in columns or column.needed]
    typed = {column.name: pa.Column(ibis.dtype(TYPES[column.kind]), nullable=True) for column in known}
    checks = [pa.Check(lambda data: _sound(data.table, schema))] if rows else []
    return pa.DataFrameSchema(typed, checks=checks, name=name)


def _sound(table: ir.Table, schema: Schema) -> ir.BooleanScalar:
    """Whether no row breaks a rule. What has no value breaks none but that of being filled."""
    broken = [condition.any() for condition in _rules(table, schema).values()]
    return ~reduce(or_, [one.fill_null(False) for one in broken], ibis.literal(False))


def _rules(table: ir.Table, schema: Schema) -> dict[str, ir.BooleanValue]:
    """Return what can speak against a row, sentence → condition; of columns whose type is right."""
    wrong = {column.name for column in schema.columns if _differs(table, column)}
    usable = [one for one in schema.columns if one.name in table.columns and one.name not in wrong]
    rules = {
        f"column {column.name!r} {sentence}": condition
        for column in usable
        for sentence, condition in _rules_of_column(table[column.name], column)
    }
    names = {column.name for column in usable}
    return rules | {
        f"{order.later} lies before {order.earlier}": table[order.later] < table[order.earlier]
        for order in schema.orders
        if {order.earlier, order.later} <= names
    }


def _rules_of_column(value: ir.Column, column: Column) -> Iterator[tuple[str, ir.BooleanValue]]:
    if column.filled:
        yield "has no value", value.isnull()
    if column.kind == "number":
        yield "is not finite", value.isnan() | value.isinf()
    if column.low is not None:
        below = value <= column.low if column.above_low else value < column.low
        yield f"is {'not above' if column.above_low else 'below'} {column.low:g}", below
    if column.high is not None:
        yield f"is above {column.high:g}", value > column.high
    if column.one_of:
        yield f"is none of {', '.join(column.one_of)}", value.notin(column.one_of)


def _differs(table: ir.Table, column: Column) -> bool:
    return column.name in table.columns and table[column.name].type() != ibis.dtype(TYPES[column.kind])


def _wrong_types(table: ir.Table, schema: Schema) -> list[str]:
    return [
        f"column {column.name!r} is {table[column.name].type()}, not {TYPES[column.kind]}"
        for column in schema.columns
        if _differs(table, column)
    ]


def _broken_rules(table: ir.Table, schema: Schema) -> list[str]:
    rules = _rules(table, schema)
    sums = [condition.fill_null(False).sum().name(sentence) for sentence, condition in rules.items()]
    counts = table.aggregate(sums).to_pyarrow().to_pylist()[0] if sums else {}
    return [f"{sentence} in {counted(count, 'row')}" for sentence, count in counts.items() if count]

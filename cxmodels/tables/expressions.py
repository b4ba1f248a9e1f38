"""What may a study compute from source columns? Arithmetic for amounts, conditions on rows, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cxmodels.tables.errors import DataError, nearest_names
from cxmodels.tables.parse import quote

ARITHMETIC = (exp.Column, exp.Identifier, exp.Literal, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Paren)
CONDITIONS = (
    *ARITHMETIC,
    exp.And,
    exp.Or,
    exp.Not,
    exp.EQ,
    exp.NEQ,
    exp.LT,
    exp.LTE,
    exp.GT,
    exp.GTE,
    exp.In,
    exp.Between,
    exp.Like,
    exp.Is,
    exp.Null,
    exp.Boolean,
)


def columns_of(formula: str, *, columns: list[str], key: str) -> list[str]:
    """Return the source columns that a mapping uses: its own name, or the columns in its arithmetic.

    Parameters
    ----------
    formula : str
        The right side of a mapping, such as ``Quantity * UnitPrice``; names with blanks in double quotes.
    columns : list of str
        The columns of the source.
    key : str
        Where the mapping stands in the study, for the error.

    Raises
    ------
    DataError
        Where a column is missing or the formula holds more than columns, numbers, ``+ - * /`` and brackets.
    """
    if formula in columns:
        return [formula]
    return _names(_parse(formula, allowed=ARITHMETIC, columns=columns, key=key))


def arithmetic(formula: str, *, columns: list[str], key: str, number: Callable[[str], str]) -> str:
    """Return SQL for a formula, each column read by `number` first.

    Parameters are those of `columns_of`; `number` turns a column name into the name of its parsed number.
    """
    if formula in columns:
        return quote(number(formula))
    tree = _parse(formula, allowed=ARITHMETIC, columns=columns, key=key)
    return _with_numbers(tree, number).sql("duckdb", identify=True)


def condition(formula: str, *, columns: list[str], key: str, number: Callable[[str], str]) -> str:
    """Return SQL for a condition such as ``StockCode IN ('POST', 'M') OR Quantity > 100``.

    Where a column is compared with a number, or computed with, it is read as a number first.
    """
    tree = _parse(formula, allowed=CONDITIONS, columns=columns, key=key)
    for node in list(tree.find_all(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In, exp.Between)):
        sides = [
            node.this,
            *node.expressions,
            *(v for v in node.args.values() if isinstance(v, exp.Expression)),
        ]
        if any(_is_number(side) for side in sides):
            node.set("this", _with_numbers(node.this, number))
            if isinstance(node.args.get("expression"), exp.Expression):
                node.set("expression", _with_numbers(node.expression, number))
    return f"coalesce(({tree.sql('duckdb', identify=True)}), false)"


def _is_number(node: exp.Expression) -> bool:
    if isinstance(node, exp.Literal):
        return not node.is_string
    return isinstance(node, exp.Neg | exp.Add | exp.Sub | exp.Mul | exp.Div)


def _with_numbers(tree: exp.Expression, number: Callable[[str], str]) -> exp.Expression:
    def swap(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column):
            return exp.column(number(node.name), quoted=True)
        return node

    return tree.transform(swap)


def _parse(formula: str, *, allowed: tuple[type, ...], columns: list[str], key: str) -> exp.Expression:
    try:
        tree = sqlglot.parse_one(formula, read="duckdb")
    except SqlglotError:
        tree = None
    foreign = next((node for node in tree.walk() if not isinstance(node, allowed)), None) if tree else tree
    if tree is None or foreign is not None or any(c.table for c in tree.find_all(exp.Column)):
        what = (
            "conditions of columns, numbers and texts"
            if exp.And in allowed
            else "columns, numbers, + - * / and ( )"
        )
        raise DataError(
            f"{key} = {formula!r} is neither a column nor a formula that is allowed here ({what})."
            f"{_there_are(formula, columns)}"
        )
    for name in _names(tree):
        if name not in columns:
            raise DataError(f"{key} = {formula!r}: there is no column {name!r}.{_there_are(name, columns)}")
    return tree


def _names(tree: exp.Expression) -> list[str]:
    def walk() -> Iterator[str]:
        for node in tree.find_all(exp.Column):
            yield node.name

    return list(dict.fromkeys(walk()))


def _there_are(name: str, columns: list[str]) -> str:
    near = nearest_names(name, columns).removeprefix("; nearest: ")
    return (f" Nearest: {near}." if near else "") + f" Columns there are: {', '.join(columns)}."

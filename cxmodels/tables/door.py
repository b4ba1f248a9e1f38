"""How does a raw table become a canonical one? Renamed, typed, checked; what cannot be used is set aside.

Everything is one SQL statement over the raw rows. Each row gets the first reason that speaks against it, or
none; rows without a reason are the table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import duckdb

from cxmodels.study import Study, TableSource
from cxmodels.tables.dialect import find_dialect
from cxmodels.tables.errors import DataError, nearest_names
from cxmodels.tables.expressions import arithmetic, columns_of, condition
from cxmodels.tables.parse import Dialect, missing, number, quote, read, text, trimmed
from cxmodels.tables.schemas import Column, Kind, Schema, schema_of
from cxmodels.tables.sources import Raw, open_raw
from cxmodels.tables.staging import FAULT, FILE, ROW, one_row

EARLIEST = date(1900, 1, 1)
WORDS = {"number": "number", "time": "date", "day": "date", "flag": "yes or no", "id": "id", "text": "text"}


@dataclass(frozen=True)
class Reason:
    """Why a row is set aside: the sentence, the SQL that finds it, whether it is bad, the columns at fault.

    Rows that the study leaves out, or drops as duplicates, are set aside too, but they are not bad.
    """

    sentence: str
    sql: str
    bad: bool = True
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All that is needed to read one table: its raw rows, and for each canonical column its SQL."""

    name: str
    schema: Schema
    source: TableSource
    raw: Raw
    mapping: dict[str, str]
    dialect: Dialect

    def uses(self, canonical: str) -> list[str]:
        """Return the source columns behind a canonical column."""
        return columns_of(self.mapping[canonical], columns=list(self.raw.columns), key=self.key(canonical))

    def key(self, canonical: str) -> str:
        """Return where a mapping stands in the study."""
        return f"[tables.{self.name}] columns.{canonical}"

    def kind(self, canonical: str) -> Kind:
        """Return the kind of a canonical column; a formula in a column of the study's own makes a number."""
        kind = self.schema.column(canonical).kind
        free = kind == "any" and self.mapping[canonical] not in self.raw.columns
        return "number" if free else kind

    @property
    def simple(self) -> bool:
        """Whether the rows can stay where they are: nothing has to be parsed from text, or compared."""
        parsed = (c for c in self.mapping if self.kind(c) in ("number", "time", "day", "flag"))
        texts = any(self.raw.columns[column] == "text" for c in parsed for column in self.uses(c))
        return self.raw.in_place and not texts and self.source.duplicates == "keep"


def plan_table(con: duckdb.DuckDBPyConnection, study: Study, *, name: str, scratch: Path) -> Plan:
    """Open the source of a table and decide how it is read.

    Raises
    ------
    DataError
        Where the source cannot be read, a column is missing, or its values can be read in two ways.
    """
    source, schema = study.tables[name], schema_of(name)
    named = [word for formula in source.columns.values() for word in {formula, *re.findall(r"\w+", formula)}]
    wanted = named or [column.name for column in schema.columns]
    raw = open_raw(con, source, table=name, folder=study.folder, scratch=scratch, wanted=wanted)
    mapping = _mapping(source, schema, columns=list(raw.columns))
    plan = Plan(name, schema, source, raw, mapping, Dialect())
    texts: dict[str, list[str]] = {"number": [], "time": []}
    for canonical in mapping:
        kind = plan.kind(canonical)
        group = "time" if kind == "day" else kind
        if group in texts:
            used = [column for column in plan.uses(canonical) if raw.columns[column] == "text"]
            texts[group].extend(column for column in used if column not in texts[group])

    dialect = find_dialect(
        partial(one_row, con), raw.relation, table=name, source=source, texts=texts, study_zone=study.timezone
    )
    return Plan(name, schema, source, raw, mapping, dialect)


def _mapping(source: TableSource, schema: Schema, *, columns: list[str]) -> dict[str, str]:
    """Complete the study's mapping: canonical columns that the source has under their own name come along."""
    own = {c.name: c.name for c in schema.columns if c.name in columns}
    mapping = {**own, **source.columns}
    lacking = [name for name in schema.needed if name not in mapping]
    if lacking:
        near = "; ".join(f"{name}{nearest_names(name, columns)}" for name in lacking)
        raise DataError(
            f"[tables.{schema.name}] has no column for: {near}. Columns there are: "
            f"{', '.join(columns)}. Write "
            f'columns = {{ {lacking[0]} = "…" }} with the name that the source uses.'
        )
    folded = {name.casefold() for name in mapping}
    if len(folded) < len(mapping):
        raise DataError(f"[tables.{schema.name}] columns: two names differ only in capitals; rename one.")
    return mapping


def parsed_rows(plan: Plan) -> str:
    """SQL: every raw row, with texts trimmed (``__t_…``) and the numbers in formulas parsed (``__n_…``)."""
    families = plan.raw.columns
    texts = [
        f"{trimmed(quote(c))} AS {quote('__t_' + c)}" for c, family in families.items() if family == "text"
    ]
    numbers = [
        f"{number(trim(plan, c), families[c], dialect=plan.dialect)} AS {quote('__n_' + c)}"
        for c in _columns_read_as_numbers(plan)
    ]
    trims = f"SELECT {', '.join(['*', *texts])} FROM {plan.raw.relation}"
    return f"SELECT {', '.join(['*', *numbers])} FROM ({trims})"


def rows_with_reasons(plan: Plan) -> str:
    """SQL: every raw row, with its canonical values (``__v_…``) and the first ``__reason`` against it."""
    columns = [
        f"{value_of(plan, name)} AS {quote('__v_' + name)}, {_missing_of(plan, name)} AS "
        f"{quote('__m_' + name)}"
        for name in plan.mapping
    ]
    if plan.source.duplicates == "drop":
        line = ", ".join([*map(quote, plan.raw.columns), FAULT])
        columns.append(f"row_number() OVER (PARTITION BY {line} ORDER BY {FILE}, {ROW}) > 1 AS __repeated")
    valued = f"SELECT *, {', '.join(columns)} FROM ({parsed_rows(plan)})"
    cases = " ".join(f"WHEN {reason.sql} THEN {text(reason.sentence)}" for reason in reasons_of(plan))
    return f"SELECT *, CASE {cases} END AS __reason FROM ({valued})"


def trim(plan: Plan, column: str) -> str:
    """SQL: a source column, its trimmed form where it is text."""
    return quote(f"__t_{column}" if plan.raw.columns[column] == "text" else column)


def _columns_read_as_numbers(plan: Plan) -> list[str]:
    used = [column for name in plan.mapping if plan.kind(name) == "number" for column in plan.uses(name)]

    def note(column: str) -> str:
        used.append(column)
        return column

    key = f"[tables.{plan.name}] condition"
    for formula in [*plan.source.where, *plan.source.exclude]:
        condition(formula, columns=list(plan.raw.columns), key=key, number=note)
    return list(dict.fromkeys(used))


def value_of(plan: Plan, canonical: str) -> str:
    """SQL: the value of a canonical column; NULL where there is none, or none that can be read.

    It builds on the trimmed texts and parsed numbers of `parsed_rows`.
    """
    kind, families = plan.kind(canonical), plan.raw.columns
    formula, columns = plan.mapping[canonical], list(families)
    if kind == "number":
        return arithmetic(formula, columns=columns, key=plan.key(canonical), number=lambda c: f"__n_{c}")
    if formula not in columns:
        used = plan.uses(canonical)  # names what is missing, where something is
        raise DataError(
            f"{plan.key(canonical)} = {formula!r} computes from {', '.join(used)}, but {canonical} is no "
            "number; name one column."
        )
    return read(trim(plan, formula), families[formula], kind=kind, dialect=plan.dialect)


def _missing_of(plan: Plan, canonical: str) -> str:
    tests = [missing(trim(plan, column), plan.raw.columns[column]) for column in plan.uses(canonical)]
    return f"({' OR '.join(tests)})" if tests else "false"


def reasons_of(plan: Plan) -> list[Reason]:
    """Return what can speak against a row, in the order in which it is asked."""
    left_out = [_left_out(plan, formula, keep=True) for formula in plan.source.where]
    left_out += [_left_out(plan, formula, keep=False) for formula in plan.source.exclude]
    reasons = [Reason("the line cannot be split into its columns", f"{FAULT} IS NOT NULL"), *left_out]
    if plan.source.duplicates == "drop":
        reasons.append(
            Reason("duplicate of an earlier line, dropped as the study says", "__repeated", bad=False)
        )
    for name in plan.mapping:
        reasons.extend(_reasons_of_column(plan.schema.column(name), plan))
    for order in plan.schema.orders:
        if order.earlier in plan.mapping and order.later in plan.mapping:
            before = f"{quote('__v_' + order.later)} < {quote('__v_' + order.earlier)}"
            columns = (*plan.uses(order.earlier), *plan.uses(order.later))
            reasons.append(Reason(f"{order.later} lies before {order.earlier}", before, columns=columns))
    return reasons


def _left_out(plan: Plan, formula: str, *, keep: bool) -> Reason:
    word = "where" if keep else "exclude"
    sql = condition(
        formula,
        columns=list(plan.raw.columns),
        key=f"[tables.{plan.name}] {word}",
        number=lambda column: f"__n_{column}",
    )
    return Reason(f"left out by the study: {word} {formula}", f"NOT {sql}" if keep else sql, bad=False)


def _reasons_of_column(column: Column, plan: Plan) -> list[Reason]:
    value = quote("__v_" + column.name)
    # an id has no value where none is written; asking that once is enough
    lacks = f"({value} IS NULL)" if column.kind == "id" else quote("__m_" + column.name)
    name, used = column.name, tuple(plan.uses(column.name))
    found: list[tuple[str, str]] = []
    if column.filled:
        found.append((f"{name} is missing", lacks))
    if column.kind in ("number", "time", "day", "flag"):
        found.append((f"{name} is no {WORDS[column.kind]}", f"({value} IS NULL AND NOT {lacks})"))
    if column.kind == "number":
        found.append((f"{name} is not finite", f"NOT isfinite({value})"))
    if column.kind in ("time", "day"):
        found.append((f"{name} lies before {EARLIEST.year}", f"{value} < DATE {text(str(EARLIEST))}"))
    if column.kind == "time":
        tomorrow = date.today() + timedelta(days=1)  # a day's grace, for zones ahead of this machine
        found.append(
            (f"{name} lies in the future", f"{value} >= DATE {text(str(tomorrow + timedelta(days=1)))}")
        )
    if column.low is not None:
        below = "<=" if column.above_low else "<"
        found.append(
            (
                f"{name} is {'not above' if column.above_low else 'below'} {column.low:g}",
                f"{value} {below} {column.low}",
            )
        )
    if column.high is not None:
        found.append((f"{name} is above {column.high:g}", f"{value} > {column.high}"))
    if column.one_of:
        allowed = ", ".join(text(one) for one in column.one_of)
        found.append((f"{name} is none of {', '.join(column.one_of)}", f"{value} NOT IN ({allowed})"))
    return [Reason(sentence, sql, columns=used) for sentence, sql in found]


def raw_as_json(plan: Plan) -> str:
    """SQL: the raw values of a row as one JSON text, every value as text."""
    fields = ", ".join(f"{text(c)}: CAST({quote(c)} AS VARCHAR)" for c in plan.raw.columns)
    return f"CAST(to_json({{{fields}}}) AS VARCHAR)"

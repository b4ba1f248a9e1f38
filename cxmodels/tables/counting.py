"""How many rows are used, how many are not, and for which reason? One pass, or two where rows are bad."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from cxmodels.tables import fingerprints
from cxmodels.tables.cut import RECORDED
from cxmodels.tables.door import Plan, parsed_rows, reasons_of, value_of
from cxmodels.tables.fingerprints import count_different, count_equal_rows, hash_of, repeated, sorted_hashes
from cxmodels.tables.parse import quote, text
from cxmodels.tables.report import ReasonCount, TableCheck
from cxmodels.tables.staging import FAULT, one_row


@dataclass(frozen=True)
class Count:
    """The counts of one table, its reasons, and the text columns that are clean as the source has them."""

    check: TableCheck
    reasons: tuple[ReasonCount, ...]
    clean: frozenset[str]

    @property
    def all_kept(self) -> bool:
        """Whether every row is used."""
        return self.check.rows_kept == self.check.rows_read


def count_rows(
    con: duckdb.DuckDBPyConnection, plan: Plan, rows: str, *, as_of: date, count_duplicates: bool
) -> Count:
    """Count what is kept and what is not.

    Parameters
    ----------
    con : DuckDB connection
        The engine.
    plan : Plan
        How the table is read.
    rows : str
        SQL of all its rows, with values and reasons.
    as_of : date
        Rows recorded after this day are counted as not yet known.
    count_duplicates : bool
        Whether lines equal to an earlier one are counted.
    """
    texts = [n for n, formula in plan.mapping.items() if plan.raw.columns.get(formula) == "text"]
    texts = texts if plan.simple else []
    total, kept, first, last, after, refunds, zeros, *changed = one_row(
        con, _facts(plan, rows, as_of=as_of, texts=texts)
    )
    clean = frozenset(name for name, count in zip(texts, changed, strict=True) if not count)
    reasons = _reasons(con, plan, rows) if kept < total else ()
    bad = sum(count.rows for count in reasons if count.bad)
    dropped = sum(count.rows for count in reasons if count.reason.startswith("duplicate"))
    drops = plan.source.duplicates == "drop"
    customers = kept_customers(plan, rows, all_kept=kept == total, clean=clean)
    different, equal = _count_different(
        con, plan, customers, total=total, count_duplicates=count_duplicates and not drops
    )
    check = TableCheck(
        table=plan.name,
        source=", ".join(dict.fromkeys(plan.raw.labels.values())),
        rows_read=total,
        rows_kept=kept,
        set_aside=bad,
        left_out=total - kept - bad - dropped,
        dropped=dropped,
        duplicates=dropped if drops else equal,
        customers=different,
        first_day=first,
        last_day=last,
        after_as_of=after,
        refunds=refunds,
        zero_amounts=zeros,
        max_bad_share=plan.source.max_bad_share,
    )
    return Count(check, reasons, clean)


def _facts(plan: Plan, rows: str, *, as_of: date, texts: list[str]) -> str:
    day = quote(f"__v_{plan.schema.time}") if plan.schema.time else "NULL::DATE"
    amount = '"__v_amount"' if "amount" in plan.mapping else "NULL::DOUBLE"
    known = f"coalesce({quote('__v_' + RECORDED)}, {day})" if _tells_recording(plan) else day
    after = f"DATE {text(str(as_of + timedelta(days=1)))}"
    ok = "__reason IS NULL"
    columns = [
        "count(*)",
        f"count(*) FILTER ({ok})",
        f"CAST(min({day}) FILTER ({ok}) AS DATE)::VARCHAR",
        f"CAST(max({day}) FILTER ({ok}) AS DATE)::VARCHAR",
        f"count(*) FILTER ({ok} AND {known} >= {after})",
        f"count(*) FILTER ({ok} AND {amount} < 0)",
        f"count(*) FILTER ({ok} AND {amount} = 0)",
        *(f"count(*) FILTER ({quote('__v_' + n)} IS DISTINCT FROM {quote(plan.mapping[n])})" for n in texts),
    ]
    return f"SELECT {', '.join(columns)} FROM {rows}"


def _tells_recording(plan: Plan) -> bool:
    """Whether the table says when its rows were recorded, as `known_at` reads it."""
    return RECORDED in plan.mapping and plan.schema.column(RECORDED).kind == "time"


def _reasons(con: duckdb.DuckDBPyConnection, plan: Plan, rows: str) -> tuple[ReasonCount, ...]:
    sql = f"SELECT __reason, count(*) FROM {rows} WHERE __reason IS NOT NULL GROUP BY __reason"
    counts = dict(con.execute(sql).fetchall())
    return tuple(
        ReasonCount(
            plan.name,
            reason.sentence,
            counts[reason.sentence],
            reason.bad,
            _example(con, rows, reason.sentence, reason.columns),
        )
        for reason in reasons_of(plan)
        if reason.sentence in counts
    )


def _example(con: duckdb.DuckDBPyConnection, rows: str, reason: str, columns: tuple[str, ...]) -> str:
    if not columns:
        return ""
    (raw,) = one_row(con, f"SELECT __raw FROM {rows} WHERE __reason = {text(reason)} LIMIT 1")
    values = json.loads(raw)
    return ", ".join(f"{column} = {values[column]!r}" for column in columns)


def kept_customers(plan: Plan, rows: str, *, all_kept: bool, clean: frozenset[str]) -> tuple[str, str]:
    """Return SQL of the customer of a row (NULL where it is not used), and SQL of the rows.

    Where every row is used in place, there is no reason to find again, and clean ids need no reading.
    """
    if not (all_kept and plan.simple):
        return 'CASE WHEN __reason IS NULL THEN "__v_customer_id" END', rows
    if "customer_id" in clean:
        return quote(plan.mapping["customer_id"]), plan.raw.relation
    return value_of(plan, "customer_id"), f"({parsed_rows(plan)})"


def _count_different(
    con: duckdb.DuckDBPyConnection,
    plan: Plan,
    customers: tuple[str, str],
    *,
    total: int,
    count_duplicates: bool,
) -> tuple[int, int | None]:
    """Return the number of customers, and of lines equal to an earlier one (None: not counted)."""
    (customer, used), columns = customers, list(plan.raw.columns)
    lines = f"(SELECT * FROM {plan.raw.relation} WHERE {FAULT} IS NULL)"
    if total > fingerprints.HELD:
        (different,) = one_row(con, f"SELECT count(DISTINCT {customer}) FROM {used}")
        if not count_duplicates:
            return different, None
        among = fingerprints.repeated_on_disk(con, lines, hash_sql=hash_of(columns))
        return different, count_equal_rows(con, lines, columns=columns, among=among)
    person = f"CASE WHEN {customer} IS NOT NULL THEN hash({customer}) END"
    if not count_duplicates:
        return count_different(*sorted_hashes(con, used, hashes=[person])), None
    if plan.simple:  # then raw columns stand beside the values, and no line is broken
        persons, among = sorted_hashes(con, used, hashes=[person, hash_of(columns)])
    else:
        (persons,) = sorted_hashes(con, used, hashes=[person])
        (among,) = sorted_hashes(con, lines, hashes=[hash_of(columns)])
    equal = count_equal_rows(con, lines, columns=columns, among=repeated(among))
    return count_different(persons), equal

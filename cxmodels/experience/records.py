"""What does each record say, and since when is it known? Canonical tables as days, keys and measures."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from cxmodels.experience.signal import KEYS, MEASURES, REPEAT_DAYS
from cxmodels.tables.customer_days import settled_sum
from cxmodels.tables.cut import known_at

DAY_SECONDS = 86_400
INVOICE = "invoice"


@dataclass(frozen=True)
class Wanted:
    """What is asked of a table: which columns behind the figures."""

    measure: bool = False
    resolved: bool = False
    repeat: bool = False
    answers: bool = False


def records(table: ir.Table, name: str, *, wanted: Wanted) -> ir.Table:
    """Return one row a record, in the words of signals.

    Parameters
    ----------
    table : ibis Table
        Canonical events, contacts, surveys or transactions.
    name : str
        Which of them.
    wanted : Wanted
        What is asked of it; nothing else is read.

    Returns
    -------
    ibis Table
        Columns customer_id, ``day`` (when it happened), ``known`` (the day since which it is known), ``of``
        (kind, reason or metric; not for transactions), and what is wanted: ``size`` (measure), ``resolved``,
        ``earlier_known`` (the day since which it is known that a contact about the same came before; empty:
        there was none).
        Of surveys that are asked for their answers each row is an answer: ``size`` its score, ``turn`` its
        place among the customer's answers to that metric, ``change`` from the score before. Otherwise each is
        a question, with ``answered`` (day of the answer; empty: none). Where transactions name an invoice,
        its lines of a day are one record; each line without one is a record.

    Raises
    ------
    ValueError
        Where a column that is wanted is not there.
    """
    _require(table, name, wanted)
    if name == "surveys":
        return _answers(table) if wanted.answers else _questions(table)
    if INVOICE in table.columns and wanted.measure:
        return _invoices(table)
    columns = {"day": table.timestamp.cast("date"), "known": known_at(table).cast("date")}
    if name in KEYS:
        columns["of"] = table[KEYS[name]].cast("string")
    if wanted.measure:
        columns["size"] = table[MEASURES[name]].cast("float64")
    if wanted.resolved:
        columns["resolved"] = table.resolved.cast("boolean")
    if wanted.repeat:
        columns["second"] = table.timestamp.cast("timestamp").epoch_seconds()
    rows = table.select("customer_id", **columns)
    return _with_repeats(rows) if wanted.repeat else rows


def _invoices(transactions: ir.Table) -> ir.Table:
    """Add up the lines of each invoice: who buys ten things at once has bought once."""
    lines = transactions.select(
        "customer_id",
        invoice=transactions[INVOICE],
        day=transactions.timestamp.cast("date"),
        known=known_at(transactions).cast("date"),
        size=transactions.amount.cast("float64"),
    )
    numbered = lines.filter(lines.invoice.notnull())
    # what came into the records later is a record of its own: nothing moves what was known before
    keys = ("customer_id", "day", "known")
    whole = numbered.group_by(*keys, "invoice").aggregate(size=settled_sum(numbered["size"]))
    alone = lines.filter(lines.invoice.isnull())
    return whole.drop("invoice").union(alone.select(*keys, "size"))


def _with_repeats(rows: ir.Table) -> ir.Table:
    """Say since when an earlier contact of the same customer about the same is known."""
    earlier = ibis.range_window(
        group_by=["customer_id", "of"], order_by="second", preceding=(REPEAT_DAYS * DAY_SECONDS, 1)
    )
    # there may be several earlier ones: the one that came into the records first tells
    since = rows["of"].notnull().ifelse(rows.known.min().over(earlier), ibis.null("date"))
    return rows.mutate(earlier_known=since).drop("second")


def _questions(surveys: ir.Table) -> ir.Table:
    sent = surveys.sent_at.cast("date")
    return surveys.select(
        "customer_id",
        day=sent,
        known=sent,
        of=surveys.metric.cast("string"),
        answered=surveys.answered_at.cast("date"),
    )


def _answers(surveys: ir.Table) -> ir.Table:
    given = surveys.filter(surveys.answered_at.notnull() & surveys.score.notnull())
    rows = given.select(
        "customer_id",
        "answered_at",
        "sent_at",
        day=given.answered_at.cast("date"),
        known=given.answered_at.cast("date"),
        of=given.metric.cast("string"),
        size=given.score.cast("float64"),
    )
    # what is answered later never moves the turn of an answer, nor the one before it
    in_turn = ibis.window(group_by=["customer_id", "of"], order_by=["answered_at", "sent_at", "size"])
    told = rows.mutate(
        turn=ibis.row_number().over(in_turn), change=rows["size"] - rows["size"].lag().over(in_turn)
    )
    return told.drop("answered_at", "sent_at")


def _require(table: ir.Table, name: str, wanted: Wanted) -> None:
    needed = ["customer_id"]
    needed += ["sent_at", "answered_at"] if name == "surveys" else ["timestamp"]
    needed += [KEYS[name]] if name in KEYS else []
    needed += [MEASURES[name]] if wanted.measure else []
    needed += ["resolved"] if wanted.resolved else []
    missing = [column for column in needed if column not in table.columns]
    if missing:
        raise ValueError(
            f"The table {name} lacks {', '.join(missing)}; it has {', '.join(table.columns)}. Map the column "
            f"in [tables.{name}], or leave out the signals that need it."
        )

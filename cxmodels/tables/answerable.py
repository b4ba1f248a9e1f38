"""Which business questions can these data answer? For each one yes or no, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import ibis.expr.types as ir
import pandas as pd

from cxmodels.study import Study
from cxmodels.study.drivers import lacking_columns
from cxmodels.tables.activity import purchase_days
from cxmodels.tables.collection import Tables
from cxmodels.tables.contents import contract_counts
from cxmodels.tables.cut import known_by, known_since, within
from cxmodels.tables.errors import nearest_names
from cxmodels.tables.report import counted
from cxmodels.tables.ruled_out import (
    Rule,
    Verdict,
    no_contracts_to_value,
    no_drivers,
    no_leaving,
    no_purchases_to_value,
    without,
)
from cxmodels.tables.schemas import schema_of

FEWEST_REPEAT_BUYERS = 30
"""With fewer, the spread of buying rates between customers cannot be told from chance."""
SHORTEST_HISTORY = 60
"""Days: with fewer, hardly anybody had the time to come back."""
FARTHEST_HORIZON = 3
"""A forecast, or a silence, of more than so many times the history leaves the model alone with itself."""
STALE_DAYS = 28
"""Days without a purchase before `as_of` from which it is doubtful that the log reaches `as_of`."""
FEWEST_OF_EACH = 50
"""Customers on the rarer side (left, treated, answered) below which no model is worth its name."""

DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Question:
    question: str
    notebook: str
    ruled_out: Rule
    look: Callable[[Tables, Study], Verdict]


@dataclass(frozen=True)
class _History:
    rows: int
    highest: float
    customers: int
    repeat_buyers: int
    first_day: date | None
    last_day: date | None


def questions(tables: Tables, study: Study) -> pd.DataFrame:
    """Say which questions of the suite these data can answer.

    Parameters
    ----------
    tables : Tables
        The canonical tables.
    study : Study
        For `as_of` and the horizon.

    Returns
    -------
    DataFrame
        One row a question: question, notebook (empty where none exists yet), answerable (bool), why (what the
        data hold, or what is missing, and the cure).
    """
    rows = []
    for one in _QUESTIONS:
        verdict = _look(one, tables, study)
        rows.append((one.question, one.notebook, verdict.answerable, verdict.text))
    return pd.DataFrame(rows, columns=["question", "notebook", "answerable", "why"])


def verdict_on(notebook: str, tables: Tables, study: Study) -> Verdict:
    """Say whether these data can answer the question of one notebook, as `questions` does for all.

    Parameters
    ----------
    notebook : str
        Its name, such as ``03-value-segments``.
    tables : Tables
        The canonical tables.
    study : Study
        For `as_of` and the horizon.
    """
    return _look(next(one for one in _QUESTIONS if one.notebook == notebook), tables, study)


def ruled_out(notebook: str, study: Study) -> Verdict | None:
    """Say why the study alone rules out the question of a notebook; None where it does not.

    Parameters
    ----------
    notebook : str
        Its name; one that is not of the suite is never ruled out.
    study : Study
    """
    mine = next((one for one in _QUESTIONS if one.notebook == notebook), None)
    return mine.ruled_out(study.tables, study) if mine else None


def _look(one: _Question, tables: Tables, study: Study) -> Verdict:
    return one.ruled_out(tables, study) or one.look(tables, study)


def history_used(transactions: ir.Table, study: Study) -> ir.Table:
    """Return the transactions from `value.history_start` on, which values rest on; all where it is not set.

    Parameters
    ----------
    transactions : ibis Table
        Canonical transactions; they are not cut at `as_of`.
    study : Study
        For `value.history_start`.
    """
    start = study.value.history_start
    return transactions if start is None else within(transactions, start - DAY, date.max - DAY)


def _history(tables: Tables, study: Study) -> _History:
    known = known_since(tables.transactions, study.value.history_start, study.as_of)
    bought = purchase_days(known)
    by_customer = bought.group_by("customer_id").agg(
        days=bought.count(), first=bought.day.min(), last=bought.day.max()
    )
    row = by_customer.agg(
        customers=by_customer.count(),
        repeat=(by_customer.days > 1).sum().fill_null(0),
        first=by_customer["first"].min(),
        last=by_customer["last"].max(),
    )
    amounts = known.agg(rows=known.count(), highest=known.amount.max().coalesce(0))
    found = row.cross_join(amounts).to_pyarrow().to_pylist()[0]
    return _History(
        rows=int(found["rows"]),
        highest=float(found["highest"]),
        customers=int(found["customers"]),
        repeat_buyers=int(found["repeat"]),
        first_day=found["first"],
        last_day=found["last"],
    )


def _value(tables: Tables, study: Study) -> Verdict:
    history = _history(tables, study)
    if history.first_day is None or history.last_day is None:
        return _nothing_bought(history, study)
    if history.highest <= 0:
        return Verdict(
            False,
            f"Every purchase known by {study.as_of} has an amount of 0: they bring nothing.",
            cure="Look at what [tables.transactions] reads as amount.",
        )
    days = (study.as_of - history.first_day).days
    silent = (study.as_of - history.last_day).days
    horizon = study.value.horizon_days
    start = study.value.history_start
    facts = (
        f"{counted(history.customers, 'customer')}, {history.repeat_buyers:,} of them bought again, over "
        f"{counted(days, 'day')}"
    ) + (f" from {start} on, where the history starts" if start else "")
    if days < SHORTEST_HISTORY:
        return Verdict(False, f"{facts}: at least {SHORTEST_HISTORY} days are needed.")
    if history.repeat_buyers < FEWEST_REPEAT_BUYERS:
        return Verdict(False, f"{facts}: at least {FEWEST_REPEAT_BUYERS} repeat buyers are needed.")
    if silent > STALE_DAYS and silent > FARTHEST_HORIZON * (days - silent):
        return _not_reached(history.last_day, study)
    if horizon > FARTHEST_HORIZON * days:
        return Verdict(
            False,
            f"{facts}: too short for {horizon:,} days ahead.",
            cure=f"Set value.horizon_days to {FARTHEST_HORIZON * days} or less.",
        )
    doubts = []
    if horizon > days:
        doubts.append(f"the horizon of {horizon:,} days reaches further ahead than the data look back")
    if silent > STALE_DAYS:
        doubts.append(f"no purchase in {silent:,} days before {study.as_of}: does the log reach that far?")
    if study.as_of > date.today():
        doubts.append(f"{study.as_of} is still to come, and until then nobody is seen buying")
    return Verdict(True, f"{facts}.", doubt=f"With care: {'; '.join(doubts)}." if doubts else "")


def _nothing_bought(history: _History, study: Study) -> Verdict:
    """Say why there is no purchase: nothing is known yet, or all that is known was given back."""
    start = study.value.history_start
    when = f"from {start}, where the history starts, to {study.as_of}" if start else f"by {study.as_of}"
    if not history.rows:
        earlier = "Set value.history_start to an earlier day, or as_of to a later one."
        cure = earlier if start else "Set as_of to a later day."
        return Verdict(False, f"No purchase is known {when}.", cure=cure)
    if history.highest <= 0:
        return Verdict(
            False,
            f"Every amount known {when} is a refund, below zero: no purchase is among them.",
            cure="Look at the sign of amount in [tables.transactions].",
        )
    return Verdict(False, f"Everything bought {when} was given back on the same day: no purchase is left.")


def _not_reached(last_day: date, study: Study) -> Verdict:
    """Say that all that is known lies too far back from the date to tell who has left."""
    coming = " (a day still to come)" if study.as_of > date.today() else ""
    return Verdict(
        False,
        f"The last purchase is of {last_day}, and the silence until {study.as_of}{coming} is more than "
        f"{FARTHEST_HORIZON} times as long as all that is known before it: whether customers left or the "
        "data end cannot be told.",
        cure=f"Set as_of to {last_day}, or bring later data.",
    )


def _segments(tables: Tables, study: Study) -> Verdict:
    verdict = _value(tables, study)
    if not verdict.answerable:
        return replace(verdict, why=f"It rests on customer value, and that cannot be told. {verdict.why}")
    return verdict


def _lines(name: str, *, has: str = "") -> Callable[[Tables, Study], Verdict]:
    """Return a check that a table has rows known by `as_of`, from enough customers, and a filled column."""

    def look(tables: Tables, study: Study) -> Verdict:
        time = "answered_at" if name == "surveys" and has else schema_of(name).time
        table = known_by(tables[name], study.as_of, column=time)
        if has and has not in table.columns:
            return Verdict(False, f"{name} has no column {has}.", cure=f"Map it in [tables.{name}] columns.")
        table = table.filter(table[has].notnull()) if has else table
        customers = int(table.customer_id.nunique().to_pyarrow().as_py())
        what = f"{counted(customers, 'customer')} with {name}" + (f" that fill {has}" if has else "")
        if customers < FEWEST_OF_EACH:
            return Verdict(False, f"{what} by {study.as_of}: at least {FEWEST_OF_EACH} are needed.")
        return Verdict(True, f"{what} by {study.as_of}. {_LATER}")

    return look


def _leaving(tables: Tables, study: Study) -> Verdict:
    """Leaving is seen in contracts that end, in a label, or in purchases that stop."""
    if "snapshot" in tables:
        flag = tables["snapshot"].churned
        left, stayed = int(flag.sum().to_pyarrow().as_py()), int((~flag).sum().to_pyarrow().as_py())
        counts = f"{counted(left, 'customer')} left, {stayed:,} stayed"
    elif "contracts" in tables:
        stayed, left = contract_counts(tables["contracts"], study.as_of)
        counts = f"{left:,} contracts ended by {study.as_of}, {stayed:,} run on"
    else:
        verdict = _value(tables, study)
        return replace(verdict, why=f"Seen in purchases that stop: {verdict.why}")
    if min(left, stayed) < FEWEST_OF_EACH:
        return Verdict(False, f"{counts}: at least {FEWEST_OF_EACH} of each are needed.")
    if "snapshot" in tables and _LABELLED.issuperset(tables["snapshot"].columns):
        cure = "Name the columns to learn from in [tables.snapshot.columns]."
        return Verdict(False, f"{counts}. The flat table holds nothing else.", cure=cure)
    return Verdict(True, f"{counts}.")


def _drivers(tables: Tables, study: Study) -> Verdict:
    leaving = _leaving(tables, study)
    if not leaving.answerable:
        return leaving
    if "snapshot" in tables.names:
        there = [name for name in tables["snapshot"].columns if name not in _LABELLED]
        for driver, name in lacking_columns(study.drivers, there):
            hint = nearest_names(name, there)
            return Verdict(False, f"The driver {driver!r} names {name!r}, which is no feature{hint}.")
    return replace(leaving, why=f"{counted(len(study.drivers), 'driver')}. {leaving.why}")


def _ratings(tables: Tables, study: Study) -> Verdict:
    """Ratings of touchpoints by customers who also say whether they recommend."""
    if "touchpoint" not in tables["surveys"].columns:
        return Verdict(False, "No touchpoint is rated.")
    known = known_by(tables["surveys"], study.as_of, column="answered_at")
    known = known.filter(known.score.notnull())
    rated = known.filter((known.metric == "csat") & known.touchpoint.notnull())
    both = rated.filter(rated.customer_id.isin(known.filter(known.metric == "nps").customer_id))
    row = both.agg(customers=both.customer_id.nunique(), touchpoints=both.touchpoint.nunique())
    found = row.to_pyarrow().to_pylist()[0]
    who = counted(found["customers"], "customer")
    told = f"{who} rate {counted(found['touchpoints'], 'touchpoint')} and say whether they recommend"
    if found["customers"] < FEWEST_OF_EACH or found["touchpoints"] < 2:
        return Verdict(False, f"{told}: at least {FEWEST_OF_EACH} customers and 2 touchpoints are needed.")
    return Verdict(True, f"{told}.")


_LABELLED = {"customer_id", "churned", "clv"}  # of a flat table: no feature among them
_LATER = "The data are there; the notebook is not yet part of the suite."

_QUESTIONS = (
    _Question("What is each customer worth?", "02-customer-lifetime-value", no_purchases_to_value, _value),
    _Question(
        "Which customers carry the value, and who moves?",
        "03-value-segments",
        no_purchases_to_value,
        _segments,
    ),
    _Question("Who is about to leave?", "04-churn-risk", no_leaving, _leaving),
    _Question(
        "What is a customer under contract worth?",
        "04-churn-risk",
        no_contracts_to_value,
        _leaving,
    ),
    _Question(
        "How content are customers, and how sure is that?",
        "",
        without("surveys"),
        _lines("surveys", has="score"),
    ),
    _Question("What do customers write about?", "", without("surveys"), _lines("surveys", has="verbatim")),
    _Question(
        "Why do customers contact us, and at what cost?",
        "",
        without("contacts"),
        _lines("contacts", has="reason"),
    ),
    _Question(
        "Which experiences make customers leave, and what would change?",
        "05-experience-drivers",
        no_drivers,
        _drivers,
    ),
    _Question(
        "Which touchpoints go along with recommending us?",
        "06-touchpoint-ratings",
        without("surveys"),
        _ratings,
    ),
    _Question(
        "What should we do for this customer now, and did it work?",
        "",
        without("treatments"),
        _lines("treatments", has="propensity"),
    ),
)

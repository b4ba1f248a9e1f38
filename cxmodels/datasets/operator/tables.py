"""How do records become canonical tables? Codes become words, seconds become time stamps, sorted by time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cxmodels.datasets.operator.asking import METRICS, PRAISE, SILENT, TOPICS, TOUCHPOINTS
from cxmodels.datasets.operator.calendar import Calendar
from cxmodels.datasets.operator.draws import Flags, Ints
from cxmodels.datasets.operator.leaving import END_REASONS
from cxmodels.datasets.operator.money import PRODUCTS
from cxmodels.datasets.operator.offers import ACTIONS
from cxmodels.datasets.operator.people import LANGUAGES, NEVER, Customers
from cxmodels.datasets.operator.phrases import ABOUT, ENDINGS
from cxmodels.datasets.operator.records import NO_TIME, Records
from cxmodels.datasets.operator.service import CHANNELS, REASONS
from cxmodels.datasets.operator.settings import REGIONS, OperatorSettings
from cxmodels.datasets.operator.state import KINDS

TABLES = ("transactions", "contracts", "contacts", "surveys", "events", "treatments", "customers")
EVENT_TOUCHPOINTS = ("network", "billing", "delivery", "self-service", "app", "outreach")
EVENT_CHANNELS = ("network", "billing", "delivery", "web", "app", "phone")
REASON_TOUCHPOINTS = ("network", "billing", "delivery", "self-service", "support", "sales", "cancellation")
_VARIANTS = 4


def make_tables(
    customers: Customers, records: Records, *, settings: OperatorSettings, calendar: Calendar
) -> dict[str, pa.Table]:
    """Make the canonical tables of some customers.

    Parameters
    ----------
    customers : Customers
        Who they are.
    records : Records
        What was written down.
    settings : OperatorSettings
        For names of plans.
    calendar : Calendar
        Nothing after its last day is kept.

    Returns
    -------
    dict of str to pyarrow Table
        One for each of `TABLES`.
    """
    ids = customer_ids(customers.number)
    return {
        "transactions": _transactions(records, ids, end=calendar.end),
        "contracts": _contracts(customers, records, ids, settings=settings, calendar=calendar),
        "contacts": _contacts(records, ids, end=calendar.end),
        "surveys": _surveys(records, ids, customers, end=calendar.end),
        "events": _events(records, ids, end=calendar.end),
        "treatments": _treatments(records, ids, end=calendar.end),
        "customers": _customers(customers, ids),
    }


def customer_ids(number: Ints) -> pa.Array:
    """Return the ids under which customers stand in the tables."""
    return pc.binary_join_element_wise("N", pc.utf8_lpad(pa.array(number).cast(pa.string()), 7, "0"), "")


def _transactions(records: Records, ids: pa.Array, *, end: int) -> pa.Table:
    rows = _sorted(records.columns("transactions"), "timestamp", end=end)
    return pa.table(
        {
            "customer_id": ids.take(pa.array(rows["who"])),
            "timestamp": _times(rows["timestamp"]),
            "amount": pa.array(rows["amount"]),
            "margin": pa.array(rows["margin"]),
            "product": _words(PRODUCTS, rows["product"]),
        }
    )


def _contracts(
    customers: Customers, records: Records, ids: pa.Array, *, settings: OperatorSettings, calendar: Calendar
) -> pa.Table:
    ends = records.columns("ends")
    end_day = np.full(len(customers), NO_TIME)
    reason = np.full(len(customers), -1)
    end_day[ends["who"]], reason[ends["who"]] = ends["end_day"], ends["reason"]
    start = calendar.first_day(customers.join_month) + customers.join_day
    bound = customers.bound_month != NEVER
    until = calendar.first_day(np.where(bound, customers.bound_month, 0)) + customers.join_day
    return pa.table(
        {
            "customer_id": ids,
            "start_date": _days(start),
            "end_date": _days(end_day),
            "monthly_fee": pa.array(customers.fee),
            "plan": _words([plan.name for plan in settings.plans], customers.plan),
            "bound_until": _days(np.where(bound, until, NO_TIME)),
            "end_reason": _words(END_REASONS, reason),
        }
    )


def _contacts(records: Records, ids: pa.Array, *, end: int) -> pa.Table:
    rows = _sorted(records.columns("contacts"), "timestamp", end=end)
    return pa.table(
        {
            "customer_id": ids.take(pa.array(rows["who"])),
            "timestamp": _times(rows["timestamp"]),
            "recorded_at": _times(rows["recorded_at"]),
            "channel": _words(CHANNELS, rows["channel"]),
            "reason": _words(REASONS, rows["reason"]),
            "wait_minutes": pa.array(rows["wait_minutes"]),
            "handle_minutes": pa.array(rows["handle_minutes"]),
            "resolved": pa.array(rows["resolved"]),
            "cost": pa.array(rows["cost"]),
            "touchpoint": _words(REASON_TOUCHPOINTS, rows["reason"]),
        }
    )


def _surveys(records: Records, ids: pa.Array, customers: Customers, *, end: int) -> pa.Table:
    rows = _sorted(records.columns("surveys"), "sent_at", end=end)
    language = customers.language[rows["who"]]
    writes = rows["topic"] != SILENT
    return pa.table(
        {
            "customer_id": ids.take(pa.array(rows["who"])),
            "sent_at": _times(rows["sent_at"]),
            "answered_at": _times(rows["answered_at"]),
            "metric": _words(METRICS, rows["metric"]),
            "score": pa.array(rows["score"], mask=np.isnan(rows["score"])),
            "touchpoint": _words(TOUCHPOINTS, rows["touchpoint"]),
            "verbatim": verbatims(language, rows["topic"], rows["phrase"]),
            "language": _words(LANGUAGES, np.where(writes, language, -1)),
        }
    )


def _events(records: Records, ids: pa.Array, *, end: int) -> pa.Table:
    rows = _sorted(records.columns("events"), "timestamp", end=end)
    return pa.table(
        {
            "customer_id": ids.take(pa.array(rows["who"])),
            "timestamp": _times(rows["timestamp"]),
            "recorded_at": _times(rows["recorded_at"]),
            "kind": _words(KINDS, rows["kind"]),
            "magnitude": pa.array(rows["magnitude"]),
            "touchpoint": _words(EVENT_TOUCHPOINTS, rows["kind"]),
            "channel": _words(EVENT_CHANNELS, rows["kind"]),
        }
    )


def _treatments(records: Records, ids: pa.Array, *, end: int) -> pa.Table:
    rows = _sorted(records.columns("treatments"), "timestamp", end=end)
    return pa.table(
        {
            "customer_id": ids.take(pa.array(rows["who"])),
            "timestamp": _times(rows["timestamp"]),
            "action": _words(ACTIONS, rows["action"]),
            "propensity": pa.array(rows["propensity"]),
            "cost": pa.array(rows["cost"]),
            "assignment": _words(("targeted", "random"), rows["random"]),
        }
    )


def _customers(customers: Customers, ids: pa.Array) -> pa.Table:
    return pa.table(
        {
            "customer_id": ids,
            "birth_year": pa.array(customers.birth_year.astype(np.float64)),
            "region": _words(REGIONS, customers.region),
            "consent_marketing": pa.array(customers.consent),
            "language": _words(LANGUAGES, customers.language),
            "products": pa.array(customers.products.astype(np.float64)),
            "monthly_gb": pa.array(customers.monthly_gb),
        }
    )


def verbatims(language: Ints, topic: Ints, phrase: Ints) -> pa.Array:
    """Compose texts: a sentence on the topic and, in three of four, one that ends the text.

    Parameters
    ----------
    language, topic : ndarray of int
        Places in `LANGUAGES` and `TOPICS`; `SILENT` gives no text.
    phrase : ndarray of int
        Which variant: any number from 0.
    """
    texts = _all_texts()
    place = ((language * len(TOPICS) + topic) * _VARIANTS + phrase % _VARIANTS) * _VARIANTS
    place = place + (phrase // _VARIANTS) % _VARIANTS
    return texts.take(pa.array(np.where(topic == SILENT, 0, place), mask=topic == SILENT))


@cache
def _all_texts() -> pa.Array:
    texts = []
    for language in LANGUAGES:
        for topic in TOPICS:
            tone = "good" if topic == TOPICS[PRAISE] else "bad"
            endings = ("",) * 4 if topic in ("neutral", "leaving") else ("", *ENDINGS[language][tone])
            texts += [f"{said} {end}".strip() for said in ABOUT[language][topic] for end in endings]
    return pa.array(texts, pa.string())


def _sorted(rows: dict[str, npt.NDArray[Any]], time: str, *, end: int) -> dict[str, npt.NDArray[Any]]:
    """Sort rows by time; what is recorded after the last day is not there."""
    known: Flags = rows.get("recorded_at", rows[time]) < end
    order = np.flatnonzero(known)
    order = order[np.argsort(rows[time][order], kind="stable")]
    return {name: column[order] for name, column in rows.items()}


def _words(words: Sequence[str], codes: Ints) -> pa.Array:
    """Return the word of each code; none where the code is below 0."""
    lacking = codes < 0
    places = pa.array(np.where(lacking, 0, codes), mask=lacking)
    return pa.array(list(words), pa.string()).take(places)


def _times(seconds: Ints) -> pa.Array:
    lacking = seconds == NO_TIME
    return pa.array(np.where(lacking, 0, seconds) * 1_000_000, pa.timestamp("us"), mask=lacking)


def _days(days: Ints) -> pa.Array:
    lacking = days == NO_TIME
    return pa.array(np.where(lacking, 0, days).astype(np.int32), mask=lacking).cast(pa.date32())

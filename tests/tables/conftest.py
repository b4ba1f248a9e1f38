"""A purchase log as the world writes them, the study that reads it, and what came through the door."""

from __future__ import annotations

from datetime import date

import pytest

from cxmodels.study import Study
from cxmodels.tables import open_tables

MAPPING = {"customer_id": "id", "timestamp": "day", "amount": "net"}


def make_study(folder, *, as_of=date(2026, 6, 30), canonical="transactions", timezone="UTC", **source):
    source.setdefault("columns", MAPPING if canonical == "transactions" else {})
    zone = source.pop("source_timezone", None)
    return Study(
        title="A shop",
        as_of=as_of,
        currency="EUR",
        timezone=timezone,
        tables={canonical: {**source, "timezone": zone}},
        path=folder / "study.toml",
    )


class Seen:
    """What came through the door, in plain values."""

    def __init__(self, tables):
        self.tables = tables
        kept = tables.transactions.to_pyarrow().to_pylist() if "transactions" in tables else []
        self.ids = [row["customer_id"] for row in kept]
        self.amounts = [row["amount"] for row in kept]
        self.moments = [row["timestamp"].isoformat(" ") for row in kept]
        put = tables.set_aside.order_by("row").to_pyarrow().to_pylist()
        self.aside = [(row["row"], row["reason"]) for row in put]
        self.raw = [row["raw"] for row in put]
        self.check = tables.report.checks[0]
        self.notes = tables.report.notes


@pytest.fixture
def study_of(tmp_path):
    """Return a function: settings of the source → a study in the test's folder."""

    def build(**settings):
        return make_study(tmp_path, **settings)

    return build


@pytest.fixture
def see(study_of):
    """Return a function: settings of the source → what comes through the door."""

    def look(**settings):
        return Seen(open_tables(study_of(**settings)))

    return look


@pytest.fixture
def see_csv(tmp_path, see):
    """Return a function: the text (or bytes) of a CSV file, and settings → what comes through the door."""

    def look(content, *, name="log.csv", **settings):
        data = content.encode("utf-8") if isinstance(content, str) else content
        (tmp_path / name).write_bytes(data)
        return see(**{"source": [name], **settings})

    return look

"""Real purchase logs and the dates on which they are cut."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal

import ibis.expr.types as ir

from benchmarks.measure import ROOT
from cxmodels.study import read_study
from cxmodels.tables import open_tables
from cxmodels.value.snapshots import Snapshot, learning_horizon, take_snapshot

UNIT: Literal["week"] = "week"
COMPLETE_JOURNEY = """\
title = "The Complete Journey: grocery purchases of a year"
as_of = 2017-12-31
currency = "USD"
timezone = "America/New_York"

[tables.transactions]
source = "completejourney"
columns = { customer_id = "household_id", timestamp = "transaction_timestamp", amount = "sales_value" }
timezone = "UTC"
"""


@dataclass(frozen=True)
class Cut:
    """A date on which a log is cut, and the days after it in which the outcome is read."""

    as_of: date
    days: int
    main: bool = False


@dataclass(frozen=True)
class RealLog:
    """A real log: its name, its study (a path in the project, or the text of one), and where it is cut."""

    name: str
    study: str
    cuts: tuple[Cut, ...]

    def transactions(self) -> ir.Table:
        """Read the log through the door."""
        if self.study.endswith(".toml"):
            return open_tables(read_study(ROOT / self.study)).transactions
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "study.toml"
            path.write_text(self.study, encoding="utf-8")
            return open_tables(read_study(path)).transactions


LOGS = (
    RealLog(
        "CDNOW master",
        "data/cdnow/study.toml",
        (
            Cut(date(1997, 9, 30), 273, main=True),
            Cut(date(1997, 6, 30), 182),
            Cut(date(1997, 12, 31), 181),
        ),
    ),
    RealLog(
        "Online Retail",
        "data/online-retail/study.toml",
        (
            Cut(date(2011, 9, 9), 91, main=True),
            Cut(date(2011, 5, 31), 91),
            Cut(date(2011, 7, 31), 91),
        ),
    ),
    RealLog(
        "Complete Journey",
        COMPLETE_JOURNEY,
        (
            Cut(date(2017, 9, 30), 91, main=True),
            Cut(date(2017, 6, 30), 91),
            Cut(date(2017, 8, 31), 91),
        ),
    ),
)


@dataclass(frozen=True)
class Holdout:
    """One log at one cut: who was known then, and what each spent after it."""

    log: str
    cut: Cut
    transactions: ir.Table

    @property
    def name(self) -> str:
        """Log, date and length of the holdout."""
        return f"{self.log}, {self.cut.as_of.isoformat()} + {self.cut.days} days"

    @cached_property
    def now(self) -> Snapshot:
        """Customers as known on the date of the cut, with what they spent after it."""
        return self._snapshot(self.cut.as_of, window=self._window, horizon=self.cut.days)

    @cached_property
    def earlier(self) -> Snapshot:
        """An earlier snapshot whose outcome ends by the cut: what a regression can learn from."""
        return self._snapshot(
            self.cut.as_of - timedelta(days=self._window), window=self._window, horizon=self._window
        )

    @cached_property
    def _window(self) -> int:
        first = self.transactions.timestamp.min().cast("date").execute()
        history = (self.cut.as_of - date.fromisoformat(str(first)[:10])).days + 1
        return learning_horizon(history_days=history, horizon_days=self.cut.days)

    def _snapshot(self, as_of: date, *, window: int, horizon: int) -> Snapshot:
        return take_snapshot(
            self.transactions, as_of=as_of, window_days=window, horizon_days=horizon, unit=UNIT
        )

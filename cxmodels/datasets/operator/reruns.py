"""How are the same customers run again? As they lived, or with something changed, all or some of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from cxmodels.datasets.operator.draws import Draws, Flags, Ints
from cxmodels.datasets.operator.levers import AS_IT_WAS, Rerun
from cxmodels.datasets.operator.live import Paths, live
from cxmodels.datasets.operator.people import Customers, draw_customers
from cxmodels.datasets.operator.records import Records
from cxmodels.datasets.operator.settings import OperatorSettings
from cxmodels.datasets.operator.tables import customer_ids
from cxmodels.datasets.operator.world import World, make_world

PIECE = 25_000


@dataclass(frozen=True)
class Reruns:
    """The customers of an operator, to be run again with the same chance.

    Attributes
    ----------
    customers, seed, settings
        As in `simulate_operator`.
    """

    customers: int
    seed: int
    settings: OperatorSettings

    @cached_property
    def world(self) -> World:
        """What customers have in common."""
        return make_world(self.settings, draws=Draws(self.seed))

    @cached_property
    def everybody(self) -> Customers:
        """All customers."""
        return draw_customers(np.arange(self.customers), settings=self.settings, draws=self.world.draws)

    @cached_property
    def ids(self) -> pd.Index:
        """The customers' ids, as in the tables."""
        return pd.Index(customer_ids(self.everybody.number).to_pandas(), name="customer_id")

    @cached_property
    def lived(self) -> Paths:
        """The lives that the tables show, and the months after them."""
        return self.run(np.arange(self.customers), months=self.settings.span.all_months)

    @cached_property
    def month_names(self) -> pd.DatetimeIndex:
        """First day of each month."""
        days = self.world.calendar.first_day(np.arange(self.settings.span.all_months))
        return pd.DatetimeIndex(days.astype("datetime64[D]").astype("datetime64[s]"), name="month")

    def run(self, who: Ints, *, months: int, rerun: Rerun = AS_IT_WAS) -> Paths:
        """Run some customers, by position, for the first months; piece by piece, as the memory has it."""
        pieces = [who[first : first + PIECE] for first in range(0, max(len(who), 1), PIECE)]
        return Paths.together([self._live(piece, months=months, rerun=rerun) for piece in pieces])

    def recorded(self, table: str, *, time: str) -> pd.DataFrame:
        """Return the records behind a table, codes and all, in order of time; `who` is the position."""
        parts = []
        for first in range(0, self.customers, PIECE):
            who = np.arange(first, min(first + PIECE, self.customers))
            records = Records(only=(table,))
            self._live(who, months=int(self.settings.span.months), records=records)
            rows = records.columns(table)
            parts.append(pd.DataFrame({**rows, "who": who[rows["who"]]}))
        log = pd.concat(parts, ignore_index=True)
        log = log[log[time] < self.world.calendar.end].sort_values(time, kind="stable", ignore_index=True)
        log.insert(0, "customer_id", self.ids[log["who"]])
        log[time] = pd.to_datetime(log[time], unit="s").astype("datetime64[us]")
        return log

    def under_contract(self, month: int) -> Flags:
        """Return who is under contract, in the tables, at the start of a month."""
        here: Flags = (self.everybody.join_month < month) & (self.lived.left_month >= month)
        return here

    def month_after(self, day: date) -> int:
        """Return the month after a day.

        Raises
        ------
        ValueError
            Where the day is not the last of a month with records.
        """
        calendar = self.world.calendar
        month = int(calendar.month_of(np.datetime64(day, "D"))) + 1
        last = int(calendar.first_day(month)) - 1
        if int(np.datetime64(day, "D").astype(int)) != last or not 1 <= month <= self.settings.span.months:
            end = np.datetime64(calendar.end - 1, "s").astype("datetime64[D]")
            raise ValueError(
                f"{day} is no date at which the truth is known; give the last day of a month, from "
                f"{self.settings.span.start} to {end}."
            )
        return month

    def window(self, first: int, horizon_months: int) -> range:
        """Return the months of a horizon.

        Raises
        ------
        ValueError
            Where it reaches beyond what is simulated.
        """
        most = self.settings.span.all_months - first
        if not 1 <= horizon_months <= most:
            raise ValueError(
                f"horizon_months is {horizon_months}; give 1 to {most}, the months that are simulated after "
                "it, or simulate more with Span.follow_months."
            )
        return range(first, first + horizon_months)

    def _live(
        self, who: Ints, *, months: int, rerun: Rerun = AS_IT_WAS, records: Records | None = None
    ) -> Paths:
        return live(
            self.everybody.some(who),
            world=self.world,
            months=months,
            rerun=rerun,
            records=records,
        )

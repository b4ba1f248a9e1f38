"""What is true of each customer? Survival, value, and what would be so if something were otherwise.

Everything is computed from re-runs of the same customers with the same chance. Survival comes from the
monthly probabilities of leaving, not from who happened to leave, so that effects carry no luck of the draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from cxmodels.datasets.operator.draws import Draws, Flags, Floats, Ints
from cxmodels.datasets.operator.effects import Effect, outcome_of
from cxmodels.datasets.operator.levers import AS_IT_WAS, Change, Instead, Rerun
from cxmodels.datasets.operator.live import Paths, live
from cxmodels.datasets.operator.offers import ACTIONS, NONE
from cxmodels.datasets.operator.people import Customers, draw_customers
from cxmodels.datasets.operator.records import Records
from cxmodels.datasets.operator.settings import OperatorSettings
from cxmodels.datasets.operator.tables import customer_ids
from cxmodels.datasets.operator.world import World, make_world

PIECE = 25_000


@dataclass(frozen=True)
class Truth:
    """The truth behind a simulated operator; what is asked for is computed when it is asked for.

    Attributes
    ----------
    customers, seed, settings
        As in `simulate_operator`. Months run from 0; beyond those with records there are
        `settings.span.follow_months` that only the truth knows.
    """

    customers: int
    seed: int
    settings: OperatorSettings

    @cached_property
    def people(self) -> pd.DataFrame:
        """The hidden traits: usage, loyalty, hidden (standard normal), sensitivity to price, trial (bool)."""
        names = ("usage", "loyalty", "hidden", "sensitivity", "trial")
        return pd.DataFrame({name: getattr(self._everybody, name) for name in names}, index=self.ids)

    @cached_property
    def ids(self) -> pd.Index:
        """The customers' ids, as in the tables."""
        return pd.Index(customer_ids(self._everybody.number).to_pandas(), name="customer_id")

    @property
    def hazards(self) -> pd.DataFrame:
        """Probability of leaving in a month for those under contract at its start, given what happened.

        One row a customer, one column a month (its first day); 0 before the contract began.
        """
        return pd.DataFrame(self._lived.hazard, index=self.ids, columns=self._month_names)

    @property
    def margins(self) -> pd.DataFrame:
        """Margin of a month (currency) for those under contract at its start; shaped as `hazards`."""
        return pd.DataFrame(self._lived.margin, index=self.ids, columns=self._month_names)

    def survival(self, as_of: date) -> pd.DataFrame:
        """Return the true survival curves of those under contract at the end of a day.

        Parameters
        ----------
        as_of : date
            The last day of a month.

        Returns
        -------
        DataFrame
            One row a customer under contract then; one column a month after it: the probability that the
            contract still runs at its end.
        """
        first = self._month_after(as_of)
        here = self._under_contract(first)
        curve = np.cumprod(1.0 - self._lived.hazard[here, first:].astype(np.float64), axis=1)
        return pd.DataFrame(curve, index=self.ids[here], columns=self._month_names[first:])

    def value(
        self, as_of: date, *, horizon_months: int = 12, discount_rate: float | None = None
    ) -> pd.Series:
        """Return the true expected, discounted margin of those under contract at the end of a day.

        Parameters
        ----------
        as_of : date
            The last day of a month.
        horizon_months : int
            Months after it that count.
        discount_rate : float, optional
            A year; by default that of the settings. A month's margin is discounted from its middle.

        Returns
        -------
        Series
            Currency, before the costs of treatments themselves; indexed by customer_id.
        """
        first = self._month_after(as_of)
        window = self._window(first, horizon_months)
        here = self._under_contract(first)
        _, value = outcome_of(self._lived, here, window, rate=self._rate(discount_rate))
        return pd.Series(value, index=self.ids[here], name="value")

    def effect_of(
        self,
        lever: str,
        change: float,
        *,
        since: date | None = None,
        until: date | None = None,
        horizon_months: int = 12,
    ) -> Effect:
        """Return what would be different if a lever had been changed: the same customers, the same chance.

        Parameters
        ----------
        lever : str
            One of `cxmodels.datasets.operator.levers.LEVERS`, such as ``"outages"``.
        change : float
            Relative change of what it multiplies: -0.5 halves it, 0 changes nothing.
        since : date, optional
            Last day before the change: the last day of a month. By default the change begins in the middle of
            the months with records.
        until : date, optional
            Last day with the change, the last day of a month; by default it lasts.
        horizon_months : int
            Months from the change on in which leaving and margin are counted.

        Returns
        -------
        Effect
            For the customers under contract at the end of `since`.
        """
        first = self._month_after(since) if since else int(self.settings.span.months) // 2
        last = self._month_after(until) - 1 if until else self.settings.span.all_months
        one = Change(lever, change, first, last)
        window = self._window(first, horizon_months)
        here = np.flatnonzero(self._under_contract(first))
        changed = self._run(here, months=window.stop, rerun=Rerun((one,)))
        rate = self._rate(None)
        before, value_before = outcome_of(self._lived, here, window, rate=rate)
        after, value_after = outcome_of(changed, np.arange(len(here)), window, rate=rate)
        columns = {
            "p_leave": before,
            "p_leave_changed": after,
            "effect": after - before,
            "value": value_before,
            "value_changed": value_after,
            "value_effect": value_after - value_before,
        }
        return Effect(one, pd.DataFrame(columns, index=self.ids[here]))

    def treatment_effects(self, *, horizon_months: int = 6) -> pd.DataFrame:
        """Return what each action would do, instead of nothing, at every treatment in the tables.

        Parameters
        ----------
        horizon_months : int
            Months after the month of the treatment in which leaving and margin are counted.

        Returns
        -------
        DataFrame
            One row a treatment: customer_id, timestamp, action (what was done), assignment, and for each
            action but none ``effect_<action>`` (change of the probability of leaving) and ``value_<action>``
            (change of the discounted margin, before what the action costs; currency), among customers who
            stay through the month of the treatment.
        """
        log = self._treatments.copy()
        for action in ACTIONS[1:]:
            log[f"effect_{action}"], log[f"value_{action}"] = 0.0, 0.0
        for occasion in np.unique(log["occasion"]):
            rows = np.flatnonzero(log["occasion"] == occasion)
            acted = self._acted(log.iloc[rows], occasion=int(occasion), horizon_months=horizon_months)
            for action, (effect, value) in acted.items():
                log.loc[rows, f"effect_{action}"] = effect
                log.loc[rows, f"value_{action}"] = value
        return log.drop(columns=["who", "occasion", "month"])

    def _acted(
        self, log: pd.DataFrame, *, occasion: int, horizon_months: int
    ) -> dict[str, tuple[Floats, Floats]]:
        """Re-run the customers of some treatments under each action; return effects against doing nothing."""
        who, month = log["who"].to_numpy(), log["month"].to_numpy()
        everybody, order = np.unique(who, return_inverse=True)
        months = min(int(month.max()) + 1 + horizon_months, self.settings.span.all_months)
        results = []
        for action in range(len(ACTIONS)):
            paths = self._run(everybody, months=months, rerun=Rerun(instead=Instead(occasion, action)))
            gone, value = np.zeros(len(who)), np.zeros(len(who))
            for one in np.unique(month):
                rows = np.flatnonzero(month == one)
                window = range(one + 1, min(one + 1 + horizon_months, months))
                gone[rows], value[rows] = outcome_of(paths, order[rows], window, rate=self._rate(None))
            results.append((gone, value))
        gone, value = results[NONE]
        return {
            name: (results[action][0] - gone, results[action][1] - value)
            for action, name in enumerate(ACTIONS)
            if action != NONE
        }

    @cached_property
    def _draws(self) -> Draws:
        return Draws(self.seed)

    @cached_property
    def _world(self) -> World:
        return make_world(self.settings, draws=self._draws)

    @cached_property
    def _everybody(self) -> Customers:
        return draw_customers(np.arange(self.customers), settings=self.settings, draws=self._draws)

    @cached_property
    def _lived(self) -> Paths:
        return self._run(np.arange(self.customers), months=self.settings.span.all_months)

    @cached_property
    def _treatments(self) -> pd.DataFrame:
        """The treatments in the tables, with who, month and occasion."""
        parts = []
        for first in range(0, self.customers, PIECE):
            who = np.arange(first, min(first + PIECE, self.customers))
            records = Records(only=("treatments",))
            self._live(who, months=int(self.settings.span.months), records=records)
            rows = records.columns("treatments")
            rows["who"] = who[rows["who"]]
            parts.append(pd.DataFrame(rows))
        log = pd.concat(parts, ignore_index=True)
        log = log[log["timestamp"] < self._world.calendar.end]
        log = log.sort_values("timestamp", kind="stable", ignore_index=True)
        return pd.DataFrame(
            {
                "customer_id": self.ids[log["who"]],
                "timestamp": pd.to_datetime(log["timestamp"], unit="s").astype("datetime64[us]"),
                "action": np.array(ACTIONS, dtype=object)[log["action"]],
                "assignment": np.where(log["random"] == 1, "random", "targeted"),
                "who": log["who"],
                "month": log["month"],
                "occasion": log["occasion"],
            }
        )

    @cached_property
    def _month_names(self) -> pd.DatetimeIndex:
        days = self._world.calendar.first_day(np.arange(self.settings.span.all_months))
        return pd.DatetimeIndex(days.astype("datetime64[D]").astype("datetime64[s]"), name="month")

    def _live(
        self, who: Ints, *, months: int, rerun: Rerun = AS_IT_WAS, records: Records | None = None
    ) -> Paths:
        return live(
            self._everybody.some(who), settings=self.settings, world=self._world, draws=self._draws,
            months=months, rerun=rerun, records=records,
        )  # fmt: skip

    def _run(self, who: Ints, *, months: int, rerun: Rerun = AS_IT_WAS) -> Paths:
        """Run some customers in pieces, so that each stays in the processor's cache."""
        parts = [
            self._live(who[first : first + PIECE], months=months, rerun=rerun)
            for first in range(0, max(len(who), 1), PIECE)
        ]
        return Paths.together(parts)

    def _under_contract(self, month: int) -> Flags:
        """Return who is under contract, in the tables, at the start of a month."""
        here: Flags = (self._everybody.join_month < month) & (self._lived.left_month >= month)
        return here

    def _rate(self, discount_rate: float | None) -> float:
        return float(self.settings.money.discount_rate if discount_rate is None else discount_rate)

    def _month_after(self, day: date) -> int:
        month = int(self._world.calendar.month_of(np.datetime64(day, "D"))) + 1
        last = int(self._world.calendar.first_day(month)) - 1
        if int(np.datetime64(day, "D").astype(int)) != last or not 1 <= month <= self.settings.span.months:
            start, end = self._month_names[0].date(), np.datetime64(int(self._world.calendar.end) - 1, "s")
            raise ValueError(
                f"{day} is no date at which the truth is known; give the last day of a month, from {start} "
                f"to {end.astype('datetime64[D]')}."
            )
        return month

    def _window(self, first: int, horizon_months: int) -> range:
        most = self.settings.span.all_months - first
        if not 1 <= horizon_months <= most:
            raise ValueError(
                f"horizon_months is {horizon_months}; give 1 to {most}, the months that are simulated "
                "after it, or simulate more with Span.follow_months."
            )
        return range(first, first + horizon_months)

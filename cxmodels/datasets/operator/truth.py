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

from cxmodels.datasets.operator.asking import METRICS, SILENT, TOPICS
from cxmodels.datasets.operator.draws import Floats
from cxmodels.datasets.operator.effects import Effect, outcome_of
from cxmodels.datasets.operator.levers import Change, Instead, Rerun
from cxmodels.datasets.operator.offers import ACTIONS, NOTHING
from cxmodels.datasets.operator.reruns import Reruns
from cxmodels.datasets.operator.settings import OperatorSettings


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
        """Hidden traits: usage, loyalty, hidden (standard normal), sensitivity to price, trial (bool)."""
        names = ("usage", "loyalty", "hidden", "sensitivity", "trial")
        return pd.DataFrame(
            {name: getattr(self._runs.everybody, name) for name in names}, index=self._runs.ids
        )

    @property
    def hazards(self) -> pd.DataFrame:
        """Probability of leaving in a month for those under contract at its start, given what happened.

        One row a customer, one column a month (its first day); 0 before the contract began.
        """
        return pd.DataFrame(self._runs.lived.hazard, index=self._runs.ids, columns=self._runs.month_names)

    @property
    def margins(self) -> pd.DataFrame:
        """Margin of a month (currency) for those under contract at its start; shaped as `hazards`."""
        return pd.DataFrame(self._runs.lived.margin, index=self._runs.ids, columns=self._runs.month_names)

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
        first = self._runs.month_after(as_of)
        here = self._runs.under_contract(first)
        curve = np.cumprod(1.0 - self._runs.lived.hazard[here, first:].astype(np.float64), axis=1)
        return pd.DataFrame(curve, index=self._runs.ids[here], columns=self._runs.month_names[first:])

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
        first = self._runs.month_after(as_of)
        window = self._runs.window(first, horizon_months)
        here = self._runs.under_contract(first)
        _, value = outcome_of(self._runs.lived, here, window, rate=self._rate(discount_rate))
        return pd.Series(value, index=self._runs.ids[here], name="value")

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
            One of `cxmodels.datasets.operator.LEVERS`, such as ``"outages"``.
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
        first = self._runs.month_after(since) if since else int(self.settings.span.months) // 2
        last = self._runs.month_after(until) - 1 if until else self.settings.span.all_months
        one = Change(lever, change, first, last)
        window = self._runs.window(first, horizon_months)
        here = np.flatnonzero(self._runs.under_contract(first))
        changed = self._runs.run(here, months=window.stop, rerun=Rerun((one,)))
        rate = self._rate(None)
        before, value_before = outcome_of(self._runs.lived, here, window, rate=rate)
        after, value_after = outcome_of(changed, np.arange(len(here)), window, rate=rate)
        columns = {
            "p_leave": before,
            "p_leave_changed": after,
            "effect": after - before,
            "value": value_before,
            "value_changed": value_after,
            "value_effect": value_after - value_before,
        }
        return Effect(one, pd.DataFrame(columns, index=self._runs.ids[here]))

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
            action but nothing ``effect_<action>`` (change of the probability of leaving) and
            ``value_<action>`` (change of the discounted margin, before what the action costs; currency),
            among customers who stay through the month of the treatment.
        """
        log = self._treatments()
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
            paths = self._runs.run(everybody, months=months, rerun=Rerun(instead=Instead(occasion, action)))
            gone, value = np.zeros(len(who)), np.zeros(len(who))
            for one in np.unique(month):
                rows = np.flatnonzero(month == one)
                window = range(one + 1, min(one + 1 + horizon_months, months))
                gone[rows], value[rows] = outcome_of(paths, order[rows], window, rate=self._rate(None))
            results.append((gone, value))
        gone, value = results[NOTHING]
        return {
            name: (results[action][0] - gone, results[action][1] - value)
            for action, name in enumerate(ACTIONS)
            if action != NOTHING
        }

    def topics(self) -> pd.DataFrame:
        """Return what each text in the surveys is really about.

        Returns
        -------
        DataFrame
            One row a text: customer_id, sent_at, metric, and topic: one of the kinds of faults, wait,
            unresolved, price, praise, neutral, leaving.
        """
        log = self._runs.recorded("surveys", time="sent_at")
        log = log[log["topic"] != SILENT].reset_index(drop=True)
        log["metric"] = np.array(METRICS, dtype=object)[log["metric"]]
        log["topic"] = np.array(TOPICS, dtype=object)[log["topic"]]
        return log[["customer_id", "sent_at", "metric", "topic"]]

    @cached_property
    def _runs(self) -> Reruns:
        return Reruns(self.customers, self.seed, self.settings)

    def _treatments(self) -> pd.DataFrame:
        """Return the treatments in the tables, with who, month and occasion."""
        log = self._runs.recorded("treatments", time="timestamp")
        log["action"] = np.array(ACTIONS, dtype=object)[log["action"]]
        log["assignment"] = np.where(log["random"] == 1, "random", "targeted")
        return log[["customer_id", "timestamp", "action", "assignment", "who", "month", "occasion"]].copy()

    def _rate(self, discount_rate: float | None) -> float:
        return float(self.settings.money.discount_rate if discount_rate is None else discount_rate)

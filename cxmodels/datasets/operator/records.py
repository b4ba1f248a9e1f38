"""What is written down? Rows of the canonical tables as numbers and codes, month by month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmodels.datasets.operator import asking, offers, service
from cxmodels.datasets.operator.calendar import DAY
from cxmodels.datasets.operator.draws import Floats, Ints
from cxmodels.datasets.operator.happenings import Happenings, kinds_of
from cxmodels.datasets.operator.leaving import Leavers
from cxmodels.datasets.operator.money import SUBSCRIPTION, Payments
from cxmodels.datasets.operator.offers import Offers
from cxmodels.datasets.operator.scene import SLOTS, Scene
from cxmodels.datasets.operator.service import Contacts
from cxmodels.datasets.operator.state import State

Array = npt.NDArray[Any]
NO_TIME = np.iinfo(np.int64).min
"""A time that there is none."""


@dataclass
class Records:
    """Rows of each table, kept as arrays until the tables are made of them.

    Every table has `who`, the position of the customer; times are seconds since 1970. `only` names the tables
    to keep; none: all.
    """

    rows: dict[str, list[dict[str, Array]]] = field(default_factory=dict)
    only: tuple[str, ...] = ()

    def columns(self, table: str) -> dict[str, Array]:
        """Return all rows of a table, one array a column."""
        parts = self.rows.get(table, [])
        return {name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else ())}

    def note_month(
        self, scene: Scene, until: Floats, *, events: Happenings, contacts: Contacts, payments: Payments,
        offers: Offers,
    ) -> None:  # fmt: skip
        """Note what happened to those who were there at that time."""
        self._note_events(scene, events.some(events.share < until[events.who]))
        self._note_contacts(scene, contacts.some(contacts.share < until[contacts.who]))
        seen = payments.some(payments.share < until[payments.who])
        self._add(
            "transactions",
            {
                "who": seen.who,
                "timestamp": _when(scene, seen.share),
                "amount": seen.amount,
                "margin": seen.margin,
                "product": seen.product,
            },
        )
        self._note_offers(scene, until, offers)

    def note_bills(
        self, scene: Scene, until: Floats, *, fee: Floats, cost: Floats, contacts: Contacts
    ) -> None:
        """Note the bill of the month, at the end of its last day, or of the contract's."""
        who = np.flatnonzero(until > scene.begin)
        part = until[who] - scene.begin[who]
        served = contacts.share < until[contacts.who]
        spent = np.bincount(contacts.who[served], weights=contacts.cost[served], minlength=len(until))[who]
        amount = np.round(fee[who] * part, 2)
        last_minute = 1 + (59 * scene.chance("bill/time", scene.customers.number[who])).astype(np.int64)
        self._add(
            "transactions",
            {
                "who": who,
                "timestamp": _when(scene, np.round(until[who] * scene.days) / scene.days) - last_minute,
                "amount": amount,
                "margin": np.round(amount - cost[who] * part - spent, 2),
                "product": np.full(len(who), SUBSCRIPTION),
            },
        )

    def note_leavers(self, scene: Scene, state: State, leavers: Leavers) -> None:
        """Note whose contract ended, and what they said when they cancelled."""
        self._add("ends", {"who": leavers.who, "end_day": leavers.end_day, "reason": leavers.reason})
        one, who = scene.settings.leaving, leavers.who
        number = scene.customers.number[who]
        says = scene.chance("cancel", number) < one.cancellation
        before = one.cancellation_days * scene.chance("cancel/days", number)
        first_day = scene.world.calendar.first_day
        # no contact before the contract, or the records, began
        joined = first_day(scene.customers.join_month[who]) + scene.customers.join_day[who]
        day = np.maximum(leavers.end_day + 0.9 - before, np.maximum(joined, first_day(0)))
        share = ((day - first_day(scene.month)) / scene.days)[says]
        contacts = service.serve(
            scene,
            who=who[says],
            unit=number[says] * SLOTS + 63,
            share=share,
            reason=np.full(int(says.sum()), service.CANCELLATION),
        )
        self._note_contacts(scene, contacts)
        self._note_answers(scene, asking.ask_leavers(scene, state, contacts))

    def note_questions(self, scene: Scene, until: Floats, asked: asking.Questions) -> None:
        """Note the questions sent to those who were there at that time, and the answers."""
        self._note_answers(scene, asked.some(asked.share < until[asked.who]))

    def _note_answers(self, scene: Scene, asked: asking.Questions) -> None:
        got = asking.answer(scene, asked)
        sent = _when(scene, asked.share)
        back = sent + (got.days * DAY).astype(np.int64) + 60
        # what comes back after the last day is not yet known
        known = got.answered & (back < scene.world.calendar.end)
        self._add(
            "surveys",
            {
                "who": asked.who,
                "sent_at": sent,
                "answered_at": np.where(known, back, NO_TIME),
                "metric": asked.metric,
                "score": np.where(known, got.score, np.nan),
                "touchpoint": asked.touchpoint,
                "topic": np.where(known, got.topic, asking.SILENT),
                "phrase": (scene.chance("phrase", asked.unit) * 2**31).astype(np.int64),
            },
        )

    def _note_events(self, scene: Scene, seen: Happenings) -> None:
        kinds = kinds_of(scene.settings)
        late = np.array([kind.late for kind in kinds])[seen.kind]
        days = np.array([kind.late_days for kind in kinds])[seen.kind]
        when = _when(scene, seen.share)
        self._add(
            "events",
            {
                "who": seen.who,
                "timestamp": when,
                "recorded_at": when + _lateness(scene, "event/late", seen.unit, share=late, days=days),
                "kind": seen.kind,
                "magnitude": np.round(seen.magnitude, 1),
            },
        )

    def _note_contacts(self, scene: Scene, seen: Contacts) -> None:
        one, when = scene.settings.service, _when(scene, seen.share)
        late = np.full(len(when), one.late)
        days = np.full(len(when), one.late_days)
        self._add(
            "contacts",
            {
                "who": seen.who,
                "timestamp": when,
                "recorded_at": when + _lateness(scene, "contact/late", seen.unit, share=late, days=days),
                "channel": seen.channel,
                "reason": seen.reason,
                "wait_minutes": seen.wait,
                "handle_minutes": seen.handle,
                "resolved": seen.resolved,
                "cost": seen.cost,
            },
        )

    def _note_offers(self, scene: Scene, until: Floats, made: Offers) -> None:
        seen = made.some(made.share < until[made.who])
        self._add(
            "treatments",
            {
                "who": seen.who,
                "timestamp": _when(scene, seen.share),
                "action": seen.action,
                "propensity": seen.propensity,
                "cost": offers.costs_of(scene, seen),
                "occasion": seen.occasion,
                "month": np.full(len(seen.who), scene.month),
                "random": scene.customers.trial[seen.who].astype(np.int64),
            },
        )

    def _add(self, table: str, columns: Mapping[str, Array]) -> None:
        if self.only and table not in self.only:
            return
        self.rows.setdefault(table, []).append(dict(columns))


def _when(scene: Scene, share: Floats) -> Ints:
    return scene.world.calendar.seconds(scene.month, share)


def _lateness(scene: Scene, name: str, unit: Ints, *, share: Floats, days: Floats) -> Ints:
    """Return by how many seconds rows are recorded late: most at once, some by at least an hour."""
    late = scene.chance(name, unit) < share
    seconds = 3600 + (scene.chance(f"{name}/days", unit) * days * DAY).astype(np.int64)
    return np.where(late, seconds, 0)

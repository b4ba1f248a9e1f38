"""How do customers live through the months? The loop: each month rests on what was lived through before it.

Customers live on after they have left, unseen: so every month has its probability of leaving, and a survival
curve needs no luck. The tables show only what happened while the contract ran.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxmodels.datasets.operator import asking, happenings, leaving, money, offers, service
from cxmodels.datasets.operator.draws import Floats, Ints
from cxmodels.datasets.operator.levers import AS_IT_WAS, Rerun
from cxmodels.datasets.operator.people import Customers
from cxmodels.datasets.operator.records import Records
from cxmodels.datasets.operator.rows import Rows
from cxmodels.datasets.operator.scene import Scene
from cxmodels.datasets.operator.state import KINDS, State, fresh
from cxmodels.datasets.operator.world import World

STAYS = 100_000
"""Month of leaving of those who do not leave."""


@dataclass(frozen=True)
class Paths(Rows):
    """The lives of some customers, month by month.

    Attributes
    ----------
    hazard : ndarray of float32, shape (customers, months)
        Probability of leaving in a month for those under contract at its start; 0 before the contract.
    margin : ndarray of float32, shape (customers, months)
        Margin of a month (currency) for those under contract at its start: what is left after the cost of
        line, traffic and contacts, and counting that those who leave in it pay for a part of it only.
    left_month : ndarray of int
        Month of leaving in the run, `STAYS` where there is none.
    """

    hazard: npt.NDArray[np.float32]
    margin: npt.NDArray[np.float32]
    left_month: Ints


@dataclass(frozen=True)
class Rates:
    """Each customer's own rates, the same in all months."""

    events: list[Floats]
    questions: Floats
    addons: Floats
    cost: Floats


def live(
    customers: Customers,
    *,
    world: World,
    months: int,
    rerun: Rerun = AS_IT_WAS,
    records: Records | None = None,
) -> Paths:
    """Let customers live through the months.

    Parameters
    ----------
    customers : Customers
        Who; any part of all customers gives the same lives.
    world : World
        What they live in.
    months : int
        How many months, from the first.
    rerun : Rerun
        What is different from the run that the tables show.
    records : Records, optional
        Where to note what happens, for the tables.

    Returns
    -------
    Paths
    """
    hazard = np.zeros((len(customers), months), dtype=np.float32)
    margin = np.zeros_like(hazard)
    left = np.full(len(customers), STAYS)
    state = fresh(len(customers))
    rates = None
    for month in range(months):
        scene = Scene(world, customers, rerun, month)
        rates = rates or _rates(scene)
        state.here |= scene.begun & (left == STAYS)
        hazard[:, month], margin[:, month], leavers = _month(scene, state, rates, records=records)
        left[leavers.who] = month
        state.here[leavers.who] = False
    return Paths(hazard, margin, left)


def _rates(scene: Scene) -> Rates:
    customers, settings = scene.customers, scene.settings
    return Rates(
        events=happenings.own_rates(customers, settings),
        questions=service.question_rates(customers.usage, settings),
        addons=money.addon_rates(scene),
        cost=money.running_cost(scene),
    )


def _month(
    scene: Scene, state: State, rates: Rates, *, records: Records | None
) -> tuple[Floats, Floats, leaving.Leavers]:
    fee = money.fee_now(scene, state)
    relative = fee / np.maximum(scene.customers.list_fee, 1e-9)
    hazard = leaving.hazard_of(scene, state, relative_fee=relative)
    leavers = leaving.leave(scene, state, hazard, relative_fee=relative)
    chosen = offers.choose(scene, state)
    events = happenings.happen(scene, rates.events)
    contacts = service.get_in_touch(scene, events, rates.questions)
    payments = money.pay(scene, events, rates.addons)
    beside = money.margin_beside_bill(scene, contacts, payments)
    margin = _margin(scene, fee - rates.cost, beside=beside, hazard=hazard)
    if records is not None:
        until = leaving.present_until(scene, state, leavers)
        records.note_month(scene, until, events=events, contacts=contacts, payments=payments, offers=chosen)
        records.note_bills(scene, until, fee=fee, cost=rates.cost, contacts=contacts)
        records.note_leavers(scene, state, leavers)
        asked = asking.ask_in_turn(scene, state, relative_fee=relative)
        records.note_questions(scene, until, asked)
        records.note_questions(scene, until, asking.ask_after(scene, state, contacts))
    state.forget(scene.settings.leaving.mood_kept)
    happenings.resent(events, state, settings=scene.settings)
    service.felt(contacts, state, settings=scene.settings)
    called = events.who[events.kind == KINDS.index("proactive_call")]
    offers.take_effect(scene, state, chosen, called)
    return hazard, margin, leavers


def _margin(scene: Scene, line: Floats, *, beside: Floats, hazard: Floats) -> Floats:
    """Return the margin of the month, given that leavers are there for half of what is left of it."""
    whole = line * (1.0 - scene.begin) + beside
    earliest = leaving.earliest_end(scene)
    # a day of leaving is drawn evenly among those left, and is paid for
    stay = np.minimum((earliest + 1.0) / 2.0 + 0.5 / scene.days, 1.0)
    lost = (1.0 - stay) / (1.0 - scene.begin)
    margin: Floats = np.where(scene.begun, whole * (1.0 - hazard * lost), 0.0)
    return margin

"""Who leaves, when, and why? The monthly probability of leaving, from what was lived through before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmodels.datasets.operator.draws import Flags, Floats, Ints, logistic
from cxmodels.datasets.operator.people import NEVER
from cxmodels.datasets.operator.scene import Scene
from cxmodels.datasets.operator.state import State

END_REASONS = ("moved", "service", "price", "competitor")


@dataclass(frozen=True)
class Leavers:
    """Who leaves in a month, in the run that the tables show.

    Attributes
    ----------
    who : ndarray of int
        Position of the customer.
    end_day : ndarray of int
        Last day, in days since 1970.
    reason : ndarray of int
        Place in `END_REASONS`.
    """

    who: Ints
    end_day: Ints
    reason: Ints


def hazard_of(scene: Scene, state: State, *, relative_fee: Floats) -> Floats:
    """Return the probability of leaving in a month, for those under contract at its start.

    Parameters
    ----------
    scene : Scene
        The month.
    state : State
        At the start of the month: nothing of the month itself counts.
    relative_fee : ndarray of float
        Fee over list price.

    Returns
    -------
    ndarray of float
        0 before the contract begins.
    """
    one, people = scene.settings.leaving, scene.customers
    since_end = scene.month - people.bound_month
    logit = (
        one.base
        - one.loyalty * people.loyalty
        - one.mood * state.mood
        + one.price * people.sensitivity * np.log(np.maximum(relative_fee, 1e-3))
        + one.tenure * np.minimum(scene.tenure, 60)
        + np.where(since_end < 0, one.bound, 0.0)
        + np.where(since_end == 0, one.at_end, 0.0)
        + np.where(since_end == 1, one.after_end, 0.0)
        + np.where(state.call_left > 0, state.call_effect, 0.0)
        + one.hidden * scene.settings.hidden_confounder * people.hidden
    )
    return np.where(scene.begun, 1.0 - (1.0 - logistic(logit)) * (1.0 - one.moved), 0.0)


def call_effect(scene: Scene) -> Floats:
    """Return by what a call changes the log odds of leaving: it hurts new customers and helps old ones."""
    one = scene.settings.leaving
    way = np.clip((scene.tenure - one.new_months) / (one.long_months - one.new_months), 0.0, 1.0)
    effect: Floats = one.call_new + way * (one.call_long - one.call_new)
    return effect


def earliest_end(scene: Scene) -> Floats:
    """Return the share of the month before which nobody can leave: the start, or the end of the binding."""
    ending = (scene.customers.bound_month == scene.month) & (scene.customers.bound_month != NEVER)
    return np.where(ending, scene.customers.join_day / scene.days, scene.begin)


def leave(scene: Scene, state: State, hazard: Floats, *, relative_fee: Floats) -> Leavers:
    """Draw who leaves in a month, on which day, and why.

    Parameters
    ----------
    scene, state, relative_fee
        As for `hazard_of`.
    hazard : ndarray of float
        From `hazard_of`.
    """
    leaving: Flags = state.here & (scene.chance("leave") < hazard)
    who = np.flatnonzero(leaving)
    number = scene.customers.number[who]
    earliest = earliest_end(scene)[who]
    share = earliest + (1.0 - earliest) * scene.chance("leave/day", number)
    day = np.minimum((share * scene.days).astype(np.int64), scene.days - 1)
    moved = scene.chance("leave/moved", number) * hazard[who] < scene.settings.leaving.moved
    aggrieved = state.grievance[who].sum(axis=1) > 0.6
    dear = relative_fee[who] > 1.05
    reason = np.select([moved, aggrieved, dear], [0, 1, 2], 3)
    return Leavers(who, scene.world.calendar.first_day(scene.month) + day, reason)


def present_until(scene: Scene, state: State, leavers: Leavers) -> Floats:
    """Return the share of the month until which each customer is there: 0 where not at all."""
    until = np.where(state.here, 1.0, 0.0)
    days = leavers.end_day - scene.world.calendar.first_day(scene.month) + 1
    until[leavers.who] = days / scene.days
    return until

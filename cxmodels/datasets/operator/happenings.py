"""What happens to customers in a month? Faults, logins and calls, and the mood that faults cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmodels.datasets.operator.coefficients import EventKind
from cxmodels.datasets.operator.draws import Floats, Ints, counts_of
from cxmodels.datasets.operator.levers import EVENT_LEVERS
from cxmodels.datasets.operator.people import Customers
from cxmodels.datasets.operator.rows import Rows, one_each
from cxmodels.datasets.operator.scene import SLOTS, Scene
from cxmodels.datasets.operator.settings import OperatorSettings
from cxmodels.datasets.operator.state import FAULTS, KINDS, State

MOST = 6
"""Events of a kind in a month, at most."""
_LEVER_OF = {kind: lever for lever, kind in EVENT_LEVERS.items()}


@dataclass(frozen=True)
class Happenings(Rows):
    """The events of a month, one entry each in every array.

    Attributes
    ----------
    who : ndarray of int
        Position of the customer.
    kind : ndarray of int
        Place in `KINDS`.
    unit : ndarray of int
        Its number for chance.
    share : ndarray of float
        When: share of the month that had passed.
    magnitude : ndarray of float
        In the kind's own unit.
    weight : ndarray of float
        Root of the magnitude over its median, from 0.5 to 3.
    """

    who: Ints
    kind: Ints
    unit: Ints
    share: Floats
    magnitude: Floats
    weight: Floats


def kinds_of(settings: OperatorSettings) -> list[EventKind]:
    """Return the settings of each of `KINDS`, in that order."""
    return [getattr(settings.events, kind) for kind in KINDS]


def own_rates(customers: Customers, settings: OperatorSettings) -> list[Floats]:
    """Return each customer's own rate of each of `KINDS`: events a month in an average month and region."""
    rates = []
    for kind in kinds_of(settings):
        log_rate = kind.usage * customers.usage + kind.loyalty * customers.loyalty
        if kind.hidden and settings.hidden_confounder:
            log_rate = log_rate + settings.hidden_confounder * customers.hidden
        rates.append(kind.rate * np.exp(log_rate))
    return rates


def happen(scene: Scene, rates: list[Floats]) -> Happenings:
    """Draw the events of a month, in the order of `KINDS`.

    Parameters
    ----------
    scene : Scene
        The month.
    rates : list of ndarray
        From `own_rates`.
    """
    found = [_of_kind(scene, place, rates[place]) for place in range(len(KINDS))]
    return Happenings.together(found)


def resent(events: Happenings, state: State, *, settings: OperatorSettings) -> None:
    """Let the faults of a month take away mood."""
    impact = np.array([kind.impact for kind in kinds_of(settings)])[events.kind]
    faults = events.kind < len(FAULTS)
    state.suffer(events.who[faults], events.kind[faults], (impact * events.weight)[faults])


def _of_kind(scene: Scene, place: int, rate: Floats) -> Happenings:
    name, kind = KINDS[place], kinds_of(scene.settings)[place]
    now = rate * scene.begun * scene.factor(_LEVER_OF[name])
    if kind.climate:
        now = now * scene.world.climate[scene.month][scene.customers.region] ** kind.climate
    if kind.first_month != 1:
        now = np.where(scene.tenure == 0, now * kind.first_month, now)
    counts = counts_of(scene.chance(name), now, most=MOST)
    who, slot = one_each(counts)
    unit = scene.customers.number[who] * SLOTS + place * 8 + slot
    share = scene.chance("event/time", unit)
    kept = share >= scene.begin[who]
    who, unit, share = who[kept], unit[kept], share[kept]
    magnitude = np.full(len(who), float(kind.magnitude))
    if kind.spread:
        magnitude *= np.exp(kind.spread * scene.normal("event/magnitude", unit))
    weight = np.clip(np.sqrt(magnitude / kind.magnitude), 0.5, 3.0)
    return Happenings(who, np.full(len(who), place), unit, share, magnitude, weight)

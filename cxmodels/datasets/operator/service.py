"""Who gets in touch, how are they served, and what does that do to them?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmodels.datasets.operator.draws import Flags, Floats, Ints, counts_of, logistic
from cxmodels.datasets.operator.happenings import Happenings, kinds_of
from cxmodels.datasets.operator.rows import Rows, one_each
from cxmodels.datasets.operator.scene import SLOTS, Scene
from cxmodels.datasets.operator.settings import OperatorSettings
from cxmodels.datasets.operator.state import FAULTS, UNRESOLVED, WAIT, State

REASONS = (*FAULTS, "question", "order", "cancellation")
QUESTION, ORDER, CANCELLATION = (REASONS.index(reason) for reason in ("question", "order", "cancellation"))
CHANNELS = ("phone", "chat", "shop")
FOLLOWS_DAYS = 2.0
"""Days after an event within which customers get in touch."""
MOST_REPEATS = 2
"""How often the same thing is asked again, at most."""
REPEAT = 2**40
"""Added to the number of a contact for that of its repeat."""
_QUESTION_SLOT = 48


@dataclass(frozen=True)
class Contacts(Rows):
    """The contacts of a month, one entry each in every array.

    Attributes
    ----------
    who, unit, share
        Position of the customer, number for chance, share of the month that had passed.
    reason, channel : ndarray of int
        Places in `REASONS` and `CHANNELS`.
    wait, handle : ndarray of float
        Minutes.
    resolved : ndarray of bool
        Whether it was settled.
    cost : ndarray of float
        Currency.
    """

    who: Ints
    unit: Ints
    share: Floats
    reason: Ints
    channel: Ints
    wait: Floats
    handle: Floats
    resolved: Flags
    cost: Floats


def get_in_touch(scene: Scene, events: Happenings, rates: Floats) -> Contacts:
    """Return the contacts of a month: those that faults cause, those that nothing causes, and repeats.

    Parameters
    ----------
    scene : Scene
        The month.
    events : Happenings
        What happened in it.
    rates : ndarray of float
        From `question_rates`.
    """
    first = _caused(scene, events), _uncaused(scene, rates)
    who, unit, share, reason = (np.concatenate(columns) for columns in zip(*first, strict=True))
    served = [serve(scene, who=who, unit=unit, share=share, reason=reason)]
    for _ in range(MOST_REPEATS):
        who, unit, share, reason = _repeats(scene, served[-1])
        served.append(serve(scene, who=who, unit=unit, share=share, reason=reason))
    return Contacts.together(served)


def question_rates(usage: Floats, settings: OperatorSettings) -> Floats:
    """Return each customer's contacts a month that nothing caused."""
    rates: Floats = settings.service.questions * np.exp(settings.service.questions_usage * usage)
    return rates


def serve(scene: Scene, *, who: Ints, unit: Ints, share: Floats, reason: Ints) -> Contacts:
    """Let customers be served: they wait as the load is, and some things stay unsettled."""
    service = scene.settings.service
    load = scene.world.load[scene.month][scene.customers.region[who]]
    channel = np.searchsorted([0.55, 0.9], scene.chance("contact/channel", unit))
    pace = np.array([1.0, service.chat_wait, service.shop_wait])[channel]
    wait = -np.log(scene.chance("contact/wait", unit)) * service.wait_minutes * load * pace
    wait = np.round(wait * scene.factor("waits"), 1)
    handle = np.exp(service.handle_spread * scene.normal("contact/handle", unit))
    handle = np.round(service.handle_minutes * handle, 1)
    odds = np.log(max(service.unresolved, 1e-9) / max(1 - service.unresolved, 1e-9))
    failing = logistic(odds + service.unresolved_load * np.log(load)) * scene.factor("unresolved")
    resolved = scene.chance("contact/resolved", unit) >= failing
    cost = np.round(service.cost_fixed + service.cost_minute * handle, 2)
    return Contacts(who, unit, share, reason, channel, wait, handle, resolved, cost)


def felt(contacts: Contacts, state: State, *, settings: OperatorSettings) -> None:
    """Let waits and unsettled contacts take away mood, and settled ones give some."""
    service = settings.service
    state.suffer(contacts.who, WAIT, service.wait_impact * np.log2(1.0 + contacts.wait / 10.0))
    failed = contacts.who[~contacts.resolved]
    state.suffer(failed, UNRESOLVED, np.full(len(failed), service.unresolved_impact))
    helped = contacts.who[contacts.resolved]
    state.enjoy(helped, np.full(len(helped), service.resolved_lift))


def _caused(scene: Scene, events: Happenings) -> tuple[Ints, Ints, Floats, Ints]:
    probability = np.array([kind.contact for kind in kinds_of(scene.settings)])[events.kind]
    probability = np.minimum(probability * events.weight, 0.95) * scene.factor("contacts")
    some = events.some(scene.chance("contact/caused", events.unit) < probability)
    after = np.minimum(FOLLOWS_DAYS / scene.days, 1.0 - some.share)
    share = some.share + after * scene.chance("contact/after", some.unit)
    return some.who, some.unit, share, some.kind


def _uncaused(scene: Scene, rates: Floats) -> tuple[Ints, Ints, Floats, Ints]:
    counts = counts_of(scene.chance("question"), rates * scene.begun, most=4)
    who, slot = one_each(counts)
    unit = scene.customers.number[who] * SLOTS + _QUESTION_SLOT + slot
    share = scene.chance("question/time", unit)
    kept = share >= scene.begin[who]
    reason = np.where(scene.chance("question/about", unit) < 0.7, QUESTION, ORDER)
    return who[kept], unit[kept], share[kept], reason[kept]


def _repeats(scene: Scene, earlier: Contacts) -> tuple[Ints, Ints, Floats, Ints]:
    """Return who asks again, and when: within the days of the settings, and before the month is out."""
    service = scene.settings.service
    asks = ~earlier.resolved & (scene.chance("contact/repeat", earlier.unit) < service.repeat)
    some = earlier.some(asks)
    room = np.minimum(service.repeat_days / scene.days, 1.0 - some.share)
    share = some.share + room * scene.chance("contact/repeat time", some.unit)
    return some.who, some.unit + REPEAT, share, some.reason

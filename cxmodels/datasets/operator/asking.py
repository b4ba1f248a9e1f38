"""Who is asked, who answers, with which score, and what is it that they write about?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmodels.datasets.operator.draws import Flags, Floats, Ints, logistic
from cxmodels.datasets.operator.rows import Rows
from cxmodels.datasets.operator.scene import SLOTS, Scene
from cxmodels.datasets.operator.service import Contacts
from cxmodels.datasets.operator.state import CAUSES, FAULTS, UNRESOLVED, WAIT, State

METRICS = ("nps", "ces", "csat", "nes", "lba")
NPS, CES, CSAT, NES, LBA = range(len(METRICS))
TOUCHPOINTS = ("relationship", "service", "cancellation")
TOPICS = (*CAUSES, "price", "praise", "neutral", "leaving")
"""What a text can be about; the causes of grievances come first."""
PRICE, PRAISE, NEUTRAL, LEAVING = (TOPICS.index(topic) for topic in ("price", "praise", "neutral", "leaving"))
SILENT = -1
"""Topic of those who write nothing."""
IN_TURN = 2**50
"""Added to the number of a question in turn: it is none of the contacts."""


@dataclass(frozen=True)
class Questions(Rows):
    """Questions sent, one entry each in every array, before anybody answers.

    Attributes
    ----------
    who, unit, share
        Position of the customer, number for chance, share of the month that had passed.
    metric, touchpoint : ndarray of int
        Places in `METRICS` and `TOUCHPOINTS`.
    mood : ndarray of float
        Mood at that time.
    topic : ndarray of int
        Place in `TOPICS` of what is on the customer's mind.
    """

    who: Ints
    unit: Ints
    share: Floats
    metric: Ints
    touchpoint: Ints
    mood: Floats
    topic: Ints


@dataclass(frozen=True)
class Answers:
    """What came of questions, one entry for each question.

    Attributes
    ----------
    answered : ndarray of bool
        Whether there was an answer; where not, the other entries mean nothing.
    days : ndarray of float
        Days until it.
    score : ndarray of float
        On the metric's own scale.
    topic : ndarray of int
        Place in `TOPICS` of the text, `SILENT` without one.
    """

    answered: Flags
    days: Floats
    score: Floats
    topic: Ints


def ask_in_turn(scene: Scene, state: State, *, relative_fee: Floats) -> Questions:
    """Ask those whose turn it is: nps twice a year, nes and lba once; mood is that of the month's start."""
    age = scene.month - scene.customers.phase
    asked = scene.begun & (scene.tenure >= 1)
    asked &= scene.chance("ask") < scene.settings.surveys.relation
    turns = {NPS: age % 6 == 0, NES: age % 12 == 3, LBA: age % 12 == 9}
    chosen = [np.flatnonzero(asked & turn) for turn in turns.values()]
    who = np.concatenate(chosen)
    metric = np.repeat(list(turns), [len(some) for some in chosen])
    unit = scene.customers.number[who] * SLOTS + metric + IN_TURN
    grievance = state.grievance[who]
    topic = np.where(
        grievance.max(axis=1, initial=0.0) > 0.2,
        grievance.argmax(axis=1),
        np.where(relative_fee[who] > 1.08, PRICE, PRAISE),
    )
    share = scene.chance("ask/time", unit)
    return Questions(who, unit, share, metric, np.zeros(len(who), dtype=np.int64), state.mood[who], topic)


def ask_after(scene: Scene, state: State, contacts: Contacts) -> Questions:
    """Ask some of those who got in touch, within a day: was it easy (ces), are they satisfied (csat)?"""
    one = scene.settings.surveys
    asked = contacts.some(scene.chance("ask/contact", contacts.unit) < one.after_contact)
    mood = state.mood[asked.who] + _felt_just_now(scene, asked)
    topic = np.where(asked.reason < len(FAULTS), asked.reason, PRAISE)
    topic = np.where(asked.wait > 20, WAIT, topic)
    topic = np.where(~asked.resolved & (scene.chance("ask/topic", asked.unit) < 0.5), UNRESOLVED, topic)
    return Questions(
        asked.who,
        asked.unit,
        asked.share + scene.chance("ask/delay", asked.unit) / scene.days,
        np.where(scene.chance("ask/metric", asked.unit) < 0.5, CES, CSAT),
        np.full(len(asked.who), TOUCHPOINTS.index("service")),
        mood,
        topic,
    )


def ask_leavers(scene: Scene, state: State, contacts: Contacts) -> Questions:
    """Ask some of those who got in touch to cancel; their scores tell the leaving, and may train nothing."""
    one = scene.settings.surveys
    asked = contacts.some(scene.chance("ask/contact", contacts.unit) < one.after_cancellation)
    return Questions(
        asked.who,
        asked.unit,
        asked.share + 0.5 / scene.days,
        np.full(len(asked.who), CSAT),
        np.full(len(asked.who), TOUCHPOINTS.index("cancellation")),
        state.mood[asked.who] - 1.0,
        np.full(len(asked.who), LEAVING),
    )


def answer(scene: Scene, questions: Questions) -> Answers:
    """Let customers answer, or not: the contented more often, with scores that follow their mood."""
    one, unit = scene.settings.surveys, questions.unit
    loyalty = scene.customers.loyalty[questions.who]
    odds = one.answer + one.answer_mood * questions.mood + one.answer_loyalty * loyalty
    answered = scene.chance("answer", unit) < logistic(odds)
    satisfaction = (
        one.satisfaction_mood * questions.mood
        + one.satisfaction_loyalty * loyalty
        + one.satisfaction_noise * scene.normal("answer/noise", unit)
    )
    scales = [one.scales[metric] for metric in METRICS]
    low, high, middle, slope = (
        np.array([getattr(scale, part) for scale in scales])[questions.metric]
        for part in ("low", "high", "middle", "slope")
    )
    score = np.clip(np.round(middle + slope * satisfaction), low, high)
    pleased = score >= (low + 0.7 * (high - low))
    topic = np.where((questions.topic == PRAISE) & ~pleased, NEUTRAL, questions.topic)
    writes = answered & (scene.chance("answer/writes", unit) < one.verbatim)
    days = one.answer_days * scene.chance("answer/days", unit) ** 2
    return Answers(answered, days, score, np.where(writes, topic, SILENT))


def _felt_just_now(scene: Scene, contacts: Contacts) -> Floats:
    service = scene.settings.service
    wait = service.wait_impact * np.log2(1.0 + contacts.wait / 10.0)
    felt: Floats = np.where(contacts.resolved, service.resolved_lift, -service.unresolved_impact) - wait
    return felt

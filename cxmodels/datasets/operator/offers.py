"""Which action does a customer get, with what probability, and what does it do?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmodels.datasets.operator.draws import Flags, Floats, Ints, logistic
from cxmodels.datasets.operator.leaving import call_effect
from cxmodels.datasets.operator.rows import Rows
from cxmodels.datasets.operator.scene import Scene
from cxmodels.datasets.operator.state import State

ACTIONS = ("nothing", "discount", "call", "upgrade")
NOTHING, DISCOUNT, CALL, UPGRADE = range(len(ACTIONS))


@dataclass(frozen=True)
class Offers(Rows):
    """The treatment occasions of a month, one entry each in every array.

    Attributes
    ----------
    who : ndarray of int
        Position of the customer.
    action : ndarray of int
        Place in `ACTIONS`; doing nothing is an action too.
    propensity : ndarray of float
        Probability with which it was chosen.
    occasion : ndarray of int
        Which occasion of this customer it is; the first is 0.
    share : ndarray of float
        When: share of the month that had passed.
    """

    who: Ints
    action: Ints
    propensity: Floats
    occasion: Ints
    share: Floats


def choose(scene: Scene, state: State) -> Offers:
    """Choose actions: at random in the trial, by risk outside it; from the state at the month's start."""
    one = scene.settings.treatments
    chance = scene.chance("offer")
    due = scene.begun & (scene.tenure >= 1) & (scene.month >= one.first_month)
    turn = (scene.month - scene.customers.phase) % one.every_months == 0
    in_trial = np.flatnonzero(due & scene.customers.trial & turn)
    shares = np.array([one.trial_discount, one.trial_call, one.trial_upgrade])
    shares = np.concatenate(([1.0 - shares.sum()], shares))
    drawn = np.minimum(np.searchsorted(np.cumsum(shares), chance[in_trial], side="right"), len(ACTIONS) - 1)
    rested = scene.month - state.last_occasion >= one.every_months
    targeted, at_risk = _targeted(scene, state, due & ~scene.customers.trial & rested)
    given = chance[targeted] < at_risk
    who = np.concatenate((in_trial, targeted))
    action = np.concatenate((drawn, np.where(given, DISCOUNT, NOTHING)))
    propensity = np.concatenate((shares[drawn], np.where(given, at_risk, 1.0 - at_risk)))
    occasion = state.occasions[who]
    instead = scene.rerun.instead
    if instead is not None:
        action = np.where(occasion == instead.occasion, instead.action, action)
    share = 0.9 * scene.chance("offer/time", scene.customers.number[who])
    return Offers(who, action, propensity, occasion, share)


def take_effect(scene: Scene, state: State, offers: Offers, called: Ints) -> None:
    """Let a month's actions, and its proactive calls, work from the next month on.

    Parameters
    ----------
    scene : Scene
        The month.
    state : State
        It is changed; its own month has passed.
    offers : Offers
        From `choose`.
    called : ndarray of int
        Positions of the customers with a proactive call.
    """
    one = scene.settings.treatments
    state.occasions[offers.who] += 1
    state.last_occasion[offers.who] = scene.month
    given = offers.who[offers.action == DISCOUNT]
    state.discount_left[given] = one.discount_months
    state.enjoy(given, one.discount_lift * scene.customers.sensitivity[given])
    called = np.concatenate((called, offers.who[offers.action == CALL]))
    state.call_left[called] = scene.settings.leaving.call_months
    state.call_effect[called] = call_effect(scene)[called]
    upgraded = offers.who[offers.action == UPGRADE]
    state.enjoy(upgraded, one.upgrade_lift + one.upgrade_usage * scene.customers.usage[upgraded])


def costs_of(scene: Scene, offers: Offers) -> Floats:
    """Return what each action costs, beside what it takes off the bills (currency)."""
    one = scene.settings.treatments
    costs: Floats = np.array([0.0, 0.0, one.call_cost, one.upgrade_cost])[offers.action]
    return costs


def _targeted(scene: Scene, state: State, open_to: Flags) -> tuple[Ints, Floats]:
    """Return who is looked at outside the trial, and with what probability they get a discount."""
    one = scene.settings.treatments
    to_end = scene.customers.bound_month - scene.month
    logit = (
        one.targeted_base
        + one.targeted_grievance * state.grievance.sum(axis=1)
        + one.targeted_loyalty * scene.customers.loyalty
        + one.targeted_end * ((to_end >= 0) & (to_end <= 2))
    )
    # nobody is certain to be chosen or to be left alone, so that every propensity lies between 0 and 1
    scale = min(scene.factor("targeted_discounts") * one.targeting, 1.0)
    at_risk = np.minimum(logistic(logit), 0.95) * scale
    looked_at = np.flatnonzero(open_to & (logistic(logit) >= one.reviewed) & (at_risk > 0))
    return looked_at, at_risk[looked_at]

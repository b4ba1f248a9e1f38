"""What do customers pay in a month, and what is left of it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmodels.datasets.operator.draws import Floats, Ints, counts_of
from cxmodels.datasets.operator.happenings import Happenings
from cxmodels.datasets.operator.rows import Rows, one_each
from cxmodels.datasets.operator.scene import SLOTS, Scene
from cxmodels.datasets.operator.service import Contacts
from cxmodels.datasets.operator.state import KINDS, State

PRODUCTS = ("subscription", "extra data", "roaming", "device insurance", "extra fee", "refund")
SUBSCRIPTION, EXTRA_FEE, REFUND = (PRODUCTS.index(name) for name in ("subscription", "extra fee", "refund"))
_ADDON_PRICES = np.array([79.0, 129.0, 49.0])
_ADDON_SLOT = 56
REFUND_DAYS = 14.0


@dataclass(frozen=True)
class Payments(Rows):
    """Payments beside the bill, one entry each: add-ons, charges in error, and refunds of them.

    Attributes
    ----------
    who, share
        Position of the customer, share of the month that had passed.
    product : ndarray of int
        Place in `PRODUCTS`.
    amount, margin : ndarray of float
        Currency; below 0 for refunds.
    """

    who: Ints
    share: Floats
    product: Ints
    amount: Floats
    margin: Floats


def fee_now(scene: Scene, state: State) -> Floats:
    """Return the monthly fee (currency): as settled, times the price index, less a discount that runs."""
    off = np.where(state.discount_left > 0, scene.settings.treatments.discount, 0.0)
    fee: Floats = scene.customers.fee * scene.world.prices[scene.month] * scene.factor("price") * (1.0 - off)
    return fee


def running_cost(scene: Scene) -> Floats:
    """Return what a customer's line and traffic cost a month (currency)."""
    money = scene.settings.money
    line = np.array([plan.cost for plan in scene.settings.plans])[scene.customers.plan]
    cost: Floats = line + money.usage_cost * np.exp(money.usage_slope * scene.customers.usage)
    return cost


def pay(scene: Scene, events: Happenings, rates: Floats) -> Payments:
    """Return the payments beside the bill.

    Parameters
    ----------
    scene : Scene
        The month.
    events : Happenings
        Billing errors among them are charged, and mostly paid back.
    rates : ndarray of float
        Add-ons a month of each customer, from `addon_rates`.
    """
    addons = _addons(scene, rates)
    errors = events.some(events.kind == KINDS.index("billing_error"))
    charged = np.round(errors.magnitude, 2)
    back = scene.chance("refund", errors.unit) < scene.settings.money.refunded
    room = np.minimum(REFUND_DAYS / scene.days, 1.0 - errors.share[back])
    later = errors.share[back] + room * scene.chance("refund/time", errors.unit[back])
    parts = (
        addons,
        Payments(errors.who, errors.share, np.full(len(charged), EXTRA_FEE), charged, charged),
        Payments(errors.who[back], later, np.full(back.sum(), REFUND), -charged[back], -charged[back]),
    )
    return Payments.together(parts)


def addon_rates(scene: Scene) -> Floats:
    """Return each customer's add-ons a month."""
    money = scene.settings.money
    rates: Floats = money.addons * np.exp(money.addons_usage * scene.customers.usage)
    return rates


def margin_beside_bill(scene: Scene, contacts: Contacts, payments: Payments) -> Floats:
    """Return what contacts cost and other payments leave in a month (currency), for each customer."""
    size = len(scene.customers)
    left = np.bincount(payments.who, weights=payments.margin, minlength=size)
    spent = np.bincount(contacts.who, weights=contacts.cost, minlength=size)
    return np.asarray(left - spent, dtype=np.float64)


def _addons(scene: Scene, rates: Floats) -> Payments:
    counts = counts_of(scene.chance("addon"), rates * scene.begun, most=4)
    who, slot = one_each(counts)
    unit = scene.customers.number[who] * SLOTS + _ADDON_SLOT + slot
    share = scene.chance("addon/time", unit)
    product: Ints = (scene.chance("addon/product", unit) * len(_ADDON_PRICES)).astype(np.int64)
    amount: Floats = _ADDON_PRICES[product]
    kept = share >= scene.begin[who]
    margin = np.round(amount * scene.settings.money.addon_margin, 2)
    return Payments(who, share, 1 + product, amount, margin).some(kept)

"""What do a purchase model and a spend model together expect of each customer in the coming days?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxmodels.study import ValueSettings
from cxmodels.value.counts import Floats
from cxmodels.value.lifetime import Terms, refund_share
from cxmodels.value.purchase_model import PurchaseModel
from cxmodels.value.purchases import fit_purchases
from cxmodels.value.snapshots import Snapshot
from cxmodels.value.spend import SpendModel, fit_spend


@dataclass(frozen=True)
class Expectation:
    """What is expected of each customer of a snapshot over a horizon.

    Attributes
    ----------
    purchases_model : PurchaseModel
    spend_model : SpendModel
    purchases : ndarray of float, shape (customers,)
        Purchases over the horizon.
    discount : ndarray of float, shape (customers,)
        What a unit of money spent in the horizon is worth on the snapshot's date, between 0 and 1.
    p_alive : ndarray of float, shape (customers,)
    spend_each : ndarray of float, shape (customers,)
        Spend a purchase, net of the population's refunds (currency).
    """

    purchases_model: PurchaseModel
    spend_model: SpendModel
    purchases: Floats
    discount: Floats
    p_alive: Floats
    spend_each: Floats

    @property
    def value(self) -> Floats:
        """Expected net spend of each customer over the horizon (currency)."""
        return self.purchases * self.spend_each


def every_purchase(customers: pd.DataFrame) -> pd.DataFrame:
    """Return a summary whose frequency and monetary_value take in the first purchase too.

    The first purchase says as much about a customer's spend as any other; the customary summary leaves it
    out, and with it all that is known of one-time buyers.
    """
    count = customers["frequency"] + 1
    return customers.assign(frequency=count, monetary_value=np.maximum(customers["total_spend"] / count, 0.0))


def expect(
    snapshot: Snapshot, *, models: tuple[str, ...], terms: Terms, settings: ValueSettings
) -> dict[str, Expectation]:
    """Fit purchase models and one spend model to a snapshot and say what they expect.

    Parameters
    ----------
    snapshot : Snapshot
        Customers as known on a date; its outcome is not looked at.
    models : tuple of str
        Names for `cxmodels.value.purchases.fit_purchases`.
    terms : Terms
        Horizon and discount rate; the margin is not used.
    settings : ValueSettings
        Unit of the snapshot's recency and T, spend model, seed.

    Returns
    -------
    dict of str to Expectation
        One for each model; all share the spend model, fitted to all purchases with the first one.
    """
    known = snapshot.customers
    x, t_x, age = (known[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    with_first = every_purchase(known)
    spend = fit_spend(with_first, model=settings.spend)
    each = np.asarray(
        spend.expected_spend(with_first["frequency"], with_first["monetary_value"]), dtype=float
    )
    each = each * (1.0 - refund_share(known))
    expectations = {}
    for model in models:
        fitted = fit_purchases(known, model=model, unit=settings.unit, seed=settings.seed)
        p_alive = fitted.p_alive(x, t_x, age)
        plain, discounted = fitted.purchases_given_alive(terms.window(settings.unit), x, age)
        expectations[model] = Expectation(
            purchases_model=fitted,
            spend_model=spend,
            purchases=p_alive * plain,
            discount=np.divide(discounted, plain, out=np.ones_like(plain), where=plain > 0),
            p_alive=p_alive,
            spend_each=each,
        )
    return expectations

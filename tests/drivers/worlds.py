"""Worlds of which the truth is known: customers with a trait, a driver, and perhaps a hidden cause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxmodels.drivers.effects_rows import EffectRows
from cxmodels.study import DriverSettings


@dataclass(frozen=True)
class World:
    """How things are: effect of a fault, strength of the trait in both, and of a hidden cause in both."""

    customers: int = 5_000
    dates: int = 6
    effect: float = 0.04
    trait: float = 0.5
    hidden: float = 0.0
    base: float = 0.06
    trial: float = 0.0


def dated_rows(world: World, *, seed: int = 1, drivers: tuple[DriverSettings, ...] = ()) -> EffectRows:
    """Draw faults at each customer's own rate, and leaving that is linear in them."""
    rng = np.random.default_rng(seed)
    trait, hidden = rng.normal(size=(2, world.customers))
    rate = 0.3 * np.exp(world.trait * trait + world.hidden * hidden)
    who = np.repeat(np.arange(world.customers), world.dates)
    faults = rng.poisson(rate[who]).astype(float)
    treated = (rng.random(len(who)) < 0.5).astype(float)
    chance = world.base * np.exp(-0.5 * trait + world.hidden * hidden)[who]
    chance = chance + world.effect * faults + world.trial * treated
    left = (rng.random(len(who)) < np.clip(chance, 0.0, 1.0)).astype(float)
    index = range(len(who))
    return EffectRows(
        drivers=drivers or (DriverSettings(name="faults", table="events"),),
        customer_id=pd.Series([f"c{one}" for one in who], index=index),
        date=pd.Series(np.tile(pd.date_range("2024-01-31", periods=world.dates, freq="ME"), world.customers)),
        left=left,
        values=pd.DataFrame({one.name: faults for one in drivers} or {"faults": faults}),
        background=pd.DataFrame({"trait": trait[who].astype(np.float32)}, index=index),
        long_before=pd.DataFrame({"faults": rng.poisson(12 * rate)[who] / 12.0}),
        month_before=pd.DataFrame({"faults": rng.poisson(rate[who]).astype(float)}),
        trial=pd.DataFrame(
            {
                "action": pd.Categorical(np.where(treated == 1.0, "call", "nothing")),
                "propensity": np.full(len(who), 0.5),
            }
        ),
        horizon_days=90,
    )


def subscribers(customers: int = 10_000, *, seed: int = 1) -> pd.DataFrame:
    """Draw the subscribers of the example that accompanies SHAP's warning about causal reading.

    Dillon, LaRiviere, Lundberg, Roth & Syrgkanis, "Be careful when interpreting predictive models in search
    of causal insights", rebuilt from its description: the need for the product and the bugs met are not in
    the table. Bugs reported and advertising do nothing, and go along with what makes customers renew;
    discounts go to those who need the product least.
    """
    rng = np.random.default_rng(seed)

    def expit(value: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-value))

    calls = rng.integers(0, 4, customers)
    interactions = calls + rng.poisson(0.2, customers)
    economy = rng.random(customers)
    upgrade = 20.0 * rng.random(customers)
    need = 0.1 * calls + rng.normal(size=customers)
    discount = ((1.0 - expit(need)) * 0.5 + 0.5 * rng.random(customers)) / 2.0
    usage = expit(0.3 * need + rng.normal(size=customers))
    advertising = usage + (upgrade < 1.0) + (upgrade < 2.0)
    faced = rng.poisson(2.0 * usage)
    reported = np.round(faced * usage)
    odds = 0.18 * need + 0.08 * usage + 0.1 * economy + 0.05 * discount + 0.05 * rng.normal(size=customers)
    odds += 0.05 * (1.0 - faced / 20.0) + 0.005 * calls + 0.015 * interactions + 0.1 / (upgrade / 4.0 + 0.25)
    renewed = rng.random(customers) < expit(7.0 * (odds - 0.45))
    return pd.DataFrame(
        {
            "customer_id": [f"s{one}" for one in range(customers)],
            "churned": 1.0 - renewed,
            "sales_calls": calls * 1.0,
            "interactions": interactions * 1.0,
            "economy": economy,
            "last_upgrade": upgrade,
            "discount": discount,
            "monthly_usage": usage,
            "ad_spend": advertising,
            "bugs_reported": reported,
        }
    )

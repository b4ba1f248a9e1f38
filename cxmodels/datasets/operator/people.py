"""Who are the customers? Their hidden traits, what the operator knows of them, and their contracts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from cxmodels.datasets.operator.draws import Draws, Flags, Floats, Ints, logistic
from cxmodels.datasets.operator.rows import Rows
from cxmodels.datasets.operator.settings import REGIONS, OperatorSettings

LANGUAGES = ("nb", "sv", "da", "en")
NEVER = -10_000
"""A month that never comes: of customers whose contract does not bind."""


@dataclass(frozen=True)
class Customers(Rows):
    """Some customers, one entry each in every array.

    Attributes
    ----------
    number : ndarray of int
        Who it is: the same number is the same customer in every run with the seed.
    usage, loyalty, hidden : ndarray of float
        Hidden traits, standard normal.
    sensitivity : ndarray of float
        Sensitivity to price; median 1.
    region, plan, language : ndarray of int
        Places in `REGIONS`, the plans of the settings, and `LANGUAGES`.
    fee : ndarray of float
        Currency a month at the start of the contract.
    list_fee : ndarray of float
        List price of the plan.
    join_month, join_day : ndarray of int
        Month of the simulation (below 0: before it) and day of that month (0 for the first) of the start.
    bound_month : ndarray of int
        Month in which the binding ends, on the same day of the month; `NEVER` without one.
    birth_year, products : ndarray of int
        Year; number of products in the household.
    consent, trial : ndarray of bool
        May be written to; takes part in the trial of treatments.
    monthly_gb : ndarray of float
        Traffic a month, as measured.
    phase : ndarray of int
        Month of the half-year in which a customer's turn comes.
    """

    number: Ints
    usage: Floats
    loyalty: Floats
    hidden: Floats
    sensitivity: Floats
    region: Ints
    plan: Ints
    language: Ints
    fee: Floats
    list_fee: Floats
    join_month: Ints
    join_day: Ints
    bound_month: Ints
    birth_year: Ints
    products: Ints
    consent: Flags
    trial: Flags
    monthly_gb: Floats
    phase: Ints

    def __len__(self) -> int:
        """Return how many customers there are."""
        return len(self.number)


def draw_customers(number: Ints, *, settings: OperatorSettings, draws: Draws) -> Customers:
    """Draw customers.

    Parameters
    ----------
    number : ndarray of int
        Who they are; any numbers from 0.
    settings : OperatorSettings
        How they are.
    draws : Draws
        The seed's chance.
    """

    def chance(trait: str) -> Floats:
        return draws.uniform(f"customer/{trait}", month=0, unit=number)

    def normal(trait: str) -> Floats:
        return draws.normal(f"customer/{trait}", month=0, unit=number)

    people = settings.people
    usage = normal("usage")
    tie = people.usage_loyalty
    loyalty = tie * usage + np.sqrt(1 - tie**2) * normal("loyalty")
    plan = _choose_plan(chance("product"), usage, normal("plan"), settings=settings)
    list_fee = np.array([one.fee for one in settings.plans])[plan]
    join_month, join_day, bound_month = _start(chance, settings=settings)
    return Customers(
        number=number,
        usage=usage,
        loyalty=loyalty,
        hidden=normal("hidden"),
        sensitivity=np.exp(people.sensitivity_spread * normal("sensitivity")),
        region=(chance("region") * len(REGIONS)).astype(np.int64),
        plan=plan,
        language=np.searchsorted([0.55, 0.75, 0.90], chance("language")),
        fee=np.maximum(np.round(list_fee * np.exp(people.fee_spread * normal("fee"))), 0.0),
        list_fee=list_fee,
        join_month=join_month,
        join_day=join_day,
        bound_month=bound_month,
        birth_year=(1940 + 66 * chance("birth")).astype(np.int64),
        products=1 + (chance("products") < 0.35 * logistic(loyalty) * 2).astype(np.int64),
        consent=chance("consent") < logistic(0.3 + 0.5 * loyalty),
        trial=chance("trial") < settings.treatments.trial,
        monthly_gb=np.round(30.0 * np.exp(0.8 * usage + 0.15 * normal("measured")), 1),
        phase=(chance("phase") * 6).astype(np.int64),
    )


def _choose_plan(product: Floats, usage: Floats, taste: Floats, *, settings: OperatorSettings) -> Ints:
    """Choose by rank: heavy users take the dearer plans of a kind (the part of a name before the dash)."""
    names = [one.name.split("-")[0] for one in settings.plans]
    shares = np.array([one.share for one in settings.plans])
    kinds = list(dict.fromkeys(names))
    weights = np.array([shares[[name == kind for name in names]].sum() for kind in kinds])
    kind = np.minimum(np.searchsorted(np.cumsum(weights), product), len(kinds) - 1)
    wish = 0.7 * usage + np.sqrt(1 - 0.7**2) * taste
    plan = np.zeros(len(usage), dtype=np.int64)
    for i, one in enumerate(kinds):
        places = np.flatnonzero([name == one for name in names])
        places = places[np.argsort([settings.plans[place].fee for place in places], kind="stable")]
        cuts = np.cumsum(shares[places]) / max(shares[places].sum(), 1e-300)
        chosen = np.minimum(np.searchsorted(ndtri(cuts[:-1]), wish), len(places) - 1)
        plan = np.where(kind == i, places[chosen], plan)
    return plan


def _start(chance: Callable[[str], Floats], *, settings: OperatorSettings) -> tuple[Ints, Ints, Ints]:
    """Draw the month and day of the start, and the month in which the binding ends."""
    people, months = settings.people, settings.span.all_months
    joining = np.floor(chance("month") * min(people.joining_months, months))
    # the months of tenure at the start are geometric with the mean asked for
    tenure = np.ceil(np.log(chance("tenure")) / np.log1p(-1.0 / (1.0 + people.earlier_months)))
    earlier = chance("there") < people.there_at_start
    month = np.where(earlier, -np.clip(tenure, 1, 96), joining).astype(np.int64)
    day = (chance("day") * 28).astype(np.int64)
    binding = chance("binding")
    bind = np.where(
        binding < people.bound_12, 12, np.where(binding < people.bound_12 + people.bound_24, 24, 0)
    )
    return month, day, np.where(bind > 0, month + bind, NEVER)

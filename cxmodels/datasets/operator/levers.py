"""What can be changed in a re-run? Levers, and the changes of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cxmodels.study_errors import nearest

EVENT_LEVERS = {
    "outages": "outage",
    "billing_errors": "billing_error",
    "late_deliveries": "late_delivery",
    "self_service_failures": "self_service_failure",
    "app_logins": "app_login",
    "proactive_calls": "proactive_call",
}
LEVERS = {
    "outages": "rate of outages",
    "billing_errors": "rate of billing errors",
    "late_deliveries": "rate of late deliveries",
    "self_service_failures": "rate of self-service failures",
    "app_logins": "rate of app logins",
    "proactive_calls": "rate of proactive calls",
    "contacts": "probability that an event makes a customer get in touch",
    "waits": "minutes of waiting",
    "unresolved": "probability that a contact settles nothing",
    "price": "monthly fees",
    "targeted_discounts": "probability of a discount outside the trial",
}
"""Levers, and what each multiplies."""


@dataclass(frozen=True)
class Change:
    """A change of one lever, for some months.

    Attributes
    ----------
    lever : str
        One of `LEVERS`.
    change : float
        Relative change: -0.5 halves what the lever multiplies, 0 leaves it, 1 doubles it.
    first, last : int
        First and last month of the simulation with the change.
    """

    lever: str
    change: float
    first: int
    last: int

    def __post_init__(self) -> None:
        """Check lever and change, so that an error names what is wrong with them."""
        if self.lever not in LEVERS:
            raise ValueError(
                f"There is no lever {self.lever!r}{nearest(self.lever, LEVERS, otherwise='.')} "
                f"There are: {', '.join(LEVERS)}."
            )
        if not (math.isfinite(self.change) and self.change >= -1):
            raise ValueError(
                f"change is {self.change}; give a relative change of -1 (none is left) or more, such as -0.5."
            )


@dataclass(frozen=True)
class Instead:
    """Another action at one occasion of a customer: the first is 0."""

    occasion: int
    action: int


@dataclass(frozen=True)
class Rerun:
    """What is different in a re-run: changes of levers, and another action at an occasion."""

    changes: tuple[Change, ...] = ()
    instead: Instead | None = None

    def factor(self, lever: str, *, month: int) -> float:
        """Return by what a lever is multiplied in a month: 1 where nothing is changed."""
        product = 1.0
        for one in self.changes:
            if one.lever == lever and one.first <= month <= one.last:
                product *= 1.0 + one.change
        return product


AS_IT_WAS = Rerun()
"""The run that the tables show."""

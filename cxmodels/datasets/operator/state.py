"""What does a customer carry from month to month? Mood by its causes, and offers that run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmodels.datasets.operator.draws import Flags, Floats, Ints

FAULTS = ("outage", "billing_error", "late_delivery", "self_service_failure")
KINDS = (*FAULTS, "app_login", "proactive_call")
"""Kinds of events; the faults come first, and cost mood."""
CAUSES = (*FAULTS, "wait", "unresolved")
"""What a grievance can be about."""
WAIT, UNRESOLVED = CAUSES.index("wait"), CAUSES.index("unresolved")


@dataclass
class State:
    """The customers' state at the start of a month. It is the one thing here that changes.

    Attributes
    ----------
    grievance : ndarray of float, shape (customers, causes)
        Mood that each of `CAUSES` has taken away, and that is not yet forgotten.
    lift : ndarray of float
        Mood that good service and upgrades have given.
    discount_left, call_left : ndarray of int
        Months for which a discount and a call still work.
    call_effect : ndarray of float
        Change of the log odds of leaving by the last call.
    last_occasion, occasions : ndarray of int
        Month of the last treatment occasion, and how many there were.
    here : ndarray of bool
        Whether the customer, in the run that the tables show, has a contract.
    """

    grievance: Floats
    lift: Floats
    discount_left: Ints
    call_left: Ints
    call_effect: Floats
    last_occasion: Ints
    occasions: Ints
    here: Flags

    @property
    def mood(self) -> Floats:
        """Mood; 0 is neutral."""
        mood: Floats = self.lift - self.grievance.sum(axis=1)
        return mood

    def forget(self, kept: float) -> None:
        """Let a month pass: mood fades, and offers run out."""
        self.grievance *= kept
        self.lift *= kept
        np.maximum(self.discount_left - 1, 0, out=self.discount_left)
        np.maximum(self.call_left - 1, 0, out=self.call_left)

    def suffer(self, who: Ints, cause: Ints | int, size: Floats) -> None:
        """Take away mood: of customers (who may come more than once), for a cause, so much."""
        cells = who * len(CAUSES) + cause
        taken = np.bincount(cells, weights=size, minlength=self.grievance.size)
        self.grievance += taken.reshape(self.grievance.shape)

    def enjoy(self, who: Ints, size: Floats) -> None:
        """Give mood to customers (who may come more than once)."""
        self.lift += np.bincount(who, weights=size, minlength=len(self.lift))


def fresh(customers: int) -> State:
    """Return the state in which everybody starts: neutral, and nothing tried."""
    return State(
        grievance=np.zeros((customers, len(CAUSES))),
        lift=np.zeros(customers),
        discount_left=np.zeros(customers, dtype=np.int64),
        call_left=np.zeros(customers, dtype=np.int64),
        call_effect=np.zeros(customers),
        last_occasion=np.full(customers, -1_000),
        occasions=np.zeros(customers, dtype=np.int64),
        here=np.zeros(customers, dtype=np.bool_),
    )

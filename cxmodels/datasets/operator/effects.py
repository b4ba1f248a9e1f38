"""What does a change do? Leaving and margin with it and without it, customer by customer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxmodels.datasets.operator.draws import Flags, Floats, Ints
from cxmodels.datasets.operator.levers import Change
from cxmodels.datasets.operator.live import Paths


@dataclass(frozen=True)
class Effect:
    """What a change does to the customers under contract when it begins.

    Attributes
    ----------
    change : Change
        The lever, by how much, and in which months.
    table : DataFrame
        One row a customer, indexed by customer_id: p_leave and p_leave_changed (probability of leaving within
        the horizon), effect (their difference: below 0 where the change keeps customers), value and
        value_changed (discounted margin over the horizon, currency), value_effect.
    """

    change: Change
    table: pd.DataFrame

    @property
    def mean(self) -> float:
        """Mean change of the probability of leaving."""
        return float(self.table["effect"].mean())

    @property
    def value(self) -> float:
        """Change of the value of all customers together (currency)."""
        return float(self.table["value_effect"].sum())


def outcome_of(paths: Paths, who: Ints | Flags, window: range, *, rate: float) -> tuple[Floats, Floats]:
    """Return what becomes of customers in some months.

    Parameters
    ----------
    paths : Paths
        Lives of customers.
    who : ndarray of int or bool
        Which of them; they are under contract when the window begins.
    window : range
        Months of the simulation.
    rate : float
        Discount rate a year; a month's margin counts from its middle.

    Returns
    -------
    tuple of ndarray
        Probability of leaving in the window, and discounted margin in it (currency).
    """
    months = slice(window.start, window.stop)
    alive = np.cumprod(1.0 - paths.hazard[who, months].astype(np.float64), axis=1)
    before = np.hstack((np.ones((len(alive), 1)), alive[:, :-1]))
    discount = (1.0 + rate) ** (-(np.arange(len(window)) + 0.5) / 12.0)
    value: Floats = (before * paths.margin[who, months] * discount).sum(axis=1)
    if len(window) == 0:
        return np.zeros(len(alive)), value
    return np.asarray(1.0 - alive[:, -1], dtype=np.float64), value

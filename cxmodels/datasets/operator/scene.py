"""What stands behind one month of one run? Customers, world, chance, settings, and what is changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cxmodels.datasets.operator.draws import Flags, Floats, Ints
from cxmodels.datasets.operator.levers import Rerun
from cxmodels.datasets.operator.people import Customers
from cxmodels.datasets.operator.settings import OperatorSettings
from cxmodels.datasets.operator.world import World

SLOTS = 64
"""Numbers set apart for each customer, for things of which a month can hold several."""


@dataclass(frozen=True)
class Scene:
    """One month.

    Attributes
    ----------
    world, customers, rerun
        The same in all months of a run.
    month : int
        Month of the simulation.
    """

    world: World
    customers: Customers
    rerun: Rerun
    month: int

    @property
    def settings(self) -> OperatorSettings:
        """How the operator is."""
        return self.world.settings

    @cached_property
    def days(self) -> int:
        """Days of the month."""
        return int(self.world.calendar.days_in(self.month))

    @cached_property
    def begun(self) -> Flags:
        """Whether a customer's contract has begun, by the end of the month."""
        begun: Flags = self.customers.join_month <= self.month
        return begun

    @cached_property
    def begin(self) -> Floats:
        """Share of the month that had passed when the contract began: 0, but in the first month."""
        begin: Floats = np.where(
            self.customers.join_month == self.month, self.customers.join_day / self.days, 0.0
        )
        return begin

    @cached_property
    def tenure(self) -> Ints:
        """Months since the contract began."""
        tenure: Ints = self.month - self.customers.join_month
        return tenure

    def chance(self, mechanism: str, unit: Ints | None = None) -> Floats:
        """Draw the month's chance for a mechanism: for every customer, or for the units named."""
        unit = self.customers.number if unit is None else unit
        return self.world.draws.uniform(mechanism, month=self.month, unit=unit)

    def normal(self, mechanism: str, unit: Ints) -> Floats:
        """Draw standard normal chance for the units named."""
        return self.world.draws.normal(mechanism, month=self.month, unit=unit)

    def factor(self, lever: str) -> float:
        """Return by what the re-run multiplies a lever in this month."""
        return self.rerun.factor(lever, month=self.month)

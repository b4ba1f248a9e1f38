"""When is it? Months of the simulation as days and seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxmodels.datasets.operator.draws import Floats, Ints
from cxmodels.datasets.operator.settings import Span

DAY = 86_400


@dataclass(frozen=True)
class Calendar:
    """The months of a simulation. Month 0 is the first; months before it are below 0.

    Attributes
    ----------
    span : Span
        First day and months.
    """

    span: Span

    def first_day(self, month: Ints | int) -> Ints:
        """Return the first day of a month, in days since 1970."""
        start = np.datetime64(self.span.start, "M")
        days: Ints = (start + np.asarray(month)).astype("datetime64[D]").astype(np.int64)
        return days

    def days_in(self, month: Ints | int) -> Ints:
        """Return the days that a month has."""
        days: Ints = self.first_day(np.asarray(month) + 1) - self.first_day(month)
        return days

    def of_year(self, month: int) -> int:
        """Return the month of the year, 0 for January."""
        return (self.span.start.month - 1 + month) % 12

    def seconds(self, month: int, share: Floats) -> Ints:
        """Return the seconds since 1970 at which a share of a month has passed."""
        start = int(self.first_day(month)) * DAY
        passed: Ints = start + (share * float(self.days_in(month)) * DAY).astype(np.int64)
        return passed

    @property
    def end(self) -> int:
        """The second since 1970 with which the records end; it is not part of them."""
        return int(self.first_day(int(self.span.months))) * DAY

    def month_of(self, day: npt.ArrayLike) -> Ints:
        """Return the month of the simulation in which a day (since 1970, or a date) lies."""
        months = np.asarray(day, dtype="datetime64[D]").astype("datetime64[M]")
        found: Ints = (months - np.datetime64(self.span.start, "M")).astype(np.int64)
        return found

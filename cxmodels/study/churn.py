"""Which windows, and who has left? ``[churn]`` of a study."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from pydantic import Field, model_validator

from cxmodels.study.fields import Days, Settings, Texts


class ChurnSettings(Settings):
    """The windows around a date, and who counts as having left.

    Attributes
    ----------
    observation_days, gap_days, horizon_days : int
        Observed before a date; a gap after it to act in; then a horizon in which leaving is read.
    step_months : int
        Calendar months from one date to the next. As many as the horizon has, and each leaving is the outcome
        of one date only; fewer, and it counts on several.
    step_days : int, optional
        Days from one date to the next, instead of months.
    windows : list of int
        Days in which experiences are counted, up to `observation_days`; empty: 30, 90 and `observation_days`.
    label : {"auto", "contracts", "silence"}
        Whether leaving is a contract that ends, or no purchase; auto: contracts where there are any.
    return_days : int
        Whose next contract starts within so many days of the end of the last has not left.
    allow : list of str
        Features that may be used although they look as if they knew who left.
    exclude : list of str
        What the model must not see: features, or kinds, reasons and touchpoints of records, such as contacts
        to cancel.
    monotone : dict
        Numeric feature → "up" or "down": with more of it the probability of leaving may only rise, or only
        fall, all else equal.
    """

    observation_days: Days = 180
    gap_days: int = Field(default=14, ge=0, le=36_525)
    horizon_days: Days = 90
    step_months: int = Field(default=1, ge=1, le=12)
    step_days: Days | None = None
    windows: list[Days] = []
    label: Literal["auto", "contracts", "silence"] = "auto"
    return_days: int = Field(default=14, ge=0, le=36_525)
    allow: Texts = []
    exclude: Texts = []
    monotone: dict[str, Literal["up", "down"]] = {}

    @model_validator(mode="after")
    def _windows_lie_in_the_observation(self) -> ChurnSettings:
        if self.windows != sorted(set(self.windows)) or max(self.windows, default=0) > self.observation_days:
            raise ValueError(
                f"has windows = {self.windows}; they must rise, up to observation_days = "
                f"{self.observation_days}"
            )
        return self

    def period(self, as_of: date) -> tuple[date, date]:
        """Return the first and the last day of the horizon, seen from a date."""
        gap = as_of + timedelta(days=self.gap_days)
        return gap + timedelta(days=1), gap + timedelta(days=self.horizon_days)

    @property
    def signal_windows(self) -> tuple[int, ...]:
        """Days in which experiences are counted, shortest first."""
        usual = {days for days in (30, 90) if days < self.observation_days} | {self.observation_days}
        return tuple(self.windows or sorted(usual))

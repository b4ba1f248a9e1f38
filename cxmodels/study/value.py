"""What is assumed of value and segments? ``[value]`` and ``[segments]`` of a study."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, field_validator, model_validator

from cxmodels.study.fields import Day, Days, Settings, Share, Texts


class ValueSettings(Settings):
    """The assumptions behind customer value: unit of time, margin, discount rate, horizon, model.

    Attributes
    ----------
    large_customers : list of str
        Customers (customer_id) whose amounts are right, however far apart from all others they stand: none of
        them is taken for a slip of a decimal sign.
    """

    unit: Literal["day", "week", "month"] = "week"
    margin: float | tuple[float, float] = 1.0  # a share of the amount, or its range
    discount_rate: float = Field(default=0.10, ge=0, le=10)
    horizon_days: Days = 365
    model: Literal["auto", "bg-nbd", "mbg-nbd", "pareto-nbd", "nbd", "lightgbm", "blend"] = "auto"
    spend: Literal["gamma-gamma", "gamma-gamma-by-frequency", "pooled-mean"] = "gamma-gamma"
    holdout_days: Days | None = None
    seed: int = Field(default=20250101, ge=0, lt=2**32)
    draws: int = Field(default=1000, ge=100, le=1_000_000)
    history_start: Day | None = None
    large_customers: Texts = []

    @field_validator("margin", mode="before")
    @classmethod
    def _margin_is_share_or_range(cls, margin: object) -> object:
        ends = tuple(margin) if isinstance(margin, list | tuple) else (margin, margin)
        numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends)
        if numbers and not all(map(math.isfinite, ends)):
            raise ValueError("must be a finite number")
        if len(ends) != 2 or not numbers or not 0 < ends[0] <= ends[1] <= 1:
            raise ValueError(
                "must be a share such as 0.35, or a rising range such as [0.30, 0.40], above 0 and up to 1"
            )
        return (float(ends[0]), float(ends[1])) if isinstance(margin, list | tuple) else float(ends[0])

    @property
    def margin_low(self) -> float:
        """Lower end of the margin, a share of the amount."""
        return self.margin[0] if isinstance(self.margin, tuple) else self.margin

    @property
    def margin_high(self) -> float:
        """Upper end of the margin, a share of the amount."""
        return self.margin[1] if isinstance(self.margin, tuple) else self.margin

    @property
    def margin_mid(self) -> float:
        """Middle of the margin, a share of the amount."""
        return (self.margin_low + self.margin_high) / 2


class SegmentSettings(Settings):
    """The rules behind segments.

    Attributes
    ----------
    tiers : dict
        Tier → cumulative share of value, from the most valuable down; the last one is 1.
    valuable : list of str
        The tiers, from the first on, whose customers count as valuable; empty: those up to 80 % of the value.
    new_days : int
        A customer is new for so many days after the first purchase.
    active_gaps, lapsed_gaps : float
        A silence of up to so many of the customer's expected gaps between purchases is active; a longer one
        is cooling, and beyond the second figure lapsed.
    compare_days : int, optional
        The earlier date of a comparison lies so many days before `as_of`; default: a third of the history,
        and at most a year.
    """

    tiers: dict[str, Share] = {"top": 0.50, "high": 0.80, "middle": 0.95, "low": 1.0}
    valuable: Texts = []
    new_days: Days = 90
    active_gaps: float = Field(default=2.0, gt=0, le=1000)
    lapsed_gaps: float = Field(default=4.0, gt=0, le=1000)
    compare_days: Days | None = None

    @field_validator("tiers")
    @classmethod
    def _tiers_rise_to_one(cls, tiers: dict[str, float]) -> dict[str, float]:
        shares = list(tiers.values())
        if len(shares) < 2 or shares != sorted(set(shares)) or shares[-1] != 1.0 or shares[0] <= 0:
            raise ValueError(
                "must be two or more rising shares of value that end at 1, such as {top = 0.5, low = 1.0}"
            )
        return tiers

    @model_validator(mode="after")
    def _rules_agree(self) -> SegmentSettings:
        if self.active_gaps >= self.lapsed_gaps:
            raise ValueError("needs active_gaps below lapsed_gaps")
        if self.valuable != list(self.tiers)[: len(self.valuable)] or len(self.valuable) == len(self.tiers):
            raise ValueError(
                f"has valuable = {self.valuable}; it must name the first tiers of {list(self.tiers)} "
                "in their order, and leave at least one out"
            )
        return self

    @property
    def valuable_tiers(self) -> tuple[str, ...]:
        """The tiers whose customers count as valuable, best first."""
        up_to = [tier for tier, share in self.tiers.items() if share <= 0.80]
        return tuple(self.valuable or up_to or list(self.tiers)[:1])

"""What is the simulated operator like? Everything that can be set, in one frozen object."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from cxmodels.datasets.operator.campaigns import Surveys, Treatments
from cxmodels.datasets.operator.checks import (
    AtLeastOne,
    Checked,
    Correlation,
    NotNegative,
    Number,
    Positive,
    Share,
    Whole,
)
from cxmodels.datasets.operator.coefficients import Events, Leaving, Service

REGIONS = ("Nord", "Midt", "Vest", "Sør", "Øst", "Hovedstad")


@dataclass(frozen=True, kw_only=True)
class Span(Checked):
    """Which months are simulated.

    Attributes
    ----------
    start : date
        First day; the first of a month.
    months : int
        Months with records. Nothing in the tables lies after them.
    follow_months : int
        Months after them that only the truth knows, so that value can be stated ahead of any date.
    """

    start: date = date(2022, 1, 1)
    months: AtLeastOne = 36
    follow_months: Whole = 12

    def __post_init__(self) -> None:
        """Check that the months can be counted from the first day, beside the ranges."""
        super().__post_init__()
        if self.start.day != 1 or not 1970 <= self.start.year <= 2200:
            raise ValueError(f"Span.start is {self.start}; give the first day of a month from 1970 to 2200.")
        if self.months + self.follow_months > 240:
            raise ValueError(
                f"Span has {self.months} months and {self.follow_months} to follow; give at most 240 in all."
            )

    @property
    def all_months(self) -> int:
        """Months with records and months to follow."""
        return int(self.months + self.follow_months)


@dataclass(frozen=True, kw_only=True)
class People(Checked):
    """Who the customers are.

    Attributes
    ----------
    there_at_start : float
        Share of the customers whose contract began before the first day.
    joining_months : int
        The others join evenly over so many first months.
    earlier_months : float
        Mean tenure, in months, of those who were there; geometric, at most 96.
    usage_loyalty : float
        Correlation of usage intensity and loyalty: heavy users are more loyal.
    sensitivity_spread : float
        Standard deviation of the logarithm of the sensitivity to price.
    bound_12, bound_24 : float
        Share of the contracts that bind for 12 and for 24 months.
    fee_spread : float
        Standard deviation of the logarithm of a customer's fee over list price, settled at the start.
    """

    there_at_start: Share = 0.55
    joining_months: AtLeastOne = 32
    earlier_months: Positive = 24.0
    usage_loyalty: Correlation = 0.7
    sensitivity_spread: NotNegative = 0.4
    bound_12: Share = 0.45
    bound_24: Share = 0.30
    fee_spread: NotNegative = 0.08

    def __post_init__(self) -> None:
        """Check that the shares of the binding periods fit into one, beside the ranges."""
        super().__post_init__()
        if self.bound_12 + self.bound_24 > 1:
            raise ValueError(
                f"People.bound_12 and bound_24 add up to {self.bound_12 + self.bound_24:g}; give at most 1."
            )


@dataclass(frozen=True, kw_only=True)
class Plan(Checked):
    """One product: list price and cost of the line, currency a month; its share among customers."""

    name: str
    fee: NotNegative
    cost: NotNegative
    share: Share


@dataclass(frozen=True, kw_only=True)
class Money(Checked):
    """What customers pay and cost.

    Attributes
    ----------
    usage_cost, usage_slope : float
        Cost of carrying an average customer's traffic, currency a month, and how its logarithm grows with
        usage: the heaviest users of the small plans cost more than they bring.
    price_rise : float
        Rise of all fees each January, relative to the market.
    addons, addons_usage : float
        Add-ons a month of an average customer, and change of the log rate with usage.
    addon_margin : float
        Share of an add-on's price that stays.
    refunded : float
        Probability that a billing error is paid back, within 14 days.
    discount_rate : float
        A year; for the values that the truth states.
    """

    usage_cost: NotNegative = 90.0
    usage_slope: Number = 0.7
    price_rise: Number = 0.03
    addons: NotNegative = 0.15
    addons_usage: Number = 0.4
    addon_margin: Share = 0.6
    refunded: Share = 0.8
    discount_rate: NotNegative = 0.10


PLANS = (
    Plan(name="mobile-5", fee=249.0, cost=60.0, share=0.22),
    Plan(name="mobile-40", fee=399.0, cost=100.0, share=0.24),
    Plan(name="mobile-unlimited", fee=549.0, cost=150.0, share=0.14),
    Plan(name="fibre-100", fee=599.0, cost=230.0, share=0.18),
    Plan(name="fibre-500", fee=799.0, cost=300.0, share=0.15),
    Plan(name="fibre-1000", fee=999.0, cost=390.0, share=0.07),
)


@dataclass(frozen=True, kw_only=True)
class OperatorSettings(Checked):
    """All that the simulated operator depends on, except the number of customers and the seed.

    Attributes
    ----------
    span, people, events, service, leaving, surveys, treatments, money
        One object for each mechanism, with its coefficients and their units.
    plans : tuple of Plan
        Products; heavy users choose the dearer ones of each kind. Shares add up to 1.
    hidden_confounder : float
        Strength of a cause that no table shows: change of the log rate of outages for one standard deviation
        of it. It also moves the log odds of leaving, by this times `Leaving.hidden`. At 0 there is none.

    Examples
    --------
    >>> from dataclasses import replace
    >>> settings = OperatorSettings()
    >>> replace(settings, leaving=replace(settings.leaving, mood=0.0)).leaving.mood
    0.0
    >>> OperatorSettings(hidden_confounder=-1)
    Traceback (most recent call last):
    ...
    ValueError: OperatorSettings.hidden_confounder is -1; give a number of 0 or more.
    """

    span: Span = field(default_factory=Span)
    people: People = field(default_factory=People)
    plans: tuple[Plan, ...] = PLANS
    events: Events = field(default_factory=Events)
    service: Service = field(default_factory=Service)
    leaving: Leaving = field(default_factory=Leaving)
    surveys: Surveys = field(default_factory=Surveys)
    treatments: Treatments = field(default_factory=Treatments)
    money: Money = field(default_factory=Money)
    hidden_confounder: NotNegative = 0.0

    def __post_init__(self) -> None:
        """Check that the plans make up the whole, beside the ranges."""
        super().__post_init__()
        if self.people.joining_months > self.span.months:
            raise ValueError(
                f"People.joining_months is {self.people.joining_months}, more than Span.months "
                f"({self.span.months}); some customers would never appear. Give at most {self.span.months}."
            )
        plans = self.plans
        if not isinstance(plans, tuple) or not plans or not all(isinstance(plan, Plan) for plan in plans):
            raise ValueError(f"OperatorSettings.plans is {plans!r}; give a tuple of one or more Plan(…).")
        total = sum(plan.share for plan in plans)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"OperatorSettings.plans have shares that add up to {total:g}; make them 1.")

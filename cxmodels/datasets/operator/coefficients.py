"""How strongly does what cause what? The coefficients of the operator's mechanisms, with their units.

All log rates and log odds are natural; `usage` and `loyalty` are standard normal across customers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cxmodels.datasets.operator.checks import AtLeastOne, Checked, NotNegative, Number, Positive, Share, Whole


@dataclass(frozen=True, kw_only=True)
class EventKind(Checked):
    """How one kind of event comes about, and what it does.

    Attributes
    ----------
    rate : float
        Events a month of an average customer.
    usage, loyalty : float
        Change of the log rate for one standard deviation of usage intensity and of loyalty.
    climate : float
        Power of the regional outage climate (1 on average) in the rate.
    first_month : float
        Factor on the rate in a customer's first month.
    hidden : bool
        Whether the hidden confounder, where there is one, raises the rate.
    magnitude, spread : float
        Median of the magnitude in the kind's own unit, and standard deviation of its logarithm.
    impact : float
        Mood that an event of median magnitude takes away; it grows with the root of the magnitude.
    contact : float
        Probability that such an event makes the customer get in touch; it grows in the same way, up to 0.95.
    late, late_days : float
        Share of the rows that are recorded late, and by how many days at most.
    """

    rate: NotNegative
    usage: Number = 0.0
    loyalty: Number = 0.0
    climate: Number = 0.0
    first_month: NotNegative = 1.0
    hidden: bool = False
    magnitude: Positive = 1.0
    spread: NotNegative = 0.0
    impact: NotNegative = 0.0
    contact: Share = 0.0
    late: Share = 0.0
    late_days: NotNegative = 0.0


def _outage() -> EventKind:
    return EventKind(
        rate=0.20, usage=0.85, climate=1.0, hidden=True, magnitude=3.0, spread=0.9, impact=0.30, contact=0.30
    )


def _billing_error() -> EventKind:
    return EventKind(
        rate=0.05,
        usage=0.25,
        magnitude=150.0,
        spread=0.6,
        impact=0.45,
        contact=0.65,
        late=0.25,
        late_days=20.0,
    )


def _late_delivery() -> EventKind:
    return EventKind(
        rate=0.025,
        usage=0.25,
        first_month=10.0,
        magnitude=3.0,
        spread=0.7,
        impact=0.35,
        contact=0.45,
        late=0.35,
        late_days=10.0,
    )


def _self_service_failure() -> EventKind:
    return EventKind(rate=0.12, usage=0.4, magnitude=2.0, spread=0.4, impact=0.15, contact=0.40)


def _app_login() -> EventKind:
    return EventKind(rate=0.6, usage=0.2, loyalty=0.5)


def _proactive_call() -> EventKind:
    return EventKind(rate=0.04, usage=0.2, magnitude=4.0, spread=0.5, late=0.10, late_days=5.0)


@dataclass(frozen=True, kw_only=True)
class Events(Checked):
    """What happens to customers. Logins move with loyalty and do nothing; calls work by `Leaving`."""

    outage: EventKind = field(default_factory=_outage)  # hours
    billing_error: EventKind = field(default_factory=_billing_error)  # currency
    late_delivery: EventKind = field(default_factory=_late_delivery)  # days
    self_service_failure: EventKind = field(default_factory=_self_service_failure)  # attempts
    app_login: EventKind = field(default_factory=_app_login)  # logins
    proactive_call: EventKind = field(default_factory=_proactive_call)  # minutes


@dataclass(frozen=True, kw_only=True)
class Service(Checked):
    """How customers get in touch, and how they are served.

    Attributes
    ----------
    questions, questions_usage : float
        Contacts a month that nothing caused, of an average customer; change of the log rate with usage.
    wait_minutes : float
        Mean wait at load 1, on the phone; chat and shop have `chat_wait` and `shop_wait` of it.
    handle_minutes, handle_spread : float
        Median minutes of work, and standard deviation of their logarithm.
    unresolved, unresolved_load : float
        Probability that a contact settles nothing, at load 1; change of its log odds with the log of
        the load.
    repeat, repeat_days : float
        Probability that an unresolved contact is repeated, and within how many days.
    cost_fixed, cost_minute : float
        Cost of a contact (currency), and of a minute of work.
    wait_impact : float
        Mood that a wait of ten minutes takes away; it grows with the logarithm of the wait.
    unresolved_impact, resolved_lift : float
        Mood that an unresolved contact takes away, and that a resolved one gives back.
    late, late_days : float
        Share of the contacts (notes of shops) that are recorded late, and by how many days at most.
    """

    questions: NotNegative = 0.06
    questions_usage: Number = 0.25
    wait_minutes: Positive = 6.0
    chat_wait: NotNegative = 0.5
    shop_wait: NotNegative = 0.8
    handle_minutes: Positive = 8.0
    handle_spread: NotNegative = 0.5
    unresolved: Share = 0.25
    unresolved_load: Number = 0.8
    repeat: Share = 0.6
    repeat_days: Positive = 7.0
    cost_fixed: NotNegative = 25.0
    cost_minute: NotNegative = 7.0
    wait_impact: NotNegative = 0.12
    unresolved_impact: NotNegative = 0.40
    resolved_lift: NotNegative = 0.08
    late: Share = 0.04
    late_days: NotNegative = 4.0


@dataclass(frozen=True, kw_only=True)
class Leaving(Checked):
    """What the monthly log odds of leaving depend on.

    Attributes
    ----------
    base : float
        Log odds a month of an average, unbound customer in neutral mood.
    loyalty, mood : float
        How much one unit of loyalty, and of mood, lowers them.
    mood_kept : float
        Share of the mood that is left after a month.
    price : float
        Change with the logarithm of fee over list price, times the customer's own sensitivity to price.
    tenure : float
        Change a month of tenure, up to five years.
    bound, at_end, after_end : float
        Change while bound; in the month in which the binding ends; and in the month after it.
    call_new, call_long : float
        Change by a call, proactive or as a treatment: of customers with up to `new_months` of tenure, and
        from `long_months` on. Between the two it moves evenly from one to the other.
    call_months : int
        Months for which a call works.
    hidden : float
        Change for one standard deviation of the hidden confounder, times its strength.
    moved : float
        Probability a month of leaving whatever one thinks of the company, bound or not: moving, death.
    cancellation, cancellation_days : float
        Share of the leavers that get in touch to cancel, and how many days before the end at most.
    """

    base: Number = -4.05
    loyalty: Number = 1.2
    mood: Number = 0.75
    mood_kept: Share = 0.75
    price: Number = 2.5
    tenure: Number = -0.006
    bound: Number = -5.0
    at_end: Number = 1.6
    after_end: Number = 0.8
    call_new: Number = 0.7
    call_long: Number = -0.9
    new_months: Whole = 12
    long_months: AtLeastOne = 30
    call_months: AtLeastOne = 6
    hidden: Number = 0.6
    moved: Share = 0.0015
    cancellation: Share = 0.75
    cancellation_days: NotNegative = 40.0

    def __post_init__(self) -> None:
        """Check that the two limits of tenure are in order, beside the ranges."""
        super().__post_init__()
        if self.new_months >= self.long_months:
            raise ValueError(
                f"Leaving.new_months is {self.new_months}, not below long_months ({self.long_months}); "
                "lower the first or raise the second."
            )

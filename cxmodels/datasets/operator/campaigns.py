"""Who is asked, and who gets an offer? The coefficients of surveys and treatments, with their units.

Log odds are natural; `usage` and `loyalty` are standard normal across customers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cxmodels.datasets.operator.checks import AtLeastOne, Checked, NotNegative, Number, Positive, Share


@dataclass(frozen=True, kw_only=True)
class Scale(Checked):
    """How satisfaction becomes a score: lowest and highest score, score of a neutral customer, its slope."""

    low: Number
    high: Number
    middle: Number
    slope: Number


def _scales() -> dict[str, Scale]:
    return {
        "nps": Scale(low=0, high=10, middle=8.0, slope=2.0),  # would recommend
        "ces": Scale(low=1, high=7, middle=5.4, slope=1.3),  # it was easy
        "csat": Scale(low=1, high=5, middle=4.0, slope=0.9),  # satisfied
        "nes": Scale(low=1, high=7, middle=5.2, slope=1.2),  # easy to be a customer
        "lba": Scale(low=0, high=10, middle=7.5, slope=1.8),  # likely to buy again
    }


@dataclass(frozen=True, kw_only=True)
class Surveys(Checked):
    """Who is asked, who answers, and what.

    Attributes
    ----------
    relation : float
        Share of the customers who are asked each time that their turn comes: nps twice a year, nes and lba
        once a year.
    after_contact, after_cancellation : float
        Share of the contacts after which a customer is asked (ces or csat), and of those to cancel.
    answer, answer_mood, answer_loyalty : float
        Log odds of answering in neutral mood, and their change with mood and loyalty.
    satisfaction_mood, satisfaction_loyalty, satisfaction_noise : float
        Weights of mood and loyalty in the satisfaction behind a score, and the standard deviation of chance.
    verbatim : float
        Share of the answers with a text.
    answer_days : float
        Days until the answer, at most.
    scales : dict of str to Scale
        nps, ces, csat, nes and lba: how satisfaction becomes a score.
    """

    relation: Share = 0.5
    after_contact: Share = 0.5
    after_cancellation: Share = 0.3
    answer: Number = -0.3
    answer_mood: Number = 0.6
    answer_loyalty: Number = 0.2
    satisfaction_mood: Number = 1.0
    satisfaction_loyalty: Number = 0.4
    satisfaction_noise: NotNegative = 0.6
    verbatim: Share = 0.35
    answer_days: Positive = 5.0
    scales: dict[str, Scale] = field(default_factory=_scales)

    def __post_init__(self) -> None:
        """Check that each metric has a scale, beside the ranges."""
        super().__post_init__()
        if set(self.scales) != set(_scales()) or not all(isinstance(s, Scale) for s in self.scales.values()):
            raise ValueError(
                f"Surveys.scales has {', '.join(self.scales) or 'nothing'}; give a Scale(…) for each of "
                f"{', '.join(_scales())}."
            )


@dataclass(frozen=True, kw_only=True)
class Treatments(Checked):
    """Who gets an offer, and what it does.

    Attributes
    ----------
    trial : float
        Share of the customers with whom actions are drawn at random, every `every_months`.
    trial_discount, trial_call, trial_upgrade : float
        Probability of each action in the trial; what is left is the probability of doing nothing.
    first_month, every_months : int
        First month of the simulation with treatments; months between two occasions of a customer.
    targeted_base, targeted_grievance, targeted_loyalty, targeted_end : float
        Outside the trial: log odds of a discount; their change with the customer's grievance and loyalty
        (those at risk get more), and in the two months before a binding ends and the one in which it does.
    reviewed : float
        Outside the trial a customer is looked at when the probability of a discount is at least this.
    targeting : float
        Factor on that probability (0: no targeted discounts).
    discount, discount_months : float
        Share of the fee that a discount takes off, and for how many months.
    discount_lift : float
        Mood that a discount gives, times the customer's sensitivity to price.
    upgrade_lift, upgrade_usage : float
        Mood that an upgrade gives an average customer, and its change with usage.
    call_cost, upgrade_cost : float
        Cost of the action (currency); a discount costs what it takes off the bills.
    """

    trial: Share = 0.3
    trial_discount: Share = 0.2
    trial_call: Share = 0.2
    trial_upgrade: Share = 0.2
    first_month: AtLeastOne = 6
    every_months: AtLeastOne = 6
    targeted_base: Number = -3.2
    targeted_grievance: Number = 1.2
    targeted_loyalty: Number = -0.8
    targeted_end: Number = 1.6
    reviewed: Share = 0.15
    targeting: Share = 1.0
    discount: Share = 0.10
    discount_months: AtLeastOne = 4
    discount_lift: Number = 0.5
    upgrade_lift: Number = 0.8
    upgrade_usage: Number = 0.4
    call_cost: NotNegative = 25.0
    upgrade_cost: NotNegative = 60.0

    def __post_init__(self) -> None:
        """Check that the actions of the trial leave a chance of doing nothing, beside the ranges."""
        super().__post_init__()
        acted = self.trial_discount + self.trial_call + self.trial_upgrade
        if acted >= 1 or min(self.trial_discount, self.trial_call, self.trial_upgrade) <= 0:
            raise ValueError(
                f"Treatments: the actions of the trial have probabilities that add up to {acted:g}; give "
                "each more than 0, and together less than 1, so that some customers are left alone."
            )

"""What is each customer worth over the horizon? Purchases times spend times margin, discounted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxmodels.value.counts import read_history
from cxmodels.value.purchase_model import PurchaseModel, Window
from cxmodels.value.spend import SpendModel
from cxmodels.value.units import days_in, discount_per_unit


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The terms on which future purchases become value.

    Attributes
    ----------
    horizon_days : int
        Days after as_of that count, at least 1.
    discount_rate : float
        A year's rate, 0 or more.
    margin : float or (float, float)
        Margin a unit of spend, between 0 and 1; or the two ends of its range, which then is uniform
        uncertainty, the same for all customers. Values use the middle.

    Examples
    --------
    >>> Terms(horizon_days=365, discount_rate=0.10, margin=(0.3, 0.4)).margin_middle
    0.35
    """

    horizon_days: int = 365
    discount_rate: float = 0.0
    margin: float | tuple[float, float] = 1.0

    def __post_init__(self) -> None:
        """Check the terms, so that an error names what is wrong with them."""
        if self.horizon_days < 1:
            raise ValueError(f"horizon_days is {self.horizon_days}; the horizon needs at least 1 day.")
        if not self.discount_rate >= 0.0:
            raise ValueError(f"discount_rate is {self.discount_rate}; give a rate a year of 0 or more.")
        low, high = self.margin_range
        if not 0.0 <= low <= high <= 1.0:
            raise ValueError(
                f"margin is {self.margin}; give a share between 0 and 1, or a range (low, high) of such."
            )

    @property
    def margin_range(self) -> tuple[float, float]:
        """Both ends of the margin's range."""
        if isinstance(self.margin, (int, float)):
            return float(self.margin), float(self.margin)
        low, high = self.margin
        return float(low), float(high)

    @property
    def margin_middle(self) -> float:
        """The middle of the margin's range."""
        low, high = self.margin_range
        return (low + high) / 2

    def window(self, unit: str) -> Window:
        """Return the horizon and the discount in a unit of time."""
        return Window(self.horizon_days / days_in(unit), discount_per_unit(self.discount_rate, unit=unit))


def refund_share(summary: pd.DataFrame) -> float:
    """Return the refunds given on days without a purchase, as a share of the value of purchase days.

    Parameters
    ----------
    summary : DataFrame
        With the columns total_spend and refunds of `summarise`; without them the share is 0.

    Returns
    -------
    float
        Between 0 and 1. Expected future spend is reduced by it.

    Examples
    --------
    >>> refund_share(pd.DataFrame({"total_spend": [80.0, 20.0], "refunds": [0.0, 5.0]}))
    0.05
    """
    if not {"total_spend", "refunds"} <= set(summary.columns):
        return 0.0
    spent = float(summary["total_spend"].sum())
    return float(np.clip(summary["refunds"].sum() / spent, 0.0, 1.0)) if spent > 0 else 0.0


def estimate_value(
    summary: pd.DataFrame, purchases: PurchaseModel, spend: SpendModel, *, terms: Terms
) -> pd.DataFrame:
    """Estimate what each customer is worth.

    Parameters
    ----------
    summary : DataFrame
        As of `summarise`, in the unit of `purchases`.
    purchases : PurchaseModel
        From `fit_purchases`.
    spend : SpendModel
        From `fit_spend`.
    terms : Terms
        Horizon, discount rate and margin.

    Returns
    -------
    DataFrame
        On the index of `summary`: p_alive; expected_purchases (over the horizon, not discounted);
        expected_spend (a purchase, currency, net of the refund share); clv (currency): margin × discounted
        expected purchases × expected spend.
    """
    x, t_x, age = read_history(summary)
    window = terms.window(purchases.unit)
    p_alive = purchases.p_alive(x, t_x, age)
    given_alive, discounted = purchases.purchases_given_alive(window, x, age)
    expected_spend = spend.expected_spend(x, summary["monetary_value"].to_numpy(dtype=float))
    expected_spend = expected_spend * (1.0 - refund_share(summary))
    return pd.DataFrame(
        {
            "p_alive": p_alive,
            "expected_purchases": p_alive * given_alive,
            "expected_spend": expected_spend,
            "clv": terms.margin_middle * p_alive * discounted * expected_spend,
        },
        index=summary.index,
    )

"""What is each customer under contract worth? Survival times margin."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.study import ValueSettings
from cxmodels.value.contract_margins import UNSURE_PATH, MonthlyMargins, monthly_margins
from cxmodels.value.contract_months import customers_on, read_contracts
from cxmodels.value.contract_outcome import Months, expected_value, months_ahead, outcome_intervals
from cxmodels.value.counts import Floats
from cxmodels.value.groups import group_customers
from cxmodels.value.hazard import fit_hazard
from cxmodels.value.hazard_model import Curves, HazardModel
from cxmodels.value.intervals import NORMAL, refit_half


@dataclass(frozen=True, kw_only=True)
class ContractValue:
    """What customers under contract are worth, and how that was worked out.

    Attributes
    ----------
    table : DataFrame
        One row a customer under contract on as_of, in the order of customer_id: customer_id; p_stay
        (probability of being there at the end of the horizon); margin (expected a month over the horizon,
        given staying, currency); clv (expected discounted margin within the horizon, currency; below 0 where
        the customer costs more than they bring); clv_low and clv_high (90 % interval of the customer's own
        outcome). Who is about to leave, and the value at risk, is told by `cxmodels.churn.risk`.
    hazard : HazardModel
        When customers leave.
    margins : MonthlyMargins
        What they bring a month.
    curves : ndarray of float32, shape (refits, customers, months + 1)
        Probability of being under contract at the end of each month ahead, by each refit.
    months : Months
        The months ahead, and how they are discounted.
    chance : ndarray of float, shape (customers,)
        Variance of each customer's own outcome.
    notes : tuple of str
        Sentences on what was done instead of what was asked for, and why.
    """

    table: pd.DataFrame = field(repr=False)
    hazard: HazardModel
    margins: MonthlyMargins
    curves: Curves = field(repr=False)
    months: Months
    chance: Floats = field(repr=False)
    notes: tuple[str, ...]

    @property
    def survival(self) -> pd.DataFrame:
        """Probability of being under contract at the end of each month ahead, one row a customer."""
        mean = self.curves[:, :, 1:].mean(axis=0)
        return pd.DataFrame(
            mean,
            index=pd.Index(self.table["customer_id"]),
            columns=pd.RangeIndex(1, mean.shape[1] + 1, name="month"),
        )

    @property
    def draws(self) -> Floats:
        """Expected clv of each customer under each refit (currency), shape (refits, customers)."""
        return expected_value(self.curves, self.margins.expected(), self.months)

    @property
    def shared(self) -> Floats:
        """Change of each clv (currency) for one standard deviation of an error that all share, beside refits.

        Shape (2, customers): the path of the margins over the year, and the study's margin range.
        """
        path = self.margins.table["fee"].to_numpy()[:, None] * self.margins.path * UNSURE_PATH
        mean = self.curves.mean(axis=0, keepdims=True)
        of_path = expected_value(mean, path, self.months)[0]
        of_range = self.table["clv"].to_numpy() * self.margins.spread / np.sqrt(3.0)  # a uniform distribution
        return np.stack([of_path, of_range])

    def totals(self, groups: pd.Series | None = None) -> pd.DataFrame:
        """Return the value of groups of customers, with 90 % intervals of what each group will bring.

        Parameters
        ----------
        groups : Series, optional
            The group of each customer, on the index of `table` or in its order. Default: one group, "all".

        Returns
        -------
        DataFrame
            One row a group: group, customers, clv (expected total, currency), low, high, parameter_width and
            outcome_width (widths from what all customers share, and from chance alone).

        Notes
        -----
        Totals of refits give the uncertainty of the hazard (Student's t for their number); the path of the
        margins over the year and the study's margin range are shared by all; chance is independent between
        customers. The three add in quadrature.
        """
        grouped = group_customers(self.table, groups)
        clv = grouped.sum(self.table["clv"])
        of_refits = refit_half(np.array([grouped.sum(one) for one in self.draws]))
        of_all = np.array([grouped.sum(one) for one in self.shared])
        shared = np.sqrt(of_refits**2 + NORMAL**2 * (of_all**2).sum(axis=0))
        chance = NORMAL * np.sqrt(grouped.sum(self.chance))
        half = np.hypot(shared, chance)
        return pd.DataFrame(
            {
                "group": grouped.names,
                "customers": grouped.sizes,
                "clv": clv,
                "low": clv - half,
                "high": clv + half,
                "parameter_width": 2.0 * shared,
                "outcome_width": 2.0 * chance,
            }
        )


def value_contracts(
    frame: pd.DataFrame,
    contracts: pd.DataFrame,
    transactions: ir.Table | None = None,
    *,
    as_of: date,
    settings: ValueSettings,
    refits: int = 8,
) -> ContractValue:
    """Say what each customer under contract on `as_of` is worth.

    Parameters
    ----------
    frame : DataFrame
        One row a customer_id and as_of: features at several earlier dates, from which is learned, and at
        `as_of`. Customers under contract whom it lacks on `as_of` are valued by their contract.
    contracts : DataFrame
        One row a contract: customer_id, start_date, end_date, monthly_fee, and where known plan, bound_until.
    transactions : ibis Table, optional
        customer_id, timestamp, amount, margin. Without margins a month brings the fee at the study's margin.
    as_of : date
        The day on which we stand; nothing after it is read.
    settings : ValueSettings
        Horizon, discount rate, margin, draws and seed.
    refits : int
        Fits of the hazard to resampled customers, 2 or more.

    Returns
    -------
    ContractValue

    Raises
    ------
    ValueError
        Where a column is missing, nobody is under contract, or a number is out of range.
    """
    if refits < 2:
        raise ValueError(f"refits is {refits}; give 2 or more.")
    months = months_ahead(horizon_days=settings.horizon_days, discount_rate=settings.discount_rate)
    hazard = fit_hazard(
        frame,
        contracts,
        as_of=as_of,
        months=len(months.share),
        refits=refits,
        seed=settings.seed,
        observed_since=settings.history_start,
    )
    customers, lacking = customers_on(frame, read_contracts(contracts, as_of=as_of), as_of=as_of)
    curves = hazard.survival(customers, months=len(months.share))
    margins = monthly_margins(
        transactions, customers, as_of=as_of, months=len(months.share), settings=settings
    )
    clv = expected_value(curves, margins.expected(), months).mean(axis=0)
    low, high, chance = outcome_intervals(curves, margins, months, draws=settings.draws, seed=settings.seed)
    table = customers[["customer_id"]].assign(
        p_stay=curves[:, :, -1].mean(axis=0, dtype=float),
        margin=margins.expected() @ months.share / months.share.sum(),
        clv=clv,
        clv_low=np.minimum(low, clv),
        clv_high=np.maximum(high, clv),
    )
    without = (f"{lacking:,} customers have no features on {as_of}: their contract alone speaks.",)
    return ContractValue(
        table=table,
        hazard=hazard,
        margins=margins,
        curves=curves,
        months=months,
        chance=chance,
        notes=(*hazard.notes, *margins.notes, *(without if lacking else ())),
    )

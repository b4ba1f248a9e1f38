"""Who is at risk today, and what is at stake? Probability and value of customers and of groups."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import expit

from cxmodels.churn.batches import batches
from cxmodels.churn.model import ChurnModel
from cxmodels.churn.worth import Worth, WorthErrors
from cxmodels.value.counts import Floats
from cxmodels.value.groups import group_customers
from cxmodels.value.intervals import NORMAL, refit_half


@dataclass(frozen=True)
class ChurnRisk:
    """Customers at risk on one date.

    Attributes
    ----------
    table : DataFrame
        One row a customer: customer_id, as_of, p_leave, p_leave_low, p_leave_high (90 % interval of the
        probability), clv (currency; NaN where it is not known), value_at_risk (p_leave times clv, which is
        lost if the customer leaves now; below 0 where leaving would save).
    draws : ndarray of float, shape (refits, customers)
        Probabilities under models of customers drawn anew.
    shared : ndarray of float, shape (customers,)
        Change of each probability for one standard deviation of what all share: the calibration.
    errors : WorthErrors
        Of the customers' clv.
    """

    table: pd.DataFrame = field(repr=False)
    draws: Floats = field(repr=False)
    shared: Floats = field(repr=False)
    errors: WorthErrors = field(repr=False)

    def totals(self, groups: pd.Series | None = None) -> pd.DataFrame:
        """Sum up groups of customers, with 90 % intervals.

        Parameters
        ----------
        groups : Series, optional
            The group of each customer, in the order of `table`. Default: one group, "all".

        Returns
        -------
        DataFrame
            One row a group: group, customers, p_leave (mean), leavers (expected), leavers_low, leavers_high,
            clv (sum, currency), value_at_risk, risk_low, risk_high. Customers without a clv count 0; where
            nobody in a group has one, its money is missing.

        Notes
        -----
        Leavers: the model's error (over refits, Student's t), that of the calibration, which all customers
        share, and chance, add in quadrature. Value at risk is an expectation: its interval holds the errors
        of the model, of the calibration and of clv, and no chance.
        """
        grouped = group_customers(self.table, groups)
        chance = self.table["p_leave"].to_numpy(dtype=float)
        clv = np.nan_to_num(self.table["clv"].to_numpy(dtype=float))

        def half(weight: Floats, luck: Floats) -> Floats:
            of_refits = refit_half(np.array([grouped.sum(one * weight) for one in self.draws]))
            return np.sqrt(of_refits**2 + NORMAL**2 * (grouped.sum(self.shared * weight) ** 2 + luck))

        leavers, at_risk, customers = grouped.sum(chance), grouped.sum(chance * clv), grouped.sizes
        of_leavers = half(np.ones(len(chance)), grouped.sum(chance * (1.0 - chance)))
        of_risk = np.hypot(half(clv, np.zeros(len(customers))), self.errors.half(chance, grouped))
        table = pd.DataFrame(
            {
                "group": grouped.names,
                "customers": customers,
                "p_leave": leavers / np.maximum(customers, 1),
                "leavers": leavers,
                "leavers_low": np.maximum(leavers - of_leavers, 0.0),
                "leavers_high": np.minimum(leavers + of_leavers, customers),
                "clv": grouped.sum(clv),
                "value_at_risk": at_risk,
                "risk_low": at_risk - of_risk,
                "risk_high": at_risk + of_risk,
            }
        )
        unknown = grouped.sum(self.table["clv"].notna()) == 0
        table.loc[unknown, ["clv", "value_at_risk", "risk_low", "risk_high"]] = np.nan
        return table


def assess_risk(model: ChurnModel, rows: pd.DataFrame, worth: Worth) -> ChurnRisk:
    """Say of each customer how likely they are to leave, and what is at stake.

    Parameters
    ----------
    model : ChurnModel
        With refits.
    rows : DataFrame, shape (customers, …)
        Snapshot rows to score: customer_id, as_of and the model's features.
    worth : Worth
        What customers are worth on that date.

    Returns
    -------
    ChurnRisk

    Raises
    ------
    ValueError
        As `ChurnModel.predict`; and where the model was fitted without refits.
    """
    chance = model.predict(rows)
    low, high = model.interval(rows)
    values = worth.of(rows["customer_id"])
    table = pd.DataFrame(
        {
            "customer_id": rows["customer_id"].to_numpy(dtype=object),
            "as_of": rows["as_of"].to_numpy(),
            "p_leave": chance,
            "p_leave_low": np.minimum(low, chance),
            "p_leave_high": np.maximum(high, chance),
            "clv": values["clv"].to_numpy(dtype=float),
            "value_at_risk": chance * values["clv"].to_numpy(dtype=float),
        }
    )
    draws, deviation = _draws(model, rows)
    errors = worth.errors_of(rows["customer_id"])
    return ChurnRisk(table, draws, chance * (1.0 - chance) * deviation, errors)


def _draws(model: ChurnModel, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return probabilities under the refits, around the model's, and the error of the calibration."""
    moved, deviation = [], []
    for part in batches(rows):
        matrix = model.encoding.matrix(part)
        score = np.asarray(model.booster.predict(matrix, raw_score=True), dtype=float)
        told = np.array([one.predict(matrix, raw_score=True) for one in model.refits.boosters], dtype=float)
        off = (told - told.mean(axis=0)) * model.refits.scale * model.refits.widening
        moved.append(np.array([expit(model.calibration.apply(score + one)) for one in off]))
        deviation.append(np.sqrt(model.calibration.variance(score)))
    return np.concatenate(moved, axis=1), np.concatenate(deviation)

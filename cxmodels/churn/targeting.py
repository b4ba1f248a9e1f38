"""Whom should a campaign reach, and what does it earn? Rules of choice compared on known outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.churn.labels import checked_probability, read_numbers, read_probabilities
from cxmodels.churn.resampling import DRAWS, customer_places, interval, resample
from cxmodels.value.counts import Floats, Integers

RULES = ("risk", "value at risk", "expected profit")
SHARES = np.round(np.arange(1, 21) / 20, 2)


@dataclass(frozen=True)
class Offer:
    """What is offered to customers who may leave: one figure for all, or one for each.

    Attributes
    ----------
    incentive : float or array_like of float, shape (customers,)
        What an accepted offer costs (currency). Who would have stayed always accepts.
    contact_cost : float or array_like of float, shape (customers,)
        What it costs to reach the customer (currency).
    acceptance : float or array_like of float, shape (customers,)
        The chance, 0 to 1, that the offer keeps a customer who would have left.
    """

    incentive: npt.ArrayLike = 10.0
    contact_cost: npt.ArrayLike = 1.0
    acceptance: npt.ArrayLike = 0.3

    @classmethod
    def break_even(
        cls, probability: npt.ArrayLike, clv: npt.ArrayLike, *, acceptance: float = 0.3, contact: float = 0.1
    ) -> Offer:
        """Return the offer of which it is expected that reaching everybody neither earns nor loses.

        What it earns is then what choosing earns.

        Parameters
        ----------
        probability : array_like of float, shape (customers,)
            Chance to leave, 0 to 1.
        clv : array_like of float, shape (customers,)
            What is lost if the customer leaves (currency).
        acceptance : float
            The chance that it keeps a customer who would have left.
        contact : float
            Cost of reaching a customer, as a share of the incentive.

        Raises
        ------
        ValueError
            Where leavers are worth nothing on average: no offer pays.

        Examples
        --------
        >>> offer = Offer.break_even([0.1, 0.3], [90.0, 110.0])
        >>> abs(float(expected_profit([0.1, 0.3], [90.0, 110.0], offer=offer).sum().round(9)))
        0.0
        """
        chance = checked_probability(probability)
        at_risk = float(np.mean(chance * read_numbers(clv, rows=len(chance), name="clv")))
        if not at_risk > 0.0:
            raise ValueError(f"The value at risk is {at_risk:.2f} a customer: no offer can pay.")
        mean = float(chance.mean())
        incentive = acceptance * at_risk / (acceptance * mean + 1.0 - mean + contact)
        return cls(incentive, contact * incentive, acceptance)

    def read(self, *, rows: int) -> tuple[Floats, Floats, Floats]:
        """Return incentive, contact cost and acceptance of each customer, checked.

        Raises
        ------
        ValueError
            Where there are not as many as customers, a cost is below 0, or an acceptance is no probability.
        """
        incentive, contact = (
            read_numbers(getattr(self, name), rows=rows, name=name) for name in ("incentive", "contact_cost")
        )
        acceptance = read_numbers(self.acceptance, rows=rows, name="acceptance")
        for name, costs in (("incentive", incentive), ("contact_cost", contact)):
            if costs.min() < 0:
                raise ValueError(
                    f"{name} is {costs.min()} in row {int(costs.argmin())}; a cost cannot be below 0."
                )
        if acceptance.min() < 0 or acceptance.max() > 1:
            raise ValueError(
                f"acceptance runs from {acceptance.min()} to {acceptance.max()}; give a probability, 0 to 1."
            )
        return incentive, contact, acceptance


@dataclass(frozen=True)
class TargetingRules:
    """What rules of choice earn with the same number of customers reached.

    Attributes
    ----------
    table : DataFrame
        Indexed by rule (risk, value at risk, expected profit): targets (customers reached), promised (profit
        that the probabilities promise, currency), profit (what it is, given who left; currency, in
        expectation over acceptance), low, high (90 % interval over customers), gain (profit above that of
        targeting by risk), gain_low, gain_high.
    curve : DataFrame
        One row a rule and share of customers reached (5 % to 100 %): rule, share, targets, promised, profit.
    verdict : str
        One sentence.
    """

    table: pd.DataFrame
    curve: pd.DataFrame = field(repr=False)
    verdict: str


def expected_profit(probability: npt.ArrayLike, clv: npt.ArrayLike, *, offer: Offer | None = None) -> Floats:
    """Return what reaching each customer is expected to earn.

    Parameters
    ----------
    probability : array_like of float, shape (customers,)
        Chance to leave, 0 to 1.
    clv : array_like of float, shape (customers,)
        What is lost if the customer leaves (currency; below 0 where they cost more than they bring).
    offer : Offer, optional
        Default: `Offer()`.

    Returns
    -------
    ndarray of float, shape (customers,)
        Currency a customer: p (γ (clv - d) - f) - (1 - p) (d + f), with γ the acceptance, d the incentive and
        f the contact cost; the terms of Verbraken, Verbeke & Baesens (2013) with each customer's own figures.

    Raises
    ------
    ValueError
        Where a figure is missing or out of bounds, or lengths differ.

    Examples
    --------
    >>> expected_profit([0.5, 0.5], [200.0, 20.0], offer=Offer(10, 1, 0.3)).round(6).tolist()
    [22.5, -4.5]
    """
    chance = checked_probability(probability)
    worth = read_numbers(clv, rows=len(chance), name="clv")
    return _profit(chance, worth, (Offer() if offer is None else offer).read(rows=len(chance)))


@dataclass(frozen=True)
class _Case:
    """Each customer's promised and actual profit if reached, and the order in which each rule takes them."""

    promised: Floats
    actual: Floats
    keys: dict[str, Floats]


def compare_rules(
    churned: npt.ArrayLike,
    probability: npt.ArrayLike,
    clv: npt.ArrayLike,
    *,
    offer: Offer | None = None,
    targets: int | None = None,
    customer_ids: npt.ArrayLike | None = None,
) -> TargetingRules:
    """Compare whom to reach: by risk alone, by value at risk, or by expected profit.

    Parameters
    ----------
    churned : array_like of bool or 0/1, shape (rows,)
        Who left, of customers that the model has not learned from.
    probability : array_like of float, shape (rows,)
        What the model said, 0 to 1.
    clv : array_like of float, shape (rows,)
        As known at the time of the probability (currency).
    offer : Offer, optional
        Default: `Offer()`.
    targets : int, optional
        Customers reached. Default: those whose expected profit is above 0.
    customer_ids : array_like, shape (rows,), optional
        Rows of one customer are drawn together. Default: every row is another customer.

    Returns
    -------
    TargetingRules

    Raises
    ------
    ValueError
        Where a figure is missing or out of bounds, all rows have the same label, lengths differ, or `targets`
        is not between 1 and the customers there are.

    Notes
    -----
    Where the probabilities are right, no choice of as many customers earns more on average than those of
    the highest expected profit: the sum is largest when its terms are. By risk alone, a campaign reaches
    customers who bring less than the offer costs. Customers who tie at the edge of the choice count in the
    proportion that fits in. The interval takes the choice as given and draws the customers again (bootstrap);
    gains are taken within a sample, so what moves all rules alike cancels.

    Examples
    --------
    >>> rules = compare_rules([1, 1, 0, 0], [0.9, 0.5, 0.4, 0.1], [20.0, 400.0, 100.0, 300.0], targets=1)
    >>> rules.table["profit"].round(6).tolist()
    [2.0, 116.0, 116.0]
    """
    labels, chance = read_probabilities(churned, probability)
    rows = len(labels)
    worth = read_numbers(clv, rows=rows, name="clv")
    terms = (Offer() if offer is None else offer).read(rows=rows)
    promised = _profit(chance, worth, terms)
    case = _Case(
        promised,
        _profit(labels, worth, terms),
        dict(zip(RULES, (chance, chance * worth, promised), strict=True)),
    )
    number = int((promised > 0).sum()) if targets is None else targets
    if targets is not None and not 1 <= targets <= rows:
        raise ValueError(f"targets is {targets}; give a number from 1 to {rows}, the rows there are.")
    table = _compare(case, number, customer_places(customer_ids, rows=rows))
    return TargetingRules(table, _curve(case), _verdict(table, number))


def _profit(chance: Floats, worth: Floats, terms: tuple[Floats, Floats, Floats]) -> Floats:
    incentive, contact, acceptance = terms
    return chance * acceptance * (worth - incentive) - (1.0 - chance) * incentive - contact


def _inclusion(key: Floats, number: int) -> Floats:
    """Return the share of each customer that is among the highest `number`; below 1 only at a tied edge."""
    if number <= 0:
        return np.zeros(len(key))
    edge = np.partition(key, len(key) - number)[len(key) - number]
    above, tied = key > edge, key == edge
    return above + tied * (number - above.sum()) / tied.sum()


def _compare(case: _Case, number: int, places: Integers) -> pd.DataFrame:
    chosen = np.column_stack([_inclusion(key, number) for key in case.keys.values()])
    earned = chosen * case.actual[:, None]
    profit = earned.sum(axis=0)
    samples = np.array([weights @ earned for weights in resample(places, draws=DRAWS, seed=0)])
    low, high = interval(samples)
    gain_low, gain_high = interval(samples - samples[:, [0]])
    return pd.DataFrame(
        {
            "targets": number,
            "promised": case.promised @ chosen,
            "profit": profit,
            "low": low,
            "high": high,
            "gain": profit - profit[0],
            "gain_low": gain_low,
            "gain_high": gain_high,
        },
        index=pd.Index(RULES, name="rule"),
    )


def _curve(case: _Case) -> pd.DataFrame:
    rows = []
    for rule, key in case.keys.items():
        for share in SHARES:
            number = max(1, round(share * len(key)))
            chosen = _inclusion(key, number)
            rows.append((rule, share, number, float(case.promised @ chosen), float(case.actual @ chosen)))
    return pd.DataFrame(rows, columns=["rule", "share", "targets", "promised", "profit"])


def _verdict(table: pd.DataFrame, number: int) -> str:
    if number == 0:
        return "No customer is expected to bring more than the offer costs: reach nobody."
    best = table.loc["expected profit"]
    if best["gain_low"] > 0:
        return "Choosing by expected profit would have earned more than by risk alone, beyond chance."
    if best["gain_high"] < 0:
        return (
            "Choosing by expected profit would have earned less than by risk alone: the probabilities or the "
            "clv are off. Check the calibration by value decile."
        )
    return "Choosing by expected profit and by risk alone would have earned the same to within chance."

"""What is each customer worth? From the purchase log to one table with intervals, in one call."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.study import ValueSettings
from cxmodels.tables.slips import Slips, find_slips
from cxmodels.value.choice import Choice, Prediction, choose_model
from cxmodels.value.counts import Floats
from cxmodels.value.groups import Groups, group_customers
from cxmodels.value.intervals import COVERAGE
from cxmodels.value.lifetime import Terms, estimate_value
from cxmodels.value.margin_value import OwnMargins, own_margins
from cxmodels.value.margins import margin_rates
from cxmodels.value.purchase_model import PurchaseModel
from cxmodels.value.purchases import fit_purchases
from cxmodels.value.spend import SpendModel, fit_spend
from cxmodels.value.summary import as_frame, summarise
from cxmodels.value.uncertainty import group_totals, value_intervals

SUMMARY_COLUMNS = [
    "customer_id",
    "frequency",
    "recency",
    "T",
    "monetary_value",
    "first_day",
    "last_day",
    "total_spend",
    "refunds",
]
NO_MARGINS = (
    "The margin column says nothing: the rows known by as_of that state a margin hold no net spend above 0. "
    "Values use the margin of the study."
)
NO_LEAVING = (
    "NBD knows no leaving: every customer counts as still there, however long they have been silent. Who has "
    "gone quiet is told by lifecycle."
)
TOTAL_DRAWS = 4_000
LEAST_FOR_SPREAD = 1_000  # customers whose outcomes say how far one falls; with fewer it is simulated
LARGEST_LEVEL = 5.0  # on the log scale
# Before any own check, a total is taken to be off by 15 % (in logarithms), with the weight of four earlier
# dates: published holdouts of these models on CDNOW were off by 13, 12 and 18 % (BG, Pareto, MBG/NBD).
PRIOR_LEVEL, PRIOR_DATES = 0.15, 4


@dataclass(frozen=True)
class CustomerValue:
    """What each customer is worth, and how that was worked out.

    Attributes
    ----------
    table : DataFrame
        One row a customer, in the order of customer_id: the columns of `cxmodels.value.summary.summarise`,
        then p_alive (1 for everybody from NBD, which knows no leaving); expected_purchases over the horizon;
        expected_spend (a purchase, currency, net of refunds); clv (margin of the expected spend over the
        horizon, discounted, net of refunds); clv_low and clv_high (90 % interval of the customer's own
        outcome); margin_rate (margin a unit of spend: the
        study's, or the customer's own where the log states margins, then below 0 where the customer costs
        more than they bring, and so is clv); where the log states margins also past_margin (currency). After
        a contest clv can differ from the product of purchases, spend and rate: it holds what was learned
        beyond them.
    purchases : PurchaseModel
        Gives p_alive and expected_purchases.
    spend : SpendModel
    choice : Choice
        How the way of predicting was chosen.
    terms : Terms
        Horizon, discount rate and margin; a margin of 1 where the log states margins.
    notes : tuple of str
        Sentences on what was done instead of what was asked for, and why.
    seed : int
        Of every simulation.
    margins : OwnMargins or None
        Each customer's own margin rate; None where the log states no margin.
    slips : Slips
        Days whose value stood alone, as after a slip of a decimal sign. Everything above rests on the log in
        which they are limited, the customer's own figures and the columns of `summarise` too.
    """

    table: pd.DataFrame = field(repr=False)
    purchases: PurchaseModel
    spend: SpendModel
    choice: Choice
    terms: Terms
    notes: tuple[str, ...]
    seed: int
    margins: OwnMargins | None = None
    slips: Slips = field(default_factory=Slips)

    @property
    def kind(self) -> str:
        """What the values are: "margin", or "spend" where neither the log nor the study states a margin."""
        return "spend" if self.margins is None and self.terms.margin_middle == 1.0 else "margin"

    @property
    def past(self) -> pd.Series:
        """What each customer has brought (currency): margin where the log states it, else net spend."""
        if self.past_kind == "margin":
            return self.table["past_margin"]
        return self.table["total_spend"] - self.table["refunds"]

    @property
    def past_kind(self) -> str:
        """What `past` is: "margin" where the log states it, else "spend"."""
        return "spend" if self.margins is None else "margin"

    def totals(self, groups: pd.Series | None = None) -> pd.DataFrame:
        """Return the value of groups of customers, with 90 % intervals of what each group will bring.

        Parameters
        ----------
        groups : Series, optional
            The group of each customer, in the order of `table`. Default: one group, "all".

        Returns
        -------
        DataFrame
            One row a group: group, customers, clv (expected total, currency), low, high, parameter_width and
            outcome_width (widths from the level of the whole, and margin, alone; and from chance alone).

        Notes
        -----
        Without a contest the parameters' bootstrap gives the level's uncertainty. After one, the error of
        totals on earlier dates does (for groups: of each fifth of the customers): its root mean square, in
        logarithms, with Student's t for the few dates that do not overlap, and growing with the square root
        of the horizon. It covers ordinary drift and seasons, not a season never seen.

        Where the log states margins, `parameter_width` holds the uncertainty of rates, `outcome_width` what
        chance makes of the margin of single purchases; see `OwnMargins.totals`.
        """
        grouped = group_customers(self.table, groups)
        prediction = self.choice.prediction
        if prediction is None:
            spend = group_totals(
                self.table, self.purchases, self.spend, groups, terms=self.terms, seed=self.seed
            )
        else:
            spend = _learned_totals(self, prediction, grouped)
        return spend if self.margins is None else self.margins.totals(spend, grouped)


def value_customers(transactions: ir.Table, *, as_of: date, settings: ValueSettings) -> CustomerValue:
    """Say what each customer is worth on `as_of`.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount, and margin where it is known. Rows after `as_of` are not read.
    as_of : date
        The day on which we stand.
    settings : ValueSettings
        Unit, margin, discount rate, horizon, model and seed. The log's margins come before the study's, which
        then holds only for customers without a row that states one.

    Returns
    -------
    CustomerValue

    Raises
    ------
    ValueError
        Where no purchase is known by `as_of`.
    """
    terms = Terms(
        horizon_days=settings.horizon_days, discount_rate=settings.discount_rate, margin=settings.margin
    )
    slips = find_slips(transactions, as_of=as_of, settings=settings)
    transactions = slips.limit(transactions)
    costed = "margin" in transactions.columns
    rates = margin_rates(transactions, as_of=as_of, history_start=settings.history_start) if costed else None
    if rates is not None:
        terms = replace(terms, margin=1.0)
    choice = choose_model(transactions, as_of=as_of, settings=settings)
    if choice.prediction is None:
        value = _modelled(transactions, choice, terms, as_of=as_of, settings=settings)
    else:
        value = _learned(choice, choice.prediction, terms, settings=settings)
    told = tuple(note for note in (slips.note, slips.unknown) if note)
    value = replace(value, slips=slips, notes=(*told, *value.notes))
    if rates is not None:
        return _with_own_margins(value, own_margins(rates, value.table, settings=settings))
    return replace(value, notes=(*value.notes, NO_MARGINS)) if costed else value


def _with_own_margins(value: CustomerValue, own: OwnMargins) -> CustomerValue:
    """Turn values in net spend into values in margin."""
    clv = own.apply(value.table, seed=value.seed)
    return replace(value, table=clv, margins=own, notes=(*value.notes, *own.notes))


def _modelled(
    transactions: ir.Table, choice: Choice, terms: Terms, *, as_of: date, settings: ValueSettings
) -> CustomerValue:
    """Take a purchase model and a spend model as they are."""
    summary = as_frame(
        summarise(
            transactions, as_of=as_of, unit=settings.unit, history_start=settings.history_start
        ).order_by("customer_id")
    )
    purchases = fit_purchases(summary, model=choice.base, unit=settings.unit, seed=settings.seed)
    spend = fit_spend(summary, model=settings.spend)
    estimates = estimate_value(summary, purchases, spend, terms=terms)
    ends = value_intervals(summary, purchases, spend, terms=terms, draws=settings.draws, seed=settings.seed)
    # where a purchase is rarer than one in twenty, the expected value lies above the 95 % quantile: 0
    intervals = {
        "clv_low": np.minimum(ends["clv_low"], estimates["clv"]),
        "clv_high": np.maximum(ends["clv_high"], estimates["clv"]),
    }
    table = summary[SUMMARY_COLUMNS].assign(**estimates, **intervals, margin_rate=terms.margin_middle)
    notes = (*choice.notes, *_model_notes(purchases, spend))
    return CustomerValue(table, purchases, spend, choice, terms, notes, settings.seed)


def _learned(
    choice: Choice, prediction: Prediction, terms: Terms, *, settings: ValueSettings
) -> CustomerValue:
    """Turn what a contest's winner expects into discounted margin with intervals."""
    expectation = prediction.expectation
    discounted = expectation.discount * terms.margin_middle
    clv = prediction.value * discounted
    if prediction.spread.customers < LEAST_FOR_SPREAD:
        low, high = _simulated_interval(prediction, clv, terms, settings=settings)
    else:
        ends = prediction.spread.interval(
            prediction.value, expectation.spend_each, horizon_days=terms.horizon_days
        )
        low, high = (_with_margin(clv, end * discounted, terms) for end in ends)
    table = prediction.customers.reset_index()[SUMMARY_COLUMNS].assign(
        p_alive=expectation.p_alive,
        expected_purchases=expectation.purchases,
        expected_spend=expectation.spend_each,
        clv=clv,
        clv_low=low,
        clv_high=high,
        margin_rate=terms.margin_middle,
    )
    purchases, spend = expectation.purchases_model, expectation.spend_model
    notes = (choice.reason, *choice.notes, *_model_notes(purchases, spend))
    return CustomerValue(table, purchases, spend, choice, terms, notes, settings.seed)


def _simulated_interval(
    prediction: Prediction, clv: Floats, terms: Terms, *, settings: ValueSettings
) -> tuple[Floats, Floats]:
    """Simulate what each customer may bring, and move it to the value that the contest's winner expects."""
    customers, purchases = prediction.customers.reset_index(), prediction.expectation.purchases_model
    spend = fit_spend(customers, model=settings.spend)
    middle = estimate_value(customers, purchases, spend, terms=terms)["clv"].to_numpy(dtype=float)
    ends = value_intervals(customers, purchases, spend, terms=terms, draws=settings.draws, seed=settings.seed)
    scale = np.divide(clv, middle, out=np.ones_like(clv), where=middle > 0)
    low, high = (ends[name].to_numpy(dtype=float) * scale for name in ("clv_low", "clv_high"))
    return np.minimum(low, clv), np.maximum(high, clv)


def _with_margin(clv: Floats, end: Floats, terms: Terms) -> Floats:
    """Move the end of an interval outwards where the margin is a range (errors add in quadrature)."""
    low, high = terms.margin_range
    share = COVERAGE * (high - low) / 2 / terms.margin_middle if terms.margin_middle > 0 else 0.0
    return clv + np.sign(end - clv) * np.hypot(end - clv, share * clv) if share > 0 else end


def _model_notes(purchases: PurchaseModel, spend: SpendModel) -> tuple[str, ...]:
    everybody = NO_LEAVING if purchases.name == "nbd" else ""
    return tuple(note for note in (purchases.note, everybody, spend.note) if note)


def _learned_totals(result: CustomerValue, prediction: Prediction, grouped: Groups) -> pd.DataFrame:
    terms, rng = result.terms, np.random.default_rng(result.seed)
    values = result.table["clv"] if result.margins is None else result.margins.table["value"]
    scale = prediction.expectation.discount * terms.margin_middle
    own = scale * prediction.spread.deviation(
        prediction.value, prediction.expectation.spend_each, horizon_days=terms.horizon_days
    )
    clv, chance = grouped.sum(values), np.sqrt(grouped.sum(own**2))
    longer = np.sqrt(max(terms.horizon_days / result.choice.learned_days, 1.0))
    deviation = _level_deviations(prediction, grouped) * longer
    error = rng.standard_t(PRIOR_DATES + prediction.level_freedom, size=TOTAL_DRAWS)
    level = np.exp(np.clip(deviation[:, None] * error, -LARGEST_LEVEL, LARGEST_LEVEL))
    margins = rng.uniform(*terms.margin_range, size=TOTAL_DRAWS) / (terms.margin_middle or 1.0)
    means = clv[:, None] * level * margins
    noise = _skewed(clv, chance, rng=rng)
    tails = [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2]
    low, high = np.quantile(means * noise, tails, axis=1)
    return pd.DataFrame(
        {
            "group": grouped.names,
            "customers": grouped.sizes,
            "clv": clv,
            "low": low,
            "high": high,
            "parameter_width": np.diff(np.quantile(means, tails, axis=1), axis=0)[0],
            "outcome_width": np.diff(np.quantile(clv[:, None] * noise, tails, axis=1), axis=0)[0],
        }
    )


def _level_deviations(prediction: Prediction, grouped: Groups) -> Floats:
    """Return how far, in logarithms, the total of each group may fall, from how far it fell on earlier dates.

    Customers bring the error of their fifth by expected spend; errors within a group go together.
    """
    if len(grouped.names) == 1:
        return _with_prior(np.array(prediction.levels)[:, None], prediction.level_freedom)
    of_fifth = _with_prior(prediction.fifth_levels, prediction.level_freedom)
    n = len(grouped.member)
    fifth = np.empty(n, dtype=np.int64)
    order = np.argsort(prediction.expectation.value, kind="stable")
    fifth[order] = np.arange(n) * len(of_fifth) // n
    weights = np.maximum(prediction.value, 1e-12)
    return grouped.sum(of_fifth[fifth] * weights) / grouped.sum(weights)


def _with_prior(levels: Floats, dates: int) -> Floats:
    """Pool the mean square of each column with the prior's: the scaled inverse χ² of a normal's variance."""
    seen = np.mean(np.square(levels), axis=0)
    return np.sqrt((PRIOR_DATES * PRIOR_LEVEL**2 + dates * seen) / (PRIOR_DATES + dates))


def _skewed(mean: Floats, deviation: Floats, *, rng: np.random.Generator) -> Floats:
    """Draw factors around 1: Gamma, right-skewed for a few customers and normal for many."""
    shape = np.where(deviation > 0, np.square(mean / np.maximum(deviation, 1e-300)), np.inf)
    drawn = rng.standard_gamma(np.clip(shape, 1e-3, 1e12)[:, None], size=(len(mean), TOTAL_DRAWS))
    return drawn / np.clip(shape, 1e-3, 1e12)[:, None]

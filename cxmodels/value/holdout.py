"""Would it have held? Stand on an earlier date, predict the days after it, and compare with what came."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.study import ValueSettings
from cxmodels.tables.cut import known_by
from cxmodels.tables.slips import Slips, find_slips
from cxmodels.value.calibration import conditional_expectations, totals_by_fifth, value_by_decile
from cxmodels.value.customer_value import CustomerValue, value_customers
from cxmodels.value.intervals import COVERAGE
from cxmodels.value.purchases import LABELS, MODELS, model_label
from cxmodels.value.scoreboard import FEWEST_CUSTOMERS, rival_rows, score_row, score_value
from cxmodels.value.snapshots import Snapshot, known_days, learning_horizon, take_snapshot
from cxmodels.value.tracking import tracking_curve

WORSE = 1.05  # times the error of the best rival
NARROW = 0.05  # below the nominal coverage, beyond which intervals are called too narrow


@dataclass(frozen=True)
class Validation:
    """How well each way of predicting held on a later period.

    Attributes
    ----------
    cut : date
        The last day known to the predictions.
    holdout_days : int
        Days after the cut that were predicted.
    customers : int
        Customers known at the cut.
    table : DataFrame
        A row a model: model; label (as tables show it: a purchase model with an arrow to what stood in for
        it, and the purchases from which Gamma-Gamma reads its spend); kind ("chosen", "purchase model",
        "rival", "oracle"); mae (currency a
        customer), spearman, spearman_untied, top_tenth, total_ratio (see `cxmodels.value.metrics`);
        coverage, below, above, width of its 90 % interval (NaN where it has none). Spend is net and
        undiscounted; margin is left out.
    tracking : DataFrame
        A row a week: week (its last day), actual and predicted repeat purchases in the week,
        actual_cumulative (since the start) and predicted_cumulative (from the actual number at the cut;
        missing before it), holdout (True after the cut). Of customers known at the cut.
    by_frequency : DataFrame
        frequency ("0" … "7+"), customers, actual and predicted purchases a customer in the holdout.
    deciles : DataFrame
        decile of predicted spend (1 is highest), customers, predicted and actual (currency a customer),
        actual_error (its standard error), share (of all actual spend).
    totals : DataFrame
        A row a fifth of customers by predicted spend, and "all": group, customers, clv, low, high
        (currency), actual, covered.
    value : CustomerValue or None
        The chosen prediction at the cut; None where nothing could be predicted.
    notes : tuple of str
        What was not possible, and why.
    """

    cut: date
    holdout_days: int
    customers: int
    table: pd.DataFrame = field(repr=False)
    tracking: pd.DataFrame = field(repr=False)
    by_frequency: pd.DataFrame = field(repr=False)
    deciles: pd.DataFrame = field(repr=False)
    totals: pd.DataFrame = field(repr=False)
    value: CustomerValue | None = field(repr=False)
    notes: tuple[str, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """What the later period said against the chosen prediction: sentences, none where it held."""
        if self.value is None:
            return ()
        chosen = self.table[self.table["kind"] == "chosen"].iloc[0]
        rival = self.table[self.table["model"] == self.best_rival].iloc[-1]
        total = self.totals[self.totals["group"] == "all"].iloc[0]
        found = []
        if chosen["mae"] > WORSE * rival["mae"]:
            gap = 1.0 - rival["mae"] / chosen["mae"]
            name = LABELS.get(self.best_rival, self.best_rival)
            found.append(f"the mean error of {name} was {gap:.0%} lower than this forecast's")
        if not total["covered"]:
            found.append("what all customers spent together lay outside the interval of the total")
        chance = 3.0 * np.sqrt(COVERAGE * (1.0 - COVERAGE) / self.customers)
        if chosen["coverage"] < COVERAGE - max(chance, NARROW):
            found.append(
                f"only {chosen['coverage']:.0%} of the customers' outcomes lay inside their intervals"
            )
        return tuple(f"The check on a later period went badly: {one}." for one in found)

    @property
    def best_rival(self) -> str:
        """The purchase model or rival with the lowest mean absolute error."""
        others = self.table[self.table["kind"].isin(["purchase model", "rival"])]
        return str(others.sort_values("mae", kind="stable")["model"].iloc[0])


def default_holdout(*, history_days: int, horizon_days: int) -> int:
    """Return the days to hold out where the study names none: the horizon, but at most half the history.

    Examples
    --------
    >>> default_holdout(history_days=546, horizon_days=365)
    273
    """
    return max(min(horizon_days, history_days // 2), 1)


def split_holdout(
    transactions: ir.Table, *, as_of: date, holdout_days: int, settings: ValueSettings
) -> Snapshot:
    """Return all customers as known `holdout_days` before `as_of`, with their outcome up to `as_of`.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount.
    as_of : date
        The last day of the outcome.
    holdout_days : int
        Days of outcome, at least 1.
    settings : ValueSettings
        Unit and start of the history.

    Returns
    -------
    Snapshot
        Its recent windows are those from which a regression on an earlier snapshot learns.
    """
    if holdout_days < 1:
        raise ValueError(f"holdout_days is {holdout_days}; hold out at least 1 day, such as 90.")
    cut = as_of - timedelta(days=holdout_days)
    history = known_days(known_by(transactions, cut), as_of=cut, history_start=settings.history_start)
    return take_snapshot(
        transactions,
        as_of=cut,
        window_days=learning_horizon(history_days=history, horizon_days=holdout_days),
        horizon_days=holdout_days,
        unit=settings.unit,
        history_start=settings.history_start,
    )


def validate(
    transactions: ir.Table,
    *,
    as_of: date,
    settings: ValueSettings,
    purchase_models: tuple[str, ...] = tuple(MODELS),
) -> Validation:
    """Hold out the last days before `as_of`, predict them from what was known before, and compare.

    The study's model meets every purchase model with Gamma-Gamma spend, past spend, and a plain LightGBM
    regression on an earlier snapshot. Nothing after the cut enters a prediction, nor the choice among them.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount.
    as_of : date
        The last day known; the holdout ends on it.
    settings : ValueSettings
        `holdout_days` (default: see `default_holdout`), unit, model, seed, draws.
    purchase_models : tuple of str
        The purchase models to compare with.

    Returns
    -------
    Validation
        Tables are empty, `value` is None and a note says why, where fewer than 10 customers were known at the
        cut, or they brought nothing after it.
    """
    known = known_by(transactions, as_of).select("customer_id", "timestamp", "amount")
    history = known_days(known, as_of=as_of, history_start=settings.history_start)
    days = settings.holdout_days or default_holdout(history_days=history, horizon_days=settings.horizon_days)
    if days >= history:
        days = max(history // 2, 1)
    cut = as_of - timedelta(days=days)
    if history <= days:
        return _impossible(cut, days, 0, why=f"the history has {history} days, and 2 are needed")
    slips = find_slips(known, as_of=as_of, settings=settings)
    # an outcome that slipped would decide the check
    held = split_holdout(slips.limit(known), as_of=as_of, holdout_days=days, settings=settings)
    there = len(held.customers)
    if there < FEWEST_CUSTOMERS:
        needed = f"a check needs {FEWEST_CUSTOMERS} customers known on {cut}, {days} days before the end"
        why = f"{needed}, and found {there}"
        return _impossible(cut, days, there, why=why)
    if held.outcome.sum() <= 0:
        why = f"the {there} customers known on {cut} brought nothing in the {days} days after it"
        return _impossible(cut, days, there, why=why)
    # undiscounted spend, without margin: what is compared is the forecast, not the terms
    terms = {"horizon_days": days, "discount_rate": 0.0, "margin": 1.0, "holdout_days": None}
    plain = ValueSettings(**{**settings.model_dump(), **terms})
    return _compare(known, held, slips, as_of=as_of, settings=plain, purchase_models=purchase_models)


def _compare(
    known: ir.Table,
    held: Snapshot,
    slips: Slips,
    *,
    as_of: date,
    settings: ValueSettings,
    purchase_models: tuple[str, ...],
) -> Validation:
    """Predict the outcome of `held` in every way, and set beside it what came."""
    actual = held.outcome
    chosen = value_customers(known, as_of=held.as_of, settings=settings)
    rows = [score_value(actual, chosen, model=settings.model, kind="chosen")]
    notes = [slips.note, *chosen.notes]
    for model in purchase_models:
        asked = settings.model_copy(update={"model": model})
        single = value_customers(known, as_of=held.as_of, settings=asked)
        label = f"{model_label(single.purchases)}, spend of repeat purchases"
        rows.append(score_value(actual, single, model=model, kind="purchase model") | {"label": label})
        notes.append(single.purchases.note)
    rows += rival_rows(slips.limit(known), held, settings=settings)
    rows.append(score_row(actual, actual, model="oracle", kind="oracle"))
    return Validation(
        cut=held.as_of,
        holdout_days=held.horizon_days,
        customers=len(held.customers),
        table=pd.DataFrame(rows),
        tracking=tracking_curve(known, chosen.purchases, cut=held.as_of, as_of=as_of, settings=settings),
        by_frequency=conditional_expectations(held, chosen.table["expected_purchases"].to_numpy()),
        deciles=value_by_decile(actual, chosen.table["clv"].to_numpy()),
        totals=totals_by_fifth(chosen, actual),
        value=chosen,
        notes=tuple(note for note in dict.fromkeys(notes) if note),
    )


def _impossible(cut: date, days: int, customers: int, *, why: str) -> Validation:
    note = f"Nothing could be checked on a later period: {why}."
    empty = pd.DataFrame()
    return Validation(cut, days, customers, empty, empty, empty, empty, empty, None, (note,))

"""Would it have held? Stand on an earlier date, predict the days after it, and compare with what came."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxmodels.study import ValueSettings
from cxmodels.tables.cut import known_by
from cxmodels.value.counts import Floats
from cxmodels.value.customer_value import CustomerValue, value_customers
from cxmodels.value.metrics import interval_scores, score_predictions, spearman_untied
from cxmodels.value.purchase_model import PurchaseModel
from cxmodels.value.purchases import LABELS, MODELS, model_label
from cxmodels.value.rivals import past_spend, past_spend_rate, plain_regression, quantile_regression
from cxmodels.value.snapshots import Snapshot, known_days, learning_horizon, take_snapshot
from cxmodels.value.summary import customer_days, summarise
from cxmodels.value.uncertainty import COVERAGE
from cxmodels.value.units import days_in

TOP_FREQUENCY = 7
DECILES = 10
FEWEST_CUSTOMERS = 10
TRACKING_AGES = 80
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
    held = split_holdout(known, as_of=as_of, holdout_days=days, settings=settings)
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
    chosen = value_customers(known, as_of=held.as_of, settings=plain)
    rows = [_row(settings.model, "chosen", held.outcome, chosen.table["clv"], _interval(chosen.table))]
    notes = list(chosen.notes)
    for model in purchase_models:
        single = value_customers(known, as_of=held.as_of, settings=plain.model_copy(update={"model": model}))
        row = _row(model, "purchase model", held.outcome, single.table["clv"], _interval(single.table))
        rows.append(row | {"label": f"{model_label(single.purchases)}, spend of repeat purchases"})
        notes.append(single.purchases.note)
    rows += _rival_rows(known, held, plain)
    rows.append(_row("oracle", "oracle", held.outcome, held.outcome))
    return Validation(
        cut=held.as_of,
        holdout_days=days,
        customers=len(held.customers),
        table=pd.DataFrame(rows),
        tracking=tracking_curve(known, chosen.purchases, cut=held.as_of, as_of=as_of, settings=plain),
        by_frequency=conditional_expectations(held, chosen.table["expected_purchases"].to_numpy()),
        deciles=value_by_decile(held.outcome, chosen.table["clv"].to_numpy()),
        totals=_totals(chosen, held.outcome),
        value=chosen,
        notes=tuple(note for note in dict.fromkeys(notes) if note),
    )


def conditional_expectations(held: Snapshot, expected: Floats) -> pd.DataFrame:
    """Compare purchases in the holdout with those expected, by purchases so far.

    Parameters
    ----------
    held : Snapshot
        With an outcome.
    expected : ndarray of float, shape (customers,)
        Purchases expected over the same days.

    Returns
    -------
    DataFrame
        frequency ("0" … "7+"), customers, actual, predicted (purchases a customer).
    """
    if held.purchases is None:
        raise ValueError(f"The snapshot of {held.as_of} has no outcome: take it with horizon_days.")
    group = held.customers["frequency"].clip(upper=TOP_FREQUENCY).astype(int).to_numpy()
    frame = pd.DataFrame({"frequency": group, "actual": held.purchases, "predicted": expected})
    means = frame.groupby("frequency").agg(
        customers=("actual", "size"), actual=("actual", "mean"), predicted=("predicted", "mean")
    )
    names = [f"{one}+" if one == TOP_FREQUENCY else str(one) for one in means.index]
    return means.set_axis(pd.Index(names, name="frequency")).reset_index()


def value_by_decile(actual: Floats, predicted: Floats) -> pd.DataFrame:
    """Compare actual with predicted spend in tenths of customers by predicted spend (1 is the highest).

    Returns
    -------
    DataFrame
        decile, customers, predicted and actual (currency a customer), actual_error (standard error of the
        mean; NaN for one customer), share (of all actual spend; NaN without any).

    Examples
    --------
    >>> value_by_decile(np.arange(20.0), np.arange(20.0))["actual"].tolist()[:2]
    [18.5, 16.5]
    """
    n = len(actual)
    order = np.argsort(-predicted, kind="stable")
    decile = np.empty(n, dtype=int)
    decile[order] = np.arange(n) * DECILES // n + 1
    frame = pd.DataFrame({"decile": decile, "predicted": predicted, "actual": actual})
    by = frame.groupby("decile")
    means = by.agg(customers=("actual", "size"), predicted=("predicted", "mean"), actual=("actual", "mean"))
    total = float(actual.sum())
    return means.assign(
        actual_error=by["actual"].std() / np.sqrt(means["customers"]),
        share=by["actual"].sum() / total if total > 0 else np.nan,
    ).reset_index()


def tracking_curve(
    transactions: ir.Table, model: PurchaseModel, *, cut: date, as_of: date, settings: ValueSettings
) -> pd.DataFrame:
    """Compare weekly repeat purchases with what the model expects of customers who came when they came.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount.
    model : PurchaseModel
        Fitted on what was known at `cut`.
    cut, as_of : date
        Last day of the fit, and of the curve.
    settings : ValueSettings
        Unit and start of the history.

    Returns
    -------
    DataFrame
        week (its last day), actual, predicted (repeat purchases in the week), actual_cumulative,
        predicted_cumulative (starts at the actual number at the cut, so that the two curves part by what was
        missed after it), holdout. Of customers known at the cut; weeks count back from the cut, and the first
        may be shorter.
    """
    summary = summarise(transactions, as_of=cut, unit="day", history_start=settings.history_start)
    births = summary.group_by("first_day").aggregate(customers=summary.count()).to_pandas()
    start = pd.to_datetime(births["first_day"]).min()
    n_days = (pd.Timestamp(as_of) - start).days + 1
    born = np.zeros(n_days)
    np.add.at(born, (pd.to_datetime(births["first_day"]) - start).dt.days.to_numpy(), births["customers"])
    bought = customer_days(known_by(transactions, as_of)).filter(lambda days: days.bought)
    repeats = bought.inner_join(summary.select("customer_id", "first_day"), "customer_id")
    repeats = repeats.filter(repeats.day > repeats.first_day)
    counts = repeats.group_by("day").aggregate(purchases=repeats.count()).to_pandas()
    actual = np.zeros(n_days)
    np.add.at(actual, (pd.to_datetime(counts["day"]) - start).dt.days.to_numpy(), counts["purchases"])
    predicted = _expected_by_day(model, born, unit_days=days_in(settings.unit))
    days_to_cut = (pd.Timestamp(cut) - start).days
    week = (np.arange(n_days) - days_to_cut + 6) // 7
    frame = pd.DataFrame({"number": week, "actual": actual, "predicted": predicted}).groupby("number").sum()
    ends = np.minimum(days_to_cut + 7 * frame.index.to_numpy(), n_days - 1)
    held = frame.index.to_numpy() > 0
    at_cut = float(frame["actual"].to_numpy()[~held].sum())
    ahead = at_cut + np.where(held, frame["predicted"], 0.0).cumsum()
    return pd.DataFrame(
        {
            "week": start + pd.to_timedelta(ends, unit="D"),
            "actual": frame["actual"].to_numpy(),
            "predicted": frame["predicted"].to_numpy(),
            "actual_cumulative": frame["actual"].cumsum().to_numpy(),
            "predicted_cumulative": np.where(frame.index.to_numpy() >= 0, ahead, np.nan),
            "holdout": held,
        }
    )


def _expected_by_day(model: PurchaseModel, born: Floats, *, unit_days: float) -> Floats:
    """Return repeat purchases expected on each day of customers born on each day."""
    ages = np.arange(len(born) + 1, dtype=float)
    grid = np.unique(np.round(np.linspace(0.0, np.sqrt(ages[-1]), TRACKING_AGES) ** 2))
    expected = np.interp(ages, grid, model.expected_purchases_new(grid / unit_days))
    by_age = np.diff(expected)
    # a customer of age k on a day made the purchases between the ages k − 1 and k
    return np.concatenate(([0.0], np.convolve(born, by_age)[: len(born) - 1]))


def _rival_rows(known: ir.Table, held: Snapshot, settings: ValueSettings) -> list[dict[str, object]]:
    days = held.horizon_days
    rows = [
        _row("past spend rate", "rival", held.outcome, past_spend_rate(held, horizon_days=days)),
        _row("past spend", "rival", held.outcome, past_spend(held, horizon_days=days)),
    ]
    earlier = take_snapshot(
        known,
        as_of=held.as_of - timedelta(days=held.window_days),
        window_days=held.window_days,
        horizon_days=held.window_days,
        unit=settings.unit,
        history_start=settings.history_start,
    )
    if len(earlier.customers) >= FEWEST_CUSTOMERS:
        values = plain_regression(earlier, held, horizon_days=days, seed=settings.seed)
        ends = quantile_regression(earlier, held, horizon_days=days, seed=settings.seed)
        rows.append(_row("lightgbm regression", "rival", held.outcome, values, ends))
    return rows


def _row(
    model: str,
    kind: str,
    actual: Floats,
    predicted: Floats | pd.Series,
    interval: tuple[Floats, Floats] | None = None,
) -> dict[str, object]:
    blank = dict.fromkeys(("coverage", "below", "above", "width"), float("nan"))
    return {
        "model": model,
        "label": model,
        "kind": kind,
        **score_predictions(actual, predicted),
        "spearman_untied": spearman_untied(actual, predicted),
        **(blank if interval is None else interval_scores(actual, *interval)),
    }


def _interval(table: pd.DataFrame) -> tuple[Floats, Floats]:
    return table["clv_low"].to_numpy(dtype=float), table["clv_high"].to_numpy(dtype=float)


def _totals(chosen: CustomerValue, actual: Floats) -> pd.DataFrame:
    clv = chosen.table["clv"].to_numpy(dtype=float)
    fifth = np.empty(len(clv), dtype=int)
    fifth[np.argsort(-clv, kind="stable")] = np.arange(len(clv)) * 5 // len(clv)
    names = pd.Series(fifth).map(lambda one: f"fifth {one + 1}")
    groups = chosen.totals(names).assign(actual=pd.Series(actual).groupby(names).sum().to_numpy())
    both = pd.concat([groups, chosen.totals().assign(actual=float(actual.sum()))], ignore_index=True)
    return both.assign(covered=(both["low"] <= both["actual"]) & (both["actual"] <= both["high"]))


def _impossible(cut: date, days: int, customers: int, *, why: str) -> Validation:
    note = f"Nothing could be checked on a later period: {why}."
    empty = pd.DataFrame()
    return Validation(cut, days, customers, empty, empty, empty, empty, empty, None, (note,))

"""Which way of predicting a customer's spend held best on an earlier date? Decide it before looking ahead."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.study import ValueSettings
from cxmodels.tables.cut import known_by
from cxmodels.value.blend import BLENDS, blend_predictions, member_predictions
from cxmodels.value.contest import (
    DEFAULT_MODEL,
    TABLE_COLUMNS,
    contest_table,
    displacing,
    fallbacks,
    fitted_labels,
    take_one,
)
from cxmodels.value.counts import Floats
from cxmodels.value.expectation import Expectation, expect
from cxmodels.value.lifetime import Terms
from cxmodels.value.outcome_spread import OutcomeSpread, learn_spread
from cxmodels.value.purchases import LABELS, MODELS
from cxmodels.value.snapshots import Snapshot, known_days, learning_dates, learning_horizon, take_snapshot

LEAST_DAYS = 14  # of outcome, to judge a model by
LEAST_CUSTOMERS, LEAST_BUYERS = 50, 20  # to choose between purchase models
LEAST_LESSONS, LEAST_LESSON_BUYERS = 300, 100  # to learn a correction


@dataclass(frozen=True)
class Prediction:
    """What the chosen way of predicting expects of each customer.

    Attributes
    ----------
    customers : DataFrame
        Every customer as known on `as_of`, indexed by customer_id: the columns of
        `cxmodels.value.summary.summarise` and of recent behaviour.
    value : ndarray of float, shape (customers,)
        Expected net spend over the horizon, undiscounted (currency).
    expectation : Expectation
        What the base model expects over the horizon.
    spread : OutcomeSpread
        How far outcomes fell from what this way of predicting expected on the earlier date.
    levels : tuple of float
        log(actual ÷ expected total) of the base model on earlier dates.
    fifth_levels : ndarray of float, shape (dates, 5)
        The same for each fifth of customers by the base model's expectation, lowest first: how far a
        segment's total can fall.
    level_freedom : int
        How many of the earlier outcomes do not overlap: the degrees of freedom of `levels`.
    """

    customers: pd.DataFrame = field(repr=False)
    value: Floats = field(repr=False)
    expectation: Expectation = field(repr=False)
    spread: OutcomeSpread = field(repr=False)
    levels: tuple[float, ...]
    fifth_levels: npt.NDArray[np.float64] = field(repr=False)
    level_freedom: int


@dataclass(frozen=True)
class Choice:
    """The way of predicting that was chosen, and why.

    Attributes
    ----------
    name : str
        A purchase model, "past spend", or a blend (see `cxmodels.value.blend.BLENDS`).
    base : str
        The purchase model that gives the total, p_alive and the expected purchases.
    reason : str
        One sentence.
    table : DataFrame
        A row a candidate, with its figures on the earlier snapshot: model, label (with an arrow to what stood
        in for it), mae, mae_at_total (with the prediction moved to the actual total), spearman, top_tenth,
        total_ratio, chosen. Empty when there was no contest.
    notes : tuple of str
        What was not possible, and why.
    learned_days : int
        Days of outcome on the earlier snapshots; 0 without a contest.
    prediction : Prediction or None
        None without a contest: then the base model with Gamma-Gamma spend is used as it is.
    """

    name: str
    base: str
    reason: str
    table: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()
    learned_days: int = 0
    prediction: Prediction | None = field(default=None, repr=False)


@dataclass(frozen=True)
class _Frame:
    """What stays the same while choosing."""

    transactions: ir.Table
    settings: ValueSettings
    window_days: int

    def snapshot(self, as_of: date, *, outcome: bool) -> Snapshot:
        return take_snapshot(
            self.transactions,
            as_of=as_of,
            window_days=self.window_days,
            horizon_days=self.window_days if outcome else 0,
            unit=self.settings.unit,
            history_start=self.settings.history_start,
        )

    def expect(
        self, snapshot: Snapshot, models: tuple[str, ...], horizon_days: int | None = None
    ) -> dict[str, Expectation]:
        settings = self.settings
        terms = Terms(horizon_days=horizon_days or self.window_days, discount_rate=settings.discount_rate)
        return expect(snapshot, models=models, terms=terms, settings=settings)


def choose_model(transactions: ir.Table, *, as_of: date, settings: ValueSettings) -> Choice:
    """Choose how to predict each customer's spend, and predict it.

    Only what was known on `as_of` is used. The candidates (purchase models with Gamma-Gamma spend, past
    spend, and blends with LightGBM corrections) predict the last part of the history from what was known
    before it; they are compared there by mean absolute error (at the same total), rank correlation and
    capture of the top tenth. The chosen one is then learned anew from all of the history.

    MBG/NBD is the default among the purchase models; the blend of the purchase model with its corrections is
    the default among all, where enough customers bought on earlier dates to learn from, else the purchase
    model itself. A default gives way only to a candidate that was better by more than chance, and whose total
    was not far further off: `cxmodels.value.comparison.Gain.beyond_chance` is the rule.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount. Rows after `as_of` are not read.
    as_of : date
        The day on which we stand.
    settings : ValueSettings
        Unit, horizon, discount rate, seed, and `model`: "auto" chooses among all; a purchase model's name
        leaves no choice; "lightgbm" and "blend" fix what is learned and choose the purchase model below it.

    Returns
    -------
    Choice
    """
    if settings.model in MODELS:
        reason = f"{LABELS[settings.model]} was asked for."
        return Choice(settings.model, settings.model, reason, _no_table())
    known = known_by(transactions, as_of)
    history = known_days(known, as_of=as_of, history_start=settings.history_start)
    window = learning_horizon(history_days=history, horizon_days=settings.horizon_days)
    if window < LEAST_DAYS:
        return _without_contest(f"a history of {history} days is too short to hold a third of it out")
    frame = _Frame(known, settings, window)
    later = frame.snapshot(as_of - timedelta(days=window), outcome=True)
    buyers = int((later.outcome > 0).sum())
    if len(later.customers) < LEAST_CUSTOMERS or buyers < LEAST_BUYERS:
        return _without_contest(
            f"of the customers known on {later.as_of} ({len(later.customers)}), {buyers} bought in the "
            f"{window} days after it, and a contest needs {LEAST_CUSTOMERS} and {LEAST_BUYERS}"
        )
    return _contest(frame, frame.snapshot(as_of, outcome=False), later)


def _contest(frame: _Frame, now: Snapshot, later: Snapshot) -> Choice:
    """Let all candidates predict the outcome of `later`, choose, and learn the chosen one anew for `now`."""
    settings, seed = frame.settings, frame.settings.seed
    singles = frame.expect(later, tuple(MODELS))
    told = {name: single.value for name, single in singles.items()}
    # a model that fell back to a simpler one stands for that one, which fits faster
    base = singles[displacing(later.outcome, told, default=DEFAULT_MODEL)].purchases_model.name
    before = _lessons(frame, later, base)
    there = singles[base]
    members = member_predictions(
        later, there, before, window_expected=there, horizon_days=frame.window_days, seed=seed
    )
    candidates = {base: there.value, "past spend": members["past spend"], **blend_predictions(members)}
    usual = singles[DEFAULT_MODEL].purchases_model.name
    name, reason = take_one(later, candidates, asked=settings.model, usual=usual)
    expected = frame.expect(now, (base,), settings.horizon_days)[base]
    lessons = [(later, there), *_lessons(frame, now, base, after=later.as_of)] if name in BLENDS else []
    members = member_predictions(
        now,
        expected,
        lessons,
        window_expected=frame.expect(now, (base,))[base] if lessons else expected,
        horizon_days=settings.horizon_days,
        seed=seed,
    )
    value = {base: expected.value, "past spend": members["past spend"], **blend_predictions(members)}[name]
    earlier = {snapshot.as_of: (snapshot, one) for snapshot, one in [(later, there), *before, *lessons]}
    return Choice(
        name=name,
        base=base,
        reason=reason,
        table=contest_table(later.outcome, told | candidates, chosen=name, labels=fitted_labels(singles)),
        notes=(*fallbacks(singles, as_of=later.as_of), *_notes(frame, now, learned=bool(before))),
        learned_days=frame.window_days,
        prediction=Prediction(
            customers=now.customers,
            value=value,
            expectation=expected,
            spread=learn_spread(
                later.outcome, candidates[name], there.spend_each, horizon_days=frame.window_days
            ),
            levels=tuple(level for one in earlier.values() for level in _levels(*one, parts=1)),
            fifth_levels=np.array([_levels(*one, parts=5) for one in earlier.values()]),
            level_freedom=max(now.history_days // frame.window_days - 1, 1),
        ),
    )


def _lessons(
    frame: _Frame, target: Snapshot, base: str, *, after: date | None = None
) -> list[tuple[Snapshot, Expectation]]:
    """Return earlier snapshots whose outcomes end by `target.as_of`, but not the one of the date `after`."""
    dates = learning_dates(
        as_of=target.as_of, history_days=target.history_days, window_days=frame.window_days
    )
    lessons = []
    for day in dates:
        if day == after:
            continue
        snapshot = frame.snapshot(day, outcome=True)
        enough = int((snapshot.outcome > 0).sum()) >= LEAST_LESSON_BUYERS
        if len(snapshot.customers) >= LEAST_LESSONS and enough:
            lessons.append((snapshot, frame.expect(snapshot, (base,))[base]))
    return lessons


def _without_contest(why: str) -> Choice:
    reason = f"{LABELS[DEFAULT_MODEL]} was taken without a contest: {why}."
    return Choice(DEFAULT_MODEL, DEFAULT_MODEL, reason, _no_table(), notes=(reason,))


def _notes(frame: _Frame, now: Snapshot, *, learned: bool) -> tuple[str, ...]:
    notes = []
    if not learned:
        notes.append("Nothing was learned by regression: too few customers bought on earlier dates.")
    if frame.settings.horizon_days > frame.window_days:
        notes.append(
            f"The choice was made on outcomes of {frame.window_days} days, the longest that a history of "
            f"{now.history_days} days can hold out; the horizon is {frame.settings.horizon_days} days."
        )
    return tuple(notes)


def _levels(snapshot: Snapshot, expected: Expectation, *, parts: int) -> list[float]:
    """Return log(actual ÷ expected) of equal parts of the customers, by expected spend."""
    order = np.argsort(expected.value, kind="stable")
    levels = []
    for part in np.array_split(order, parts):
        actual, told = float(snapshot.outcome[part].sum()), float(expected.value[part].sum())
        ratio = actual / told if told > 0 else 1.0
        levels.append(float(np.log(np.clip(ratio, 0.05, 20.0))))
    return levels


def _no_table() -> pd.DataFrame:
    return pd.DataFrame(columns=TABLE_COLUMNS)

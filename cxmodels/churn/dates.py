"""On which dates do we stand? Some to learn from, one to calibrate on, one to test on, and today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cxmodels.study import ChurnSettings
from cxmodels.value.units import months_before

_DOES = {"train": "learning", "calibrate": "calibrating", "test": "testing", "score": "foretelling"}
MOST_TRAINING = 24  # dates: what was so before them says little about today


class ShortHistory(ValueError):
    """Too few days for a single date with an outcome; the message says how many are needed."""


@dataclass(frozen=True)
class Stage:
    """One use of the dates: learn on `train`, calibrate on a later one, then foretell `evaluate`.

    Attributes
    ----------
    train : tuple of date
        Oldest first; each outcome was known by `calibrate`.
    calibrate : date or None
        Its outcome was known by `evaluate`. None: there is no such date; calibrate on customers kept apart.
    evaluate : date
        The test date, or the date on which we stand.
    """

    train: tuple[date, ...]
    calibrate: date | None
    evaluate: date


@dataclass(frozen=True, kw_only=True)
class SnapshotPlan:
    """The dates of a study, and what each is for.

    Attributes
    ----------
    train : tuple of date
        To learn from in the test, oldest first.
    calibrate : date or None
        To calibrate on in the test; None where the history is too short for one.
    test : date
        The latest date whose outcome is known.
    score : date
        The study's as_of: its outcome is not known.
    observation_days, gap_days, horizon_days : int
        The windows around each date.
    outcome_days : int
        From a date until its outcome is known: gap, horizon and, under contract, time to return.
    step_months : int
        Calendar months from one date to the next.
    step_days : int or None
        From one date to the next; None: a month.
    history_start : date
        First day of the records.
    notes : tuple of str
        What is otherwise than it should be, and why.

    Raises
    ------
    ValueError
        Where the outcome of a date is not known by the next use of the dates.
    """

    train: tuple[date, ...]
    calibrate: date | None
    test: date
    score: date
    observation_days: int
    gap_days: int
    horizon_days: int
    outcome_days: int
    step_months: int
    step_days: int | None
    history_start: date
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that no outcome reaches into a later use of the dates."""
        alone = self.train == (self.test,) and self.calibrate is None
        later = self.test if self.calibrate is None else self.calibrate
        pairs = [] if alone else [(day, later) for day in self.train]
        pairs += [] if self.calibrate is None else [(self.calibrate, self.test)]
        for day, known in [*pairs, (self.test, self.score)]:
            end = day + timedelta(days=self.outcome_days)
            if end > known:
                raise ValueError(
                    f"The outcome of {day} is known on {end}, after {known}, for which it is to be used. "
                    f"Take a date at least {self.outcome_days} days earlier."
                )

    @property
    def for_test(self) -> Stage:
        """How the method is tested: on `test`, by what was known then."""
        return Stage(self.train, self.calibrate, self.test)

    @property
    def for_scoring(self) -> Stage:
        """How today is foretold: calibrated on the last date with an outcome, learned on those before it."""
        if self.train == (self.test,):
            return Stage(self.train, None, self.score)
        learned = _all_known(self.dates, by=self.test, wait=self.outcome_days)
        return Stage(learned, self.test, self.score)

    @property
    def dates(self) -> tuple[date, ...]:
        """All dates, oldest first."""
        first = min((*self.train, self.test))
        grid = step_back(self.score, until=first, step_months=self.step_months, step_days=self.step_days)
        more = _all_known(grid, by=self.test, wait=self.outcome_days)
        used = {*self.train, *more, self.test, self.score}
        return tuple(sorted(used if self.calibrate is None else used | {self.calibrate}))

    @property
    def idle(self) -> tuple[date, ...]:
        """Dates between the first and the last that nothing is used for; `uses` says why."""
        used = self.dates
        grid = step_back(self.score, until=used[0], step_months=self.step_months, step_days=self.step_days)
        return tuple(day for day in grid if day not in used)

    @property
    def uses(self) -> dict[date, str]:
        """What each date is for, in words, and why the idle ones are for nothing."""
        told = {}
        for day in self.dates:
            both = {
                "in the test": _roles(self.for_test, day, "test"),
                "today": _roles(self.for_scoring, day, "score"),
            }
            told[day] = "; ".join(
                f"{when}: {' and '.join(_DOES[role] for role in roles)}"
                for when, roles in both.items()
                if roles
            )
        for day in self.idle:
            known = day + timedelta(days=self.outcome_days)
            late = f"not used: who left was known on {known}, after {self.test}, the date of the test"
            told[day] = f"not used: who left is known on {known}" if known > self.score else late
        return told


def step_back(
    day: date, *, until: date, step_months: int = 1, step_days: int | None = None
) -> tuple[date, ...]:
    """Return a day and those one, two, three … steps before it, down to `until`, oldest first.

    Parameters
    ----------
    day, until : date
        The latest and the earliest possible day.
    step_months : int
        Calendar months of a step; from the last day of a month to the last days of others. What recurs every
        month, such as a bill, then lies as far back on every date.
    step_days : int, optional
        Days of a step, instead of months.

    Examples
    --------
    >>> [str(one) for one in step_back(date(2024, 4, 30), until=date(2024, 2, 1))]
    ['2024-02-29', '2024-03-31', '2024-04-30']
    """
    found: list[date] = []
    one = day
    while one >= until:
        found.append(one)
        back = len(found)
        if step_days is None:
            one = months_before(day, back * step_months)
        else:
            one = day - timedelta(days=back * step_days)
    return tuple(reversed(found))


def snapshot_dates(
    as_of: date, *, history_start: date, settings: ChurnSettings, outcome_days: int | None = None
) -> SnapshotPlan:
    """Choose the dates to learn from, to calibrate on, to test on and to score.

    Parameters
    ----------
    as_of : date
        Of the study.
    history_start : date
        First day of the records; a date needs `settings.observation_days` of them.
    settings : ChurnSettings
        Windows and steps.
    outcome_days : int, optional
        From a date until its outcome is known. Default: gap and horizon; see `outcome_days_of`.

    Returns
    -------
    SnapshotPlan
        With fewer dates, and a note, where the history is too short for all. Where no whole number of steps
        leads to a date that will do, the latest possible day is taken.

    Raises
    ------
    ShortHistory
        Where not even one date has both an observation window and a known outcome.

    Examples
    --------
    >>> plan = snapshot_dates(date(2024, 6, 30), history_start=date(2022, 1, 1), settings=ChurnSettings())
    >>> str(plan.test), str(plan.calibrate), str(plan.train[-1]), len(plan.train)
    ('2024-02-29', '2023-10-31', '2023-06-30', 13)
    """
    wait = settings.gap_days + settings.horizon_days if outcome_days is None else outcome_days
    earliest = history_start + timedelta(days=settings.observation_days - 1)
    months, days = settings.step_months, settings.step_days
    grid = step_back(as_of, until=earliest, step_months=months, step_days=days)
    have = max((as_of - history_start).days + 1, 0)
    if have < settings.observation_days + wait:
        raise ShortHistory(_too_short(settings, have=have, wait=wait, as_of=as_of))
    [*_, test] = _usable(grid, by=as_of, wait=wait, earliest=earliest)
    before = _usable(grid, by=test, wait=wait, earliest=earliest)
    calibrate = before[-1] if before else None
    train = _usable(grid, by=calibrate, wait=wait, earliest=earliest) if calibrate else ()
    notes = []
    if not train:
        full = settings.observation_days + 3 * wait
        notes.append(_fewer(test, calibrate, full=full, have=have))
        train, calibrate = before or (test,), None
    if len(train) > MOST_TRAINING:
        notes.append(f"Of {len(train)} dates to learn from, the latest {MOST_TRAINING} are used.")
        train = train[-MOST_TRAINING:]
    return SnapshotPlan(
        train=train,
        calibrate=calibrate,
        test=test,
        score=as_of,
        observation_days=settings.observation_days,
        gap_days=settings.gap_days,
        horizon_days=settings.horizon_days,
        outcome_days=wait,
        step_months=months,
        step_days=days,
        history_start=history_start,
        notes=tuple(notes),
    )


def _all_known(grid: Sequence[date], *, by: date, wait: int) -> tuple[date, ...]:
    return tuple(day for day in grid if day + timedelta(days=wait) <= by)


def _usable(grid: Sequence[date], *, by: date, wait: int, earliest: date) -> tuple[date, ...]:
    """Return the dates whose outcome was known by a day; if no step leads to one, the latest possible day."""
    last = by - timedelta(days=wait)
    return _all_known(grid, by=by, wait=wait) or ((last,) if last >= earliest else ())


def _fewer(test: date, calibrate: date | None, *, full: int, have: int) -> str:
    short = (
        f"The records cover {have} days; {full}, and up to a step each more, allow a test as it should be."
    )
    if calibrate is None:
        return (
            f"{short} Only dates up to {test} have an outcome, and none was known by then: the method learns "
            "and is tested on that one date, on different customers, and not on a later one."
        )
    return f"{short} No date is left to calibrate on before {test}: it is done on customers kept apart."


def _too_short(settings: ChurnSettings, *, have: int, wait: int, as_of: date) -> str:
    need = settings.observation_days + wait
    return (
        f"The records cover {have} days up to {as_of}; one date with an outcome needs {need}: "
        f"observation_days = {settings.observation_days}, and {wait} until its outcome is known (gap_days, "
        f"horizon_days and, with contracts, return_days). A test on a later date needs {need + wait}, "
        f"with a date to calibrate on {need + 2 * wait}, and up to a step each more. Shorten the windows in "
        "[churn], or add older records."
    )


def _roles(stage: Stage, day: date, name: str) -> list[str]:
    roles = [
        ("train", day in stage.train),
        ("calibrate", day == stage.calibrate),
        (name, day == stage.evaluate),
    ]
    return [role for role, held in roles if held]

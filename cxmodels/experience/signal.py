"""What is one signal: of which records, which figure of them, over how many days, and where it stands?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from cxmodels.tables.errors import nearest_names
from cxmodels.value.units import days_in

STAGES = ("event", "contact", "wait", "score", "money", "usage")
"""Where a signal can stand in the causal order: it happens → contact → wait → score → leaving."""

STATISTICS: dict[str, tuple[str, ...]] = {
    "events": ("count", "sum", "mean", "worst", "days_since", "trend", "broken"),
    "contacts": ("count", "sum", "mean", "worst", "days_since", "trend", "unresolved", "repeat", "broken"),
    "surveys": ("silent", "last", "change"),
    "transactions": (
        *("count", "sum", "bought", "mean", "days_since", "trend", "sum_trend", "refunds", "refunded"),
    ),
}
"""The figures that there are of each table."""

MEASURES = {"events": "magnitude", "contacts": "wait_minutes", "surveys": "score", "transactions": "amount"}
"""The column that sum, mean, worst, broken, last and change are taken of."""

KEYS = {"events": "kind", "contacts": "reason", "surveys": "metric"}
"""The column that `Signal.of` is a value of."""

COUNTS = frozenset(
    (
        *("count", "sum", "bought", "trend", "sum_trend", "unresolved", "repeat", "broken", "silent"),
        *("refunds", "refunded"),
    )
)
"""The figures that are 0, and not missing, where nothing is recorded."""

LONGEST_MONTH = 31

REPEAT_DAYS = 7
"""A contact is a repeat where there was one about the same in so many days before it."""


@dataclass(frozen=True)
class Signal:
    """Something that a customer experienced, as one figure.

    Attributes
    ----------
    name : str
        Column of the frame, such as ``outage_count_90d``.
    table : str
        events, contacts, surveys or transactions.
    statistic : str
        One of `STATISTICS` of the table: ``count``; ``sum``, ``mean`` and ``worst`` (largest) of its measure
        (`MEASURES`); ``days_since`` the last one; ``trend``, the count in the last `days` less that in the
        `days` before, and ``sum_trend``, the same of the measure; ``unresolved`` contacts, and those that
        ``repeat`` one about the same within a week; ``broken``, how often the measure was above `limit`;
        ``silent``, questions without an answer so far; the ``last`` score, and its ``change`` from the one
        before; ``refunds``, invoices (or rows, where there are none) below 0, and how much they ``refunded``.
        Those are no purchases: of transactions ``count``, ``days_since`` and ``trend`` pass over them, and
        ``bought`` adds up the others, where ``sum`` is net.
    of : str
        Kind of event, reason of contact or survey metric; empty: all.
    days : int
        Length of the window that ends with the day on which we stand. What was longer ago does not count.
    months : int
        Calendar months of the window, instead of `days`, so that what comes once a month, such as a bill, is
        as often in one window as in another.
    touchpoint : str
        Part of the journey; empty where it is not known.
    stage : str
        One of `STAGES`.
    label : str
        The name in words; made from the rest where it is empty.
    limit : float
        What was promised, for ``broken``, in the measure's unit.
    apart_from : tuple of str
        With `of` empty: everything but these kinds, reasons or metrics.

    Raises
    ------
    ValueError
        Where table, statistic, stage, days or limit are none; the message says what is allowed.

    Examples
    --------
    >>> Signal("outage_count_90d", "events", "count", of="outage", days=90).label
    'outages in 90 days'
    """

    name: str
    table: str
    statistic: str
    of: str = ""
    days: int = 90
    touchpoint: str = ""
    stage: str = "event"
    label: str = ""
    limit: float = math.nan
    apart_from: tuple[str, ...] = ()
    months: int = 0

    def __post_init__(self) -> None:
        """Refuse what there is not, and word the label."""
        self._check("table", self.table, tuple(STATISTICS))
        self._check("statistic", self.statistic, STATISTICS[self.table])
        self._check("stage", self.stage, STAGES)
        if not self.days >= 1:
            raise ValueError(f"Signal {self.name!r} has days = {self.days!r}; give 1 or more.")
        if not self.months >= 0:
            raise ValueError(f"Signal {self.name!r} has months = {self.months!r}; give 1 or more, or none.")
        if self.statistic == "broken" and math.isnan(self.limit):
            raise ValueError(f"Signal {self.name!r} counts broken promises but has no limit; give one.")
        if self.table not in KEYS and (self.of or self.apart_from):
            raise ValueError(
                f"Signal {self.name!r} is of a kind, but {self.table} have none; leave it empty."
            )
        if self.table == "surveys" and not self.of:
            raise ValueError(f"Signal {self.name!r} is of no metric; scores of different ones do not mix.")
        if not self.label:
            object.__setattr__(self, "label", _in_words(self))

    def _check(self, what: str, found: str, allowed: tuple[str, ...]) -> None:
        if found not in allowed:
            raise ValueError(
                f"Signal {self.name!r} has {what} {found!r}; there are {', '.join(allowed)}"
                f"{nearest_names(found, allowed)}."
            )

    @property
    def look_back(self) -> int:
        """Most days that the signal looks back, the window before included."""
        days = LONGEST_MONTH * self.months or self.days
        return 2 * days if self.statistic in ("trend", "sum_trend") else days


def whole_months(days: int) -> int:
    """Return as how many calendar months a window is meant; 0 where it is not."""
    months = round(days / days_in("month"))
    return months if 30 * months <= days <= LONGEST_MONTH * months else 0


def span_of(days: int) -> str:
    """Name the length of a window of days, or of the months that are meant.

    Examples
    --------
    >>> [span_of(days) for days in (7, 28, 30, 90, 365)]
    ['7d', '28d', '1m', '3m', '12m']
    """
    months = whole_months(days)
    return f"{months}m" if months else f"{days}d"


def _in_words(signal: Signal) -> str:
    what, one = _what(signal)
    length = f"{signal.months} month{'s' * (signal.months > 1)}" if signal.months else f"{signal.days} days"
    earlier = "month before" if signal.months == 1 else f"{signal.months or signal.days} before"
    window = f"in {length}"
    before = f"{window}, less those in the {earlier}"
    measure = {"contacts": "wait in minutes", "transactions": "amount"}.get(signal.table, f"size of {what}")
    metric = signal.of.upper()
    return {
        "count": f"{what} {window}",
        "sum": f"spend {window}" if signal.table == "transactions" else f"{measure} {window}, in total",
        "mean": f"mean {measure} {window}",
        "worst": f"longest wait in minutes {window}"
        if signal.table == "contacts"
        else f"worst {one} {window}",
        "days_since": f"days since the last {one}, up to {signal.days}",
        "trend": f"{what} {before}",
        "sum_trend": f"spend {window}, less that in the {earlier}",
        "unresolved": f"unresolved {what} {window}",
        "repeat": f"{what} again within {REPEAT_DAYS} days, {window}",
        "broken": f"waits above {signal.limit:g} minutes {window}"
        if signal.table == "contacts"
        else f"{what} of more than {signal.limit:g} {window}",
        "silent": f"{metric} questions without an answer {window}",
        "last": f"last {metric} score",
        "change": f"change of the {metric} score",
        "refunds": f"refunds {window}",
        "refunded": f"amount refunded {window}",
        "bought": f"amount bought {window}, refunds not taken off",
    }[signal.statistic]


def _what(signal: Signal) -> tuple[str, str]:
    """Return the plural and the singular of what is counted."""
    one = {"events": "event", "contacts": "contact", "transactions": "purchase"}.get(signal.table, signal.of)
    if signal.apart_from:
        rest = f"of rarer {KEYS[signal.table]}s" if signal.table in KEYS else ""
        return f"{one}s {rest}", f"{one} {rest}"
    if signal.of and signal.table == "contacts":
        about = _spoken(signal.of)
        return f"contacts about {about}", f"contact about {about}"
    one = _spoken(signal.of) or one
    return _plural(one), one


def _spoken(word: str) -> str:
    return " ".join(word.replace("_", " ").split())


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return word if word.endswith("s") else f"{word}s"

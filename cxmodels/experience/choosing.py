"""Which signals are worth counting? Those of what was known by a date, but not too many."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from cxmodels.experience.signal import KEYS, MEASURES, STAGES, STATISTICS, Signal, span_of, whole_months
from cxmodels.tables.collection import Tables
from cxmodels.tables.cut import known_by

PROMISES: Mapping[str, float] = {"wait_minutes": 10.0, "late_delivery": 1.0}
SCORE_DAYS = 730
"""How long a score counts as the customer's last: two rounds of a question that is asked each year."""

_WHOLE = {"contacts": "contact", "transactions": "purchase"}
_NORDIC = str.maketrans({"ø": "o", "æ": "ae"})
_RESERVED = ("contact", "wait_minutes", "purchase", "spend", "refund", "other_event", "contact_other")


@dataclass(frozen=True)
class SignalRules:
    """How signals are chosen.

    Attributes
    ----------
    most : int
        Kinds, reasons or metrics of a table with signals of their own, the most frequent first; the others
        are put together.
    fewest : int
        Records by the date below which a kind or reason is put together with the others, and a metric left
        out.
    promises : mapping of str to float
        What was promised: ``wait_minutes`` of contacts, or the magnitude of a kind of event; more breaks it.
    stages : mapping of str to str
        Stage of a kind, reason or metric, where it is not that of its table: ``{"app_login": "usage"}``.

    Raises
    ------
    ValueError
        Where `most` or `fewest` is below 1, or a stage is none of `STAGES`.
    """

    most: int = 20
    fewest: int = 50
    promises: Mapping[str, float] = field(default_factory=lambda: dict(PROMISES))
    stages: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse rules that choose nothing, and stages that there are not."""
        if self.most < 1 or self.fewest < 1:
            raise ValueError(f"most is {self.most} and fewest {self.fewest}; give 1 or more for both.")
        wrong = {key: stage for key, stage in self.stages.items() if stage not in STAGES}
        if wrong:
            raise ValueError(f"stages has {wrong}; a stage is one of {', '.join(STAGES)}.")


@dataclass(frozen=True)
class SignalChoice:
    """The signals, and what was put together or left out.

    Attributes
    ----------
    signals : tuple of Signal
        In order of table, kind and figure.
    notes : tuple of str
        A sentence each for kinds put together, metrics left out, and promises without a kind.
    """

    signals: tuple[Signal, ...]
    notes: tuple[str, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One row a signal, one column an attribute."""
        return pd.DataFrame(self.signals, columns=list(Signal.__dataclass_fields__))


def standard_signals(
    tables: Mapping[str, ir.Table] | Tables,
    *,
    as_of: date,
    windows: Sequence[int],
    rules: SignalRules | None = None,
) -> tuple[Signal, ...]:
    """Return the signals of `choose_signals`, without its notes."""
    return choose_signals(tables, as_of=as_of, windows=windows, rules=rules).signals


def choose_signals(
    tables: Mapping[str, ir.Table] | Tables,
    *,
    as_of: date,
    windows: Sequence[int],
    rules: SignalRules | None = None,
) -> SignalChoice:
    """Choose signals of the kinds, reasons and metrics that were known by a date.

    Parameters
    ----------
    tables : Tables or mapping of str to ibis Table
        Canonical tables; of events, contacts, surveys and transactions those that are there.
    as_of : date
        Nothing that became known after it is looked at. Kinds that come up later are among those put
        together, where there are such.
    windows : sequence of int
        Lengths of the windows, days.
    rules : SignalRules, optional
        How many, and what was promised.

    Returns
    -------
    SignalChoice
        Counts and spend stand for every window, trends for those that fit twice into the longest (or for the
        shortest), and all other figures for the longest. Scores hold for `SCORE_DAYS`. Of transactions a
        window of 30 or 31 days, or a multiple, is one of calendar months: what is paid monthly would be in a
        window of 30 days none, once or twice.

    Raises
    ------
    ValueError
        Where `windows` is empty or one is below 1.

    Notes
    -----
    The touchpoint of a signal is the most frequent one of its kind, reason or metric; signals of all contacts
    have none. Contacts about leaving are chosen like all others; a model's guard against leaks refuses them.

    Examples
    --------
    >>> import ibis
    >>> from datetime import datetime
    >>> log = ibis.memtable({"customer_id": ["a"], "timestamp": [datetime(2025, 1, 9)], "kind": ["outage"]})
    >>> rules = SignalRules(fewest=1)
    >>> chosen = standard_signals({"events": log}, as_of=date(2025, 1, 31), windows=[90], rules=rules)
    >>> [one.name for one in chosen]
    ['outage_count_90d', 'outage_trend_90d', 'outage_days_since']
    """
    if not windows or min(windows) < 1:
        raise ValueError(
            f"windows is {list(windows)}; give one or more lengths in days, such as (30, 90, 180)."
        )
    chooser = _Chooser(as_of, tuple(sorted(set(windows))), rules or SignalRules())
    signals = [
        signal for name in STATISTICS if name in tables for signal in chooser.signals(tables[name], name)
    ]
    kinds = [key for key in chooser.rules.promises if key not in {*chooser.promised, *PROMISES}]
    notes = [
        *chooser.notes,
        *(f"promises names {key}, of which nothing is known by {as_of}." for key in kinds),
    ]
    return SignalChoice(tuple(signals), tuple(notes))


@dataclass(frozen=True)
class _Group:
    """Records that have signals together: a kind, reason or metric, the rest of them, or all of a table."""

    prefix: str
    of: str = ""
    touchpoint: str = ""
    answers: int = 0
    apart_from: tuple[str, ...] = ()


@dataclass
class _Chooser:
    """What is chosen so far: names taken, promises found, and what there is to say."""

    as_of: date
    windows: tuple[int, ...]
    rules: SignalRules
    taken: set[str] = field(default_factory=lambda: set(_RESERVED))
    promised: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    @property
    def trends(self) -> list[int]:
        fit = [days for days in self.windows if 2 * days <= self.windows[-1]]
        return fit or [self.windows[0]]

    def signals(self, table: ir.Table, name: str) -> Iterator[Signal]:
        """Give the signals of one table."""
        counts = _known_counts(table, name, as_of=self.as_of)
        if counts["rows"].sum() == 0:
            self.notes.append(f"No row of {name} is known by {self.as_of}: it has no signals.")
            return
        has = frozenset(column for column in table.columns if column in (MEASURES[name], "resolved"))
        if name in _WHOLE:
            yield from getattr(self, f"_{name}")(_Group(_WHOLE[name]), has)
        for group in self._groups(counts, name) if name in KEYS else ():
            yield from getattr(self, f"_{name}")(group, has)

    def _groups(self, counts: pd.DataFrame, name: str) -> Iterator[_Group]:
        rows = counts.dropna(subset="of").groupby("of")[["rows", "answers"]].sum().reset_index()
        rows = rows.sort_values(["rows", "of"], ascending=[False, True])
        kept = rows[rows["rows"] >= self.rules.fewest].head(self.rules.most)
        for of, answers in zip(kept["of"], kept["answers"], strict=True):
            prefix = self._prefix(of, before="contact_" if name == "contacts" else "")
            yield _Group(prefix, of, _most_frequent(counts[counts["of"] == of]), int(answers))
        rare = rows[~rows["of"].isin(kept["of"])]
        if not len(rare):
            return
        together = name != "surveys"
        self.notes.append(
            f"{len(rare):,} of {len(rows):,} {KEYS[name]}s of {name} "
            f"({rare['rows'].sum():,} of {rows['rows'].sum():,} rows) are too rare for signals of their own: "
            f"{'counted together' if together else 'left out'}."
        )
        if together:
            prefix = "other_event" if name == "events" else "contact_other"
            place = _most_frequent(counts[counts["of"].isin(rare["of"])])
            yield _Group(prefix, touchpoint=place, apart_from=tuple(kept["of"]))

    def _prefix(self, word: str, *, before: str) -> str:
        plain = (
            unicodedata.normalize("NFKD", word.casefold().translate(_NORDIC))
            .encode("ascii", "ignore")
            .decode()
        )
        prefix = free = before + (re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "unnamed")
        number = 1
        while free in self.taken:
            number += 1
            free = f"{prefix}_{number}"
        self.taken.add(free)
        return free

    def _events(self, group: _Group, has: frozenset[str]) -> Iterator[Signal]:
        measured = "magnitude" in has and not group.apart_from  # magnitudes of different kinds do not mix
        for days in self.windows:
            yield self._signal(group, "events", "count", days=days)
        if measured:
            yield self._signal(group, "events", "sum")
            yield self._signal(group, "events", "worst")
            yield from self._promise(group, "events", key=group.of)
        yield from self._course(group, "events")

    def _contacts(self, group: _Group, has: frozenset[str]) -> Iterator[Signal]:
        for days in self.windows:
            yield self._signal(group, "contacts", "count", days=days)
        if group.of or group.apart_from:
            return
        wait = _Group("wait_minutes")
        if "wait_minutes" in has:
            yield self._signal(wait, "contacts", "mean")
            yield self._signal(wait, "contacts", "worst")
            yield from self._promise(wait, "contacts", key="wait_minutes")
        if "resolved" in has:
            yield self._signal(group, "contacts", "unresolved")
        yield self._signal(group, "contacts", "repeat")
        yield from self._course(group, "contacts")

    def _surveys(self, group: _Group, has: frozenset[str]) -> Iterator[Signal]:
        yield self._signal(group, "surveys", "silent")
        if group.answers >= self.rules.fewest:
            yield self._signal(group, "surveys", "last", days=SCORE_DAYS, name=f"{group.prefix}_last")
            yield self._signal(group, "surveys", "change", days=SCORE_DAYS, name=f"{group.prefix}_change")

    def _transactions(self, group: _Group, has: frozenset[str]) -> Iterator[Signal]:
        spend, refund = (_Group(prefix) for prefix in ("spend", "refund"))
        for days in {span_of(days): days for days in self.windows}.values():
            yield self._signal(group, "transactions", "count", days=days)
            yield self._signal(spend, "transactions", "sum", days=days)
        for span, days in {span_of(days): days for days in self.trends}.items():
            yield self._signal(spend, "transactions", "sum_trend", days=days, name=f"spend_trend_{span}")
        longest = span_of(self.windows[-1])
        yield self._signal(refund, "transactions", "refunds", name=f"refund_count_{longest}")
        yield self._signal(group, "transactions", "days_since", name="purchase_days_since")

    def _course(self, group: _Group, table: str) -> Iterator[Signal]:
        for days in self.trends:
            yield self._signal(group, table, "trend", days=days)
        yield self._signal(group, table, "days_since", name=f"{group.prefix}_days_since")

    def _promise(self, group: _Group, table: str, *, key: str) -> Iterator[Signal]:
        if key in self.rules.promises:
            self.promised.add(key)
            days, limit = self.windows[-1], float(self.rules.promises[key])
            yield self._signal(
                group, table, "broken", limit=limit, name=f"{group.prefix}_promise_broken_{days}d"
            )

    def _signal(
        self,
        group: _Group,
        table: str,
        statistic: str,
        *,
        days: int = 0,
        name: str = "",
        limit: float = float("nan"),
    ) -> Signal:
        days = days or self.windows[-1]
        stage = {"events": "event", "contacts": "contact", "surveys": "score", "transactions": "money"}[table]
        stage = "wait" if group.prefix == "wait_minutes" else stage
        monthly = table == "transactions" and statistic != "days_since"
        span = span_of(days) if monthly else f"{days}d"
        return Signal(
            name or f"{group.prefix}_{statistic}_{span}",
            table,
            statistic,
            of=group.of,
            days=days,
            touchpoint=group.touchpoint,
            stage=self.rules.stages.get(group.of or group.prefix, stage),
            limit=limit,
            apart_from=group.apart_from,
            months=whole_months(days) if monthly else 0,
        )


def _known_counts(table: ir.Table, name: str, *, as_of: date) -> pd.DataFrame:
    """Count what is known by key and touchpoint: rows, and answers among them."""
    known = known_by(table, as_of, column="sent_at" if name == "surveys" else "timestamp")
    place = known.touchpoint.cast("string") if "touchpoint" in known.columns else ibis.null("string")
    answers = ibis.literal(0)
    if name == "surveys":
        by_then = known.answered_at.cast("date") <= ibis.literal(as_of, type="date")
        answers = (by_then & known.score.notnull()).ifelse(1, 0)
    of = known[KEYS[name]].cast("string") if name in KEYS else ibis.literal("")
    rows = known.select(of=of, touchpoint=place, answers=answers)
    counts = rows.group_by("of", "touchpoint").aggregate(rows=rows.count(), answers=rows.answers.sum())
    found: pd.DataFrame = counts.to_pandas()
    return found


def _most_frequent(counts: pd.DataFrame) -> str:
    """Return the touchpoint of most rows, the first by name where several are; empty where no row has one."""
    rows = counts.dropna(subset="touchpoint").groupby("touchpoint")["rows"].sum()
    return str(rows.idxmax()) if len(rows) else ""

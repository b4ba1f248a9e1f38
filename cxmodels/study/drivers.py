"""What may drive leaving, what precedes what, which change is asked about? ``[[drivers]]`` of a study."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import field_validator, model_validator

from cxmodels.study.fields import Days, Settings, Texts
from cxmodels.study_errors import nearest

KEPT = "kept"
STATISTICS: Mapping[str, tuple[str, ...]] = {
    "events": ("count", "sum", "broken"),
    "contacts": ("count", "first", "sum", "broken", "unresolved", "repeat"),
    "surveys": ("silent", "last"),
    "transactions": ("count", "sum", "bought", "refunds", "refunded"),
    "treatments": ("count",),
    "snapshot": ("value",),
}
"""The figures of a table that a driver can be."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CHANGE = re.compile(r"([+\-−]?)\s*(\d+(?:\.\d+)?)\s*(%|percent|per cent|pct)?(?:\s+[A-Za-z ]+)?")


class DriverSettings(Settings):
    """One driver: what of the customers' experience, where it stands, and which change is asked about.

    Attributes
    ----------
    name : str
        Small letters, digits and ``_``; it is a column.
    label, touchpoint : str
        In words, for people; and part of the journey.
    table : {"events", "contacts", "surveys", "transactions", "treatments", "snapshot"}
        Where it is recorded; ``snapshot`` is a flat table, with `of` naming its column.
    of : list of str
        Kinds, reasons, metrics or actions that are counted together; empty: all.
    statistic : str
        count; sum (magnitude, minutes of waiting, amount); broken (more than `limit`); first (contacts that
        repeat none of the week before), repeat, unresolved; silent, last (of one metric). Of transactions
        count (of purchases), sum (net amount), bought (amount without refunds), refunds (how many), refunded
        (how much). Of a flat table it is the value itself.
    limit : float, optional
        What was promised, for ``broken``.
    window_days : int
        The driver is what happened in so many days.
    stage : str
        Part of the causal order in which people think of it.
    after : list of str
        What precedes it: names of drivers and, with a flat table, of columns. Its effect is adjusted for
        these, for what precedes them, and for all that was known before the window; for nothing else.
    change : str or float
        ``-1`` (one less for whoever has any), ``"-30 %"``, or ``"kept"`` (the promise is never broken).
    more : {"harms", "helps", "unknown"}
        What the company expects of more of it.
    experiment : str
        Action of the treatments that does the same: where it was given at random, its effect replaces the
        estimate.
    """

    name: str
    label: str = ""
    touchpoint: str = ""
    table: Literal["events", "contacts", "surveys", "transactions", "treatments", "snapshot"] = "events"
    of: Texts = []
    statistic: str = ""
    limit: float | None = None
    window_days: Days = 30
    stage: Literal["event", "contact", "wait", "score", "money", "usage", "offer"] = "event"
    after: Texts = []
    change: str | float = -1.0
    more: Literal["harms", "helps", "unknown"] = "unknown"
    experiment: str = ""

    @field_validator("name")
    @classmethod
    def _name_is_a_column(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                "must be small letters, digits and _, and begin with a letter, such as 'outages'"
            )
        return name

    @field_validator("change")
    @classmethod
    def _change_can_be_read(cls, change: str | float) -> str | float:
        read_change(change)
        return change

    @model_validator(mode="after")
    def _statistic_is_of_the_table(self) -> DriverSettings:
        allowed = STATISTICS[self.table]
        if self.statistic and self.statistic not in allowed:
            raise ValueError(
                f"has statistic = {self.statistic!r}; of {self.table} there are {', '.join(allowed)}"
                f"{nearest(self.statistic, allowed)}"
            )
        if self.statistic == "broken" and self.limit is None:
            raise ValueError("has statistic = 'broken' without a limit; say what was promised, limit = 10")
        if self.table == "snapshot" and len(self.of) != 1:
            raise ValueError(f"has of = {self.of}; of a flat table name one column, of = 'complaints'")
        if self.statistic == "last" and len(self.of) != 1:
            raise ValueError(f"has of = {self.of}; scores of different metrics do not mix, name one")
        return self

    @property
    def figure(self) -> str:
        """The statistic; by default the first of its table."""
        return self.statistic or STATISTICS[self.table][0]

    @property
    def words(self) -> str:
        """The label; by default the name."""
        return self.label or self.name.replace("_", " ")

    @property
    def change_words(self) -> str:
        """The change in words, such as ``one less`` or ``30 % less``."""
        amount, relative = read_change(self.change)
        if self.change == KEPT:
            return "promise kept"
        size = f"{abs(amount):.0%}".replace("%", " %") if relative else f"{abs(amount):g}"
        size = "one" if size == "1" else size
        return f"{size} {'less' if amount < 0 else 'more'}"


def read_change(change: str | float) -> tuple[float, bool]:
    """Return the size of a change, and whether it is relative.

    Raises
    ------
    ValueError
        Where it is no change.

    Examples
    --------
    >>> read_change("-30 %"), read_change(-1.0), read_change("kept")
    ((-0.3, True), (-1.0, False), (-1.0, True))
    """
    if change == KEPT:
        return -1.0, True
    told = str(change).strip()
    found = _CHANGE.fullmatch(told)
    if not found or not float(found[2]) or (isinstance(change, str) and not found[1]):
        raise ValueError(f"must be a change such as -1, '-30 %' or 'kept', with its sign; it is {told!r}")
    amount, relative = float(found[2]) * (-1.0 if found[1] in ("-", "−") else 1.0), bool(found[3])
    if relative and amount < -100:
        raise ValueError("must not take away more than there is; '-100 %' leaves none")
    return amount / (100 if relative else 1), relative


def preceding(drivers: Sequence[DriverSettings]) -> dict[str, tuple[str, ...]]:
    """Return for each driver the drivers that precede it, directly or through others, in their order.

    Raises
    ------
    ValueError
        Where a name comes twice, one is unknown, or drivers precede each other in a circle.

    Examples
    --------
    >>> outages, contacts = DriverSettings(name="outages"), DriverSettings(name="contacts", after=["outages"])
    >>> preceding([outages, contacts])
    {'outages': (), 'contacts': ('outages',)}
    """
    names = [one.name for one in drivers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"has two drivers named {', '.join(map(repr, twice))}; give each a name of its own")
    direct = {one.name: [name for name in one.after if name in names] for one in drivers}
    _refuse_unknown(drivers, names)
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        _walk(name, direct, found, path=())
    return found


def lacking_columns(drivers: Sequence[DriverSettings], columns: Iterable[str]) -> list[tuple[str, str]]:
    """Return drivers of a flat table with what they name that is no column, nor, in `after`, a driver.

    Examples
    --------
    >>> calls = DriverSettings(name="calls", table="snapshot", of="call", after="plan")
    >>> lacking_columns([calls], ["calls", "plan"])
    [('calls', 'call')]
    """
    there, names = set(columns), {one.name for one in drivers}
    return [
        (one.name, name)
        for one in drivers
        for name in (*one.of, *(each for each in one.after if each not in names))
        if name not in there
    ]


def _refuse_unknown(drivers: Sequence[DriverSettings], names: Iterable[str]) -> None:
    known = list(names)
    for one in drivers:
        for name in one.after:
            # what precedes a column of a flat table may be another column: the data decide
            if name not in known and one.table != "snapshot":
                raise ValueError(
                    f"has the driver {one.name!r} after {name!r}, which is no driver; there are "
                    f"{', '.join(known)}{nearest(name, known)}"
                )


def _walk(
    name: str, direct: Mapping[str, list[str]], found: dict[str, tuple[str, ...]], *, path: tuple[str, ...]
) -> tuple[str, ...]:
    if name in path:
        circle = " → ".join([*path[path.index(name) :], name])
        raise ValueError(
            f"has a circle in the causal order: {circle}. What comes first precedes; take one `after` out"
        )
    if name not in found:
        before = {
            one for each in direct[name] for one in (each, *_walk(each, direct, found, path=(*path, name)))
        }
        found[name] = tuple(one for one in direct if one in before)
    return found[name]

"""What came through the door, and what did not? Counts by table and by reason, that can be saved."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd


def counted(number: int, one: str) -> str:
    """Write how many there are.

    Examples
    --------
    >>> counted(1, "customer"), counted(1234, "customer")
    ('1 customer', '1,234 customers')
    """
    return f"{number:,} {one if number == 1 else f'{one}s'}"


@dataclass(frozen=True)
class TableCheck:
    """The counts of one table.

    ``rows_read = rows_kept + set_aside + left_out + dropped``. `duplicates` counts lines equal to an earlier
    one in every column, whether kept or dropped (None: not counted). `after_as_of` rows are kept, but not yet
    known.
    """

    table: str
    source: str
    rows_read: int
    rows_kept: int
    set_aside: int
    left_out: int
    dropped: int
    duplicates: int | None
    customers: int
    first_day: str | None
    last_day: str | None
    after_as_of: int
    refunds: int
    zero_amounts: int
    max_bad_share: float

    @property
    def bad_share(self) -> float:
        """Share of bad rows among the rows that the study does not leave out or drop."""
        examined = self.rows_kept + self.set_aside
        return self.set_aside / examined if examined else 0.0


@dataclass(frozen=True)
class ReasonCount:
    """How many rows of a table were set aside for one reason, with one raw value as an example."""

    table: str
    reason: str
    rows: int
    bad: bool
    example: str


@dataclass(frozen=True)
class CheckReport:
    """All that the door has to say: a row for each table, a row for each reason, and what was noticed."""

    checks: tuple[TableCheck, ...]
    counts: tuple[ReasonCount, ...]
    notes: tuple[str, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One row a table: rows read, kept, set aside, duplicates, customers, first and last day, …"""
        names = [field.name for field in fields(TableCheck)]
        frame = pd.DataFrame([asdict(check) for check in self.checks], columns=names)
        frame.insert(names.index("left_out"), "bad_share", [check.bad_share for check in self.checks])
        return frame

    @property
    def reasons(self) -> pd.DataFrame:
        """One row a table and reason, most frequent first."""
        names = [field.name for field in fields(ReasonCount)]
        frame = pd.DataFrame([asdict(count) for count in self.counts], columns=names)
        return frame.sort_values(["table", "rows"], ascending=[True, False], ignore_index=True)

    @property
    def sentences(self) -> list[str]:
        """The report in words: what is there, what is wrong, what was noticed."""
        said = []
        for check in self.checks:
            said.append(
                f"{check.table}: {check.rows_kept:,} of {check.rows_read:,} rows are valid"
                + (f", {counted(check.customers, 'customer')}" if check.customers else "")
                + (f", {check.first_day} to {check.last_day}" if check.first_day else "")
                + "."
            )
            reasons = [count for count in self.counts if count.table == check.table]
            for one in reasons:
                fate = "set aside" if one.bad else "not used"
                said.append(f"{check.table}: {counted(one.rows, 'row')} {fate}: {one.reason}.")
            if check.duplicates:
                done = "dropped" if check.dropped else "kept"
                same = counted(check.duplicates, "line")
                said.append(f"{check.table}: {same} the same as an earlier one; {done}.")
            if check.refunds or check.zero_amounts:
                said.append(
                    f"{check.table}: {counted(check.refunds, 'refund')} and "
                    f"{counted(check.zero_amounts, 'row')} with amount zero."
                )
            if check.after_as_of:
                said.append(
                    f"{check.table}: {check.rows_kept - check.after_as_of:,} of the valid rows are known by "
                    f"the as-of date; {counted(check.after_as_of, 'row')} after it: not yet known, kept."
                )
        return [*said, *self.notes]

    @property
    def summary(self) -> str:
        """One sentence over all tables: how many rows are valid, known by the date of the study, and not."""
        read, kept = sum(one.rows_read for one in self.checks), sum(one.rows_kept for one in self.checks)
        bad, out, twice, later = (
            sum(getattr(one, name) for one in self.checks)
            for name in ("set_aside", "left_out", "dropped", "after_as_of")
        )
        known = f", {kept - later:,} of them known by the as-of date" if later else ""
        asked = f", {out:,} left out as the study asks" if out else ""
        equal = f", {twice:,} dropped as equal to an earlier one" if twice else ""
        aside = f"{bad:,} were" if bad > 1 else "1 was" if bad else "none was"
        return (
            f"{kept:,} of {read:,} rows are valid ({kept / read:.1%}){known}; {aside} set aside as "
            f"unusable{asked}{equal}."
        )

    def save(self, file: Path) -> None:
        """Write the report as JSON."""
        content: dict[str, Any] = asdict(self)
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> CheckReport:
        """Read a report that `save` wrote."""
        content = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            checks=tuple(TableCheck(**check) for check in content["checks"]),
            counts=tuple(ReasonCount(**count) for count in content["counts"]),
            notes=tuple(content["notes"]),
        )

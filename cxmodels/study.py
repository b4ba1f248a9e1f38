"""What does this study ask, and of which data? `study.toml`, read into frozen, typed settings."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from cxmodels.study_errors import StudyError, explain, nearest

__all__ = [
    "ChurnSettings",
    "SegmentSettings",
    "Study",
    "StudyError",
    "TableSource",
    "ValueSettings",
    "read_study",
]

CANONICAL_TABLES = (
    "transactions",
    "contracts",
    "contacts",
    "surveys",
    "events",
    "treatments",
    "customers",
    "snapshot",
)

COMMON_CURRENCIES = (
    "EUR",
    "USD",
    "GBP",
    "NOK",
    "SEK",
    "DKK",
    "CHF",
    "PLN",
    "CZK",
    "HUF",
    "ISK",
    "CAD",
    "AUD",
    "NZD",
    "JPY",
    "CNY",
    "INR",
    "BRL",
    "ZAR",
    "SGD",
)


def _known_zone(zone: str) -> str:
    if zone not in available_timezones():
        raise ValueError(
            "is no time zone; write a name such as 'Europe/Oslo' or "
            f"'UTC'{nearest(zone, available_timezones())}"
        )
    return zone


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Day = Annotated[date, Field(strict=False)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=1, le=36_525)]
Texts = Annotated[list[str], BeforeValidator(_listed)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class TableSource(_Settings):
    """Where one canonical table comes from, and how its columns map to the canonical names.

    Attributes
    ----------
    source : list of str
        Files, globs or URLs (relative to the study file), or one catalogue name such as ``cdnow-master``;
        of a simulated set, such as ``nordtel``, each table takes its own file.
    database, table : str
        Instead of `source`: a DuckDB or SQLite file, and the table in it.
    columns : dict
        Canonical name → source column, or arithmetic of columns such as ``Quantity * UnitPrice``.
    delimiter, encoding, decimal, thousands, date_format, timezone, sheet
        How the raw values are written. What is not stated is read off the data where it is beyond doubt;
        otherwise reading stops and names the setting to write.
    where, exclude : list of str
        Conditions on source columns: all of `where` must hold; rows for which one of `exclude` holds leave.
    duplicates : {"keep", "drop"}
        What to do with lines equal in every column (they are counted either way).
    max_bad_share : float
        Reading stops when more than this share of the rows is set aside.
    """

    source: Texts = []
    database: str | None = None
    table: str | None = None
    columns: dict[str, str] = {}
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal["", " ", ".", ",", "'"] | None = None
    date_format: Texts = []
    timezone: Zone | None = None
    sheet: str | None = None
    where: Texts = []
    exclude: Texts = []
    duplicates: Literal["keep", "drop"] = "keep"
    max_bad_share: Share = 0.05

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, encoding: str | None) -> str | None:
        if encoding is not None:
            try:
                "".encode(encoding)
            except LookupError:
                raise ValueError(
                    "is no encoding; write for example 'utf-8', 'latin-1', 'cp1252' or 'utf-16'"
                ) from None
        return encoding

    @model_validator(mode="after")
    def _one_place(self) -> TableSource:
        if bool(self.source) == bool(self.database):
            raise ValueError('needs either source = "…" or database = "…" with table = "…", and not both')
        if (self.database is None) != (self.table is None):
            raise ValueError('needs database = "…" and table = "…" together')
        if self.decimal and self.thousands == self.decimal:
            raise ValueError(f"has decimal and thousands both set to {self.decimal!r}; they must differ")
        return self


class ValueSettings(_Settings):
    """The assumptions behind customer value: unit of time, margin, discount rate, horizon, model."""

    unit: Literal["day", "week", "month"] = "week"
    margin: float | tuple[float, float] = 1.0  # a share of the amount, or its range
    discount_rate: float = Field(default=0.10, ge=0, le=10)
    horizon_days: Days = 365
    model: Literal["auto", "bg-nbd", "mbg-nbd", "pareto-nbd", "nbd", "lightgbm", "blend"] = "auto"
    spend: Literal["gamma-gamma", "gamma-gamma-by-frequency", "pooled-mean"] = "gamma-gamma"
    holdout_days: Days | None = None
    seed: int = Field(default=20250101, ge=0, lt=2**32)
    draws: int = Field(default=1000, ge=100, le=1_000_000)
    history_start: Day | None = None

    @field_validator("margin", mode="before")
    @classmethod
    def _margin_is_share_or_range(cls, margin: object) -> object:
        ends = tuple(margin) if isinstance(margin, list | tuple) else (margin, margin)
        numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends)
        if numbers and not all(map(math.isfinite, ends)):
            raise ValueError("must be a finite number")
        if len(ends) != 2 or not numbers or not 0 < ends[0] <= ends[1] <= 1:
            raise ValueError(
                "must be a share such as 0.35, or a rising range such as [0.30, 0.40], above 0 and up to 1"
            )
        return (float(ends[0]), float(ends[1])) if isinstance(margin, list | tuple) else float(ends[0])

    @property
    def margin_low(self) -> float:
        """Lower end of the margin, a share of the amount."""
        return self.margin[0] if isinstance(self.margin, tuple) else self.margin

    @property
    def margin_high(self) -> float:
        """Upper end of the margin, a share of the amount."""
        return self.margin[1] if isinstance(self.margin, tuple) else self.margin

    @property
    def margin_mid(self) -> float:
        """Middle of the margin, a share of the amount."""
        return (self.margin_low + self.margin_high) / 2


class SegmentSettings(_Settings):
    """The rules behind segments.

    Attributes
    ----------
    tiers : dict
        Tier → cumulative share of value, from the most valuable down; the last one is 1.
    valuable : list of str
        The tiers, from the first on, whose customers count as valuable; empty: those up to 80 % of the value.
    new_days : int
        A customer is new for so many days after the first purchase.
    active_gaps, lapsed_gaps : float
        A silence of up to so many of the customer's expected gaps between purchases is active; a longer one
        is cooling, and beyond the second figure lapsed.
    compare_days : int, optional
        The earlier date of a comparison lies so many days before `as_of`; default: a third of the history,
        and at most a year.
    """

    tiers: dict[str, Share] = {"top": 0.50, "high": 0.80, "middle": 0.95, "low": 1.0}
    valuable: Texts = []
    new_days: Days = 90
    active_gaps: float = Field(default=2.0, gt=0, le=1000)
    lapsed_gaps: float = Field(default=4.0, gt=0, le=1000)
    compare_days: Days | None = None

    @field_validator("tiers")
    @classmethod
    def _tiers_rise_to_one(cls, tiers: dict[str, float]) -> dict[str, float]:
        shares = list(tiers.values())
        if len(shares) < 2 or shares != sorted(set(shares)) or shares[-1] != 1.0 or shares[0] <= 0:
            raise ValueError(
                "must be two or more rising shares of value that end at 1, such as {top = 0.5, low = 1.0}"
            )
        return tiers

    @model_validator(mode="after")
    def _rules_agree(self) -> SegmentSettings:
        if self.active_gaps >= self.lapsed_gaps:
            raise ValueError("needs active_gaps below lapsed_gaps")
        if self.valuable != list(self.tiers)[: len(self.valuable)] or len(self.valuable) == len(self.tiers):
            raise ValueError(
                f"has valuable = {self.valuable}; it must name the first tiers of {list(self.tiers)} "
                "in their order, and leave at least one out"
            )
        return self

    @property
    def valuable_tiers(self) -> tuple[str, ...]:
        """The tiers whose customers count as valuable, best first."""
        up_to = [tier for tier, share in self.tiers.items() if share <= 0.80]
        return tuple(self.valuable or up_to or list(self.tiers)[:1])


class ChurnSettings(_Settings):
    """The windows around a date, and who counts as having left.

    Attributes
    ----------
    observation_days, gap_days, horizon_days : int
        Observed before a date; a gap after it to act in; then a horizon in which leaving is read.
    step_days : int, optional
        From one date to the next; default: a month.
    windows : list of int
        Days in which experiences are counted, up to `observation_days`; empty: 30, 90 and `observation_days`.
    label : {"auto", "contracts", "silence"}
        Whether leaving is a contract that ends, or no purchase; auto: contracts where there are any.
    return_days : int
        Whose next contract starts within so many days of the end of the last has not left.
    allow : list of str
        Features that may be used although they look as if they knew who left.
    exclude : list of str
        What the model must not see: features, or kinds, reasons and touchpoints of records, such as contacts
        to cancel.
    """

    observation_days: Days = 180
    gap_days: int = Field(default=14, ge=0, le=36_525)
    horizon_days: Days = 90
    step_days: Days | None = None
    windows: list[Days] = []
    label: Literal["auto", "contracts", "silence"] = "auto"
    return_days: int = Field(default=14, ge=0, le=36_525)
    allow: Texts = []
    exclude: Texts = []

    @model_validator(mode="after")
    def _windows_lie_in_the_observation(self) -> ChurnSettings:
        if self.windows != sorted(set(self.windows)) or max(self.windows, default=0) > self.observation_days:
            raise ValueError(
                f"has windows = {self.windows}; they must rise, up to observation_days = "
                f"{self.observation_days}"
            )
        return self

    @property
    def signal_windows(self) -> tuple[int, ...]:
        """Days in which experiences are counted, shortest first."""
        usual = {days for days in (30, 90) if days < self.observation_days} | {self.observation_days}
        return tuple(self.windows or sorted(usual))


class Study(_Settings):
    """One study: title, date, money, language, where the data are, and the assumptions.

    Made by `read_study`; frozen. `path` is the file that it was read from.
    """

    title: str = Field(min_length=1)
    as_of: Day
    currency: str
    language: Literal["en", "nb", "da", "sv"] = "en"
    timezone: Zone = "UTC"
    tables: dict[str, TableSource] = Field(min_length=1)
    value: ValueSettings = ValueSettings()
    segments: SegmentSettings = SegmentSettings()
    churn: ChurnSettings | None = None
    path: Path = Field(default=Path("study.toml"), exclude=True, repr=False)

    @field_validator("currency")
    @classmethod
    def _currency_is_iso(cls, currency: str) -> str:
        if currency not in list_currencies():
            raise ValueError(
                "is no ISO currency code; write three capitals such as "
                f"'EUR'{nearest(currency, COMMON_CURRENCIES)}"
            )
        return currency

    @field_validator("tables")
    @classmethod
    def _tables_are_canonical(cls, tables: dict[str, TableSource]) -> dict[str, TableSource]:
        for name in tables:
            if name not in CANONICAL_TABLES:
                raise ValueError(
                    f"has the unknown table {name!r}; allowed are {', '.join(CANONICAL_TABLES)}"
                    f"{nearest(name, CANONICAL_TABLES)}"
                )
        return tables

    @model_validator(mode="after")
    def _history_starts_by_as_of(self) -> Study:
        start = self.value.history_start
        if start is not None and start > self.as_of:
            raise ValueError(
                f"has value.history_start = {start} after as_of = {self.as_of}: no history is left"
            )
        return self

    @property
    def name(self) -> str:
        """Short name, for folders: of the folder of ``study.toml``, else ``<folder>-<stem>``."""
        folder = self.folder.name or "study"
        return folder if self.path.name == "study.toml" else f"{folder}-{self.path.stem}"

    @property
    def folder(self) -> Path:
        """The study's folder: relative sources start here."""
        return self.path.resolve().parent

    def settings(self) -> dict[str, Any]:
        """Return every setting as plain JSON-ready values, defaults included, for the record of a run."""
        return self.model_dump(mode="json")


def read_study(path: str | Path, overrides: Mapping[str, object] | None = None) -> Study:
    """Read a study file, apply overrides, and check every key, type and value.

    Parameters
    ----------
    path : str or Path
        A ``.toml`` file, or a folder that holds ``study.toml``.
    overrides : mapping, optional
        Dotted key → value, such as ``{"as_of": "2026-10-31", "value.margin": 0.4}``. Text is read as a TOML
        value where it is one, and as plain text otherwise, as on the command line.

    Returns
    -------
    Study
        Frozen settings.

    Raises
    ------
    StudyError
        Where the file is missing or no TOML, or a key, type or value is wrong. The message names the file,
        the key, what was found, what is allowed, and the nearest valid name.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "study.toml"
    settings = _load(file)
    changed = dict(overrides or {})
    for key, value in changed.items():
        _place(settings, key, _as_value(value))
    if "path" in settings:
        raise StudyError(f"{file}: key 'path' is not allowed; the path of a study is the path of its file.")
    try:
        return Study.model_validate({**settings, "path": file})
    except ValidationError as error:
        raise StudyError(explain(error, file=file, overrides=changed, model=Study)) from None


def _load(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        around = sorted(str(p) for p in file.parent.glob("*.toml")) or sorted(
            str(p) for p in file.parent.parent.glob("*/*.toml")
        )
        there = f" Study files near it: {', '.join(around[:8])}." if around else ""
        raise StudyError(f"{file}: there is no such study file.{there}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{file}: the study file cannot be read ({error}).") from None
    except tomllib.TOMLDecodeError as error:
        raise StudyError(
            f"{file}: this is not valid TOML: {error}. Text needs quotes, dates have none."
        ) from None


def _as_value(value: object) -> object:
    """Read text as a TOML value (date, number, list, …) where it is one."""
    if not isinstance(value, str):
        return value
    try:
        read = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return value
    return read["value"] if list(read) == ["value"] else value


def _place(settings: dict[str, Any], key: str, value: object) -> None:
    parts = key.split(".")
    if not all(re.fullmatch(r"[\w-]+", part) for part in parts):
        raise StudyError(f"override {key!r}: this is no key; write dotted names such as value.margin=0.35.")
    for part in parts[:-1]:
        inner = settings.setdefault(part, {})
        if not isinstance(inner, dict):
            raise StudyError(f"override {key!r}: {part!r} is a single value and has no keys below it.")
        settings = inner
    settings[parts[-1]] = value

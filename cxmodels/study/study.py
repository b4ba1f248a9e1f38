"""What is a study? Its title, date and money, its tables, and the assumptions of each room."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from babel.numbers import list_currencies
from pydantic import Field, field_validator, model_validator

from cxmodels.study.churn import ChurnSettings
from cxmodels.study.drivers import DriverSettings, preceding
from cxmodels.study.fields import Day, Settings, Zone
from cxmodels.study.sources import CANONICAL_TABLES, TableSource
from cxmodels.study.value import SegmentSettings, ValueSettings
from cxmodels.study_errors import nearest

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


class Study(Settings):
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
    drivers: list[DriverSettings] = []
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

    @field_validator("drivers")
    @classmethod
    def _drivers_have_an_order(cls, drivers: list[DriverSettings]) -> list[DriverSettings]:
        preceding(drivers)
        return drivers

    @model_validator(mode="after")
    def _history_starts_by_as_of(self) -> Study:
        start = self.value.history_start
        if start is not None and start > self.as_of:
            raise ValueError(
                f"has value.history_start = {start} after as_of = {self.as_of}: no history is left"
            )
        return self

    @property
    def undated(self) -> bool:
        """Whether no table has dates, so that `as_of` only names the report."""
        return set(self.tables) <= {"snapshot", "customers"}

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

"""What kinds of values does a study have? Types that say what is allowed, and the section made of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from cxmodels.study_errors import nearest


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


class Settings(BaseModel):
    """One section of a study: frozen, and refusing what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

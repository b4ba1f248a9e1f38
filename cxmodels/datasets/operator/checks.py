"""Are these settings possible? Ranges that are written beside the types, and one check for all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from typing import Annotated, Any, cast, get_args, get_type_hints


@dataclass(frozen=True)
class Range:
    """Which numbers are allowed: from `low` to `high`, both included; `whole` numbers only."""

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        kind = "a whole number" if self.whole else "a number"
        if math.isinf(self.low) and math.isinf(self.high):
            return kind
        if math.isinf(self.high):
            return f"{kind} of {self.low:g} or more"
        return f"{kind} from {self.low:g} to {self.high:g}"


Number = Annotated[float, Range()]
NotNegative = Annotated[float, Range(0.0)]
Positive = Annotated[float, Range(1e-9)]
Share = Annotated[float, Range(0.0, 1.0)]
Correlation = Annotated[float, Range(-0.99, 0.99)]
Whole = Annotated[int, Range(0, 100_000, whole=True)]
AtLeastOne = Annotated[int, Range(1, 100_000, whole=True)]


class Checked:
    """A settings dataclass whose values are checked against the types beside them, when it is made."""

    def __post_init__(self) -> None:
        """Check every value, so that an error names the setting, what was found and what is allowed."""
        for name, hint in _hints(cast(Any, type(self))).items():
            _check(getattr(self, name), hint, name=f"{type(self).__name__}.{name}")


@cache
def _hints(settings: Any) -> dict[str, Any]:
    hints = get_type_hints(settings, include_extras=True)
    return {field.name: hints[field.name] for field in fields(settings)}


def _check(value: object, hint: Any, *, name: str) -> None:
    bounds = next((part for part in get_args(hint) if isinstance(part, Range)), None)
    if bounds is not None:
        _check_number(value, bounds, name=name)
    elif hint is date and not isinstance(value, date):
        raise ValueError(f"{name} is {value!r}; give a day, such as date(2022, 1, 1).")
    elif isinstance(hint, type) and issubclass(hint, Checked) and not isinstance(value, hint):
        raise ValueError(f"{name} is {value!r}; give {hint.__name__}(…).")


def _check_number(value: object, bounds: Range, *, name: str) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or (bounds.whole and value != int(value)):  # type: ignore[arg-type, call-overload]
        raise ValueError(f"{name} is {value!r}; give {bounds.words}.")
    if not bounds.low <= value <= bounds.high:  # type: ignore[operator]
        raise ValueError(f"{name} is {value!r}; give {bounds.words}.")

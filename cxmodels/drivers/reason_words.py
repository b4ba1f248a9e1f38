"""How is a feature of a customer told in words of the study, in its language?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from cxmodels.drivers.attribution_parts import CONTRACT
from cxmodels.drivers.phrases import LANGUAGES, NUMBERS, PHRASES, Phrase
from cxmodels.experience.signal import Signal
from cxmodels.study.drivers import DriverSettings
from cxmodels.tables.errors import nearest_names

_TWO_ENDS = {"bound_days_left": "months_since_bound", "months_since_bound": "bound_days_left"}  # one is 0
_WHOLE = {"events": "event", "contacts": "contact", "transactions": "purchase"}


def plain_number(value: float, *, digits: int) -> str:
    """Write a number without a language, with so many digits after the point."""
    return f"{value:.{digits}f}"


@dataclass(frozen=True)
class ReasonWords:
    """How a feature and its value are told.

    Parameters
    ----------
    language : str
        Of the study: ``en``, ``nb``, ``da`` or ``sv``.
    signals : sequence of Signal
        Those among the features: their kind, figure and window make the phrase.
    labels : mapping of str to str
        Words, in that language, for features, or for kinds of event, reasons of contact and metrics; see
        `driver_labels`. Without any, a kind is told as the data write it.
    flags : collection of str
        Features that say yes (1) or no (0), such as ``Snapshots.flags``.
    number : callable
        Words a number with so many ``digits`` in that language, such as ``run.words.number``.

    Raises
    ------
    ValueError
        Where there are no phrases in that language.

    Examples
    --------
    >>> wait = Signal("wait", "contacts", "mean", days=60)
    >>> calls = Signal("calls", "contacts", "count", days=60)
    >>> words = ReasonWords("en", [wait, calls])
    >>> words.say("wait", 14.0), words.say("calls", 3.0)
    ('waited 14 minutes on average in 60 days', 'contact: three times in 60 days')
    >>> words.beside["wait"], words.say("wait", 14.0, 3.0)
    ('calls', 'waited 14 minutes on average, in touch three times in 60 days')
    >>> outages = Signal("outages", "events", "count", of="outage")
    >>> ReasonWords("nb", [outages], {"outage": "brudd"}).say("outages", 1.0)
    'brudd: én gang på 90 dager'
    """

    language: str = "en"
    signals: Sequence[Signal] = field(default=(), repr=False)
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)
    flags: Collection[str] = field(default=(), repr=False)
    number: Callable[..., str] = field(default=plain_number, repr=False)

    def __post_init__(self) -> None:
        """Refuse a language without phrases."""
        if self.language not in PHRASES:
            raise ValueError(
                f"There are no phrases in {self.language!r}; there are in {', '.join(LANGUAGES)}"
                f"{nearest_names(self.language, LANGUAGES)}."
            )

    @cached_property
    def beside(self) -> dict[str, str]:
        """Features told with another: a mean wait, with how often there was one; a binding, with its end."""
        counts = {_whose(one): one.name for one in self.signals if one.statistic == "count"}
        waits = [one for one in self.signals if one.table == "contacts" and one.statistic == "mean"]
        return _TWO_ENDS | {one.name: counts[_whose(one)] for one in waits if _whose(one) in counts}

    @cached_property
    def _signals(self) -> dict[str, Signal]:
        return {signal.name: signal for signal in self.signals}

    def say(self, feature: str, value: object, *beside: object) -> str:
        """Word a feature and a customer's value of it, and that of the feature told `beside` it."""
        if feature in _TWO_ENDS and value == 0 and beside and beside[0]:
            feature, value = _TWO_ENDS[feature], beside[0]
        if feature in self.flags and value in (0, 1):
            value = bool(value)
        if feature in self.labels:
            return f"{self.labels[feature]}: {self._value(value)}"
        if feature in self._signals:
            return self._experience(self._signals[feature], value, *beside)
        if pd.isna(value):  # type: ignore[call-overload]
            if f"{feature}.missing" in PHRASES[self.language]:
                return self._fill(f"{feature}.missing", {})
        elif feature == "plan":
            return self._fill("plan", {"n": self._value(value)})
        elif feature in (*CONTRACT, "age") and not isinstance(value, str):
            return self._figure(feature, float(value), {})  # type: ignore[arg-type]
        return f"{feature.replace('_', ' ')}: {self._value(value)}"

    def _experience(self, signal: Signal, value: object, *beside: object) -> str:
        gaps = {"thing": self._thing(signal), **self._window(signal)}
        if pd.isna(value):  # type: ignore[call-overload]
            return self._fill("no score" if signal.table == "surveys" else "none", gaps)
        gaps["limit"] = self._number(signal.limit) if signal.statistic == "broken" else ""
        figure = {"refunds": "count", "bought": "sum"}.get(signal.statistic, signal.statistic)
        own = f"{signal.table}.{figure}"
        key = own if own in PHRASES[self.language] else figure
        if beside and not pd.isna(beside[0]):  # type: ignore[call-overload]
            times = self._times(float(beside[0]))  # type: ignore[arg-type]
            return self._figure(f"{key}.beside", float(value), {**gaps, "times": times})  # type: ignore[arg-type]
        return self._figure(key, float(value), gaps)  # type: ignore[arg-type]

    def _figure(self, key: str, number: float, gaps: Mapping[str, str]) -> str:
        """Fill the phrase of a figure; some are told one way above 0, another below."""
        way = "more" if number > 0 else "less" if number < 0 else "same"
        if f"{key}.{way}" in PHRASES[self.language]:
            key, number = f"{key}.{way}", abs(number)
        if key == "months_since_bound":
            number = max(round(number, 1 if number < 10 else 0), 0.1)  # a day ago is not 0 months
        n = self._number(number)
        return self._fill(key, {"times": self._times(number), **gaps, "n": n}, one=n == "1")

    def _fill(self, key: str, gaps: Mapping[str, str], *, one: bool = False) -> str:
        phrase: Phrase = PHRASES[self.language][key]
        if isinstance(phrase, tuple):
            phrase = phrase[0 if one else 1]
        return phrase.format(**gaps)

    def _times(self, number: float) -> str:
        key = {0.0: "never", 1.0: "once", 2.0: "twice"}.get(number, "times")
        spelled = NUMBERS[self.language]
        few = number.is_integer() and 3 <= number < 3 + len(spelled)
        return self._fill(key, {"n": spelled[int(number) - 3] if few else self._number(number)})

    def _number(self, value: float) -> str:
        return self.number(value, digits=_digits(value))

    def _window(self, signal: Signal) -> dict[str, str]:
        length = self._number(float(signal.months or signal.days))
        span = self._fill("months" if signal.months else "days", {"n": length}, one=length == "1")
        return {"window": span, "before": length}

    def _thing(self, signal: Signal) -> str:
        named = self.labels.get(signal.of, signal.of.replace("_", " ").strip())
        if signal.table == "surveys":
            return named if signal.of in self.labels else named.upper()
        whole = "refund" if signal.statistic in ("refunds", "refunded") else _WHOLE[signal.table]
        one = self._fill(whole, {})
        if signal.apart_from:
            return self._fill("rarer", {"thing": one})
        if signal.of and signal.table == "contacts":
            return self._fill("about", {"thing": one, "of": named})
        return named or one

    def _value(self, value: object) -> str:
        unknown, yes, no = (self._fill(key, {}) for key in ("unknown", "yes", "no"))
        if pd.isna(value):  # type: ignore[call-overload]
            return unknown
        if isinstance(value, bool | np.bool_):
            return yes if value else no
        return self._number(float(value)) if isinstance(value, int | float | np.number) else str(value)


def _digits(value: float) -> int:
    """Count the digits after the point that three figures need: 8.2 is not 8.20."""
    told = float(f"{value:.3g}") if abs(value) < 100 else round(value)
    return next((digits for digits in range(8) if round(told, digits) == told), 8)


def _whose(signal: Signal) -> tuple[object, ...]:
    """Say of which records in which window a signal is."""
    return signal.table, signal.of, signal.apart_from, signal.days, signal.months


def driver_labels(drivers: Sequence[DriverSettings]) -> dict[str, str]:
    """Return the study's own words for kinds of event, and for columns of a flat table.

    Parameters
    ----------
    drivers : sequence of DriverSettings
        Of those that are one kind or one column, the label is taken, if there is one.

    Examples
    --------
    >>> driver_labels([DriverSettings(name="outages", of=["outage"], label="power cut")])
    {'outage': 'power cut'}
    """
    plain = ("count", "value")  # what is said of some of a kind is no word for the kind
    kinds = [one for one in drivers if one.table in ("events", "snapshot") and one.figure in plain]
    return {one.of[0]: one.label for one in kinds if one.label and len(one.of) == 1}

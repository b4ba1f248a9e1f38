"""Why this customer? Each customer's own strongest reasons, in words of the study and in its language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from cxmodels.churn.batches import batches, keys_of
from cxmodels.churn.model import ChurnModel
from cxmodels.churn.reasons import TOP, plain_number, say_value, tell_reasons
from cxmodels.drivers.attribution_parts import CONTRACT
from cxmodels.drivers.phrases import LANGUAGES, PHRASES, Phrase
from cxmodels.experience.signal import Signal
from cxmodels.tables.errors import nearest_names

_WHOLE = {"events": "event", "contacts": "contact", "transactions": "purchase"}


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
        Words, in that language, for features, or for kinds of event, reasons of contact and metrics.
        Without any, a kind is told as the data write it.
    number : callable
        Words a number in that language, such as ``run.words.number``.

    Raises
    ------
    ValueError
        Where there are no phrases in that language.

    Examples
    --------
    >>> wait = Signal("wait", "contacts", "mean", days=60)
    >>> outages = Signal("outages", "events", "count", of="outage")
    >>> words = ReasonWords("en", [wait, outages])
    >>> words.say("wait", 14.0), words.say("outages", 3.0)
    ('waited 14 minutes on average in 60 days', 'outage: 3 times in 90 days')
    >>> ReasonWords("nb", [outages], {"outage": "brudd"}).say("outages", 1.0)
    'brudd: én gang på 90 dager'
    """

    language: str = "en"
    signals: Sequence[Signal] = field(default=(), repr=False)
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)
    number: Callable[[float], str] = field(default=plain_number, repr=False)

    def __post_init__(self) -> None:
        """Refuse a language without phrases."""
        if self.language not in PHRASES:
            raise ValueError(
                f"There are no phrases in {self.language!r}; there are in {', '.join(LANGUAGES)}"
                f"{nearest_names(self.language, LANGUAGES)}."
            )

    @cached_property
    def _signals(self) -> dict[str, Signal]:
        return {signal.name: signal for signal in self.signals}

    @cached_property
    def _plain(self) -> tuple[str, str, str]:
        return self._fill("unknown", {}), self._fill("yes", {}), self._fill("no", {})

    def say(self, feature: str, value: object) -> str:
        """Word a feature and a customer's value of it."""
        if feature in self.labels:
            return f"{self.labels[feature]}: {self._value(value)}"
        if feature in self._signals:
            return self._experience(self._signals[feature], value)
        if pd.isna(value):  # type: ignore[call-overload]
            if f"{feature}.missing" in PHRASES[self.language]:
                return self._fill(f"{feature}.missing", {})
        elif feature == "plan":
            return self._fill("plan", {"n": self._value(value)})
        elif feature in (*CONTRACT, "age") and not isinstance(value, str):
            return self._figure(feature, float(value), {})  # type: ignore[arg-type]
        return f"{feature.replace('_', ' ')}: {self._value(value)}"

    def _experience(self, signal: Signal, value: object) -> str:
        gaps = {"thing": self._thing(signal), "days": self.number(float(signal.days))}
        if pd.isna(value):  # type: ignore[call-overload]
            return self._fill("no score" if signal.table == "surveys" else "none", gaps)
        gaps["limit"] = self.number(signal.limit)
        figure = "count" if signal.statistic == "refunds" else signal.statistic
        own = f"{signal.table}.{figure}"
        key = own if own in PHRASES[self.language] else figure
        return self._figure(key, float(value), gaps)  # type: ignore[arg-type]

    def _figure(self, key: str, number: float, gaps: Mapping[str, str]) -> str:
        """Fill the phrase of a figure; some are told one way above 0, another below."""
        way = "more" if number > 0 else "less" if number < 0 else "same"
        if f"{key}.{way}" in PHRASES[self.language]:
            key, number = f"{key}.{way}", abs(number)
        n = self.number(number)
        return self._fill(key, {**gaps, "n": n, "times": self._times(number)}, one=n == "1")

    def _fill(self, key: str, gaps: Mapping[str, str], *, one: bool = False) -> str:
        phrase: Phrase = PHRASES[self.language][key]
        if isinstance(phrase, tuple):
            phrase = phrase[0 if one else 1]
        return phrase.format(**gaps)

    def _times(self, number: float) -> str:
        key = {0.0: "never", 1.0: "once"}.get(number, "times")
        return self._fill(key, {"n": self.number(number)})

    def _thing(self, signal: Signal) -> str:
        named = self.labels.get(signal.of, signal.of.replace("_", " ").strip())
        if signal.table == "surveys":
            return named if signal.of in self.labels else named.upper()
        whole = "refund" if signal.statistic == "refunds" else _WHOLE[signal.table]
        one = self._fill(whole, {})
        if signal.apart_from:
            return self._fill("rarer", {"thing": one})
        if signal.of and signal.table == "contacts":
            return self._fill("about", {"thing": one, "of": named})
        return named or one

    def _value(self, value: object) -> str:
        return say_value(value, number=self.number, words=self._plain)


def stream_reasons(
    model: ChurnModel,
    source: pd.DataFrame | Iterable[pd.DataFrame],
    words: ReasonWords,
    *,
    families: Mapping[str, str] | None = None,
    count: int = TOP,
    rows: int | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield the reasons of every customer, a batch at a time: memory does not grow with the customers.

    Parameters
    ----------
    model : ChurnModel
    source : DataFrame, or iterable of DataFrame
        As of `cxmodels.churn.batches.batches`.
    words : ReasonWords
    families : mapping of str to str, optional
        Features that tell the same thing, as of `feature_parts`: added up, and told once, by the feature
        that raises most.
    count : int
        Reasons a customer, at most.
    rows : int
        Of a batch of one DataFrame.

    Yields
    ------
    DataFrame
        customer_id and as_of (where they are there), and reasons: what raises the odds of leaving by 2 % or
        more, the strongest first, with the customer's own value; empty where nothing does.

    Raises
    ------
    ValueError
        Where a batch lacks a feature, or `count` or `rows` is below 1.

    Notes
    -----
    A reason says what the model used. It is no cause, and no advice: see `ChurnModel.contributions`.
    """
    for batch in batches(source, rows=rows):
        moved = model.contributions(batch).drop(columns="base")
        told = tell_reasons(moved, batch, say=words.say, families=families, count=count)
        yield keys_of(batch).assign(reasons=told)

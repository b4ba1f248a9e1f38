"""How figures are written for people: money, counts, shares and dates in the study's currency and language.

Everything that a reader sees passes through here, so that a number looks the same in a sentence, on an
axis and in a table. Words are English in every language, since the sentences around the figures are; the
language decides what is no word: separators, the place of the currency and of the percent sign, the order of
a date. Its rules come from the Unicode locale data that `babel` carries.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import (
    format_compact_decimal,
    format_currency,
    format_decimal,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
    is_currency,
)

_NOTHING = "–"
_LARGE = ("million", "billion", "trillion")
_LARGE_NORDIC = _LARGE[:1]  # a Nordic reader takes a billion for a million millions
_ENGLISH_FIGURE = re.compile(
    r"(?<![\w.])(?:(?P<day>\d{4}-\d{2}-\d{2})|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?P<percent>\s?%)?)(?![\w]|[.,]\d)"
)
_LOCALES = {"en": "en_GB", "nb": "nb_NO", "da": "da_DK", "sv": "sv_SE"}


@dataclass(frozen=True)
class Wording:
    """Figures as one language writes them, for English sentences.

    Parameters
    ----------
    language : str
        A language of the study: ``en``, ``nb``, ``da`` or ``sv``.

    Examples
    --------
    >>> words = Wording("en")
    >>> words.number(23570), words.percent(0.1234), words.percent(0.5, digits=0)
    ('23,570', '12.3%', '50%')
    >>> Wording("nb").number(1234.5, digits=1).replace(chr(160), " ")
    '1 234,5'
    """

    language: str = "en"

    def __post_init__(self) -> None:
        """Refuse a language whose rules are not known."""
        if self.language not in _LOCALES:
            raise ValueError(
                f"language {self.language!r} is not known; allowed: {', '.join(sorted(_LOCALES))}"
            )
        try:
            Locale.parse(_LOCALES[self.language])
        except UnknownLocaleError as error:
            raise ValueError(f"babel has no rules for {self.language!r}: reinstall babel") from error

    @property
    def locale(self) -> str:
        """The locale whose rules are used, such as ``nb_NO``."""
        return _LOCALES[self.language]

    def number(self, value: float, *, digits: int | None = None) -> str:
        """Write a number with the language's separators.

        Parameters
        ----------
        value : float
            Any number; one that is missing or not finite is written as a dash.
        digits : int, optional
            Digits after the decimal mark. Without it: none from 100 on, otherwise up to three figures.
        """
        if not _is_finite(value):
            return _NOTHING
        places = _places(value) if digits is None else digits
        pattern = "#,##0" + ("." + "0" * places if places else "")
        return format_decimal(_round(value, places), format=pattern, locale=self.locale)

    def percent(self, share: float, *, digits: int = 1) -> str:
        """Write a share (0.123) as a percentage: ``12.3%`` in English, ``12,3 %`` in the Nordic languages."""
        if not _is_finite(share):
            return _NOTHING
        return f"{self.number(100 * share, digits=digits)}{self._percent}"

    def points(self, share: float) -> str:
        """Write a difference between shares (-0.0123) in percentage points: ``-1.2``."""
        return self.number(100 * share, digits=1)

    def count(self, number: float, one: str, many: str = "") -> str:
        """Write how many there are: ``1 customer``, ``2 customers``.

        Parameters
        ----------
        number : float
            How many.
        one, many : str
            The noun for one, and for any other number; without `many`, `one` with an s.
        """
        return f"{self.number(number)} {one if number == 1 else many or f'{one}s'}"

    def date(self, day: date) -> str:
        """Write a day: in English with the month in words (30 June 1998), else in figures (30.06.1998)."""
        return format_date(day, format="long" if self.language == "en" else "short", locale=self.locale)

    def figures(self, text: str) -> str:
        """Write the figures of a sentence that was worded without a language as the language writes them.

        Parameters
        ----------
        text : str
            With figures as in ``1,234``, ``12.3%`` and ``2024-07-01``, such as a note of a model.

        Examples
        --------
        >>> Wording("da").figures("1,234 customers were known on 2024-07-01.")
        '1.234 customers were known on 01.07.2024.'
        >>> Wording("en").figures("1,234 customers were known on 2024-07-01.")
        '1,234 customers were known on 1 July 2024.'
        """
        return _ENGLISH_FIGURE.sub(self._figure, text)

    def range(self, low: float, high: float, *, digits: int | None = None) -> str:
        """Write two numbers as a range: ``1.2 to 3.4``."""
        return f"{self.number(low, digits=digits)} to {self.number(high, digits=digits)}"

    @property
    def _percent(self) -> str:
        return "%" if self.language == "en" else "\N{NO-BREAK SPACE}%"

    def _figure(self, found: re.Match[str]) -> str:
        """Write one figure of a sentence; what looks like a day but is none stays as it is."""
        if found["day"]:
            try:
                return self.date(date.fromisoformat(found["day"]))
            except ValueError:
                return found["day"]
        signs = {",": get_group_symbol(self.locale), ".": get_decimal_symbol(self.locale)}
        number = "".join(signs.get(character, character) for character in found["number"])
        return number + (self._percent if found["percent"] else "")


@dataclass(frozen=True)
class Money:
    """Money in one currency and language; call it to get the wording for a sentence.

    Parameters
    ----------
    currency : str
        ISO 4217 code, such as ``USD``.
    language : str
        A language of the study: ``en``, ``nb``, ``da`` or ``sv``.

    Examples
    --------
    >>> money = Money("USD", "en")
    >>> money(1234567), money(23570), money(35.168), money(-4200000)
    ('$1.23 million', '$23,570', '$35.17', '-$4.20 million')
    >>> money.short(1234567), money.short(23570), money.range(1_100_000, 1_400_000)
    ('$1.2M', '$23.6K', '$1.10 million to $1.40 million')
    >>> Money("NOK", "nb")(1234567).replace(chr(160), " ")
    '1,23 million kr'
    """

    currency: str
    language: str = "en"

    def __post_init__(self) -> None:
        """Refuse a currency or language that is not known."""
        Wording(self.language)
        if not is_currency(self.currency):
            raise ValueError(f"currency {self.currency!r} is no ISO 4217 code; write it as USD, GBP, NOK …")

    @property
    def words(self) -> Wording:
        """Numbers without a currency, in the same language."""
        return Wording(self.language)

    @property
    def symbol(self) -> str:
        """The sign that stands for the currency: ``$``, ``kr``, or the code where the language has none."""
        symbol = get_currency_symbol(self.currency, locale=self._locale)
        # en_GB writes US$ and JP¥; where the report knows one currency only, the plain sign reads better.
        return {"US$": "$", "JP¥": "¥"}.get(symbol, symbol)

    @property
    def _locale(self) -> str:
        return Wording(self.language).locale

    def __call__(self, value: float) -> str:
        """Write an amount for a sentence: whole units from 100 on, a word from a million on."""
        if not _is_finite(value):
            return _NOTHING
        if abs(value) >= 999_500:
            return self._with_symbol(self._in_words(abs(value)), negative=value < 0)
        return self.exact(value, digits=0 if abs(value) >= 99.995 else None)

    def exact(self, value: float, *, digits: int | None = None) -> str:
        """Write an amount in full.

        Parameters
        ----------
        value : float
            The amount, in units of the currency.
        digits : int, optional
            Digits after the decimal mark; without it, those of the currency.
        """
        if not _is_finite(value):
            return _NOTHING
        whole = format_currency(0, self.currency, locale=self._locale)
        places = sum(character == "0" for character in whole) - 1 if digits is None else digits
        number = self.words.number(abs(value), digits=places)
        return self._with_symbol(number, negative=_round(value, places) < 0)

    def short(self, value: float) -> str:
        """Write an amount for an axis or a label, in as few characters as possible: ``$1.2M``."""
        if not _is_finite(value):
            return _NOTHING
        if abs(value) < 999.5:
            return self.exact(value, digits=0 if abs(value) >= 10 or value == int(value) else None)
        size = abs(_round_figures(value, 3))
        if self.language != "en" and size >= 1e9:
            return self._with_symbol(f"{self.words.number(size / 1e6, digits=0)}M", negative=value < 0)
        # British English has k and m: K and M are plainer
        number = format_compact_decimal(size, format_type="short", locale="en", fraction_digits=1)
        point = get_decimal_symbol(self._locale)
        return self._with_symbol(number.replace(".", point), negative=value < 0)

    def range(self, low: float, high: float) -> str:
        """Write two amounts as a range: ``$1.10 million to $1.40 million``."""
        return f"{self(low)} to {self(high)}"

    def _in_words(self, size: float) -> str:
        """Write a size from a million on with three figures and the word: ``1.23 million``."""
        rounded = _round_figures(size, 3)
        large = _LARGE if self.language == "en" else _LARGE_NORDIC
        rank = max(index for index in range(len(large)) if index == 0 or rounded >= 1000 ** (index + 2))
        scaled = rounded / 1000 ** (rank + 2)
        number = self.words.number(scaled, digits=0 if scaled >= 100 else 1 if scaled >= 10 else 2)
        return f"{number} {large[rank]}"

    def _with_symbol(self, number: str, *, negative: bool) -> str:
        """Put the currency where the language has it."""
        pattern = Locale.parse(self._locale).currency_formats["standard"].pattern.split(";")[0]
        symbol = self.symbol
        if pattern.startswith("¤"):
            gap = "\N{NO-BREAK SPACE}" if len(symbol) > 1 and symbol.isalpha() else ""
            text = f"{symbol}{gap}{number}"
        else:
            text = f"{number}\N{NO-BREAK SPACE}{symbol}"
        return f"-{text}" if negative else text


def one_full_stop(sentence: str) -> str:
    """Take away a full stop that follows that of an abbreviation: "It brings 12 kr.." ends in one.

    Examples
    --------
    >>> one_full_stop("It brings 12 kr.. Nobody knows more ...")
    'It brings 12 kr. Nobody knows more ...'
    """
    return re.sub(r"(?<!\.)\.\.(?!\.)", ".", sentence)


def _is_finite(value: float) -> bool:
    return value is not None and math.isfinite(value)


def _places(value: float) -> int:
    """Digits after the decimal mark that leave three figures that matter, and none behind a whole number."""
    if value == int(value) or abs(value) >= 99.95:
        return 0
    return min(2 - math.floor(math.log10(abs(value))), 6) if abs(value) < 10 else 1


def _round(value: float, places: int) -> float:
    """Round half away from zero, and leave no negative zero."""
    scaled = math.floor(abs(value) * 10**places + 0.5) / 10**places
    return math.copysign(scaled, value) if scaled else 0.0


def _round_figures(value: float, figures: int) -> float:
    """Round to so many figures that matter."""
    return float(f"{value:.{figures - 1}e}")

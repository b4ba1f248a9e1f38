"""Numbers for people: money, counts, shares and dates in the study's currency and language."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmodels.reporting.wording import Money, Wording


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("currency", "language", "value", "wording"),
    [
        ("USD", "en", 0, "$0.00"),
        ("USD", "en", 35.168, "$35.17"),
        ("USD", "en", 99.996, "$100"),
        ("USD", "en", 1234.5, "$1,235"),
        ("USD", "en", 999_499, "$999,499"),
        ("USD", "en", 999_500, "$1.00 million"),
        ("USD", "en", 12_345_678, "$12.3 million"),
        ("USD", "en", 123_456_789, "$123 million"),
        ("USD", "en", -1.5e9, "-$1.50 billion"),
        ("GBP", "en", 2e12, "£2.00 trillion"),
        ("NOK", "en", 50_000, "NOK 50,000"),
        ("NOK", "nb", 1_234_567, "1,23 millioner kr"),
        ("NOK", "nb", 1_000_000_000, "1,00 milliard kr"),
        ("NOK", "nb", -4711, "-4 711 kr"),
        ("DKK", "da", 1234, "1.234 kr."),
        ("SEK", "sv", 1_000_000, "1,00 miljon kr"),
        ("SEK", "sv", 2_000_000, "2,00 miljoner kr"),
        ("JPY", "en", 12.4, "¥12"),
        ("EUR", "nb", 9.9, "9,90 €"),
    ],
)
def test_money_in_a_sentence(currency: str, language: str, value: float, wording: str) -> None:
    assert plain(Money(currency, language)(value)) == wording


@pytest.mark.parametrize(
    ("currency", "language", "value", "wording"),
    [
        ("USD", "en", 0, "$0"),
        ("USD", "en", 0.5, "$0.50"),
        ("USD", "en", 20, "$20"),
        ("USD", "en", 999.7, "$1K"),
        ("USD", "en", 90_500, "$90.5K"),
        ("USD", "en", 999_999, "$1M"),
        ("USD", "en", -2500, "-$2.5K"),
        ("NOK", "nb", 1_200_000, "1,2 mill. kr"),
        ("DKK", "da", 2_000_000, "2 mio. kr."),
    ],
)
def test_money_on_an_axis(currency: str, language: str, value: float, wording: str) -> None:
    assert plain(Money(currency, language).short(value)) == wording


def test_a_range_of_money_and_of_numbers() -> None:
    assert Money("USD").range(1000, 2_000_000) == "$1,000 to $2.00 million"
    assert plain(Money("SEK", "sv").range(10, 20)) == "10,00 kr till 20,00 kr"
    assert Wording("en").range(0.1, 0.2, digits=2) == "0.10 to 0.20"


@pytest.mark.parametrize("missing", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_a_dash(missing: float) -> None:
    money = Money("USD")
    assert [money(missing), money.short(missing), money.exact(missing)] == ["–"] * 3
    assert [Wording().number(missing), Wording().percent(missing)] == ["–"] * 2


def test_numbers_shares_and_dates_follow_the_language() -> None:
    assert plain(Wording("nb").percent(0.1234)) == "12,3 %"
    assert Wording("en").percent(0.1234) == "12.3%"
    assert Wording("en").number(0.012345) == "0.0123"
    assert Wording("en").number(-0.0000001, digits=2) == "0.00"
    assert Wording("en").date(date(1998, 6, 30)) == "30 June 1998"
    assert Wording("nb").date(date(1998, 6, 30)) == "30. juni 1998"


def test_an_unknown_currency_or_language_says_what_is_allowed() -> None:
    with pytest.raises(ValueError, match=r"'DOLLAR' is no ISO 4217 code"):
        Money("DOLLAR")
    with pytest.raises(ValueError, match=r"'fr' is not known; allowed: da, en, nb, sv"):
        Money("EUR", "fr")


@given(st.floats(min_value=0.01, max_value=9.99e14), st.sampled_from(["en", "nb", "da", "sv"]))
def test_money_can_be_read_back_to_half_a_percent(value: float, language: str) -> None:
    money = Money("EUR", language)
    words = plain(money(value)).replace("€", "").strip()
    number, _, unit = words.rpartition(" ") if words[-1].isalpha() else (words, "", "")
    point = "." if language == "en" else ","
    digits = float("".join(c if c != point else "." for c in number if c.isdigit() or c == point))
    ladder = {
        "en": ["million", "billion", "trillion"],
        "nb": ["million", "milliard", "billion"],
        "da": ["million", "milliard", "billion"],
        "sv": ["miljon", "miljard", "biljon"],
    }[language]
    scale = 1.0
    for rank, word in enumerate(ladder, start=2):
        if unit.startswith(word):
            scale = 1000.0**rank
    assert digits * scale == pytest.approx(value, rel=0.0051, abs=0.0051)

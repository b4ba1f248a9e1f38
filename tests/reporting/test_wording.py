"""Numbers for people: money, counts, shares and dates in the study's currency and language."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmodels.reporting.wording import Money, Wording, one_full_stop


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
        ("NOK", "nb", 1_234_567, "1,23 million kr"),
        ("NOK", "nb", 1_000_000_000, "1 000 million kr"),
        ("NOK", "nb", -4711, "-4 711 kr"),
        ("DKK", "da", 1234, "1.234 kr."),
        ("SEK", "sv", 1_000_000, "1,00 million kr"),
        ("SEK", "sv", 2_000_000, "2,00 million kr"),
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
        ("NOK", "nb", 1_200_000, "1,2M kr"),
        ("DKK", "da", 2_000_000, "2M kr."),
        ("SEK", "sv", 3_210_000_000, "3 210M kr"),
    ],
)
def test_money_on_an_axis(currency: str, language: str, value: float, wording: str) -> None:
    assert plain(Money(currency, language).short(value)) == wording


def test_a_range_of_money_and_of_numbers() -> None:
    assert Money("USD").range(1000, 2_000_000) == "$1,000 to $2.00 million"
    assert plain(Money("SEK", "sv").range(10, 20)) == "10,00 kr to 20,00 kr"
    assert Wording("en").range(0.1, 0.2, digits=2) == "0.10 to 0.20"


@pytest.mark.parametrize("missing", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_a_dash(missing: float) -> None:
    money = Money("USD")
    assert [money(missing), money.short(missing), money.exact(missing)] == ["–"] * 3
    assert [Wording().number(missing), Wording().percent(missing)] == ["–"] * 2


def test_numbers_shares_and_dates_follow_the_language() -> None:
    assert plain(Wording("nb").percent(0.1234)) == "12,3 %"
    assert Wording("en").percent(0.1234) == "12.3%"
    assert [Wording("en").points(-0.0126), Wording("nb").points(0.0126)] == ["-1.3", "1,3"]
    assert Wording("en").number(0.012345) == "0.0123"
    assert Wording("en").number(-0.0000001, digits=2) == "0.00"
    assert Wording("en").date(date(1998, 6, 30)) == "30 June 1998"
    assert Wording("nb").date(date(1998, 6, 30)) == "30.06.1998"
    assert Wording("sv").date(date(1998, 6, 30)) == "1998-06-30"


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
    scale = {"million": 1e6, "billion": 1e9, "trillion": 1e12}.get(unit, 1.0)
    assert digits * scale == pytest.approx(value, rel=0.0051, abs=0.0051)


@pytest.mark.parametrize("language", ["nb", "da", "sv"])
def test_no_word_but_an_english_one_stands_in_a_figure(language: str) -> None:
    money, words = Money("EUR", language), Wording(language)
    written = [money(10.0**power) + money.short(10.0**power) for power in range(15)]
    written += [words.date(date(2024, month, 1)) for month in range(1, 13)]
    written += [words.percent(0.5), words.range(1, 2), money.range(1, 2e6)]
    found = set("".join(c if c.isalpha() else " " for text in written for c in f"{text} ").split())
    assert found == {"million", "K", "M", "to"}


def test_one_is_one_and_more_are_many() -> None:
    words = Wording("en")
    assert [words.count(n, "customer") for n in (0, 1, 2000)] == [
        "0 customers",
        "1 customer",
        "2,000 customers",
    ]
    assert words.count(2, "day of check", "days of check") == "2 days of check"


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Of 12,345 customers 12.3% bought by 1 July 2024, 0.5 each; see 1.2.3 and A1."),
        ("nb", "Of 12 345 customers 12,3 % bought by 01.07.2024, 0,5 each; see 1.2.3 and A1."),
        ("da", "Of 12.345 customers 12,3 % bought by 01.07.2024, 0,5 each; see 1.2.3 and A1."),
        ("sv", "Of 12 345 customers 12,3 % bought by 2024-07-01, 0,5 each; see 1.2.3 and A1."),
    ],
)
def test_the_figures_of_a_model_s_note_follow_the_language(language: str, sentence: str) -> None:
    note = "Of 12,345 customers 12.3% bought by 2024-07-01, 0.5 each; see 1.2.3 and A1."
    assert plain(Wording(language).figures(note)) == sentence


def test_what_only_looks_like_a_day_is_left_alone() -> None:
    assert Wording("en").figures("Order 2024-13-45.") == "Order 2024-13-45."


def test_a_sentence_that_ends_in_kroner_ends_in_one_full_stop() -> None:
    brought = f"It brings {Money('DKK', 'da')(12)}."
    assert plain(one_full_stop(brought)) == "It brings 12,00 kr."
    assert one_full_stop("And so on ...") == "And so on ..."

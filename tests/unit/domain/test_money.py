"""Money is counted, never measured."""

import pytest

from domain.errors import CurrencyMismatch, InvalidMoney
from domain.money import Money, exponent, format_minor, split_minor


def test_ten_over_three_equal_lines() -> None:
    assert [part.minor for part in Money(1000, "CNY").split(3)] == [334, 333, 333]


def test_ties_go_to_the_lower_index_and_larger_remainders_first() -> None:
    assert split_minor(1, [1, 1]) == [1, 0]
    assert split_minor(10, [1, 2, 3, 1]) == [
        2,
        3,
        4,
        1,
    ]  # exact 1.43, 2.86, 4.29, 1.43: the tie at .43 goes to the first


def test_a_negative_total_is_split_as_its_positive() -> None:
    assert split_minor(-1000, [1, 1, 1]) == [-334, -333, -333]


def test_nothing_is_split_over_nothing() -> None:
    assert split_minor(0, [0, 0]) == [0, 0]


@pytest.mark.parametrize("weights", [[], [0, 0], [3, -1]])
def test_weights_that_allow_no_split_are_refused(weights: list[int]) -> None:
    with pytest.raises(InvalidMoney, match="weights of a split") as caught:
        split_minor(5, weights)
    assert caught.value.value == tuple(weights)


def test_sums_and_comparisons_keep_their_currency() -> None:
    assert Money(5, "CNY") + Money(7, "CNY") - Money(2, "CNY") == Money(10, "CNY")
    assert -Money(5, "CNY") < Money(0, "CNY") <= Money(0, "CNY")
    assert Money(1, "CNY") > Money(0, "CNY") >= Money(0, "CNY")
    with pytest.raises(CurrencyMismatch) as caught:
        Money(5, "CNY") + Money(5, "USD")
    assert (caught.value.left, caught.value.right) == ("CNY", "USD")
    with pytest.raises(CurrencyMismatch):
        assert Money(5, "CNY") < Money(6, "JPY")


@pytest.mark.parametrize(
    ("minor", "currency", "zh", "en"),
    [
        (123456, "CNY", "￥1,234.56", "CNY 1,234.56"),
        (-5, "USD", "-US$0.05", "-$0.05"),
        (1500, "JPY", "JPY 1,500", "JPY 1,500"),
        (0, "EUR", "EUR 0.00", "EUR 0.00"),
    ],
)
def test_money_reads_as_people_write_it(minor: int, currency: str, zh: str, en: str) -> None:
    assert (format_minor(minor, currency, "zh"), format_minor(minor, currency, "en")) == (zh, en)


def test_the_yen_sign_that_two_byte_printers_misprint_never_appears() -> None:
    assert "¥" not in format_minor(1, "CNY", "zh") + format_minor(1, "CNY", "en") + format_minor(1, "JPY", "zh")


def test_an_unknown_currency_is_named() -> None:
    with pytest.raises(InvalidMoney, match="currency is 'XXX', expected one of CNY"):
        exponent("XXX")

"""Thousandths and their one rounding."""

import pytest

from domain.errors import InvalidQuantity
from domain.limits import MAX_QUANTITY_MILLI
from domain.quantity import divide, extend, format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("price", "quantity", "amount"),
    [
        (1999, 1500, 2999),
        (1, 500, 1),
        (1, 499, 0),
        (3, 500, 2),
        (-1, 500, -1),
        (-1, 499, 0),
        (350, 0, 0),
        (1, 89_638_000, 89_638),
    ],
)
def test_a_price_is_rounded_half_away_from_zero(price: int, quantity: int, amount: int) -> None:
    assert extend(price, quantity) == amount


def test_division_rounds_half_away_from_zero() -> None:
    assert [divide(n, 2) for n in (-5, -4, -3, 3, 4, 5)] == [-3, -2, -2, 2, 2, 3]


@pytest.mark.parametrize(
    ("text", "milli"), [("1", 1000), ("1.5", 1500), ("0.001", 1), ("12.345", 12345), ("100000", MAX_QUANTITY_MILLI)]
)
def test_typed_quantities(text: str, milli: int) -> None:
    assert parse_quantity(text) == milli
    assert parse_quantity(format_quantity(milli)) == milli


@pytest.mark.parametrize("text", ["", "-1", "1.2345", "1,5", "1e3", "½", "１", " 1", "100000.001", "9" * 10])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        parse_quantity(text)
    assert caught.value.value == text

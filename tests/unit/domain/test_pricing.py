"""What a line costs."""

import pytest
from msgspec.structs import replace

from domain.catalogue import Price
from domain.errors import InvalidMoney, InvalidQuantity, PriceMissing
from domain.limits import MAX_LINE_MINOR, MAX_QUANTITY_MILLI
from domain.pricing import price_line, price_weighed, reference_price
from domain.sale import Discount, check_line
from tests.unit.domain.tills import COLA, COLA_PRICE, HAM, HAM_PRICE


def test_two_bottles_at_the_list_price() -> None:
    line = price_line(COLA, COLA_PRICE, 2_000, barcode=COLA.barcodes[0])
    assert (line.unit_price_minor, line.gross_minor, line.net_minor, line.stock_milli) == (350, 700, 700, 2_000)
    assert (line.name, line.code, line.unit, line.price_source) == ("可乐", "6901234567892", "each", "catalogue")
    check_line(line)


def test_a_case_costs_and_moves_twelve() -> None:
    line = price_line(COLA, COLA_PRICE, 2_000, barcode=COLA.barcodes[1])
    assert (line.unit_price_minor, line.gross_minor, line.quantity_milli, line.stock_milli) == (
        4_200,
        8_400,
        2_000,
        24_000,
    )
    check_line(line)


def test_the_retailers_discount_lowers_net_and_the_manufacturers_does_not() -> None:
    coupons = (Discount("retail", 50), Discount("coupon_match", 20), Discount("coupon", 100, "manufacturer", "C-1"))
    line = price_line(COLA, COLA_PRICE, discounts=coupons)
    assert (line.gross_minor, line.net_minor) == (350, 280)
    assert check_line(line) == 100


def test_a_given_amount_is_kept_as_it_is() -> None:
    line = price_line(COLA, COLA_PRICE, 3_000, gross_minor=1_000)
    assert (line.gross_minor, line.unit_price_minor, line.price_source) == (1_000, 350, "given")
    assert price_line(COLA, None, 3_000, gross_minor=1_000).unit_price_minor == 333


@pytest.mark.parametrize(
    ("quantity", "gross"), [(0, 0), (0, 150), (1_000, 0), (89_638_000, 84_000), (1, MAX_LINE_MINOR)]
)
def test_the_odd_lines_of_the_real_year_are_carried(quantity: int, gross: int) -> None:
    line = price_line(COLA, None, quantity, gross_minor=gross)
    assert (line.quantity_milli, line.gross_minor, line.stock_milli) == (quantity, gross, quantity)
    check_line(line)


@pytest.mark.parametrize("quantity", [0, -1_000, MAX_QUANTITY_MILLI + 1])
def test_no_such_quantity_has_a_list_price(quantity: int) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        price_line(COLA, COLA_PRICE, quantity)
    assert caught.value.value == quantity


def test_amounts_and_discounts_have_limits() -> None:
    with pytest.raises(InvalidMoney, match="amount of SKU cola"):
        price_line(COLA, None, gross_minor=-1)
    with pytest.raises(InvalidMoney, match="retail discount"):
        price_line(COLA, COLA_PRICE, discounts=(Discount("retail", -1),))
    with pytest.raises(InvalidMoney, match="at most the amount of the line, 350") as caught:
        price_line(COLA, COLA_PRICE, discounts=(Discount("retail", 300), Discount("manual", 51)))
    assert caught.value.value == 351


def test_a_pallet_at_the_price_of_a_jewel() -> None:
    with pytest.raises(InvalidMoney, match="by the pack"):
        price_line(COLA, Price(COLA.sku, 10_000_000), barcode=COLA.barcodes[1])


def test_no_price_and_no_amount() -> None:
    with pytest.raises(PriceMissing) as caught:
        price_line(COLA, None)
    assert caught.value.sku == "cola"


def test_a_weight_is_priced_from_the_catalogue() -> None:
    line = price_weighed(HAM, HAM_PRICE, weight_g=455)
    assert (line.quantity_milli, line.gross_minor, line.stock_milli, line.price_source) == (
        455,
        3_180,
        455,
        "catalogue",
    )
    check_line(line)


def test_a_jin_is_five_hundred_grams() -> None:
    assert price_weighed(replace(HAM, unit="斤"), Price(HAM.sku, 3_000), weight_g=750).quantity_milli == 1_500


def test_the_amount_printed_on_the_label_wins() -> None:
    by_amount = price_weighed(HAM, HAM_PRICE, amount_minor=4_008)
    assert (by_amount.gross_minor, by_amount.quantity_milli, by_amount.price_source) == (4_008, 573, "label")
    both = price_weighed(HAM, HAM_PRICE, amount_minor=4_008, weight_g=600)
    assert (both.gross_minor, both.quantity_milli, both.unit_price_minor) == (4_008, 600, 6_990)
    unpriced = price_weighed(HAM, None, amount_minor=4_008)
    assert (unpriced.gross_minor, unpriced.quantity_milli) == (4_008, 0)
    for line in (by_amount, both, unpriced):
        check_line(line)


def test_labels_that_cannot_be_priced() -> None:
    with pytest.raises(InvalidQuantity, match="a weight, an amount, or both"):
        price_weighed(HAM, HAM_PRICE)
    with pytest.raises(InvalidQuantity, match="a unit of weight"):
        price_weighed(COLA, COLA_PRICE, weight_g=100)
    with pytest.raises(InvalidQuantity, match="weight of SKU ham"):
        price_weighed(HAM, HAM_PRICE, weight_g=0)
    with pytest.raises(InvalidQuantity, match="quantity of SKU ham"):
        price_weighed(HAM, Price(HAM.sku, 1), amount_minor=99_999_999)
    with pytest.raises(PriceMissing):
        price_weighed(HAM, None, weight_g=100)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("kg", (500, "500 g")), ("斤", (2000, "kg")), ("g", (500_000, "500 g")), ("each", (None, ""))],
)
def test_the_price_of_500_g(unit: str, expected: tuple[int | None, str]) -> None:
    assert reference_price(1000, unit) == expected

"""Items, barcodes and the digits of GTINs."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from domain.catalogue import (
    Barcode,
    Item,
    Price,
    barcode_key,
    check_digit,
    check_item,
    check_price,
    expand_upc_e,
    gtin14,
)
from domain.errors import InvalidItem, NotAGtin
from domain.ids import SkuId
from domain.limits import MAX_UNIT_PRICE_MINOR

CODES = Path(__file__).parents[2] / "data" / "codes"
CHECKS = [
    case for case in json.loads((CODES / "checksums.json").read_text("utf-8")) if "price_weight" not in case["test"]
]
# shortening a UPC-A to a UPC-E is the one thing of the corpus that nobody here needs
UPC_E = [
    case
    for case in json.loads((CODES / "upc_encode.json").read_text("utf-8"))
    if case["test"] != "test_as_upc_e" and len(case["value"]) <= 8
]
COLA = Item(SkuId("1"), "可乐", "Cola", barcodes=(Barcode("6901234567892"), Barcode("16901234567899", 12_000)))


@pytest.mark.parametrize("case", CHECKS, ids=str)
def test_check_digits_of_the_corpus(case: dict[str, object]) -> None:
    if "expected" in case:
        assert check_digit(str(case["value"])) == case["expected"]
    else:
        with pytest.raises(NotAGtin):
            check_digit(str(case["value"]))


@pytest.mark.parametrize(("code", "expected"), [("96385074", "00000096385074"), ("036000291452", "00036000291452")])
def test_gtins_are_padded_to_fourteen(code: str, expected: str) -> None:
    assert gtin14(code) == expected


@pytest.mark.parametrize(
    ("code", "limit"),
    [
        ("6901234567891", "check digit 2"),
        ("690123456789", "check digit"),
        ("123456789", "8, 12, 13 or 14 digits"),
        ("", "8, 12, 13 or 14 digits"),
        ("69012345678９2", "8, 12, 13 or 14 digits"),
        ("00000000", "a number above 0"),
    ],
)
def test_what_is_no_gtin_says_why(code: str, limit: str) -> None:
    with pytest.raises(NotAGtin) as caught:
        gtin14(code)
    assert limit in caught.value.limit
    assert caught.value.value == code


@pytest.mark.parametrize("case", UPC_E, ids=str)
def test_upc_e_expands_as_in_the_corpus(case: dict[str, str]) -> None:
    assert expand_upc_e(case["value"]).zfill(len(case["expected"])) == case["expected"]


@pytest.mark.parametrize("code", ["425261٣", "24252614", "04252615", "12345", "123456789"])
def test_what_is_no_upc_e_is_refused(code: str) -> None:
    with pytest.raises(NotAGtin):
        expand_upc_e(code)


def test_own_codes_are_looked_up_as_they_stand() -> None:
    assert barcode_key("BREAD-7") == "BREAD-7"
    assert barcode_key("6901234567891") == "6901234567891"
    assert barcode_key("6901234567892") == "06901234567892"


def test_a_good_item_and_its_variant_pass() -> None:
    check_item(COLA)
    check_item(replace(COLA, sku=SkuId("1-zero"), variant_of=COLA.sku, attributes={"sugar": "无糖"}, barcodes=()))
    check_item(replace(COLA, name_zh="茅台　飞天", name_en=""))  # the ideographic space of Chinese names
    check_price(Price(SkuId("1"), 0))


@pytest.mark.parametrize(
    ("change", "thing"),
    [
        ({"sku": ""}, "sku"),
        ({"sku": " 1"}, "sku"),
        ({"sku": "1\n2"}, "sku"),
        ({"sku": "1" * 65}, "sku"),
        ({"variant_of": "1"}, "variant_of"),
        ({"name_zh": "", "name_en": ""}, "name"),
        ({"name_zh": "可乐\x1b@"}, "name_zh"),
        ({"name_en": "Cola \u202elaoC"}, "name_en"),
        ({"name_en": "x" * 201}, "name_en"),
        ({"unit": ""}, "unit"),
        ({"department": "\x00"}, "department"),
        ({"attributes": {"a\x7f": "b"}}, "attribute"),
        ({"attributes": {str(i): "" for i in range(65)}}, "attributes"),
        ({"barcodes": (Barcode(""),)}, "barcode"),
        ({"barcodes": (Barcode("69\r"),)}, "barcode"),
        ({"barcodes": (Barcode("690", 0),)}, "factor_milli"),
        ({"barcodes": (Barcode("690", 10_000_001),)}, "factor_milli"),
        ({"barcodes": tuple(Barcode(str(i)) for i in range(65))}, "barcodes"),
        ({"barcodes": (Barcode("036000291452"), Barcode("0036000291452"))}, "barcodes"),  # one GTIN written twice
    ],
)
def test_a_bad_item_is_refused_by_the_name_of_its_field(change: dict[str, object], thing: str) -> None:
    with pytest.raises(InvalidItem) as caught:
        check_item(replace(COLA, **change))
    assert thing in caught.value.thing
    assert caught.value.limit in str(caught.value)


@pytest.mark.parametrize(
    "price", [Price(SkuId("1"), -1), Price(SkuId("1"), MAX_UNIT_PRICE_MINOR + 1), Price(SkuId(""), 1)]
)
def test_a_bad_price_is_refused(price: Price) -> None:
    with pytest.raises(InvalidItem):
        check_price(price)


def test_a_name_falls_back_to_the_other_language() -> None:
    assert COLA.name("zh") == "可乐"
    assert replace(COLA, name_en="").name("en") == "可乐"
    assert replace(COLA, name_zh="").name("zh") == "Cola"

"""A sale whose figures contradict each other is refused by name."""

from typing import Any

import pytest
from msgspec.structs import replace

from domain.errors import ImpossibleSale
from domain.pricing import price_line
from domain.sale import Discount, Sale, Tender, verify
from tests.unit.domain.tills import COLA, COLA_PRICE, HAM, HAM_PRICE, basket, sold

GOOD = sold(
    basket(
        price_line(
            COLA,
            COLA_PRICE,
            2_000,
            discounts=(Discount("retail", 100, name="-1"), Discount("coupon", 50, "manufacturer")),
        ),
        price_line(HAM, HAM_PRICE, 455),
    ),
    Tender("cash", 5_000),
)


def changed_line(**change: Any) -> dict[str, Any]:
    return {"lines": (replace(GOOD.lines[0], **change), GOOD.lines[1])}


def test_the_sale_as_it_was_made_passes() -> None:
    verify(GOOD)
    verify(replace(GOOD, completed_at="2026-05-01T04:00:00.123456Z"))


@pytest.mark.parametrize(
    ("change", "thing"),
    [
        ({"sale_id": ""}, "sale_id"),
        ({"sale_id": "x" * 65}, "sale_id"),
        ({"lane": ""}, "lane"),
        ({"member": "H\x00"}, "member"),
        ({"source_ref": "\u202e"}, "source_ref"),
        ({"edge": "s2"}, "edge"),
        ({"store": "*"}, "store"),
        ({"currency": "XXX"}, "currency"),
        ({"epoch": 0}, "epoch"),
        ({"receipt_no": 0}, "receipt_no"),
        ({"receipt_no": 2**53}, "receipt_no"),
        ({"price_version": -1}, "price_version"),
        ({"original_sale_id": "x"}, "original_sale_id"),
        ({"business_date": "2026-02-30"}, "business_date"),
        ({"business_date": "20260501"}, "business_date"),
        ({"business_date": "2026-W18-5"}, "business_date"),
        ({"completed_at": "2026-05-01T04:00:00"}, "completed_at"),
        ({"completed_at": "2026-05-01T12:00:00+08:00"}, "completed_at"),
        ({"completed_at": "noon"}, "completed_at"),
        ({"lines": ()}, "number of lines"),
        ({"lines": GOOD.lines * 501}, "number of lines"),
        ({"lines": GOOD.lines[::-1]}, "number of the line after line 0"),
        (changed_line(no=2), "number of the line after line 0"),
        (changed_line(sku=""), "sku of line 1"),
        (changed_line(name="可乐\x1bp"), "name of line 1"),
        (changed_line(code="6\x1d"), "code of line 1"),
        (changed_line(unit="u" * 17), "unit of line 1"),
        (changed_line(quantity_milli=0, gross_minor=0, net_minor=-100), "quantity_milli of line 1"),
        (changed_line(quantity_milli=-2_000), "quantity_milli of line 1"),
        (changed_line(quantity_milli=100_000_001, price_source="given"), "quantity_milli of line 1"),
        (changed_line(unit_price_minor=-1), "unit_price_minor of line 1"),
        (changed_line(unit_price_minor=351), "gross_minor of line 1"),
        (changed_line(gross_minor=1_000_000_001, price_source="given"), "gross_minor of line 1"),
        (changed_line(gross_minor=-1, price_source="given"), "gross_minor of line 1"),
        (changed_line(stock_milli=-1), "stock_milli of line 1"),
        (changed_line(net_minor=700), "net_minor of line 1"),
        (changed_line(discounts=()), "net_minor of line 1"),
        (changed_line(discounts=(Discount("retail", -1),)), "retail discount of line 1"),
        (changed_line(discounts=(Discount("retail", 701),), net_minor=-1), "retailer's discounts of line 1"),
        (changed_line(discounts=(Discount("manual", 1),) * 33), "number of discounts of line 1"),
        (changed_line(discounts=(Discount("retail", 100, name="\n"),)), "name of a discount of line 1"),
        ({"total_minor": GOOD.total_minor + 1}, "total_minor"),
        ({"due_minor": GOOD.total_minor}, "due_minor"),
        ({"change_minor": GOOD.change_minor + 1}, "change_minor"),
        ({"tenders": ()}, "sum of tenders"),
        ({"tenders": (Tender("cash", 5_000), Tender("cash", 0))}, "cash tender"),
        ({"tenders": (Tender("cash", 6_000), Tender("cash", -1_000))}, "cash tender"),
        ({"tenders": (Tender("qr", 5_000),)}, "sum of tenders that give no change"),
        ({"tenders": (Tender("cash", 1),) * 17}, "number of tenders"),
        ({"tenders": (Tender("cash", 5_000, "\x07"),)}, "reference of a tender"),
        ({"kind": "return"}, "sum of tenders that give no change"),
    ],
)
def test_each_contradiction_is_named(change: dict[str, Any], thing: str) -> None:
    with pytest.raises(ImpossibleSale) as caught:
        verify(replace(GOOD, **change))
    assert caught.value.thing == thing
    assert caught.value.limit in str(caught.value)


def test_a_label_needs_no_list_price() -> None:
    first, second = GOOD.lines
    given: Sale = replace(GOOD, lines=(replace(first, price_source="label", unit_price_minor=999), second))
    verify(given)


def test_a_return_of_an_original_may_skip_line_numbers() -> None:
    lines = (GOOD.lines[1],)
    back = replace(
        GOOD,
        kind="return",
        lines=lines,
        total_minor=3_180,
        due_minor=3_180,
        tenders=(Tender("cash", 3_180),),
        change_minor=0,
    )
    with pytest.raises(ImpossibleSale, match="number of the line after line 0"):
        verify(back)
    verify(replace(back, original_sale_id=GOOD.sale_id))
    with pytest.raises(ImpossibleSale, match="number of the line"):
        verify(replace(back, original_sale_id=GOOD.sale_id, lines=lines * 2))

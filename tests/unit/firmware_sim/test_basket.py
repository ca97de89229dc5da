"""A basket of the source becomes a till command without losing a unit, a cent or an odd line."""

import pytest

from firmware_sim.replay.basket import SourceBasket, SourceLine, gtin13, member_of, tender_of, till_command


def _basket(*lines: SourceLine, ref: str = "31198570044") -> SourceBasket:
    return SourceBasket(ref, 330, 900, "2017-01-01T11:53:26", lines)


@pytest.mark.parametrize(
    ("product", "code"), [(25671, "9520000256715"), (1, "9520000000011"), (17959460, "9520179594601")]
)
def test_a_product_number_becomes_an_example_gtin_with_its_check_digit(product: int, code: str) -> None:
    assert gtin13(product) == code
    assert sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code)) % 10 == 0


def test_every_amount_of_a_line_is_carried_under_its_name() -> None:
    command = till_command(_basket(SourceLine(25671, 2, 500, 120, 75, 30)))
    (line,) = command["basket"]["lines"]
    assert (line["code"], line["quantity_milli"], line["gross_minor"]) == ("9520000256715", 2000, 650)
    assert [(d["kind"], d["funding"], d["amount_minor"]) for d in line["discounts"]] == [
        ("retail", "retailer", 120),
        ("coupon_match", "retailer", 30),
        ("coupon", "manufacturer", 75),
    ]


def test_a_line_of_nothing_is_carried_too() -> None:
    (line,) = till_command(_basket(SourceLine(7, 0, 0)))["basket"]["lines"]
    assert (line["quantity_milli"], line["gross_minor"], line["discounts"]) == (0, 0, [])


def test_who_bought_where_and_when_travels_with_the_basket() -> None:
    command = till_command(_basket(SourceLine(7, 1, 99)))
    assert command["edge"] == "S330"
    assert command["basket"]["member"] == member_of(900) == "H900"
    assert (command["basket"]["source_ref"], command["basket"]["at"]) == ("31198570044", "2017-01-01T11:53:26")


def test_nobody_pays_nothing_by_phone() -> None:
    paid = _basket(SourceLine(7, 1, 99), ref="31198570047")
    given_back = _basket(SourceLine(7, 1, 99, coupon_minor=150), ref="31198570047")
    assert tender_of(paid) == "qr"
    assert (given_back.due_minor, tender_of(given_back)) == (-51, "cash")

"""What a scan may do in a store: its own layouts, the limit on labels, the state of the sale, and nothing told that is somebody's money."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from domain.catalogue import check_digit
from domain.errors import InvalidMoney
from domain.gs1 import GS
from domain.labels import LabelLayout
from edge_agent.errors import UnknownBarcode
from edge_agent.handlers.commands import Step
from edge_agent.handlers.lane import ScanCode, Scanned, scan
from edge_agent.handlers.sell import step
from tests.edge_store import LANE, TEA, Store, sale_id

PAYMENT = "134567890123456789"


def with_labels(shop: Store, *layouts: LabelLayout, max_label_minor: int = 500_000) -> None:
    shop.uow.place = replace(shop.uow.place, layouts=layouts, max_label_minor=max_label_minor)


def scanned(shop: Store, code: str, aim: str | None = None) -> Scanned:
    return shop.journal.call(lambda: scan(ScanCode(LANE, sale_id(), code, aim), shop.uow, shop.clock))


def test_the_layouts_are_those_of_the_store(shop: Store) -> None:
    with_labels(shop, LabelLayout("27IIIIIAAAAAWWWWWC", amount_unit_minor=10))
    body = "27060130040100200"
    line = shop.ring(f"{body}{check_digit(body)}", aim="]C0").lines[0]
    assert (line.sku, line.gross_minor, line.quantity_milli) == ("PLUMS", 4010, 200)
    with pytest.raises(UnknownBarcode):
        shop.ring("2106013040083")  # the default's layout is no longer this store's


def test_a_dummy_check_digit_is_a_setting(shop: Store) -> None:
    with_labels(shop, LabelLayout("21IIIIIAAAAAC"))
    with pytest.raises(UnknownBarcode, match="check digit"):
        shop.ring("2106013040080")
    with_labels(shop, LabelLayout("21IIIIIAAAAAC", check=False))
    assert shop.ring("2106013040080").lines[0].gross_minor == 4008


@pytest.mark.parametrize("code", ["2106013500007", f"]C101{TEA.zfill(14)}30" + "1" + f"{GS}3922" + "50000"])
def test_f40_an_absurd_amount_on_a_label_needs_a_person(shop: Store, code: str) -> None:
    with_labels(shop, LabelLayout("21IIIIIAAAAAC", check=False), max_label_minor=49_999)
    with pytest.raises(InvalidMoney, match="at most 49999"):
        shop.ring(code)
    assert shop.ask("SELECT count(*) FROM basket_line") == [(0,)]
    with_labels(shop, LabelLayout("21IIIIIAAAAAC", check=False), max_label_minor=50_000)
    assert shop.ring(code).lines[0].gross_minor == 50_000


def test_what_has_expired_is_not_sold(shop: Store) -> None:
    today = shop.clock.now().date()
    for day, sold in ((today - timedelta(days=1), False), (today, True), (today + timedelta(days=30), True)):
        code = f"]d201{TEA.zfill(14)}17{day:%y%m%d}"
        if sold:
            shop.ring(code)
        else:
            with pytest.raises(UnknownBarcode, match="expired"):
                shop.ring(code)
    basket = shop.ring(f"]d201{TEA.zfill(14)}15200101")  # best before is a matter of quality: it may be sold
    assert len(basket.lines) == 3


@pytest.mark.req(130)
@pytest.mark.req(155)
def test_items_only_while_shopping_and_money_only_while_paying(shop: Store) -> None:
    with pytest.raises(UnknownBarcode, match="payment code while shopping"):
        scanned(shop, PAYMENT)
    assert scanned(shop, TEA, "]E0").basket is not None
    shop.journal.call(lambda: step(Step(LANE, "total"), shop.uow))
    with pytest.raises(UnknownBarcode, match="symbology"):
        scanned(shop, TEA, "]E0")
    with pytest.raises(UnknownBarcode, match="not a payment code"):
        scanned(shop, TEA)
    paid = scanned(shop, PAYMENT).sale
    assert paid is not None
    assert (paid.tenders[0].kind, PAYMENT in str(paid)) == ("qr", False)


@pytest.mark.parametrize("code", [PAYMENT, "28763443825664394", "62" + "1" * 17])
def test_no_message_holds_a_payment_code_in_full(shop: Store, code: str) -> None:
    with pytest.raises(UnknownBarcode) as refused:
        shop.ring(code)
    assert code not in str(refused.value)
    assert code not in str(vars(refused.value))
    assert code[:4] in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/?q=1",
        "javascript:alert(document.cookie)",
        "'; DROP TABLE sale; --",
        "x" * 4096,
        "](sh)$(reboot)`id`",
        "weixin://wxpay/bizpayurl?pr=abc",
        f"995000000000{check_digit('995000000000')}",  # another chain's coupon
        f"290601304008{check_digit('290601304008')}",  # a label of a layout that this store has not
        "\ufeff6901234567892",
        "=HYPERLINK(1)",
    ],
)
def test_f41_strange_texts_are_opaque_and_change_nothing(shop: Store, text: str) -> None:
    shop.ring(TEA)
    before = shop.ask("SELECT * FROM basket_line")
    for aim in ("]Q1", "]C0", "]E0", None):
        with pytest.raises(UnknownBarcode) as refused:
            scanned(shop, text, aim)
        assert len(str(refused.value)) < 300
    assert shop.ask("SELECT * FROM basket_line") == before
    assert shop.ask("SELECT count(*) FROM sale") == [(0,)]

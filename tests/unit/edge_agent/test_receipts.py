"""A receipt: everything that was sold and paid, in the languages of the store, and nothing that a printer could obey."""

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from devices.receipt import Columns, Cut, KickDrawer, Qr, ReceiptDocument, Text
from domain.ids import SaleId, SkuId
from domain.sale import Line, Sale, Tender
from edge_agent.receipts import Style, compose, receipt_id
from tests.sold import SALE, STYLE


@dataclass
class Paper:
    document: ReceiptDocument

    @property
    def text(self) -> str:
        lines: list[str] = []
        for element in self.document.elements:
            match element:
                case Text(text):
                    lines.append(text)
                case Columns(cells):
                    lines.append(" | ".join(cell.text for cell in cells))
                case _:
                    pass
        return "\n".join(lines)


def paper(sale: Sale = SALE, style: Style = STYLE, **more: object) -> Paper:
    return Paper(compose(sale, style, **more))  # type: ignore[arg-type]


def test_everything_that_counts_is_on_it() -> None:
    text = paper(names={"TEA": ("龙井茶", "Longjing tea")}).text
    for line in (
        "小票号 Receipt | 1-3-17",
        "时间 Time | 2026-11-21 18:00:05",
        "龙井茶",
        "Longjing tea",
        "  2 box x 68.00 | 136.00",
        "  会员日 | -10.00",
        "  0.845 kg x 12.90 | 10.90",
        "商品金额 Goods | 136.90",
        "  优惠券 Coupon | -0.90",
        "￥136.00",
        "现金 Cash | 200.00",
        "找零 Change | 64.00",
        "已优惠 You saved | 10.90",
    ):
        assert line in text.splitlines(), line


def test_rows_add_up_to_the_total() -> None:
    rows = [element for element in paper().document.elements if isinstance(element, Columns)]
    figures = [row.cells[1].text for row in rows if row.cells[0].text.startswith("  ")]
    cents = sum(round(float(figure) * 100) for figure in figures)
    assert cents == SALE.due_minor


@pytest.mark.parametrize(
    ("languages", "there", "not_there"), [(("zh-CN",), "小票号", "Receipt"), (("en",), "Receipt", "小票号")]
)
def test_one_language_alone(languages: tuple[str, ...], there: str, not_there: str) -> None:
    text = paper(style=replace(STYLE, languages=languages)).text
    assert there in text
    assert not_there not in text


def test_a_copy_is_marked_and_opens_no_drawer() -> None:
    original, copy = paper().document.elements, paper(copy=True).document.elements
    assert any(isinstance(element, KickDrawer) for element in original)
    assert not any(isinstance(element, KickDrawer) for element in copy)
    assert "** 补打 COPY **" in paper(copy=True).text
    assert "COPY" not in paper().text


def test_a_qr_payment_opens_no_drawer_and_the_paper_is_cut_when_asked() -> None:
    sale = replace(SALE, tenders=(Tender("qr", 13_600),), change_minor=0)
    assert not any(isinstance(element, KickDrawer) for element in paper(sale).document.elements)
    assert isinstance(paper().document.elements[-1], Cut)
    assert not isinstance(paper(style=replace(STYLE, cut=False)).document.elements[-1], Cut)


def test_a_return_shows_what_was_paid_back() -> None:
    text = paper(
        replace(SALE, kind="return", original_sale_id=SaleId("x1"), change_minor=0, tenders=(Tender("cash", 13_600),))
    ).text
    assert "退货小票 RETURN" in text
    assert "现金 Cash | -136.00" in text
    assert "退款 REFUND" in text
    assert "已优惠" not in text


def test_names_cannot_command_the_printer() -> None:
    lines = (replace(SALE.lines[0], name="tea\x1bp\x00\x19\x19\u202e\n\x1dV\x00"), SALE.lines[1])
    document = compose(replace(SALE, lines=lines), replace(STYLE, name_zh="shop\x1b@\x07"))
    texts = [element.text for element in document.elements if isinstance(element, Text)]
    texts += [cell.text for element in document.elements if isinstance(element, Columns) for cell in element.cells]
    assert all(text.isprintable() for text in texts)


def test_the_qr_carries_the_receipt() -> None:
    (code,) = [element for element in paper().document.elements if isinstance(element, Qr)]
    assert code.data == f"shopwire:{receipt_id(SALE)}:{SALE.sale_id}"


def test_money_without_decimals() -> None:
    sale = replace(SALE, currency="JPY")
    assert "  2 box x 6,800 | 13,600" in paper(sale).text


def test_a_price_stands_only_where_it_comes_to_the_amount() -> None:
    fuel = Line(1, SkuId("FUEL"), 9_052_000, 0, 2036, 2036, 9_052_000, name="汽油", unit="mgal", price_source="given")
    apples = Line(2, SkuId("APPLES"), 1000, 277, 244, 244, 1000, name="苹果", price_source="given")
    pears = Line(3, SkuId("PEARS"), 2000, 150, 300, 300, 2000, name="梨", price_source="given")
    sale = replace(SALE, lines=(fuel, apples, pears), tenders=(Tender("cash", 2580),), total_minor=2580, due_minor=2580)
    rows = paper(sale).text.splitlines()
    for row in ("  9052 mgal | 20.36", "  1 | 2.44", "  2 x 1.50 | 3.00"):
        assert row in rows


def test_what_is_measured_is_one_thing_to_carry() -> None:
    fuel = Line(1, SkuId("FUEL"), 9_052_000, 0, 2036, 2036, 9_052_000, name="汽油", unit="mgal", price_source="given")
    boxes = replace(SALE.lines[0], no=2)
    sale = replace(SALE, lines=(fuel, boxes))
    assert "合计 TOTAL  3 件 items" in paper(sale).text

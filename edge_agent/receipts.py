"""A sale as a receipt: in Chinese, English or both, for 80 mm or 58 mm paper."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

import msgspec

from devices.receipt import (
    Align,
    Cell,
    Columns,
    Cut,
    Element,
    Feed,
    KickDrawer,
    Picture,
    Qr,
    ReceiptDocument,
    Rule,
    StoredLogo,
    Text,
    columns,
)
from domain.business_date import zone
from domain.limits import has_control
from domain.money import exponent, format_minor
from domain.pricing import GRAMS_PER_UNIT
from domain.quantity import MILLI, extend, format_quantity
from domain.sale import Discount, Line, Sale
from edge_agent.settings import Language
from edge_agent.texts import Texts, short, texts

_AMOUNT_COLUMNS = 12
_MEASURES = {*GRAMS_PER_UNIT, "lb", "oz", "l", "ml", "升", "gal", "mgal", "m", "米"}
"""Units of which nine thousand are one thing to carry, not nine thousand."""


class Style(msgspec.Struct, frozen=True):
    """How receipts of this store look: ``languages`` one or both in order, ``columns`` 48 for 80 mm, 32 for 58 mm paper."""

    name_zh: str
    name_en: str
    timezone: str
    languages: tuple[Language, ...] = ("zh-CN", "en")
    columns: int = 48
    cut: bool = True
    open_drawer: bool = True
    logo: Picture | StoredLogo | None = None


def receipt_id(sale: Sale) -> str:
    """Return the number a receipt carries: ``<store>-<epoch>-<n>``."""
    return f"{sale.store}-{sale.epoch}-{sale.receipt_no}"


def compose(
    sale: Sale, style: Style, *, copy: bool = False, names: Mapping[str, tuple[str, str]] | None = None
) -> ReceiptDocument:
    """Return what shall be on paper.

    Args:
        sale: a committed sale or return.
        style: of the store.
        copy: a reprint: marked, and it opens no drawer.
        names: (Chinese, English) of each SKU, where a line's own name is not enough.
    """
    paper = _Paper(sale, style, names or {})
    elements: list[Element] = [*paper.head(copy=copy), *paper.goods(), *paper.money(), *paper.foot()]
    cash = any(tender.kind == "cash" for tender in sale.tenders) or sale.change_minor
    if style.open_drawer and cash and not copy:
        elements.insert(0, KickDrawer())
    if style.cut:
        elements.append(Cut())
    return ReceiptDocument(tuple(elements))


def clean(text: str) -> str:
    """Return ``text`` without anything that a printer could take for a command, or that turns figures around."""
    return "".join(character for character in text if not has_control(character))


class _Paper:
    """One receipt while it is composed."""

    def __init__(self, sale: Sale, style: Style, names: Mapping[str, tuple[str, str]]) -> None:
        self._sale, self._style, self._names = sale, style, names
        self._texts: tuple[Texts, ...] = tuple(texts(language) for language in style.languages)
        self._sign = -1 if sale.kind == "return" else 1

    def head(self, *, copy: bool) -> list[Element]:
        """Whose receipt, which one, when and where."""
        names = [clean(name) for name in self._in_order(self._style.name_zh, self._style.name_en)]
        title = "receipt.title_return" if self._sale.kind == "return" else "receipt.title"
        elements: list[Element] = [self._style.logo] if self._style.logo is not None else []
        elements.append(Text(names[0], Align.CENTER, 2, 2, bold=True))
        elements += [Text(name, Align.CENTER) for name in names[1:]]
        elements += [Feed(), Text(self._word(title), Align.CENTER, bold=True)]
        if copy:
            elements.append(Text(f"** {self._word('receipt.copy')} **", Align.CENTER, 2, 2, bold=True))
        return [*elements, Rule("="), *self._facts(), Rule()]

    def goods(self) -> list[Element]:
        """Every line with quantity × unit price and its discounts by name."""
        elements: list[Element] = [
            self._row(self._word("receipt.item"), self._word("receipt.amount"), bold=True),
            Rule(),
        ]
        for line in self._sale.lines:
            elements += self._line(line)
        return [*elements, Rule()]

    def money(self) -> list[Element]:
        """What it comes to, how it was paid, what came back."""
        sale = self._sale
        elements: list[Element] = [*self._coupons(), *self._total(), Rule()]
        for kind, tenders in groupby(sale.tenders, key=lambda tender: tender.kind):
            amount = sum(tender.amount_minor for tender in tenders)
            elements.append(self._row(self._word(f"receipt.tender.{kind}"), self._figures(amount)))
        if sale.change_minor:
            key = "receipt.change" if sale.kind == "sale" else "receipt.given_back"
            elements.append(self._row(self._word(key), self._plain(sale.change_minor), bold=True))
        if sale.kind == "sale" and (
            saved := sum(discount.amount_minor for line in sale.lines for discount in line.discounts)
        ):
            elements.append(self._row(self._word("receipt.saved"), self._plain(saved)))
        return elements

    def foot(self) -> list[Element]:
        """The receipt's number for machines, and a word of thanks."""
        number = receipt_id(self._sale)
        thanks = [Text(known["receipt.thanks"], Align.CENTER) for known in self._texts]
        code = Qr(f"shopwire:{number}:{self._sale.sale_id}", 5)
        return [Feed(), code, Feed(), Text(number, Align.CENTER), Feed(), *thanks]  # a code needs white on all sides

    def _facts(self) -> list[Element]:
        sale = self._sale
        at = datetime.fromisoformat(sale.completed_at).astimezone(zone(self._style.timezone))
        facts = [
            ("receipt.number", receipt_id(sale)),
            ("receipt.time", at.strftime("%Y-%m-%d %H:%M:%S")),
            ("receipt.lane", sale.lane),
            ("receipt.member", sale.member or ""),
            ("receipt.original", sale.original_sale_id or ""),
        ]
        return [self._fact(self._word(key), clean(value)) for key, value in facts if value]

    def _line(self, line: Line) -> list[Element]:
        names = dict.fromkeys(filter(None, map(clean, self._in_order(*self._names.get(line.sku, (line.name, ""))))))
        elements: list[Element] = [Text(name, bold=no == 0) for no, name in enumerate(names or [line.sku])]
        elements.append(self._row(f"  {self._times(line)}", self._figures(line.gross_minor)))
        return elements + [self._discount(each) for each in line.discounts if each.funding == "retailer"]

    def _coupons(self) -> list[Element]:
        """Manufacturers' coupons: they lower what is paid, not what the goods cost."""
        sale = self._sale
        coupons = [each for line in sale.lines for each in line.discounts if each.funding == "manufacturer"]
        if not coupons:
            return []
        goods = self._row(self._word("receipt.subtotal"), self._figures(sale.total_minor))
        return [goods, *(self._discount(each) for each in coupons), Rule()]

    def _times(self, line: Line) -> str:
        unit = "" if line.unit in ("", "each") else f" {clean(line.unit)}"
        quantity = f"{format_quantity(line.quantity_milli)}{unit}"
        if line.price_source == "given" and extend(line.unit_price_minor, line.quantity_milli) != line.gross_minor:
            return quantity  # a price beside it would not come to the amount that was given
        return f"{quantity} x {self._plain(line.unit_price_minor)}"

    def _discount(self, discount: Discount) -> Element:
        name = clean(discount.name) or self._word(f"receipt.discount.{discount.kind}")
        return self._row(f"  {name}", self._figures(-discount.amount_minor))

    def _total(self) -> list[Element]:
        sale = self._sale
        key = "receipt.refund" if sale.kind == "return" else "receipt.total"
        pieces = sum(line.quantity_milli // MILLI if _by_piece(line) else 1 for line in sale.lines)
        amount = format_minor(sale.due_minor, sale.currency, short(self._style.languages[0]))
        label = f"{self._word(key)}  {pieces} {self._word('receipt.pieces')}"
        return [Text(label, bold=True), Text(amount, Align.RIGHT, 2, 2, bold=True)]

    def _row(self, label: str, amount: str, *, bold: bool = False) -> Columns:
        return Columns((Cell(label), Cell(amount, _AMOUNT_COLUMNS, Align.RIGHT)), bold=bold)

    def _fact(self, label: str, value: str) -> Columns:
        # A label as wide as it is, unless the value would have to break: then both do.
        wide = columns(label) if columns(label) + columns(value) < self._style.columns else self._style.columns // 3
        return Columns((Cell(label, wide), Cell(value, align=Align.RIGHT)))

    def _figures(self, minor: int) -> str:
        return self._plain(minor * self._sign)

    def _plain(self, minor: int) -> str:
        decimals = exponent(self._sale.currency)
        whole, rest = divmod(abs(minor), 10**decimals)
        return ("-" if minor < 0 else "") + (f"{whole:,}.{rest:0{decimals}}" if decimals else f"{whole:,}")

    def _word(self, key: str) -> str:
        return " ".join(known[key] for known in self._texts)

    def _in_order(self, zh: str, en: str) -> Sequence[str]:
        both = {"zh-CN": zh or en, "en": en or zh}
        return [both[language] for language in self._style.languages]


def _by_piece(line: Line) -> bool:
    return line.unit not in _MEASURES and line.quantity_milli % MILLI == 0 and line.quantity_milli > 0

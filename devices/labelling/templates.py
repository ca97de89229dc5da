"""Labels of a store: shelf and delivery, in Chinese and English, for any size of paper. Pure: values in, a document out."""

from typing import Literal

import msgspec

from devices.label import Align, BigPrice, Box, Element, LabelDocument, Linear, Matrix, Symbology, Text
from devices.labelling.codes import QUIET, linear_modules, matrix_modules
from domain.catalogue import check_digit, is_digits
from domain.money import exponent, format_minor

Language = Literal["zh", "en"]
MIN_SHELF_MM, MIN_DELIVERY_MM = (40.0, 28.0), (60.0, 50.0)
SHELF_MM, DELIVERY_MM = (70.0, 38.0), (100.0, 75.0)
"""Width and height of the usual papers."""
_MAX_ITEMS = 40
_MIN_BESIDE_MM, _MIN_PHONE_MM = 18.0, 8.0  # what a reference price, and a phone number, need beside the code
_MODULE_MM = 0.25  # two dots of a 203 dpi head

WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "spec": "规格", "unit": "单位", "origin": "产地", "member": "会员价", "supervision": "监督电话", "per": "单价",
        "order": "订单", "customer": "收货人", "address": "地址", "round": "波次", "shift": "班次", "more": "另有{n}种商品",
        "parcel": "第{n}件/共{of}件",
    },
    "en": {
        "spec": "Size", "unit": "Unit", "origin": "Origin", "member": "Member", "supervision": "Price line", "per": "Unit price",
        "order": "Order", "customer": "To", "address": "Address", "round": "Round", "shift": "Shift", "more": "and {n} more",
        "parcel": "Parcel {n} of {of}",
    },
}  # fmt: skip
"""What the templates say themselves."""


class ShelfContent(msgspec.Struct, frozen=True):
    """What stands on a shelf label; empty texts are left out.

    Attributes:
        name: of the item.
        second_name: in the other language, small.
        spec, unit, origin: such as ``500 g``, ``瓶``, ``安徽``.
        price_minor: of one unit.
        reference_minor, reference_unit: the price of 500 g, a kilogram, 100 ml …, where the law wants it.
        member_minor: what members pay, None where it is the same.
        code: the item's barcode; EAN-13 and EAN-8 (and UPC-A) as such, anything else as Code 128.
        supervision_phone: whom to call when the price at the till differs.
    """

    name: str
    price_minor: int
    currency: str = "CNY"
    second_name: str = ""
    spec: str = ""
    unit: str = ""
    origin: str = ""
    reference_minor: int | None = None
    reference_unit: str = ""
    member_minor: int | None = None
    code: str = ""
    supervision_phone: str = ""


class DeliveryContent(msgspec.Struct, frozen=True):
    """What stands on a parcel's label.

    Attributes:
        order: its number; ``link`` is what the QR code holds, the order's number without one.
        customer: as the customer's mask has it (``张**``): a label is read by everyone in the stairway.
        round, shift: which tour, such as ``3`` and ``14:00–16:00``.
        items: name and quantity of each.
        parcel, parcels: this is parcel ``parcel`` of ``parcels``.
    """

    order: str
    customer: str
    address: str
    round: str = ""
    shift: str = ""
    items: tuple[tuple[str, str], ...] = ()
    link: str = ""
    store: str = ""
    note: str = ""
    parcel: int = 1
    parcels: int = 1


def masked(name: str) -> str:
    """Return a customer's name as a label shows it: its first character, and stars.

    >>> masked("张小明"), masked("O'Hara, Mary"), masked("")
    ('张**', 'O**', '')
    """
    return name.strip()[:1] + "**" if name.strip() else ""


def shelf_label(
    content: ShelfContent, size_mm: tuple[float, float] = SHELF_MM, language: Language = "zh"
) -> LabelDocument:
    """Return a shelf label.

    Raises:
        ValueError: the paper is smaller than ``MIN_SHELF_MM``.
    """
    width, height = _checked(size_mm, MIN_SHELF_MM)
    layout = _Shelf(content, width, height, WORDS[language], language)
    return LabelDocument(width, height, tuple(layout.elements()))


def delivery_label(
    content: DeliveryContent, size_mm: tuple[float, float] = DELIVERY_MM, language: Language = "zh"
) -> LabelDocument:
    """Return a parcel's label.

    Raises:
        ValueError: the paper is smaller than ``MIN_DELIVERY_MM``.
    """
    width, height = _checked(size_mm, MIN_DELIVERY_MM)
    layout = _Delivery(content, width, height, WORDS[language])
    return LabelDocument(width, height, tuple(layout.elements()))


def _checked(size_mm: tuple[float, float], least: tuple[float, float]) -> tuple[float, float]:
    if size_mm[0] < least[0] or size_mm[1] < least[1]:
        raise ValueError(f"a label of {size_mm[0]:g} × {size_mm[1]:g} mm is below {least[0]:g} × {least[1]:g} mm")
    return size_mm


def symbology_of(code: str) -> tuple[Symbology, str]:
    """Return as what a code is printed, and its data: a UPC-A is an EAN-13 with a zero in front."""
    if is_digits(code) and len(code) in (8, 12, 13) and int(code[-1]) == check_digit(code[:-1]):
        return (Symbology.EAN8, code) if len(code) == 8 else (Symbology.EAN13, code.zfill(13))
    return Symbology.CODE128, code


def _ems(text: str) -> float:
    """Return roughly how many Chinese characters wide a text is."""
    return sum(0.55 if character.isascii() else 1.0 for character in text)


class _Shelf:
    """A shelf label while it is laid out: name on top, facts below it, price right, code and phone at the foot."""

    def __init__(
        self, content: ShelfContent, width: float, height: float, words: dict[str, str], language: Language
    ) -> None:
        self._content, self._words, self._language = content, words, language
        self._width, self._height = width, height
        self._margin = 2.0 if width >= 50 else 1.5
        self._scale = max(0.75, min(1.5, height / SHELF_MM[1]))

    def elements(self) -> list[Element]:
        """Return everything, from the top."""
        small, (found, top) = 2.6 * self._scale, self._names(2.6 * self._scale)
        if facts := self._facts():
            found.append(self._text(facts, top, small))
            top += small * 1.35
        rule = Box(self._margin, top + 0.2, self._inner, 0.25)
        code, used = self._code(self._foot_top + 0.5, self._foot_mm - 0.5) if self._content.code else ([], 0.0)
        beside = self._inner - used
        price = self._price(top + 1.1, with_reference=beside < _MIN_BESIDE_MM)
        return [*found, rule, *price, *code, *self._beside(used, beside)]

    def _names(self, small: float) -> tuple[list[Element], float]:
        """Return the name on one line, or a long one on two, and how far down it goes."""
        content, size, top = self._content, 4.6 * self._scale, self._margin
        if _ems(content.name) * size * 0.8 > self._inner and self._height >= 36:
            size *= 0.74
            return [self._text(content.name, top, size, lines=2, bold=True)], top + 2.45 * size
        found: list[Element] = [self._text(content.name, top, size, bold=True)]
        top += size * 1.25
        if content.second_name and self._height >= 36:
            found.append(self._text(content.second_name, top, small))
            top += small * 1.35
        return found, top

    @property
    def _inner(self) -> float:
        return self._width - 2 * self._margin

    @property
    def _foot_mm(self) -> float:
        return 10.5 * self._scale

    @property
    def _foot_top(self) -> float:
        return self._height - self._margin - self._foot_mm

    def _text(self, text: str, top: float, size: float, *, lines: int = 1, bold: bool = False) -> Text:
        return Text(text, self._margin, top, self._inner, size, lines=lines, bold=bold)

    def _facts(self) -> str:
        pairs = [("spec", self._content.spec), ("unit", self._content.unit), ("origin", self._content.origin)]
        return "  ".join(f"{self._words[key]}: {value}" for key, value in pairs if value)

    def _money(self, minor: int) -> str:
        return format_minor(minor, self._content.currency, self._language)

    def _price(self, top: float, *, with_reference: bool) -> list[Element]:
        """The price as large as there is room, the member's price beside it, and the reference where it fits nowhere else."""
        content, bottom = self._content, self._foot_top - 0.8
        height, size = bottom - top, 2.6 * self._scale
        reference = self._reference(word=False) if with_reference else ""  # in its narrow place the figures are enough
        share = 0.62 if content.member_minor is not None or reference else 1.0
        left, width = self._margin + self._inner * share + 1.0, self._inner * (1 - share) - 1.0
        found: list[Element] = [
            BigPrice(*self._parts(content.price_minor), self._margin, top, self._inner * share, height)
        ]
        if reference:
            found.append(Text(reference, left, bottom - size * 1.2, width, size, align=Align.CENTER, whole=True))
            bottom -= size * 1.3
        if content.member_minor is not None:
            found.append(Text(self._words["member"], left, top, width, size, align=Align.CENTER, inverse=True))
            room = bottom - top - size * 1.35
            place = left, top + size * 1.35, width, room
            found.append(BigPrice(*self._parts(content.member_minor), *place, Align.CENTER))
        return found

    def _reference(self, *, word: bool = True) -> str:
        content = self._content
        if content.reference_minor is None:
            return ""
        figures = f"{self._money(content.reference_minor)}/{content.reference_unit}"
        return f"{self._words['per']} {figures}" if word else figures

    def _parts(self, minor: int) -> tuple[str, str, str]:
        """Return symbol, whole units and decimals."""
        decimals = exponent(self._content.currency)
        shown = format_minor(minor, self._content.currency, self._language)
        figures = shown.lstrip("".join(character for character in shown if not character.isdigit()))
        symbol = shown[: len(shown) - len(figures)].strip()
        whole, _, fraction = figures.partition(".") if decimals else (figures, "", "")
        return symbol, whole, fraction

    def _beside(self, used: float, width: float) -> list[Element]:
        """What stands right of the code: the reference price on top, whom to call at the foot."""
        size, left, found = 2.5 * self._scale, self._margin + used, list[Element]()
        if width < _MIN_PHONE_MM:
            return found
        if width >= _MIN_BESIDE_MM and (reference := self._reference()):
            found.append(Text(reference, left, self._foot_top + 0.5, width, size, align=Align.RIGHT, whole=True))
        if phone := self._content.supervision_phone:
            for number, text in enumerate((self._words["supervision"], phone)):
                y = self._height - self._margin - (2 - number) * size * 1.25
                found.append(Text(text, left, y, width, size, align=Align.RIGHT, whole=True))
        return found

    def _code(self, top: float, height: float) -> tuple[list[Element], float]:
        """Return the item's code and the width it takes: bars, or a DataMatrix with its text where bars are too wide."""
        symbology, data = symbology_of(self._content.code)
        modules = linear_modules(symbology, data) + sum(QUIET[symbology])
        room = self._inner if modules * _MODULE_MM > self._inner * 0.62 else self._inner * 0.62
        if modules * _MODULE_MM <= room:
            width = min(room, modules * _MODULE_MM * 1.6)
            return [Linear(symbology, data, self._margin, top, width, height)], width
        side, quiet = matrix_modules(Symbology.DATAMATRIX, data)
        if (side + 2 * quiet) * _MODULE_MM > height:  # too long for any code here: a person can still read it
            return [
                Text(data, self._margin, top + height / 2, self._inner * 0.62, 2.2, lines=2, whole=True)
            ], self._inner * 0.62
        beside = Text(data, self._margin + height + 0.5, top + height / 2 - 1.2, self._inner * 0.4, 2.2, whole=True)
        return [Matrix(Symbology.DATAMATRIX, data, self._margin, top, height), beside], height + 0.5 + self._inner * 0.4


class _Delivery:
    """A parcel's label while it is laid out: order and QR on top, person and address, what is inside."""

    def __init__(self, content: DeliveryContent, width: float, height: float, words: dict[str, str]) -> None:
        self._content, self._words, self._width, self._height = content, words, width, height
        self._margin = 3.0
        self._scale = max(0.8, min(1.3, height / DELIVERY_MM[1]))

    @property
    def _inner(self) -> float:
        return self._width - 2 * self._margin

    def elements(self) -> list[Element]:
        """Return everything, from the top."""
        found, top = self._head()
        found.append(Box(self._margin, top, self._inner, 0.4))
        more, top = self._person(top + 1.2)
        found += [*more, Box(self._margin, top, self._inner, 0.4)]
        return [*found, *self._inside(top + 1.0)]

    def _head(self) -> tuple[list[Element], float]:
        """Store, tour and parcel beside the QR code; the order's number below, over the whole width."""
        content, scale, square = self._content, self._scale, 21.0 * self._scale
        left, width, top = self._margin, self._inner - square - 1, self._margin
        pairs = [("round", content.round), ("shift", content.shift)]
        parcel = self._words["parcel"].format(n=content.parcel, of=content.parcels) if content.parcels > 1 else ""
        rows = [
            (content.store, 3.4),
            *((f"{self._words[key]} {value}", 4.6) for key, value in pairs if value),
            (parcel, 3.4),
        ]
        found: list[Element] = [
            Matrix(
                Symbology.QR,
                content.link or content.order,
                self._margin + self._inner - square,
                self._margin - 1,
                square,
            )
        ]
        for text, size in rows:
            if text:
                found.append(Text(text, left, top, width, size * scale, bold=size > 4, whole=size > 4))
                top += size * 1.28 * scale
        top = max(top, self._margin + square - 1)
        number = f"{self._words['order']} {content.order}"
        found.append(Text(number, left, top, self._inner, 5.6 * scale, bold=True, whole=True))
        return found, top + 5.6 * 1.25 * scale + 0.4

    def _person(self, top: float) -> tuple[list[Element], float]:
        content, size = self._content, 4.2 * self._scale
        found: list[Element] = [
            Text(f"{self._words['customer']}  {content.customer}", self._margin, top, self._inner, size, bold=True),
            Text(
                f"{self._words['address']}  {content.address}",
                self._margin,
                top + size * 1.25,
                self._inner,
                size,
                lines=2,
            ),
        ]
        return found, top + size * 1.25 + 2 * size * 1.2 + 0.6

    def _inside(self, top: float) -> list[Element]:
        size = 3.2 * self._scale
        rows = max(1, int((self._height - self._margin - top) / (size * 1.25)))
        lines = [*self._content.items[:_MAX_ITEMS]]
        note = [self._content.note] if self._content.note else []
        room = rows - len(note)
        shown = lines if len(self._content.items) <= room else lines[: max(0, room - 1)]
        found: list[Element] = []
        for number, (name, quantity) in enumerate(shown):
            y = top + number * size * 1.25
            found.append(Text(name, self._margin, y, self._inner - 16, size))
            found.append(Text(quantity, self._margin + self._inner - 15, y, 15, size, align=Align.RIGHT))
        rest = (
            [self._words["more"].format(n=len(self._content.items) - len(shown))]
            if len(shown) < len(self._content.items)
            else []
        )
        for number, text in enumerate([*rest, *note][: max(0, rows - len(shown))]):
            found.append(Text(text, self._margin, top + (len(shown) + number) * size * 1.25, self._inner, size))
        return found

"""The layout of a shelf label: name on top, facts below it, the price large, code and phone at the foot."""

from devices.label import Align, BigPrice, Box, Element, Linear, Matrix, Symbology, Text
from devices.labelling.codes import QUIET, linear_modules, matrix_modules
from devices.labelling.contents import Language, ShelfContent
from domain.catalogue import check_digit, is_digits
from domain.money import exponent, format_minor

USUAL_MM = (70.0, 38.0)
_MIN_BESIDE_MM, _MIN_PHONE_MM = 18.0, 8.0  # what a reference price, and a phone number, need beside the code
_MODULE_MM = 0.25  # two dots of a 203 dpi head


def symbology_of(code: str) -> tuple[Symbology, str]:
    """Return as what a code is printed, and its data: a UPC-A is an EAN-13 with a zero in front."""
    if is_digits(code) and len(code) in (8, 12, 13) and int(code[-1]) == check_digit(code[:-1]):
        return (Symbology.EAN8, code) if len(code) == 8 else (Symbology.EAN13, code.zfill(13))
    return Symbology.CODE128, code


def _ems(text: str) -> float:
    """Return roughly how many Chinese characters wide a text is."""
    return sum(0.55 if character.isascii() else 1.0 for character in text)


class ShelfLayout:
    """A shelf label while it is laid out, all lengths in millimetres."""

    def __init__(
        self, content: ShelfContent, width: float, height: float, words: dict[str, str], language: Language
    ) -> None:
        self._content, self._words, self._language = content, words, language
        self._width, self._height = width, height
        self._margin = 2.0 if width >= 50 else 1.5
        self._scale = max(0.75, min(1.5, height / USUAL_MM[1]))

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

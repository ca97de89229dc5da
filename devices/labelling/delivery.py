"""The layout of a parcel's label: tour and QR code on top, the order's number, person and address, what is inside."""

from devices.label import Align, Box, Element, Matrix, Symbology, Text
from devices.labelling.contents import DeliveryContent

USUAL_MM = (100.0, 75.0)
_MAX_ITEMS = 40


class DeliveryLayout:
    """A parcel's label while it is laid out, all lengths in millimetres."""

    def __init__(self, content: DeliveryContent, width: float, height: float, words: dict[str, str]) -> None:
        self._content, self._words, self._width, self._height = content, words, width, height
        self._margin = 3.0
        self._scale = max(0.8, min(1.3, height / USUAL_MM[1]))

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

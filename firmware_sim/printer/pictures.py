"""Symbols and pictures: bars, squares, rasters and stored logos."""

import dataclasses
from collections.abc import Callable

from PIL import Image

from firmware_sim.printer import symbols
from firmware_sim.printer.typesetter import Typesetter

_MAX_QR_MODULE = 16


@dataclasses.dataclass
class _Symbol:
    height: int = 162
    module: int = 3
    text_at: int = 0
    qr_size: int = 3
    qr_level: int = 0x30
    qr_data: bytes = b""
    pdf_data: bytes = b""
    pdf_module: int = 3
    picture: Image.Image | None = None


class Pictures:
    """What a printer remembers of the symbols to come, and the logos that it keeps."""

    def __init__(self, typesetter: Typesetter) -> None:
        self._type = typesetter
        self._stored: list[Image.Image] = []
        self.reset()

    def reset(self) -> None:
        """Return to what ``ESC @`` sets; stored logos stay."""
        self._symbol = _Symbol()

    def _barcode(self, args: bytes) -> None:
        code = symbols.read_barcode(args)
        if code is None:
            return
        if code.modules is None:
            self._type.boxed(f"[{code.kind} {code.text}]")
            return
        bars = symbols.bars_image(code.modules, self._symbol.module, self._symbol.height)
        above, below = self._symbol.text_at & 1, self._symbol.text_at & 2
        if above:
            self._type.caption(code.text, bars.width)
        self._type.put_picture(bars, f"[{code.kind} {code.text}]")
        if below:
            self._type.caption(code.text, bars.width)

    def _two_dimensional(self, args: bytes) -> None:
        kind, function, data = args[3], args[4], args[5:]
        match kind, function:
            case 0x31, 0x43:
                self._symbol.qr_size = min(max(data[0], 1), _MAX_QR_MODULE)
            case 0x31, 0x45:
                self._symbol.qr_level = data[0]
            case 0x31, 0x50:
                self._symbol.qr_data = data[1:]
            case 0x31, 0x51 if self._symbol.qr_data:
                stored = self._symbol.qr_data
                image = symbols.qr_image(stored, self._symbol.qr_level, self._symbol.qr_size)
                self._type.put_picture(image, f"[qr {stored.decode('utf-8', 'replace')}]")
            case 0x30, 0x50:
                self._symbol.pdf_data = data[1:]
            case 0x30, 0x43:
                self._symbol.pdf_module = min(max(data[0], 2), 8)
            case 0x30, 0x51 if self._symbol.pdf_data:
                self._pdf417(self._symbol.pdf_data)

    def _pdf417(self, data: bytes) -> None:
        text = f"[pdf417 {data.decode('utf-8', 'replace')}]"
        image = symbols.pdf417_image(data, self._symbol.pdf_module) if self._type.paper.draws else None
        if image is None:
            self._type.boxed(text)
        else:
            self._type.put_picture(image, text)

    def _raster(self, args: bytes) -> None:
        mode, width, rows = args[1] & 3, int.from_bytes(args[2:4], "little"), int.from_bytes(args[4:6], "little")
        self._picture(symbols.raster_image(width, rows, args[6:], 2 if mode & 1 else 1, 2 if mode & 2 else 1))

    def _graphics(self, args: bytes) -> None:
        self._graphics_function(args[3:])

    def _large_graphics(self, args: bytes) -> None:
        self._graphics_function(args[5:])

    def _graphics_function(self, data: bytes) -> None:
        function = data[1] if len(data) > 1 else 0
        if function == 112 and len(data) >= 10:
            width, rows = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
            image = symbols.raster_image((width + 7) // 8, rows, data[10:], data[3], data[4])
            self._symbol.picture = image.crop((0, 0, width * data[3], image.height))
        elif function in (2, 50) and self._symbol.picture is not None:
            self._picture(self._symbol.picture)
            self._symbol.picture = None
        elif function in (69, 85):
            self._logo(b"\x01")

    def _store_logos(self, args: bytes) -> None:
        self._stored, at = [], 1
        for _ in range(args[0]):
            columns, bands = (int.from_bytes(args[at + i : at + i + 2], "little") for i in (0, 2))
            size = columns * bands * 8
            self._stored.append(symbols.stored_image(columns * 8, bands, args[at + 4 : at + 4 + size]))
            at += 4 + size

    def _logo(self, args: bytes) -> None:
        if 1 <= args[0] <= len(self._stored):
            image = self._stored[args[0] - 1]
            self._type.put_picture(image, f"[stored logo {args[0]} {image.width}x{image.height}]")

    def _picture(self, image: Image.Image) -> None:
        if image.width and image.height:
            self._type.put_picture(image, f"[image {image.width}x{image.height}]")

    def _column_image(self, args: bytes) -> None:
        image = symbols.column_image(args[0], args[3:])
        if not self._type.line.fits(image.width):
            self._type.end_line()
        self._type.line.add_image(image, "" if self._type.line else f"[image {image.width}x24]")


def _set_symbol(name: str) -> Callable[[Pictures, bytes], None]:
    def handler(pictures: Pictures, args: bytes) -> None:
        setattr(pictures._symbol, name, args[0])

    return handler


PICTURE_COMMANDS: dict[str, Callable[[Pictures, bytes], None]] = {
    "ESC *": Pictures._column_image,
    "GS H": _set_symbol("text_at"),
    "GS h": _set_symbol("height"),
    "GS w": _set_symbol("module"),
    "GS k": Pictures._barcode,
    "GS v": Pictures._raster,
    "GS (k": Pictures._two_dimensional,
    "GS (L": Pictures._graphics,
    "GS 8": Pictures._large_graphics,
    "FS p": Pictures._logo,
    "FS q": Pictures._store_logos,
}

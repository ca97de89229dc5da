"""What lies before the simulated camera, as JPEG pictures: an empty counter, packs with codes, or a photograph."""

import io
import random
from pathlib import Path
from typing import Any, NamedTuple

import barcode
from PIL import Image, ImageChops, ImageFilter, ImageOps

from firmware_sim.printer.symbols import bars_image, qr_image

VARIANTS = 6
"""Pictures of one scene, each with noise and a hand's unrest of its own; they come round in turn."""

LINEAR = ("ean13", "ean8", "upca", "code128", "itf")
KINDS = (*LINEAR, "qr")
_COUNTER_GREY, _PACK_GREY = 118, 232
_QUIET_MODULES = 11


class Pack(NamedTuple):
    """One code on a white pack.

    Attributes:
        text: what the code says.
        kind: one of ``KINDS``.
        x, y: its centre, in parts of the picture's width and height.
        angle: degrees, anticlockwise.
        module_px: pixels a module.
    """

    text: str
    kind: str = "ean13"
    x: float = 0.5
    y: float = 0.5
    angle: float = 0.0
    module_px: int = 3


def pack_from(value: Any, place: int = 0, of: int = 1) -> Pack:
    """Return a pack from a command: a text, or an object with Pack's fields; without a place the packs stand in a row.

    Raises:
        ValueError, TypeError: it is none.
    """
    fields = {"text": value} if isinstance(value, str) else dict(value)
    fields.setdefault("kind", _likely_kind(str(fields.get("text", ""))))
    fields.setdefault("x", (place + 0.5) / of)
    pack = Pack(**fields)
    if pack.kind not in KINDS:
        raise ValueError(f"kind {pack.kind!r} is none of {', '.join(KINDS)}")
    return pack


def _likely_kind(text: str) -> str:
    by_length = {13: "ean13", 8: "ean8", 12: "upca", 14: "itf"}
    return by_length.get(len(text), "code128") if text.isdigit() else "qr"


class Scene:
    """One scene; pictures are drawn when first asked for, then kept.

    Attributes:
        name: what a person would say is to be seen.
        codes: the texts that can be read.
    """

    def __init__(
        self, name: str, size: tuple[int, int], packs: list[Pack], photograph: Image.Image | None = None
    ) -> None:
        self.name, self.codes = name, [pack.text for pack in packs]
        self._size, self._packs, self._photograph = size, packs, photograph
        self._drawn: dict[int, bytes] = {}
        self._random = random.Random(name)

    def jpeg(self, number: int) -> bytes:
        """Return frame ``number`` as a JPEG file."""
        variant = number % VARIANTS
        if variant not in self._drawn:
            file = io.BytesIO()
            self._draw().save(file, "JPEG", quality=85)
            self._drawn[variant] = file.getvalue()
        return self._drawn[variant]

    def _draw(self) -> Image.Image:
        picture = Image.new("L", self._size, _COUNTER_GREY)
        if self._photograph is not None:
            picture.paste(ImageOps.pad(self._photograph, self._size, color=_COUNTER_GREY))
        for pack in self._packs:
            self._lay(picture, pack)
        picture = picture.filter(ImageFilter.GaussianBlur(0.6))
        return ImageChops.add(picture, Image.effect_noise(self._size, 4), offset=-128)

    def _lay(self, picture: Image.Image, pack: Pack) -> None:
        drawn, mask = _pack_image(pack)
        left = round(pack.x * picture.width - drawn.width / 2 + self._random.uniform(-2, 2))
        top = round(pack.y * picture.height - drawn.height / 2 + self._random.uniform(-2, 2))
        picture.paste(drawn, (left, top), mask)


def _pack_image(pack: Pack) -> tuple[Image.Image, Image.Image]:
    """Return a pack and its mask, turned by its angle, mode ``L``."""
    if pack.kind == "qr":
        code = qr_image(pack.text.encode(), 0x31, pack.module_px)
    else:
        modules = "".join(barcode.get_barcode_class(pack.kind)(pack.text).build())
        code = bars_image(modules.strip("0"), pack.module_px, 40 * pack.module_px)
    margin = _QUIET_MODULES * pack.module_px
    flat = Image.new("L", (code.width + 2 * margin, code.height + 2 * margin), _PACK_GREY)
    flat.paste(ImageChops.multiply(code, Image.new("L", code.size, _PACK_GREY)), (margin, margin))
    return _turned(flat, pack.angle), _turned(Image.new("L", flat.size, 255), pack.angle)


def _turned(image: Image.Image, angle: float) -> Image.Image:
    return image.rotate(angle, resample=Image.Resampling.BICUBIC, expand=True)


def photograph(path: Path) -> Image.Image:
    """Return a picture file as grey.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        with Image.open(path) as picture:
            return picture.convert("L")
    except OSError as error:
        raise ValueError(f"{path} is no picture that can be read: {error}") from error

"""A store's logo, from a picture file to black and white dots."""

from pathlib import Path
from typing import TYPE_CHECKING

from devices.errors import PictureRefused
from devices.receipt import MAX_PICTURE_ROWS, Picture

if TYPE_CHECKING:
    from PIL import Image

MAX_FILE_BYTES = 4_000_000
MAX_PIXELS = 16_000_000
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")


def read_logo(path: Path, width_dots: int) -> Picture:
    """Return the picture in ``path``, no wider than ``width_dots``, its greys as patterns of dots; blocking.

    Raises:
        PictureRefused: no such file, no picture, or over the limits.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PictureRefused(f"{path} is over the limit of {MAX_FILE_BYTES} bytes: choose a smaller logo")
        with Image.open(path, formats=_FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise PictureRefused(
                    f"{path} of {opened.width} x {opened.height} dots is over {MAX_PIXELS}: choose a smaller logo"
                )
            grey = _on_white(opened.convert("RGBA"))
    except UnidentifiedImageError as error:
        raise PictureRefused(f"{path} is no picture: a logo is a PNG, JPEG, BMP, GIF or WebP file") from error
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise PictureRefused(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return _dots(grey, width_dots, path)


def _on_white(picture: "Image.Image") -> "Image.Image":
    from PIL import Image

    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture)
    return paper.convert("L")


def _dots(grey: "Image.Image", width_dots: int, path: Path) -> Picture:
    from PIL import Image, ImageOps

    if grey.width > width_dots:
        grey = grey.resize((width_dots, max(1, grey.height * width_dots // grey.width)))
    if grey.height > MAX_PICTURE_ROWS:
        raise PictureRefused(
            f"{path} is {grey.height} dots tall on paper, over {MAX_PICTURE_ROWS}: choose a wider logo"
        )
    sheet = Image.new("L", ((grey.width + 7) // 8 * 8, grey.height), 255)
    sheet.paste(grey, ((sheet.width - grey.width) // 2, 0))
    if sheet.width > width_dots // 8 * 8:
        sheet = sheet.crop((0, 0, width_dots // 8 * 8, sheet.height))
    return Picture(sheet.width, ImageOps.invert(sheet).convert("1").tobytes())

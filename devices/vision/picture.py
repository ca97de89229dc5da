"""A file or its bytes into a grey picture, within limits that hold before anything is decoded."""

import importlib
import io
import warnings
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from devices.errors import DeviceUnavailable, PictureRefused

MAX_BYTES = 16 * 1024 * 1024
MAX_PIXELS = 40_000_000  # the largest phone cameras; 40 MB as grey
FORMATS = ("BMP", "JPEG", "PNG", "WEBP")


def vision_module(name: str) -> Any:
    """Import a module of the extra ``vision``, which a store without cameras does not install.

    Raises:
        DeviceUnavailable: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        reason = f"{name} cannot be loaded ({error}): install shopwire[vision] (pyzbar also needs apt libzbar0)"
        raise DeviceUnavailable("camera", reason) from error


def read_bytes(picture: Path | bytes) -> bytes:
    """Return the picture's bytes.

    Raises:
        PictureRefused: no such file, or over the limit of bytes.
    """
    if isinstance(picture, bytes):
        data, name = picture, "picture"
    else:
        name = picture.name
        try:
            with picture.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise PictureRefused(f"{picture} cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise PictureRefused(f"{name} has more than {MAX_BYTES} bytes: send a smaller picture")
    return data


def grey(data: bytes, max_pixels: int = MAX_PIXELS) -> Any:
    """Return the picture as an array (height, width) of uint8, row-major, 0 = black; ``max_pixels`` limits its head's claim.

    Raises:
        PictureRefused: no picture of a known format, damaged, or over the limit of pixels.
        DeviceUnavailable: OpenCV is not installed.
    """
    width, height = _size(data)
    if width * height > max_pixels:
        raise PictureRefused(
            f"picture of {width}×{height} pixels is over the limit of {max_pixels}: send a smaller one"
        )
    cv2, numpy = vision_module("cv2"), vision_module("numpy")
    try:
        image = cv2.imdecode(numpy.frombuffer(data, numpy.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        raise PictureRefused(f"picture of {width}×{height} pixels cannot be decoded: {error}") from error
    if image is None:
        raise PictureRefused(f"picture of {width}×{height} pixels is damaged: {len(data)} bytes")
    return image


def _size(data: bytes) -> tuple[int, int]:
    # Pillow reads the header only: a small file may unfold to gigabytes, and OpenCV would begin to.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is the one that counts
            with Image.open(io.BytesIO(data), formats=FORMATS) as header:
                return header.size
    except Image.DecompressionBombError as error:
        raise PictureRefused(f"picture is over the limit of {MAX_PIXELS} pixels: send a smaller one") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise PictureRefused(f"{len(data)} bytes that are no {', '.join(FORMATS)} picture") from error

"""One text form for all decoders, and only what proves itself."""

import struct
import zlib
from pathlib import Path

import pytest

from devices.errors import DeviceUnavailable, PictureRefused
from devices.vision import picture
from devices.vision.codes import Reading, chosen, expand_upc_e, normalise, retail


@pytest.mark.parametrize(
    ("family", "text", "expected"),
    [
        ("EAN13", "6901234567892", "6901234567892"),
        ("EAN13", "6901234567891", None),
        ("UPCA", "036000291452", "0036000291452"),
        ("UPCE", "04252614", "0042100005264"),
        ("UPCE", "0042100005264", "0042100005264"),
        ("EAN8", "96385074", "96385074"),
        ("EAN8", "96385075", None),
        ("ITF", "901985", "901985"),
        ("ITF", "90198A", None),
        ("ITF", "00012345678905", "00012345678905"),
        ("DATABAR", "(01)00821935106427", "0100821935106427"),
        ("DATABAR", "00821935106427", "0100821935106427"),
        ("CODE128", "\x1d0106901234567892102024A\x1d3103001234", "0106901234567892102024A\x1d3103001234"),
        ("QR", " https://x.y \r\n", "https://x.y"),
        ("QR", "a\x1bp\x00", None),
        ("QR", "x" * 5000, None),
        ("AZTEC", "x", None),
        ("EAN13", "", None),
    ],
)
def test_one_form(family: str, text: str, expected: str | None) -> None:
    reading = normalise(family, text)
    assert (reading.text if reading else None) == expected


def test_symbology_identifiers() -> None:
    assert normalise("CODE128", "0106901234567892", "]C1") == Reading("CODE128", "0106901234567892", "]C1")
    upc = normalise("UPCA", "036000291452", "]E0")
    assert upc is not None
    assert upc.symbology == "]E0"


@pytest.mark.parametrize(
    ("short", "full"), [("04252614", "042100005264"), ("01234531", "012300000451"), ("01234558", "012345000058")]
)
def test_upc_e_expands(short: str, full: str) -> None:
    assert expand_upc_e(short)[:-1] == full[:-1]


def test_an_unsure_short_code_beside_a_long_one_is_dropped_and_texts_come_once_with_most_votes() -> None:
    long, short = Reading("EAN13", "6901234567892", "]E0"), Reading("EAN8", "96385074", "]E4")
    sure = short._replace(votes=2)
    assert chosen([short, long, long]) == [long]
    assert chosen([short]) == [short]
    assert chosen([short, sure, long, short]) == [sure, long]


@pytest.mark.parametrize(
    ("family", "text", "sold"),
    [
        ("ITF", "901985", False),
        ("ITF", "00012345678905", True),
        ("ITF", "00012345678906", False),
        ("UPCE", "0042100005264", True),
        ("UPCE", "0142100005263", False),
        ("CODE128", "A12", False),
        ("CODE128", "A123", True),
        ("QR", "x", True),
    ],
)
def test_what_a_shop_can_mean(family: str, text: str, sold: bool) -> None:
    assert retail(Reading(family, text, "")) is sold


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_a_small_file_that_unfolds_to_a_huge_picture_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    header = struct.pack(">IIBBBBB", 40_000, 40_000, 1, 0, 0, 0, 0)
    file = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"")) + _chunk(b"IEND", b"")
    monkeypatch.setattr(picture, "vision_module", lambda name: pytest.fail(f"{name} was asked to decode it"))
    with pytest.raises(PictureRefused, match="over the limit of 40000000"):
        picture.grey(file)


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"<svg/>", b"GIF89a" + b"\0" * 50]
)
def test_what_is_no_picture_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(PictureRefused, match="no BMP, JPEG, PNG, WEBP picture"):
        picture.grey(data)


def test_files_are_limited_and_missing_ones_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "MAX_BYTES", 10)
    (tmp_path / "large.png").write_bytes(b"x" * 11)
    with pytest.raises(PictureRefused, match=r"large\.png has more than 10 bytes"):
        picture.read_bytes(tmp_path / "large.png")
    with pytest.raises(PictureRefused, match=r"none\.png cannot be read: No such file"):
        picture.read_bytes(tmp_path / "none.png")


def test_a_missing_extra_is_named() -> None:
    with pytest.raises(DeviceUnavailable, match=r"install shopwire\[vision\]"):
        picture.vision_module("no_such_module_of_vision")

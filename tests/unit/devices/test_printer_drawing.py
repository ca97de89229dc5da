"""What a printer cannot print by itself: drawn characters, pictures, codes, logos."""

import io
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from devices.barcodes import check_digit_holds, fault_of_barcode, upca_of
from devices.errors import PictureRefused
from devices.printer_escpos.drawing import barcode_picture, qr_picture
from devices.printer_escpos.encoder import encode_receipt
from devices.printer_escpos.glyphs import Glyphs
from devices.printer_escpos.logo import read_logo
from devices.printer_escpos.profile import PROFILES, Pictures, PrinterProfile
from devices.printer_escpos.raster import harmless, picture_commands
from devices.printer_escpos.text import clean, drawn_columns, needs_drawing
from devices.receipt import Align, Barcode, Cell, Columns, Picture, Qr, ReceiptDocument, StoredLogo, Text

WIDE, LATIN = PROFILES.named("epson-80"), PROFILES.named("latin-80")
PEN = Glyphs()
needs_a_font = pytest.mark.skipif(
    not PEN.knows("中"), reason="no font with Chinese glyphs: apt install fonts-wqy-microhei"
)


class BlackPen:
    """Draws every character as a black box."""

    def knows(self, character: str) -> bool:
        return True

    def draw(self, lines: object, cell_dots: int, scale: tuple[int, int], width_dots: int, *, bold: bool) -> bytes:
        rows = (24 * scale[1] + 6) * len(lines)  # type: ignore[arg-type]
        return b"\xff" * (width_dots // 8 * rows)


def strips(data: bytes) -> list[tuple[int, int]]:
    """Return (bytes a row, rows) of each GS v 0."""
    found, at = [], 0
    while (at := data.find(b"\x1dv0\x00", at)) >= 0:
        width, rows = int.from_bytes(data[at + 4 : at + 6], "little"), int.from_bytes(data[at + 6 : at + 8], "little")
        found.append((width, rows))
        at += 8 + width * rows
    return found


def encoded(*elements: object, profile: PrinterProfile = WIDE) -> bytes:
    return encode_receipt(ReceiptDocument(elements), profile, BlackPen())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "drawn"), [("龙井茶 ￥1", False), ("𠮷野家", True), ("好👍", True), ("Ærø", True), ("tea", False)]
)
def test_only_a_line_that_the_printer_cannot_print_is_drawn(text: str, drawn: bool) -> None:
    assert bool(strips(encoded(Text(text)))) is drawn
    assert needs_drawing(clean(text, drawable=lambda _: True), WIDE.chinese) is drawn


def test_chinese_is_drawn_where_there_is_no_chinese() -> None:
    assert strips(encoded(Text("龙井茶"), profile=LATIN)) == [(9, 30)]
    assert b"\xff" * 9 in encoded(Text("龙井茶"), profile=LATIN)


def test_a_row_with_one_drawn_cell_is_drawn_whole_and_keeps_its_columns() -> None:
    row = Columns((Cell("𠮷野家"), Cell("38.00", 12, Align.RIGHT)))
    assert strips(encoded(row)) == [(72, 30)]


def test_large_drawn_text_goes_in_strips_of_whole_lines() -> None:
    found = strips(encoded(Text("𠮷" * 200, width=1, height=2)))
    assert sum(rows for _, rows in found) == 9 * 54
    assert all(rows <= 256 and rows % 54 == 0 for _, rows in found)
    small = msgspec.structs.replace(WIDE, strip_rows=24)
    assert {rows for _, rows in strips(encoded(Text("𠮷" * 50), profile=small))} <= {24, 6}


def test_the_tallest_text_stays_within_memory_and_paper() -> None:
    found = strips(encoded(Text("𠮷" * 4000, height=8)))
    assert all(width <= 72 and rows <= 256 for width, rows in found)


def test_skin_tones_and_variation_marks_leave_no_trace() -> None:
    assert clean("👍🏽️", drawable=lambda _: True) == "👍"


def test_a_drawn_letter_is_as_wide_as_it_looks() -> None:
    assert drawn_columns("Ærø") == 3
    assert drawn_columns("𠮷👍") == 4


@needs_a_font
def test_drawn_glyphs_are_black_on_white_and_differ() -> None:
    one, other = (PEN.draw([[(character, 2)]], 12, (1, 1), 24, bold=False) for character in "龘一")
    assert one != other
    black = sum(byte.bit_count() for byte in one)
    assert 100 < black < 24 * 24
    assert sum(byte.bit_count() for byte in PEN.draw([[("龘", 2)]], 12, (1, 1), 24, bold=True)) > black
    assert len(PEN.draw([[("龘", 2)]] * 3, 12, (2, 3), 48, bold=False)) == 6 * 3 * 78


@needs_a_font
def test_what_no_font_has_is_not_known() -> None:
    assert not PEN.knows("\U0010fffd")
    assert not Glyphs([("/nowhere.ttf", 0)])


# ── pictures ──


@given(st.lists(st.sampled_from([b"\x10", b"\x04", b"\x05", b"\x14", b"\x00", b"\xff"]), max_size=60))
def test_no_picture_holds_a_real_time_command(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    safe = harmless(data)
    assert len(safe) == len(data)
    for command in (b"\x10\x04", b"\x10\x05", b"\x10\x14"):
        assert command not in safe
    assert all(new & old == old for new, old in zip(safe, data, strict=True))  # no dot is lost


def test_a_picture_is_centred_by_white_and_cut_into_strips() -> None:
    data = picture_commands(Picture(80, b"\xff" * 10 * 600), WIDE)
    assert strips(data) == [(41, 256), (41, 256), (41, 88)]
    assert bytes(31) + b"\xff" * 10 in data
    with pytest.raises(ValueError, match="does not fit on 576"):
        picture_commands(Picture(584, b"\0" * 73), WIDE)
    with pytest.raises(ValueError, match="no pictures"):
        picture_commands(Picture(8, b"\0"), msgspec.structs.replace(WIDE, pictures=Pictures.NONE))


def test_columns_of_dots_for_printers_without_raster() -> None:
    profile = msgspec.structs.replace(WIDE, pictures=Pictures.COLUMN)
    data = picture_commands(Picture(8, b"\x80" + b"\x01" * 24), profile, left_dots=0)
    first = b"\x80\0\0" + b"\0\0\0" * 6 + b"\x7f\xff\xff"
    second = b"\0\0\0" * 7 + b"\x80\0\0"
    assert data == b"\x1b3\x10" + b"\x1b*!\x08\0" + first + b"\n" + b"\x1b*!\x08\0" + second + b"\n" + b"\x1b2"


def test_a_stored_logo_is_asked_for_by_its_number() -> None:
    assert b"\x1ba\x01\x1cp\x02\x00" in encoded(StoredLogo(2))
    with pytest.raises(ValueError, match="stored logo"):
        StoredLogo(0)


@pytest.mark.parametrize(
    ("width", "data"), [(9, b"\0\0"), (8, b""), (16, b"\0"), (1032, b"\0" * 129), (8, b"\0" * 2001)]
)
def test_what_is_no_rectangle_is_refused(width: int, data: bytes) -> None:
    with pytest.raises(ValueError, match="picture of"):
        Picture(width, data)


# ── logos ──


def saved(folder: Path, picture: Image.Image, name: str = "logo.png") -> Path:
    picture.save(folder / name)
    return folder / name


def test_a_logo_is_scaled_to_the_paper_and_clear_parts_are_white(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (800, 200), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 400, 200))
    logo = read_logo(saved(tmp_path, picture), 384)
    assert (logo.width_dots, logo.rows) == (384, 96)
    assert logo.data[:20] == b"\xff" * 20
    assert logo.data[28:48] == bytes(20)
    assert read_logo(saved(tmp_path, Image.new("L", (100, 10), 0)), 384).width_dots == 104


def test_a_logo_that_is_none_says_why(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "huge.png").write_bytes(b"x" * 4_000_001)
    with pytest.raises(PictureRefused, match="is no picture"):
        read_logo(tmp_path / "text.png", 384)
    with pytest.raises(PictureRefused, match="over the limit"):
        read_logo(tmp_path / "huge.png", 384)
    with pytest.raises(PictureRefused, match="No such file"):
        read_logo(tmp_path / "none.png", 384)
    with pytest.raises(PictureRefused, match="smaller logo"):
        read_logo(saved(tmp_path, Image.new("1", (5000, 5000))), 384)
    with pytest.raises(PictureRefused, match="wider logo"):
        read_logo(saved(tmp_path, Image.new("1", (50, 3000))), 384)
    broken = io.BytesIO()
    Image.new("L", (300, 300)).save(broken, "PNG")
    (tmp_path / "half.png").write_bytes(broken.getvalue()[:80])
    with pytest.raises(PictureRefused):
        read_logo(tmp_path / "half.png", 384)


# ── codes ──


def test_codes_that_a_model_does_not_make_are_drawn() -> None:
    profile = PROFILES.named("NT-5890K")
    data = encoded(Qr("https://x.y"), Barcode("ean13", "6901234567892"), profile=profile)
    assert b"\x1d(k" not in data
    assert b"\x1dk" not in data
    assert len(strips(data)) >= 2
    assert b"6901234567892" in data  # its text below
    with pytest.raises(ValueError, match="makes no code93"):
        barcode_picture(Barcode("code93", "X"), profile)
    assert qr_picture(Qr("x"), profile).width_dots % 8 == 0


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("ean13", "6901234567892", ""), ("ean13", "6901234567891", "check digit"), ("upca", "036000291452", ""),
        ("upca", "036000291453", "check digit"), ("upce", "04252614", ""), ("upce", "04252615", "check digit"),
        ("upce", "24252614", "0 or 1"), ("itf", "123", "even"), ("itf", "30614141123453", ""),
        ("itf", "30614141123454", "check digit"), ("code39", "ABC-1", ""), ("code39", "abc", "takes"),
        ("codabar", "A123B", ""), ("codabar", "123", "takes"), ("code93", "Ab 1", ""), ("code93", "茶", "takes"),
        ("code128", "x" * 41, "takes"), ("pdf417", "1", "is not one of"),
    ],
)  # fmt: skip
def test_data_that_a_code_cannot_hold_is_told(kind: str, data: str, said: str) -> None:
    fault = fault_of_barcode(kind, data)
    assert said in fault
    assert bool(fault) is bool(said)


def test_check_digits() -> None:
    assert check_digit_holds("96385074")
    assert not check_digit_holds("９6385074")
    for short, long in (
        ("04252614", "042100005264"),
        ("01234531", "012300000451"),
        ("01234543", "012340000053"),
        ("01234565", "012345000065"),
    ):
        assert upca_of(short)[:11] == long[:11]

"""Documents into bytes: Chinese, columns, symbols, and no byte of data that could be a command (F37, F42)."""

import doctest
import json
import unicodedata
from pathlib import Path
from typing import Any

import msgspec
import pytest
import qrcode
from hypothesis import given
from hypothesis import strategies as st

from devices import breaking
from devices.printer_escpos.encoder import cell_widths, encode_receipt
from devices.printer_escpos.profile import PROFILES, Chinese, Cut, PrinterProfile
from devices.printer_escpos.raster import picture_commands
from devices.printer_escpos.symbols import QR_CAPACITY
from devices.printer_escpos.text import clean, encode_text, pad, wrap
from devices.receipt import (
    Align,
    Barcode,
    Cell,
    Columns,
    Feed,
    KickDrawer,
    Picture,
    Qr,
    ReceiptDocument,
    Rule,
    Text,
    columns,
)
from devices.receipt import Cut as CutPaper

CHINESE: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data/golden-frames/chinese_text.json").read_text("utf-8")
)
WIDE = PROFILES.named("epson-80")
START = bytes.fromhex("1b3d01 1b40 1c26")


def encoded(*elements: Any, profile: PrinterProfile = WIDE) -> bytes:
    return encode_receipt(ReceiptDocument(elements), profile).removeprefix(START)


@pytest.mark.parametrize("case", CHINESE, ids=lambda case: case["text"])
def test_golden_chinese(case: dict[str, Any]) -> None:
    assert encoded(Text(case["text"])) == bytes.fromhex(case["gb18030"]) + b"\n"
    assert columns(clean(case["text"])) == case["columns_font_a"]


def test_the_half_width_yen_sign_becomes_the_full_width_one() -> None:
    assert encoded(Text("¥12")) == b"\xa3\xa412\n"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a\x1bp\x00\x19\xfab", "apúb"),  # the drawer's command as text; ú is a pinyin vowel of GB2312
        ("\x10\x14\x01\x00\x05", ""),
        ("x\u202ey\u200bz", "xyz"),  # right-to-left override, zero-width space
        ("茶\ud800叶", "茶叶"),
        ("Piñata Ærø", "Pinata ?r?"),
        ("𠮷野家", "□野家"),
        ("好👍", "好□"),
        ("a\tb\u00a0c", "a b c"),
    ],
)
def test_what_no_printer_knows_is_replaced_or_dropped(text: str, printed: str) -> None:
    assert clean(text) == printed


def test_a_printer_of_gb2312_gets_no_rare_characters_and_one_without_chinese_only_ascii() -> None:
    assert clean("龘中", Chinese.GB2312) == "□中"
    assert clean("茶 tea ￥5", Chinese.NONE) == "? tea ?5"


def test_text_is_wrapped_by_columns_and_a_wide_character_is_never_split() -> None:
    assert wrap("一二三四五", 5) == ["一二", "三四", "五"]
    assert wrap("绿茶 green tea gift box", 10) == ["绿茶 green", "tea gift", "box"]
    assert wrap("", 10) == [""]
    assert wrap("a\n\nb", 10) == ["a", "", "b"]
    assert pad("茶", 5, "center") == " 茶  "


def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() -> None:
    assert wrap("沃茂超市（南京西路旗舰店）", 24) == ["沃茂超市（南京西路旗舰", "店）"]
    assert wrap("乌龙茶礼盒（含袋）", 12) == ["乌龙茶礼盒", "（含袋）"]
    assert wrap("，，，，，，", 4) == ["，，", "，，", "，，"]
    assert doctest.testmod(breaking).failed == 0


@given(st.text(max_size=200), st.integers(2, 64))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, width: int) -> None:
    cleaned = clean(text)
    lines = wrap(cleaned, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == cleaned.replace(" ", "").replace("\n", "")


@given(st.text(alphabet=st.characters(), max_size=300), st.sampled_from(Chinese))
def test_no_byte_of_data_is_a_command(text: str, chinese: Chinese) -> None:
    for line in clean(text, chinese).split("\n"):
        data = encode_text(line)
        at = 0
        while at < len(data):
            if 0x20 <= data[at] <= 0x7E:
                at += 1
                continue
            assert 0x81 <= data[at] <= 0xFE
            assert 0x40 <= data[at + 1] <= 0xFE
            at += 2


@given(st.text(max_size=60), st.text(max_size=60))
def test_names_on_a_receipt_never_kick_the_drawer(name: str, member: str) -> None:
    row = Columns((Cell(name), Cell(member, 12, Align.RIGHT)))
    body = encoded(Text(name, Align.CENTER, 2, 2, True), row, Rule())
    for command in (b"\x1bp", b"\x10\x14", b"\x10\x04", b"\x10\x05", b"\x1dV"):
        assert command not in body


def test_only_its_own_element_kicks_the_drawer() -> None:
    assert encoded(KickDrawer()) == bytes.fromhex("1b70 00 19 fa")
    assert encoded(KickDrawer(5)) == bytes.fromhex("1b70 01 19 fa")


def test_uncleaned_text_is_not_encoded() -> None:
    for line in ("a\x1bp", "¥", "a\nb"):
        with pytest.raises(ValueError, match="no printable text"):
            encode_text(line)


def test_styles_are_sent_when_they_change() -> None:
    assert encoded(Text("a", Align.CENTER, 2, 2, True), Text("b", Align.CENTER), Text("c")) == (
        b"\x1ba\x01\x1bE\x01\x1d!\x11a\n" + b"\x1bE\x00\x1d!\x00b\n" + b"\x1ba\x00c\n"
    )


def test_columns_share_the_line_and_grow_downwards() -> None:
    row = Columns((Cell("散装苹果 Fuji apples"), Cell("0.455kg", 8, Align.RIGHT), Cell("6.35", 7, Align.RIGHT)))
    profile = PROFILES.named("generic-58")
    lines = encode_receipt(ReceiptDocument((row,)), profile).removeprefix(START).decode("gb18030").split("\n")
    assert lines[:2] == ["散装苹果 Fuji    0.455kg    6.35", "apples"]
    assert columns(lines[0]) == profile.columns


def test_cells_that_do_not_fit_are_refused() -> None:
    assert cell_widths((Cell("", 10), Cell(""), Cell("")), 32) == [10, 10, 10]
    with pytest.raises(ValueError, match="do not fit"):
        cell_widths((Cell("", 20), Cell("", 20)), 32)


@pytest.mark.parametrize(
    ("cut", "sent"),
    [(Cut.PARTIAL, "1d564200"), (Cut.FULL, "1d564100"), (Cut.LEGACY, "1b64041b6d"), (Cut.NONE, "1b6404")],
)
def test_each_cutter_gets_its_command(cut: Cut, sent: str) -> None:
    assert encoded(CutPaper(), profile=msgspec.structs.replace(WIDE, cut=cut)) == bytes.fromhex(sent)


def test_a_printer_without_chinese_is_switched_to_its_first_code_page() -> None:
    profile = msgspec.structs.replace(WIDE, chinese=Chinese.NONE)
    assert encode_receipt(ReceiptDocument((Text("茶 tea"),)), profile) == b"\x1b=\x01\x1b@\x1c.\x1bt\x00? tea\n"


def test_a_qr_code_as_the_reference_writes_it() -> None:
    assert encoded(Qr("https://x.y")) == b"\x1ba\x01" + bytes.fromhex(
        "1d286b0400314132 00 1d286b03003143 06 1d286b03003145 31 1d286b0e00315030"
        + b"https://x.y".hex()
        + "1d286b0300315130"
    )


def test_the_table_of_qr_capacities_agrees_with_another_library() -> None:
    levels = {"L": 1, "M": 0, "Q": 3, "H": 2}
    for level, capacities in QR_CAPACITY.items():
        for version, size in enumerate(capacities, 1):
            code = qrcode.QRCode(error_correction=levels[level])
            code.add_data(b"\xff" * size, optimize=0)
            assert code.best_fit(start=1) == version
            code = qrcode.QRCode(error_correction=levels[level])
            code.add_data(b"\xff" * (size + 1), optimize=0)
            assert code.best_fit(start=1) == version + 1


def test_symbols_shrink_to_the_paper_and_are_refused_when_they_cannot() -> None:
    narrow = PROFILES.named("generic-58")
    assert b"\x1d(k\x03\x001C\x06" in encoded(Qr("x" * 160, module_dots=16), profile=narrow)
    assert b"\x1dw\x03" in encoded(Barcode("ean13", "6901234567892", module_dots=6), profile=narrow)
    with pytest.raises(ValueError, match="does not fit on 384 dots"):
        encoded(Barcode("code128", "ABCDEFGHIJKLMNOPQRST"), profile=narrow)
    with pytest.raises(ValueError, match="QR data of 700 bytes"):
        encoded(Qr("x" * 700, level="M"))


def test_code_128_uses_pairs_of_digits_unless_they_spell_a_real_time_command() -> None:
    assert encoded(Barcode("code128", "201708")).endswith(b"\x1dkI\x05{C\x14\x11\x08")
    assert encoded(Barcode("code128", "160401")).endswith(b"\x1dkI\x08{B160401")  # 10 04 01 would ask for status
    assert encoded(Barcode("code128", "A{1")).endswith(b"\x1dkI\x06{BA{{1")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Barcode("ean13", "6901234567891"),
        lambda: Barcode("ean13", "690123456789"),
        lambda: Barcode("ean8", "x6385074"),
        lambda: Barcode("code128", "茶"),
        lambda: Barcode("pdf417", "1"),
        lambda: Text("a", width=9),
        lambda: Text("x" * 5000),
        lambda: Rule("茶"),
        lambda: Feed(0),
        lambda: Columns(()),
        lambda: KickDrawer(3),
        lambda: Qr(""),
    ],
)
def test_impossible_elements_are_refused_where_they_are_made(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        wrong()


_elements = st.one_of(
    st.builds(Text, st.text(max_size=30), st.sampled_from(Align), st.integers(1, 8), st.integers(1, 8), st.booleans()),
    st.builds(Columns, st.lists(st.builds(Cell, st.text(max_size=20)), min_size=1, max_size=4).map(tuple)),
    st.just(Rule()),
    st.builds(Feed, st.integers(1, 20)),
    st.just(Qr("https://x.y")),
    st.just(Barcode("ean13", "6901234567892")),
    st.just(CutPaper()),
    st.just(KickDrawer()),
)


@given(st.lists(_elements, max_size=8).map(tuple), st.sampled_from(sorted(PROFILES.all)))
def test_every_document_survives_json_and_prints_on_every_model(elements: Any, model: str) -> None:
    document = ReceiptDocument(elements)
    assert encode_receipt(document, PROFILES.named(model))
    if not any(unicodedata.category(c) == "Cs" for c in repr(elements)):
        assert msgspec.json.decode(msgspec.json.encode(document), type=ReceiptDocument) == document


PHP: dict[str, bytes] = {
    case["case"]: bytes.fromhex(case["bytes_hex"]).removeprefix(b"\x1b@")
    for case in json.loads((Path(__file__).parents[2] / "data/escpos-receipts/escpos_php_unit.json").read_text("utf-8"))
}


@pytest.mark.parametrize(
    ("case", "element"),
    [
        ("testQRCodeDefaults", Qr("1234", 3, "L")),
        ("testQRCodeChangeSize", Qr("1234", 7, "L")),
        ("testBarcodeCodabarNumeric", Barcode("codabar", "A012345A")),
        ("testBarcodeCode39AsDefault", Barcode("code39", "1234")),
        ("testBarcodeCode93Valid", Barcode("code93", "012abcd")),
        ("testBarcodeCode128ValidB", Barcode("code128", "012ABCDabcd")),
        ("testSetJustificationCenter", Text("", Align.CENTER)),
        ("testSetJustificationRight", Text("", Align.RIGHT)),
    ],
)
def test_the_bytes_are_those_that_another_library_expects(case: str, element: Any) -> None:
    assert PHP[case] in encoded(element)


def test_a_picture_is_the_bytes_that_another_library_expects() -> None:
    assert picture_commands(Picture(8, b"\xc0\x00"), WIDE, left_dots=0) == PHP["testBitImageBoth"]


def test_chinese_is_the_bytes_that_another_library_expects() -> None:
    whole = encode_receipt(ReceiptDocument((Text("示例文本打印机!"),)), WIDE)
    assert PHP["testTextChinese"].removesuffix(b"\x1c.") in whole

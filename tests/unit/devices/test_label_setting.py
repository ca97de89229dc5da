"""Texts in their boxes, codes as large as they fit, templates that nobody has to squint at."""

import itertools
import random
from typing import Any

import pytest

from devices.errors import DeviceMisconfigured
from devices.label import Align, BigPrice, LabelDocument, Linear, Matrix, Picture, Symbology, Text
from devices.label_tspl.driver import Tspl
from devices.label_tspl.model import TsplModel
from devices.label_zpl.driver import Zpl
from devices.label_zpl.model import ZplModel
from devices.labelling.codes import chunks, linear_modules, matrix_modules
from devices.labelling.lettering import fit, lettering
from devices.labelling.setting import Dots, NoFonts, Setter
from devices.labelling.templates import (
    WORDS,
    DeliveryContent,
    ShelfContent,
    delivery_label,
    masked,
    shelf_label,
    symbology_of,
)
from firmware_sim.label import symbols
from tests.labels import codes_read, tspl_jobs, zpl_jobs

SHELF = ShelfContent(
    "农夫山泉饮用天然水 550ml", 200, second_name="Nongfu Spring Water", spec="550 ml", unit="瓶", origin="浙江",
    reference_minor=36, reference_unit="100 ml", member_minor=180, code="6921168509256", supervision_phone="12315",
)  # fmt: skip
DELIVERY = DeliveryContent(
    "S1-20261121-00017", "张**", "浦东新区世纪大道100号环球金融中心78楼A座前台", "3", "14:00–16:00",
    (("农夫山泉 550ml", "×12"), ("烟台红富士苹果", "1.255 kg")), "https://s.example/o/17", "联华超市",
)  # fmt: skip


def square(text: str, size: int) -> int:
    return len(text) * size


@pytest.mark.parametrize(
    ("text", "width", "lines", "expected"),
    [
        ("abc", 30, 1, (("abc",), 10)),
        ("abcd", 30, 1, (("ab…",), 7)),  # at seven tenths three and a bit fit, and it says that something is missing
        ("green tea", 50, 2, (("green", "tea"), 10)),
        ("绿茶饮料", 20, 2, (("绿茶", "饮料"), 10)),
        ("", 30, 1, (("",), 10)),
    ],
)
def test_fitting(text: str, width: int, lines: int, expected: tuple[tuple[str, ...], int]) -> None:
    setting = fit(text, 10, width, lines, square)
    assert len(setting.lines) <= lines
    assert all(square(line, setting.size) <= width for line in setting.lines)
    if expected[1] == 10:
        assert tuple(setting) == expected


def test_a_price_is_never_cut() -> None:
    setting = fit("￥49,382.40/500g", 20, 150, 1, square, whole=True)
    assert setting.lines == ("￥49,382.40/500g",)
    assert square(setting.lines[0], setting.size) <= 150


def test_code_128_is_never_wider_than_drawn() -> None:
    chance = random.Random(7)
    for _ in range(300):
        letters = chance.choice(["0123456789", "".join(map(chr, range(32, 127))), "A1234567"])
        text = "".join(chance.choice(letters) for _ in range(chance.randint(1, 24)))
        assert "".join(chunk.text for chunk in chunks(text, gs1=False)) == text
        from firmware_sim.label.zpl_codes import _invoked

        spoken = "".join(
            {("B", True): ">:", ("C", True): ">;", ("B", False): ">6", ("C", False): ">5"}[chunk.code_set, number == 0]
            + chunk.text.replace(">", ">0")
            for number, chunk in enumerate(chunks(text, gs1=False))
        )
        drawn = symbols.code128(_invoked(spoken), 1, 10)
        assert drawn.code.text == text
        assert drawn.ink.width == linear_modules(Symbology.CODE128, text)


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
def test_qr_codes_are_no_larger_than_reckoned(level: str) -> None:
    for length in (1, 14, 15, 60, 200, 400):
        data = "茶" * (length // 3) + "a" * (length % 3)
        side, _ = matrix_modules(Symbology.QR, data, level)
        assert symbols.qr(data, level, 1).ink.width <= side


def test_datamatrix_codes_are_no_larger_than_reckoned() -> None:
    pytest.importorskip("zxingcpp")
    for data in ("1", "123456", "AB-12345", "lower case text", "x" * 100, "12" * 60):
        side, _ = matrix_modules(Symbology.DATAMATRIX, data)
        assert symbols.datamatrix(data, 1).ink.width <= side


@pytest.mark.parametrize(
    ("symbology", "data"),
    [
        (Symbology.EAN13, "6901234567890"),
        (Symbology.EAN13, "123"),
        (Symbology.EAN8, "1234567x"),
        (Symbology.CODE128, "茶"),
        (Symbology.CODE128, "a\x1db"),
    ],
)
def test_data_that_a_code_cannot_carry_is_refused(symbology: Symbology, data: str) -> None:
    setter = Setter(8, lettering(), NoFonts())
    with pytest.raises(ValueError, match=symbology.value):
        setter.set(LabelDocument(70, 38, (Linear(symbology, data, 1, 1, 60, 12),)))


def test_a_code_that_does_not_fit_its_box_is_refused() -> None:
    setter = Setter(8, lettering(), NoFonts())
    for element in (
        Linear(Symbology.EAN13, "6901234567892", 1, 1, 20, 12),
        Linear(Symbology.EAN13, "6901234567892", 1, 1, 60, 5),
        Matrix(Symbology.QR, "x" * 400, 1, 1, 10),
    ):
        with pytest.raises(ValueError, match=r"fit|low"):
            setter.set(LabelDocument(70, 38, (element,)))


def test_elements_beside_the_label_are_refused() -> None:
    with pytest.raises(ValueError, match="beside"):
        LabelDocument(40, 30, (Text("x", 41, 1, 10, 3),))
    with pytest.raises(ValueError, match="within"):
        LabelDocument(4, 30, ())


def test_pictures_are_stretched_dot_by_dot() -> None:
    picture = Picture(2, b"\x80\x40", 0, 0, 1, 1)
    [mark] = Setter(8, lettering(), NoFonts()).set(LabelDocument(10, 10, (picture,)))
    assert isinstance(mark, Dots)
    assert mark.bitmap.data == b"\xf0" * 4 + b"\x0f" * 4


def test_a_price_stands_within_its_box_however_long() -> None:
    setter = Setter(8, lettering(), NoFonts())
    for whole in ("1", "999", "1,234,567", "123,456,789"):
        price = BigPrice("￥", whole, "99", 0, 0, 30, 10, Align.CENTER)
        [mark] = setter.set(LabelDocument(40, 30, (price,)))
        assert isinstance(mark, Dots)
        assert mark.bitmap.width_bytes * 8 >= 240
        ink = [mark.bitmap.data[row * 30 : row * 30 + 30] for row in range(mark.bitmap.rows)]
        assert any(row.strip(b"\0") for row in ink)
        # White at the edges: nothing was cut off.
        assert not any(row[0] & 0x80 for row in ink)
        assert not any(ink[0])
        assert not any(ink[-1])


def test_every_character_there_is_can_be_set() -> None:
    setter = Setter(8, lettering(), NoFonts())
    for first in (*range(0, 0x3400, 400), *range(0x3400, 0x30000, 6000)):
        text = "".join(map(chr, range(first, first + 400)))
        setter.set(LabelDocument(100, 60, (Text("x" + text, 1, 1, 90, 3, lines=20),)))


def test_a_missing_font_is_named() -> None:
    with pytest.raises(DeviceMisconfigured, match=r"/nowhere\.ttf"):
        lettering("/nowhere.ttf")


def printed(document: LabelDocument, language: Any) -> Any:
    data = language.encode(document, 1)
    if isinstance(language, Zpl):
        jobs, zpl, orders = zpl_jobs(data)
        assert (orders, dict(zpl.unknown)) == ([], {})
    else:
        jobs, tspl = tspl_jobs(data)
        assert not tspl.unknown
    [job] = jobs
    return job


LANGUAGES = [Zpl(ZplModel()), Zpl(ZplModel(latin=True)), Tspl(TsplModel()), Tspl(TsplModel(font="TSS24.BF2"))]
SIZES = [(70.0, 38.0), (40.0, 30.0), (60.0, 40.0), (90.0, 50.0)]


@pytest.mark.parametrize("language", LANGUAGES, ids=["zpl", "zpl-latin", "tspl", "tspl-font"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_shelf_label_can_be_scanned(language: Any, size: tuple[float, float], lang: Any) -> None:
    job = printed(shelf_label(SHELF, size, lang), language)
    assert job.image.size == (round(size[0] * 8), round(size[1] * 8))
    assert codes_read(job.image) == ["6921168509256"]


@pytest.mark.parametrize(
    "code", ["6921168509256", "12345670", "042100005264", "AB-12345", "a code that is rather long 12345"]
)
@pytest.mark.parametrize("size", [(40.0, 28.0), (40.0, 30.0), (70.0, 38.0)])
def test_every_kind_of_item_code_can_be_scanned(code: str, size: tuple[float, float]) -> None:
    job = printed(shelf_label(ShelfContent("螺丝", 35, code=code, supervision_phone="12315"), size), LANGUAGES[0])
    assert codes_read(job.image) == [code.zfill(13) if code == "042100005264" else code]


def test_a_code_too_long_for_any_symbol_on_the_paper_is_printed_as_text() -> None:
    code = "shelf-" + "0123456789abcdef" * 6
    content = ShelfContent("螺丝", 35, code=code)
    assert codes_read(printed(shelf_label(content, (70, 38)), LANGUAGES[0]).image) == [code]
    document = shelf_label(content, (40, 28))
    assert printed(document, LANGUAGES[0]).codes == ()
    assert code in [element.text for element in document.elements if isinstance(element, Text)]


@pytest.mark.parametrize("language", LANGUAGES, ids=["zpl", "zpl-latin", "tspl", "tspl-font"])
@pytest.mark.parametrize("size", [(100.0, 75.0), (60.0, 80.0), (100.0, 150.0)])
def test_every_delivery_label_can_be_scanned(language: Any, size: tuple[float, float]) -> None:
    assert codes_read(printed(delivery_label(DELIVERY, size), language).image) == ["https://s.example/o/17"]


def test_names_that_attack_stay_names() -> None:
    attack = '^XZ^XA^FD~JR~HS^DFR:X^FS\r\nPRINT 9\r\n"\x1b!R~!F'
    shelf = ShelfContent(
        attack, 100, second_name=attack, spec=attack, unit=attack, origin=attack, supervision_phone=attack
    )
    order = DeliveryContent(attack[:40], attack, attack, attack, attack, ((attack, attack),), attack, attack, attack)
    for language, document in itertools.product(LANGUAGES, (shelf_label(shelf), delivery_label(order))):
        printed(document, language)


def test_too_many_items_say_how_many_more() -> None:
    content = DeliveryContent(
        "1", "张**", "某路 1 号", items=tuple((f"商品 {n}", "×1") for n in range(50)), note="易碎"
    )
    texts = [element.text for element in delivery_label(content).elements if isinstance(element, Text)]
    assert any(text.startswith("另有") for text in texts)
    assert texts[-1] == "易碎"


def test_both_languages_say_the_same_things() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()


def test_small_matters() -> None:
    assert masked("张小明") == "张**"
    assert symbology_of("042100005264") == (Symbology.EAN13, "0042100005264")
    assert symbology_of("042100005265") == (Symbology.CODE128, "042100005265")
    with pytest.raises(ValueError, match="below"):
        shelf_label(SHELF, (30, 20))
    with pytest.raises(ValueError, match="over the 76 mm"):
        Tspl(TsplModel(width_mm=76)).encode(delivery_label(DELIVERY), 1)

"""A sale on paper, as each kind of printer prints it: readable text, and a code that another library reads."""

import io
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image

from devices.printer_escpos.encoder import encode_receipt
from devices.printer_escpos.glyphs import Glyphs
from devices.printer_escpos.profile import PROFILES
from devices.receipt import Picture
from domain.ids import MemberNo, SkuId
from domain.sale import Line
from edge_agent.receipts import compose
from firmware_sim.printer.render import render
from tests import sold
from tests.sold import STYLE

RARE = Line(2, SkuId("RARE"), 1000, 1000, 1000, 1000, 1000, name="𠮷野家牛丼 Æbleskiver 👍")
SALE = replace(sold.SALE, lines=(sold.SALE.lines[0], RARE), total_minor=13_600, member=MemberNo("M100234"))
NAMES = {"TEA": ("龙井茶", "Longjing tea")}
PAPERS = [
    ("epson-80", "epson-80", 48),
    ("generic-58", "clone-58", 32),
    ("NT-5890K", "clone-58", 32),
    ("latin-80", "latin-80", 48),
]

needs_a_font = pytest.mark.skipif(
    not Glyphs().knows("中"), reason="no font with Chinese glyphs: apt install fonts-wqy-microhei"
)


@needs_a_font
@pytest.mark.req(17)
@pytest.mark.parametrize("languages", [("zh-CN", "en"), ("zh-CN",), ("en",)], ids="+".join)
@pytest.mark.parametrize(("profile", "model", "columns"), PAPERS, ids=[paper[0] for paper in PAPERS])
def test_every_paper_has_all_of_it_and_a_code_that_can_be_read(
    profile: str, model: str, columns: int, languages: tuple[Any, ...]
) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    style = replace(STYLE, columns=columns, languages=languages, logo=Picture(64, b"\xf0" * 8 * 24))
    paper = render(encode_receipt(compose(SALE, style, names=NAMES), PROFILES.named(profile), Glyphs()), model)
    assert (paper.unknown, paper.left_over, paper.drawer_pulses) == (
        [],
        0,
        [2] if PROFILES.named(profile).drawer else [],
    )
    assert all(
        len(line.encode("gb18030")) <= columns or line.strip().startswith("[") for line in paper.text.split("\n")
    )
    assert "1-3-17" in paper.text
    assert paper.text.count("[image ") >= 2  # the logo, and the name that no printer has
    if PROFILES.named(profile).chinese.value != "none":
        assert ("龙井茶" in paper.text) is ("zh-CN" in languages)
        assert ("Longjing tea" in paper.text) is ("en" in languages)
        assert "136.00" in paper.text
    assert paper.png is not None
    with Image.open(io.BytesIO(paper.png)) as picture:
        codes = zxingcpp.read_barcodes(picture.convert("L"))
    assert [code.text for code in codes] == [f"shopwire:1-3-17:{SALE.sale_id}"]

"""Other people's bytes as paper: every receipt and every expected byte of the corpora, and the command that shows them."""

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from firmware_sim.printer.render import Rendered, render
from shopwire import main
from tests.corpora import corpus

DATA = Path(__file__).parents[2] / "data"
RECEIPTS = DATA / "escpos-receipts"
CASES = json.loads((RECEIPTS / "escpos_php_unit.json").read_text("utf-8"))
CHINESE = json.loads((DATA / "golden-frames/chinese_text.json").read_text("utf-8"))


def paper(name: str, model: str = "epson-80") -> Rendered:
    rendered = render((RECEIPTS / f"{name}.bin").read_bytes(), model, draw=False)
    assert (rendered.unknown, rendered.left_over) == ([], 0)
    return rendered


def lines(name: str) -> list[str]:
    return [line.strip() for line in paper(name).text.split("\n") if line.strip()]


def test_twenty_languages_of_another_library() -> None:
    text = "".join(paper("character-encodings").text.split())
    for sentence in (
        "Quizdeltagerne spiste jordbær med fløde, mens cirkusklovnen Wolther spillede på xylofon.",
        "Falsches Üben von Xylophonmusik quält jeden größeren Zwerg.",
        "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
        "El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia y frío, añoraba a su querido cachorro.",
        "Le cœur déçu mais l'âme plutôt naïve, Louÿs rêva de crapaüter en canoë au delà des îles",
        "Árvíztűrő tükörfúrógép.",
        "Glāžšķūņa rūķīši dzērumā čiepj Baha koncertflīģeļu vākus.",
        "Pchnąć w tę łódź jeża lub ośm skrzyń fig.",
        "В чащах юга жил бы цитрус? Да, но фальшивый экземпляр!",
        "Pijamalı hasta, yağız şoföre çabucak güvendi.",
        "ｲﾛﾊﾆﾎﾍﾄ ﾁﾘﾇﾙｦ ﾜｶﾖﾀﾚｿ ﾂﾈﾅﾗﾑ",
    ):
        assert "".join(sentence.split()) in text, sentence


def test_barcodes_of_another_library_wrong_ones_left_out() -> None:
    printed = lines("barcode")
    assert printed.count("[code39 ABC]") == 15
    for code in (
        "[ean13 0123456789012]", "[upca 012345678905]", "[upce 01234565]", "[ean8 01234565]", "[code39 ABC 012]",
        "[code39 TEXT]", "[itf 0123456789]", "[codabar A012345A]", "[code93 012abcd]", "[code128 012ABCD]",
        "[code128 012ABCDabcd]", "[code128 213243]",
    ):  # fmt: skip
        assert code in printed, code
    wrong = printed.index("Content: 012345678901", printed.index("UPC-A"))
    assert not printed[wrong + 1].startswith("[")  # its check digit is wrong on purpose


def test_two_dimensional_codes_of_another_library() -> None:
    printed = lines("qr-code")
    assert printed[:2] == ["QR code demo", "[qr Testing 123]"]
    assert "[qr 0123456789012345678901234567890123456789]" in printed
    assert sum(line.startswith("[qr ") for line in printed) >= 15
    assert sum(line == "[pdf417 Testing 123]" for line in lines("pdf417-code")) >= 10


def test_stacked_codes_are_drawn_where_a_library_can() -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    png = render((RECEIPTS / "pdf417-code.bin").read_bytes()).png
    assert png is not None
    with Image.open(io.BytesIO(png)) as picture:
        texts = [read.text for read in zxingcpp.read_barcodes(picture.convert("L"))]
    assert texts.count("Testing 123") >= 10
    too_long = b"x" * 5000
    job = b"\x1d(k" + (len(too_long) + 3).to_bytes(2, "little") + b"0P0" + too_long + b"\x1d(k\x03\x000Q0after\n"
    assert render(job).text == "after"  # a printer leaves out what does not fit


def test_margins_widths_and_sizes_of_another_library() -> None:
    margins = paper("margins-and-spacing").text.split("\n")
    assert "                     left margin 256" in margins
    assert "       page width 256" in margins
    sizes = lines("text-size")
    assert {"12345678", "The quick brown fox jumps over the lazy dog.", "Hello", "world!"} <= set(sizes)


def test_the_whole_demonstration_of_another_library() -> None:
    demo = render((corpus("escpos-receipts") / "demo.bin").read_bytes())
    assert (demo.unknown, demo.left_over, demo.cuts, demo.drawer_pulses) == ([], 0, 14, [2])
    text = demo.text
    for line in (
        "Hello world",
        "Partial cut",
        "          A man a plan a canal panama",
        "[code39 9876]",
        "QR Model 2 (default)",
    ):
        assert line in text
    assert text.count("[image ") == 8
    assert demo.png is not None
    picture = Image.open(io.BytesIO(demo.png))
    assert picture.width == 640
    assert picture.height > 3000


def test_every_receipt_of_the_corpus_is_consumed_to_its_last_byte() -> None:
    for path in sorted(corpus("escpos-receipts").glob("*.bin")):
        rendered = render(path.read_bytes(), draw=False)
        assert (rendered.unknown, rendered.left_over) == ([], 0), path.name
        assert rendered.cuts >= 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_every_expected_byte_of_another_library_is_obeyed(case: dict[str, str]) -> None:
    rendered = render(bytes.fromhex(case["bytes_hex"]), draw=False)
    assert (rendered.unknown, rendered.left_over) == ([], 0)
    name = case["case"]
    if name.startswith("testCut"):
        assert rendered.cuts == 1
    if name.startswith("testPulse"):
        assert rendered.drawer_pulses == [5 if "31" in case["bytes_hex"] else 2]
    if name == "testTextChinese":
        assert rendered.text == "示例文本打印机!"


@pytest.mark.parametrize("model", ["epson-80", "clone-80", "clone-58"])
@pytest.mark.parametrize("case", CHINESE, ids=lambda case: case["text"])
def test_golden_chinese_comes_out_as_it_went_in(case: dict[str, str | int], model: str) -> None:
    data = (
        b"\x1b@\x1c&"
        + bytes.fromhex(str(case["gb18030"]))
        + b"\x1b\x61\x02\n\x1b\x61\x02"
        + bytes.fromhex(str(case["gb18030"]))
        + b"\n"
    )
    left, right = render(data, model, draw=False).text.split("\n")
    assert left == case["text"]
    columns = 48 if model.endswith("80") else 32
    assert len(right) - len(str(case["text"])) == columns - int(case["columns_font_a"])


def test_a_clone_prints_what_it_does_not_know() -> None:
    job = b"\x1b@ok\n\x1d(H\x06\x0000AB12"
    assert render(job, "epson-80", draw=False).answers == b"\x37\x22AB12\x00"
    clone = render(job, "clone-80", draw=False)
    assert clone.answers == b""
    assert "(H" in clone.text
    assert clone.unknown[0] == b"\x1d"


def test_a_logo_is_stored_and_printed_and_lost_by_nobody() -> None:
    stored = b"\x1cq\x01\x01\x00\x01\x00" + b"\x80" * 8
    assert render(stored + b"\x1b@\x1cp\x01\x00", draw=False).text == "[stored logo 1 8x8]"
    assert render(b"\x1cp\x01\x00", draw=False).text == ""


def test_real_time_requests_in_a_picture_are_obeyed() -> None:
    picture = b"\x1dv0\x00\x05\x00\x01\x00\x10\x14\x01\x00\x05"
    assert render(picture, draw=False).drawer_pulses == [2]
    assert render(picture, "clone-80", draw=False).drawer_pulses == []


# ── the command ──


def run(*arguments: str, given: bytes | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["sim", "printer", "render", *arguments], input=given)
    return result.exit_code, result.output


def test_the_command_shows_text_pictures_and_json(tmp_path: Path) -> None:
    code, output = run(str(RECEIPTS / "qr-code.bin"), "--png", str(tmp_path / "paper.png"))
    assert code == 0
    assert "[qr Testing 123]" in output
    assert "1 cuts" in output
    with Image.open(tmp_path / "paper.png") as picture:
        assert picture.width == 640
    code, output = run(str(RECEIPTS / "qr-code.bin"), "--json", "--profile", "clone-58")
    told = json.loads(output)
    assert (code, told["unknown"], told["left_over"], told["png"]) == (0, [], 0, None)
    assert told["receipts"][0][0] == "QR code demo"


def test_the_command_reads_standard_input_and_only_text_is_only_text() -> None:
    assert run("-", "--text", given=b"hello\n\x1dV\x00") == (0, "hello\n")


def test_the_command_says_which_printers_there_are(tmp_path: Path) -> None:
    code, output = run(str(RECEIPTS / "qr-code.bin"), "--profile", "nothing")
    assert code == 2
    assert "clone-58" in output
    (tmp_path / "huge").write_bytes(b"x" * ((16 << 20) + 1))
    code, output = run(str(tmp_path / "huge"))
    assert code == 1
    assert "16 MB" in output

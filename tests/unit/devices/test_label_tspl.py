"""TSPL of the driver: golden bytes, and the printer's answers."""

import pytest

from devices.label import Align, Symbology
from devices.label_tspl.codec import ReplyDecoder, explain, format_of, picture, quoted, status_of_byte
from devices.label_tspl.model import MODELS, TsplModel
from devices.labelling.lettering import Bitmap, Setting
from devices.labelling.setting import Bars, Dots, Frame, Letters, Square
from domain.gs1 import GS
from tests.labels import codes_read, tspl_jobs


def test_golden_label() -> None:
    marks = (
        Letters(20, 20, 400, Setting(('茶 12"',), 48), Align.RIGHT, bold=False),
        Frame(0, 0, 464, 320, 4),
        Frame(10, 150, 400, 3, 0),
        Dots(8, 160, Bitmap(2, 2, bytes.fromhex("ff00ffff"))),
        Bars(30, 170, Symbology.EAN13, "6901234567892", 2, 60, readable=True),
        Square(300, 170, Symbology.QR, "data", 5, 21, "L"),
    )
    model = TsplModel(gap_mm=2, font="TSS24.BF2")
    assert format_of(marks, 58, 40.5, 3, model) == (
        b"\r\nSIZE 58 mm,40.5 mm\r\nGAP 2 mm,0 mm\r\nDIRECTION 1\r\nREFERENCE 0,0\r\nCLS\r\n"
        b'TEXT 276,20,"TSS24.BF2",0,2,2,"\xb2\xe8 12\\["]"\r\n'
        b"BOX 0,0,464,320,4\r\nBAR 10,150,400,3\r\n"
        b"BITMAP 8,160,2,2,0,\x00\xff\x00\x00\r\n"
        b'BARCODE 30,170,"EAN13",60,1,0,2,2,"690123456789"\r\n'
        b'QRCODE 300,170,L,5,A,0,"data"\r\n'
        b"PRINT 1,3\r\n"
    )


@pytest.mark.parametrize(
    ("symbology", "data"),
    [
        (Symbology.CODE128, "AB-12345"),
        (Symbology.CODE128, 'x"y\\["]'),
        (Symbology.GS1_128, f"010690123456789210AB{GS}21C"),
        (Symbology.EAN8, "12345670"),
    ],
)
def test_bars_are_read_back(symbology: Symbology, data: str) -> None:
    marks = [Bars(40, 40, symbology, data, 2, 60, readable=True)]
    jobs, printer = tspl_jobs(format_of(marks, 100, 40, 1, TsplModel()))
    assert codes_read(jobs[0].image) == [data]
    assert not printer.unknown


@pytest.mark.parametrize(
    ("symbology", "data"),
    [
        (Symbology.QR, "https://shop.example/o/17?a=1&b=2"),
        (Symbology.QR, '"quoted" ~!T 中文 \\["]'),
        (Symbology.DATAMATRIX, "plain_text 123"),
        (Symbology.GS1_DATAMATRIX, f"010690123456789210AB{GS}21C"),
    ],
)
def test_matrix_codes_are_read_back_to_the_letter(symbology: Symbology, data: str) -> None:
    marks = [Square(40, 40, symbology, data, 5, 30, "M")]
    jobs, printer = tspl_jobs(format_of(marks, 100, 50, 1, TsplModel()))
    assert codes_read(jobs[0].image) == [data]
    assert not printer.unknown


def test_what_this_language_cannot_say_is_refused() -> None:
    bars = Bars(0, 0, Symbology.GS1_128, "10A!B", 2, 60, readable=True)
    with pytest.raises(ValueError, match="'!'"):
        format_of([bars], 60, 40, 1, TsplModel())
    square = Square(0, 0, Symbology.DATAMATRIX, 'a"b', 4, 20, "M")
    with pytest.raises(ValueError, match="cannot be sent"):
        format_of([square], 60, 40, 1, TsplModel())
    for text in ("a\x1b!Rb", "~!F"):
        with pytest.raises(ValueError, match="cannot be sent as text"):
            quoted(text)


def test_no_dots_are_an_order() -> None:
    for order in (b"\x1b!R", b"~!F"):
        sent = picture(0, 0, Bitmap(3, 1, bytes(byte ^ 0xFF for byte in order)))
        assert order not in sent
        assert sum(bin(a ^ b).count("1") for a, b in zip(sent[-3:], order, strict=True)) == 1


@pytest.mark.parametrize(
    ("value", "ready", "busy", "word"),
    [
        (0x00, True, False, ""),
        (0x20, True, True, ""),
        (0x01, False, False, "head open"),
        (0x02, False, False, "jam"),
        (0x04, False, False, "out of labels"),
        (0x05, False, False, "out of labels, head open"),
        (0x08, False, False, "ribbon out"),
        (0x10, False, False, "paused"),
        (0x80, False, False, "another error"),
    ],
)
def test_the_status_byte(value: int, ready: bool, busy: bool, word: str) -> None:
    status = status_of_byte(value)
    assert (status.ready, status.busy, status.stopped_by) == (ready, busy, word)


@pytest.mark.parametrize(
    ("frame", "ready", "busy", "word"),
    [
        (b"@@@@", True, False, ""),
        (b"P@@@", True, True, ""),
        (b"`@@@", False, False, "paused"),
        (b"E@@A", False, False, "out of labels, an error"),
        (b"@@@D", False, False, "ribbon out"),
        (b"@@A@", False, False, "head too hot"),
        (b"@H@@", False, False, ""),
        (b"L@@@", False, False, "waiting for the label to be taken"),
    ],
)
def test_the_status_line(frame: bytes, ready: bool, busy: bool, word: str) -> None:
    [status] = ReplyDecoder("line").feed(b"\x02" + frame + b"\x03\r\n")
    assert (status.ready, status.busy, status.stopped_by) == (ready, busy, word)


def test_noise_between_lines_is_counted() -> None:
    decoder = ReplyDecoder("line")
    assert len(decoder.feed(b"xx\x02@@\x02@@@@\x03\r\n")) == 1
    assert decoder.noise == 5


def test_answers_are_explained() -> None:
    assert [meaning.text for meaning in explain(b"\x00\x05")] == ["ready", "out of labels, head open"]
    assert [meaning.text for meaning in explain(b"\x02P@@@\x03\r\n")] == ["prints"]


def test_models_are_sound() -> None:
    assert {"generic-203", "tsc-te200", "gprinter-gp1324", "silent-203"} <= set(MODELS.all)
    with pytest.raises(ValueError, match="font"):
        TsplModel(font='x","y')

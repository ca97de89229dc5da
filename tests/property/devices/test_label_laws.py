"""Label languages: no byte of data is ever a command, chunks do not matter, and no parser falls over."""

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from devices.label import LabelDocument, Linear, Matrix, Symbology, Text
from devices.label_tspl import codec as tspl
from devices.label_tspl.driver import Tspl
from devices.label_tspl.model import TsplModel
from devices.label_zpl import codec as zpl
from devices.label_zpl.driver import Zpl
from devices.label_zpl.model import ZplModel
from devices.labelling.codes import chunks
from devices.labelling.lettering import Bitmap, clean
from devices.ports.label import LabelStatus
from firmware_sim.label import tspl_parser, zpl_parser
from firmware_sim.label.tspl_parser import AtOnce
from tests.budget import INPUTS, LONG
from tests.labels import tspl_jobs, zpl_jobs

NASTY = [
    "^XZ",
    "^XA",
    "~JR",
    "~HS",
    "^DFX",
    "^FS",
    "^FD",
    "_5E",
    "\\&",
    '"',
    '\\["]',
    "\r\n",
    "PRINT 9",
    "\x1b!R",
    "~!F",
    "\x00",
    "，",
    "茶",
    "𠮷",
]
TEXTS = st.lists(st.one_of(st.text(max_size=6), st.sampled_from(NASTY)), max_size=6).map("".join)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)
AWKWARD = st.sampled_from(["^XZ", "~JR", "_5E", ">8", "\\&", '"'])
ASCII = st.lists(st.one_of(PRINTABLE, AWKWARD), min_size=1, max_size=4).map("".join).filter(bool)
LANGUAGES: list[Any] = [Zpl(ZplModel(latin=True, chinese_font="E:SIMSUN.TTF")), Tspl(TsplModel(font="TSS24.BF2"))]


@pytest.mark.parametrize("language", LANGUAGES, ids=["zpl", "tspl"])
@given(text=TEXTS)
@settings(max_examples=150)
def test_text_prints_one_label_and_orders_nothing(language: Any, text: str) -> None:
    data = language.encode(LabelDocument(100, 40, (Text("x" + text, 2, 2, 90, 3, lines=3),)), 1)
    if isinstance(language, Zpl):
        jobs, zebra, orders = zpl_jobs(data)
        assert data.isascii()
        assert (orders, dict(zebra.unknown)) == ([], {})
    else:
        jobs, tsc = tspl_jobs(data)
        assert AtOnce().feed(data) == []
        assert not tsc.unknown
    assert len(jobs) == 1
    printed = "".join(jobs[0].texts).replace(" ", "")
    if printed and "…" not in printed:
        assert printed == clean("x" + text).replace(" ", "")


def test_without_escapes_the_simulated_printers_would_obey() -> None:
    """Else the laws above prove nothing."""
    jobs, _, orders = zpl_jobs(b"^XA^FO9,9^A0N,30^FDname ^XZ ~JR ^FS^XZ")
    assert (len(jobs), orders) == (1, ["reset"])
    assert AtOnce().feed(b'TEXT 1,1,"3",0,1,1,"name \x1b!R"') == ["R"]
    tricked, _ = tspl_jobs(b'CLS\r\nTEXT 1,1,"3",0,1,1,"name"\r\nPRINT 9\r\n"\r\nPRINT 1\r\n')
    assert [job.copies for job in tricked] == [9, 1]


@given(data=ASCII)
@settings(max_examples=150)
def test_codes_carry_their_data_to_the_letter_in_zpl(data: str) -> None:
    elements = (
        Linear(Symbology.CODE128, data, 1, 1, 280, 12),
        Matrix(Symbology.QR, data, 1, 20, 40),
        Matrix(Symbology.DATAMATRIX, data, 60, 20, 40),
    )
    jobs, printer, orders = zpl_jobs(LANGUAGES[0].encode(LabelDocument(104, 80, elements), 1))
    assert (len(jobs), orders, dict(printer.unknown)) == (1, [], {})
    assert [code.text for code in jobs[0].codes] == [data, data, data]


@given(data=ASCII)
@settings(max_examples=150)
def test_codes_carry_their_data_to_the_letter_or_are_refused_in_tspl(data: str) -> None:
    elements = (Linear(Symbology.CODE128, data, 1, 1, 280, 12), Matrix(Symbology.QR, data, 1, 20, 40))
    try:
        encoded = LANGUAGES[1].encode(LabelDocument(104, 80, elements), 1)
    except ValueError:
        assert "~!" in data
        return
    jobs, printer = tspl_jobs(encoded)
    assert (len(jobs), dict(printer.unknown)) == (1, {})
    assert jobs[0].codes[0].text == data


@given(data=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30), gs1=st.booleans())
def test_code_sets_cover_the_data(data: str, gs1: bool) -> None:
    parts = chunks(data, gs1=gs1)
    assert "".join(part.text for part in parts) == ("\x1d" if gs1 else "") + data
    assert all(one.code_set != other.code_set for one, other in pairwise(parts))


@given(data=st.binary(max_size=64), width=st.integers(1, 8))
def test_pictures_survive_packing(data: bytes, width: int) -> None:
    rows = len(data) // width
    assume(rows > 1)
    bitmap = Bitmap(width, rows, data[: rows * width])
    [job], _, _ = zpl_jobs(f"^XA^PW{width * 8}^LL{rows}^FO0,0{zpl.graphic(bitmap)}^FS^XZ".encode())
    assert job.image.point(lambda level: 255 - level).convert("1").tobytes() == bitmap.data


ANSWERS = [
    b"\x02030,0,0,1216,000,0,0,0,000,0,0,0\x03\r\n\x02001,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n",
    b"\x02@@@@\x03\r\n", b"\x02", b"\x03\r\n", b"\x02ZD,1,8,9\x03", b",", b"0", b"\x00", b"\xff",
]  # fmt: skip


def noise(chance: random.Random, words: list[bytes]) -> bytes:
    return b"".join(
        chance.choice(words) if chance.random() < 0.7 else chance.randbytes(3) for _ in range(chance.randint(0, 12))
    )


@given(pieces=st.lists(st.sampled_from(ANSWERS), max_size=10), chunk=st.integers(1, 9))
def test_answers_are_the_same_however_they_are_cut(pieces: list[bytes], chunk: int) -> None:
    data = b"".join(pieces)
    makers: list[Any] = [zpl.ReplyDecoder, lambda: tspl.ReplyDecoder("line"), lambda: tspl.ReplyDecoder("byte")]
    for make in makers:
        whole, cut = make(), make()
        expected = list(whole.feed(data))
        found = [answer for at in range(0, len(data), chunk) for answer in cut.feed(data[at : at + chunk])]
        assert found == expected


@pytest.mark.timeout(3600 if LONG else 180)
def test_answer_decoders_survive_anything() -> None:
    chance = random.Random(1)
    decoders: list[Any] = [zpl.ReplyDecoder(), tspl.ReplyDecoder("line"), tspl.ReplyDecoder("byte")]
    for _ in range(INPUTS):
        data = noise(chance, ANSWERS)
        for decoder in decoders:
            for answer in decoder.feed(data):
                assert (
                    answer.stopped_by.isprintable()
                    if isinstance(answer, LabelStatus)
                    else "".join(answer).isprintable()
                )
    assert all(len(getattr(decoder, "_buffer", b"")) <= 300 for decoder in decoders)


@pytest.mark.timeout(3600 if LONG else 180)
def test_explaining_survives_anything() -> None:
    chance = random.Random(2)
    for _ in range(INPUTS // 10):
        data = noise(chance, ANSWERS)
        for explain in (zpl.explain, tspl.explain):
            assert all(meaning.text.isprintable() for meaning in explain(data))


ZPL_WORDS = (
    b"^XA ^XZ ^FO1,2 ^FD ^FS ^A0N,9,9 ^BY1 ^BCN,9 ^BQN,2,2 ^GB9,9,1 ^GFA,4,4,1, ^GFB,4,4,1, ~DGR:X,4,1, ^XGX ^DFX ^XFX ^FN1 ^FH "
    b"^FR ^CC! ~JR ~HS ^PQ2 ^PW ^LL9 ^FB9,2 ^GE9,9,9 :Z64: zzzz ,,, :: A 99999999 ^FT ^BXN,1,200 ^B3N ^CI28 \xe4\xb8"
).split(b" ")
TSPL_WORDS = (
    b'SIZE 9 mm,9 mm\r\n|CLS\r\n|PRINT 1\r\n|BITMAP 0,0,1,4,0,|TEXT 1,1,"1",0,1,1,"x"\r\n|BARCODE 1,1,"128",9,1,0,1,1,"|"|\r\n|'
    b'\\["]|\x1b!?|\x1b!S|\x1b!R|~!T|BOX 1,1,9,9,1\r\n|QRCODE 1,1,L,1,A,0,"x"\r\n|ERASE 1,1,9,9\r\n|99999999|,|-|'
    b"ELLIPSE 1,1,9,9,1\r\n|DIAGONAL 1,1,9,9,1\r\n|\xb2\xe8|REVERSE 1,1,9,9\r\n"
).split(b"|")


@pytest.mark.timeout(3600 if LONG else 180)
def test_the_simulated_printers_parsers_survive_anything() -> None:
    chance = random.Random(4)
    zebra, tsc, orders = zpl_parser.Parser(), tspl_parser.Parser(), AtOnce()
    for _ in range(INPUTS):
        zebra.feed(noise(chance, ZPL_WORDS))
        data = noise(chance, TSPL_WORDS)
        tsc.feed(data)
        orders.feed(data)
    assert len(zebra._buffer) <= zpl_parser.MAX_COMMAND_BYTES
    assert len(tsc._buffer) <= tspl_parser.MAX_LINE_BYTES + tspl_parser.MAX_PICTURE_BYTES


@pytest.mark.timeout(3600 if LONG else 180)
def test_the_simulated_printers_survive_anything() -> None:
    chance = random.Random(3)
    _, zpl_printer, _ = zpl_jobs(b"^XA^PW64^LL64^XZ")
    _, tspl_printer = tspl_jobs(b"SIZE 8 mm,8 mm\r\nCLS\r\n")
    for _ in range(INPUTS // 5):
        zpl_printer.feed(noise(chance, ZPL_WORDS) + b"^XZ^XA^PW64^LL64")
        tspl_printer.feed(noise(chance, TSPL_WORDS) + b"\r\nSIZE 8 mm,8 mm\r\nCLS\r\n")
    assert len(zpl_printer.unknown) <= 201
    assert len(tspl_printer.unknown) <= 201

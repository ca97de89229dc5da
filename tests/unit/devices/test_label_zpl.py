"""ZPL of the driver: golden bytes, and the printer's answers."""

import pytest

from devices.label import Align, Symbology
from devices.label_zpl.codec import Identity, ReplyDecoder, explain, field_data, format_of, graphic
from devices.label_zpl.model import MODELS, ZplModel
from devices.labelling.lettering import Bitmap, Setting
from devices.labelling.setting import Bars, Dots, Frame, Letters, Square
from devices.ports.label import LabelStatus
from domain.gs1 import GS
from tests.labels import codes_read, zpl_jobs

STATUS = b"\x02030,0,0,1216,000,0,0,0,000,0,0,0\x03\r\n\x02001,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"


def test_golden_format() -> None:
    marks = (
        Letters(20, 20, 400, Setting(("A^XZ", "~JR_>"), 30), Align.LEFT, bold=True),
        Letters(20, 90, 400, Setting(("right",), 30), Align.RIGHT, bold=False),
        Frame(0, 0, 464, 320, 4),
        Frame(10, 150, 400, 3, 0),
        Dots(8, 160, Bitmap(2, 3, bytes.fromhex("ff00ff000001"))),
        Bars(30, 170, Symbology.EAN13, "6901234567892", 2, 60, readable=True),
    )
    assert format_of(marks, 464, 320, 3, ZplModel(media="gap", thermal="direct", latin=True)) == (
        b"^XA^CI28^MNY^MTD^PW464^LL320^LH0,0^LS0^FWN^PON^JZY\r\n"
        b"^FO20,20^A0N,30,30^FH_^FDA_5EXZ^FS\r\n"
        b"^FO20,55^A0N,30,30^FH_^FD_7EJR_5F_3E^FS\r\n"
        b"^FO20,90^A0N,30,30^FB400,1,0,R,0^FH_^FDright^FS\r\n"
        b"^FO0,0^GB464,320,4^FS\r\n"
        b"^FO10,150^GB400,3,3^FS\r\n"
        b"^FO8,160^GFA,6,6,2,HF,:I01^FS\r\n"
        b"^FO30,170^BY2,2,60^BEN,60,Y,N^FH_^FD690123456789^FS\r\n"
        b"^PQ3,0,1,N^XZ\r\n"
    )


@pytest.mark.parametrize(
    ("symbology", "data", "expected"),
    [
        (Symbology.CODE128, "AB-12345", b"^BCN,60,Y,N,N,N^FH_^FD>:AB-1>52345"),
        (Symbology.CODE128, "123456", b"^BCN,60,Y,N,N,N^FH_^FD>;123456"),
        (Symbology.CODE128, "a>b^c_d", b"^BCN,60,Y,N,N,N^FH_^FD>:a>0b_5Ec_5Fd"),
        (Symbology.GS1_128, f"0106901234567892{10}AB{GS}21C", b"^BCN,60,Y,N,N,N^FH_^FD>;>8010690123456789210>6AB>821C"),
        (Symbology.EAN8, "12345670", b"^B8N,60,Y,N^FH_^FD1234567"),
    ],
)
def test_golden_bars(symbology: Symbology, data: str, expected: bytes) -> None:
    encoded = format_of([Bars(40, 40, symbology, data, 2, 60, readable=True)], 800, 300, 1, ZplModel())
    assert expected in encoded
    [job], _, _ = zpl_jobs(encoded)
    assert codes_read(job.image) == [data]


@pytest.mark.parametrize(
    ("symbology", "data"),
    [
        (Symbology.QR, "https://shop.example/o/17?a=1&b=2"),
        (Symbology.QR, "^XZ~JR_5E 中文 \\ >8"),
        (Symbology.DATAMATRIX, "under_score _1 _d027 ^XZ ~JR"),
        (Symbology.GS1_DATAMATRIX, f"010690123456789210AB{GS}21C"),
    ],
)
def test_matrix_codes_are_read_back_to_the_letter(symbology: Symbology, data: str) -> None:
    encoded = format_of([Square(40, 40, symbology, data, 5, 30, "M")], 800, 400, 1, ZplModel())
    [job], printer, orders = zpl_jobs(encoded)
    assert codes_read(job.image) == [data]
    assert (orders, dict(printer.unknown)) == ([], {})


def test_field_data_is_plain_ascii_without_commands() -> None:
    encoded = field_data("茶^~\x7f\x00_\\>é")
    assert encoded.isascii()
    assert not set("^~_\\>") & set(encoded.removeprefix("^FH_^FD").replace("_", ""))


def test_long_runs_of_dots_are_packed_and_unpacked_alike() -> None:
    rows = [bytes(104), b"\xff" * 104, b"\x01" + bytes(103), b"\x01" + bytes(103), bytes(range(104)), b"\xf0" * 104]
    bitmap = Bitmap(104, len(rows), b"".join(rows))
    packed = graphic(bitmap)
    assert len(packed) < 104 * 2 * len(rows)
    [job], _, _ = zpl_jobs(f"^XA^PW832^LL6^FO0,0{packed}^FS^XZ".encode())
    assert job.image.point(lambda level: 255 - level).convert("1").tobytes() == bitmap.data


def test_a_ready_printer() -> None:
    [status] = ReplyDecoder().feed(STATUS)
    assert status == LabelStatus(True, False, False, False, False, False, 0, 0, "")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        (b"030,0,0", b"030,1,0", "out of labels"),
        (b"030,0,0", b"030,0,1", "paused"),
        (b"001,0,0,0", b"001,0,1,0", "head open"),
        (b"001,0,0,0", b"001,0,0,1", "ribbon out"),
        (b"0,0,0\x03", b"0,0,1\x03", "head too hot"),
        (b"0,0,0\x03", b"0,1,0\x03", "head too cold"),
    ],
)
def test_what_stops_it_is_named(old: bytes, new: bytes, word: str) -> None:
    [status] = ReplyDecoder().feed(STATUS.replace(old, new))
    assert isinstance(status, LabelStatus)
    assert (status.ready, status.stopped_by) == (False, word)


def test_labels_still_to_come() -> None:
    [status] = ReplyDecoder().feed(STATUS.replace(b",000,0,0,0", b",012,0,0,0").replace(b"00000000", b"00000007"))
    assert isinstance(status, LabelStatus)
    assert (status.busy, status.formats, status.remaining) == (True, 12, 7)


def test_identity_noise_and_broken_frames() -> None:
    decoder = ReplyDecoder()
    assert decoder.feed(b"\x02ZD420-203,V1.0,8,8176KB\x03\r\n") == [Identity("ZD420-203", "V1.0", "8,8176KB")]
    assert decoder.feed(b"??\x02030,0,\x02030,1\x03" + STATUS[:-1]) == [
        LabelStatus(True, False, False, False, False, False, 0, 0)
    ]
    assert decoder.noise > 0
    assert decoder.feed(b"\x02" + b"9" * 1000) == []


def test_answers_are_explained() -> None:
    assert [meaning.text for meaning in explain(STATUS)] == ["ready, 0 formats held, 0 to come"]
    assert "noise" in explain(b"abc")[0].fields


def test_models_are_sound() -> None:
    assert {"generic-203", "generic-300", "zebra-zd"} <= set(MODELS.all)
    assert MODELS.named("generic-300").dots_per_mm == 12


def test_a_font_that_would_end_its_command_is_refused() -> None:
    with pytest.raises(ValueError, match="SIMSUN"):
        ZplModel(chinese_font="E:X^XZ")

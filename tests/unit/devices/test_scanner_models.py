"""Models as data: orders in bytes, makers' letters, and answers about a set-up."""

import time

import pytest

from devices.errors import DeviceMisconfigured
from devices.reading import Code, Refusal
from devices.registry import DeviceSettings, open_device
from devices.scanner_serial.codec import LineDecoder, decode_frame
from devices.scanner_serial.menu import find_reply, fingerprint, split_codes
from devices.scanner_serial.models import IDS, MODELS


@pytest.mark.parametrize(
    ("name", "order", "expected"),
    [
        ("honeywell", "trigger_on", b"\x16T\r"),
        ("honeywell", "trigger_off", b"\x16U\r"),
        ("honeywell", "setup_question", b"\x16M\rTERMID?;PRFBK2?;SUFBK2?;E13ENA?."),
        ("honeywell-esc", "good_beep", b"\x1b7"),
        ("honeywell-esc", "bad_beep", b"\x1b8"),
        ("datalogic", "enable", b"E"),
        ("datalogic", "disable", b"D"),
        ("datalogic", "good_beep", b"\x01"),
        ("datalogic", "bad_beep", b"F"),
        ("cipherlab", "disable", b"D"),
        ("generic", "enable", b""),
        ("generic", "good_beep", b""),
    ],
)
def test_orders_are_those_of_the_makers(name: str, order: str, expected: bytes) -> None:
    assert bytes.fromhex(getattr(MODELS.named(name), order)) == expected


def test_what_a_model_can_follows_from_its_orders() -> None:
    able = {name: MODELS.named(name).can for name in ("generic", "honeywell", "datalogic")}
    assert [(can.enable, can.trigger, can.beep, can.setup) for can in able.values()] == [
        (False, False, False, False),
        (False, True, True, True),
        (True, False, True, False),
    ]


def test_what_nobody_makes_is_refused_by_name() -> None:
    with pytest.raises(DeviceMisconfigured, match="honeywell-esc"):
        MODELS.named("acme")
    with pytest.raises(DeviceMisconfigured, match="aim, none"):
        open_device(DeviceSettings("s", "scanner_serial", "/dev/ttyACM0", options={"ids": "acme"}))
    with pytest.raises(DeviceMisconfigured, match="again_s"):
        open_device(DeviceSettings("s", "scanner_serial", "/dev/ttyACM0", options={"again_s": 60}))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"d6901234567892", Code("6901234567892", "]E0")),
        (b"D96385074", Code("96385074", "]E4")),
        (b"c036000291452", Code("036000291452", "]E0")),
        (b"I0106901234567892", Code("0106901234567892", "]C1")),
        (b"shttps://example.com", Code("https://example.com", "]Q1")),
        (b"w0106901234567892", Code("0106901234567892", "]d1")),
        (b"w0106901234567892\x1d10A", Code("0106901234567892\x1d10A", "]d2")),  # the separator tells a GS1 symbol
        (b"?6901234567892", Refusal("symbology_unknown", 14)),
        (b"d", Refusal("empty", 1)),
    ],
)
def test_honeywells_letters(line: bytes, expected: Code | Refusal) -> None:
    assert LineDecoder(vendor=IDS.named("honeywell")).feed(line + b"\r") == [expected]


def test_letters_and_aim_identifiers_are_not_mixed() -> None:
    assert decode_frame(b"d6901", aim=True) == Code("d6901", None)


def test_an_answer_is_found_between_codes() -> None:
    answer = b"TERMID130\x06;SUFBK299990D\x06."
    found = find_reply(b"6901234567892\r" + answer + b"96385074\r")
    assert found is not None
    assert (found.setup, found.others) == ("TERMID130=ok;SUFBK299990D=ok.", b"6901234567892\r96385074\r")
    assert find_reply(answer[:-1]) is None
    assert find_reply(b"6901234567892\r") is None
    assert split_codes(b"6901\r69") == (b"6901\r", b"69")
    assert split_codes(b"TERM\x06\r") == (b"", b"TERM\x06\r")


def test_a_stream_that_never_answers_costs_no_time() -> None:
    began = time.process_time()
    for size in range(0, 4096, 64):
        assert find_reply(b"A" * size) is None
        assert find_reply(b"A" * size + b"\x06" * 64) is None
    assert time.process_time() - began < 1


def test_a_fingerprint_changes_with_anything() -> None:
    prints = {fingerprint(text) for text in ("a=ok.", "a=unknown.", "b=ok.", "a=ok.;", b"a=ok")}
    assert len(prints) == 5
    assert all(len(each) == 16 for each in prints)

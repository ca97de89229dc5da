"""The simulated scanners themselves: bytes by the book, orders heard, repetition, keys."""

import itertools
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.scanner import HidScannerSim, LineScannerSim, SsiScannerSim
from firmware_sim.scanner.orders import orders_in
from firmware_sim.scanner.ssi import packet
from firmware_sim.wire import PtyWire
from tests.waiting import until

GOLDEN = json.loads((Path(__file__).parents[2] / "data/golden-frames/ssi_frames.json").read_text("utf-8"))
ACK = bytes.fromhex("04 d0 04 00 ff 28")


class Tap(PtyWire):
    """A wire that nobody plugs in and whose bytes stay in ``sent``."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()

    @property
    def plugged(self) -> bool:
        return True

    @property
    def address(self) -> str:
        return "/dev/tap"

    def send(self, data: bytes) -> None:
        self.sent += data

    def taken(self) -> bytes:
        data = bytes(self.sent)
        self.sent.clear()
        return data


@pytest.mark.parametrize(
    ("how", "aim", "expected"),
    [
        ({}, "]E0", b"]E06901234567892\r\n"),
        ({"suffix": "cr", "prefix": b"\x02"}, "", b"\x026901234567892\r"),
        ({"suffix": "none", "ids": "honeywell"}, "]E4", b"D6901234567892"),
        ({"profile": "clone"}, "]E0", b"6901234567892\r\n"),
        ({"ids": "none"}, "]E0", b"6901234567892\r\n"),
    ],
)
def test_a_line_scanner_frames_as_it_is_told(how: dict[str, Any], aim: str, expected: bytes) -> None:
    wire = Tap()
    LineScannerSim(wire, **how).scan("6901234567892", aim)
    assert wire.taken() == expected


def test_makers_orders_are_heard_and_shown() -> None:
    honeywell, wire = LineScannerSim(wire := Tap(), maker="honeywell"), wire
    honeywell.receive(b"noise\x16T")
    assert not honeywell.shows()["triggered"]
    honeywell.receive(b"\r\x16\x07\r")
    assert (honeywell.shows()["triggered"], honeywell.shows()["good_beeps"]) == (True, 1)
    honeywell.receive(b"\x16M\rTERMID?;NOSUCH?.\x16U\r")
    assert wire.taken() == b"TERMID130\x06;NOSUCH?\x05."
    assert not honeywell.triggered
    datalogic = LineScannerSim(wire, maker="datalogic")
    datalogic.receive(b"F")
    assert (datalogic.bad_beeps, datalogic.enabled) == (1, False)
    datalogic.scan("6901234567892")
    assert wire.taken() == b""  # switched off until E
    datalogic.receive(b"EB")
    datalogic.scan("6901234567892")
    assert wire.taken() == b"6901234567892\r\n"
    mute = LineScannerSim(wire, maker="datalogic", profile="mute")
    mute.receive(b"D")
    assert mute.enabled


def test_orders_are_blind_to_chunks() -> None:
    stream = b"x\x16T\r\x16M\rTERMID?.\x1b7\x16U\r"
    whole, rest = orders_in(stream, "honeywell-esc")
    assert rest == b""
    pieces, heard = [], b""
    for byte in stream:
        found, heard = orders_in(heard + bytes((byte,)), "honeywell-esc")
        pieces += found
    assert pieces == whole
    assert [name for name, _ in whole] == ["trigger", "menu", "good", "release"]


@pytest.fixture
async def ssi() -> Any:
    return SsiScannerSim(Tap(), answer_s=0.02)


def taken(sim: SsiScannerSim) -> bytes:
    assert isinstance(sim.wire, Tap)
    return sim.wire.taken()


@pytest.mark.parametrize("golden", [each for each in GOLDEN if "code_type" in each], ids=lambda golden: golden["data"])
async def test_ssi_packets_are_the_golden_ones(ssi: SsiScannerSim, golden: dict[str, str]) -> None:
    assert packet(0xF3, bytes.fromhex(golden["code_type"]) + golden["data"].encode()) == bytes.fromhex(golden["frame"])


async def test_a_packet_is_sent_again_until_it_is_answered(ssi: SsiScannerSim) -> None:
    ssi.scan("6901234567892", "]E0")
    ssi.scan("96385074", "]E4")
    first = taken(ssi)
    assert first == packet(0xF3, b"\x0b6901234567892")
    await until(lambda: ssi.repeated == 1)
    assert taken(ssi) == packet(0xF3, b"\x0b6901234567892", 1)
    ssi.receive(bytes.fromhex("05 d1 04 00 01 ff 25"))  # NAK: at once
    assert ssi.naks == 1
    assert taken(ssi) == packet(0xF3, b"\x0b6901234567892", 1)
    ssi.receive(ACK)
    assert taken(ssi) == packet(0xF3, b"\x0a96385074")
    await until(lambda: ssi.given_up == 1)
    assert not ssi.shows()["waiting"]


async def test_long_codes_come_in_parts_that_say_that_more_follows(ssi: SsiScannerSim) -> None:
    ssi.scan("A" * 300, "]Q1")
    part = taken(ssi)
    assert (part[0], part[3]) == (255, 2)
    ssi.receive(ACK)
    assert taken(ssi)[3] == 0
    ssi.receive(ACK)


async def test_ssi_orders_are_carried_out_or_refused(ssi: SsiScannerSim) -> None:
    def order(opcode: int, data: bytes = b"") -> bytes:
        body = bytes((4 + len(data), opcode, 4, 0)) + data
        ssi.receive(body + (-sum(body) & 0xFFFF).to_bytes(2, "big"))
        return taken(ssi)

    assert [order(0xEA), order(0xE4), order(0xE6, b"\x07")] == [bytes.fromhex("04 d0 00 00 ff 2c")] * 3
    assert (ssi.enabled, ssi.triggered, ssi.bad_beeps) == (False, True, 1)
    assert order(0xC6, b"\xff\xec\x00")[1] == 0xD0
    assert ssi.shows()["locked"]
    assert order(0x77)[1] == 0xD1
    ssi.receive(b"\x05\xe6\x04\x00\x07\x00\x00")
    assert taken(ssi)[1] == 0xD1  # a wrong checksum
    assert ssi.bad_beeps == 1


def keys(data: bytes) -> Iterator[tuple[int, int]]:
    for _, _, kind, code, value in struct.iter_unpack("@llHHi", data):
        if kind == 1:
            yield code, value


def test_a_keyboard_presses_and_releases_each_key_in_order() -> None:
    wire = Tap()
    HidScannerSim(wire).scan("A1")
    assert list(keys(wire.taken())) == [(42, 1), (30, 1), (30, 0), (42, 0), (2, 1), (2, 0), (28, 1), (28, 0)]
    HidScannerSim(wire, fnc1="f8", suffix="none", keypad=True).scan("1\x1d")
    assert list(keys(wire.taken())) == [(79, 1), (79, 0), (66, 1), (66, 0)]
    sim = HidScannerSim(wire, suffix="none")
    sim.scan("\x12")  # a code with a control character: Ctrl and r
    assert list(keys(wire.taken())) == [(29, 1), (19, 1), (19, 0), (29, 0)]


def test_events_have_times_of_a_scanner_and_of_a_person() -> None:
    wire = Tap()
    sim = HidScannerSim(wire)

    def paces() -> list[float]:
        at = [
            s + us / 1e6
            for s, us, kind, _, value in struct.iter_unpack("@llHHi", wire.taken())
            if (kind, value) == (1, 1)
        ]
        return [after - before for before, after in itertools.pairwise(at)]

    sim.scan("6901234567892")
    assert max(paces()) < 0.02
    sim.type_by_hand("6901234567892")
    assert min(paces()) > 0.1


def test_commands_of_a_bench() -> None:
    wire = Tap()
    sim = LineScannerSim(wire, maker="honeywell")
    assert sim.handle({"scan": "6901234567892", "aim": "]E0"})["last"] == "6901234567892"
    assert sim.handle({"program": "SUFBK2", "value": ""})["setup"]["SUFBK2"] == ""
    sim.locked = True
    assert sim.handle({"program": "SUFBK2", "value": "x"})["setup"]["SUFBK2"] == ""
    wire.taken()
    sim.handle({"bytes": "1b0a"})
    sim.handle({"fault": "half_frame"})
    assert wire.taken() == b"\x1b\n6901234"
    for wrong in ({"dance": 1}, {"fault": "dance"}):
        with pytest.raises(ValueError, match="dance"):
            sim.handle(wrong)
    with pytest.raises(ValueError, match="profile"):
        LineScannerSim(wire, profile="shiny")
    with pytest.raises(ValueError, match="maker"):
        LineScannerSim(wire, maker="acme")

"""The simulated printer's parser: other people's bytes, any chunks, and real-time commands wherever they stand."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.printer.condition import Condition
from firmware_sim.printer.parser import UNKNOWN, Command, Parser
from firmware_sim.printer.realtime import RealTimeScanner, Request
from firmware_sim.printer.symbols import code128_text, read_barcode

DATA = Path(__file__).parents[2] / "data"
CASES = json.loads((DATA / "escpos-receipts/escpos_php_unit.json").read_text("utf-8"))
RECEIPTS = sorted((DATA / "escpos-receipts").glob("*.bin"))


def parsed(data: bytes, *, double_byte: bool = False, unsupported: frozenset[str] = frozenset()) -> list[Command]:
    parser = Parser(double_byte=double_byte, unsupported=unsupported)
    parser.feed(data)
    return drained(parser)


def drained(parser: Parser) -> list[Command]:
    commands = []
    while (command := parser.next()) is not None:
        commands.append(command)
        if command.name in ("FS &", "FS ."):
            parser.double_byte = command.name == "FS &"
    return commands


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_each_command_of_another_library_is_known(case: dict[str, str]) -> None:
    data = bytes.fromhex(case["bytes_hex"])
    commands = parsed(data)
    assert b"".join(command.raw for command in commands) == data
    assert [command for command in commands if command.name == UNKNOWN] == []


@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda path: path.stem)
def test_each_receipt_is_consumed_to_the_last_byte(receipt: Path) -> None:
    data = receipt.read_bytes()
    commands = parsed(data)
    assert b"".join(command.raw for command in commands) == data
    assert UNKNOWN not in {command.name for command in commands}
    assert "GS V" in {command.name for command in commands}


@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("size", [1, 7])
def test_chunks_do_not_matter(receipt: Path, size: int) -> None:
    data = receipt.read_bytes()
    parser, found = Parser(double_byte=False), []
    for at in range(0, len(data), size):
        parser.feed(data[at : at + size])
        found += drained(parser)
    names = [command.name for command in found if command.name != "TEXT"]
    assert names == [command.name for command in parsed(data) if command.name != "TEXT"]
    assert b"".join(command.raw for command in found) == data


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data: bytes) -> None:
    parser = Parser(double_byte=True)
    parser.feed(data)
    consumed = b"".join(command.raw for command in drained(parser))
    assert data.startswith(consumed)
    assert len(consumed) + len(parser) == len(data)


def test_an_unsupported_command_prints_as_text_as_on_a_clone() -> None:
    commands = parsed(b"\x1d\x28\x48\x06\x00\x30\x300001", unsupported=frozenset({"GS (H"}))
    assert commands[0] == Command(UNKNOWN, b"", b"\x1d")
    assert commands[1].raw == b"(H"


def test_half_a_chinese_character_waits_for_the_other_half() -> None:
    parser = Parser(double_byte=True)
    parser.feed(b"a\xd6")
    assert [command.raw for command in drained(parser)] == [b"a"]
    parser.feed(b"\xd0")
    assert [command.raw for command in drained(parser)] == [b"\xd6\xd0"]


def test_real_time_commands_are_seen_inside_a_picture_and_over_chunks() -> None:
    scanner = RealTimeScanner()
    assert scanner.feed(b"\x1dv0\x00\x02\x00\x02\x00\x10") == []
    assert scanner.feed(b"\x04") == []
    assert scanner.feed(b"\x01\x10\x10\x05\x02x") == [Request("EOT", b"\x01"), Request("ENQ", b"\x02")]
    assert scanner.feed(b"\x10\x14\x01\x00\x05") == [Request("DC4", b"\x01\x00\x05")]


@given(st.lists(st.sampled_from([b"\x10", b"\x04", b"\x05", b"\x14", b"\x01", b"\x08", b"a"]), max_size=40))
def test_the_real_time_scanner_is_blind_to_chunks(pieces: list[bytes]) -> None:
    whole, split = RealTimeScanner(), RealTimeScanner()
    assert [request for piece in pieces for request in split.feed(piece)] == whole.feed(b"".join(pieces))


@pytest.mark.parametrize("case", json.loads((DATA / "golden-frames/escpos_asb.json").read_text("utf-8")))
def test_automatic_status_bytes(case: dict[str, object]) -> None:
    meaning = case["meaning"]
    assert isinstance(meaning, dict)
    condition = Condition(
        paper_end=meaning["paper"] == "end",
        near_end=meaning["paper"] in ("near",),
        cover_open=meaning["cover_open"],
        cutter_error=meaning["error"] == "cutter",
        unrecoverable=meaning["error"] == "unrecoverable",
        overheated=meaning["error"] == "auto",
        drawer_pin_high=meaning["drawer_pin3_high"],
    )
    expected = bytes.fromhex(str(case["asb"]))
    if meaning["paper"] == "end":
        condition.near_end = True  # the near-end sensor of an empty roll sees no paper either: 0F
    assert condition.automatic() == expected


def test_real_time_status_bytes_of_the_reference() -> None:
    assert Condition().real_time(1) == 0x12
    assert Condition(drawer_pin_high=True).real_time(1) == 0x16
    assert Condition(cover_open=True).real_time(1) == 0x1A
    assert Condition(cover_open=True, paper_end=True).real_time(2) == 0x36
    assert Condition(cutter_error=True).real_time(3) == 0x1A
    assert [
        Condition(paper_end=end, near_end=near).real_time(4) for end in (False, True) for near in (False, True)
    ] == [
        0x12,
        0x1E,
        0x72,
        0x7E,
    ]
    assert Condition().real_time(9) is None


def test_barcodes_with_wrong_data_print_nothing() -> None:
    assert read_barcode(b"\x02690123456789\x00") == read_barcode(b"\x43\x0d6901234567892")
    assert read_barcode(b"\x43\x0d6901234567891") is None
    assert read_barcode(b"\x43\x03abc") is None


def test_code_128_sets() -> None:
    assert code128_text(b"{BNo.{C\x0c\x22") == "No.1234"
    assert code128_text(b"{B{{1") == "{1"
    assert code128_text(b"1234") == ""

"""What a printer says back: golden bytes, and one meaning however the bytes are cut."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import GarbledFrame
from devices.ports import Paper, PrinterStatus
from devices.printer_escpos.codec import (
    AutomaticStatus,
    Block,
    BlockKind,
    Noise,
    RealTimeStatus,
    Reply,
    ReplyDecoder,
    SingleByte,
    ask_process_id,
    decode_automatic,
    decode_real_time,
    process_id_of,
)

DATA = Path(__file__).parents[2] / "data/golden-frames"


def golden(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((DATA / name).read_text("utf-8"))
    return loaded


PAPER = {"ok": Paper.OK, "near": Paper.NEAR_END, "end": Paper.END}
FAULT = {
    "none": "",
    "cutter": "cutter error",
    "unrecoverable": "unrecoverable error",
    "auto": "error that ends by itself",
}


@pytest.mark.parametrize("case", golden("escpos_asb.json"), ids=lambda case: case["asb"])
def test_automatic_status(case: dict[str, Any]) -> None:
    meaning = case["meaning"]
    assert decode_automatic(bytes.fromhex(case["asb"])) == PrinterStatus(
        online=not meaning["offline"],
        paper=PAPER[meaning["paper"]],
        cover_open=meaning["cover_open"],
        fault=FAULT[meaning["error"]],
        drawer_pin_high=meaning["drawer_pin3_high"],
    )


@pytest.mark.parametrize("case", golden("escpos_dle_eot.json"), ids=lambda case: f"{case['query']}={case['reply']}")
def test_real_time_status(case: dict[str, Any]) -> None:
    meaning, number = case["meaning"], int(case["query"][-1])
    status = decode_real_time({number: int(case["reply"], 16)})
    if number == 1:
        assert status.online is not meaning["offline"]
        assert status.drawer_pin_high is meaning["drawer_pin3_high"]
    elif number == 2:
        assert status.cover_open is meaning["cover_open"]
        assert (status.paper is Paper.END) is meaning["paper_end_stop"]
        assert bool(status.fault) is meaning["error"]
    elif number == 3:
        assert bool(status.fault) is any(meaning.values())
    else:
        expected = Paper.END if meaning["paper_end"] else Paper.NEAR_END if meaning["near_end"] else Paper.OK
        assert status.paper is expected


def _told(reply: Reply) -> str:
    match reply:
        case RealTimeStatus(value):
            return f"dle_eot:{value:02x}"
        case AutomaticStatus(data):
            return f"asb:{data.hex()}"
        case Block(BlockKind.INFO, data):
            return f"printer_info:{data.decode()}"
        case _:
            return str(reply)


@pytest.mark.parametrize("case", golden("escpos_reply_demux.json"), ids=lambda case: case["stream"][:20])
def test_mixed_replies_are_told_apart(case: dict[str, Any]) -> None:
    assert [_told(reply) for reply in ReplyDecoder().feed(bytes.fromhex(case["stream"]))] == case["events"]


def test_the_end_of_a_job_comes_back_between_status_and_flow_control() -> None:
    replies = ReplyDecoder().feed(b"\x13\x10\x00\x00\x0f\x11\x37\x22aZ09\x00\x12")
    assert replies == [
        AutomaticStatus(b"\x10\x00\x00\x0f"),
        Block(BlockKind.PROCESS, b"\x22aZ09"),
        RealTimeStatus(0x12),
    ]
    assert isinstance(replies[1], Block)
    assert process_id_of(replies[1]) == b"aZ09"
    assert process_id_of(Block(BlockKind.PROCESS, b"\x25")) is None


@pytest.mark.parametrize("flow", [b"\x11", b"\x13"])
def test_flow_control_may_stand_anywhere_even_inside_an_answer(flow: bytes) -> None:
    whole = b"\x18\x00\x0f\x00\x37\x22aZ09\x00\x12"
    for at in range(len(whole)):
        assert ReplyDecoder().feed(whole[:at] + flow + whole[at:]) == ReplyDecoder().feed(whole)


def test_a_single_byte_means_something_only_while_awaited() -> None:
    decoder = ReplyDecoder()
    assert decoder.feed(b"\x00") == [Noise(b"\x00")]
    decoder.await_single_byte()
    assert decoder.feed(b"\x0c\x0c") == [SingleByte(0x0C), Noise(b"\x0c")]


def test_silence_is_unknown_and_not_paper_out() -> None:
    assert decode_real_time({}) == PrinterStatus()
    assert PrinterStatus().paper is Paper.UNKNOWN
    assert PrinterStatus().online is None


def test_wrong_fixed_bits_are_garbled() -> None:
    with pytest.raises(GarbledFrame):
        decode_real_time({1: 0xFF})
    with pytest.raises(GarbledFrame):
        decode_automatic(b"\x10\x90\x00\x00")


@pytest.mark.parametrize("marker", [b"abc", b"abcde", b"ab\x1bc"])
def test_a_marker_is_four_printable_characters(marker: bytes) -> None:
    with pytest.raises(ValueError, match="process id"):
        ask_process_id(marker)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=20))
def test_chunks_do_not_matter_and_no_byte_is_too_strange(stream: bytes, cuts: list[int]) -> None:
    whole, pieces = ReplyDecoder(), ReplyDecoder()
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    chunks = [stream[a:b] for a, b in itertools.pairwise(edges)]
    assert [reply for chunk in chunks for reply in pieces.feed(chunk)] == whole.feed(stream)

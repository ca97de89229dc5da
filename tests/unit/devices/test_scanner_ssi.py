"""SSI packets: golden frames, what is answered, what is joined, what is a repetition."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devices.reading import MAX_CODE_BYTES, Code, Refusal
from devices.scanner_ssi import codec
from devices.scanner_ssi.codec import HOST, Packet, PacketDecoder, checksum, explain, frame
from devices.scanner_ssi.session import Session

GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data/golden-frames/ssi_frames.json").read_text("utf-8")
)
ACK = frame(codec.ACK)
HOST_FRAMES = {
    "host ACK": codec.ACK,
    "scan disable": codec.SCAN_DISABLE,
    "start session": codec.START_SESSION,
    "stop session": codec.STOP_SESSION,
}
SYMBOLOGIES = {"0b": "]E0", "0a": "]E4", "03": "]C0", "08": "]E0", "0f": "]C1"}


def sent(data: bytes, status: int = 0, opcode: int = codec.DECODE_DATA) -> bytes:
    message = bytes((4 + len(data), opcode, 0, status)) + data
    return message + checksum(message).to_bytes(2, "big")


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["frame"][:24])
def test_golden_frames(golden: dict[str, Any]) -> None:
    data = bytes.fromhex(golden["frame"])
    if golden["name"] in HOST_FRAMES:
        assert frame(HOST_FRAMES[golden["name"]]) == data
        assert PacketDecoder(HOST).feed(data) == [Packet(HOST_FRAMES[golden["name"]], source=HOST)]
        return
    heard = Session().feed(data)
    if golden["name"] == "decoder ACK":
        assert heard == (b"", [], [Packet(codec.ACK)])
    elif golden["data"] == "NR":
        assert heard == (ACK, [], [])  # nothing was read, and that is no code
    else:
        assert heard == (ACK, [Code(golden["data"], SYMBOLOGIES[golden["code_type"]])], [])
    assert [meaning.fields["opcode"] for meaning in explain(data)] != []


def test_a_wrong_checksum_is_asked_for_again_and_nothing_is_believed() -> None:
    good = sent(b"\x0b6901234567892")
    broken = good[:8] + bytes((good[8] ^ 1,)) + good[9:]
    session = Session()
    heard = session.feed(broken)
    assert heard == (bytes.fromhex("05 d1 04 00 01 ff 25"), [Refusal("checksum", len(broken))], [])
    assert session.feed(good).results == [Code("6901234567892", "]E0")]


def test_a_repetition_is_answered_and_dropped_and_a_second_pass_is_not() -> None:
    session = Session()
    first, again = sent(b"\x0b6901234567892"), sent(b"\x0b6901234567892", status=1)
    assert session.feed(first).results == [Code("6901234567892", "]E0")]
    assert session.feed(again) == (ACK, [], [])
    assert session.feed(again) == (ACK, [], [])
    assert session.feed(first).results == [Code("6901234567892", "]E0")]


def test_a_repetition_of_what_never_came_counts() -> None:
    assert Session().feed(sent(b"\x0b6901234567892", status=1)).results == [Code("6901234567892", "]E0")]
    session = Session()
    session.feed(sent(b"\x0a96385074"))
    assert session.feed(sent(b"\x0b6901234567892", status=1)).results == [Code("6901234567892", "]E0")]


def spoilt(packet: bytes) -> bytes:
    return packet[:-1] + bytes([packet[-1] ^ 1])


@pytest.mark.parametrize("torn", [lambda packet: spoilt(packet), lambda packet: packet[:9]], ids=["spoilt", "half"])
def test_the_same_code_twice_counts_twice_although_the_second_packet_was_torn(torn: Callable[[bytes], bytes]) -> None:
    session = Session()
    first, again = sent(b"\x0b6901234567892"), sent(b"\x0b6901234567892", status=1)
    assert session.feed(first).results == [Code("6901234567892", "]E0")]
    session.feed(torn(first))
    session.silence()
    assert session.feed(again).results == [Code("6901234567892", "]E0")]
    assert session.feed(again).results == []  # and our answer to that was lost


def test_a_torn_repetition_is_a_repetition_all_the_same() -> None:
    session = Session()
    session.feed(sent(b"\x0b6901234567892"))
    again = sent(b"\x0b6901234567892", status=1)
    assert session.feed(spoilt(again)).results == [Refusal("checksum", len(again))]
    assert session.feed(again).results == []


def test_equal_parts_of_a_long_code_are_all_kept_although_one_was_torn() -> None:
    session = Session()
    part = sent(b"\x1c" + b"A" * 250, status=2)
    session.feed(part + spoilt(part) + sent(b"\x1c" + b"A" * 250, status=3))
    assert session.feed(sent(b"\x1cEND")).results == [Code("A" * 500 + "END", "]Q1")]


def test_a_long_code_is_joined_and_each_part_answered() -> None:
    session = Session()
    assert session.feed(sent(b"\x1c" + b"A" * 250, status=2)) == (ACK, [], [])
    assert session.feed(sent(b"\x1c" + b"A" * 250, status=3)) == (ACK, [], [])  # our answer was lost
    assert session.patience_s is not None
    assert session.feed(sent(b"\x1cEND")).results == [Code("A" * 250 + "END", "]Q1")]
    assert session.patience_s is None


def test_parts_of_different_codes_are_not_joined() -> None:
    session = Session()
    session.feed(sent(b"\x1cAAA", status=2))
    assert session.feed(sent(b"\x0b6901234567892")).results == [Code("6901234567892", "]E0")]


def test_an_endless_code_is_refused_and_takes_no_memory() -> None:
    session = Session()
    for number in range(100):
        session.feed(sent(b"\x1c" + f"{number:0250d}".encode(), status=2))
    assert session.feed(sent(b"\x1cEND")).results == [Refusal("too_long", MAX_CODE_BYTES + 2)]


def test_silence_drops_half_a_packet_and_then_half_a_code() -> None:
    session = Session()
    session.feed(sent(b"\x1cAAA", status=2) + sent(b"\x0b6901234567892")[:9])
    assert session.silence() == [Refusal("half_frame", 9)]
    assert session.silence() == [Refusal("half_frame", 4)]
    assert session.silence() == []


def test_noise_is_one_refusal_and_the_next_packet_is_read() -> None:
    assert Session().feed(bytes(40) + b"\xff\xff" + sent(b"\x0a96385074")).results == [
        Refusal("noise", 1),
        Code("96385074", "]E4"),
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x4b690123456789205", Code("6901234567892", "]E0")),  # EAN-13 and an add-on of two digits
        (b"\x88036000291452" + b"12345", Code("036000291452", "]E0")),  # UPC-A and one of five
        (b"\x0b]E06901234567892\r\n", Code("6901234567892", "]E0")),  # somebody has configured all that as well
        (b"\xc10106901234567892\x1d10A", Code("0106901234567892\x1d10A", "]d2")),
        (b"\x1c" + "茶".encode("gb18030"), Code("茶", "]Q1")),
        (b"\x1c\x1b@", Refusal("control_character", 3)),
        (b"\x1c\xff\xff", Refusal("not_text", 3)),
        (b"\x0b", Refusal("empty", 1)),
        (b"", Refusal("empty", 0)),
        (b"\xfeABC", Refusal("symbology_unknown", 4)),
    ],
)
def test_code_types(data: bytes, expected: Code | Refusal) -> None:
    assert Session().feed(sent(data)) == (ACK, [expected], [])


def test_answers_are_told_apart_from_codes() -> None:
    heard = Session().feed(sent(b"REV", opcode=codec.REPLY_REVISION) + sent(b"\x06", opcode=codec.NAK))
    assert heard == (ACK, [], [Packet(codec.REPLY_REVISION, b"REV"), Packet(codec.NAK, b"\x06")])


def test_parameters_come_joined() -> None:
    session = Session()
    session.feed(sent(b"\xff\x01\x02", status=2, opcode=codec.PARAM_SEND))
    assert session.feed(sent(b"\x03\x04", opcode=codec.PARAM_SEND)).answers == [
        Packet(codec.PARAM_SEND, b"\xff\x01\x02\x03\x04")
    ]


def test_a_packet_holds_no_more_than_it_can() -> None:
    assert len(frame(codec.PARAM_SEND, bytes(251))) == 257
    with pytest.raises(ValueError, match="251"):
        frame(codec.PARAM_SEND, bytes(252))


@pytest.mark.parametrize(
    ("hexadecimal", "text"),
    [
        ("05 d1 04 00 01 ff 25", "host: NAK (send it again)"),
        ("07 f3 00 00 01 4e 52 fe 65", "decoder: DECODE_DATA NR, Code 39"),
        ("07 f3 00 00 fe 4e 52 fd 68", "decoder: DECODE_DATA NR, code type fe, which nobody knows"),
        ("07 f3 00 00 01 4e 52 fe 66", "no packet: checksum"),
        ("07 f3 00 00 01", "no packet: half frame"),
        ("04 d0 04 00 ff 28 04 ea 04 00 ff 0e", "host: ACK"),
    ],
)
def test_packets_are_explained(hexadecimal: str, text: str) -> None:
    assert explain(bytes.fromhex(hexadecimal))[0].text == text

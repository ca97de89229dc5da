"""Dialog 06: golden frames, the checksum duty, and every status with what follows from it."""

import json
from pathlib import Path
from typing import Any

import pytest

from devices.decoding import PROTOCOLS
from devices.ports.scale import NotReady, Reason, Stable
from devices.scale_dialog06.codec import STATUS, Alive, Dialog, Keys, Send, price_record

GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data/golden-frames/dialog06.json").read_text("utf-8")
)
TALKS = [each for each in GOLDEN if "poll" in each]
CHECKSUMS = [each["checksum_encoding"] for each in GOLDEN if "checksum_encoding" in each]
KEYS = Keys(0x1234, 0xABCD)
POLL, STATUS_REQUEST = b"\x04\x05", b"\x04\x0208\x03"


def status(code: str) -> bytes:
    return b"\x0209\x1b" + code.encode() + b"\x03"


@pytest.mark.parametrize("golden", TALKS, ids=lambda golden: golden["reply"][:20] + golden.get("status_reply", "")[-9:])
def test_golden_talks(golden: dict[str, Any]) -> None:
    dialog, meaning = Dialog(KEYS), golden["meaning"]
    sent = dialog.weigh(2598)
    if "send" in golden:
        assert sent == bytes.fromhex(golden["send"])
    assert dialog.feed(bytes.fromhex(golden.get("ack", "06"))) == [Send(bytes.fromhex(golden["poll"]))]
    answer = dialog.feed(bytes.fromhex(golden["reply"]))
    if "grams" in meaning:
        assert meaning["unit_price_cents"] == 2598
        assert answer == [Stable(meaning["grams"], amount_minor=meaning["amount_cents"])]
        return
    assert answer == [Send(bytes.fromhex(golden["status_request"]))]
    reasons = {
        "no_motion_since_last": Reason.NOT_REMOVED,
        "below_zero": Reason.UNDER_ZERO,
        "overload": Reason.OVER_CAPACITY,
    }
    assert dialog.feed(bytes.fromhex(golden["status_reply"])) == [NotReady(reasons[meaning["status"]])]
    assert (dialog.weigh(2598) == POLL) is meaning["retry_poll_only"]
    told = PROTOCOLS["scale-dialog06"](bytes.fromhex(golden["status_reply"]))[0]
    assert (told.fields["status"], told.fields["retry_poll_only"]) == (meaning["status"], meaning["retry_poll_only"])


@pytest.mark.parametrize("golden", CHECKSUMS, ids=lambda golden: golden["random"])
def test_golden_checksums(golden: dict[str, str]) -> None:
    keys = Keys(int(golden["cs"], 16), int(golden["kw"], 16))
    proof = keys.proof(int(golden["random"], 16)).decode().lower()
    assert (proof[:4], proof[4:]) == (golden["cs_rotl_hi_nibble"], golden["kw_rotr_lo_nibble"])


@pytest.mark.parametrize("code", STATUS)
def test_after_moving_only_the_result_is_asked_for_again(code: str) -> None:
    dialog = Dialog(KEYS)
    dialog.weigh(2598)
    assert dialog.feed(b"\x06\x15") == [Send(POLL), Send(STATUS_REQUEST)]
    assert dialog.feed(status(code)) == [NotReady(STATUS[code][1])]
    assert (dialog.weigh(2598) == POLL) is (code in ("20", "22"))


def test_another_price_is_sent_even_while_it_moves() -> None:
    dialog = Dialog(KEYS)
    dialog.weigh(2598)
    dialog.feed(b"\x15" + status("20"))
    assert dialog.weigh(1000) == price_record(1000)


def test_the_checksum_duty_and_back_to_the_price() -> None:
    dialog = Dialog(KEYS)
    price = dialog.weigh(2598)
    assert dialog.feed(b"\x0211\x1b247\x03") == [Send(b"\x04\x0210\x1b23419B57\x03")]
    assert dialog.feed(b"\x06") == [Send(POLL)]
    assert dialog.feed(b"\x0211\x1b1\x03") == [Send(price)]
    assert dialog.feed(b"\x06") == [Send(POLL)]
    assert dialog.feed(b"\x0202\x1b3\x1b00455\x1b002598\x1b001182\x03") == [Stable(455, amount_minor=1182)]


def test_a_refused_proof_is_a_fault_and_not_tried_for_ever() -> None:
    dialog = Dialog(KEYS)
    dialog.weigh(2598)
    dialog.feed(b"\x0211\x1b247\x03\x06")
    assert dialog.feed(b"\x0211\x1b0\x03") == [NotReady(Reason.FAULT)]
    assert dialog.refused


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"02\x1b3\x1b00455\x1b002599\x1b001182", Reason.GARBLED),  # another price than ours
        (b"02\x1b3\x1b00455\x1b002598\x1b001282", Reason.GARBLED),  # one wrong figure in the amount
        (b"02\x1b3\x1b00555\x1b002598\x1b001182", Reason.GARBLED),  # or in the weight
        (b"02\x1b1\x1b00455\x1b002598\x1b001182", Reason.WRONG_UNIT),
        (b"02\x1b3\x1b0455\x1b002598\x1b001182", Reason.GARBLED),
    ],
)
def test_a_result_that_does_not_add_up_is_not_sold(record: bytes, reason: Reason) -> None:
    dialog = Dialog(KEYS)
    dialog.weigh(2598)
    assert dialog.feed(b"\x06\x02" + record + b"\x03") == [Send(POLL), NotReady(reason)]


def test_a_tare_goes_with_the_price() -> None:
    assert price_record(2598, 20) == b"\x04\x0203\x1b002598\x1b0020\x1b\x03"
    dialog = Dialog(KEYS)
    dialog.weigh(2598, 20)
    assert dialog.feed(b"\x06\x0202\x1b3\x1b00455\x1b002598\x1b001182\x03")[1] == Stable(
        455, net=True, amount_minor=1182
    )


def test_a_look_at_an_idle_scale_touches_no_weighing() -> None:
    dialog = Dialog(KEYS)
    assert dialog.look() == STATUS_REQUEST
    assert dialog.feed(status("00")) == [NotReady(Reason.MOVING)]
    assert dialog.feed(b"\x0202\x1b3\x1b00455\x1b002598\x1b001182\x03") == []  # an answer to nothing that we asked
    dialog.feed(b"\x0211\x1b247\x03\x06")
    assert dialog.feed(b"\x0211\x1b1\x03") == [Alive()]


def test_a_proof_wanted_while_nobody_weighs_starts_no_weighing() -> None:
    dialog = Dialog(KEYS)
    dialog.weigh(2598)
    dialog.feed(b"\x06\x0202\x1b3\x1b00455\x1b002598\x1b001182\x03")
    dialog.look()
    dialog.feed(b"\x0211\x1b247\x03\x06")
    assert dialog.feed(b"\x0211\x1b1\x03") == [Alive()]


def test_a_proof_that_was_refused_is_given_again() -> None:
    dialog = Dialog(KEYS)
    dialog.weigh(2598)
    assert dialog.feed(b"\x0211\x1b247\x03\x06\x0211\x1b0\x03")[-1] == NotReady(Reason.FAULT)
    assert (dialog.refused, dialog.look()) == (True, price_record(2598))  # a price makes it ask for the proof again
    assert dialog.feed(b"\x0211\x1b247\x03\x06\x0211\x1b1\x03")[-1] == Alive()
    assert (dialog.refused, dialog.look()) == (False, STATUS_REQUEST)


def test_a_scale_that_wants_no_proof_any_more_is_believed() -> None:
    dialog = Dialog(KEYS)
    dialog.weigh(2598)
    dialog.feed(b"\x0211\x1b247\x03\x06\x0211\x1b0\x03")
    dialog.look()
    assert dialog.feed(b"\x06") == [Alive()]
    assert not dialog.refused


def test_every_record_is_explained() -> None:
    explain = PROTOCOLS["scale-dialog06"]
    said = b"\x06\x15\x0202\x1b3\x1b00455\x1b002598\x1b001182\x03\x0211\x1b247\x03\x0211\x1b1\x03\x0299\x03\xff"
    told = explain(said)
    assert [each.text for each in told] == [
        "taken",
        "refused: ask 08 why",
        "0.455 kg at 2598 makes 1182",
        "asks for proof of 47",
        "proof is right",
        "no record that a scale sends: 39 39",
        "1 bytes belong to no record",
    ]

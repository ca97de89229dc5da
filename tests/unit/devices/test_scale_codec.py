"""What scales say: every golden frame, every status word, every command, and what must not pass for a weight."""

import json
from pathlib import Path
from typing import Any

import pytest

from devices.decoding import PROTOCOLS
from devices.framing import MAX_FRAME_BYTES, Delimited, Parity7, Sized, with_parity
from devices.ports.scale import NotReady, Reason, Stable
from devices.scale_serial.codec import Conversation, Done, Event, Send, Told, grams_of, reading_of
from devices.scale_serial.models import models
from devices.scale_serial.protocols import LANGUAGES
from devices.scale_serial.protocols.pattern import Pattern, language

GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data/golden-frames/scale_frames.json").read_text("utf-8")
)
SPEAKS = {"toledo8217": "toledo8217", "nci_ecr": "nci_ecr", "os2_enq_dc1": "os2", "cas_enq_dc1": "cas"}
EXPLAINED = {"toledo8217": "toledo8217", "nci_ecr": "nci", "os2_enq_dc1": "os2", "cas_enq_dc1": "cas"}
REASON = {
    "in_motion+over_capacity": Reason.OVER_CAPACITY,
    "in_motion+net": Reason.MOVING,
    "in_motion": Reason.MOVING,
    "outside_zero_capture": Reason.ZERO_ERROR,
    "faulty_calibration": Reason.FAULT,
    "overload_or_startup_zero": Reason.ZERO_ERROR,
    "bad_bcc": Reason.GARBLED,
}


def as_list(value: str | list[str]) -> list[bytes]:
    return [bytes.fromhex(part) for part in ([value] if isinstance(value, str) else value)]


def hear(protocol: str, text: str) -> list[Event]:
    talk = Conversation(LANGUAGES[protocol])
    talk.ask()
    return talk.feed(text.encode("latin-1"))


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"{golden['protocol']}-{golden['reply']}")
def test_golden_frames(golden: dict[str, Any]) -> None:
    talk = Conversation(LANGUAGES[SPEAKS[golden["protocol"]]])
    host, scale = as_list(golden["host"]), as_list(golden["reply"])
    said = [talk.ask() if golden["host"] != "53 0d" else b"S\r"]
    for reply in scale[:-1]:
        said += [event.data for event in talk.feed(reply) if isinstance(event, Send)]
    assert said == host
    [event] = talk.feed(scale[-1])
    meaning = golden["meaning"]
    if "grams" in meaning:
        assert event == Stable(meaning["grams"], meaning.get("net", False))
    elif (word := meaning.get("status") or meaning["error"]) == "at_zero":
        assert event == Done(net=False)
    else:
        assert isinstance(event, NotReady)
        assert event.reason is REASON[word]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"{golden['protocol']}-{golden['reply']}")
def test_golden_frames_explained(golden: dict[str, Any]) -> None:
    explain, meaning = PROTOCOLS[f"scale-{EXPLAINED[golden['protocol']]}"], golden["meaning"]
    told = explain(b"".join(as_list(golden["reply"])))[-1]
    assert told.text.isprintable()
    if "grams" in meaning:
        assert told.fields["weight_g"] == meaning["grams"]
        assert told.fields["stable"] is meaning["stable"]
        assert told.fields["net"] is meaning.get("net", False)
        assert ("at_zero" in str(told.fields.get("status"))) is meaning.get("at_zero", False)
    else:
        assert told.fields["status"] == meaning.get("status", meaning.get("error"))


@pytest.mark.parametrize(
    ("protocol", "said", "event"),
    [
        ("toledo8217", "\x0201.23\r", NotReady(Reason.WRONG_UNIT)),
        ("toledo8217", "\x02?D\r", NotReady(Reason.UNDER_ZERO)),
        ("toledo8217", "\x02?P\r", Done(net=False)),
        ("toledo8217", "\x02?p\r", Done(net=True)),
        ("toledo8217", "\x021.235\r", NotReady(Reason.GARBLED)),
        ("nci_ecr", "\n00.455KG\r\n00\r\x03", Stable(455)),  # the 7800 leaves the S out
        ("nci_ecr", "\n01.00LB\r\nS00\r\x03", NotReady(Reason.WRONG_UNIT)),
        ("nci_ecr", "\nS02\r\x03", NotReady(Reason.OVER_CAPACITY)),
        ("nci_ecr", "\nS01\r\x03", NotReady(Reason.UNDER_ZERO)),
        ("nci_ecr", "\nS0p8\r\x03", NotReady(Reason.ZERO_ERROR)),
        ("nci_ecr", "\n00.455KG\r\nS0p4\r\x03", Stable(455, net=True)),
        ("nci_ecr", "\nS80\r\x03", NotReady(Reason.FAULT)),
        ("nci_ecr", "\n?\r\x03", NotReady(Reason.REFUSED)),
        ("nci_ecr", "\n01.2\n00.455KG\r\nS00\r\x03", Stable(455)),  # half an answer before a whole one
        ("cas", "\x15", NotReady(Reason.MOVING)),
        ("cas", "\x01\x02U 00.455kgb\x03\x04", NotReady(Reason.MOVING, 455)),
        ("cas", "\x01\x02S-00.455kgi\x03\x04", NotReady(Reason.UNDER_ZERO, -455)),
        ("cas", "\x01\x02SF00.000kg\x06\x03\x04", NotReady(Reason.OVER_CAPACITY, 0)),
        ("cas", "\x01\x02S 01.235lb`\x03\x04", NotReady(Reason.WRONG_UNIT)),
        ("cas", "\x01\x02S 00.455kgg\x03\x04", NotReady(Reason.GARBLED)),  # as an OS2 reckons it
        ("cas22", "ST,GS,\x01\x80,   0.455 kg\r\n", Stable(455)),
        ("cas22", "ST,NT,\x01\x82,   0.455 kg\r\n", Stable(455, net=True)),
        ("cas22", "US,GS,\x01\r,   0.455 kg\r\n", NotReady(Reason.MOVING, 455)),
        ("cas22", "ST,GS,\x01\n,-  0.455 kg\r\n", NotReady(Reason.UNDER_ZERO, -455)),
        ("cas22", "OL,GS,\x01\x80,   ----- kg\r\n", NotReady(Reason.OVER_CAPACITY)),
        ("cas22", "ST,GS,\x01\x80,   1.003 lb\r\n", NotReady(Reason.WRONG_UNIT)),
        ("cas22", "ST,GS,\x01\x80,     455  g\r\n", Stable(455)),
    ],
)
def test_what_else_a_scale_says(protocol: str, said: str, event: Event) -> None:
    if protocol == "cas" and len(said) == 15 and event != NotReady(Reason.GARBLED):
        check = 0
        for byte in said[2:12].encode():
            check ^= byte
        said = said[:12] + chr(check) + said[13:]
    assert hear(protocol, said) == [event]


def test_icl_counts_only_what_both_have_read() -> None:
    talk = Conversation(LANGUAGES["icl"])
    assert talk.ask() == b"\x05"
    assert talk.feed(b"\x06") == [Send(b"\x11")]
    block = b"\x02000455" + bytes([0x30 ^ 0x34]) + b"\x03"
    assert talk.feed(block) == [Send(block)]
    assert talk.feed(b"\r") == [Stable(455)]
    assert talk.feed(b"\r") == []  # a second confirmation of the same block
    assert talk.feed(block[:-2] + b"\x00\x03") == [NotReady(Reason.GARBLED)]


def test_seven_bits_are_read_whatever_the_eighth_is() -> None:
    for parity in Parity7:
        talk = Conversation(LANGUAGES["toledo8217"])
        assert talk.feed(with_parity(b"\x0201.235N\r", parity)) == [Stable(1235, net=True)]


def test_half_an_answer_is_never_glued_to_the_next() -> None:
    talk = Conversation(LANGUAGES["cas"])
    assert talk.feed(b"\x01\x02S 00.4") == []
    talk.ask()
    assert talk.feed(bytes.fromhex("01 02 53 20 30 35 2e 30 30 30 6b 67 64 03 04")) == [Stable(5000)]
    toledo = Conversation(LANGUAGES["toledo8217"])
    assert toledo.feed(b"\x0211.2\x0201.235\r") == [Stable(1235)]
    assert toledo.skipped == 4


def test_a_check_byte_may_be_any_byte() -> None:
    for grams in range(0, 15000, 5):
        assert hear("cas", _cas(grams).decode("latin-1")) == [Stable(grams)]
    tail = b"\x02000000\x03\x03"  # a block whose check byte is the end mark
    assert Sized((b"\x02",), 9, b"\x03").feed(tail) == [tail]


def _cas(grams: int) -> bytes:
    content = b"S %06.3fkg" % (grams / 1000)
    check = 0
    for byte in content:
        check ^= byte
    return b"\x01\x02" + content + bytes([check]) + b"\x03\x04"


def test_commands() -> None:
    toledo, os2 = LANGUAGES["toledo8217"], LANGUAGES["os2"]
    assert (toledo.zero, toledo.tare, toledo.clear_tare) == (b"Z", b"T\r", b"C")
    assert toledo.preset is not None
    assert toledo.preset(15) == b"T00015\r"
    assert os2.tare == bytes.fromhex("3C 54 4B 3E 09")
    assert os2.zero == bytes.fromhex("3C 5A 4B 3E 09")
    assert os2.begin == bytes.fromhex("3C 41 4C 3E 09")
    assert LANGUAGES["os2_continuous"].begin == bytes.fromhex("3C 50 42 3E 09")
    assert LANGUAGES["nci_ecr"].zero == b"Z\r"


@pytest.mark.parametrize(
    ("figure", "unit", "decimals", "told"),
    [
        ("00.455", "kg", None, Told(455)),
        (" 0.4550", "KG", None, Told(455)),
        ("0.4555", "kg", None, Told(456)),  # half a gram up, as everywhere in the house
        ("455", " g", None, Told(455)),
        ("00455", "kg", 3, Told(455)),
        ("4", "kg", None, Told(4000)),
        ("-0.455", "kg", None, Told(-455, ("under_zero",))),
        ("-0.000", "kg", None, Told(0)),
        ("1.00", "斤", None, Told(None, ("unit_jin",))),
        ("1.00", "st", None, Told(None, ("unit_other",))),
        ("1.2.3", "kg", None, Told(None, ("no_frame",))),
        ("", "kg", None, Told(None, ("no_frame",))),
        ("١", "kg", None, Told(None, ("no_frame",))),
        ("1" * 20, "kg", None, Told(None, ("no_frame",))),
    ],
)
def test_figures_become_whole_grams(figure: str, unit: str, decimals: int | None, told: Told) -> None:
    assert grams_of(figure, unit, decimals) == told


def test_the_gravest_word_is_told() -> None:
    assert reading_of(Told(455, ("net", "in_motion", "over_capacity"))) == NotReady(Reason.OVER_CAPACITY, 455, net=True)


@pytest.mark.parametrize(
    ("model", "said", "event"),
    [
        ("text-kg", b"  0.455kg\r\n", Stable(455)),
        ("text-kg", b"- 0.455 kg\r\n", NotReady(Reason.UNDER_ZERO, -455)),
        ("text-kg", b"455 g\r\n", Stable(455)),
        ("text-kg", "0.91斤\r\n".encode("gb18030"), NotReady(Reason.WRONG_UNIT)),
        ("text-kg", "0.455公斤\r\n".encode("gb18030"), Stable(455)),
        ("text-kg", b"1.00lb\r\n", NotReady(Reason.WRONG_UNIT)),
        ("text-kg", b"Hello\r\n", NotReady(Reason.GARBLED)),
        ("yaohua-text", b"ww000.455kg\r\n", Stable(455)),
        ("yaohua-text", b"wn000.455kg\r\n", Stable(455)),
        ("yaohua-reversed", b"554.000=", Stable(455)),
        ("yaohua-reversed", b"554.00-=", NotReady(Reason.UNDER_ZERO, -455)),
    ],
)
def test_regular_expressions_of_models(model: str, said: bytes, event: Event) -> None:
    assert Conversation(models().named(model).language).feed(said) == [event]


def test_a_pattern_with_everything() -> None:
    pattern = Pattern(
        r"(?P<stable>S)?(?P<over>E)?(?P<net>N)? (?P<weight>\d+)",
        start="02",
        end="03",
        unit="g",
        decimals=1,
        bits=7,
        ask="05",
        zero="5a",
    )
    talk = Conversation(language(pattern))
    assert talk.ask() == b"\x05"
    assert talk.language.zero == b"Z"
    assert talk.feed(with_parity(b"noise\x02SN 4550\x03", Parity7.EVEN)) == [Stable(455, net=True)]
    assert talk.feed(b"\x02 4550\x03\x02SE 4550\x03") == [
        NotReady(Reason.MOVING, 455),
        NotReady(Reason.OVER_CAPACITY, 455),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("regex", r"\d+"), ("regex", r"(?P<weight>\d+)(?P<colour>.)"), ("end", "0d0a"), ("bits", 5), ("ask", "zz")],
)
def test_a_pattern_that_cannot_be_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Pattern(**{"regex": r"(?P<weight>\d+)", field: value})


def test_endless_frames_are_dropped() -> None:
    delimited, sized = Delimited(2, 3), Sized((b"\x01\x02",), 15, b"\x03\x04")
    assert delimited.feed(b"\x02" + b"1" * 100_000 + b"\x03") == []
    assert delimited.skipped > 100_000 - MAX_FRAME_BYTES
    assert sized.feed(b"\x01" * 100_000) == []
    assert delimited.feed(b"\x021\x03") == [b"1"]


def test_noise_is_told_and_nothing_raises() -> None:
    for name, explain in PROTOCOLS.items():
        if name.startswith("scale"):
            assert explain(b"\xff\xfe\x1b[A") != [], name

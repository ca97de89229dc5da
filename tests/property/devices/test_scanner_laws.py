"""Scanner codecs: blind to chunks, at peace with every byte, and no control character but GS ever comes out."""

import itertools
import random
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import MAX_CODE_BYTES, Code, Refusal
from devices.scanner_hid.codec import End, KeyDecoder, Typing
from devices.scanner_hid.codec import explain as explain_keys
from devices.scanner_serial.codec import LineDecoder, Suffix
from devices.scanner_serial.codec import explain as explain_lines
from devices.scanner_serial.menu import find_reply
from devices.scanner_serial.models import IDS
from devices.scanner_ssi import codec as ssi
from devices.scanner_ssi.session import Session
from devices.transport.evdev import EVENT
from domain.limits import has_control
from domain.scan import classify
from tests.budget import INPUTS

Results = list[Code | Refusal]


def packet(data: bytes, status: int, opcode: int = ssi.DECODE_DATA) -> bytes:
    message = bytes((4 + len(data), opcode, 0, status)) + data
    return message + ssi.checksum(message).to_bytes(2, "big")


packets = st.builds(
    packet,
    st.binary(max_size=12) | st.sampled_from([b"\x0b6901234567892", b"\x1cABC", b"\x01NR", b"\x1c" + b"A" * 250]),
    st.integers(0, 3),
    st.sampled_from([ssi.DECODE_DATA, ssi.DECODE_DATA, ssi.ACK, ssi.NAK, ssi.REPLY_REVISION, ssi.PARAM_SEND]),
)
conversations = st.lists(packets | packets.map(lambda whole: whole[:-1]) | st.binary(max_size=6), max_size=10).map(
    b"".join
)
events = st.builds(
    lambda at, kind, code, value: EVENT.pack(100 + int(at), int(at % 1 * 1e6), kind, code, value),
    st.floats(0, 3),
    st.sampled_from([1, 1, 1, 1, 1, 0, 4, 0x11]),
    st.sampled_from([2, 3, 11, 30, 27, 28, 15, 42, 54, 29, 56, 125, 58, 79, 82, 66, 96]) | st.integers(0, 767),
    st.integers(0, 2),
)
typing = st.builds(
    Typing,
    suffix=st.sampled_from(End),
    prefix=st.sampled_from(["", "~"]),
    fnc1=st.sampled_from(["ctrl", "F8", "|", ""]),
    people=st.booleans(),
)


def cut(data: bytes, at: list[int]) -> list[bytes]:
    ends = [0, *sorted(where % (len(data) + 1) for where in at), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(ends)]


cuts = st.lists(st.integers(0, 5_000), max_size=20)


@given(conversations, cuts)
def test_a_conversation_means_the_same_in_any_chunks(data: bytes, at: list[int]) -> None:
    whole, pieces = Session(), Session()
    expected = whole.feed(data)
    heard = [pieces.feed(chunk) for chunk in cut(data, at)]
    assert b"".join(each.reply for each in heard) == expected.reply
    assert [result for each in heard for result in each.results] == expected.results
    assert [answer for each in heard for answer in each.answers] == expected.answers
    assert pieces.silence() == whole.silence()


@given(st.lists(events, max_size=60).map(b"".join), cuts, typing)
def test_keys_mean_the_same_in_any_chunks(data: bytes, at: list[int], how: Typing) -> None:
    whole, pieces = KeyDecoder(how), KeyDecoder(how)
    found = [result for chunk in cut(data, at) for result in pieces.feed(chunk)]
    assert found == whole.feed(data)
    assert pieces.silence() == whole.silence()


@given(
    st.lists(st.tuples(st.sampled_from(["]E0", "]C0", "]Q1", "]d2"]), st.text(min_size=1, max_size=40)), max_size=6),
    st.integers(1, 30),
)
def test_what_a_decoder_sends_arrives_whole_whatever_is_torn(codes: list[tuple[str, str]], tear: int) -> None:
    types = {"]E0": 0x0B, "]C0": 0x03, "]Q1": 0x1C, "]d2": 0xC1}
    session, read = Session(), list[Code]()
    clean = [(aim, text) for aim, text in codes if text.isprintable() and text.isascii() and "]" not in text]
    # The same code twice, the second torn: nobody can tell that from a repetition of the first. A scan that is missed is
    # heard and done again, one that counts twice is not: so it is missed.
    clean = [one for one, _ in itertools.groupby(clean)]
    for number, (aim, text) in enumerate(clean):
        body = bytes((types[aim],)) + text.encode()
        if number % 2:  # torn: the decoder hears nothing and repeats it
            session.feed(packet(body, 0)[: min(tear, len(body) + 5)])
            session.silence()
        read += [code for code in session.feed(packet(body, number % 2)).results if isinstance(code, Code)]
        repeated = session.feed(packet(body, 1))  # our answer was lost
        assert repeated.results == []
    assert read == [Code(text, aim) for aim, text in clean]


def never_a_control_character(results: Results) -> None:
    for result in results:
        if isinstance(result, Code):
            assert result.data
            assert len(result.data.encode("utf-8", "surrogatepass")) <= 2 * MAX_CODE_BYTES
            assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in result.data if c != "\x1d")


def fed(decoder: LineDecoder | KeyDecoder, data: bytes) -> Results:
    return decoder.feed(data) + decoder.silence()


def ssi_results(data: bytes) -> Results:
    session = Session()
    return session.feed(data).results + session.silence() + session.silence()


PARSERS: dict[str, Callable[[bytes], Results]] = {
    **{f"line-{suffix.value}": lambda data, suffix=suffix: fed(LineDecoder(suffix), data) for suffix in Suffix},  # type: ignore[misc]
    "line-honeywell": lambda data: fed(LineDecoder(vendor=IDS.named("honeywell")), data),
    "ssi": ssi_results,
    "keys": lambda data: fed(KeyDecoder(), data),
    "keys-idle": lambda data: fed(KeyDecoder(Typing(suffix=End.NONE, people=True)), data),
}
SEEDS = [
    b"]E06901234567892\r\n",
    b"]C10106901234567892\x1d10A\r",
    packet(b"\x0b6901234567892", 0),
    packet(b"\x1cABC", 2) + packet(b"\x1cDEF", 0),
    b"".join(EVENT.pack(100, n * 4000, 1, key, value) for n, key in enumerate([2, 3, 42, 30, 28]) for value in (1, 0)),
]


def generated(drawn: random.Random) -> bytes:
    """Return a good stream with a few bytes changed, dropped or doubled, or noise."""
    data = (
        bytearray(drawn.choice(SEEDS) * drawn.randint(1, 3)) if drawn.random() < 0.8 else bytearray(drawn.randbytes(40))
    )
    for _ in range(drawn.randint(0, 6)):
        where = drawn.randrange(len(data) or 1)
        match drawn.randrange(3):
            case 0:
                data[where : where + 1] = drawn.randbytes(1)
            case 1:
                del data[where : where + drawn.randint(1, 4)]
            case _:
                data[where:where] = drawn.randbytes(drawn.randint(1, 3))
    return bytes(data)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", PARSERS)
def test_every_parser_survives_everything(name: str) -> None:
    drawn, parse = random.Random(name), PARSERS[name]
    for number in range(INPUTS):
        results = parse(generated(drawn))
        never_a_control_character(results)
        if number % 50 == 0:
            for result in results:
                if isinstance(result, Code):
                    classify(result.data, result.symbology, "shopping")


@pytest.mark.timeout(3600)
def test_every_explanation_survives_everything() -> None:
    drawn = random.Random(7)
    for number in range(INPUTS // 4):
        data = generated(drawn)
        explain = (explain_lines, ssi.explain, explain_keys)[number % 3]
        assert not [meaning.text for meaning in explain(data) if has_control(meaning.text)]
        find_reply(data)


def test_an_endless_stream_takes_no_memory() -> None:
    session, line, keys = Session(), LineDecoder(), KeyDecoder()
    for _ in range(300):
        session.feed(b"\xff\xf3\x00\x02" * 1000)
        line.feed(b"9" * 4000)
        keys.feed(EVENT.pack(100, 0, 1, 2, 1) * 200)
    assert len(session._decoder._buffer) < 300
    assert sum(map(len, session._parts.values())) <= MAX_CODE_BYTES + 2
    assert len(line._buffer) <= MAX_CODE_BYTES
    assert len(keys._text) <= MAX_CODE_BYTES

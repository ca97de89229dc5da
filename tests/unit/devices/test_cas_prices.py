"""The price blocks of a CAS (DC2): amount, weight and unit price in one answer, each with a check byte of its own."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.decoding import PROTOCOLS
from devices.framing import xor
from devices.ports.scale import NotReady, Reason, Stable
from devices.scale_serial.codec import Conversation, Done, Event, Send
from devices.scale_serial.protocols import LANGUAGES

# SOH STX "   11.82" BCC ETX  STX "S 00.455kg" BCC ETX  STX "   25.98" BCC ETX EOT, reckoned by hand from the manual
GOLDEN = bytes.fromhex(
    "01 02 20 20 20 31 31 2e 38 32 04 03  02 53 20 30 30 2e 34 35 35 6b 67 65 03  02 20 20 20 32 35 2e 39 38 08 03 04"
)


def hear(*said: bytes) -> list[Event]:
    talk = Conversation(LANGUAGES["cas_prices"])
    talk.ask()
    return [event for piece in said for event in talk.feed(piece)]


def frame(amount: bytes = b"   11.82", weight: bytes = b"S 00.455kg", price: bytes = b"   25.98") -> bytes:
    blocks = (b"\x02" + block + bytes([xor(block)]) + b"\x03" for block in (amount, weight, price))
    return b"\x01" + b"".join(blocks) + b"\x04"


def test_the_prices_are_asked_for_by_dc2() -> None:
    assert LANGUAGES["cas_prices"].question == b"\x05"
    assert hear(b"\x06") == [Send(b"\x12")]
    assert hear(b"\x15") == [NotReady(Reason.MOVING)]


def test_the_golden_answer() -> None:
    assert frame() == GOLDEN
    assert hear(GOLDEN) == [Stable(455, amount_minor=1182)]
    [meaning] = PROTOCOLS["scale-cas-prices"](GOLDEN)
    assert meaning.text == "0.455 kg at 2598 makes 1182"
    assert meaning.fields == {
        "weight_g": 455,
        "stable": True,
        "net": False,
        "amount_minor": 1182,
        "unit_price_minor": 2598,
    }


@pytest.mark.parametrize(
    ("said", "event"),
    [
        (frame(weight=b"U 00.455kg"), NotReady(Reason.MOVING, 455)),
        (frame(weight=b"S-00.455kg"), NotReady(Reason.UNDER_ZERO, -455)),
        (frame(weight=b"SF------kg"), NotReady(Reason.OVER_CAPACITY)),
        (frame(weight=b"S 01.003lb"), NotReady(Reason.WRONG_UNIT)),
        (frame(amount=b"   11.83"), Stable(455, amount_minor=1183)),  # rounded the other way
        (frame(amount=b"   11.84"), Stable(455)),  # of another weight: the weight is right all the same
        (frame(amount=b"--------"), Stable(455)),  # over what the scale can show
        (frame(amount=b"    0.00", price=b"    0.00"), Stable(455)),  # nobody has typed a price
        (frame(amount=b"0011.82 "), Stable(455)),
        (frame(amount=b"00011.82", price=b"00025.98"), Stable(455, amount_minor=1182)),
    ],
)
def test_what_may_be_believed(said: bytes, event: Event) -> None:
    assert hear(said) == [event]


@pytest.mark.parametrize("at", [10, 23, 34])
def test_a_wrong_check_byte_in_any_block_spoils_the_answer(at: int) -> None:
    spoilt = GOLDEN[:at] + bytes([GOLDEN[at] ^ 0x40]) + GOLDEN[at + 1 :]
    assert hear(spoilt) == [NotReady(Reason.GARBLED)]


@given(st.lists(st.integers(0, len(GOLDEN)), max_size=6))
def test_chunks_do_not_matter(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(GOLDEN)]
    assert hear(*(GOLDEN[a:b] for a, b in itertools.pairwise(edges))) == [Stable(455, amount_minor=1182)]


@given(st.binary(max_size=120))
def test_no_bytes_make_a_price_or_a_crash(noise: bytes) -> None:
    found = hear(noise)
    assert all(isinstance(event, Send | NotReady | Done) for event in found if event != Stable(0)), found
    PROTOCOLS["scale-cas-prices"](noise)


@pytest.mark.parametrize("protocol", ["cas", "os2"])
@pytest.mark.parametrize(("status", "sign"), [(b"F", b" "), (b"S", b"F"), (b"U", b"F")])
@pytest.mark.parametrize("figure", [b"------", b"      ", b"OL    ", b"00.000"])
def test_an_overload_is_one_whatever_stands_in_the_place_of_the_figure(
    protocol: str, status: bytes, sign: bytes, figure: bytes
) -> None:
    content = status + sign + figure + b"kg"
    check = xor(content) if protocol == "cas" else xor(b"\x01\x02" + content)
    talk = Conversation(LANGUAGES[protocol])
    [event] = talk.feed(b"\x01\x02" + content + bytes([check]) + b"\x03\x04")
    assert isinstance(event, NotReady)
    assert event.reason in (Reason.OVER_CAPACITY, Reason.ZERO_ERROR)

"""Dialog 06: records between EOT STX and ETX, a poll, and the checksum duty. No I/O, no clock.

    till    04 02 "01" 1B price[6] 1B 03               the price ("03" adds tare[4] 1B) → 06, 15, or record 11
    till    04 05                                      the result, please              → record 02, or 15
    scale   02 "02" 1B "3" 1B grams[5] 1B price[6] 1B amount[6] 03
    till    04 02 "08" 03                              why 15?                         → 02 "09" 1B status[2] 03
    scale   02 "11" 1B "2" number[2] 03                prove that you know our keys
    till    04 02 "10" 1B checksum[4] keyword[4] 03    turned by the number's halves   → 06
    till    04 05                                      was it right?                   → 02 "11" 1B "1" 03, wrong: "0"

Hexadecimal figures are written in capitals and read in both cases; the reference leaves that open.
"""

import enum
import re
from typing import NamedTuple

import msgspec

from devices.framing import SEVEN_BITS, Delimited
from devices.meaning import Fields, Meaning
from devices.ports.scale import NotReady, Reason, Stable
from domain.quantity import extend, format_quantity

ACK, NAK = b"\x06", b"\x15"
POLL = b"\x04\x05"
ASK_STATUS = b"\x04\x0208\x03"
_WITH_TARE = b"\x04\x0203"
MAX_PRICE_MINOR = 999_999
MAX_TARE_G = 9_999
_RESULT = re.compile(rb"02\x1b(.)\x1b([0-9]{5})\x1b([0-9]{6})\x1b([0-9]{6})")
_STATUS = re.compile(rb"09\x1b([0-9]{2})")
_CHALLENGE = re.compile(rb"11\x1b2([0-9A-Fa-f]{2})")
_VERDICT = re.compile(rb"11\x1b([01])")

STATUS: dict[str, tuple[str, Reason]] = {
    "00": ("ok", Reason.MOVING),
    "01": ("general_error", Reason.REFUSED),
    "02": ("parity_or_overflow", Reason.REFUSED),
    "10": ("invalid_record", Reason.REFUSED),
    "11": ("invalid_price", Reason.REFUSED),
    "12": ("invalid_tare", Reason.REFUSED),
    "13": ("invalid_text", Reason.REFUSED),
    "20": ("in_motion", Reason.MOVING),
    "21": ("no_motion_since_last", Reason.NOT_REMOVED),
    "22": ("not_calculated_yet", Reason.MOVING),
    "30": ("below_minimum", Reason.BELOW_MINIMUM),
    "31": ("below_zero", Reason.UNDER_ZERO),
    "32": ("overload", Reason.OVER_CAPACITY),
}
POLL_AGAIN = frozenset({"20", "22"})
"""After these the result is asked for again; after all others the price is sent again."""


class Keys(msgspec.Struct, frozen=True):
    """What the scale's maker gives to whoever may talk to it: 16 bits each."""

    checksum: int = 0
    keyword: int = 0

    def proof(self, number: int) -> bytes:
        """Return the answer to a challenge of 8 bits.

        >>> Keys(0x1234, 0xABCD).proof(0x47)
        b'23419B57'
        """
        high, low = number >> 4, number & 15
        return b"%04X%04X" % (_turned(self.checksum, high), _turned(self.keyword, 16 - low))


def _turned(word: int, left: int) -> int:
    return (word << left | word >> (16 - left)) & 0xFFFF


class Send(NamedTuple):
    """Bytes to be sent to the scale before it goes on."""

    data: bytes


class Alive(NamedTuple):
    """The scale has answered, and it was not about a weight."""


Event = Stable | NotReady | Send | Alive


class _Step(enum.Enum):
    """What we wait for."""

    NOTHING = enum.auto()
    PRICE_TAKEN = enum.auto()
    RESULT = enum.auto()
    STATUS = enum.auto()
    PROOF_WANTED = enum.auto()
    PROOF_TAKEN = enum.auto()
    VERDICT = enum.auto()


def price_record(unit_price_minor: int, tare_g: int = 0) -> bytes:
    """Return the record that tells price and tare.

    >>> price_record(2598).hex(" ")
    '04 02 30 31 1b 30 30 32 35 39 38 1b 03'
    """
    if tare_g:
        return _WITH_TARE + b"\x1b%06d\x1b%04d\x1b\x03" % (unit_price_minor, tare_g)
    return b"\x04\x0201\x1b%06d\x1b\x03" % unit_price_minor


class Dialog:
    """One talk with a scale; feed it any chunks.

    Attributes:
        refused: whether the scale has refused our proof: nothing will work until the keys are right, and come through whole.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._cutter = Delimited(0x02, 0x03, ACK + NAK)
        self._step = _Step.NOTHING
        self._record, self._price_minor = b"", 0
        self._then = b""  # what a proof has interrupted
        self._poll_only = False
        self.refused = False

    @property
    def skipped(self) -> int:
        """How many bytes belonged to no record."""
        return self._cutter.skipped

    def weigh(self, unit_price_minor: int, tare_g: int = 0) -> bytes:
        """Return what asks for a weighing at this price; after "moving" only its result is asked for again."""
        record = price_record(unit_price_minor, tare_g)
        again, self._poll_only = self._poll_only and record == self._record, False
        self._record = self._then = record
        self._price_minor = unit_price_minor
        self._cutter.reset()
        return self._say(_Step.RESULT, POLL) if again else self._say(_Step.PRICE_TAKEN, record)

    def look(self) -> bytes:
        """Return what asks whether the scale is there, without touching its weighing; one that has refused our proof is made to want it."""
        self._cutter.reset()
        self._then = b""
        if self.refused:
            return self._say(_Step.PROOF_WANTED, self._record or price_record(MAX_PRICE_MINOR))
        return self._say(_Step.STATUS, ASK_STATUS)

    def feed(self, data: bytes) -> list[Event]:
        """Return what the records in ``data`` mean, and what has to be sent."""
        frames = self._cutter.feed(data.translate(SEVEN_BITS))
        return [event for frame in frames if (event := self._hear(frame)) is not None]

    def _hear(self, frame: bytes) -> Event | None:
        if challenge := _CHALLENGE.fullmatch(frame):
            proof = self._keys.proof(int(challenge[1], 16))
            return Send(self._say(_Step.PROOF_TAKEN, b"\x04\x0210\x1b" + proof + b"\x03"))
        match self._step, frame:
            case _Step.PRICE_TAKEN, b"\x06":
                return Send(self._say(_Step.RESULT, POLL))
            case _Step.PROOF_WANTED, b"\x06":
                return self._believed()
            case _Step.PROOF_TAKEN, b"\x06":
                return Send(self._say(_Step.VERDICT, POLL))
            case _, b"\x15" if self._step not in (_Step.NOTHING, _Step.STATUS):
                return Send(self._say(_Step.STATUS, ASK_STATUS))
            case _Step.VERDICT, _:
                return self._verdict(frame)
            case _Step.RESULT, _:
                return self._result(frame)
            case _Step.STATUS, _:
                return self._status(frame)
            case _:
                return None  # an answer to nothing that we asked

    def _say(self, step: _Step, data: bytes) -> bytes:
        self._step = step
        return data

    def _verdict(self, frame: bytes) -> Event:
        verdict = _VERDICT.fullmatch(frame)
        self._step = _Step.NOTHING
        if verdict is None:
            return NotReady(Reason.GARBLED)
        if verdict[1] == b"0":
            self.refused = True
            return NotReady(Reason.FAULT)
        return self._believed()

    def _believed(self) -> Event:
        """Go on with what the proof has interrupted."""
        self._step, self.refused = _Step.NOTHING, False
        return Send(self._say(_Step.PRICE_TAKEN, self._then)) if self._then else Alive()

    def _result(self, frame: bytes) -> Event:
        self._step = _Step.NOTHING
        found = _RESULT.fullmatch(frame)
        if found is None:
            return NotReady(Reason.GARBLED)
        if found[1] != b"3":
            return NotReady(Reason.WRONG_UNIT)
        grams, price, amount = int(found[2]), int(found[3]), int(found[4])
        if price != self._price_minor or abs(amount - extend(price, grams)) > 1:
            return NotReady(Reason.GARBLED)  # of another till, or reckoned from other figures
        return Stable(grams, self._record.startswith(_WITH_TARE), amount)

    def _status(self, frame: bytes) -> Event:
        self._step = _Step.NOTHING
        found = _STATUS.fullmatch(frame)
        if found is None:
            return NotReady(Reason.GARBLED)
        code = found[1].decode()
        self._poll_only = code in POLL_AGAIN
        return NotReady(STATUS[code][1]) if code in STATUS else NotReady(Reason.GARBLED)


def explain(data: bytes) -> list[Meaning]:
    """Return what a scale's records mean, for ``shopwire devices decode``."""
    cutter = Delimited(0x02, 0x03, ACK + NAK)
    meanings = [_meaning(frame) for frame in cutter.feed(data.translate(SEVEN_BITS))]
    if cutter.skipped:
        meanings.append(Meaning(f"{cutter.skipped} bytes belong to no record", {"skipped": cutter.skipped}))
    return meanings


def _meaning(frame: bytes) -> Meaning:
    if frame in (ACK, NAK):
        return Meaning("taken", {"ack": True}) if frame == ACK else Meaning("refused: ask 08 why", {"ack": False})
    if found := _RESULT.fullmatch(frame):
        grams, price, amount = int(found[2]), int(found[3]), int(found[4])
        fields: Fields = {"weight_g": grams, "unit_price_minor": price, "amount_minor": amount, "stable": True}
        return Meaning(f"{format_quantity(grams)} kg at {price} makes {amount}", fields)
    if found := _STATUS.fullmatch(frame):
        code = found[1].decode()
        word, reason = STATUS.get(code, ("unknown_status", Reason.GARBLED))
        return Meaning(
            word.replace("_", " "),
            {"status": word, "code": code, "reason": reason.value, "retry_poll_only": code in POLL_AGAIN},
        )
    if found := _CHALLENGE.fullmatch(frame):
        return Meaning(f"asks for proof of {found[1].decode()}", {"challenge": found[1].decode()})
    if found := _VERDICT.fullmatch(frame):
        return Meaning("proof is right" if found[1] == b"1" else "proof is wrong", {"proof": found[1] == b"1"})
    return Meaning(f"no record that a scale sends: {frame.hex(' ')}", {"hex": frame.hex(" ")})

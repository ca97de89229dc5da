"""A tariff scale that speaks Dialog 06 (device reference §4): it works the price out itself and wants proof of who talks to it."""

import random
from collections.abc import Callable, Iterable

from firmware_sim.scale.physics import Platter
from firmware_sim.scale.voices.voice import Look

ACK, NAK = b"\x06", b"\x15"
_ESC = b"\x1b"
_OK, _GENERAL, _OVERFLOW, _NO_RECORD, _PRICE, _TARE, _TEXT = "00", "01", "02", "10", "11", "12", "13"
_MOVING, _NOT_MOVED, _NOT_YET, _BELOW_MIN, _BELOW_ZERO, _OVERLOAD = "20", "21", "22", "30", "31", "32"
MAX_RECORD = 48


def turned_left(word: int, by: int) -> int:
    """Return 16 bits turned left."""
    return (word << by | word >> (16 - by)) & 0xFFFF


class Dialog06:
    """The scale's side of Dialog 06.

    Attributes:
        checksum, keyword: what the host must prove to know.
        spoil: refuse so many of the next proofs.
        minimum_g: Min of the plate.
        checks_every: so many weighings it believes a proof.
    """

    unit = "kg"

    def __init__(self, platter: Platter, look: Look, now: Callable[[], float], seed: int = 0) -> None:
        self.platter, self.look, self.now = platter, look, now
        self.checksum, self.keyword = 0x1234, 0xABCD
        self.minimum_g = 20 * platter.division_g
        self.checks_every = 50
        self.spoil = self.proofs = 0
        self.asked_price_minor = self.amount_minor = 0
        self.text = ""
        self._random = random.Random(seed)
        self._buffer = b""
        self._status = _OK
        self._number = 0  # of the open challenge
        self._proof: bool | None = None
        self._due = True  # when it is switched on, after errors, and every fifty weighings
        self._weighings = 0
        self._loaded = False

    def speak(self) -> bytes:
        """Say nothing unasked."""
        return b""

    def hear(self, data: bytes) -> Iterable[bytes]:
        """Take bytes from the till; records begin with EOT STX and end with ETX, EOT ENQ asks for the result."""
        for byte in data:
            self._buffer += bytes([byte])
            if self._buffer[:1] != b"\x04":
                self._buffer = b""
            elif self._buffer == b"\x04\x05":
                self._buffer = b""
                yield self._result()
            elif len(self._buffer) == 2 and self._buffer != b"\x04\x02":
                self._buffer = b"\x04" if byte == 0x04 else b""
            elif byte == 0x03:
                record, self._buffer = self._buffer[2:-1], b""
                yield self._take(record)
            elif len(self._buffer) > MAX_RECORD:
                self._buffer = b""
                yield self._no(_OVERFLOW)

    def _take(self, record: bytes) -> bytes:
        kind, *fields = record.decode("latin-1").split("\x1b")
        match kind:
            case "08" if not fields:
                return self._record("09", self._status)
            case "10" if len(fields) == 1:
                return self._check(fields[0])
            case "01" | "03" | "04" | "05":
                return self._challenge() if self._due else self._price(kind, [field for field in fields if field])
            case _:
                return self._no(_NO_RECORD)

    def _price(self, kind: str, fields: list[str]) -> bytes:
        wanted = {"01": 1, "03": 2, "04": 2, "05": 3}[kind]
        if len(fields) != wanted or not (len(fields[0]) == 6 and fields[0].isdigit()):
            return self._no(_NO_RECORD if len(fields) != wanted else _PRICE)
        tare = fields[1] if kind in ("03", "05") else "0000"
        text = fields[-1] if kind in ("04", "05") else ""
        if int(fields[0]) == 0:
            return self._no(_PRICE)
        if not (len(tare) == 4 and tare.isdigit()):
            return self._no(_TARE)
        if len(text) > 13:
            return self._no(_TEXT)
        self.platter.tare_g, self.text, self.asked_price_minor, self._loaded = int(tare), text, int(fields[0]), True
        return ACK

    def _result(self) -> bytes:
        if self._proof is not None:
            proof, self._proof = self._proof, None
            self._due = not proof
            return self._record("11", "1" if proof else "0")
        if why := self._refusal():
            return self._no(why)
        grams, price = self.look().shown_g, self.asked_price_minor
        self.amount_minor = (grams * price + 500) // 1000
        self.platter.moved, self._loaded = False, False
        self._weighings += 1
        self._due = self._weighings % self.checks_every == 0
        self._status = _OK
        return self._record("02", "3", f"{grams:05d}", f"{price:06d}", f"{self.amount_minor:06d}")

    def _refusal(self) -> str:
        sight = self.look()
        if not self._loaded:
            return _NOT_YET
        if sight.moving:
            return _MOVING
        if sight.over:
            return _OVERLOAD
        if sight.under:
            return _BELOW_ZERO
        if not self.platter.moved:
            return _NOT_MOVED
        return _BELOW_MIN if sight.shown_g < self.minimum_g else ""

    def _challenge(self) -> bytes:
        self._number = self._random.randrange(256)
        return self._record("11", "2", f"{self._number:02X}", together=True)

    def _check(self, proof: str) -> bytes:
        high, low = self._number >> 4, self._number & 15
        right = f"{turned_left(self.checksum, high):04X}{turned_left(self.keyword, 16 - low):04X}"
        self._proof = proof.upper() == right and not self.spoil
        self.spoil, self.proofs = max(0, self.spoil - 1), self.proofs + 1
        return ACK

    def _no(self, status: str) -> bytes:
        self._status = status
        if status in (_GENERAL, _OVERFLOW, _NO_RECORD):
            self._due = True
        return NAK

    @staticmethod
    def _record(kind: str, *fields: str, together: bool = False) -> bytes:
        content = "".join(fields).encode() if together else _ESC.join(field.encode() for field in fields)
        return b"\x02" + kind.encode() + _ESC + content + b"\x03"

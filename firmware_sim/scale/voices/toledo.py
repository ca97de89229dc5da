"""Toledo 8217."""

from collections.abc import Callable, Iterable

from firmware_sim.scale.physics import Platter
from firmware_sim.scale.voices.voice import Look, Speaker


class Toledo8217(Speaker):
    """``W`` weight, ``Z`` zero, ``T`` and ``Tnnnnn`` tare, ``C`` clear, ``A``/``B`` self test, ``E`` echo; upper case only."""

    def __init__(self, platter: Platter, look: Look, now: Callable[[], float]) -> None:
        super().__init__(platter, look, now)
        self._digits: bytes | None = None
        self._echoing = False

    def hear(self, data: bytes) -> Iterable[bytes]:
        """Take bytes from the host and return the answers."""
        for byte in data:
            yield from self._key(bytes([byte]))

    def _key(self, key: bytes) -> Iterable[bytes]:
        if self._echoing:
            self._echoing = False
            yield b"\x02" + key + b"\r"
            return
        if self._digits is not None and (key.isdigit() or key == b"\r"):
            yield from self._tare(key)
            return
        self._digits = None
        match key:
            case b"W":
                yield self._weight()
            case b"Z":
                done = self.platter.zero(self.now())
                yield self._status() if done else self._status(outside=True)
            case b"T":
                self._digits = b""
            case b"C":
                self.platter.tare_g = 0
                yield self._status()
            case b"B":
                yield b"\x02@\r"
            case b"E":
                self._echoing = True
            case _:
                return  # A only starts the test; small letters and noise are not heard

    def _tare(self, key: bytes) -> Iterable[bytes]:
        if key != b"\r":
            self._digits = (self._digits or b"") + key
            return
        digits, self._digits = self._digits, None
        if not digits:
            self.platter.tare(self.now())
        elif len(digits) == 5:
            self.platter.tare(self.now(), int(digits))
        yield self._status()

    def _weight(self) -> bytes:
        sight = self.look()
        if sight.moving or sight.over or sight.under or sight.zero_error:
            return self._status()
        width = 6 if self.unit == "kg" else 5
        return b"\x02" + self.figure(sight.shown_g, width) + (b"N" if sight.net else b"") + b"\r"

    def _status(self, *, outside: bool = False) -> bytes:
        sight = self.look()
        bits = (sight.moving, sight.over, sight.under, outside or sight.zero_error, sight.at_zero, sight.net)
        return bytes([0x02, 0x3F, 0x40 | sum(1 << bit for bit, on in enumerate(bits) if on), 0x0D])

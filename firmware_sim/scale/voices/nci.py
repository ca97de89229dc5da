"""NCI ECR."""

from collections.abc import Callable, Iterable

from firmware_sim.scale.physics import Platter, Sight
from firmware_sim.scale.voices.voice import Look, Speaker


class Nci(Speaker):
    """NCI ECR: commands end with CR. ``brief`` leaves the letter S before the status out, as the 7800 does."""

    brief = False

    def __init__(self, platter: Platter, look: Look, now: Callable[[], float]) -> None:
        super().__init__(platter, look, now)
        self._line = b""

    def hear(self, data: bytes) -> Iterable[bytes]:
        """Take bytes from the host and return the answers."""
        for byte in data:
            if byte != 0x0D:
                self._line = (self._line + bytes([byte]))[-8:]
                continue
            line, self._line = self._line, b""
            yield self._answer(line)

    def _answer(self, command: bytes) -> bytes:
        match command:
            case b"W" | b"H":
                return self._weight(ten_times=command == b"H")
            case b"S":
                return self._status(self.look())
            case b"Z":
                self.platter.zero(self.now())
                return self._status(self.look())
            case b"U":
                self.unit = "lb" if self.unit == "kg" else "kg"
                return self._status(self.look())
            case _:
                return b"\n?\r\x03"

    def _weight(self, *, ten_times: bool) -> bytes:
        sight = self.look()
        if sight.moving or sight.over or sight.under or sight.zero_error:
            return self._status(sight)
        figure = self.figure(sight.shown_g, 6) + (b"0" if ten_times else b"")
        return b"\n" + figure + self.unit.upper().encode() + b"\r" + self._status(sight)

    def _status(self, sight: Sight) -> bytes:
        first = 0x30 | sight.moving | sight.at_zero << 1
        second = 0x30 | sight.under | sight.over << 1
        status = bytes([first, second])
        if sight.zero_error or sight.net:
            status = bytes([first, second | 0x40, 0x30 | sight.net << 2 | sight.zero_error << 3])
        return b"\n" + (b"" if self.brief else b"S") + status + b"\r\x03"


class Nci7800(Nci):
    """The same without the letter S before the status."""

    brief = True

"""ICL, in which the host echoes what it heard."""

from collections.abc import Callable, Iterable

from firmware_sim.scale.physics import Platter
from firmware_sim.scale.voices.voice import Look, Speaker


class Icl(Speaker):
    """ENQ, ACK, DC1, block, echo, CR."""

    def __init__(self, platter: Platter, look: Look, now: Callable[[], float]) -> None:
        super().__init__(platter, look, now)
        self._sent = b""
        self._echo = b""

    def hear(self, data: bytes) -> Iterable[bytes]:
        """Take bytes from the host and return the answers."""
        for byte in data:
            if self._sent and (self._echo or byte == 0x02):
                yield from self._compare(byte)
            elif byte == 0x05:
                self._sent = b""
                sight = self.look()
                ready = not (sight.moving or sight.over or sight.under or sight.zero_error)
                yield b"\x06" if ready else b"\x15"
            elif byte == 0x11:
                self._sent, self._echo = self._block(), b""
                yield self._sent

    def _compare(self, byte: int) -> Iterable[bytes]:
        self._echo += bytes([byte])
        if len(self._echo) == len(self._sent):
            if self._echo == self._sent:
                yield b"\r"
            self._sent = self._echo = b""

    def _block(self) -> bytes:
        content = b"0%05d" % self.look().shown_g
        return b"\x02" + content + bytes([self.checked(content) & 0x7F]) + b"\x03"

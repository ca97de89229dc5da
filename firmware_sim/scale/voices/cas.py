"""CAS, and what was made after it: Pinnacle OS2, and the 22 bytes that CAS scales send by themselves."""

from collections.abc import Callable, Iterable

from firmware_sim.scale.physics import Platter
from firmware_sim.scale.voices.voice import Look, Speaker


class Cas(Speaker):
    """ENQ, ACK, DC1, block; DC2, and amount and unit price come around it.

    Attributes:
        price_minor: what a hand has typed on it, per kilogram.
    """

    whole_check = False
    price_minor = 0

    def hear(self, data: bytes) -> Iterable[bytes]:
        """Take bytes from the host and return the answers."""
        for byte in data:
            match byte:
                case 0x05:
                    sight = self.look()
                    yield b"\x15" if sight.zero_error and not self.whole_check else b"\x06"
                case 0x11:
                    yield self.block()
                case 0x12 if not self.whole_check:
                    yield self.three_blocks()
                case _:
                    pass

    def three_blocks(self) -> bytes:
        """Return amount, weight and unit price, each with its check byte."""
        content = self.content()
        ready = content[:2] == b"S "
        amount = (self.look().shown_g * self.price_minor + 500) // 1000 if ready else 0
        parts = (self.money(amount), content, self.money(self.price_minor))
        blocks = (b"\x02" + part + bytes([self.checked(part)]) + b"\x03" for part in parts)
        return b"\x01" + b"".join(blocks) + b"\x04"

    @staticmethod
    def money(minor: int) -> bytes:
        """Return eight characters: spaces, digits, two decimals."""
        return (b"%d.%02d" % divmod(minor, 100)).rjust(8)

    def block(self) -> bytes:
        """Return the weight as a block with its check byte."""
        content, head = self.content(), b"\x01\x02"
        check = self.checked(head + content if self.whole_check else content)
        return head + content + bytes([check]) + b"\x03\x04"

    def content(self) -> bytes:
        """Return state, sign, figure and unit."""
        sight = self.look()
        state = b"U" if sight.moving else b"S"
        sign = b"-" if sight.under else b" "
        if sight.over or sight.zero_error:
            state, sign = (b"F", b" ") if self.whole_check else (b"U", b"F")
        grams = 0 if sight.over or sight.zero_error else sight.shown_g
        return state + sign + self.figure(grams, 6) + self.unit.encode()


class Os2(Cas):
    """The same with the check byte over the whole block; ``<TK>`` tares, ``<ZK>`` zeroes, ``<AL>`` and ``<PB>`` change the mode."""

    whole_check = True
    continuous = False

    def __init__(self, platter: Platter, look: Look, now: Callable[[], float]) -> None:
        super().__init__(platter, look, now)
        self._command = b""

    def hear(self, data: bytes) -> Iterable[bytes]:
        """Take bytes from the host and return the answers."""
        for byte in data:
            if self._command or byte == 0x3C:
                self._spell(byte)
            elif not self.continuous:
                yield from super().hear(bytes([byte]))

    def speak(self) -> bytes:
        """Return what the scale says by itself."""
        return self.block() if self.continuous else b""

    def _spell(self, byte: int) -> None:
        self._command += bytes([byte])
        if len(self._command) < 5:
            return
        command, self._command = self._command, b""
        match command:
            case b"<TK>\t":
                self.platter.tare(self.now())
            case b"<ZK>\t":
                self.platter.zero(self.now())
            case b"<AL>\t" | b"<PB>\t":
                self.continuous = command == b"<PB>\t"
            case _:
                pass


class Os2Continuous(Os2):
    """An OS2 that was set to talk by itself."""

    continuous = True


class Cas22(Speaker):
    """22 bytes, again and again; nobody asks."""

    def hear(self, data: bytes) -> Iterable[bytes]:
        """Take bytes from the host and return the answers."""
        del data
        return ()

    def speak(self) -> bytes:
        """Return what the scale says by itself."""
        sight = self.look()
        state = b"OL" if sight.over else b"US" if sight.moving else b"ST"
        figure = b"-" if sight.under else b" "
        figure += (b"%7.3f" if self.unit == "kg" else b"%7.2f") % (
            abs(sight.shown_g) / (1000 if self.unit == "kg" else 453.59237)
        )
        lamp = 0x80 | sight.at_zero | sight.net << 1 | sight.moving << 2
        kind = b"NT" if sight.net else b"GS"
        return b"%b,%b,%c%c,%b %b\r\n" % (state, kind, 1, lamp, figure, self.unit.encode())

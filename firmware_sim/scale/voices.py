"""How scales answer, one class for each protocol (device reference §4): bytes from the host in, bytes of the scale out."""

import operator
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Protocol

from firmware_sim.scale.physics import Platter, Sight

Look = Callable[[], Sight]
"""Read the cell at this moment."""


class Voice(Protocol):
    """One protocol's side of the scale.

    Attributes:
        spoil: how many of the next check bytes are wrong.
        unit: what the scale is set to show (``kg`` or ``lb``).
    """

    spoil: int
    unit: str

    def hear(self, data: bytes) -> Iterable[bytes]:
        """Take bytes from the host and return the answers."""

    def speak(self) -> bytes:
        """Return what the scale says by itself, about ten times a second; nothing when it waits to be asked."""


class _Speaker:
    """What all voices have: a platter, a clock, and a way to spoil a check byte."""

    def __init__(self, platter: Platter, look: Look, now: Callable[[], float]) -> None:
        self.platter, self.look, self.now = platter, look, now
        self.spoil = 0
        self.unit = "kg"

    def speak(self) -> bytes:
        return b""

    def checked(self, data: bytes) -> int:
        check = reduce(operator.xor, data, 0)
        if self.spoil:
            self.spoil -= 1
            check ^= 0x55
        return check

    def figure(self, grams: int, width: int) -> bytes:
        """Return a weight with its point, zeros in front: six characters of ``00.455`` in kilograms, ``001.00`` in pounds."""
        if self.unit == "lb":
            return b"%0*.*f" % (width, 2, abs(grams) / 453.59237)
        return b"%0*.*f" % (width, 3, abs(grams) / 1000)


class Toledo8217(_Speaker):
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


class Nci(_Speaker):
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


class Cas(_Speaker):
    """ENQ, ACK, DC1, block."""

    whole_check = False

    def hear(self, data: bytes) -> Iterable[bytes]:
        """Take bytes from the host and return the answers."""
        for byte in data:
            match byte:
                case 0x05:
                    sight = self.look()
                    yield b"\x15" if sight.zero_error and not self.whole_check else b"\x06"
                case 0x11:
                    yield self.block()
                case _:
                    pass

    def block(self) -> bytes:
        """Return the weight as a block with its check byte."""
        sight = self.look()
        state = b"U" if sight.moving else b"S"
        sign = b"-" if sight.under else b" "
        if sight.over or sight.zero_error:
            state, sign = (b"F", b" ") if self.whole_check else (b"U", b"F")
        grams = 0 if sight.over or sight.zero_error else sight.shown_g
        content = state + sign + self.figure(grams, 6) + self.unit.encode()
        head = b"\x01\x02"
        check = self.checked(head + content if self.whole_check else content)
        return head + content + bytes([check]) + b"\x03\x04"


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


class Cas22(_Speaker):
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


class Icl(_Speaker):
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


class Text(_Speaker):
    """Lines of text, again and again, as Chinese makers send them: ``  0.455kg`` CR LF, with no word of whether it is stable."""

    def hear(self, data: bytes) -> Iterable[bytes]:
        """Take bytes from the host and return the answers."""
        del data
        return ()

    def speak(self) -> bytes:
        """Return what the scale says by itself."""
        grams = self.look().shown_g
        return b"%b%b%b\r\n" % (b"-" if grams < 0 else b" ", self.figure(grams, 6), self.unit.encode())


class Reversed(Text):
    """``=`` and the figure with its last digit first, without end."""

    def speak(self) -> bytes:
        """Return what the scale says by itself."""
        grams = self.look().shown_g
        figure = self.figure(grams, 6)[::-1]
        return b"=" + figure + (b"-" if grams < 0 else b"")


VOICES: dict[str, Callable[[Platter, Look, Callable[[], float]], Voice]] = {
    "toledo8217": Toledo8217,
    "nci_ecr": Nci,
    "nci_7800": Nci7800,
    "cas": Cas,
    "os2": Os2,
    "os2_continuous": Os2Continuous,
    "cas22": Cas22,
    "icl": Icl,
    "text": Text,
    "reversed": Reversed,
}

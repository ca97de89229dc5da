"""A Zebra scanner that speaks SSI (device reference §3.3): packets, checksums, and every packet again until it is answered."""

import asyncio
from collections import deque
from typing import Any

from firmware_sim.scanner.reading import ScanningSim
from firmware_sim.wire import Wire

TYPES = {
    "]E0": 0x0B, "]E4": 0x0A, "]C0": 0x03, "]C1": 0x0F, "]I0": 0x06, "]I1": 0x06, "]A0": 0x01, "]F0": 0x02, "]G0": 0x07,
    "]d1": 0x1B, "]d2": 0xC1, "]Q1": 0x1C, "]Q3": 0xC2, "]e0": 0x30, "]L0": 0x11, "]z0": 0x2D,
}  # fmt: skip
_ACK, _NAK, _REVISION, _PARAMETERS, _CODE = 0xD0, 0xD1, 0xA4, 0xC6, 0xF3
_ROOM = 251
_TIMES = 4
_LOCK = "ec"


def packet(opcode: int, data: bytes = b"", status: int = 0) -> bytes:
    """Return a packet of the decoder."""
    body = bytes([4 + len(data), opcode, 0, status]) + data
    total = 0x10000 - sum(body) % 0x10000
    return body + bytes([total >> 8 & 0xFF, total & 0xFF])


class SsiScannerSim(ScanningSim):
    """A decoder: one packet at a time is on its way, and it is sent again until the host answers.

    Attributes:
        parameters: its settings, number and value in hexadecimal; ``ec`` 00 ignores programming codes.
        repeated: packets that were sent again.
        given_up: messages that nobody ever answered.
        naks: how often the host did not understand.
    """

    def __init__(self, wire: Wire, *, profile: str = "normal", answer_s: float = 2.0) -> None:
        """``answer_s``: how long it waits for ACK before it sends a packet again."""
        super().__init__(wire, profile)
        self.parameters = {"9f": "00", "ee": "00", _LOCK: "01", "01": "01", "08": "01"}
        self.repeated = self.given_up = self.naks = 0
        self._answer_s = answer_s
        self._heard = b""
        self._waiting: deque[tuple[int, bytes, bool]] = deque()
        self._tries = 0
        self._timer: asyncio.TimerHandle | None = None

    async def stop(self) -> None:
        """Switch it off."""
        self._forget()
        await super().stop()

    def unplug(self) -> None:
        """Pull the cable: what was on its way is forgotten."""
        self._forget()
        super().unplug()

    def emit(self, data: str, aim: str) -> None:
        """Send a code, in as many packets as it takes; each repeats the code type."""
        kind = bytes([TYPES.get(aim, 0x03) if aim != "]E0" or len(data) != 12 else 0x08])
        body = data.encode("utf-8")
        if self.profile == "clone":
            self.wire.send(body + b"\r\n")  # sends raw lines although it was asked for packets
            return
        parts = [body[at : at + _ROOM - 1] for at in range(0, len(body), _ROOM - 1)]
        for number, part in enumerate(parts, 1):
            self._queue(_CODE, kind + part, more=number < len(parts))

    def set_up(self, name: str, value: str) -> None:
        """Change one parameter, both in hexadecimal."""
        if self.parameters[_LOCK] != "00":
            self.parameters[name] = value

    def receive(self, data: bytes) -> None:
        """Take packets of the host; a packet that is not understood is answered with NAK."""
        self._heard += data
        while self._heard:
            size = self._heard[0]
            if size < 4:
                self._heard = self._heard[1:]  # wake-up bytes and noise
            elif len(self._heard) < size + 2:
                break
            else:
                whole, self._heard = self._heard[: size + 2], self._heard[size + 2 :]
                if sum(whole[:-2]) + int.from_bytes(whole[-2:], "big") & 0xFFFF or whole[2] != 4:
                    self._heard = b""
                    self._reply(packet(_NAK, b"\x01"))
                else:
                    self._obey(whole[1], whole[4:-2])

    def _obey(self, opcode: int, data: bytes) -> None:
        match opcode:
            case 0xD0:
                self._answered()
            case 0xD1:
                self.naks += 1
                self._again()
            case 0xA3:
                self._queue(_REVISION, b"SIM-SSI 1.0 ")
            case 0xC7:
                self._send_parameters()
            case _:
                self._carry_out(opcode, data)

    def _carry_out(self, opcode: int, data: bytes) -> None:
        match opcode:
            case 0xE9 | 0xEA:
                self.enabled = opcode == 0xE9
            case 0xE4 | 0xE5:
                self.triggered = opcode == 0xE4
            case 0xE6 if data:
                self.good_beeps += data[0] < 5 or 0x0A <= data[0] < 0x0F
                self.bad_beeps += 5 <= data[0] < 0x0A or data[0] >= 0x0F
            case 0xD2:
                self._forget()
            case 0xC6:
                for number, value in zip(data[1::2], data[2::2], strict=False):
                    self.parameters[f"{number:02x}"] = f"{value:02x}"
            case _:
                self._reply(packet(_NAK, b"\x06"))
                return
        self._reply(packet(_ACK))

    def _send_parameters(self) -> None:
        pairs = bytes.fromhex("".join(number + value for number, value in sorted(self.parameters.items())))
        self._queue(_PARAMETERS, b"\xff" + pairs)

    def _reply(self, data: bytes) -> None:
        if self.profile != "mute":
            self.wire.send(data)

    def _queue(self, opcode: int, data: bytes, *, more: bool = False) -> None:
        self._waiting.append((opcode, data, more))
        if len(self._waiting) == 1:
            self._tries = 0
            self._transmit()

    def _transmit(self) -> None:
        opcode, data, more = self._waiting[0]
        self._reply(packet(opcode, data, (1 if self._tries else 0) | (2 if more else 0)))
        self._tries += 1
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(self._answer_s, self._again)

    def _again(self) -> None:
        if not self._waiting:
            return
        if self._tries < _TIMES:
            self.repeated += 1
            self._transmit()
            return
        self.given_up += 1
        while self._waiting and self._waiting.popleft()[2]:
            pass  # the rest of a message that nobody took
        self._next()

    def _answered(self) -> None:
        if self._waiting:
            self._waiting.popleft()
            self._next()

    def _next(self) -> None:
        self._stop_timer()
        if self._waiting:
            self._tries = 0
            self._transmit()

    def _forget(self) -> None:
        self._waiting.clear()
        self._stop_timer()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def shows(self) -> dict[str, Any]:
        """Return what a person sees and has heard."""
        return {
            **super().shows(),
            "locked": self.parameters[_LOCK] == "00",
            "waiting": len(self._waiting),
            "repeated": self.repeated,
            "given_up": self.given_up,
            "setup": dict(self.parameters),
        }

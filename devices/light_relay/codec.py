"""Which lamps burn, as the bytes of a relay board; what differs between boards is in ``models.toml`` beside this file."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from devices.meaning import Meaning
from devices.models import Models
from devices.ports.light import Colour


class RelayBoard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model of board; the meaning of each field stands in ``models.toml``."""

    first: int
    relays: int
    on: str
    off: str

    def switch(self, relay: int, *, on: bool) -> bytes:
        """Return the command that switches one relay (counted from 1 here, as on the board's print)."""
        command = bytearray()
        for word in (self.on if on else self.off).split():
            number = self.first + relay - 1
            match word:
                case "{n}":
                    command.append(number)
                case "{digit}":
                    command += str(number).encode("ascii")
                case "{sum}":
                    command.append(sum(command) & 0xFF)
                case digits:
                    command += bytes.fromhex(digits)
        return bytes(command)


def encode(burning: frozenset[Colour], wiring: Mapping[Colour, int], board: RelayBoard) -> bytes:
    """Return the commands for every lamp that is wired: what burns, and what does not."""
    return b"".join(board.switch(relay, on=colour in burning) for colour, relay in wiring.items())


BOARDS = Models(Path(__file__).with_name("models.toml"), RelayBoard, "relay board")


def explain(data: bytes) -> list[Meaning]:
    """Return what bytes for an LCUS board mean, four at a time."""
    return [_frame(data[at : at + 4]) for at in range(0, len(data), 4)]


def _frame(frame: bytes) -> Meaning:
    if len(frame) != 4 or frame[0] != 0xA0 or frame[2] > 1:
        return Meaning(f"no command: {frame.hex(' ')}", {"bytes": frame.hex(" ")})
    right = sum(frame[:3]) & 0xFF == frame[3]
    words = f"relay {frame[1]} {'on' if frame[2] else 'off'}{'' if right else ', wrong sum'}"
    return Meaning(words, {"relay": frame[1], "on": bool(frame[2]), "sum_right": right})

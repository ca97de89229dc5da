"""Customer displays, written from the device reference (§5): two rows of twenty characters, or eight digits and a lamp.

    async with DisplaySim(PtyWire(), "cd5220") as display:
        display.shows()    # {"lines": ["APPLE", "     3.50"], "cursor": [10, 2], …}

As a child: ``python -m firmware_sim.display [--link PATH] [--model cd5220]``; commands are ``{}`` (look) and the faults of a wire.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware_sim.control import command_line, live
from firmware_sim.wire import PtyWire, SimulatedDevice, Wire

COLUMNS, ROWS, DIGITS = 20, 2, 8
LAMPS = {0: None, 1: "price", 2: "total", 3: "received", 4: "change"}
MODELS = ("dm-d", "cd5220", "led8")
_MAX_PENDING = 256


class TextGlass:
    """The glass of a two-row display: characters, a cursor, and how full rows go on."""

    def __init__(self) -> None:
        self.clear()
        self.brightness = 4
        self.cursor_seen = True

    def clear(self) -> None:
        """Empty the glass, cursor at home."""
        self.rows = [[" "] * COLUMNS for _ in range(ROWS)]
        self.column = self.row = 0

    def clear_row(self) -> None:
        """Empty the row of the cursor; the cursor goes to its beginning."""
        self.rows[self.row] = [" "] * COLUMNS
        self.column = 0

    def move(self, column: int, row: int) -> None:
        """Put the cursor to ``column`` (1 to 20), ``row`` (1 or 2); elsewhere it stays."""
        if 1 <= column <= COLUMNS and 1 <= row <= ROWS:
            self.column, self.row = column - 1, row - 1

    def put(self, character: str) -> None:
        """Write one character; a Chinese one takes two columns; behind the end of the last row comes the first."""
        wide = 1 if character.isascii() else 2
        if self.column + wide > COLUMNS:
            self.column, self.row = 0, (self.row + 1) % ROWS
        self.rows[self.row][self.column] = character
        if wide == 2:
            self.rows[self.row][self.column + 1] = ""
        self.column += wide
        if self.column >= COLUMNS:
            self.column, self.row = 0, (self.row + 1) % ROWS

    def write_row(self, row: int, text: str) -> None:
        """Write a whole row: what is beyond the glass is lost, what was there is gone."""
        self.row = row
        self.clear_row()
        width = 0
        for character in text:
            width += 1 if character.isascii() else 2
            if width > COLUMNS:
                return
            self.put(character)

    @property
    def lines(self) -> list[str]:
        """The rows as text."""
        return ["".join(row).rstrip() for row in self.rows]


class DisplaySim(SimulatedDevice):
    """One display; ``model`` decides which commands it knows."""

    def __init__(self, wire: Wire, model: str = "cd5220") -> None:
        super().__init__(wire)
        if model not in MODELS:
            raise ValueError(f"display model {model!r} is none of {', '.join(MODELS)}")
        self.model = model
        self.glass = TextGlass()
        self.digits, self.lamp = "", 0
        self.selected = True
        self.unknown = 0
        self._pending = bytearray()

    def receive(self, data: bytes) -> None:
        """Take bytes; an unfinished command waits for its rest."""
        self._pending += data
        while self._pending and (size := self._step(bytes(self._pending))):
            del self._pending[:size]
        if len(self._pending) > _MAX_PENDING:
            self.unknown += 1
            self._pending.clear()

    def do(self, command: dict[str, Any]) -> None:
        """Refuse: nobody can do anything to a display but look at it and pull its cable."""
        raise ValueError(f"a display takes no command {sorted(command)}: look at it with {{}}, or give a fault")

    def shows(self) -> dict[str, Any]:
        """Return what is on the glass."""
        if not self.wire.plugged:
            return {"model": self.model, "lines": [], "digits": "", "lamp": None}
        if self.model == "led8":
            return {"model": self.model, "digits": self.digits, "lamp": LAMPS[self.lamp]}
        glass = self.glass
        return {
            "model": self.model,
            "lines": glass.lines,
            "cursor": [glass.column + 1, glass.row + 1],
            "unknown": self.unknown,
        }

    def _step(self, data: bytes) -> int:
        """Carry out what ``data`` begins with and return its size; 0 when more is needed."""
        match data[0]:
            case 0x1B:
                return self._escape(data)
            case 0x1F if self.model == "dm-d":
                return self._unit_separator(data)
            case control if control < 0x20:
                self._control(control)
                return 1
            case _:
                return self._character(data)

    def _control(self, control: int) -> None:
        glass = self.glass
        actions: dict[int, Callable[[], None]] = {
            0x08: lambda: glass.move(glass.column, glass.row + 1),
            0x09: lambda: glass.move(glass.column + 2, glass.row + 1),
            0x0A: lambda: glass.move(glass.column + 1, (glass.row + 1) % ROWS + 1),
            0x0B: lambda: glass.move(1, 1),
            0x0C: self._clear,
            0x0D: lambda: glass.move(1, glass.row + 1),
            0x18: glass.clear_row,
        }
        if control in actions and self.selected:
            actions[control]()

    def _clear(self) -> None:
        self.glass.clear()
        self.digits, self.lamp = "", 0

    def _character(self, data: bytes) -> int:
        size = 1 if data[0] < 0x80 else 2
        if len(data) < size:
            return 0
        if self.selected and self.model != "led8":
            for character in data[:size].decode("gbk", "replace"):
                self.glass.put(character)
        return size

    def _escape(self, data: bytes) -> int:
        if len(data) < 2:
            return 0
        command = data[1:2]
        if command == b"Q" and self.model != "dm-d":
            return self._string(data)
        arguments = {b"@": 0, b"=": 1, b"s": 1, b"_": 1, b"*": 1, b"t": 1, b"R": 1, b"c": 1, b"f": 1, b"l": 2, b"[": 1}
        size = 2 + arguments.get(command, 0)
        if len(data) < size:
            return 0
        given = data[2:size]
        match command:
            case b"=":
                self.selected = bool(given[0] & 2)
            case _ if not self.selected:
                pass
            case b"@":
                self._clear()
            case b"s":
                self.lamp = (given[0] - 0x30 if given[0] >= 0x30 else given[0]) % 5
            case b"l":
                self.glass.move(given[0], given[1])
            case b"*":
                self.glass.brightness = given[0]
            case b"_":
                self.glass.cursor_seen = bool(given[0])
            case b"\x11" | b"\x12" | b"\x13" | b"t" | b"R" | b"c" | b"f" | b"[":
                pass
            case _:
                self.unknown += 1
        return size

    def _string(self, data: bytes) -> int:
        end = data.find(b"\r")
        if end < 0:
            return 0
        text = data[3:end]
        if self.model == "led8":
            kept = "".join(chr(byte) for byte in text if chr(byte) in "0123456789.-")
            if len(kept.replace(".", "")) <= DIGITS:
                self.digits = kept
        elif self.model == "cd5220" and self.selected:
            row = {b"A": 0, b"B": 1, b"D": 0}.get(data[2:3])
            if row is not None:
                self.glass.write_row(row, text.decode("gbk", "replace"))
        return end + 1

    def _unit_separator(self, data: bytes) -> int:
        if len(data) < 2:
            return 0
        arguments = {0x24: 2, 0x43: 1, 0x58: 1, 0x45: 1, 0x72: 1, 0x23: 2}
        size = 2 + arguments.get(data[1], 0)
        if len(data) < size:
            return 0
        if self.selected:
            match data[1]:
                case 0x24:
                    self.glass.move(data[2], data[3])
                case 0x43:
                    self.glass.cursor_seen = bool(data[2])
                case 0x58:
                    self.glass.brightness = data[2]
                case _:  # modes that do not change what is written
                    pass
        return size


def main() -> None:
    """Parse the command line and run."""
    parser = command_line("firmware_sim.display", __doc__)
    parser.add_argument("--link", type=Path, help="a symbolic link that follows the device when it is replugged")
    parser.add_argument("--model", choices=MODELS, default="cd5220", help="which display (default cd5220)")
    given = parser.parse_args()
    live(lambda: DisplaySim(PtyWire(given.link), given.model))


if __name__ == "__main__":
    main()

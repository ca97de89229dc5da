"""ZPL II bytes into commands, incrementally (reference §2.1).

A command is complete when the next prefix comes, except for those that take nothing (``~HS``, ``^XZ``) and pictures in
binary, whose size is told.
"""

import re
from typing import NamedTuple

MAX_COMMAND_BYTES = 1 << 20
_ALONE = frozenset({"^XA", "^XZ", "~HS", "~HI", "~HM", "~JA", "~JR", "~PS", "~PP", "~JX", "~HQ", "~JC", "~JL"})
_PREFIXES = frozenset({"^CC", "~CC", "^CT", "~CT", "^CD", "~CD"})
_BINARY = re.compile(rb"\AGFB,(\d+),|\ADY[^,]{0,40},[^,]*[Bb],[^,]*,(\d+),")


class Command(NamedTuple):
    """A command: prefix and two letters (``^FO``, ``~HS``; fonts are ``^A``), and what follows as bytes."""

    name: str
    data: bytes


class Parser:
    """Cuts commands from a stream; the prefix characters and the delimiter can be changed by commands."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.overrun = 0
        self.reset()

    def reset(self) -> None:
        """Go back to the prefixes of a printer that was just switched on."""
        self.caret, self.tilde, self.comma = ord("^"), ord("~"), ord(",")
        self._buffer.clear()

    def feed(self, data: bytes) -> list[Command]:
        """Return the commands completed by ``data``."""
        self._buffer += data
        found = []
        while (command := self._next()) is not None:
            found.append(command)
        if len(self._buffer) > MAX_COMMAND_BYTES:
            self.overrun += len(self._buffer)
            self._buffer.clear()
        return found

    def _next(self) -> Command | None:
        start = self._prefix_at(0)
        if start is None:
            self._buffer.clear()  # what stands outside of commands means nothing
            return None
        del self._buffer[:start]
        if len(self._buffer) < 3:
            return self._short()
        name = self._name()
        if name in _PREFIXES:
            return self._change_prefix(name)
        if name in _ALONE:
            return self._take(name, 3, 3)
        if (size := self._binary_size()) is not None:
            return self._take(name, 3, size) if 0 < size <= len(self._buffer) else None
        end = self._prefix_at(1)
        return None if end is None else self._take(name, 2 if name == "^A" else 3, end)

    def _short(self) -> Command | None:
        """A prefix right behind a prefix begins anew."""
        if len(self._buffer) == 2 and self._buffer[1] in (self.caret, self.tilde):
            del self._buffer[:1]
        return None

    def _prefix_at(self, begin: int) -> int | None:
        places = [at for at in (self._buffer.find(prefix, begin) for prefix in (self.caret, self.tilde)) if at >= 0]
        return min(places) if places else None

    def _name(self) -> str:
        prefix = "^" if self._buffer[0] == self.caret else "~"
        letters = self._buffer[1:3].decode("latin-1").upper()
        return "^A" if prefix == "^" and letters[0] == "A" else prefix + letters

    def _change_prefix(self, name: str) -> Command | None:
        if len(self._buffer) < 4:
            return None
        value = self._buffer[3]
        if 0x20 < value < 0x7F:
            setattr(self, {"C": "caret", "T": "tilde", "D": "comma"}[name[2]], value)
        return self._take(name, 3, 4)

    def _binary_size(self) -> int | None:
        """Return the whole size of a command with binary data, 0 while its head is incomplete, None for others."""
        head = bytes(self._buffer[1:120]).replace(bytes([self.comma]), b",")
        if not head.startswith((b"GFB", b"DY")):
            return None
        if (match := _BINARY.match(head)) is None:
            return 0 if head.count(b",") < 4 and len(head) < 100 and self._prefix_at(1) is None else None
        counted = int(match[1] or match[2])
        commas = 4 if match[1] else 5
        at = 0
        for _ in range(commas):
            at = head.find(b",", at) + 1
            if not at:
                return 0
        return 1 + at + min(counted, MAX_COMMAND_BYTES)

    def _take(self, name: str, data_from: int, size: int) -> Command:
        raw = bytes(self._buffer[:size])
        del self._buffer[:size]
        return Command(name, raw[data_from:])

    def split(self, data: bytes, most: int = -1) -> list[str]:
        """Return parameters as stripped text."""
        return [part.strip() for part in data.decode("latin-1").split(chr(self.comma), most)]

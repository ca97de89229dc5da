r"""TSPL bytes into commands, incrementally (reference §2.2): lines, pictures whose size is told, orders obeyed at once."""

import re
from typing import NamedTuple

MAX_LINE_BYTES = 8192
MAX_PICTURE_BYTES = 1 << 20
_PICTURE = re.compile(rb"\A\s*BITMAP\s+(-?\d+)\s*,\s*(-?\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,", re.IGNORECASE)
_AT_ONCE = re.compile(rb"\x1b!([?SRPOC.DFQ])|~!([TFACDI@])")


class Command(NamedTuple):
    """A command in capitals, its parameters (texts without quotes), and a picture's dots."""

    name: str
    parameters: tuple[str, ...]
    data: bytes = b""


class AtOnce:
    """Finds the orders that are obeyed wherever they stand, also when they come in pieces."""

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[str]:
        """Return the letters of the orders in ``data``: ``?`` for <ESC>!?, ``~T`` for ~!T."""
        whole = self._tail + data
        found = list(_AT_ONCE.finditer(whole))
        end = found[-1].end() if found else 0
        self._tail = whole[max(end, len(whole) - 2) :]
        return [one[1].decode() if one[1] else "~" + one[2].decode() for one in found]


class Parser:
    """Cuts lines; what follows BITMAP is counted."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.overrun = 0

    def feed(self, data: bytes) -> list[Command]:
        """Return the commands completed by ``data``."""
        self._buffer += data
        found = []
        while (command := self._next()) is not None:
            if command.name:
                found.append(command)
        return found

    def clear(self) -> None:
        """Forget what waits."""
        self._buffer.clear()

    def _next(self) -> Command | None:
        self._drop_orders()
        head = bytes(self._buffer[:80])
        if (picture := _PICTURE.match(head)) is not None:
            return self._picture(picture)
        if re.match(rb"\s*BITMAP\b[^\r\n]*\Z", head, re.IGNORECASE) and len(self._buffer) < 80:
            return None  # its head is not complete
        ends = [at for at in (self._buffer.find(b"\r"), self._buffer.find(b"\n")) if at >= 0]
        if not ends:
            if len(self._buffer) > MAX_LINE_BYTES:
                self.overrun += len(self._buffer)
                self._buffer.clear()
            return None
        line = bytes(self._buffer[: min(ends)])
        del self._buffer[: min(ends) + 1]
        return command_of(line)

    def _drop_orders(self) -> None:
        while (order := _AT_ONCE.match(self._buffer)) is not None:
            del self._buffer[: order.end()]

    def _picture(self, head: re.Match[bytes]) -> Command | None:
        size = min(int(head[3]) * int(head[4]), MAX_PICTURE_BYTES)
        if len(self._buffer) < head.end() + size:
            return None
        data = bytes(self._buffer[head.end() : head.end() + size])
        del self._buffer[: head.end() + size]
        return Command("BITMAP", tuple(head[number].decode() for number in range(1, 6)), data)


def command_of(line: bytes) -> Command:
    """Return one line as a command; the empty name stands for an empty line."""
    text = line.decode("gb18030", "replace").strip()
    name = re.match(r"[A-Za-z]+", text)
    if name is None:
        return Command("" if not text else "?", (text,) if text else ())
    return Command(name[0].upper(), tuple(_parameters(text[name.end() :])))


def _parameters(text: str) -> list[str]:
    r"""Split at commas outside of quotes; ``\["]`` inside is a quote, and spaces count only inside."""
    found, at, current, inside = [], 0, "", False
    while at < len(text):
        if inside and text.startswith('\\["]', at):
            current += '"'
            at += 4
            continue
        character = text[at]
        at += 1
        if character == '"':
            inside = not inside
        elif character == "," and not inside:
            found.append(current)
            current = ""
        elif inside or character != " ":
            current += character
    return [*found, current] if text.strip() else []

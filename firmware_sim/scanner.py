"""A serial barcode scanner on a pseudo-terminal, written from the device reference (§1.1 pty, §3.2, §3.4).

    with ScannerSim() as scanner:
        open_port(scanner.path)
        scanner.scan("6901234567892", aim="]E0")
        scanner.unplug(); scanner.replug()

As a child: ``python -m firmware_sim.scanner [--link PATH] [--suffix crlf]`` prints ``{"path": "/dev/pts/N"}``, then
reads one JSON object a line: ``{"scan": "6901234567892", "aim": "]E0"}``, ``{"bytes": "1b0a"}`` (hex, as they are),
``{"fault": "half_frame" | "garbage" | "unplug" | "replug"}``; each is answered with the path and the counts.
A replugged device gets a new number, as on a real machine: ``--link`` keeps a name that follows it, as udev's
``/dev/serial/by-id`` does.
"""

import argparse
import asyncio
import contextlib
import os
import random
import tty
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from firmware_sim.control import run_until_stopped

SUFFIXES = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "etx": b"\x03", "none": b""}


class ScannerSim:
    """A scanner that writes ``prefix + AIM id + data + suffix`` to its pseudo-terminal."""

    def __init__(
        self,
        *,
        suffix: str = "crlf",
        prefix: bytes = b"",
        link: Path | None = None,
        encoding: str = "utf-8",
        seed: int = 0,
    ) -> None:
        """Choose the framing; ``link`` is a symbolic link that follows the device over unplug and replug."""
        self._suffix = SUFFIXES[suffix]
        self._prefix = prefix
        self._link = link
        self._encoding = encoding
        self._random = random.Random(seed)
        self._master = self._slave = -1
        self.scans = 0

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._master >= 0

    @property
    def path(self) -> str:
        """The path a driver opens."""
        if self._link is not None:
            return str(self._link)
        return os.ttyname(self._slave) if self.plugged else ""

    def __enter__(self) -> Self:
        """Plug it in."""
        self.replug()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Pull the cable."""
        self.unplug()

    def scan(self, data: str, aim: str = "") -> None:
        """Read ``data`` and send it."""
        self.scans += 1
        self.send(self._prefix + aim.encode("ascii") + data.encode(self._encoding) + self._suffix)

    def send(self, data: bytes) -> None:
        """Send raw bytes, as they are.

        Raises:
            RuntimeError: the scanner is unplugged.
        """
        if not self.plugged:
            raise RuntimeError("the scanner is unplugged: replug it before scanning")
        rest = data
        while rest:
            rest = rest[os.write(self._master, rest) :]

    def half_frame(self, data: str = "6901234567892") -> None:
        """Send the first half of a code and stop, as a torn cable or a reset does."""
        self.send((self._prefix + data.encode(self._encoding))[: (len(data) + 1) // 2])

    def garbage(self, size: int = 32) -> None:
        """Send noise of a wrong line speed, then a suffix."""
        self.send(self._random.randbytes(size) + (self._suffix or b"\r\n"))

    def unplug(self) -> None:
        """Pull the cable: whoever has the port open gets a hang-up."""
        if self.plugged:
            if self._link is not None:
                self._link.unlink(missing_ok=True)
            os.close(self._slave)
            os.close(self._master)
            self._master = self._slave = -1

    def replug(self) -> None:
        """Plug it in (again); the path may change unless a link follows it."""
        if self.plugged:
            return
        # The slave stays open here: between a driver's sessions a write would otherwise fail with EIO.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)  # otherwise the terminal changes CR, LF, ^C and ^D on the way
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(os.ttyname(self._slave))


def handle_command(scanner: ScannerSim, command: dict[str, Any]) -> dict[str, Any]:
    """Carry out one JSON command and return the scanner's path and counts.

    Raises:
        KeyError, TypeError, ValueError: the command is not one of those in the module's docstring.
    """
    match command:
        case {"scan": str(data)}:
            scanner.scan(data, str(command.get("aim", "")))
        case {"bytes": str(data)}:
            scanner.send(bytes.fromhex(data))
        case {"fault": "half_frame" | "garbage" | "unplug" | "replug" as fault}:
            getattr(scanner, fault)()
        case _:
            raise ValueError(f"unknown command {command}: scan, bytes, or fault half_frame, garbage, unplug, replug")
    return {"path": scanner.path, "plugged": scanner.plugged, "scans": scanner.scans}


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m firmware_sim.scanner", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--link", type=Path, help="a symbolic link that follows the device when it is replugged")
    parser.add_argument("--suffix", choices=sorted(SUFFIXES), default="crlf", help="what ends a code (default crlf)")
    parser.add_argument("--prefix", default="", help="what starts a code (default nothing)")
    parser.add_argument("--encoding", default="utf-8", help="of the data: utf-8 (default) or gb18030")
    given = parser.parse_args()
    scanner = ScannerSim(suffix=given.suffix, prefix=given.prefix.encode(), link=given.link, encoding=given.encoding)
    with scanner, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run_until_stopped({"path": scanner.path}, lambda command: handle_command(scanner, command)))


if __name__ == "__main__":
    main()

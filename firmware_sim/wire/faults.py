"""The half of a wire that is the same for every kind: what waits, and what goes wrong."""

import asyncio
import contextlib
import random
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from firmware_sim.wire.switched import Switched

MAX_QUEUED = 1 << 20
"""Bytes that wait to be sent; a device whose reader never reads loses what comes after that."""

FAULTS = ("unplug", "replug", "freeze", "thaw", "slow", "fast", "half", "garbage")
_SLOW_BYTES_PER_S, _SLOWEST_BYTES_PER_S = 1.0, 0.01


class Wire(Switched):
    """The half of a wire that is the same for every kind.

    Attributes:
        receive: called with every piece that arrives.
        attached: called when somebody opens the line (TCP only: with a pty nobody can tell).
        overrun: bytes that were dropped because nobody read.
    """

    def __init__(self, seed: int = 0) -> None:
        self.receive: Callable[[bytes], None] = lambda _: None
        self.attached: Callable[[], None] = lambda: None
        self.overrun = 0
        self._random = random.Random(seed)
        self._outgoing = bytearray()
        self._arrived = bytearray()
        self._work, self._weather = asyncio.Event(), asyncio.Event()
        self._frozen, self._half, self._bytes_per_s = False, False, 0.0
        self._pump: asyncio.Task[None] | None = None

    @property
    @abstractmethod
    def plugged(self) -> bool:
        """Whether the cable is in."""

    @property
    @abstractmethod
    def address(self) -> str:
        """What a driver's settings name: a path, or ``tcp:HOST:PORT``."""

    async def start(self) -> None:
        """Plug it in."""
        await self._plug()
        self._pump = asyncio.create_task(self._write_all(), name=f"wire:{self.address}")

    async def stop(self) -> None:
        """Pull the cable for good."""
        if self._pump is not None:
            self._pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump
        self.unplug()
        await self._gone()

    def send(self, data: bytes) -> None:
        """Queue ``data`` for whoever reads; while unplugged it goes nowhere."""
        if not self.plugged:
            return
        if self._half:
            data, self._half = data[: (len(data) + 1) // 2], False
        room = max(0, MAX_QUEUED - len(self._outgoing))
        self.overrun += max(0, len(data) - room)
        self._outgoing += data[:room]
        self._work.set()

    @abstractmethod
    def unplug(self) -> None:
        """Pull the cable: what was on its way is lost, whoever has the line open sees a hang-up."""

    @abstractmethod
    def replug(self) -> None:
        """Plug it in again."""

    def freeze(self, frozen: bool = True) -> None:
        """Hang, or go on: a frozen device takes nothing in and gives nothing out; what arrives waits in its line."""
        self._frozen = frozen
        self._work.set()
        if not frozen:
            self._take_in()

    def slow(self, bytes_per_s: float | None = _SLOW_BYTES_PER_S) -> None:
        """Answer at ``bytes_per_s``; None: as fast as the line goes."""
        self._bytes_per_s = bytes_per_s or 0.0
        self._weather.set()

    def half_next(self) -> None:
        """Let the next thing that is sent stop in its middle."""
        self._half = True

    def garbage(self, size: int = 32) -> None:
        """Send noise, as a wrong line speed or a bad cable makes it."""
        self.send(self._random.randbytes(size))

    def handle_fault(self, command: dict[str, Any]) -> None:
        """Carry out ``{"fault": NAME, …}``: one of ``FAULTS``; slow takes ``bytes_per_s``, garbage ``size``.

        Raises:
            ValueError: no such fault.
        """
        match command.get("fault"):
            case "unplug":
                self.unplug()
            case "replug":
                self.replug()
            case "freeze" | "thaw" as word:
                self.freeze(word == "freeze")
            case "slow":
                self.slow(_speed(command.get("bytes_per_s", _SLOW_BYTES_PER_S)))
            case "fast":
                self.slow(None)
            case "half":
                self.half_next()
            case "garbage":
                self.garbage(_size(command.get("size", 32)))
            case other:
                raise ValueError(f"fault {other!r} is none of {', '.join(FAULTS)}")

    def faults(self) -> dict[str, Any]:
        """Return what is wrong with the wire at this moment, for whoever looks at the device."""
        return {"plugged": self.plugged, "frozen": self._frozen, "bytes_per_s": self._bytes_per_s or None}

    def _arrive(self, data: bytes) -> None:
        self._arrived += data
        self._take_in()

    def _take_in(self) -> None:
        if self._arrived and not self._frozen:
            data = bytes(self._arrived)
            self._arrived.clear()
            self.receive(data)

    async def _write_all(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while self._outgoing and not self._frozen and self.plugged:
                size = 1 if self._bytes_per_s else len(self._outgoing)
                done = await self._write(bytes(self._outgoing[: min(size, 4096)]))
                del self._outgoing[:done]
                if self._bytes_per_s and self._outgoing:
                    await self._pause(1 / self._bytes_per_s)

    async def _pause(self, wait_s: float) -> None:
        # Waits that end when the weather changes: who speeds a line up does not want to see the last slow byte out.
        self._weather.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._weather.wait()

    def _forget(self) -> None:
        self._outgoing.clear()
        self._arrived.clear()

    async def _plug(self) -> None:
        self.replug()

    async def _gone(self) -> None:
        return

    @abstractmethod
    async def _write(self, data: bytes) -> int: ...


def _speed(given: Any) -> float:
    bytes_per_s = float(given)
    if not _SLOWEST_BYTES_PER_S <= bytes_per_s <= MAX_QUEUED:
        raise ValueError(f"bytes_per_s {given!r} is not within {_SLOWEST_BYTES_PER_S} and {MAX_QUEUED}")
    return bytes_per_s


def _size(given: Any) -> int:
    size = int(given)
    if not 1 <= size <= MAX_QUEUED:
        raise ValueError(f"size {given!r} is not within 1 and {MAX_QUEUED}: more than that no line keeps")
    return size

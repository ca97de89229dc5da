"""A file descriptor on the event loop: what serial lines, printers on USB and FIFOs have in common."""

import asyncio
import os
from collections.abc import Callable

from devices.errors import DeviceUnavailable
from devices.transport.turns import PIECE_BYTES, Turns


class DescriptorTransport:
    """One open, non-blocking file descriptor."""

    def __init__(self, fd: int, address: str, release: Callable[[], None]) -> None:
        """Take over ``fd``; ``release`` closes it, once."""
        self.address = address
        self.release = release
        self._fd = fd
        self._closed = False
        self._waiting: set[asyncio.Event] = set()
        self._one_writer = asyncio.Lock()
        self._turns = Turns()

    async def read(self, limit: int = 4096) -> bytes:
        """Return 1 to ``limit`` bytes, a small piece at a time; no bytes on a readable descriptor mean that the device is gone."""
        while True:
            await self._turns.give()
            self._check_open()
            try:
                data = os.read(self._fd, min(limit, PIECE_BYTES))
            except BlockingIOError:
                await self._readable()
                continue
            except OSError as error:
                raise DeviceUnavailable(self.address, error.strerror or str(error)) from error
            if not data:
                raise DeviceUnavailable(self.address, "hung up")
            return data

    async def write(self, data: bytes) -> None:
        """Write all of ``data``, waiting whenever the device's buffer is full; two callers' bytes are never mixed."""
        rest = memoryview(data)
        async with self._one_writer:
            while rest:
                self._check_open()
                try:
                    rest = rest[os.write(self._fd, rest) :]
                except BlockingIOError:
                    await self._writable()
                except OSError as error:
                    raise DeviceUnavailable(self.address, error.strerror or str(error)) from error

    async def close(self) -> None:
        """Let go of the device; whoever waits for it is told."""
        if not self._closed:
            self._closed = True
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._fd)
            loop.remove_writer(self._fd)
            for ready in self._waiting:
                ready.set()
            await self._let_go()

    async def _let_go(self) -> None:
        self.release()

    def _check_open(self) -> None:
        if self._closed:
            raise DeviceUnavailable(self.address, "closed")

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        await self._until(loop.add_reader, loop.remove_reader)

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        await self._until(loop.add_writer, loop.remove_writer)

    async def _until(self, watch: Callable[..., object], leave: Callable[[int], object]) -> None:
        """Wait until the descriptor is ready, or closed."""
        ready = asyncio.Event()
        self._waiting.add(ready)
        watch(self._fd, ready.set)
        try:
            await ready.wait()
        finally:
            self._waiting.discard(ready)
            if not self._closed:
                leave(self._fd)

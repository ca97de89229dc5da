"""The two ways into a printer: a serial (or USB) line and the network, both with a receive buffer that can be full."""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path

from firmware_sim.wire import PtyWire, TcpWire, Wire

READ_BYTES = 512
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_GOODBYE_S = 0.2


class PrinterPty(PtyWire):
    """A printer on a serial line, or behind a character device such as ``/dev/usb/lp0``."""

    def __init__(self, link: Path | None = None, seed: int = 0) -> None:
        super().__init__(link, seed)
        self._held = False

    def hold(self, held: bool) -> None:
        """Stop reading, as a printer does whose buffer is full: whoever writes waits. Or go on."""
        if held is self._held or not self.plugged:
            return
        self._held = held
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._master)
        if not held and not self._frozen:
            loop.add_reader(self._master, self._read)

    def replug(self) -> None:
        """Plug it in (again)."""
        if not self.plugged:
            self._held = False
        super().replug()

    def freeze(self, frozen: bool = True) -> None:
        """Hang or go on."""
        super().freeze(frozen)
        if not frozen and self._held:
            asyncio.get_running_loop().remove_reader(self._master)

    def _read(self) -> None:
        try:
            data = os.read(self._master, READ_BYTES)
        except (BlockingIOError, OSError):
            return  # nobody has it open, or it was unplugged in this very moment
        self._arrive(data)


class PrinterTcp(TcpWire):
    """A printer on the network: one client, small buffers so that the host feels it when the printer's own is full.

    Attributes:
        refused: clients that were turned away because another was connected.
        detached: called when a client has gone.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, seed: int = 0) -> None:
        super().__init__(host, port, seed)
        self.refused = 0
        self.detached: Callable[[], None] = lambda: None
        self._room, self._alone = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._alone.set()
        self._binding = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether a client is connected."""
        return self._writer is not None

    def hold(self, held: bool) -> None:
        """Stop reading, as a printer does whose buffer is full; or go on."""
        if held:
            self._room.clear()
        else:
            self._room.set()

    def reset(self) -> None:
        """Break the connection with RST; new ones are welcome."""
        writer, self._writer = self._writer, None
        if writer is not None:
            _reset(writer)

    async def _gone(self) -> None:
        await super()._gone()
        self._room.set()

    async def _listen(self) -> None:
        async with self._binding:  # pulled and plugged in again at once: two of these wait for the same port
            if self._plugged and self._server is None:
                await self._bind()

    async def _bind(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        try:
            listener.bind((self._host, self._port))
        except OSError:
            listener.close()
            raise
        self._port = listener.getsockname()[1]
        server = await asyncio.start_server(self._serve, sock=listener, limit=READ_BYTES)
        if self._plugged:
            self._server = server
        else:  # pulled again meanwhile
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self._free():
            self.refused += 1
            _reset(writer)
            return
        self._writer = writer
        self._alone.clear()
        self.attached()
        try:
            await self._take_all(reader)
        except OSError:
            pass  # the host reset the connection: what it sent stays in the buffer, as on a real printer
        finally:
            if self._writer is writer:
                self._writer = None
            self._alone.set()
            self.detached()
            writer.transport.abort()

    async def _free(self) -> bool:
        """Whether no other client is connected, once the goodbye of the last one has been read."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await self._alone.wait()
        return self._writer is None and self.plugged

    async def _take_all(self, reader: asyncio.StreamReader) -> None:
        while True:
            await self._reading.wait()
            await self._room.wait()
            data = await reader.read(READ_BYTES)
            if not data:
                return
            self._arrive(data)


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()


def hold(wire: Wire, held: bool) -> None:
    """Stop ``wire`` from reading, or let it go on; a plain wire has no buffer that could be full."""
    if isinstance(wire, PrinterPty | PrinterTcp):
        wire.hold(held)


def break_off(wire: Wire) -> None:
    """Let the connection break and come back: RST on the network, a pulled and replugged cable otherwise."""
    if isinstance(wire, PrinterTcp):
        wire.reset()
    else:
        wire.unplug()
        wire.replug()

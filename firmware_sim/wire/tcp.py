"""A network device (device reference §1.1)."""

import asyncio
import contextlib

from firmware_sim.wire.faults import Wire


class TcpWire(Wire):
    """A network device: one client at a time, a second one is turned away as most printers do."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, seed: int = 0) -> None:
        """Port 0: a free one, which stays the same over unplug and replug."""
        super().__init__(seed)
        self._host, self._port = host, port
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading = asyncio.Event()
        self._reading.set()
        self._plugged = False
        self._opening: asyncio.Task[None] | None = None

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._plugged

    @property
    def address(self) -> str:
        """``tcp:HOST:PORT``."""
        return f"tcp:{self._host}:{self._port}"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    def unplug(self) -> None:
        """Pull the cable: the connection breaks, new ones are refused."""
        self._plugged = False
        self._forget()
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    def replug(self) -> None:
        """Listen again, on the same port, from the next turn of the event loop on."""
        if not self._plugged:
            self._plugged = True
            self._opening = asyncio.create_task(self._listen())

    def freeze(self, frozen: bool = True) -> None:
        """Hang or go on; the network's own buffers still take what they have room for."""
        super().freeze(frozen)
        if frozen:
            self._reading.clear()
        else:
            self._reading.set()

    async def _plug(self) -> None:
        self._plugged = True
        await self._listen()

    async def _listen(self) -> None:
        server = await asyncio.start_server(self._serve, self._host, self._port, reuse_address=True)
        if not self._plugged:  # pulled again meanwhile
            server.close()
            return
        self._server = server
        self._port = server.sockets[0].getsockname()[1]

    async def _gone(self) -> None:
        if self._opening is not None:
            await self._opening
            self.unplug()
        self._reading.set()  # who waits for a frozen device to go on finds its connection gone

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None and not self._writer.is_closing():
            writer.transport.abort()
            return
        self._writer = writer
        self.attached()
        try:
            while True:
                await self._reading.wait()
                data = await reader.read(4096)
                if not data:
                    return
                self._arrive(data)
        except OSError:
            return
        finally:
            if self._writer is writer:
                self._writer = None
            writer.transport.abort()

    async def _write(self, data: bytes) -> int:
        writer = self._writer
        if writer is not None and not writer.is_closing():
            writer.write(data)
            with contextlib.suppress(OSError):
                await writer.drain()
        return len(data)  # without a client it goes nowhere, as on a real wire

"""A TCP port at which many may knock, with a cable that can be pulled: for devices that speak HTTP."""

import asyncio
import socket
from abc import abstractmethod

from firmware_sim.wire.switched import Switched

MAX_HEAD_BYTES = 8192


class Door(Switched):
    """What network devices with many callers have in common; a simulator derives from it and writes ``serve``.

    Attributes:
        thawed: set unless the device is frozen.
    """

    def __init__(self, host: str, port: int, name: str) -> None:
        """Port 0 takes a free one, kept over unplug and replug; ``name`` is that of its tasks."""
        self.thawed = asyncio.Event()
        self.thawed.set()
        self._host, self._port, self._name = host, port, name
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[asyncio.Server] | None = None
        self._calls: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._opening is not None

    async def start(self) -> None:
        """Plug it in."""
        self.replug()
        if self._opening is not None:
            await self._opening

    async def stop(self) -> None:
        """Pull the cable for good."""
        calls = list(self._calls)
        self.unplug()
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    def replug(self) -> None:
        """Listen (again), on the same port."""
        if self._opening is None:
            door = socket.socket()
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind((self._host, self._port))
            door.listen(16)
            self._port = door.getsockname()[1]
            self._opening = asyncio.create_task(self._open(door), name=f"{self._name}:{self._port}")

    def unplug(self) -> None:
        """Pull the cable: what is open breaks, new callers are refused."""
        if self._server is not None:
            self._server.close()
        if self._opening is not None:
            self._opening.cancel()
        self._server = self._opening = None
        for writer in self._calls.values():
            writer.transport.abort()

    def fail(self, fault: str) -> bool:
        """Carry out a fault of the line: unplug, replug, freeze or thaw; False when it is another."""
        match fault:
            case "unplug":
                self.unplug()
            case "replug":
                self.replug()
            case "freeze":
                self.thawed.clear()
            case "thaw":
                self.thawed.set()
            case _:
                return False
        return True

    @abstractmethod
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk with one caller; the line is cut afterwards.

        Raises:
            OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError: the caller went, or never spoke HTTP.
        """

    async def _open(self, door: socket.socket) -> asyncio.Server:
        try:
            self._server = await asyncio.start_server(self._called, sock=door, limit=MAX_HEAD_BYTES)
        except asyncio.CancelledError:
            door.close()
            raise
        return self._server

    def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: asyncio's, when cancelled, makes noise on Python 3.11.
        call = asyncio.create_task(self._serve(reader, writer))
        self._calls[call] = writer
        call.add_done_callback(self._calls.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self.serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the caller went, or never spoke HTTP
        finally:
            writer.transport.abort()

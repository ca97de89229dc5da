"""One connection through a line, as two flows of bytes."""

import asyncio
import socket
import struct

from firmware_sim.line.road import Road

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_FREE_CHUNK = 65536
_SLOW_CHUNK = 1024  # small, so that connections share a slow line fairly
_BUFFER_BYTES = 1 << 20
_SLOW_BUFFER_S = 0.5  # a modem's queue; without a bound the sender would measure our memory, not the line
_CONNECT_S = 5.0


class Call:
    """One connection through the line: the client's socket, the far socket and two flows.

    Attributes:
        passed: bytes delivered, both directions.
        task: what runs it.
    """

    def __init__(self, road: Road, near: socket.socket, target: tuple[str, int]) -> None:
        self._road, self._target = road, target
        self._near = near
        self._far = socket.socket()
        self._far.setblocking(False)
        self.passed = 0
        self.task: asyncio.Task[None] | None = None

    def reset(self) -> None:
        """Break both ends off now."""
        if self.task is not None and not self.task.cancelling():
            self._road.counters.resets += 1
            self.task.cancel()

    async def run(self) -> None:
        """Dial the far end and pass bytes until one end is gone."""
        abruptly = True
        try:
            await self._road.when_delivering()
            await self._dial()
            async with asyncio.TaskGroup() as flows:
                for source, sink, name in ((self._near, self._far, "up"), (self._far, self._near, "down")):
                    flow = _Flow(self, self._road, source, sink, name)
                    flows.create_task(flow.take())
                    flows.create_task(flow.give())
            abruptly = False
        except* OSError:  # one end reset or unreachable: the other end shall see the same
            pass
        finally:
            self._close(abruptly=abruptly)

    async def _dial(self) -> None:
        for end in (self._near, self._far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            async with asyncio.timeout(_CONNECT_S):
                await asyncio.get_running_loop().sock_connect(self._far, self._target)
        except OSError:
            self._road.counters.unreachable += 1
            raise

    def _close(self, *, abruptly: bool) -> None:
        for end in (self._near, self._far):
            if end.fileno() >= 0:
                if abruptly:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                end.close()


class _Flow:
    """One direction of a connection: bytes wait out their delay in order, within a byte budget."""

    def __init__(self, call: Call, road: Road, source: socket.socket, sink: socket.socket, name: str) -> None:
        self._call, self._road, self._source, self._sink, self._name = call, road, source, sink, name
        self._waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()  # bounded by bytes, see _room
        self._held = 0
        self._room = asyncio.Event()
        self._room.set()

    async def take(self) -> None:
        loop, due = asyncio.get_running_loop(), 0.0
        chunk = b"-"
        while chunk:
            await self._room.wait()
            slow = self._road.weather.rate_bytes_s is not None
            chunk = await loop.sock_recv(self._source, _SLOW_CHUNK if slow else _FREE_CHUNK)
            due = max(due, self._road.arrival_s())
            self._waiting.put_nowait((due, chunk))
            self._account(len(chunk))

    async def give(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await self._waiting.get()
            if (pause := due - loop.time()) > 0:
                await asyncio.sleep(pause)
            await self._road.charge(self._name, len(chunk))
            await self._road.when_delivering()
            if not chunk:
                self._sink.shutdown(socket.SHUT_WR)
                return
            await self._deliver(loop, chunk)
            self._account(-len(chunk))

    async def _deliver(self, loop: asyncio.AbstractEventLoop, chunk: bytes) -> None:
        if (limit := self._road.weather.cut_after_bytes) is not None:
            chunk = chunk[: max(0, limit - self._call.passed)]
        await loop.sock_sendall(self._sink, chunk)
        self._call.passed += len(chunk)
        self._road.delivered(self._name, len(chunk))
        if limit is not None and self._call.passed >= limit:
            self._call.reset()

    def _account(self, change: int) -> None:
        self._held += change
        rate = self._road.weather.rate_bytes_s
        budget = _BUFFER_BYTES if rate is None else max(_SLOW_CHUNK, rate * _SLOW_BUFFER_S)
        if self._held < budget:
            self._room.set()
        else:
            self._room.clear()

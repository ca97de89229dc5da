"""Connections taken on a loopback port and carried to the far end, until the line is cut."""

import asyncio
import contextlib
import enum
import socket
from types import TracebackType
from typing import Self

from firmware_sim.line.call import Call
from firmware_sim.line.road import Counters, Road, Weather


class LineState(enum.Enum):
    """What the line does with bytes and new connections."""

    UP = "up"
    CUT = "cut"  # no connections: existing ones reset, new ones refused
    BLACK_HOLE = "black_hole"  # connections stay, nothing arrives


class Line:
    """A TCP line to ``host:port`` with a loopback port to dial; an async context manager."""

    def __init__(self, host: str, port: int, *, listen_port: int = 0, seed: int = 0) -> None:
        """Keep the far end's address; ``listen_port`` 0 takes a free one, ``seed`` fixes the jitter."""
        self.target = (host, port)
        self._road = Road(seed)
        self._port = listen_port
        self._state = LineState.UP
        self._listener: socket.socket | None = None
        self._calls: set[Call] = set()
        self._life = contextlib.AsyncExitStack()

    @property
    def weather(self) -> Weather:
        """How good the line is while it is up; may be set at any time."""
        return self._road.weather

    @weather.setter
    def weather(self, weather: Weather) -> None:
        self._road.weather = weather

    @property
    def counters(self) -> Counters:
        """What has happened since the line was opened."""
        return self._road.counters

    @property
    def port(self) -> int:
        """The loopback port that clients dial; the same for the whole life of the line."""
        return self._port

    @property
    def state(self) -> LineState:
        """Whether the line is up, cut or a black hole."""
        return self._state

    async def __aenter__(self) -> Self:
        """Open the line."""
        # Bound for life but never listening: while the line is cut the port stays ours and the kernel refuses.
        holder = self._life.enter_context(_bound_socket(self._port))
        self._port = holder.getsockname()[1]
        self._tasks = await self._life.enter_async_context(asyncio.TaskGroup())
        self._life.callback(self.cut)
        self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Reset what is open and give the port back."""
        # Closed as if all were well: an error of the caller's block shall reach him as it is, not in a group.
        await self._life.aclose()

    def cut(self) -> None:
        """Reset every connection, in the middle of whatever was passing, and refuse new ones."""
        self._state = LineState.CUT
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        self.reset()

    def reset(self) -> None:
        """Reset every connection now; new ones are welcome at once (unless the line is cut)."""
        for call in list(self._calls):
            call.reset()

    def black_hole(self) -> None:
        """Keep connections and deliver nothing: a dead NAT entry, a plug pulled behind the router."""
        self._listen()
        self._state = LineState.BLACK_HOLE
        self._road.block()

    def restore(self) -> None:
        """Bring the line up. What a black hole held back is delivered, as TCP would repeat it."""
        self._listen()
        self._state = LineState.UP
        self._road.unblock()

    def _listen(self) -> None:
        if self._listener is None:
            self._listener = _bound_socket(self._port)
            self._listener.listen(128)
            asyncio.get_running_loop().add_reader(self._listener, self._answer, self._listener)

    def _answer(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            near, _ = listener.accept()
            near.setblocking(False)
            self.counters.connections += 1
            call = Call(self._road, near, self.target)
            call.task = self._tasks.create_task(self._carry(call), name=f"line:{self._port}:call")

    async def _carry(self, call: Call) -> None:
        self._calls.add(call)
        self.counters.open_now += 1
        try:
            await call.run()
        finally:
            self._calls.discard(call)
            self.counters.open_now -= 1


def _bound_socket(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # the holder and the listener share the port
    # A fixed small receive buffer: the kernel's own would grow to megabytes and hide a slow line from the sender.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
    bound.setblocking(False)
    bound.bind(("127.0.0.1", port))
    return bound

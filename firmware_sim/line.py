"""The line between a store and headquarters: a TCP proxy that is slow, cut, deaf or dead on demand.

    async with Line("127.0.0.1", broker_port) as line:
        connect_to("127.0.0.1", line.port)
        line.weather = Weather(delay_s=0.3, rate_bytes_s=16_000)
        line.cut()        # every connection reset, new ones refused
        line.restore()

As a child: ``python -m firmware_sim.line --listen 0 --to 127.0.0.1:1883`` prints ``{"port": N}`` and then
reads one JSON command a line, each answered with state and counters: ``{"do": "cut"}``, ``{"do": "reset"}``,
``{"do": "black_hole"}``, ``{"do": "restore"}``, ``{"do": "counters"}``, and
``{"do": "weather", "delay_s": 0.3, "jitter_s": 0.1, "rate_bytes_s": 16000, "cut_after_bytes": 25000}``.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import enum
import random
import socket
import struct
from types import TracebackType
from typing import Any, Self

from firmware_sim.control import run_until_stopped

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_FREE_CHUNK = 65536
_SLOW_CHUNK = 1024  # small, so that connections share a slow line fairly
_BUFFER_BYTES = 1 << 20
_SLOW_BUFFER_S = 0.5  # a modem's queue; without a bound the sender would measure our memory, not the line
_CONNECT_S = 5.0


class LineState(enum.Enum):
    """What the line does with bytes and new connections."""

    UP = "up"
    CUT = "cut"  # no connections: existing ones reset, new ones refused
    BLACK_HOLE = "black_hole"  # connections stay, nothing arrives


@dataclasses.dataclass(frozen=True)
class Weather:
    """How good the line is while it is up.

    Attributes:
        delay_s: added to every chunk in each direction; order is kept.
        jitter_s: up to this much more, drawn per chunk.
        rate_bytes_s: bytes per second and direction, shared by all connections; None is unlimited.
        cut_after_bytes: reset a connection once exactly this many bytes (both directions) have passed.
    """

    delay_s: float = 0.0
    jitter_s: float = 0.0
    rate_bytes_s: float | None = None
    cut_after_bytes: int | None = None

    def __post_init__(self) -> None:
        """Refuse values that no line can have."""
        if self.delay_s < 0 or self.jitter_s < 0:
            raise ValueError(f"delay_s {self.delay_s} and jitter_s {self.jitter_s} must not be negative")
        for name in ("rate_bytes_s", "cut_after_bytes"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} {value} must be above 0, or null for no limit")


CLEAR = Weather()


@dataclasses.dataclass
class Counters:
    """What has happened since the line was opened; bytes are those delivered to the other end."""

    connections: int = 0
    open_now: int = 0
    resets: int = 0
    unreachable: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


class Line:
    """A TCP line to ``host:port`` with a loopback port to dial; an async context manager."""

    def __init__(self, host: str, port: int, *, listen_port: int = 0, seed: int = 0) -> None:
        """Keep the far end's address; ``listen_port`` 0 takes a free one, ``seed`` fixes the jitter."""
        self.target = (host, port)
        self.weather = CLEAR
        self.counters = Counters()
        self._port = listen_port
        self._random = random.Random(seed)
        self._state = LineState.UP
        self._delivering = asyncio.Event()
        self._delivering.set()
        self._free_at: dict[str, float] = {"up": 0.0, "down": 0.0}
        self._listener: socket.socket | None = None
        self._calls: set[_Call] = set()
        self._life = contextlib.AsyncExitStack()

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
        self._delivering.clear()

    def restore(self) -> None:
        """Bring the line up. What a black hole held back is delivered, as TCP would repeat it."""
        self._listen()
        self._state = LineState.UP
        self._delivering.set()

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
            call = _Call(self, near)
            call.task = self._tasks.create_task(self._carry(call), name=f"line:{self._port}:call")

    async def _carry(self, call: "_Call") -> None:
        self._calls.add(call)
        self.counters.open_now += 1
        try:
            await call.run()
        finally:
            self._calls.discard(call)
            self.counters.open_now -= 1

    async def when_delivering(self) -> None:
        """Return when the line is no black hole."""
        await self._delivering.wait()

    def arrival_s(self) -> float:
        """Return the loop time at which a chunk that enters now comes out, before the rate is charged."""
        now = asyncio.get_running_loop().time()
        return now + self.weather.delay_s + self._random.uniform(0, self.weather.jitter_s)

    async def charge(self, direction: str, size: int) -> None:
        """Wait for ``size`` bytes' turn on a line of limited rate."""
        if (rate := self.weather.rate_bytes_s) is None:
            return
        now = asyncio.get_running_loop().time()
        self._free_at[direction] = max(now, self._free_at[direction]) + size / rate
        await asyncio.sleep(self._free_at[direction] - now)

    def delivered(self, direction: str, size: int) -> None:
        """Count ``size`` delivered bytes."""
        if direction == "up":
            self.counters.bytes_up += size
        else:
            self.counters.bytes_down += size


class _Call:
    """One connection through the line: the client's socket, the far socket and two flows."""

    def __init__(self, line: Line, near: socket.socket) -> None:
        self._line = line
        self._near = near
        self._far = socket.socket()
        self._far.setblocking(False)
        self.passed = 0
        self.task: asyncio.Task[None] | None = None

    def reset(self) -> None:
        if self.task is not None and not self.task.cancelling():
            self._line.counters.resets += 1
            self.task.cancel()

    async def run(self) -> None:
        abruptly = True
        try:
            await self._line.when_delivering()
            await self._dial()
            async with asyncio.TaskGroup() as flows:
                for source, sink, name in ((self._near, self._far, "up"), (self._far, self._near, "down")):
                    flow = _Flow(self, self._line, source, sink, name)
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
                await asyncio.get_running_loop().sock_connect(self._far, self._line.target)
        except OSError:
            self._line.counters.unreachable += 1
            raise

    def _close(self, *, abruptly: bool) -> None:
        for end in (self._near, self._far):
            if end.fileno() >= 0:
                if abruptly:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                end.close()


class _Flow:
    """One direction of a connection: bytes wait out their delay in order, within a byte budget."""

    def __init__(self, call: _Call, line: Line, source: socket.socket, sink: socket.socket, name: str) -> None:
        self._call, self._line, self._source, self._sink, self._name = call, line, source, sink, name
        self._waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()  # bounded by bytes, see _room
        self._held = 0
        self._room = asyncio.Event()
        self._room.set()

    async def take(self) -> None:
        loop, due = asyncio.get_running_loop(), 0.0
        chunk = b"-"
        while chunk:
            await self._room.wait()
            slow = self._line.weather.rate_bytes_s is not None
            chunk = await loop.sock_recv(self._source, _SLOW_CHUNK if slow else _FREE_CHUNK)
            due = max(due, self._line.arrival_s())
            self._waiting.put_nowait((due, chunk))
            self._account(len(chunk))

    async def give(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await self._waiting.get()
            if (pause := due - loop.time()) > 0:
                await asyncio.sleep(pause)
            await self._line.charge(self._name, len(chunk))
            await self._line.when_delivering()
            if not chunk:
                self._sink.shutdown(socket.SHUT_WR)
                return
            await self._deliver(loop, chunk)
            self._account(-len(chunk))

    async def _deliver(self, loop: asyncio.AbstractEventLoop, chunk: bytes) -> None:
        if (limit := self._line.weather.cut_after_bytes) is not None:
            chunk = chunk[: max(0, limit - self._call.passed)]
        await loop.sock_sendall(self._sink, chunk)
        self._call.passed += len(chunk)
        self._line.delivered(self._name, len(chunk))
        if limit is not None and self._call.passed >= limit:
            self._call.reset()

    def _account(self, change: int) -> None:
        self._held += change
        rate = self._line.weather.rate_bytes_s
        budget = _BUFFER_BYTES if rate is None else max(_SLOW_CHUNK, rate * _SLOW_BUFFER_S)
        if self._held < budget:
            self._room.set()
        else:
            self._room.clear()


def _bound_socket(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # the holder and the listener share the port
    # A fixed small receive buffer: the kernel's own would grow to megabytes and hide a slow line from the sender.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
    bound.setblocking(False)
    bound.bind(("127.0.0.1", port))
    return bound


def handle_command(line: Line, command: dict[str, Any]) -> dict[str, Any]:
    """Carry out one JSON command and return the line's state and counters.

    Raises:
        KeyError, TypeError, ValueError: the command is not one of those in the module's docstring.
    """
    match command.pop("do"):
        case "cut" | "reset" | "black_hole" | "restore" as action:
            getattr(line, action)()
        case "weather":
            line.weather = Weather(**command)
        case "counters":
            pass
        case other:
            raise ValueError(f"unknown command {other!r}: cut, reset, black_hole, restore, weather or counters")
    return {"state": line.state.value, **dataclasses.asdict(line.counters)}


async def serve(host: str, port: int, listen_port: int) -> None:
    """Run one line as a child process until SIGTERM."""
    async with Line(host, port, listen_port=listen_port) as line:
        await run_until_stopped({"port": line.port}, lambda command: handle_command(line, command))


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m firmware_sim.line", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--listen", type=int, default=0, metavar="PORT", help="loopback port, 0 = a free one")
    parser.add_argument("--to", required=True, metavar="HOST:PORT", help="the far end of the line")
    arguments = parser.parse_args()
    host, _, port = arguments.to.rpartition(":")
    if not host or not port.isdigit():
        parser.error(f"--to {arguments.to!r} is not HOST:PORT")
    asyncio.run(serve(host, int(port), arguments.listen))


if __name__ == "__main__":
    main()

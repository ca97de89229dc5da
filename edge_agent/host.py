"""Many edges in one process, fed with baskets as JSON lines: ``shopwire edge host --root DIR --till -``.

in    {"edge": "S2", "basket": {…}}   ·   {"status": true}   ·   {"stop": true}
out   {"ready": ["S2", …]}   ·   {"edge", "source_ref", "sale_id", "receipt_no", "total_minor"} after the commit
      {"edge", "source_ref", "error"}   ·   {"status": {"S2": {"top", "acked", "state", …}}}

A basket is read only when there is room for it, so whoever tells faster than the disk commits waits at the pipe.
"""

import asyncio
import os
import resource
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
import structlog
from structlog.contextvars import bind_contextvars

from domain.errors import DomainError
from domain.ids import LaneId, SaleId
from domain.sale import Sale
from edge_agent.clock import fresh_id
from edge_agent.edge import Edge
from edge_agent.errors import DiskFull, ReserveReached, StorageError
from edge_agent.groups import first_of
from edge_agent.handlers.baskets import GivenBasket, sell_basket
from edge_agent.maintenance import keep_room, release_old_facts, renewal
from protocol.errors import MalformedMessage, ProtocolError

IN_FLIGHT = 256
MAX_LINE_BYTES = 1 << 20
CATALOGUE_LOOK_S = 0.2

_log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode


class Command(msgspec.Struct, frozen=True):
    """One line of input."""

    edge: str = ""
    basket: GivenBasket | None = None
    status: bool = False
    stop: bool = False


_command = msgspec.json.Decoder(Command).decode
_NO_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What the decoder raises for bytes from anywhere: also text that is no UTF-8, also ten thousand brackets."""


def allow_many_files() -> None:
    """Let this process open as many files as the system lets it: an edge needs four, and the usual limit is 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class LinesIn:
    """Lines of a file descriptor (pipe or file), read in a thread; at most ``limit`` are not yet ``done``."""

    def __init__(self, descriptor: int, limit: int = IN_FLIGHT) -> None:
        self._descriptor = descriptor
        self._room = threading.BoundedSemaphore(limit)
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue()  # bounded by the semaphore
        self._loop = asyncio.get_running_loop()
        # A daemon: it may wait in read() for ever, and a process that ends does not wait for its teller.
        threading.Thread(target=self._read, name="till", daemon=True).start()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield lines until the end of input."""
        while (line := await self._lines.get()) is not None:
            yield line

    def done(self) -> None:
        """One line is answered: another may be read."""
        self._room.release()

    def _read(self) -> None:
        pending = b""
        while chunk := os.read(self._descriptor, 65_536):
            *lines, pending = (pending + chunk).split(b"\n")
            pending = pending[: MAX_LINE_BYTES + 1]  # enough to see that it is too long; the next line is read as ever
            for line in filter(bytes.strip, lines):
                self._room.acquire()
                self._hand_over(line)
        self._hand_over(None)

    def _hand_over(self, line: bytes | None) -> None:
        with suppress(RuntimeError):  # the loop has ended before the input
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)


class Host:
    """Runs the edges and sells what it is told."""

    def __init__(
        self, edges: Mapping[str, Edge], say: Callable[[bytes], None], *, lane: str = "1", grace_s: float = 20.0
    ) -> None:
        """Keep what to run.

        Args:
            edges: opened, by id.
            say: writes one line of output.
            lane: where baskets are sold.
            grace_s: how long to wait at the end for headquarters' acknowledgement.
        """
        self._edges, self._say, self._lane, self._grace_s = edges, say, LaneId(lane), grace_s
        self._queues: dict[str, asyncio.Queue[GivenBasket]] = {name: asyncio.Queue() for name in edges}
        self._failures: dict[str, str] = {}
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Take no new work, finish what is open, end."""
        self._stop.set()

    async def run(self, lines: LinesIn) -> None:
        """Serve until told to stop or until the input ends."""
        async with asyncio.TaskGroup() as tasks:
            working = [tasks.create_task(work, name=name) for name, work in self._work(lines).items()]
            await self._until_all_can_sell()
            self._tell({"ready": sorted(self._edges)})
            reading = tasks.create_task(self._listen(lines), name="till")
            await self._stop.wait()
            reading.cancel()
            await self._finish()
            for task in working:
                task.cancel()

    def _work(self, lines: LinesIn) -> dict[str, Any]:
        work: dict[str, Any] = {}
        for name, edge in self._edges.items():
            work[f"relay:{name}"] = self._guarded(name, edge.relay.run())
            work[f"seller:{name}"] = self._sell_all(name, edge, lines)
            work[f"release:{name}"] = self._guarded(name, release_old_facts(edge.release_old_facts))
            work[f"renew:{name}"] = self._guarded(name, renewal(edge))
        if self._edges:
            edge = next(iter(self._edges.values()))
            work["room"] = keep_room(lambda: edge.budget.sweep(edge.data.path))
        return work

    async def _guarded(self, name: str, work: Any) -> None:
        """Let one edge's broken journal end its own work and nobody else's."""
        self._name_in_logs(name)
        try:
            await work
        except* StorageError as group:
            self._fail(name, first_of(group))

    def _name_in_logs(self, name: str) -> None:
        bind_contextvars(edge=name, store=self._edges[name].card.store)  # of this task and of those that it makes

    def _fail(self, name: str, error: BaseException) -> None:
        if name not in self._failures:
            self._failures[name] = str(error)
            _log.error("edge_failed", edge=name, reason=str(error))

    async def _until_all_can_sell(self) -> None:
        waiting = set(self._edges)
        while waiting := {name for name in waiting if not await self._edges[name].can_sell()}:
            if self._stop.is_set():
                return
            await asyncio.sleep(CATALOGUE_LOOK_S)

    async def _listen(self, lines: LinesIn) -> None:
        async for line in lines:
            await self._take(line, lines)
        self.stop()

    async def _take(self, line: bytes, lines: LinesIn) -> None:
        try:
            command = _read_command(line)
        except (ProtocolError, *_NO_JSON) as error:
            self._tell({"error": f"not a command: {error}", **_whose(line)})
            lines.done()
            return
        if command.basket is not None and command.edge in self._queues:
            self._queues[command.edge].put_nowait(command.basket)
            return
        lines.done()
        if command.basket is not None:
            self._tell(
                {
                    "edge": command.edge,
                    "source_ref": command.basket.source_ref,
                    "error": f"no edge {command.edge!r} here",
                }
            )
        if command.status:
            self._tell({"status": {name: await self._status_of(name) for name in self._edges}})
        if command.stop:
            self.stop()

    async def _sell_all(self, name: str, edge: Edge, lines: LinesIn) -> None:
        self._name_in_logs(name)
        queue = self._queues[name]
        while True:
            basket = await queue.get()
            try:
                self._tell({"edge": name, "source_ref": basket.source_ref, **await self._sell(name, edge, basket)})
            finally:
                lines.done()
                queue.task_done()

    async def _sell(self, name: str, edge: Edge, basket: GivenBasket) -> dict[str, Any]:
        sale_id = SaleId(fresh_id(edge.clock.now()))
        try:
            sale: Sale = await edge.counter.do(lambda uow, clock: sell_basket(basket, self._lane, sale_id, uow, clock))
        except (DomainError, ProtocolError, StorageError) as error:
            if isinstance(error, StorageError) and not isinstance(error, DiskFull | ReserveReached):
                self._fail(name, error)
            return {"error": f"{type(error).__name__}: {error}"}
        return {"sale_id": sale.sale_id, "receipt_no": sale.receipt_no, "total_minor": sale.total_minor}

    async def _status_of(self, name: str) -> dict[str, Any]:
        edge = self._edges[name]
        at = await edge.journal.run(edge.journal.outbox.position)
        return {
            "top": at.top,
            "acked": at.acked,
            "safe": at.safe,
            "epoch": at.epoch,
            "cursor": at.dl_cursor,
            "state": edge.relay.state.value,
            "reason": self._failures.get(name, edge.relay.reason),
        }

    async def _finish(self) -> None:
        """Sell what was taken, then give headquarters a while to acknowledge."""
        await asyncio.gather(*(queue.join() for queue in self._queues.values()))
        sound = [edge for name, edge in self._edges.items() if name not in self._failures]
        await asyncio.gather(*(edge.relay.drain(self._grace_s) for edge in sound))

    def _tell(self, answer: dict[str, Any]) -> None:
        try:
            self._say(_encode(answer) + b"\n")
        except BrokenPipeError:
            self.stop()  # nobody listens any more


def _read_command(line: bytes) -> Command:
    if len(line) > MAX_LINE_BYTES:
        raise MalformedMessage("length of a line", f"more than {MAX_LINE_BYTES} bytes", f"at most {MAX_LINE_BYTES}")
    return _command(line)


def _whose(line: bytes) -> dict[str, Any]:
    """Return what a refused line says of its edge and basket, so that its teller knows which one it was."""
    with suppress(*_NO_JSON, AttributeError):
        said = msgspec.json.decode(line)
        return {"edge": said.get("edge", ""), "source_ref": (said.get("basket") or {}).get("source_ref", "")}
    return {}

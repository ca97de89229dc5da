"""One worker process that carries many edges: ``shopwire edge host``, fed with baskets, restarted when it was killed.

A basket that got no answer before a kill is told again: the edge knows it by its source reference and answers with the sale that it
already made, or makes it now.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from firmware_sim.chain.child import Child, ChildFailed
from firmware_sim.chain.shopwire import shopwire

WINDOW = 64
"""Baskets in flight per host: enough that a host never waits for us, few enough to be told again at once after a kill."""

_READY_S = 180.0
_STATUS_S = 60.0

Answer = dict[str, Any]


class EdgeHost:
    """A host process and the baskets that it has not answered."""

    def __init__(
        self,
        name: str,
        edges: Sequence[str],
        root: Path,
        logs: Path,
        answered: Callable[[Answer], None],
        environment: dict[str, str] | None = None,
        enrolments: Path | None = None,
        grace_s: float = 20.0,
    ) -> None:
        """Carry ``edges`` whose directories lie under ``root``.

        Args:
            name: of the process.
            edges: which.
            root: their directories lie below it.
            logs: folder for its standard error.
            answered: hears every answer to a basket, once.
            environment: settings for all its edges.
            enrolments: file of one-time codes, used at the first start and gone afterwards.
            grace_s: how long it may wait for headquarters when it is told to stop.
        """
        words = ("--root", str(root), "--edges", ",".join(edges), "--till", "-", "--grace", str(grace_s))
        self._arguments = shopwire("edge", "host", *words)
        first = ["--enrol", str(enrolments)] if enrolments is not None else []
        self.name, self.edges = name, list(edges)
        self.child = Child(name, [*self._arguments, *first], logs, environment)
        self.kills = 0
        self.sent_again = 0
        self._answered = answered
        self._pending: dict[str, bytes] = {}
        self._room = asyncio.Event()
        self._room.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._up = asyncio.Event()
        self._status: asyncio.Future[dict[str, Any]] | None = None
        self._stopping = False

    @property
    def unanswered(self) -> int:
        """How many baskets are in flight."""
        return len(self._pending)

    async def start(self) -> None:
        """Start the process and wait until it says that all its edges can sell."""
        await self.child.start()
        ready = await self.child.hear_ready(_READY_S)
        missing = set(self.edges) - set(ready.get("ready", ()))
        if missing:
            raise ChildFailed(self.name, f"is not ready: {ready} lacks {sorted(missing)[:5]}", self.child.log)
        self.child.arguments = self._arguments
        self._up.set()

    async def sell(self, source_ref: str, line: bytes) -> None:
        """Hand over one basket; returns as soon as it is on its way, waiting while too many are unanswered."""
        await self._room.wait()
        self._pending[source_ref] = line
        self._idle.clear()
        if len(self._pending) >= WINDOW:
            self._room.clear()
        if self._up.is_set():  # else run() tells it after the restart
            with contextlib.suppress(ConnectionError):
                await self.child.tell(line)

    async def run(self) -> None:
        """Hear answers until ``stop``; start again after a kill.

        Raises:
            ChildFailed: the process ended by itself.
        """
        while True:
            while (answer := await self.child.hear()) is not None:
                self._take(answer)
            self._up.clear()
            await self.child.ended()
            if self._stopping:
                return
            if not self.child.meant_to_end:
                raise ChildFailed(
                    self.name, f"ended by itself with {self.unanswered} baskets unanswered", self.child.log
                )
            await self._again()

    def kill(self) -> None:
        """Kill -9; ``run`` starts it again."""
        self.kills += 1
        self._up.clear()
        self.child.kill()

    async def up(self) -> None:
        """Return when it can sell (again)."""
        await self._up.wait()

    async def idle(self) -> None:
        """Return when every basket handed over so far is answered."""
        await self._idle.wait()

    async def status(self) -> dict[str, Any]:
        """Return what each edge says of its outbox: ``{edge: {"top", "acked", "state", …}}``.

        Raises:
            ChildFailed: no answer in time.
        """
        await self._up.wait()
        self._status = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_STATUS_S):
                await self.child.tell(b'{"status":true}')
                return await self._status
        except (TimeoutError, ConnectionError) as error:
            raise ChildFailed(self.name, "does not tell its status", self.child.log) from error
        finally:
            self._status = None

    async def stop(self) -> None:
        """End it in order: it finishes what is open, then goes."""
        self._stopping = True
        with contextlib.suppress(ConnectionError):
            await self.child.tell(b'{"stop":true}')
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(30):
                await self.child.ended()
        await self.child.stop()

    async def _again(self) -> None:
        await self.start()
        for line in list(self._pending.values()):
            self.sent_again += 1
            with contextlib.suppress(ConnectionError):
                await self.child.tell(line)

    def _take(self, answer: Answer) -> None:
        if "status" in answer:
            if self._status is not None and not self._status.done():
                self._status.set_result(answer["status"])
            return
        if self._pending.pop(str(answer.get("source_ref", "")), None) is not None:
            self._answered(answer)
            if len(self._pending) < WINDOW:
                self._room.set()
            if not self._pending:
                self._idle.set()


def as_line(command: dict[str, Any]) -> bytes:
    """Return a till command as the line that a host reads."""
    return msgspec.json.encode(command)

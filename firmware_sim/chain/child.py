"""One child process of the chain: started, spoken to in JSON lines, killed or ended; it never outlives us."""

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

MAX_LINE_BYTES = 1 << 24  # a host's status names every edge that it carries
STOP_GRACE_S = 20.0
_LOG_TAIL = 12
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class ChildFailed(Exception):
    """A child ended or fell silent when it should not have; the message carries the end of what it said."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        super().__init__(f"{name} {what}; its log {log} ends:\n{tail(log)}")
        self.name, self.log = name, log


def tail(log: Path, lines: int = _LOG_TAIL) -> str:
    """Return the last lines of a log, indented."""
    try:
        text = log.read_text("utf-8", "replace")
    except FileNotFoundError:
        return "  (nothing)"
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (nothing)"


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A process of ours; ``start`` may be called again after it ended.

    Attributes:
        starts: how often it was started.
        log: where its standard error goes, appended over restarts.
    """

    def __init__(self, name: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None):
        """Keep what to run; ``environment`` is added to our own, ``folder`` takes the log."""
        self.name = name
        self.arguments = list(arguments)
        self.environment = dict(environment or {})
        self.log = folder / f"{name}.log"
        self.starts = 0
        self._meant: set[int] = set()
        self._started = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    @property
    def meant_to_end(self) -> bool:
        """Tell whether we killed or stopped it ourselves, so that its end surprises nobody."""
        return self._running().pid in self._meant

    async def start(self) -> None:
        """Start it; a session of its own, so that Ctrl-C on the terminal reaches only us and we end things in order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, **self.environment},
                limit=MAX_LINE_BYTES,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.starts += 1
        self._started.set()

    async def hear(self, timeout_s: float | None = None) -> dict[str, Any] | None:
        """Return the next JSON line from its standard output, or None when it ended.

        Raises:
            ChildFailed: nothing came within ``timeout_s``.
        """
        stdout = self._running().stdout
        assert stdout is not None  # noqa: S101 - started with a pipe
        try:
            async with asyncio.timeout(timeout_s):
                while line := await stdout.readline():
                    with contextlib.suppress(msgspec.DecodeError):
                        return msgspec.json.decode(line, type=dict[str, Any])
        except TimeoutError as error:
            raise ChildFailed(self.name, f"said nothing for {timeout_s:g} s", self.log) from error
        return None

    async def hear_ready(self, timeout_s: float) -> dict[str, Any]:
        """Return its first line.

        Raises:
            ChildFailed: it ended or said nothing instead.
        """
        ready = await self.hear(timeout_s)
        if ready is None:
            code = await self._running().wait()
            raise ChildFailed(self.name, f"ended with code {code} before it was ready", self.log)
        return ready

    async def tell(self, line: bytes) -> None:
        """Write one line (without its end) to its standard input, waiting while it does not read.

        Raises:
            ConnectionError: it is gone.
        """
        stdin = self._running().stdin
        assert stdin is not None  # noqa: S101 - started with a pipe
        stdin.write(line + b"\n")
        await stdin.drain()

    async def everything(self) -> str:
        """Return all of its standard output, up to its end, giving it nothing to read."""
        process = self._running()
        assert process.stdin is not None  # noqa: S101 - started with pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.close()
        return (await process.stdout.read()).decode("utf-8", "replace")

    async def ended(self) -> int:
        """Wait for its end and return the exit code (negative: the signal)."""
        return await self._running().wait()

    async def watch(self) -> None:
        """Look after it until cancelled.

        Raises:
            ChildFailed: it ended and nobody had meant it to.
        """
        while True:
            process = self._running()
            code = await process.wait()
            if process.pid not in self._meant:
                raise ChildFailed(self.name, f"ended by itself with code {code}", self.log)
            if self._process is process:
                self._started.clear()
                await self._started.wait()

    def kill(self) -> None:
        """Kill -9; nothing is written, said or put away."""
        self._meant.add(self._running().pid)
        with contextlib.suppress(ProcessLookupError):
            self._running().kill()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        with contextlib.suppress(ProcessLookupError):
            self._running().send_signal(number)

    async def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Ask it to end, and kill it when it has not after ``grace_s``; nothing when it does not run."""
        if self.pid is None:
            return
        process = self._running()
        self._meant.add(process.pid)
        self.signal(signal.SIGTERM)
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(grace_s):
                await self._drained(process)
        except TimeoutError:
            self.kill()
        await process.wait()

    async def _drained(self, process: asyncio.subprocess.Process) -> None:
        # A child that still writes answers must not find a full pipe on its way out.
        if process.stdout is not None:
            while await process.stdout.read(1 << 16):
                pass
        await process.wait()

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise ChildFailed(self.name, "was never started", self.log)
        return self._process

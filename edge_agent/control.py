"""The control socket of a running agent: JSON lines over a unix socket that only its own user may open.

ask      {"do": "scan", "code": "6901234567892", "request_id": "…"}
answer   {"ok": {…}}   ·   {"error": "TenderTooSmall", "message": "…", "values": {…}}

An ask with ``"lang": "zh"`` (or ``en``) that is refused gets ``told`` besides: what a person reads.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec

from domain.errors import DomainError
from edge_agent.errors import AgentNotRunning, AgentRefused, AskIncomplete, BadAsk, EdgeError
from edge_agent.texts import refusal, short, spoken, texts
from protocol.errors import ProtocolError

Ask = dict[str, Any]
Handle = Callable[[Ask], Awaitable[dict[str, Any]]]

MAX_LINE_BYTES = 1 << 16
MAX_CALLERS = 16
ANSWER_S = 30.0
FINISH_S = 5.0
"""How long a stop waits for the answers that are being made."""

_encode = msgspec.json.Encoder().encode


class _Asked(Ask):
    """An ask that names what it lacks."""

    def __missing__(self, name: str) -> Any:
        raise AskIncomplete(self.get("do"), name)


class ControlServer:
    """Answers asks one after the other on each connection."""

    def __init__(self, path: Path, handle: Handle) -> None:
        self._path, self._handle = path, handle
        self._callers: set[asyncio.Task[Any]] = set()
        self._answering: set[asyncio.Task[Any]] = set()
        self._ending = False

    async def run(self) -> None:
        """Serve until cancelled; then nobody may ask any more, what was asked is answered, and everyone is hung up on."""
        with closing(_listener(self._path)) as listener:
            server = await asyncio.start_unix_server(self._converse, sock=listener, limit=MAX_LINE_BYTES)
            try:
                # Not serve_forever: cancelled, that waits until the callers hang up (Python 3.12).
                await asyncio.get_running_loop().create_future()
            finally:
                server.close()
                await self._hang_up()

    async def _hang_up(self) -> None:
        self._ending = True
        for idle in self._callers - self._answering:
            idle.cancel()
        if self._callers:
            await asyncio.wait(self._callers, timeout=FINISH_S)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = asyncio.current_task()
        assert caller is not None  # noqa: S101 - streams run this as a task
        self._callers.add(caller)
        try:
            while len(self._callers) <= MAX_CALLERS and not self._ending and (line := await reader.readline()):
                self._answering.add(caller)
                writer.write(_encode(await self._answer(line)) + b"\n")
                await writer.drain()
                self._answering.discard(caller)
        except (ConnectionError, ValueError):
            pass  # the caller is gone, or sent a line without end
        except asyncio.CancelledError:
            if not self._ending:
                raise
        finally:
            self._callers.discard(caller)
            self._answering.discard(caller)
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        ask: Ask = {}
        try:
            ask = _Asked(msgspec.json.decode(line, type=Ask))
            return {"ok": await self._handle(ask)}
        except (DomainError, EdgeError, ProtocolError) as error:
            return _refused(error, ask)
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError, RecursionError) as error:
            return _refused(BadAsk(f"{type(error).__name__}: {error}"), ask)


class ControlClient:
    """One connection to a running agent; blocking."""

    def __init__(self, path: Path) -> None:
        """Connect.

        Raises:
            AgentNotRunning: nobody answers there.
        """
        self._path = path
        try:
            self._socket = _connected(path)
        except OSError as error:
            raise AgentNotRunning(path) from error
        self._lines = self._socket.makefile("rb")

    def ask(self, **question: Any) -> dict[str, Any]:
        """Return the answer as it came: ``{"ok": …}`` or ``{"error", "message", "values"}``.

        Raises:
            AgentNotRunning: the agent ended.
        """
        try:
            self._socket.sendall(_encode(question) + b"\n")
            line = self._lines.readline()
        except OSError as error:
            raise AgentNotRunning(self._path) from error
        if not line:
            raise AgentNotRunning(self._path)
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()


def answered(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer brings.

    Raises:
        AgentRefused: it is a refusal.
    """
    if "ok" not in answer:
        raise AgentRefused(str(answer.get("error")), answer.get("values", {}), str(answer.get("message", answer)))
    found: dict[str, Any] = answer["ok"]
    return found


def _refused(error: Exception, ask: Ask) -> dict[str, Any]:
    name, values = type(error).__name__, values_of(error)
    answer = {"error": name, "message": str(error), "values": values}
    if lang := ask.get("lang"):
        language = spoken(str(lang))
        answer["told"] = refusal(texts(language), short(language), name, values, str(error))
    return answer


def values_of(error: Exception) -> dict[str, Any]:
    """Return an error's attributes as far as JSON knows them."""
    return {name: value for name, value in vars(error).items() if isinstance(value, str | int | float | bool)}


def _short(path: Path) -> tuple[int, str]:
    """Return an open directory and a path through it: the name of a unix socket has room for 107 bytes, a data directory may be deeper."""
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    return directory, f"/proc/self/fd/{directory}/{path.name}"


def _listener(path: Path) -> socket.socket:
    with suppress(FileNotFoundError):
        path.unlink()  # of an agent that was killed: the lock says that it is gone
    directory, name = _short(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(name)
    finally:
        os.umask(before)
        os.close(directory)
    return listener


def _connected(path: Path) -> socket.socket:
    directory, name = _short(path)
    caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        caller.settimeout(ANSWER_S)
        caller.connect(name)
    except OSError:
        caller.close()
        raise
    finally:
        os.close(directory)
    return caller

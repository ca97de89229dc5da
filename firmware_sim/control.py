"""The child-process side of every simulator: ready line out, JSON commands in, stop on SIGTERM.

A simulator that runs as a child prints one JSON line when it is ready, then reads one JSON object a line
from stdin and answers each with one JSON line. The end of stdin only ends the commands; SIGTERM or SIGINT
ends the process.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

Command = dict[str, Any]
Answer = dict[str, Any]

MAX_COMMAND_BYTES = 65536


class Commanded(Protocol):
    """A simulator as its process sees it."""

    @property
    def address(self) -> str:
        """What a driver's settings name."""

    def handle(self, command: Command) -> Answer:
        """Carry out one JSON command and return what is to be seen then."""

    async def __aenter__(self) -> Self:
        """Switch it on."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch it off."""


def command_line(name: str, about: str | None) -> argparse.ArgumentParser:
    """Return the parser of ``python -m <name>``, whose help shows ``about`` as it is written."""
    form = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(prog=f"python -m {name}", description=about, formatter_class=form)


def live(make: Callable[[], Commanded]) -> None:
    """Be the device that ``make`` returns, with ``{"address": …}`` as the ready line, until SIGTERM or SIGINT.

    Raises:
        SystemExit: its address cannot be taken.
    """

    async def until_stopped() -> None:
        device = make()
        try:
            await device.__aenter__()
        except OSError as error:
            raise SystemExit(f"its address cannot be taken: {error.strerror}; does another simulator run?") from error
        async with contextlib.AsyncExitStack() as life:
            life.push_async_exit(device)
            await run_until_stopped({"address": device.address}, device.handle)

    with contextlib.suppress(KeyboardInterrupt):  # in the instant before the signals are ours
        asyncio.run(until_stopped())


def say(answer: Answer) -> None:
    """Write ``answer`` as one JSON line on stdout, at once."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def answer_to(line: bytes, handle: Callable[[Command], Answer]) -> Answer:
    """Return what ``handle`` says to one command line; a bad command becomes ``{"error": …}``."""
    try:
        command = json.loads(line)
        if not isinstance(command, dict):
            return {"error": f"a command is a JSON object, not {type(command).__name__}"}
        return handle(command)
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _read_stdin(loop: asyncio.AbstractEventLoop, take: Callable[[bytes], None]) -> None:
    # A thread, because stdin may be a file or /dev/null, which epoll refuses; os.read, because a thread
    # that sleeps inside sys.stdin holds its lock and makes the interpreter's shutdown fail.
    pending = b""
    while chunk := os.read(0, 4096):
        *lines, pending = (pending + chunk).split(b"\n")
        for line in filter(bytes.strip, lines):
            loop.call_soon_threadsafe(take, line)
        if len(pending) > MAX_COMMAND_BYTES:
            return


async def run_until_stopped(ready: Answer, handle: Callable[[Command], Answer]) -> None:
    """Announce ``ready``, answer commands from stdin, return on SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    reader = threading.Thread(target=_read_stdin, args=(loop, lambda line: say(answer_to(line, handle))), daemon=True)
    reader.start()
    say(ready)
    await stopped.wait()

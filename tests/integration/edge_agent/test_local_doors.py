"""What stands open on a store's box (F49): no TCP port at all, and one socket that only its own user may open and nonsense cannot break."""

import asyncio
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from edge_agent.control import MAX_CALLERS, MAX_LINE_BYTES, ControlServer
from link.certificates import CertificateAuthority
from tests.edge_headquarters import enrolled, plain
from tests.waiting import HANG_S, until

LISTEN = "0A"
"""State of a listening socket in /proc/net/tcp."""


@contextmanager
def running_host(root: Path) -> Iterator[int]:
    """A store's process that sells, with nobody at the other end."""
    words = [sys.executable, "-m", "shopwire", "edge", "host", "--root", str(root), "--till", "-", "--grace", "0.1"]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ | plain(9)
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"ready": ["S1"]}
        yield process.pid
    finally:
        process.kill()
        process.communicate()


def listening(pid: int) -> list[str]:
    """Return the local addresses on which a process takes TCP connections."""
    sockets: set[str] = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            sockets.add(str(each.readlink()))
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == LISTEN and f"socket:[{row[9]}]" in sockets]


def test_f49_a_store_listens_on_no_port(tmp_path: Path) -> None:
    enrolled(CertificateAuthority(tmp_path / "ca"), tmp_path / "edges" / "S1", "S1", "1", 9)
    with running_host(tmp_path / "edges") as pid:
        assert listening(pid) == []


def test_the_look_at_ports_sees_one() -> None:
    with socket.create_server(("127.0.0.1", 0)):
        assert listening(os.getpid()) != []


@asynccontextmanager
async def served(path: Path) -> AsyncIterator[list[Any]]:
    asked: list[Any] = []

    async def handle(ask: dict[str, Any]) -> dict[str, Any]:
        asked.append(ask)
        return {"heard": ask}

    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(ControlServer(path, handle).run())
        await until(path.exists)
        yield asked
        serving.cancel()


async def say(path: Path, raw: bytes) -> bytes:
    """Send bytes, hang up our side, and return everything that comes back."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(raw)
        await writer.drain()
        writer.write_eof()
        async with asyncio.timeout(HANG_S):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_f49_the_socket_is_its_users_own(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with served(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_f49_nonsense_and_a_browsers_request_do_nothing(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with served(path) as asked:
        for raw in (
            b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"\x00\xff\xfe\n",
            b"[" * 5000 + b"\n",
            b'"scan"\n',
            b"x" * (MAX_LINE_BYTES * 2),
        ):
            assert b'"ok"' not in await say(path, raw)
        assert asked == []
        assert b'"ok"' in await say(path, b'{"do":"status"}\n')


async def test_f49_callers_who_only_hold_the_line_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with served(path) as asked:
        held = [await asyncio.open_unix_connection(path) for _ in range(MAX_CALLERS)]
        for _, writer in held:
            writer.write(b'{"do":"status"}\n')
        await until(lambda: len(asked) == MAX_CALLERS)
        assert await say(path, b'{"do":"status"}\n') == b"", "one too many is hung up on"
        for _, writer in held:
            writer.close()
        async with asyncio.timeout(HANG_S):
            while b'"ok"' not in await say(path, b'{"do":"status"}\n'):  # noqa: ASYNC110 - the end of a stranger has no event
                await asyncio.sleep(0.01)

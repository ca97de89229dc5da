"""Two commands at once on one line: each goes out whole, also when the device takes its time."""

import asyncio
import contextlib
import os
import socket
import threading
from pathlib import Path

import pytest

from devices.errors import DeviceUnavailable
from devices.transport import Transport
from devices.transport.address import open_transport, parse_address
from devices.transport.descriptor import DescriptorTransport
from devices.transport.tcp import KEEPALIVE, TcpTransport
from tests.waiting import until

BIG = 300_000


def a_pipe() -> tuple[DescriptorTransport, int]:
    """Return a line that holds 64 kB, and the end that is read."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    return DescriptorTransport(writing, "pipe", lambda: os.close(writing)), reading


async def taken(fd: int, size: int) -> bytes:
    """Read what the other side has written, in a thread: as slowly as it likes."""
    got = b""
    async with asyncio.timeout(20):
        while len(got) < size:
            got += await asyncio.to_thread(os.read, fd, 65536)
    return got


async def both_written(transport: Transport, fd: int) -> bytes:
    writers = [asyncio.create_task(transport.write(letter * BIG)) for letter in (b"a", b"b")]
    await asyncio.sleep(0)
    got = await taken(fd, 2 * BIG)
    async with asyncio.timeout(5):
        await asyncio.gather(*writers)
    return got


async def test_two_writers_of_a_full_line_both_come_to_an_end_and_nothing_is_mixed() -> None:
    transport, reading = a_pipe()
    try:
        assert await both_written(transport, reading) == b"a" * BIG + b"b" * BIG
    finally:
        await transport.close()
        os.close(reading)


async def test_the_second_writer_goes_on_when_the_first_gives_up() -> None:
    transport, reading = a_pipe()
    try:
        first = asyncio.create_task(transport.write(b"a" * BIG))
        second = asyncio.create_task(transport.write(b"b" * 100))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        got = b""
        async with asyncio.timeout(10):
            while not second.done() or b"b" not in got:
                got += await asyncio.to_thread(os.read, reading, 65536)
        assert got.rstrip(b"b").strip(b"a") == b""
        assert got.endswith(b"b" * 100)
    finally:
        await transport.close()
        os.close(reading)


async def test_who_waits_for_a_line_is_told_when_it_is_closed() -> None:
    transport, reading = a_pipe()
    writing = asyncio.create_task(transport.write(b"a" * BIG))
    await asyncio.sleep(0)
    await transport.close()
    try:
        async with asyncio.timeout(5):
            with pytest.raises(DeviceUnavailable, match="closed"):
                await writing
    finally:
        os.close(reading)


async def test_on_the_network_too() -> None:
    arrived = bytearray()
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(arrived) < 2 * BIG:
            arrived.extend(await reader.read(65536))
        done.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    transport = await open_transport(parse_address(f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    try:
        async with asyncio.timeout(10):
            await asyncio.gather(transport.write(b"a" * BIG), transport.write(b"b" * BIG))
            await done.wait()
        assert bytes(arrived) == b"a" * BIG + b"b" * BIG
    finally:
        await transport.close()
        server.close()
        await server.wait_closed()


async def test_a_network_device_whose_power_is_gone_is_noticed_within_half_a_minute() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    transport = await open_transport(parse_address(f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    try:
        assert isinstance(transport, TcpTransport)
        line = transport._writer.get_extra_info("socket")
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        idle, between, tries = (line.getsockopt(socket.IPPROTO_TCP, each) for each in KEEPALIVE)
        assert idle + between * tries <= 30
    finally:
        await transport.close()
        server.close()
        await server.wait_closed()


async def test_a_file_is_closed_when_the_thread_that_writes_has_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go, really = threading.Event(), threading.Event(), os.write

    def slow(fd: int, data: memoryview) -> int:
        began.set()
        assert go.wait(10)
        return really(fd, data[:3])

    transport = await open_transport(parse_address(f"file:{tmp_path}/journal"))
    monkeypatch.setattr("devices.transport.files.os.write", slow)
    writing = asyncio.create_task(transport.write(b"receipt"))
    await asyncio.to_thread(began.wait, 10)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await transport.close()
    monkeypatch.setattr("devices.transport.files.os.write", really)
    other = os.open(
        tmp_path / "other", os.O_WRONLY | os.O_CREAT
    )  # would get the number of a file that is closed too early
    go.set()
    await until(lambda: not [name for name in files_open() if name == str(tmp_path / "journal")])
    os.close(other)
    assert (tmp_path / "journal").read_bytes() == b"rec"
    assert (tmp_path / "other").read_bytes() == b""


def files_open() -> list[str]:
    """Return what this process holds open."""
    names = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            names.append(str(link.readlink()))
    return names

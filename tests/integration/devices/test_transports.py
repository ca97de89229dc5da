"""Every transport against a simulated wire: whole bytes both ways, one owner, a loss that is told."""

import asyncio
import contextlib
import os
import select
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
import serial

from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.transport import Transport
from devices.transport.address import Flow, Parity, SerialAddress, check_address, open_transport, parse_address
from devices.transport.trace import Chunk, Recorder, ReplayTransport, TracedTransport, read_trace
from firmware_sim.wire import PtyWire, TcpWire, Wire
from tests.waiting import HANG_S, until


class Closing(Protocol):
    def close(self) -> None: ...


WIRES = {"pty": PtyWire, "tcp": TcpWire}


async def opened(wire: Wire) -> Transport:
    return await open_transport(parse_address(wire.address))


async def until_opened(wire: Wire) -> Transport:
    async with asyncio.timeout(HANG_S):
        while True:
            try:
                return await opened(wire)
            except DeviceUnavailable:
                await asyncio.sleep(0.001)


async def exactly(transport: Transport, size: int) -> bytes:
    got = b""
    async with asyncio.timeout(HANG_S):
        while len(got) < size:
            got += await transport.read()
    return got


@pytest.mark.parametrize("kind", WIRES)
async def test_bytes_pass_both_ways_unchanged(kind: str) -> None:
    everything = bytes(range(256)) * 64
    async with WIRES[kind]() as wire:
        arrived = bytearray()

        def heard(data: bytes) -> None:
            arrived.extend(data)
            if len(arrived) == len(everything):
                wire.send(everything)

        wire.receive = heard
        transport = await opened(wire)
        await transport.write(everything)
        assert await exactly(transport, len(everything)) == everything
        assert arrived == everything
        await transport.close()
        await transport.close()
        with pytest.raises(DeviceUnavailable, match=r"closed|lost"):
            await transport.write(b"x")


@pytest.mark.parametrize("kind", WIRES)
async def test_a_pulled_cable_is_told_to_whoever_waits(kind: str) -> None:
    async with WIRES[kind]() as wire:
        wire.receive = wire.send
        transport = await opened(wire)
        await transport.write(b"x")
        assert await exactly(transport, 1) == b"x"
        reading = asyncio.create_task(transport.read())
        await asyncio.sleep(0)
        wire.unplug()
        with pytest.raises(DeviceUnavailable):
            async with asyncio.timeout(HANG_S):
                await reading
        await transport.close()
        wire.replug()
        again = await until_opened(wire)
        await again.close()


@pytest.mark.parametrize("kind", WIRES)
async def test_a_frozen_device_takes_nothing_until_it_thaws(kind: str) -> None:
    async with WIRES[kind]() as wire:
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        wire.receive = heard.put_nowait
        transport = await opened(wire)
        wire.freeze()
        await transport.write(b"hello")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(heard.get(), 0.05)
        wire.freeze(False)
        assert await asyncio.wait_for(heard.get(), HANG_S) == b"hello"
        await transport.close()


async def test_half_an_answer_and_a_slow_one() -> None:
    async with PtyWire() as wire:
        transport = await opened(wire)
        wire.half_next()
        wire.send(b"12345678")
        assert await exactly(transport, 4) == b"1234"
        wire.slow(200)
        began = asyncio.get_running_loop().time()
        wire.send(b"slow")
        assert await transport.read() == b"s"
        assert await exactly(transport, 3) == b"low"
        assert asyncio.get_running_loop().time() - began >= 0.01
        wire.slow(0.01)
        wire.send(b"never")
        assert await exactly(transport, 1) == b"n"
        wire.slow(None)
        assert await exactly(transport, 4) == b"ever"
        await transport.close()


async def test_who_reads_nothing_cannot_make_the_device_grow() -> None:
    async with PtyWire() as wire:
        for _ in range(40):
            wire.send(bytes(65536))
        assert wire.overrun > 0


async def test_a_seven_bit_line_on_a_pseudo_terminal_opens_as_eight_bits() -> None:
    async with PtyWire() as wire:
        transport = await open_transport(
            parse_address(f"serial:{wire.address}?baud=9600&bits=7&parity=even&flow=rtscts")
        )
        wire.send(b"\x82")
        assert await exactly(transport, 1) == b"\x82"
        await transport.close()


async def test_a_line_that_takes_long_to_close_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    held, let = threading.Event(), threading.Event()

    def slow(port: serial.Serial) -> None:
        held.set()
        let.wait(2 * HANG_S)
        port.close()

    monkeypatch.setattr("devices.transport.serial._close", slow)
    monkeypatch.setattr("devices.transport.serial.CLOSE_S", 0.02)
    async with PtyWire() as wire:
        transport = await opened(wire)
        async with asyncio.timeout(HANG_S):
            await transport.close()
        assert held.is_set()
        with pytest.raises(DeviceUnavailable, match="lock"):
            await opened(wire)
        let.set()
        await (await until_opened(wire)).close()


async def test_a_printer_on_a_character_device_has_one_owner() -> None:
    async with PtyWire() as wire:
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        wire.receive = heard.put_nowait
        transport = await open_transport(parse_address(f"char:{wire.address}"))
        await transport.write(b"job")
        assert await asyncio.wait_for(heard.get(), HANG_S) == b"job"
        with pytest.raises(DeviceUnavailable, match="another program"):
            await open_transport(parse_address(f"char:{wire.address}"))
        await transport.close()


async def test_a_file_takes_what_is_written_and_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.bin"
    for piece in (b"one", b"two"):
        transport = await open_transport(parse_address(f"file:{path}"))
        await transport.write(piece)
        waiting = asyncio.create_task(transport.read())
        await asyncio.sleep(0)
        await transport.close()
        with pytest.raises(DeviceUnavailable, match="closed"):
            await waiting
    assert path.read_bytes() == b"onetwo"
    with pytest.raises(DeviceUnavailable, match="no character device"):
        await open_transport(parse_address(f"char:{path}"))


async def test_a_fifo_is_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    transport = await open_transport(parse_address(f"file:{path}"))
    await transport.write(b"x")
    assert await exactly(transport, 1) == b"x"
    await transport.close()


@pytest.mark.parametrize(
    "address", ["/dev/no-such-thing", "char:/dev/no-such-thing", "file:/no/such/folder/x", "tcp:127.0.0.1:1"]
)
async def test_what_is_not_there_is_unavailable(address: str) -> None:
    with pytest.raises(DeviceUnavailable):
        await open_transport(parse_address(address))


def test_addresses_say_the_whole_line() -> None:
    line = parse_address("serial:/dev/ttyS0?baud=19200&bits=7&parity=odd&stop=2&flow=xonxoff")
    assert line == SerialAddress("/dev/ttyS0", 19200, 7, Parity.ODD, 2, Flow.XONXOFF)
    check_address("usb:serial=ABC")  # which device that is turns out when it is attached


@pytest.mark.parametrize(
    "wrong",
    ["", "COM1", "serial:ttyS0", "serial:/dev/x?baud=9", "serial:/dev/x?bits=9", "serial:/dev/x?parity=maybe", "tcp:",
     "tcp:h:0", "tcp:h:٣", "char:lp0", "udp:h:1"],
)  # fmt: skip
def test_an_address_that_nothing_understands_says_how_to_write_one(wrong: str) -> None:
    with pytest.raises(DeviceMisconfigured, match="tcp:HOST:PORT"):
        check_address(wrong)


async def test_a_trace_records_every_byte_and_plays_the_device(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    async with PtyWire() as wire:
        wire.receive = lambda data: wire.send(b"<" + data + b">")
        recorder = Recorder(path)
        transport = TracedTransport(await opened(wire), "scale-1", recorder)
        for question in (b"W", b"Z"):
            await transport.write(question)
            assert await exactly(transport, 3) == b"<" + question + b">"
        await transport.close()
        recorder.close()
    said = b"".join(chunk.data for chunk in read_trace(path) if chunk.dir == "in")
    assert said == b"<W><Z>"

    player = await open_transport(parse_address(f"replay:{path}"))
    waiting = asyncio.create_task(player.read())
    await asyncio.sleep(0)
    assert not waiting.done(), "it must not answer before it is asked"
    await player.write(b"W")
    first = await waiting
    await player.write(b"Z")
    assert first + await exactly(player, 6 - len(first)) == b"<W><Z>"
    with pytest.raises(DeviceUnavailable, match="has ended"):
        await player.read()


async def test_a_replayed_piece_comes_in_the_sizes_that_are_asked_for() -> None:
    player = ReplayTransport([Chunk(0, "in", "010203")], "replay:x")
    assert [await player.read(2), await player.read(2)] == [b"\1\2", b"\3"]


def test_a_trace_has_a_limit_and_a_damaged_one_names_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.transport.trace.MAX_TRACE_BYTES", 100)
    recorder = Recorder(tmp_path / "t", now=lambda: 0.0)
    for _ in range(10):
        recorder("d", "out", b"12345678")
    recorder.close()
    assert recorder.full
    assert 1 <= len(read_trace(tmp_path / "t")) <= 3
    (tmp_path / "bad").write_text('{"t": 0, "dir": "in", "hex": "00"}\n{"t": 0, "dir": "in", "hex": "0"}\n')
    with pytest.raises(DeviceMisconfigured, match="line 2"):
        read_trace(tmp_path / "bad")
    with pytest.raises(DeviceMisconfigured, match="over the limit of 100 bytes"):
        read_trace(Path("/dev/zero"))  # what has no end is not read to its end


@pytest.mark.parametrize("kind", ["pty", "tcp"])
async def test_a_device_that_babbles_without_end_leaves_everybody_else_his_turn(kind: str) -> None:
    """F45: a reader that never has to wait would keep the event loop, and with it the store, for itself."""
    with babbling(kind) as address:
        transport = await open_transport(parse_address(address))
        heard = asyncio.create_task(_make_sense(transport))
        until_s = time.monotonic() + HANG_S
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert time.monotonic() < until_s
        heard.cancel()
        await asyncio.wait({heard})
        assert heard.cancelled()
        await transport.close()


async def _make_sense(transport: Transport) -> None:
    while True:
        data = await transport.read()
        until_s = time.perf_counter() + len(data) * 2e-6  # what a parser takes for it
        while time.perf_counter() < until_s:
            pass


@contextmanager
def babbling(kind: str) -> Iterator[str]:
    """Yield the address of a device that says as much as the line takes; written by a thread, since this loop may be starved."""
    talk: Callable[[threading.Event], None]
    held: tuple[Closing, ...]
    if kind == "pty":
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        address, talk, held = os.ttyname(theirs), _to_descriptor(ours), (os.fdopen(theirs, "rb"), os.fdopen(ours, "rb"))
    else:
        listener = socket.create_server(("127.0.0.1", 0))
        address, talk, held = f"tcp:127.0.0.1:{listener.getsockname()[1]}", _to_caller(listener), (listener,)
    quiet = threading.Event()
    thread = threading.Thread(target=talk, args=(quiet,), daemon=True)
    thread.start()
    try:
        yield address
    finally:
        quiet.set()
        thread.join(5)
        for each in held:
            each.close()
        assert not thread.is_alive()


def _to_descriptor(fd: int) -> Callable[[threading.Event], None]:
    os.set_blocking(fd, False)

    def talk(quiet: threading.Event) -> None:
        while not quiet.is_set():
            try:
                os.write(fd, bytes(1024))
            except BlockingIOError:
                quiet.wait(0.0001)

    return talk


def _to_caller(listener: socket.socket) -> Callable[[threading.Event], None]:
    def talk(quiet: threading.Event) -> None:
        caller, _ = listener.accept()
        with caller, contextlib.suppress(OSError):
            while not quiet.is_set():
                caller.sendall(bytes(65536))

    return talk


async def test_bytes_that_come_slowly_are_read_without_a_pause() -> None:
    """What a reader drops before it asks anew is there at once: a rest would leave an old weight in the line."""
    async with PtyWire() as wire:
        transport = await opened(wire)
        wire.send(b"old")
        assert await exactly(transport, 3) == b"old"
        await asyncio.sleep(0.02)  # longer than a reader may keep the loop
        wire.send(b"late")
        line: Any = transport
        await until(lambda: select.select([line._fd], [], [], 0)[0])  # the kernel hands it over in its own time
        async with asyncio.timeout(0):
            assert await transport.read() == b"late"
        await transport.close()


async def test_a_name_server_that_does_not_answer_takes_one_thread_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is down: a printer known by name must not take the threads that draw the receipts of the others."""
    answer, asked = threading.Event(), 0
    real = socket.getaddrinfo

    def slow(host: str, *more: object, **named: object) -> object:
        nonlocal asked
        if host != "printer.example":
            return real(host, *more, **named)  # type: ignore[arg-type]
        asked += 1
        answer.wait(2 * HANG_S)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    try:
        for _ in range(64):
            with pytest.raises(DeviceUnavailable, match="no answer within"):
                await open_transport(parse_address("tcp:printer.example:9100"), 0.001)
        async with asyncio.timeout(HANG_S):
            assert await asyncio.to_thread(lambda: "drawn") == "drawn"
        assert asked == 1
        answer.set()
        with pytest.raises(DeviceUnavailable, match=r"printer\.example"):
            await open_transport(parse_address("tcp:printer.example:9100"), HANG_S)
    finally:
        answer.set()


@pytest.mark.parametrize("host", ["a..b", "a" * 64])
def test_what_can_be_no_host_is_refused_while_the_settings_are_read(host: str) -> None:
    with pytest.raises(DeviceMisconfigured, match="no name of a host"):
        check_address(f"tcp:{host}:9100")


async def test_a_device_is_found_by_its_name() -> None:
    async with TcpWire() as wire:
        transport = await open_transport(parse_address(wire.address.replace("127.0.0.1", "localhost")))
        await transport.close()

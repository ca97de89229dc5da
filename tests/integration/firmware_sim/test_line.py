"""The line is what every fault test stands on: each of its faults is shown to be the fault it claims."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator

import pytest

from firmware_sim.line import Line, LineState, Weather
from tests.waiting import HANG_S


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    async with Line("127.0.0.1", server.sockets[0].getsockname()[1]) as opened:
        yield opened
    server.close()


async def _dial(line: Line) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", line.port)


async def _round_trip(line: Line, data: bytes) -> bytes:
    reader, writer = await _dial(line)
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_clear_line_carries_every_byte_and_the_end_of_file(line: Line) -> None:
    data = bytes(range(256)) * 8192
    async with asyncio.timeout(HANG_S):
        assert await _round_trip(line, data) == data
    assert (line.counters.bytes_up, line.counters.bytes_down) == (len(data), len(data))
    assert line.counters.resets == 0


async def test_delay_is_added_in_both_directions_and_keeps_the_order(line: Line) -> None:
    line.weather = Weather(delay_s=0.05, jitter_s=0.02)
    reader, writer = await _dial(line)
    start = asyncio.get_running_loop().time()
    async with asyncio.timeout(HANG_S):
        for number in range(50):
            writer.write(b"%04d" % number)
            await asyncio.sleep(0)
        answer = await reader.readexactly(200)
    assert asyncio.get_running_loop().time() - start >= 0.1
    assert answer == b"".join(b"%04d" % number for number in range(50))
    writer.close()


async def test_the_rate_holds_and_is_shared(line: Line) -> None:
    line.weather = Weather(rate_bytes_s=40_000)
    start = asyncio.get_running_loop().time()
    async with asyncio.timeout(HANG_S):
        await asyncio.gather(_round_trip(line, b"a" * 10_000), _round_trip(line, b"b" * 10_000))
    assert 0.5 <= asyncio.get_running_loop().time() - start <= 3


async def test_cut_after_bytes_delivers_exactly_these_and_resets(line: Line) -> None:
    line.weather = Weather(cut_after_bytes=1000)
    for _ in range(2):
        reader, writer = await _dial(line)
        writer.write(b"x" * 5000)
        with pytest.raises(ConnectionResetError):
            async with asyncio.timeout(HANG_S):
                await reader.read(1)
        writer.close()
    assert line.counters.bytes_up == 2000
    assert line.counters.resets == 2


async def test_a_cut_line_resets_refuses_and_comes_back_on_the_same_port(line: Line) -> None:
    port = line.port
    reader, writer = await _dial(line)
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    line.cut()
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    with pytest.raises(ConnectionRefusedError):
        await _dial(line)
    writer.close()
    line.restore()
    assert line.port == port
    assert await _round_trip(line, b"again") == b"again"
    assert line.state is LineState.UP


async def test_a_black_hole_delivers_nothing_until_restored(line: Line) -> None:
    reader, writer = await _dial(line)
    writer.write(b"one")
    assert await reader.readexactly(3) == b"one"
    line.black_hole()
    writer.write(b"two")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await reader.read(1)
    fresh_reader, fresh_writer = await _dial(line)  # the handshake works, as it does behind a dead NAT
    fresh_writer.write(b"three")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await fresh_reader.read(1)
    line.restore()
    async with asyncio.timeout(HANG_S):
        assert await reader.readexactly(3) == b"two"
        assert await fresh_reader.readexactly(5) == b"three"
    writer.close()
    fresh_writer.close()


async def test_reset_now_leaves_the_line_open(line: Line) -> None:
    reader, writer = await _dial(line)
    writer.write(b"x")
    await reader.readexactly(1)
    line.reset()
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    writer.close()
    assert await _round_trip(line, b"next") == b"next"


async def test_an_unreachable_far_end_resets_the_near_end() -> None:
    closed = await asyncio.start_server(_echo, "127.0.0.1", 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    await closed.wait_closed()
    async with Line("127.0.0.1", port) as line:
        reader, writer = await _dial(line)
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        writer.close()
        assert line.counters.unreachable == 1


@pytest.mark.parametrize("wrong", [{"delay_s": -1.0}, {"rate_bytes_s": 0.0}, {"cut_after_bytes": 0}])
async def test_impossible_weather_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Weather(**wrong)  # type: ignore[arg-type]


async def test_the_child_process_obeys_its_commands_and_sigterm() -> None:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    target = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "firmware_sim.line", "--to", target, stdin=pipe, stdout=pipe
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        async with asyncio.timeout(20):
            port = json.loads(await child.stdout.readline())["port"]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"hello"
            child.stdin.write(b'{"do": "fly"}\n{"do": "weather", "delay_s": 0.01}\n{"do": "cut"}\n')
            assert "fly" in json.loads(await child.stdout.readline())["error"]
            assert json.loads(await child.stdout.readline())["state"] == "up"
            answer = json.loads(await child.stdout.readline())
            assert (answer["state"], answer["resets"]) == ("cut", 1)
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
            writer.close()
            child.send_signal(signal.SIGTERM)
            assert await child.wait() == 0
    finally:
        if child.returncode is None:
            child.kill()
        server.close()

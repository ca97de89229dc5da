"""The second screen on the bench: it shows what the page it looks at is told, and comes back by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from firmware_sim.bench.address import Network
from firmware_sim.bench.screen import ScreenSim
from firmware_sim.chain.ports import free_ports
from tests.waiting import until

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
TEA = b'event: shown\ndata: {"purpose": "item", "text": "tea", "amount_minor": 6800}\n\n'


@asynccontextmanager
async def page(port: int, answer: bytes) -> AsyncIterator[None]:
    """Answer everyone with ``answer`` and stay on the line."""
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield
    finally:
        ended.set()
        server.close()
        await server.wait_closed()


async def test_it_shows_the_newest_and_finds_a_page_that_comes_back() -> None:
    [port] = free_ports(1)
    screen = ScreenSim(Network("127.0.0.1", port))
    await screen.start()
    try:
        assert screen.shows()["connected"] is False
        for text in (b"tea", b"rice"):
            async with page(port, HEAD + b"event: language\ndata: en\n\n" + TEA.replace(b"tea", text)):
                await until(lambda text=text: screen.shows()["shown"].get("text") == text.decode())  # type: ignore[misc]
                assert screen.shows()["connected"]
            await until(lambda: not screen.shows()["connected"])
    finally:
        await screen.stop()


async def test_a_page_that_makes_no_sense_is_asked_again() -> None:
    [port] = free_ports(1)
    screen = ScreenSim(Network("127.0.0.1", port))
    await screen.start()
    try:
        async with page(port, b"HTTP/1.1 500 no\r\n\r\n"):
            await until(lambda: not screen.shows()["connected"])
        async with page(port, HEAD + b"data: {not json\n\n"):
            await asyncio.sleep(0)
        async with page(port, HEAD + TEA):
            await until(lambda: screen.shows()["shown"] != {})
    finally:
        await screen.stop()


async def test_closed_it_looks_no_more() -> None:
    [port] = free_ports(1)
    screen = ScreenSim(Network("127.0.0.1", port))
    await screen.start()
    async with page(port, HEAD + TEA):
        await until(lambda: screen.shows()["connected"])
        told = screen.handle({"fault": "unplug"})
        assert (told["wire"]["plugged"], told["connected"], told["shown"]) == (False, False, {})
        assert screen.handle({"fault": "replug"})["wire"]["plugged"]
        await until(lambda: screen.shows()["connected"])
    await screen.stop()

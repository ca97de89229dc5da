"""The bench with real simulators on real ptys and ports: they stand where the store file says, and leave nothing behind."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from firmware_sim.bench import store_file
from firmware_sim.bench.api import create_app
from firmware_sim.bench.bench import MAX_WATCHERS, Bench
from firmware_sim.bench.errors import CommandRefused, NoSuchDevice, StoreFileUnusable
from firmware_sim.bench.goods import goods
from firmware_sim.bench.playing import Player
from firmware_sim.bench.stand import Seen
from firmware_sim.scale import ScaleSim
from firmware_sim.wire import PtyWire
from tests.bench_store import bench_file
from tests.waiting import HANG_S, until

FEW = ("scanner_serial", "scale_serial", "printer_escpos")


@asynccontextmanager
async def bench_on(file: Path, **profiles: str) -> AsyncIterator[Bench]:
    async with Bench(
        store_file.read(file), file.parent / "kept", {k.replace("_", "-"): v for k, v in profiles.items()}
    ) as bench:
        yield bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench_on(bench_file(tmp_path, *FEW)) as bench:
        yield bench


def port_of(bench: Bench, name: str) -> int:
    return int(bench.stand(name).entry.address.rpartition(":")[2])


async def answered(port: int, request: bytes, size: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(HANG_S):
            return await reader.readexactly(size)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_scan_arrives_at_the_address_in_the_store_file(bench: Bench, tmp_path: Path) -> None:
    port = os.open(tmp_path / "b/scanner-1", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        await bench.do("scanner", {"scan": "6901234567892", "aim": "]E0"})
        heard = b""

        def whole() -> bool:
            nonlocal heard
            with suppress(BlockingIOError):
                heard += os.read(port, 100)
            return heard.endswith(b"\n")

        await until(whole)
        assert heard == b"]E06901234567892\r\n"
    finally:
        os.close(port)


async def test_at_the_end_nothing_stands_there_any_more(tmp_path: Path) -> None:
    file = bench_file(tmp_path, *FEW)
    async with bench_on(file) as bench:
        assert {path.name for path in (tmp_path / "b").iterdir()} == {"scanner-1", "scale-1"}
        port = port_of(bench, "printer")
        assert await answered(port, b"\x10\x04\x01", 1)
    assert list((tmp_path / "b").iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    assert {task.get_name() for task in asyncio.all_tasks()} == {asyncio.current_task().get_name()}  # type: ignore[union-attr]


async def test_a_taken_port_is_told_by_device_and_nothing_is_left(tmp_path: Path) -> None:
    file = bench_file(tmp_path, *FEW)
    async with bench_on(file):
        with pytest.raises(StoreFileUnusable, match="printer-1"):
            async with bench_on(_without_serial(file)):
                pytest.fail("two printers on one port")


def _without_serial(file: Path) -> Path:
    head, *entries = file.read_text().split("[[devices]]")
    other = file.parent / "other.toml"
    other.write_text(head + "".join(f"[[devices]]{entry}" for entry in entries if "tcp:" in entry))
    return other


@pytest.mark.parametrize("kinds", [FEW, ("scanner_serial", "scale_serial")], ids=["with ports", "serial only"])
async def test_a_second_bench_is_refused_and_takes_nothing_from_the_first(
    tmp_path: Path, kinds: tuple[str, ...]
) -> None:
    file = bench_file(tmp_path, *kinds)
    async with bench_on(file) as first:
        links = [
            Path(str(stand.told()["shows"]["path"]))
            for stand in first.stands.values()
            if "path" in stand.told()["shows"]
        ]
        before = [link.readlink() for link in links]
        with pytest.raises(StoreFileUnusable, match="is another bench running"):
            async with bench_on(file):
                pass
        assert links
        assert [link.readlink() for link in links] == before
        await first.do("scanner", {"fault": "unplug"})  # an unplugged device is still this bench's
        with pytest.raises(StoreFileUnusable, match="is another bench running"):
            async with bench_on(file):
                pass
    async with bench_on(file):
        pass  # what has ended holds nothing


async def test_a_simulator_alone_says_that_its_address_is_taken(tmp_path: Path) -> None:
    async with ScaleSim(PtyWire(tmp_path / "scale"), "cas"):
        words = ("-m", "firmware_sim.scale", "--voice", "cas", "--link", str(tmp_path / "scale"))
        second = await asyncio.create_subprocess_exec(sys.executable, *words, stderr=asyncio.subprocess.PIPE)
        async with asyncio.timeout(HANG_S):
            _, said = await second.communicate()
    assert second.returncode == 1
    assert said.decode() == "its address cannot be taken: Address already in use; does another simulator run?\n"


async def test_the_link_of_a_bench_that_was_killed_is_taken_over(tmp_path: Path) -> None:
    file = bench_file(tmp_path, "scanner_serial")
    (tmp_path / "b").mkdir(exist_ok=True)
    (tmp_path / "b/scanner-1").symlink_to("/dev/pts/99999")
    async with bench_on(file):
        assert (tmp_path / "b/scanner-1").exists()


async def test_another_profile_is_another_device_at_the_same_address(bench: Bench) -> None:
    port = port_of(bench, "printer")
    assert await answered(port, b"\x10\x04\x01", 1)
    await bench.do("printer", {"profile": "mute"})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await answered(port, b"\x10\x04\x01", 1)
    assert (await bench.seen("printer"))["profile"] == "mute"
    with pytest.raises(CommandRefused, match="shy"):
        await bench.do("printer", {"profile": "shy"})


async def test_a_frozen_device_that_is_exchanged_leaves_nobody_waiting(bench: Bench) -> None:
    def talking() -> list[asyncio.Task[Any]]:
        return [task for task in asyncio.all_tasks() if "PrinterTcp._serve" in repr(task.get_coro())]

    _, writer = await asyncio.open_connection("127.0.0.1", port_of(bench, "printer"))
    await until(talking)
    [waits] = talking()
    await bench.do("printer", {"fault": "freeze"})
    writer.write(b"x")
    wire: Any = bench.stand("printer").device
    await until(lambda: wire.wire._arrived)
    await bench.do("printer", {"profile": "mute"})
    await until(waits.done)  # and is not torn down at the end, with a traceback on the screen
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def test_profiles_can_be_there_from_the_beginning(tmp_path: Path) -> None:
    async with bench_on(bench_file(tmp_path, *FEW), printer_1="clone") as bench:
        assert bench.stand("printer-1").profile == "clone"


async def test_what_the_paper_shows_grows_and_is_a_picture(bench: Bench) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(bench, "printer"))
    writer.write(b"Hello\nworld\n")
    await until(lambda: bench.stand("printer").shows()["lines"] == 2)
    album = bench.stand("printer").album
    assert album is not None
    assert album.names() == ["now"]
    growing = album.picture("now")
    writer.write(b"\x1dV\x00")
    await until(lambda: bench.stand("printer").shows()["receipts"] == 1)
    [whole] = album.names()
    assert (growing or b"").startswith(b"\x89PNG")
    assert (album.picture(whole) or b"").startswith(b"\x89PNG")
    assert album.picture("../../etc/passwd") is None
    writer.close()
    assert reader


async def test_who_watches_hears_each_change_and_only_the_newest(bench: Bench) -> None:
    looking = asyncio.create_task(bench.look())
    async with bench.watched() as watch:
        assert await watch.news(5)
        await bench.do("scale", {"put": 412})
        told: Seen = {}
        async with asyncio.timeout(HANG_S):
            while told.get("shows", {}).get("on_platter_g") != 412:
                news = await watch.news(1)
                told = msgspec.json.decode(news.get("device:scale-1", b"{}"))
    looking.cancel()


async def test_without_an_edge_the_till_says_how_to_start_one(bench: Bench) -> None:
    with pytest.raises(CommandRefused, match="shopwire edge run"):
        await bench.do("till", {"do": "basket"})


async def test_the_scenario_of_hands_needs_no_edge(bench: Bench) -> None:
    report = await Player(bench).play("hands")
    assert report.ok, report.steps[-1]


@asynccontextmanager
async def client_of(bench: Bench, host: str = "127.0.0.1:8000") -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(bench, Player(bench), goods(), asyncio.Event())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=f"http://{host}") as client:
        yield client


async def test_the_interface_lists_commands_and_shows(bench: Bench) -> None:
    async with client_of(bench) as client:
        assert (await client.get("/v1/health")).json() == {"ok": True, "devices": 3, "plugged": 3, "edge": False}
        assert {each["face"] for each in (await client.get("/v1/devices")).json()} == {"scanner", "scale", "printer"}
        answer = await client.post("/v1/devices/scale-1", json={"fault": "unplug"})
        assert answer.json()["wire"]["plugged"] is False
        assert (await client.get("/v1/health")).json()["plugged"] == 2
        page = await client.get("/")
        assert page.text.startswith("<!doctype html>")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert (await client.get("/web/stream.js")).is_success
        things = (await client.get("/v1/goods")).json()
        assert things["scan"]
        assert things["weigh"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/devices/nobody", b"{}", 404),
        ("/v1/devices/scale-1", b'{"sing": true}', 422),
        ("/v1/devices/scale-1", b'{"fault": "sing"}', 422),
        ("/v1/devices/scale-1", b"[1]", 422),
        ("/v1/devices/scale-1", b"{" * 100_000, 413),
        ("/v1/scenarios/no-such", b"{}", 404),
        ("/v1/scenarios/.hands", b"{}", 404),
        ("/v1/till", b'{"do": "basket"}', 422),
        ("/v1/till", b'{"do": ["basket"]}', 422),
        ("/v1/till", b'{"do": "basket", "self": 1, "word": 2}', 422),
        ("/v1/devices/scale-1", b'{"a":' * 5000 + b"1" + b"}" * 5000, 422),
        ("/v1/devices/scale-1", b'{"fault": "garbage", "size": 1000000000}', 422),
        ("/v1/devices/scale-1", b'{"fault": "garbage", "size": -1}', 422),
        ("/v1/devices/scale-1", b'{"fault": "slow", "bytes_per_s": 0}', 422),
        ("/v1/devices/scale-1", b'{"fault": "slow", "bytes_per_s": "nan"}', 422),
        ("/v1/devices/scale-1", b'{"put": 1e300}', 422),
    ],
)
async def test_what_makes_no_sense_is_a_problem_and_changes_nothing(
    bench: Bench, path: str, body: bytes, status: int
) -> None:
    before = bench.told()
    async with client_of(bench) as client:
        answer = await client.post(path, content=body)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert bench.told() == before


async def test_a_body_that_does_not_say_how_long_it_is_has_the_same_limit(bench: Bench) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b" " * 4096

    async with client_of(bench) as client:
        answer = await client.post("/v1/devices/scale-1", content=endless())
    assert answer.status_code == 413


async def test_one_page_too_many_is_told_so_and_costs_nothing(bench: Bench) -> None:
    async with contextlib.AsyncExitStack() as pages, client_of(bench) as client:
        for _ in range(MAX_WATCHERS):
            await pages.enter_async_context(bench.watched())
        answer = await client.get("/v1/events")
        assert answer.status_code == 503
        assert "close one" in answer.json()["detail"]


async def test_two_hands_that_exchange_one_device_leave_one_device_there(bench: Bench) -> None:
    await asyncio.gather(*(bench.do("printer", {"profile": name}) for name in ("mute", "normal", "mute", "normal")))
    assert bench.stand("printer").profile == "normal"
    assert await answered(port_of(bench, "printer"), b"\x10\x04\x01", 1)


@pytest.mark.parametrize("host", ["evil.example.com", "192.0.2.1:80", "127.0.0.1.evil.example.com"])
async def test_other_hosts_are_refused(bench: Bench, host: str) -> None:
    async with client_of(bench, host) as client:
        refused = await client.get("/v1/devices")
    assert (refused.status_code, refused.headers["cache-control"]) == (421, "no-store")


async def test_a_page_of_another_origin_is_refused(bench: Bench) -> None:
    async with client_of(bench) as client:
        headers = {"Origin": "https://evil.example.com"}
        answer = await client.post("/v1/devices/scanner-1", json={"scan": "1"}, headers=headers)
        assert answer.status_code == 403
        assert (await bench.seen("scanner"))["scans"] == 0
        own = {"Origin": "http://127.0.0.1:8000"}
        assert (await client.post("/v1/devices/scanner-1", json={"scan": "1"}, headers=own)).status_code == 200


async def test_a_name_that_is_not_there(bench: Bench) -> None:
    with pytest.raises(NoSuchDevice, match="gate"):
        await bench.do("gate", {})

"""The second screen in a real browser, in both languages, and what it refuses."""

import asyncio
import http.client
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from devices.display_page.driver import DisplayPage, PageOptions
from devices.errors import DeviceMisconfigured
from devices.ports import Health
from devices.ports.display import Shown
from firmware_sim.chain.ports import free_ports
from tests.waiting import HANG_S, until

QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=2000", "--dump-dom"),
)


@pytest.fixture
async def page() -> AsyncIterator[DisplayPage]:
    display = DisplayPage("page-1", f"tcp:127.0.0.1:{free_ports(1)[0]}")
    task = asyncio.create_task(display.run())
    await until(lambda: display.state.health is Health.OK)
    yield display
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def looked_at(url: str, profile: Path) -> str:
    chromium = shutil.which("chromium")
    assert chromium, "no chromium on this machine: script/bootstrap all installs it"
    shown = subprocess.run(
        [chromium, *QUIET, f"--user-data-dir={profile}", url], capture_output=True, text=True, check=True, timeout=50
    ).stdout
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown[shown.index("<main") : shown.index("</main>")]))


def headers_of(port: int, path: str) -> dict[str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return {"status": str(answer.status), **dict(answer.getheaders())}


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "purpose", "amount"), [("zh-CN", "合计", "￥1,234.50"), ("en", "Total", "￥1,234.50")]
)
async def test_a_customer_sees_the_total(
    page: DisplayPage, tmp_path: Path, language: str, purpose: str, amount: str
) -> None:
    page.show(Shown("total", "<b>应付</b>", 123450, symbol="￥", detail="3 件"))
    seen = await asyncio.to_thread(looked_at, f"http://127.0.0.1:{page.port}/?lang={language}", tmp_path)
    assert [word for word in (purpose, amount, "&lt;b&gt;应付&lt;/b&gt;", "3 件") if word not in seen] == [], seen
    await until(lambda: page.screens == 0)  # the browser has hung up, and is forgotten


async def test_nothing_comes_from_elsewhere_and_nothing_is_taken_in(page: DisplayPage) -> None:
    for path in ("/", "/display.js", "/words.json", "/web/stream.js"):
        answer = await asyncio.to_thread(headers_of, page.port, path)
        assert answer["status"] == "200"
        assert "default-src 'self'" in answer["content-security-policy"]
    for path in ("/../driver.py", "/web/../serving.py", "/web/%2e%2e/serving.py"):
        assert (await asyncio.to_thread(headers_of, page.port, path))["status"] == "404"


async def test_a_port_that_another_program_holds_is_told_and_taken_when_it_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        display = DisplayPage("page-1", f"tcp:127.0.0.1:{other.getsockname()[1]}", PageOptions("en"))
        task = asyncio.create_task(display.run())
        await until(lambda: display.state.health is Health.FAILED)
        assert "cannot listen" in display.state.reason
    await until(lambda: display.state.health is Health.OK)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_name_of_its_place_is_asked_for_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that is away may keep the screen dark, and nothing else."""
    answer = threading.Event()

    def slow(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        assert host == "till.example"
        assert answer.wait(2 * HANG_S)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    display = DisplayPage("page-1", f"tcp:till.example:{free_ports(1)[0]}")
    task = asyncio.create_task(display.run())
    try:
        await asyncio.sleep(0)  # the loop turns while the name is asked for
        assert display.state.health is Health.OPENING
        answer.set()
        await until(lambda: display.state.health is Health.OK)
    finally:
        answer.set()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_a_page_needs_a_place_to_listen() -> None:
    with pytest.raises(DeviceMisconfigured, match="tcp:HOST:PORT"):
        DisplayPage("page-1", "/dev/ttyS0")


async def test_screens_that_look_on_are_hung_up_when_the_store_closes(caplog: pytest.LogCaptureFixture) -> None:
    display = DisplayPage("page-1", f"tcp:127.0.0.1:{free_ports(1)[0]}")
    task = asyncio.create_task(display.run())
    await until(lambda: display.state.health is Health.OK)
    reader, writer = await asyncio.open_connection("127.0.0.1", display.port)
    writer.write(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"data: ")
    task.cancel()
    async with asyncio.timeout(HANG_S):
        with suppress(asyncio.CancelledError):
            await task
        rest = await reader.read()
    writer.close()
    assert b"idle" in rest
    assert caplog.records == []

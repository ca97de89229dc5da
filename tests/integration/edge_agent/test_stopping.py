"""Stopping is a path: no new work, what is open is finished, headquarters gets a while, then the end."""

import asyncio
import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from edge_agent.control import ControlClient, ControlServer
from edge_agent.errors import AgentNotRunning
from tests.edge_box import Box, Child, with_printer
from tests.edge_store import RICE, TEA
from tests.waiting import HANG_S, until


async def test_a_stopping_socket_answers_what_was_asked_and_nobody_else(tmp_path: Path) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def slow(ask: dict[str, Any]) -> dict[str, Any]:
        asked.set()
        await go.wait()
        return ask

    path = tmp_path / "control.sock"
    serving = asyncio.create_task(ControlServer(path, slow).run())
    await until(path.exists)
    idle = await asyncio.to_thread(ControlClient, path)
    busy = await asyncio.to_thread(ControlClient, path)
    try:
        answer = asyncio.create_task(asyncio.to_thread(lambda: busy.ask(do="pay")))
        await asked.wait()
        serving.cancel()
        with pytest.raises(AgentNotRunning):
            await asyncio.to_thread(lambda: idle.ask(do="pay"))
        with pytest.raises(AgentNotRunning):
            await asyncio.to_thread(ControlClient, path)
        assert not serving.done()
        go.set()
        assert await answer == {"ok": {"do": "pay"}}
        with pytest.raises(AgentNotRunning):
            await asyncio.to_thread(lambda: busy.ask(do="pay"))
    finally:
        go.set()
        idle.close()
        busy.close()
        await asyncio.wait([serving])


def test_the_agent_takes_nothing_new_while_it_waits_for_headquarters(box: Box) -> None:
    box.start()
    box.sell(TEA)
    idle = ControlClient(box.data_dir / "control.sock")
    assert "ok" in idle.ask(do="scan", code=RICE)
    assert box.agent is not None
    process = box.agent.process
    process.terminate()
    deadline = time.monotonic() + HANG_S
    while answers(idle):
        assert time.monotonic() < deadline, "asks are taken while it ends"
    idle.close()
    assert not accepts(box.data_dir / "control.sock")
    assert process.poll() is None, "it waits for headquarters only after the doors are shut"
    process.communicate(timeout=20)
    assert process.returncode == 0
    kept = json.loads(box.run("status", "--json").stdout)
    assert (kept["sales"], [each["lines"] for each in kept["open"]]) == (1, [1])


def test_a_receipt_that_is_sold_is_printed_before_the_end(box: Box, printer: Child) -> None:
    with_printer(box, printer)
    box.start()
    deadline = time.monotonic() + HANG_S
    while box.ask(do="status")["ok"]["devices"]["printer-1"]["health"] != "ok":
        assert time.monotonic() < deadline
    box.sell(TEA)
    assert box.agent is not None
    assert box.agent.end() == 0
    assert len(list((box.folder / "paper").glob("*.txt"))) == 1
    box.start()
    assert box.ask(do="basket")["ok"]["unprinted"] is None


def answers(client: ControlClient) -> bool:
    try:
        return "ok" in client.ask(do="basket")
    except AgentNotRunning:
        return False


def accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            caller.connect(str(path))
        except OSError:
            return False
        return True

"""A cable is pulled in a store, and headquarters sees which device and why: over TLS, by fact and by retained status."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.scanner import LineScannerSim
from firmware_sim.wire import PtyWire
from tests.office import Office

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path / "hq")
    made.start()
    try:
        made.api.post("/v1/stores", [{"store": "1", "timezone": "Asia/Shanghai", "currency": "CNY", "name_zh": "一店"}])
        made.api.post("/v1/edges", {"edge": "S1", "store": "1"})
        yield made
    finally:
        made.stop()


def shopwire(*words: str, typed: str = "") -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shopwire", *words], cwd=ROOT, input=typed, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def running_edge(file: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "shopwire", "edge", "run", "--config", str(file)]
    with file.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(
            words, cwd=ROOT, env=os.environ | {"EDGE_LINK__MAX_BACKOFF_S": "1"}, stdout=log, stderr=log
        )


async def until_told(office: Office, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Ask headquarters for the devices of the store until they are as they should be."""
    told: dict[str, Any] = {}
    async with asyncio.timeout(40):
        while not wanted(told):
            told = await asyncio.to_thread(office.api.get, "/v1/edges/S1/devices")
            await asyncio.sleep(0.1)
    return told


def now(state: str) -> Callable[[dict[str, Any]], object]:
    return lambda told: told.get("now") and [one["state"] for one in told["now"]["devices"]] == [state]


async def test_a_pulled_cable_is_seen_at_headquarters(office: Office, tmp_path: Path) -> None:
    async with LineScannerSim(PtyWire(tmp_path / "scanner")) as scanner:
        file = tmp_path / "store.toml"
        entry = {"device_id": "scanner-1", "kind": "scanner_serial", "address": scanner.address}
        lines = [f"data_dir = {json.dumps(str(tmp_path / 'data'))}", "[[devices]]"]
        file.write_text("\n".join(lines + [f"{key} = {json.dumps(value)}" for key, value in entry.items()]))
        code = (await asyncio.to_thread(office.api.post, "/v1/edges/S1/enrolments", None))["code"]
        await asyncio.to_thread(shopwire, "edge", "enrol", "-", "--config", str(file), typed=code)
        edge = await asyncio.to_thread(running_edge, file)
        try:
            told = await until_told(office, now("ok"))
            assert (told["now"]["online"], told["now"]["devices"][0]["device_class"]) == (True, "Scanner")
            scanner.wire.unplug()
            told = await until_told(office, now("absent"))
            assert told["now"]["devices"][0]["reason"]
            facts = await until_told(office, lambda told: told.get("items") and told["items"][0]["state"] == "absent")
            assert facts["items"][0]["device"] == "scanner-1"
            scanner.wire.replug()
            await until_told(office, now("ok"))
        finally:
            edge.terminate()
            await asyncio.to_thread(edge.wait, 20)
        told = await until_told(office, lambda told: told.get("now") and not told["now"]["online"])
        assert [one["device"] for one in told["now"]["devices"]] == ["scanner-1"]  # the last it said

"""A port swap and a stranger in a known place reach headquarters and the log (F46)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from devices.hotplug import HotPlug
from devices.memory import MemoryScanner
from devices.ports import DeviceState, Health
from devices.registry import DeviceSettings
from edge_agent.attached import Attached, nodes_of
from edge_agent.bay import Bay
from edge_agent.counter import Counter
from edge_agent.identities import Identities, remembered
from protocol.facts import DeviceStateChanged
from tests.edge_store import Store
from tests.sysfs import Sysfs
from tests.waiting import until

HONEYWELL = "0c2e:0b6a"


@asynccontextmanager
async def a_boot(shop: Store, sysfs: Sysfs, file: Path, address: str) -> AsyncIterator[Identities]:
    """Boot once with one scanner at ``address``, and wait until it was looked at."""
    bay: Bay[Any] = Bay(DeviceSettings("scanner-1", "scanner_serial", address), lambda _: MemoryScanner("scanner-1"))
    identities = Identities(file, Attached([bay], HotPlug(root=sysfs.root)), Counter(shop.journal, shop.clock))
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(work) for work in identities.work().values()]
        identities.heard("scanner-1", DeviceState(Health.OK))
        yield identities
        for task in running:
            task.cancel()


async def test_a_unit_that_moved_is_told_once(shop: Store, tmp_path: Path) -> None:
    sysfs, file = Sysfs(tmp_path / "sys"), tmp_path / "devices.json"
    sysfs.serial(sysfs.usb("1-1", HONEYWELL, "A1"))
    async with a_boot(shop, sysfs, file, "usb:serial=A1") as identities:
        await until(file.exists)
        assert identities.unit("scanner-1") == remembered(file)["scanner-1"]
    assert shop.facts() == []  # the first time there is nothing to compare with
    sysfs.unplug("1-1")
    sysfs.serial(sysfs.usb("1-2", HONEYWELL, "A1"), "ttyACM1")
    with capture_logs() as logs:
        for _ in range(2):
            async with a_boot(shop, sysfs, file, "usb:serial=A1") as identities:
                await until(lambda: remembered(file)["scanner-1"].port == "1-2")
    assert [fact.swap for fact in shop.facts() if isinstance(fact, DeviceStateChanged)] == ["moved"]
    assert [line["event"] for line in logs] == ["device_swapped"]


@pytest.mark.parametrize("serial", ["B2", ""])
async def test_a_stranger_on_a_known_port_is_told(shop: Store, tmp_path: Path, serial: str) -> None:
    sysfs, file = Sysfs(tmp_path / "sys"), tmp_path / "devices.json"
    sysfs.serial(sysfs.usb("1-1", HONEYWELL, "A1"))
    async with a_boot(shop, sysfs, file, "usb:path=1-1"):
        await until(file.exists)
    sysfs.unplug("1-1")
    sysfs.serial(sysfs.usb("1-1", HONEYWELL, serial))
    async with a_boot(shop, sysfs, file, "usb:path=1-1"):
        await until(lambda: shop.facts() != [])
    [fact] = shop.facts()
    assert isinstance(fact, DeviceStateChanged)
    assert fact.swap == "replaced"
    assert "it was serial A1 on port 1-1" in fact.reason


async def test_a_stranger_whose_driver_is_quicker_than_our_look_is_told(shop: Store, tmp_path: Path) -> None:
    """Drivers try nodes by themselves: one may work before ``/sys`` was read again, and then says nothing more."""
    sysfs, file = Sysfs(tmp_path / "sys"), tmp_path / "devices.json"
    sysfs.serial(sysfs.usb("1-1", HONEYWELL, "A1"), "ttyACM0")
    async with a_boot(shop, sysfs, file, "/dev/ttyACM0"):
        await until(file.exists)
    sysfs.unplug("1-1")
    bay: Bay[Any] = Bay(DeviceSettings("scanner-1", "scanner_serial", "/dev/ttyACM0"), lambda _: MemoryScanner("s"))
    plug = HotPlug(root=sysfs.root, look_s=0.01)
    identities = Identities(file, Attached([bay], plug), Counter(shop.journal, shop.clock))
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(work) for work in (*identities.work().values(), plug.run(), bay.run())]
        await until(lambda: bay.state.health.works)
        identities.heard("scanner-1", bay.state)
        sysfs.serial(sysfs.usb("1-1", HONEYWELL, "B2"), "ttyACM0")
        await until(lambda: shop.facts() != [])
        for task in running:
            task.cancel()
    [fact] = shop.facts()
    assert isinstance(fact, DeviceStateChanged)
    assert fact.swap == "replaced"


async def test_a_lost_memory_is_learnt_again(shop: Store, tmp_path: Path) -> None:
    sysfs, file = Sysfs(tmp_path / "sys"), tmp_path / "devices.json"
    file.write_text("half a {")
    sysfs.serial(sysfs.usb("1-1", HONEYWELL, "A1"), "ttyACM0")
    async with a_boot(shop, sysfs, file, "/dev/ttyACM0"):
        await until(lambda: remembered(file).keys() == {"scanner-1"})
    assert shop.facts() == []


def test_the_nodes_that_addresses_name_are_watched() -> None:
    addresses = [
        "tcp:127.0.0.1:9100",
        "serial:/dev/ttyS0?baud=9600",
        "/dev/serial/by-id/x",
        "usb:serial=A1",
        "char:/dev/usb/lp0",
    ]
    devices = [DeviceSettings(f"d{number}", "scanner_serial", address) for number, address in enumerate(addresses)]
    assert [str(path) for path in nodes_of(devices)] == ["/dev/ttyS0", "/dev/serial/by-id/x", "/dev/usb/lp0"]

"""What is plugged in is seen, whether the kernel tells or not."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from devices.hotplug import LOOK_S, SETTLE_S, HotPlug
from devices.inventory import Peripheral, inventory
from tests.sysfs import Sysfs
from tests.waiting import HANG_S, until


@asynccontextmanager
async def watching(plug: HotPlug) -> AsyncIterator[HotPlug]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(plug.run())
        yield plug
        task.cancel()


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    return Sysfs(tmp_path / "sys")


async def test_an_arrival_ends_the_waits(sysfs: Sysfs) -> None:
    async with watching(HotPlug(root=sysfs.root)) as plug, asyncio.TaskGroup() as tasks:
        waits = [tasks.create_task(plug.wait(60)) for _ in range(3)]
        await asyncio.sleep(0)
        sysfs.serial(sysfs.usb("1-1", "0c2e:0b6a", "A1"))
        await asyncio.wait(waits, timeout=HANG_S)
        assert all(each.done() for each in waits)
        assert [one.serial for one in plug.attached] == ["A1"]


def test_a_look_comes_within_a_second_of_anything() -> None:
    assert LOOK_S + SETTLE_S < 1


async def test_a_departure_wakes_nobody_and_is_seen(sysfs: Sysfs) -> None:
    sysfs.serial(sysfs.usb("1-1", "0c2e:0b6a", "A1"))
    async with watching(HotPlug(root=sysfs.root, look_s=0.01)) as plug:
        waiting = asyncio.ensure_future(plug.wait(60))
        sysfs.unplug("1-1")
        await until(lambda: plug.attached == [])
        assert not waiting.done()
        sysfs.serial(sysfs.usb("1-1", "0c2e:0b6a", "A1"))
        await asyncio.wait_for(waiting, HANG_S)
        assert plug.changes == 2


async def test_a_link_that_appears_is_an_arrival(sysfs: Sysfs, tmp_path: Path) -> None:
    link, node = tmp_path / "scanner", tmp_path / "node"
    node.touch()
    async with watching(HotPlug(watched=[link], root=sysfs.root, look_s=0.01)) as plug:
        waiting = asyncio.ensure_future(plug.wait(60))
        await asyncio.sleep(0)
        link.symlink_to(node)
        await asyncio.wait_for(waiting, HANG_S)


async def test_where_nothing_comes_the_time_decides(sysfs: Sysfs) -> None:
    plug = HotPlug(root=sysfs.root)
    await asyncio.wait_for(plug.wait(0.01), HANG_S)


async def test_looking_costs_next_to_nothing(sysfs: Sysfs) -> None:
    for number in range(12):
        sysfs.serial(sysfs.usb(f"1-{number}", "0c2e:0b6a", f"A{number}"), f"ttyACM{number}")
    plug = HotPlug(root=sysfs.root)
    began = time.process_time()
    for _ in range(100):
        await plug._compare()
    per_look_s = (time.process_time() - began) / 100
    assert per_look_s / 0.5 < 0.01  # of a core, at two looks a second


async def test_a_look_that_fails_is_taken_again(sysfs: Sysfs, monkeypatch: pytest.MonkeyPatch) -> None:
    """What vanishes while it is read, or may not be read, must not end the watch, and with it the store."""
    failures = iter([PermissionError(13, "no"), RuntimeError("Symlink loop")])

    def read(root: Path) -> list[Peripheral]:
        if error := next(failures, None):
            raise error
        return inventory(root)

    async with watching(HotPlug(root=sysfs.root, look_s=0.01)) as plug:
        monkeypatch.setattr("devices.hotplug.inventory", read)
        waiting = asyncio.ensure_future(plug.wait(60))
        with capture_logs() as logs:
            sysfs.serial(sysfs.usb("1-1", "0c2e:0b6a", "A1"))
            await asyncio.wait_for(waiting, HANG_S)
        assert [one.serial for one in plug.attached] == ["A1"]
    assert [line["event"] for line in logs] == ["attached_not_read"]

"""What goes on beside selling, on a disk that is full for a while (F06): it waits, and ends nothing."""

import asyncio
import errno
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

import msgspec
import pytest

from edge_agent.counter import Counter
from edge_agent.errors import DiskFull
from edge_agent.lanes import Lane
from edge_agent.maintenance import release_old_facts, renew_certificate
from tests.edge_store import LANE, TEA, Store
from tests.waiting import until


class FullDisk:
    """The writer thread of a store whose disk is full for the first ``times`` calls."""

    def __init__(self, shop: Store, times: int) -> None:
        self.uow, self._shop, self.left = shop.uow, shop, times

    async def run(self, function: Callable[[], Any]) -> Any:
        if self.left:
            self.left -= 1
            raise DiskFull("committing")
        return await self._shop.journal.run(function)


async def test_work_that_nobody_waits_for_is_done_when_there_is_room(shop: Store) -> None:
    disk, told = FullDisk(shop, 3), []
    counter = Counter(disk, shop.clock)
    counter.after_commit.append(lambda: told.append(disk.left))
    assert await counter.do_when_room(lambda uow, _: uow.place.edge, pause_s=0) == "S1"
    assert told == [0]


@pytest.mark.parametrize("quantity", [1.5, "1.5", "many", None])
async def test_half_a_thousandth_is_refused_and_not_cut_off(shop: Store, quantity: object) -> None:
    lane = Lane(LANE, Counter(FullDisk(shop, 0), shop.clock), shop.clock)  # type: ignore[arg-type]  # a clock set by hand
    with pytest.raises(msgspec.ValidationError):
        await lane.words["scan"]({"code": TEA, "quantity_milli": quantity})
    assert (await lane.words["scan"]({"code": TEA, "quantity_milli": "2000"}))["lines"][0]["quantity_milli"] == 2000


async def test_letting_old_facts_go_is_tried_again_after_a_full_disk() -> None:
    tries: list[int] = []

    async def release() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise DiskFull("releasing old facts")
        return 0

    async with asyncio.TaskGroup() as tasks:
        releasing = tasks.create_task(release_old_facts(release, pause_s=0))
        await until(lambda: len(tries) > 3)
        releasing.cancel()


async def test_a_certificate_that_finds_no_room_is_tried_again() -> None:
    tries: list[datetime] = []

    def renew(now: datetime) -> NoReturn:
        tries.append(now)
        raise OSError(errno.ENOSPC, "no space left on device")

    async with asyncio.TaskGroup() as tasks:
        work = renew_certificate(lambda _: True, renew, lambda: datetime(2026, 11, 21, tzinfo=UTC), retry_s=0)
        renewing = tasks.create_task(work)
        await until(lambda: len(tries) > 2)
        renewing.cancel()

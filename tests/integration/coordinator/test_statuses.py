"""Devices as edges say them: kept, shown beside what their facts told, and a swap is an incident (F46)."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from coordinator.db.engine import again
from coordinator.handlers.fleet import keep_statuses
from coordinator.server.statuses import Statuses
from domain.ids import EdgeId
from protocol.codec import encode
from protocol.errors import ProtocolError
from protocol.facts import DeviceStateChanged
from protocol.messages import DeviceNow, Status
from protocol.topics import Address
from tests.integration.coordinator.conftest import Hq
from tests.waiting import until

DEVICES = (
    DeviceNow("scanner-1", "ok", "Scanner", since_at="2026-11-21T08:00:00+00:00"),
    DeviceNow("printer-1", "absent", "POSPrinter", "No such file or directory", "2026-11-21T09:00:00+00:00"),
)


def said(hq: Hq, devices: Sequence[DeviceNow] = (), *, online: bool = True, edge: str = "S1", shard: int = -1) -> None:
    with hq.chain.uow() as uow:
        home = uow.fleet.edges([edge])[edge].shard if shard < 0 else shard
    address = Address(home, EdgeId(edge), "status")
    keep_statuses({address: Status(1, online, devices=tuple(devices))}, hq.chain.uow(), hq.chain.clock)


def test_what_an_edge_says_of_its_devices_is_shown(hq: Hq) -> None:
    assert hq.get("/v1/edges/S1/devices").json() == {"items": [], "next": None, "now": None}
    said(hq, DEVICES)
    now = hq.get("/v1/edges/S1/devices").json()["now"]
    assert now["online"] is True
    assert [(one["device"], one["state"]) for one in now["devices"]] == [("scanner-1", "ok"), ("printer-1", "absent")]
    [edge] = [row for row in hq.office.views.edges("", 10) if row["edge"] == "S1"]
    assert (edge["devices"], edge["devices_wrong"]) == (2, 1)


def test_who_is_cut_off_keeps_what_was_known(hq: Hq) -> None:
    said(hq, DEVICES)
    said(hq, online=False)
    now = hq.get("/v1/edges/S1/devices").json()["now"]
    assert now["online"] is False
    assert len(now["devices"]) == 2
    said(hq, [])
    assert hq.get("/v1/edges/S1/devices").json()["now"]["devices"] == []


def test_a_device_with_a_text_for_no_screen_is_left_out(hq: Hq) -> None:
    said(hq, [*DEVICES, DeviceNow("evil", "ok", reason="\x1b[2J"), DeviceNow("", "ok"), DeviceNow("x" * 65, "ok")])
    assert len(hq.get("/v1/edges/S1/devices").json()["now"]["devices"]) == 2


def test_nobody_speaks_for_another_shard(hq: Hq) -> None:
    said(hq, DEVICES, shard=63)
    assert hq.get("/v1/edges/S1/devices").json()["now"] is None


async def test_the_newest_of_many_is_kept_and_nonsense_is_refused(hq: Hq) -> None:
    statuses = Statuses(hq.chain.uow, again, hq.chain.clock)
    with hq.chain.uow() as uow:
        edge = uow.fleet.edges(["S1"])["S1"]
    address = Address(edge.shard, EdgeId(edge.edge), "status")
    for _ in range(1000):
        statuses.take(address, encode(Status(1, online=True, devices=DEVICES[:1])))
    statuses.take(address, encode(Status(1, online=True, devices=DEVICES)))
    with pytest.raises(ProtocolError):
        statuses.take(address, b'{"kind":"status"')
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(statuses.run())
        await until(lambda: hq.office.views.status("S1") is not None)
        task.cancel()
    row = hq.office.views.status("S1")
    assert row is not None
    assert row["total"] == 2


@pytest.mark.parametrize("swap", ["moved", "replaced"])
def test_a_swap_is_an_incident(hq: Hq, swap: str) -> None:
    fact = msgspec.convert(
        {"device": "scale-1", "state": "ok", "reason": "serial B on port 1-2", "swap": swap}, DeviceStateChanged
    )
    hq.chain.send("S1", fact)
    incidents = hq.get("/v1/incidents").json()["items"]
    assert [(one["kind"], one["text"]) for one in incidents] == [(f"device_{swap}", "scale-1: serial B on port 1-2")]

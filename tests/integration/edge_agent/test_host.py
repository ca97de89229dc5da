"""``shopwire edge host`` as its tellers meet it: JSON lines in and out, kills in between, headquarters at the other end."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from link.broker import Broker
from link.certificates import CertificateAuthority
from tests.edge_headquarters import Headquarters, enrolled, headquarters, plain
from tests.edge_store import RICE, TEA
from tests.waiting import until

pytestmark = pytest.mark.broker


class HostProcess:
    """A running host and what it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def tell(self, *commands: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        for command in commands:
            self.process.stdin.write(json.dumps(command).encode() + b"\n")
        await self.process.stdin.drain()

    async def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(20):
            answer: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return answer

    async def stop(self) -> int:
        await self.tell({"stop": True})
        async with asyncio.timeout(20):
            return await self.process.wait()


@asynccontextmanager
async def host(root: Path, port: int, *options: str) -> AsyncIterator[HostProcess]:
    arguments = ["-m", "shopwire", "edge", "host", "--root", str(root), "--till", "-", *options]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | plain(port),
        limit=1 << 24,
    )
    try:
        yield HostProcess(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        assert process.stdin is not None
        process.stdin.close()


def basket(edge: str, ref: str, *codes: str, gross_minor: int | None = 500) -> dict[str, Any]:
    lines = [
        {
            "code": code,
            "quantity_milli": 2000,
            "gross_minor": gross_minor,
            "discounts": [{"kind": "retail", "amount_minor": 100, "funding": "retailer", "name": ""}],
        }
        for code in codes
    ]
    at = "2017-03-04T18:05:09"
    return {"edge": edge, "basket": {"source_ref": ref, "at": at, "member": "H7", "tender": "qr", "lines": lines}}


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    return Broker(tmp_path / "broker")


@pytest.fixture
def root(tmp_path: Path, broker: Broker) -> Path:
    broker.start()
    authority = CertificateAuthority(tmp_path / "ca")
    for number in (1, 2, 3):
        enrolled(authority, tmp_path / "edges" / f"S{number}", f"S{number}", str(number), broker.port)
    return tmp_path / "edges"


@pytest.fixture(autouse=True)
def _broker_ends(broker: Broker) -> Any:
    yield
    broker.stop()


async def test_baskets_are_sold_once_and_reach_headquarters(root: Path, broker: Broker) -> None:
    async with headquarters(broker) as hq, host(root, broker.port) as running:
        assert await running.hear() == {"ready": ["S1", "S2", "S3"]}
        await running.tell(*(basket(f"S{number}", f"b{number}", TEA, RICE) for number in (1, 2, 3)))
        answers = [await running.hear() for _ in range(3)]
        assert {answer["source_ref"] for answer in answers} == {"b1", "b2", "b3"}
        assert all(answer["receipt_no"] == 1 and answer["total_minor"] == 800 for answer in answers)
        await running.tell(basket("S2", "b2", TEA, RICE))
        again = await running.hear()
        assert again in answers
        assert await running.stop() == 0
        sold = hq.sales("S2")
        assert len(sold) == 1
        assert sold[0].business_date == "2017-03-04"
        assert sold[0].completed_at == "2017-03-04T10:05:09+00:00"
        assert (sold[0].member, sold[0].source_ref) == ("H7", "b2")
        assert [line.price_source for line in sold[0].lines] == ["given", "given"]


async def test_refusals_name_the_basket_and_leave_the_lane_free(root: Path, broker: Broker) -> None:
    async with host(root, broker.port, "--edges", "S1", "--grace", "0.2") as running:
        assert await running.hear() == {"ready": ["S1"]}
        await running.tell(
            basket("S1", "bad", TEA, "4006381333931"),
            basket("S9", "whose", TEA),
            {"edge": "S1", "basket": {"source_ref": "odd"}},
            basket("S1", "good", TEA, gross_minor=None),
        )
        answers = {answer.get("source_ref"): answer for answer in [await running.hear() for _ in range(4)]}
        assert "UnknownBarcode" in answers["bad"]["error"]
        assert "S9" in answers["whose"]["error"]
        assert "tender" in answers["odd"]["error"] or "at" in answers["odd"]["error"]
        assert (answers["good"]["receipt_no"], answers["good"]["total_minor"]) == (1, 2 * 6800 - 100)
        await running.tell({"status": True})
        status = (await running.hear())["status"]["S1"]
        assert (status["top"], status["acked"], status["epoch"]) == (2, 0, 1)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.stdin is not None
        async with asyncio.timeout(25):
            assert await running.process.wait() == 0


ODD_LINES = {
    "not UTF-8": b'{"edge": "S1", "basket": {"source_ref": "\xff"}}',
    "nests without end": b'{"edge": ' + b"[" * 100_000,
    "nests where nobody looks": b'{"else": ' + b"[" * 100_000,
    "too long": b'{"edge": "S1", "basket": "' + b"x" * (3 << 20) + b'"}',
}


@pytest.mark.parametrize("line", ODD_LINES.values(), ids=ODD_LINES.keys())
async def test_a_line_that_nobody_can_read_is_answered_and_ends_nothing(
    root: Path, broker: Broker, line: bytes
) -> None:
    async with host(root, broker.port, "--edges", "S1", "--grace", "0.2") as running:
        assert await running.hear() == {"ready": ["S1"]}
        assert running.process.stdin is not None
        running.process.stdin.write(line + b"\n")
        await running.tell(basket("S1", "good", TEA))
        assert "not a command" in (await running.hear())["error"]
        assert (await running.hear())["receipt_no"] == 1
        assert await running.stop() == 0


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00", "1900-01-01", "2101-01-01"])
async def test_a_time_outside_of_any_shops_life_is_refused(root: Path, broker: Broker, at: str) -> None:
    async with host(root, broker.port, "--edges", "S1", "--grace", "0.2") as running:
        assert await running.hear() == {"ready": ["S1"]}
        odd = basket("S1", "odd", TEA)
        odd["basket"]["at"] = at
        await running.tell(odd, basket("S1", "good", TEA))
        assert "1970 to 2100" in (await running.hear())["error"]
        assert (await running.hear())["receipt_no"] == 1
        assert await running.stop() == 0


async def test_killed_again_and_again_nothing_is_lost_or_doubled(root: Path, broker: Broker) -> None:
    total = 60
    told = {f"b{number}": basket(f"S{number % 3 + 1}", f"b{number}", *[TEA, RICE] * 4) for number in range(total)}
    first: dict[str, dict[str, Any]] = {}
    async with headquarters(broker) as hq:
        for kill_after in (1, 4, 9, 15, 0):
            async with host(root, broker.port) as running:
                await running.hear()
                waiting = [command for ref, command in told.items() if ref not in first]
                await running.tell(*waiting)
                for _ in range(kill_after or len(waiting)):
                    answer = await running.hear()
                    first.setdefault(answer["source_ref"], answer)
                if kill_after:
                    running.process.kill()
                else:
                    assert await running.stop() == 0
        everything = [sale for number in (1, 2, 3) for sale in hq.sales(f"S{number}")]
        await until(lambda: sum(len(hq.sales(f"S{number}")) for number in (1, 2, 3)) == total)
        _assert_each_once(everything, first, hq)


def _assert_each_once(everything: list[Any], first: dict[str, dict[str, Any]], hq: Headquarters) -> None:
    assert sorted(sale.source_ref for sale in everything) == sorted(first)
    for sale in everything:
        told = first[sale.source_ref]
        assert (told["sale_id"], told["receipt_no"], told["total_minor"]) == (
            sale.sale_id,
            sale.receipt_no,
            sale.total_minor,
        )
        assert len(sale.lines) == 8
    for number in (1, 2, 3):
        numbers = [sale.receipt_no for sale in hq.sales(f"S{number}")]
        assert numbers == list(range(1, len(numbers) + 1))
    assert hq.forks == []

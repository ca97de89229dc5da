"""A store at work as a process: scanner and printer on their wires, a cashier at the till, kills at bad moments (F01, F02, F03, F44)."""

import asyncio
import json
from pathlib import Path

import pytest

from link.broker import Broker
from tests.edge_box import Box, Child, with_printer
from tests.edge_headquarters import headquarters
from tests.edge_store import CASE_OF_TEA, RICE, TEA, ean
from tests.waiting import until


async def receipts(folder: Path, count: int) -> list[str]:
    found: list[Path] = []

    def there() -> bool:
        found[:] = sorted((folder / "paper").glob("*.txt"))
        return len(found) >= count

    await until(there)
    return [file.read_text("utf-8") for file in found]


async def test_it_sells_and_prints_without_any_network(box: Box, printer: Child) -> None:
    with_printer(box, printer)
    box.start()
    sold = box.sell(TEA, RICE)
    assert (sold["receipt_no"], sold["change_minor"]) == (1, 100_000 - 6800 - 4590)
    (paper,) = await receipts(box.folder, 1)
    for text in ("沃茂超市 人民路店", "龙井茶", "Longjing tea", "1 box x 68.00", "113.90", "886.10", "1-1-1"):
        assert text in paper
    assert "COPY" not in paper
    await until(lambda: box.ask(do="last")["ok"]["print"] == "printed")
    assert box.ask(do="status")["ok"]["devices"]["printer-1"]["health"] == "ok"


async def test_scans_from_the_wire_are_rung_up(box: Box, tmp_path: Path) -> None:
    scanner = Child("firmware_sim.scanner", "--link", str(tmp_path / "scanner"))
    scanner.hear()
    box.settle({"device_id": "scanner-1", "kind": "scanner_serial", "address": str(tmp_path / "scanner")})
    try:
        box.start()
        await until(lambda: box.ask(do="status")["ok"]["devices"]["scanner-1"]["health"] == "ok")
        for code in (TEA, ean(999), CASE_OF_TEA):
            scanner.tell(scan=code, aim="]E0")
        await until(lambda: len(box.ask(do="basket")["ok"]["lines"]) == 2)
        assert box.ask(do="basket")["ok"]["total_minor"] == 13 * 6800
    finally:
        scanner.end()


async def test_killed_after_the_commit_it_asks_and_the_reprint_is_a_copy(box: Box, printer: Child) -> None:
    with_printer(box, printer)
    box.start()
    printer.tell(fault="mute")  # takes the bytes, never says that they are on paper
    box.sell(TEA)
    await until(lambda: box.ask(do="last")["ok"]["print"] in ("sending", "sent"))
    assert box.agent is not None
    box.agent.kill()
    printer.tell(fault="unmute")
    box.start()
    stands = box.ask(do="basket")["ok"]
    assert (stands["unprinted"]["receipt_no"], stands["print"]) == (1, "unknown")
    assert "Print again?" in box.run("till", typed="quit\n").stdout
    assert box.ask(do="reprint")["ok"] == {"sale_id": stands["unprinted"]["sale_id"], "copy": 1, "receipt_no": 1}
    await until(lambda: box.ask(do="last")["ok"]["print"] == "printed", 20)
    assert any("补打 COPY" in paper for paper in await receipts(box.folder, 1))
    assert box.sell(RICE)["receipt_no"] == 2


@pytest.mark.broker
async def test_killed_between_scans_the_basket_is_there_and_headquarters_has_each_sale_once(tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker:
        box = Box(tmp_path / "box", broker.port)
        box.settle()
        async with headquarters(broker) as hq:
            try:
                for number in range(1, 6):
                    await asyncio.to_thread(box.start)
                    left = await asyncio.to_thread(lambda: box.ask(do="basket")["ok"]["lines"])
                    assert [line["sku"] for line in left] == (["RICE"] if number > 1 else [])
                    assert (await asyncio.to_thread(box.sell, TEA))["receipt_no"] == number
                    await asyncio.to_thread(box.ask, do="scan", code=RICE)
                    assert box.agent is not None
                    box.agent.kill()
                await asyncio.to_thread(box.start)
                await until(lambda: len(hq.sales("S1")) == 5, 20)
                assert [sale.receipt_no for sale in hq.sales("S1")] == [1, 2, 3, 4, 5]
                status = await asyncio.to_thread(lambda: box.run("status", "--json").stdout)
                assert json.loads(status)["running"] is True
                assert box.agent is not None
                assert await asyncio.to_thread(box.agent.end) == 0
            finally:
                assert box.agent is not None
                if box.agent.process.poll() is None:
                    box.agent.kill()


def test_a_cashier_sells_by_hand_in_both_languages(box: Box) -> None:
    box.start()
    typed = f"{TEA}\n2 * {RICE}\n6901234567890\nvoid 1\ntotal\ncash 1\ncash 100\nlast\nclose\nclose\nnonsense word\ncash 1.2.3\n"
    said = box.run("till", typed=typed).stdout
    for text in (
        "Longjing" if "Longjing" in said else "龙井茶",
        "check digit",
        "To pay: CNY 91.80",
        "Receipt 1-1-1",
        "change CNY 8.20",
    ):
        assert text in said
    assert "is closed: 1 sales" in said
    assert "closed already" in said
    chinese = box.run("till", typed=f"{TEA}\nqr\n", lang="zh").stdout
    assert "小票 1-1-2" in chinese
    listed = box.run("sales", "--csv").stdout.splitlines()
    assert len(listed) == 3
    assert listed[1].split(",")[1] == "2"
    assert "receipt" in box.run("sales", "--json").stdout
    assert "shopwire.sale_completed.v1" in box.run("outbox").stdout


def test_the_doctor_names_what_is_wrong_and_what_next(box: Box) -> None:
    healthy = box.run("doctor", "--json")
    verdicts = {finding["check"]: finding["verdict"] for finding in json.loads(healthy.stdout)}
    assert healthy.returncode == 0
    assert verdicts["database"] == verdicts["chain"] == verdicts["stock"] == verdicts["identity"] == "ok"
    assert verdicts["headquarters"] == "warn"
    database = box.data_dir / "edge.db"
    content = bytearray(database.read_bytes())
    content[100:4000] = b"\xff" * 3900
    database.write_bytes(content)
    (box.data_dir / "edge.db-wal").unlink(missing_ok=True)
    sick = box.run("doctor")
    assert sick.returncode == 1
    assert "--new-epoch" in sick.stdout


def test_two_agents_never_share_a_directory(box: Box) -> None:
    box.start()
    second = box.run("run")
    assert second.returncode == 1
    assert "Another agent already runs" in second.stderr

"""Receipts on their way to paper: late proofs reach the journal, a person lets a printer go on, copies say that they are."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from devices.health import Report
from devices.memory import MemoryPrinter
from devices.receipt import Picture, StoredLogo, Text
from devices.registry import DeviceSettings
from edge_agent.attached import Attached
from edge_agent.bay import Bay
from edge_agent.counter import Counter
from edge_agent.errors import EdgeError
from edge_agent.handlers.commands import Reprint
from edge_agent.handlers.printing import move_job, reprint, take_job
from edge_agent.logo import logo_of
from edge_agent.paper import ReceiptPrinting
from edge_agent.receipts import Style
from tests.edge_store import Store
from tests.waiting import until

STYLE = Style("沃茂超市", "Shopwire", "Asia/Shanghai")


class Desk:
    """A store with a printer."""

    def __init__(self, shop: Store, *, printer: bool = True) -> None:
        self.shop, self.printer = shop, MemoryPrinter("printer-1")
        bays = [Bay(DeviceSettings("printer-1", "printer_escpos"), self._build)] if printer else []
        self.counter = Counter(shop.journal, shop.clock)
        self.printing = ReceiptPrinting(Attached(bays), self.counter, STYLE)

    def _build(self, _: Report) -> MemoryPrinter:
        return self.printer

    def states(self) -> list[tuple[int, str, str]]:
        return [
            tuple(row) for row in self.shop.ask("SELECT copy, state, reason FROM print_job ORDER BY sale_number, copy")
        ]

    async def do(self, handler: Callable[..., Any]) -> Any:
        return await self.counter.do(handler)


@pytest.fixture
async def desk(shop: Store) -> AsyncIterator[Desk]:
    made = Desk(shop)
    works: list[Coroutine[Any, Any, Any]] = list(made.printing.work().values())
    tasks = [asyncio.create_task(work) for work in works]
    yield made
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.req(17)
async def test_a_proof_after_the_outcome_makes_it_printed(desk: Desk) -> None:
    desk.printer.mute = True
    desk.shop.sell()
    await desk.do(lambda uow, _: None)  # a commit was told
    await until(lambda: desk.states()[0][1] == "unknown")
    desk.printer.confirm()
    await until(lambda: desk.states()[0][1] == "printed")
    assert desk.states()[0][2] == "confirmed late"


async def test_nothing_unprints_what_is_on_paper(shop: Store) -> None:
    shop.sell()
    desk = Desk(shop)
    waiting = await desk.do(lambda uow, _: take_job(uow))
    for state in ("sent", "printed", "unknown", "sent"):
        await desk.do(lambda uow, _, state=state: move_job(waiting.job, state, "", uow))
    assert desk.states() == [(0, "printed", "")]


async def test_a_copy_says_that_it_is_one(desk: Desk) -> None:
    sale = desk.shop.sell()
    await desk.do(lambda uow, _: None)
    await until(lambda: len(desk.printer.printed) == 1)
    await desk.do(lambda uow, _: reprint(Reprint(sale.sale_id), uow))
    await until(lambda: len(desk.printer.printed) == 2)
    texts = [[each.text for each in job.document.elements if isinstance(each, Text)] for job in desk.printer.printed]
    assert "** 补打 COPY **" not in texts[0]
    assert "** 补打 COPY **" in texts[1]
    await until(lambda: desk.states() == [(0, "printed", ""), (1, "printed", "")])


async def test_a_person_lets_the_printer_go_on(desk: Desk) -> None:
    recover = desk.printing.words["recover_printer"]
    assert (await recover({"do": "recover_printer"}))["online"] is True
    await recover({"do": "recover_printer", "drop": True})
    assert desk.printer.recoveries == [False, True]
    desk.printer.unplugged = True
    with pytest.raises(EdgeError, match="unplugged"):
        await recover({"do": "recover_printer"})


async def test_without_a_printer_there_is_nothing_to_do(shop: Store) -> None:
    desk = Desk(shop, printer=False)
    assert desk.printing.work() == {}
    with pytest.raises(EdgeError, match="no printer is configured"):
        await desk.printing.words["recover_printer"]({"do": "recover_printer"})


def test_a_logo_is_a_picture_or_kept_by_the_printer_and_a_wrong_one_stops_nothing(tmp_path: Any) -> None:
    from PIL import Image

    Image.new("L", (80, 20), 0).save(tmp_path / "logo.png")
    assert logo_of("", 48) is None
    assert logo_of("stored:2", 48) == StoredLogo(2)
    assert isinstance(logo_of(str(tmp_path / "logo.png"), 48), Picture)
    assert logo_of(str(tmp_path / "none.png"), 48) is None
    assert logo_of("stored:x", 48) is None

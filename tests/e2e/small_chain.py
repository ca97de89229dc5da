"""Headquarters with its broker and one store, as processes, for the tests that play one story from end to end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from firmware_sim.chain.headquarters import Headquarters, Places
from firmware_sim.chain.host import Answer, EdgeHost, as_line
from firmware_sim.demo import goods
from firmware_sim.replay.basket import SourceBasket, edge_of, till_command
from firmware_sim.replay.loading import admit, store_row

STORE = 361
EDGE = edge_of(STORE)


class SmallChain:
    """One store of the demo's extract; ``answers`` are what its host printed, by source reference."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.logs = folder, folder / "logs"
        self.headquarters = Headquarters(folder / "hq", Places.choose(), self.logs)
        self.baskets = [basket for basket in goods.baskets() if basket.store == STORE]
        self.answers: dict[str, Answer] = {}
        self.host: EdgeHost | None = None
        self._running: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Tell headquarters of the store and its goods."""
        api = self.headquarters.api
        await asyncio.to_thread(api.post, "/v1/stores", [store_row(STORE) | {"assortment": "all"}])
        rows = [article.catalogue_row() for article in goods.articles(goods.baskets())]
        answer = await asyncio.to_thread(api.import_rows, "/v1/catalogue/imports", rows)
        assert answer["errors"] == []

    async def open_store(self, *, enrol: bool) -> EdgeHost:
        """Start the store's host, with a fresh enrolment code or as it was."""
        codes = self.folder / "codes" if enrol else None
        if codes is not None:
            await asyncio.to_thread(admit, self.headquarters.api, [STORE], codes)
        environment = {"EDGE_LINK__MAX_BACKOFF_S": "1"}
        root = self.folder / "edges"
        self.host = EdgeHost("edges", [EDGE], root, self.logs, self._hear, environment, codes, grace_s=1)
        await self.host.start()
        self._running = asyncio.create_task(self.host.run())
        return self.host

    async def close_store(self) -> None:
        """End the host in order."""
        if self.host is not None and self._running is not None:
            await self.host.stop()
            await self._running
            self.host = self._running = None

    async def sell(self, baskets: list[SourceBasket]) -> None:
        """Sell and wait for every answer."""
        assert self.host is not None
        for basket in baskets:
            await self.host.sell(basket.source_ref, as_line(till_command(basket)))
        async with asyncio.timeout(30):
            await self.host.idle()

    async def state(self) -> dict[str, Any]:
        """Return what the store says of its link."""
        assert self.host is not None
        status = (await self.host.status())[EDGE]
        assert isinstance(status, dict)
        return status

    async def until_acknowledged(self, within_s: float = 60) -> None:
        """Return when headquarters has confirmed everything that the store committed."""
        async with asyncio.timeout(within_s):
            for _ in count():
                status = await self.state()
                if status["top"] == status["acked"]:
                    return
                await asyncio.sleep(0.05)

    async def known(self) -> dict[str, int]:
        """Return total by source reference of every sale that headquarters knows."""
        page = await asyncio.to_thread(self.headquarters.api.get, "/v1/sales", limit=1000)
        sales: list[dict[str, Any]] = page["items"]
        assert len({sale["source_ref"] for sale in sales}) == len(sales)
        return {sale["source_ref"]: sale["total_minor"] for sale in sales}

    def _hear(self, answer: Answer) -> None:
        self.answers[answer["source_ref"]] = answer


@asynccontextmanager
async def small_chain(folder: Path) -> AsyncIterator[SmallChain]:
    """Run headquarters, and end whatever runs at the end."""
    chain = SmallChain(folder)
    try:
        await chain.headquarters.start()
        await chain.load()
        yield chain
    finally:
        await chain.close_store()
        await chain.headquarters.stop()


def running_with(text: str) -> list[str]:
    """Return the command lines of all processes that have ``text`` in theirs."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found

"""A store that lives on the bench: headquarters with its broker, and an edge with the bench's own store file, as child processes."""

import asyncio
from pathlib import Path

from firmware_sim.bench.goods import catalogue_rows, price_rows
from firmware_sim.chain.child import Child, ChildFailed
from firmware_sim.chain.headquarters import Headquarters, Places, run_once
from firmware_sim.chain.shopwire import shopwire
from firmware_sim.demo.store import Till

EDGE = "B1"
STORE = "1"
ROW = {
    "store": STORE,
    "timezone": "Asia/Shanghai",
    "currency": "CNY",
    "assortment": "all",
    "name_zh": "测试台门店",
    "name_en": "The store on the bench",
}
_READY_S = 30.0
_LOOK_S = 0.05


class LivingStore:
    """Headquarters and one edge; ``data_dir`` is the edge's, whatever the store file says."""

    def __init__(self, config: Path, folder: Path, *, lang: str) -> None:
        """Keep everything in ``folder``; the edge reads ``config``."""
        logs = folder / "logs"
        self.data_dir = folder / "store"
        self.headquarters = Headquarters(folder / "headquarters", Places.choose(), logs, lang=lang)
        words = ("edge", "run", "--config", str(config.absolute()), "--data-dir", str(self.data_dir))
        self.edge = Child("edge", shopwire(*words), logs)
        self._logs = logs

    async def open(self) -> None:
        """Start headquarters, tell it what is sold, enrol the edge and wait until it answers.

        Raises:
            ChildFailed: something did not start; the message ends with its log.
            ApiRefused, ApiSilent: headquarters did not take the goods.
        """
        await self.headquarters.start()
        code = await asyncio.to_thread(self._prepare)
        await run_once("enrol", shopwire("edge", "enrol", code, "--data-dir", str(self.data_dir)), self._logs)
        await self.edge.start()
        await self._until_it_knows_its_goods()

    async def watch(self) -> None:
        """Look after both until cancelled.

        Raises:
            ExceptionGroup of ChildFailed: one of them ended by itself.
        """
        async with asyncio.TaskGroup() as tasks:
            for child in (self.headquarters.child, self.edge):
                tasks.create_task(child.watch(), name=f"watch:{child.name}")

    async def close(self) -> None:
        """End the edge, then headquarters."""
        await self.edge.stop()
        await self.headquarters.stop()

    def _prepare(self) -> str:
        api = self.headquarters.api
        api.post("/v1/stores", [ROW])
        api.import_rows("/v1/catalogue/imports", catalogue_rows())
        api.import_rows("/v1/prices/imports", price_rows())
        api.post("/v1/edges", {"edge": EDGE, "store": STORE})
        return str(api.post(f"/v1/edges/{EDGE}/enrolments")["code"])

    async def _until_it_knows_its_goods(self) -> None:
        try:
            async with asyncio.timeout(_READY_S):
                till = await Till.dial(self.data_dir / "control.sock")
                try:
                    while not (await till.ask("status"))["stream"]["cursor"]:  # noqa: ASYNC110 - another process
                        await asyncio.sleep(_LOOK_S)
                finally:
                    await till.hang_up()
        except TimeoutError as error:
            raise ChildFailed(self.edge.name, f"cannot sell within {_READY_S:g} s", self.edge.log) from error

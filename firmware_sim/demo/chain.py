"""The demo's chain: headquarters with its own broker, and three stores; opened together, ended together."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from firmware_sim.chain.child import Child
from firmware_sim.chain.headquarters import Headquarters, Places
from firmware_sim.demo import goods
from firmware_sim.demo.goods import Article
from firmware_sim.demo.screen import Screen
from firmware_sim.demo.store import DemoStore
from firmware_sim.replay.basket import CURRENCY, TIMEZONE
from firmware_sim.texts import Texts


class DemoChain:
    """Everything that the demo starts."""

    def __init__(self, folder: Path, texts: Texts) -> None:
        """Keep state in ``folder``/state and pictures of receipts in ``folder``/receipts."""
        self.receipts, state = folder / "receipts", folder / "state"
        self._places = Places.choose()
        self.headquarters = Headquarters(state / "headquarters", self._places, state / "logs", lang=texts.lang)
        self.stores = [
            DemoStore(
                number,
                texts("demo.store", number=number),
                state / f"store-{number}",
                self.receipts / f"store-{number}",
                lang=texts.lang,
            )
            for number in goods.STORES
        ]

    async def open(self, articles: Sequence[Article], baskets: int, screen: Screen) -> None:
        """Start headquarters, tell it what is sold, open the stores."""
        await asyncio.gather(self.headquarters.start(), *(store.plug_in(self._places.broker) for store in self.stores))
        screen.say("demo.hq_up")
        await asyncio.to_thread(self._load, articles)
        screen.say("demo.loaded", articles=len(articles), stores=len(self.stores), baskets=baskets)
        async with asyncio.TaskGroup() as opening:
            # A store that waits for a headquarters that is gone would be blamed for it, half a minute later.
            guard = opening.create_task(self.headquarters.child.watch(), name="guard:headquarters")
            await asyncio.gather(*(self._open(store, screen) for store in self.stores))
            guard.cancel()

    def watched(self) -> list[Child]:
        """Return what must not end by itself."""
        return [self.headquarters.child, *(child for store in self.stores for child in store.watched())]

    async def close(self) -> None:
        """End everything: first who sells, last headquarters."""
        await asyncio.gather(*(store.close() for store in self.stores))
        await self.headquarters.stop()

    async def _open(self, store: DemoStore, screen: Screen) -> None:
        code = await asyncio.to_thread(self._admit, store)
        await store.open(code)
        screen.say("demo.open", store=store.name)

    def _load(self, articles: Sequence[Article]) -> None:
        api = self.headquarters.api
        stores = [_store_row(number) for number in goods.STORES]
        api.post("/v1/stores", stores)
        api.import_rows("/v1/catalogue/imports", (article.catalogue_row() for article in articles))
        prices = ({"store": "*", "sku": each.sku, "unit_price_minor": each.price_minor} for each in articles)
        api.import_rows("/v1/prices/imports", (price for price in prices if price["unit_price_minor"]))

    def _admit(self, store: DemoStore) -> str:
        self.headquarters.api.post("/v1/edges", {"edge": store.edge, "store": str(store.number)})
        return str(self.headquarters.api.post(f"/v1/edges/{store.edge}/enrolments")["code"])


def _store_row(number: int) -> dict[str, str]:
    names = {f"name_{lang}": Texts(lang)("demo.store", number=number) for lang in ("zh", "en")}
    return {"store": str(number), "timezone": TIMEZONE, "currency": CURRENCY, "assortment": "all", **names}

"""The acts of the demo, in order: sell, scan, look, cut, recover, reckon. Each says what happens and why it matters."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from firmware_sim.demo.books import Books, Known, compare
from firmware_sim.demo.goods import Article, Photo
from firmware_sim.demo.screen import Row, Screen, money
from firmware_sim.demo.store import DemoStore, Seen, Sold
from firmware_sim.replay.basket import SourceBasket
from firmware_sim.texts import Texts

_LOOK_S = 0.25
_CAUGHT_UP_WITHIN_S = 60.0
_OFFLINE_BASKETS = 6
_SCANNED = 3


class DemoSummary(msgspec.Struct, frozen=True):
    """The last line of ``shopwire demo --json``; ``sales_minor`` is what the tills said, ``hq_sales_minor`` what headquarters knows."""

    ok: bool
    stores: int
    sales: int
    sales_minor: int
    hq_sales_minor: int
    missing: int
    duplicated: int
    receipts: int
    photos_read: int
    offline_sales_recovered: int
    seconds: float


@dataclass
class Show:
    """The stage: three stores, what they shall sell, the screen, and headquarters' books."""

    stores: Sequence[DemoStore]
    baskets: Sequence[SourceBasket]
    articles: dict[str, Article]
    photos: Sequence[Photo]
    books: Books
    screen: Screen
    texts: Texts
    breath_s: float
    sold: dict[str, list[Sold]] = field(default_factory=dict)
    photos_read: int = 0
    recovered: int = 0

    async def run(self) -> DemoSummary:
        """Play every act and return what came of it."""
        first, offline = self._deal()
        await self._sell_everywhere(first)
        await self._scan()
        await self._look()
        await self._cut_and_recover(offline)
        return await self._reckon()

    def _deal(self) -> tuple[list[SourceBasket], list[SourceBasket]]:
        """Return the baskets of the first act and those that the cut store sells without a line."""
        cut = self.stores[-1].number
        offline = [basket for basket in self.baskets if basket.store == cut][-_OFFLINE_BASKETS:]
        return [basket for basket in self.baskets if basket not in offline], offline

    async def _sell_everywhere(self, baskets: Sequence[SourceBasket]) -> None:
        self.screen.headline("demo.act.selling", baskets=len(baskets))
        for basket in baskets:
            store = self._store_of(basket)
            await self._sell(store, basket)
            await asyncio.sleep(self.breath_s)

    async def _sell(self, store: DemoStore, basket: SourceBasket, key: str = "demo.sold") -> None:
        sold = await store.sell(basket)
        self._keep(store, sold)
        self.screen.say(
            key,
            store=store.name,
            receipt=sold.receipt_no,
            lines=len(basket.lines),
            amount=money(sold.total_minor),
            odd=self._odd(basket),
        )

    def _odd(self, basket: SourceBasket) -> str:
        """Return what is worth a look in a basket, in a few words."""
        found = []
        for line in basket.lines:
            if self.articles[str(line.product)].department == "FUEL":
                found.append(self.texts("demo.odd.fuel", gallons=f"{line.quantity / 1000:.3f}"))
            if line.quantity == 0:
                found.append(self.texts("demo.odd.nothing"))
            if line.coupon_minor:
                found.append(self.texts("demo.odd.coupon", amount=money(line.coupon_minor)))
        saved = sum(line.retail_minor + line.coupon_match_minor for line in basket.lines)
        if saved:
            found.append(self.texts("demo.odd.saved", amount=money(saved)))
        return "".join(f" · {words}" for words in found)

    async def _scan(self) -> None:
        store = self.stores[0]
        self.screen.headline("demo.act.scanner", store=store.name)
        priced = [article for article in self.articles.values() if article.price_minor > 0]
        for article in priced[:: len(priced) // _SCANNED][:_SCANNED]:
            line = await store.scan(article.code)
            self.screen.say("demo.scanned", code=article.code, name=line.name, amount=money(line.net_minor))
            await asyncio.sleep(self.breath_s)
        await self._pay(store)

    async def _look(self) -> None:
        store = self.stores[1]
        self.screen.headline("demo.act.camera", store=store.name)
        for photo in self.photos:
            self._tell_seen(photo, await store.look_at(photo.picture))
            await asyncio.sleep(self.breath_s)
        await self._pay(store)

    def _tell_seen(self, photo: Photo, seen: Seen | None) -> None:
        picture = photo.picture.name
        if seen is None:
            self.screen.say("demo.not_seen", picture=picture)
            return
        self.photos_read += seen.code.zfill(14) == photo.article.code.zfill(14)
        self.screen.say("demo.seen", picture=picture, code=seen.code, name=seen.name, amount=money(seen.net_minor))

    async def _pay(self, store: DemoStore) -> None:
        sold = await store.pay("cash")
        self._keep(store, sold)
        self.screen.say("demo.paid", store=store.name, receipt=sold.receipt_no, amount=money(sold.total_minor))
        if await store.receipts_within(sold.receipt_no) >= sold.receipt_no:
            self.screen.say("demo.printed", picture=store.receipts[sold.receipt_no - 1])

    async def _cut_and_recover(self, offline: Sequence[SourceBasket]) -> None:
        store = self.stores[-1]
        self.screen.headline("demo.act.cut", store=store.name)
        await store.cut()
        await self._refresh()
        for basket in offline:
            await self._sell(store, basket, "demo.sold_offline")
            await self._refresh()
            await asyncio.sleep(self.breath_s)
        behind = (await self._row(store)).behind
        self.screen.say("demo.behind_now", store=store.name, count=behind)
        await asyncio.sleep(4 * self.breath_s)
        self.screen.headline("demo.act.restore", store=store.name)
        began = self.screen.elapsed_s
        await store.restore()
        await self._until_known()
        self.recovered = behind - (await self._row(store)).behind
        seconds = f"{self.screen.elapsed_s - began:.1f}"
        self.screen.say("demo.recovered", store=store.name, count=self.recovered, seconds=seconds)

    async def _until_known(self) -> None:
        deadline = self.screen.elapsed_s + _CAUGHT_UP_WITHIN_S
        while any(row.behind for row in await self._refresh()):
            if self.screen.elapsed_s > deadline:
                return  # the reckoning will tell what is missing
            await asyncio.sleep(_LOOK_S / 5)

    async def _reckon(self) -> DemoSummary:
        self.screen.headline("demo.act.reckoning")
        await self._until_known()
        known = await asyncio.to_thread(self.books.known)
        tills = [sold for of_store in self.sold.values() for sold in of_store]
        missing, duplicated = compare([sold.sale_id for sold in tills], known.values())
        summary = DemoSummary(
            ok=False,
            stores=len(self.stores),
            sales=len(tills),
            sales_minor=sum(sold.total_minor for sold in tills),
            hq_sales_minor=sum(store.total_minor for store in known.values()),
            missing=missing,
            duplicated=duplicated,
            receipts=sum([await store.receipts_within(len(self.sold[store.edge])) for store in self.stores]),
            photos_read=self.photos_read,
            offline_sales_recovered=self.recovered,
            seconds=round(self.screen.elapsed_s, 1),
        )
        summary = msgspec.structs.replace(summary, ok=self._all_well(summary))
        self.screen.table([_row(store, self.sold, known) for store in self.stores], now=True)
        figures = {"sales": summary.sales, "tills": money(summary.sales_minor), "known": money(summary.hq_sales_minor)}
        self.screen.say(
            "demo.exact" if summary.ok else "demo.differs", **figures, missing=missing, duplicated=duplicated
        )
        return summary

    def _all_well(self, summary: DemoSummary) -> bool:
        books = summary.missing == summary.duplicated == 0 and summary.sales_minor == summary.hq_sales_minor
        devices = summary.receipts == summary.sales and summary.photos_read == len(self.photos)
        return books and devices and summary.offline_sales_recovered == _OFFLINE_BASKETS

    async def watch(self) -> None:
        """Keep the table up to date until cancelled."""
        while True:
            await self._refresh()
            await asyncio.sleep(_LOOK_S)

    async def _refresh(self) -> list[Row]:
        known = await asyncio.to_thread(self.books.known)
        rows = [_row(store, self.sold, known) for store in self.stores]
        self.screen.table(rows)
        return rows

    async def _row(self, store: DemoStore) -> Row:
        known = await asyncio.to_thread(self.books.known)
        return _row(store, self.sold, known)

    def _keep(self, store: DemoStore, sold: Sold) -> None:
        self.sold.setdefault(store.edge, []).append(sold)

    def _store_of(self, basket: SourceBasket) -> DemoStore:
        return next(store for store in self.stores if store.number == basket.store)


def _row(store: DemoStore, sold: dict[str, list[Sold]], known: dict[str, Known]) -> Row:
    ours, theirs = sold.get(store.edge, []), known.get(store.edge, Known())
    return Row(
        store.name,
        store.line_up,
        len(ours),
        sum(each.total_minor for each in ours),
        len(theirs.sales),
        theirs.total_minor,
    )

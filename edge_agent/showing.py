"""The customer's side of the lane: what was just rung up, what is due, what comes back.

Displays are told what is on disk and nothing else: after each commit the lane is read again and the newest state shown. A display that is
away, slow or broken is its bay's business; the sale never waits for it.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from devices.ports.display import Purpose, Shown
from domain.basket import Basket, amounts, open_lines
from domain.ids import LaneId
from domain.money import exponent, sign
from domain.quantity import MILLI, format_quantity
from domain.sale import Sale
from edge_agent.attached import Attached
from edge_agent.counter import Counter
from edge_agent.features import Word, Work
from edge_agent.handlers.facing import Facing, face, newest_line
from edge_agent.settings import Language
from edge_agent.texts import short, texts

SETTLED_S = 20.0
"""So long a shopper sees the change; then, unless the next sale has begun, the greeting."""


class Showing:
    """Keeps every customer display of the store at the state of its lane."""

    def __init__(self, attached: Attached, counter: Counter, lane: LaneId, language: Language, greeting: Shown) -> None:
        self._attached, self._counter, self._lane = attached, counter, lane
        self._language: Language = language
        self._greeting = greeting
        self._changed = asyncio.Event()
        if attached.displays:
            counter.after_commit.append(self._changed.set)

    @property
    def words(self) -> Mapping[str, Word]:
        """Nothing is asked of it."""
        return {}

    def work(self) -> Work:
        """Follow the lane, in a store that has a display."""
        return {"displays": self._follow()} if self._attached.displays else {}

    def again(self) -> None:
        """Show the lane again, after the displays showed something else."""
        self._changed.set()

    async def finish(self) -> None:
        """Leave nothing on the glass of a closed store."""
        self._tell(self._greeting)

    async def _follow(self) -> None:
        facing = await self._look()
        seen, fresh_until = _last_id(facing), 0.0
        while True:
            now = asyncio.get_running_loop().time()
            if _last_id(facing) != seen:
                seen, fresh_until = _last_id(facing), now + SETTLED_S
            fresh = now < fresh_until
            self._tell(shown_of(facing, self._language, self._greeting, fresh=fresh))
            await self._next_commit(fresh_until - now if fresh else None)
            facing = await self._look()

    async def _next_commit(self, within_s: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._changed.wait()
        self._changed.clear()

    async def _look(self) -> Facing:
        return await self._counter.ask(lambda uow, _: face(self._lane, uow))

    def _tell(self, shown: Shown) -> None:
        for bay in self._attached.displays:
            bay.tell(lambda display: display.show(shown))


def shown_of(facing: Facing, language: Language, greeting: Shown, *, fresh: bool) -> Shown:
    """Return what a display shows of a lane.

    Args:
        facing: where the lane stands.
        language: of words that are not the goods' own.
        greeting: what stands there while nothing is sold.
        fresh: the last sale has only just been settled.
    """
    basket = facing.basket
    if basket is None or not open_lines(basket):
        return _settled(facing.last, language) if fresh and facing.last else greeting
    if basket.state != "shopping":
        return _total(basket, language)
    return _item(facing, basket, language)


def _item(facing: Facing, basket: Basket, language: Language) -> Shown:
    line = newest_line(basket)
    assert line is not None  # noqa: S101 - its caller has looked
    zh, en = facing.name
    name = (zh or en) if language == "zh-CN" else (en or zh)
    several = line.quantity_milli != MILLI
    return Shown(
        "item",
        name or line.name or line.sku,
        line.net_minor,
        exponent(basket.currency),
        sign(basket.currency, short(language)),
        f"{format_quantity(line.quantity_milli)} {line.unit}".rstrip() if several else "",
        en or line.sku,
    )


def _total(basket: Basket, language: Language) -> Shown:
    _, due_minor = amounts(open_lines(basket))
    return _worded("total", "receipt.total", due_minor, basket.currency, language)


def _settled(sale: Sale, language: Language) -> Shown:
    if sale.change_minor:
        return _worded("change", "receipt.change", sale.change_minor, sale.currency, language)
    return _worded("paid", "display.thanks", sale.due_minor, sale.currency, language)


def _worded(purpose: Purpose, key: str, minor: int, currency: str, language: Language) -> Shown:
    symbol = sign(currency, short(language))
    return Shown(purpose, texts(language)[key], minor, exponent(currency), symbol, ascii=texts("en")[key])


def _last_id(facing: Facing) -> str | None:
    return facing.last.sale_id if facing.last else None

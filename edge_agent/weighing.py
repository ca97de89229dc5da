"""Selling by weight: what lies on the scale becomes a line of the open sale, once, or nobody has weighed anything."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import msgspec

from devices.errors import DeviceError
from devices.ports.scale import NotReady, Reason, Scale, Stable, Weight
from edge_agent.attached import Attached
from edge_agent.bay import Bay
from edge_agent.control import Ask
from edge_agent.counter import Counter
from edge_agent.errors import NotWeighed
from edge_agent.features import Word, Work
from edge_agent.handlers.commands import RingUp
from edge_agent.handlers.sell import price_per_kg, ring_up
from edge_agent.lanes import Answer, Lane, shown

WEIGH_S = 3.0
"""How long a shopper waits for the scale to come to rest before he is told what is wrong."""

_SLACK_S = 5.0


class Weighing:
    """The scale of one lane."""

    def __init__(self, attached: Attached, counter: Counter, lane: Lane) -> None:
        self._attached, self._counter, self._lane = attached, counter, lane

    @property
    def words(self) -> Mapping[str, Word]:
        """``weigh``: ring up ``code`` by what lies on the scale; ``zero``; ``tare``: ``weight_g``, else the present load, 0 ends it."""
        return {"weigh": self._weigh, "zero": self._zero, "tare": self._tare}

    def work(self) -> Work:
        """Nothing runs by itself: the driver reads the scale."""
        return {}

    async def finish(self) -> None:
        """Nothing is open: a weight is rung up or it is not."""

    async def _weigh(self, ask: Ask) -> Answer:
        cmd = RingUp(
            self._lane.lane,
            str(ask.get("code", "")),
            msgspec.convert(ask.get("aim"), str | None),
            sku=str(ask.get("sku", "")),
            request_id=str(ask.get("request_id", "")),
        )
        # First whether it can be sold by weight at all: a weight that the scale has given must be taken off before the next.
        price = await self._counter.ask(lambda uow, clock: price_per_kg(cmd, uow, clock))
        if price is not None:
            weight = await self._ask(lambda scale: scale.weigh(WEIGH_S, price or None))
            if isinstance(weight, NotReady):
                raise NotWeighed(weight.reason.value)
            cmd = msgspec.structs.replace(cmd, weight_g=weight.weight_g, gross_minor=weight.amount_minor)
        return shown(await self._counter.do(lambda uow, clock: ring_up(cmd, uow, clock)))

    async def _zero(self, _: Ask) -> Answer:
        return await self._order(lambda scale: scale.zero())

    async def _tare(self, ask: Ask) -> Answer:
        grams = msgspec.convert(ask.get("weight_g"), int | None, strict=False)
        return await self._order(lambda scale: scale.clear_tare() if grams == 0 else scale.tare(grams))

    async def _order(self, order: Callable[[Scale], Coroutine[Any, Any, NotReady | None]]) -> Answer:
        if why := await self._ask(order):
            raise NotWeighed(why.reason.value)
        reading = await self._ask(_now)
        return {"weight_g": reading.weight_g, "stable": isinstance(reading, Stable)}

    async def _ask(self, question: Callable[[Scale], Coroutine[Any, Any, Any]]) -> Any:
        try:
            return await self._scale().ask(question, WEIGH_S + _SLACK_S)
        except DeviceError as error:
            raise NotWeighed("away") from error

    def _scale(self) -> Bay[Scale]:
        if self._attached.scale is None:
            raise NotWeighed("no_scale")
        return self._attached.scale


async def _now(scale: Scale) -> Weight:
    """Return what the scale shows at this moment."""
    async for reading in scale.readings():
        return reading
    return NotReady(Reason.SILENT)

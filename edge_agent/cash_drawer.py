"""The cash drawer of a lane: opened with the cash of a sale by its receipt, otherwise at a person's word, with who and why."""

from collections.abc import Coroutine, Mapping
from typing import Any

import structlog

from devices.errors import DeviceError
from devices.ports.drawer import CashDrawer
from edge_agent.attached import Attached
from edge_agent.bay import Bay
from edge_agent.control import Ask
from edge_agent.counter import Counter
from edge_agent.errors import DrawerRefused
from edge_agent.features import Word, Work
from edge_agent.handlers.commands import OpenDrawer
from edge_agent.handlers.drawer import Permit, open_drawer, whoever_says_who_and_why
from edge_agent.lanes import Answer, Lane

ANSWER_S = 8.0

_log = structlog.get_logger(__name__)


class CashDrawers:
    """Words for the drawer; that it stands open for too long is its state, which the till shows and headquarters hears."""

    def __init__(
        self, attached: Attached, counter: Counter, lane: Lane, permit: Permit = whoever_says_who_and_why
    ) -> None:
        self._attached, self._counter, self._lane, self._permit = attached, counter, lane, permit

    @property
    def words(self) -> Mapping[str, Word]:
        """``open_drawer``: ``by``, ``reason``; ``drawer``: how it stands."""
        return {"open_drawer": self._open, "drawer": self._show}

    def work(self) -> Work:
        """Nothing runs by itself: the driver watches the drawer."""
        return {}

    async def finish(self) -> None:
        """Nothing is open that could be finished here."""

    async def _open(self, ask: Ask) -> Answer:
        drawer = self._drawer()
        cmd = OpenDrawer(
            self._lane.lane, drawer.device_id, by=str(ask.get("by", "")), reason=str(ask.get("reason", ""))
        )
        await self._counter.do(lambda uow, clock: open_drawer(cmd, self._permit, uow, clock))
        _log.info("drawer_opened", device_id=drawer.device_id, lane=self._lane.lane, reason=cmd.reason)
        pulsed = await _answer(drawer.ask(lambda each: each.open(), ANSWER_S))
        return {"device_id": drawer.device_id, "pulsed": pulsed}

    async def _show(self, _: Ask) -> Answer:
        drawer = self._drawer()
        is_open = await _answer(drawer.ask(lambda each: each.is_open(), ANSWER_S))
        return {"device_id": drawer.device_id, "open": is_open, "reason": drawer.state.reason}

    def _drawer(self) -> Bay[CashDrawer]:
        drawer = self._attached.drawer
        if drawer is None:
            raise DrawerRefused("no_drawer", "no drawer is configured: add a [[devices]] entry of kind drawer_escpos")
        return drawer


async def _answer(asking: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await asking
    except DeviceError as error:
        raise DrawerRefused("drawer_away", str(error)) from error

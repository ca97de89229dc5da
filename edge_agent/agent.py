"""One store's process: relay, devices, control socket and upkeep in one task group; what nobody expected ends them all."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog

from edge_agent.attached import Attached
from edge_agent.control import Ask, ControlServer
from edge_agent.device_news import states_of
from edge_agent.edge import Edge
from edge_agent.errors import UnknownAsk
from edge_agent.features import Feature, Word
from edge_agent.lanes import Lane
from edge_agent.maintenance import keep_room, release_old_facts, renewal
from edge_agent.reasons import said
from edge_agent.texts import spoken, texts

_INTAKE = ("control", "scans:")
"""Names of the tasks that bring new work."""

_log = structlog.get_logger(__name__)


class Agent:
    """Runs one edge."""

    def __init__(
        self, edge: Edge, lane: Lane, attached: Attached, features: Sequence[Feature] = (), *, grace_s: float = 3.0
    ) -> None:
        """Keep what to run.

        Args:
            edge: opened.
            lane: where scanners and the till sell.
            attached: the store's devices.
            features: what the store does with them.
            grace_s: how long to wait at the end for receipts that are being printed, and then for headquarters' acknowledgement; what
                is not acknowledged waits on disk.
        """
        self._edge, self._lane, self._attached, self._grace_s = edge, lane, attached, grace_s
        self._features = features
        self._words: dict[str, Word] = {"status": self._status, **lane.words}
        for feature in features:
            self._words |= feature.words
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Take no new work, finish what is open, end."""
        self._stop.set()

    async def run(self) -> None:
        """Serve until told to stop.

        Raises:
            StorageError: nothing may be sold from this process any more.
        """
        await self._tell_where_we_stand()
        async with asyncio.TaskGroup() as tasks:
            running = {name: tasks.create_task(work, name=name) for name, work in self._work().items()}
            await self._stop.wait()
            await _ended([task for name, task in running.items() if name.startswith(_INTAKE)])
            await self._finish()
            for task in running.values():
                task.cancel()
        _log.info("edge_stopped")

    async def _finish(self) -> None:
        """Print what is sold, then give headquarters a while to acknowledge."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._grace_s):
                for feature in self._features:
                    await feature.finish()
        self._edge.relay.committed()  # by whom we cancelled, too: the writer finishes what it was given
        await self._edge.relay.drain(self._grace_s)

    def _work(self) -> Mapping[str, Coroutine[Any, Any, Any]]:
        edge = self._edge
        return {
            "journal": edge.counter.until_failed(),
            "control": ControlServer(edge.data.control, self._answer).run(),
            "relay": edge.relay.run(),
            "room": keep_room(lambda: edge.budget.sweep(edge.data.path)),
            "release": release_old_facts(edge.release_old_facts),
            "renewal": renewal(edge),
            **self._attached.work(),
            **{name: work for feature in self._features for name, work in feature.work().items()},
        }

    async def _tell_where_we_stand(self) -> None:
        stands = await self._lane.resumed()
        _log.info(
            "edge_started",
            edge=self._edge.card.edge,
            boot_id=self._edge.boot_id,
            clean=self._edge.was_clean,
            open_lines=len(stands.basket.lines) if stands.basket else 0,
        )
        if stands.unprinted is not None:
            _log.warning("last_receipt_unknown", receipt_no=stands.unprinted.receipt_no, lane=self._lane.lane)

    async def _answer(self, ask: Ask) -> dict[str, Any]:
        word = ask.get("do")
        if word not in self._words:
            raise UnknownAsk(word, ", ".join(self._words))
        return await self._words[word](ask)

    async def _status(self, ask: Ask) -> dict[str, Any]:
        edge = self._edge
        at = await edge.journal.run(edge.journal.outbox.position)
        basket = await self._lane.words["basket"]({})
        space = edge.budget.space()
        return {
            "edge": edge.card.edge,
            "store": edge.card.store,
            "store_name": edge.style.name_zh if edge.settings.language == "zh-CN" else edge.style.name_en,
            "lane": self._lane.lane,
            "currency": edge.card.currency,
            "boot_id": edge.boot_id,
            "software": edge.software,
            "link": {"state": edge.relay.state.value, "reason": edge.relay.reason, **edge.relay.counters._asdict()},
            "stream": {"epoch": at.epoch, "top": at.top, "acked": at.acked, "safe": at.safe, "cursor": at.dl_cursor},
            "basket": basket,
            "devices": _told(states_of(self._attached), str(ask.get("lang", ""))),
            "disk": {"free_bytes": space.free, "level": edge.budget.level(space).name.lower()},
            "clock": {
                "now": edge.clock.now().isoformat(),
                "quality": edge.clock.quality(),
                "skew_s": edge.hq_time.skew_s(),
            },
        }


def _told(states: dict[str, dict[str, Any]], lang: str) -> dict[str, dict[str, Any]]:
    """Return states with ``told``, the reason in the language that was asked for, if one was."""
    if not lang:
        return states
    words = texts(spoken(lang))
    return {name: {**state, "told": said(state["reason"], words)} for name, state in states.items()}


async def _ended(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

"""One headquarters process from start to stop."""

import asyncio
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from coordinator.clock import Clock
from coordinator.handlers import upkeep
from coordinator.office import Again
from coordinator.ports import UnitOfWork, Views
from coordinator.server.downlink import Downlink
from coordinator.server.intake import Intake
from coordinator.server.listeners import HttpServers
from coordinator.server.statuses import Statuses
from coordinator.settings import TickerSettings
from coordinator.telemetry import Telemetry
from link.broker import Broker
from link.errors import BrokerFailed
from link.hub import Hub, HubState

DRAIN_S = 5.0
BROKER_LOOK_S = 1.0
FLOOD_DROPPED = 500
"""Dropped between two looks, these are a flood: an honest edge has eight messages on their way and none of them is dropped."""
MUTE_S = 60.0

_log = structlog.get_logger(__name__)


@dataclass
class Parts:
    """What this process runs; what its role does not need is None."""

    clock: Clock
    begin: Callable[[], UnitOfWork]
    again: Again
    views: Views
    telemetry: Telemetry
    ticker: TickerSettings
    http: HttpServers | None = None
    hub: Hub | None = None
    intake: Intake | None = None
    downlink: Downlink | None = None
    statuses: Statuses | None = None
    broker: Broker | None = None
    revocations: Path | None = None
    ticks: bool = False
    announce: Callable[[], None] = field(default=lambda: None)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


class Server:
    """Runs the parts until SIGTERM, SIGINT or ``stop``."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._broker_state = HubState.STARTING

    async def run(self) -> None:
        """Run; returns after a graceful stop."""
        parts = self._parts
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            async with asyncio.TaskGroup() as tasks:
                running = self._start(tasks)
                await self._ready()
                parts.announce()
                _log.info("coordinator_started")
                await parts.stopping.wait()
                await self._finish(running)
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
            if parts.intake is not None:
                parts.intake.close()
        _log.info("coordinator_stopped")

    def stop(self) -> None:
        """Begin to stop."""
        self._parts.stopping.set()

    def on_broker(self, state: HubState, reason: str) -> None:
        """Remember how well the broker is reached."""
        self._broker_state = state
        self._parts.telemetry.broker_up.set(state is HubState.ONLINE)

    def reasons(self) -> list[str]:
        """Return why this process is not well."""
        parts, reasons = self._parts, []
        if parts.hub is not None and parts.hub.state is not HubState.ONLINE:
            reasons.append(f"the broker is not reached ({parts.hub.state.value}): stores keep what they sell")
        if parts.intake is not None and parts.intake.failure:
            reasons.append(parts.intake.failure)
        return reasons

    def _start(self, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        parts, running = self._parts, []
        if parts.http is not None:
            tasks.create_task(parts.http.run(), name="http")
        if parts.hub is not None and parts.intake is not None and parts.downlink is not None:
            parts.intake.tell = parts.downlink.tell = parts.hub.tell
            running += [
                tasks.create_task(parts.hub.run(), name="hub"),
                tasks.create_task(parts.intake.run(), name="intake"),
                *([tasks.create_task(parts.statuses.run(), name="statuses")] if parts.statuses is not None else []),
                tasks.create_task(parts.downlink.run(), name="downlink"),
                tasks.create_task(parts.downlink.watch(), name="pokes"),
                tasks.create_task(self._mind_floods(parts.hub, parts.broker), name="floods"),
            ]
        if parts.broker is not None:
            running.append(tasks.create_task(self._mind_broker(parts.broker), name="broker"))
        if parts.ticks:
            running.append(tasks.create_task(self._tick(), name="ticker"))
        return running

    async def _ready(self) -> None:
        """Wait until HTTP answers and, where there is a hub, the first attempt to reach the broker is over."""
        parts = self._parts
        while not parts.stopping.is_set():
            http = parts.http is None or parts.http.started
            link = parts.hub is None or parts.hub.state is not HubState.STARTING
            if http and link:
                return
            await asyncio.sleep(0.02)

    async def _finish(self, running: list[asyncio.Task[None]]) -> None:
        """Take no new work, finish what is open within a grace time."""
        parts = self._parts
        _log.info("coordinator_stopping")
        if parts.http is not None:
            parts.http.stop()
        if parts.intake is not None and not await parts.intake.drained(DRAIN_S):
            _log.warning("intake_not_drained")  # nothing of it was acked: the edges send it again
        for task in running:
            task.cancel()

    async def _mind_broker(self, broker: Broker) -> None:
        """Start our Mosquitto again when it died; let it re-read the revocation list when that changed."""
        revoked, failing = self._revoked_at(), False
        while True:
            await asyncio.sleep(BROKER_LOOK_S)
            now = self._revoked_at()
            try:
                if broker.pid is None:
                    if not failing:
                        _log.error("broker_died", log=broker.log_tail()[-500:])
                    broker.start()  # blocks some 50 ms; it must come from this thread, which lives as long as the broker shall
                elif now != revoked:
                    broker.restart()  # a reload would judge new connections only; a revoked edge must go now
                    _log.info("broker_restarted", reason="an edge was revoked")
                revoked, failing = now, False
            except BrokerFailed as error:  # stores keep what they sell, HTTP goes on, the next look tries again
                if not failing:
                    _log.error("broker_failed", error=str(error))
                failing = True

    async def _mind_floods(self, hub: Hub, broker: Broker | None) -> None:
        """Let our Mosquitto take nothing for a while from an edge that sends more than anybody could read (F53), and tell a person."""
        muted, untold = dict[str, float](), dict[str, str]()
        while True:
            await asyncio.sleep(BROKER_LOOK_S)
            floods = {edge: dropped for edge, dropped in hub.take_floods().items() if dropped >= FLOOD_DROPPED}
            kept = {edge: until for edge, until in muted.items() if until > self._now_s()}
            wanted = kept | dict.fromkeys(floods, self._now_s() + MUTE_S)
            if broker is not None and broker.pid is not None and wanted.keys() != muted.keys():
                _mute(broker, wanted)
            muted = wanted
            texts = {
                edge: f"{dropped} messages in a second were dropped, muted for {MUTE_S:.0f} s: revoke it if it does not stop"
                for edge, dropped in floods.items()
            }
            untold = await self._tell_floods(untold | texts, known_away=bool(untold))

    def _now_s(self) -> float:
        return time.monotonic()

    async def _tell_floods(self, texts: dict[str, str], *, known_away: bool) -> dict[str, str]:
        """Tell a person of floods; return what the database would not take, for the next look."""
        untold: dict[str, str] = {}
        for edge, text in texts.items():
            try:
                await asyncio.to_thread(self._tell_flood, edge, text)
            except Exception as error:  # noqa: BLE001 - outermost line: the next look tries again
                if not (known_away or untold):
                    _log.error("flood_not_told", edge=edge, error=repr(error))
                untold[edge] = text
        return untold

    def _tell_flood(self, edge: str, text: str) -> None:
        parts = self._parts
        parts.again(lambda: upkeep.flooded(edge, text, parts.begin(), parts.clock))

    def _revoked_at(self) -> int:
        file = self._parts.revocations
        return file.stat().st_mtime_ns if file is not None and file.exists() else 0

    async def _tick(self) -> None:
        parts = self._parts
        while True:
            try:
                swept = await asyncio.to_thread(
                    parts.again, lambda: upkeep.sweep(parts.ticker, parts.views, parts.begin(), parts.clock)
                )
                if any(swept):
                    _log.debug("swept", **swept._asdict())
            except Exception as error:  # noqa: BLE001 - outermost line: the next tick tries again
                _log.error("tick_failed", error=repr(error))
            await asyncio.sleep(parts.ticker.every_s)


def _mute(broker: Broker, edges: Collection[str]) -> None:
    try:
        broker.mute(edges)
    except BrokerFailed as error:  # it remembers whom to mute, and the broker's minder starts it again
        _log.error("broker_failed", error=str(error))
    else:
        _log.warning("edges_muted", edges=sorted(edges), seconds=MUTE_S)

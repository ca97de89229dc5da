"""How the devices are, for headquarters: a fact for each change, told less often of a device that flaps, and all states when asked."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from devices.ports import DeviceState, Health
from devices.token_bucket import TokenBucket
from domain.limits import has_control
from edge_agent.attached import Attached
from edge_agent.counter import Counter
from edge_agent.features import Word, Work
from edge_agent.handlers.state import device_changed
from protocol.messages import MAX_DEVICES, DeviceNow

BURST = 6
"""So many changes of one device are told at once …"""
PER_CHANGE_S = 120.0
"""… and then one in this time: a loose plug must not fill the stream, and headquarters still hears how it ended."""

MOST_REASON = 300


class DeviceNews:
    """Takes every change of every device and states what counts."""

    def __init__(self, counter: Counter, *, now: Callable[[], float] = time.monotonic) -> None:
        self._counter, self._now = counter, now
        self.on_change: list[Callable[[str, DeviceState], None]] = []
        self._waiting: dict[str, DeviceState] = {}
        self._told: dict[str, Health] = {}
        self._allowed: dict[str, TokenBucket] = {}
        self._changed = asyncio.Event()

    @property
    def words(self) -> Mapping[str, Word]:
        """None: the agent's status shows the states."""
        return {}

    def report(self, device_id: str, state: DeviceState) -> None:
        """Take a change; of those that wait only each device's newest counts."""
        if state.health is not Health.OPENING:  # on its way to one that counts
            self._waiting[device_id] = state
            self._changed.set()
        for tell in self.on_change:
            tell(device_id, state)

    def work(self) -> Work:
        """Return the task that states changes."""
        return {"devices:changes": self._tell_changes()}

    async def finish(self) -> None:
        """Nothing: what was not told is told by the next start."""

    async def _tell_changes(self) -> None:
        while True:
            self._changed.clear()  # first: what changes while we tell is looked at again
            wait_s = await self._tell_what_may_be_told()
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                pass  # a device that flapped has waited long enough

    async def _tell_what_may_be_told(self) -> float | None:
        """State what may be stated now; return in how many seconds the next may be, None when nothing waits."""
        due_s: list[float] = []
        for device_id in [*self._waiting]:
            if self._told.get(device_id) is self._waiting[device_id].health:
                del self._waiting[device_id]
                continue
            allowance = self._allowed.setdefault(device_id, TokenBucket(1 / PER_CHANGE_S, BURST, self._now()))
            if (wait_s := allowance.take(self._now())) > 0:
                due_s.append(wait_s)
                continue
            await self._tell(device_id, self._waiting.pop(device_id))
        return min(due_s, default=None)

    async def _tell(self, device_id: str, state: DeviceState) -> None:
        self._told[device_id] = state.health
        await self._counter.do_when_room(
            lambda uow, clock: device_changed(device_id, state.health.value, told(state.reason), uow, clock)
        )


def states_of(attached: Attached) -> dict[str, dict[str, Any]]:
    """Return every device's class, kind, address, state, reason and since when (RFC 3339), for status pages."""
    return {
        bay.device_id: {
            "class": bay.device_class,
            "kind": bay.settings.kind,
            "address": bay.settings.address,
            "health": bay.state.health.value,
            "reason": bay.state.reason,
            "since_at": _since(bay.state),
            "restarts": bay.restarts,
        }
        for bay in attached.bays
    }


def devices_now(attached: Attached) -> tuple[DeviceNow, ...]:
    """Return the same for headquarters."""
    return tuple(
        DeviceNow(
            bay.device_id[:64],
            bay.state.health.value,
            bay.device_class,
            told(bay.state.reason),
            _since(bay.state),
        )
        for bay in attached.bays[:MAX_DEVICES]
    )


def told(reason: str) -> str:
    """Return a reason as it may travel: a device has a hand in what it says, and headquarters parks what no screen may show."""
    return "".join(character for character in reason if not has_control(character))[:MOST_REASON]


def _since(state: DeviceState) -> str:
    if not state.since_s:
        return ""
    began = datetime.now(UTC) - timedelta(seconds=time.monotonic() - state.since_s)
    return began.isoformat(timespec="seconds")

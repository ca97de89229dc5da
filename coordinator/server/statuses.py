"""What edges say on ``status``: whether they are connected and how their devices are. Only the newest counts; nothing is decided by it."""

import asyncio
from collections.abc import Callable

import structlog

from coordinator.clock import Clock
from coordinator.handlers.fleet import keep_statuses
from coordinator.office import Again
from coordinator.ports import UnitOfWork
from protocol.codec import decode_status
from protocol.messages import Status
from protocol.topics import Address

GATHER_S = 1.0
"""All edges say it at once after a broker's restart: what comes within this time is one transaction."""
MOST_AT_ONCE = 200

_log = structlog.get_logger(__name__)


class Statuses:
    """Keeps the newest status of each edge until it is in the database."""

    def __init__(self, begin: Callable[[], UnitOfWork], again: Again, clock: Clock) -> None:
        self._begin, self._again, self._clock = begin, again, clock
        self._newest: dict[Address, Status] = {}
        self._arrived = asyncio.Event()
        self._failed = False

    def take(self, address: Address, payload: bytes) -> None:
        """Take a status; at most one an edge waits.

        Raises:
            ProtocolError: it makes no sense.
        """
        self._newest[address] = decode_status(payload)
        self._arrived.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._newest:
                some = {address: self._newest.pop(address) for address in [*self._newest][:MOST_AT_ONCE]}
                try:
                    await asyncio.to_thread(self._again, lambda some=some: self._keep(some))
                    self._failed = False
                except Exception as error:  # noqa: BLE001 - outermost line: the next change of the edge says it anew
                    if not self._failed:
                        _log.error("statuses_not_kept", edges=len(some), error=repr(error))
                    self._failed = True
            await asyncio.sleep(GATHER_S)

    def _keep(self, some: dict[Address, Status]) -> None:
        keep_statuses(some, self._begin(), self._clock)

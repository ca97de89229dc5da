"""From what a scanner's wire yields to scans: the one place where a double read is told from a second pass, and refusals are counted."""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Protocol

import structlog

from devices.ports.scanner import Scan
from devices.reading import Code, Refusal
from devices.transport import Transport

QUEUED_SCANS = 64
REMEMBERED_CODES = 32
AGAIN_S = 0.4
"""A scanner in its stand reads an item as often as it can while it lies there (every 0.05 to 0.3 s); two passes of a hand take longer."""

_log = structlog.get_logger(__name__)


class Decoder(Protocol):
    """Cuts what comes into codes, in any chunks."""

    @property
    def pending(self) -> bool:
        """Whether part of a code is waiting for its end."""

    def feed(self, data: bytes) -> list[Code | Refusal]:
        """Take a chunk and return what it completes."""

    def silence(self) -> list[Code | Refusal]:
        """Tell that nothing came for a while."""


class Passes:
    """Tells passes of items from repeated reads of one pass: a code counts again after it has not been seen for ``again_s`` seconds.

    Another code counts at once. What lies before the window is seen again and again, so each sight puts the end off.
    """

    def __init__(self, again_s: float) -> None:
        self._again_s = again_s
        self._seen_s: OrderedDict[str, float] = OrderedDict()  # the oldest sight first

    def counts(self, data: str, at_s: float) -> bool:
        """Tell whether ``data``, read at ``at_s`` seconds, is a new pass."""
        before_s = self._seen_s.pop(data, None)
        self._seen_s[data] = at_s
        if len(self._seen_s) > REMEMBERED_CODES:
            self._seen_s.popitem(last=False)
        return before_s is None or at_s - before_s >= self._again_s


class Intake:
    """The scans of one scanner, in order, for ``async for``.

    Attributes:
        refused: how many frames were refused, by reason.
        repeated: how many reads were repeats of a pass that had counted.
    """

    def __init__(self, device_id: str, again_s: float = AGAIN_S, now: Callable[[], float] = time.monotonic) -> None:
        self.refused: Counter[str] = Counter()
        self.repeated = 0
        self._device_id, self._now = device_id, now
        self._passes = Passes(again_s)
        self._scans: asyncio.Queue[Scan] = asyncio.Queue(maxsize=QUEUED_SCANS)

    async def read(self, transport: Transport, decoder: Decoder, quiet_s: float, heard: Callable[[], None]) -> None:
        """Take what comes until the scanner is lost.

        Args:
            transport: open.
            decoder: of what comes.
            quiet_s: silence that ends what is half there.
            heard: told of each piece: the next loss starts with a short wait.

        Raises:
            DeviceUnavailable: the scanner is lost.
        """
        while True:
            try:
                async with asyncio.timeout(quiet_s if decoder.pending else None):
                    data = await transport.read()
            except TimeoutError:
                results = decoder.silence()
            else:
                heard()
                results = decoder.feed(data)
            await self.take(results)  # not under the time-out: a code that waits for room is not lost

    async def take(self, results: Iterable[Code | Refusal]) -> None:
        """Take what a decoder found; a full queue waits here, and the bytes then wait in the port: codes are never dropped silently."""
        for result in results:
            if isinstance(result, Refusal):
                self._refuse(result)
                continue
            at_s = self._now()
            if self._passes.counts(result.data, at_s):
                await self._scans.put(Scan(result.data, result.symbology, at_s))
            else:
                self.repeated += 1

    async def scans(self) -> AsyncIterator[Scan]:
        """Yield scans in the order in which they were read."""
        while True:
            yield await self._scans.get()

    def _refuse(self, refusal: Refusal) -> None:
        self.refused[refusal.reason] += 1
        if self.refused[refusal.reason] == 1:  # log the change; the count tells the rest
            _log.warning("scan_refused", device_id=self._device_id, reason=refusal.reason, size=refusal.size)

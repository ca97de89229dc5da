"""The serial scanner: opens its port, reads it, loses it, finds it again, and yields codes."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import msgspec
import structlog

from devices.backoff import Backoff
from devices.ports import Health, Scan
from devices.registry import DeviceSettings, options_of
from devices.scanner_serial.codec import Code, LineDecoder, Refusal, Suffix
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.transport import Transport

QUEUED_SCANS = 64

_log = structlog.get_logger(__name__)


class ScannerOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the scanner is set up.

    Attributes:
        suffix: ``any`` (CR, LF or CR LF), ``cr``, ``lf``, ``crlf``, ``etx`` or ``none``.
        prefix: what it sends before every code.
        aim: whether codes may start with an AIM identifier.
        gap_s: silence that ends a code without suffix; 30 to 50 ms suit a serial line.
        stale_s: silence after which half a code is dropped.
    """

    suffix: Suffix = Suffix.ANY
    prefix: str = ""
    aim: bool = True
    gap_s: float = 0.05
    stale_s: float = 0.3

    def __post_init__(self) -> None:
        """Refuse waits that would glue codes together or never end."""
        if not 0.005 <= self.gap_s <= 2 or not 0.05 <= self.stale_s <= 10:
            raise ValueError(f"gap_s {self.gap_s} (0.005 to 2) or stale_s {self.stale_s} (0.05 to 10)")


class SerialScanner(ServedDevice):
    """A scanner on a serial port, a USB-CDC port or a network serial server.

    Attributes:
        refused: how many frames were refused, by reason.
    """

    def __init__(
        self,
        device_id: str,
        address: str,
        options: ScannerOptions | None = None,
        around: Surroundings | None = None,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(device_id, address, around, backoff=backoff)
        self._options = options or ScannerOptions()
        self._scans: asyncio.Queue[Scan] = asyncio.Queue(maxsize=QUEUED_SCANS)
        self.refused: Counter[str] = Counter()

    async def __aiter__(self) -> AsyncIterator[Scan]:
        """Yield scans in the order in which they were read."""
        while True:
            yield await self._scans.get()

    async def serve(self, transport: Transport) -> None:
        """Read codes until the scanner is lost."""
        self.health.set(Health.OK)  # an idle scanner says nothing: that its port opens is all there is to know
        options = self._options
        decoder = LineDecoder(options.suffix, options.prefix.encode(), aim=options.aim)
        quiet_s = options.gap_s if options.suffix is Suffix.NONE else options.stale_s
        while True:
            try:
                async with asyncio.timeout(quiet_s if decoder.pending else None):
                    data = await transport.read()
            except TimeoutError:
                results = decoder.silence()
            else:
                self._backoff.reset()  # bytes came: the next loss starts with a short wait
                results = decoder.feed(data)
            for result in results:
                await self._take(result)

    async def _take(self, result: Code | Refusal) -> None:
        if isinstance(result, Code):
            # A full queue waits here; the bytes then wait in the port. Codes are never dropped silently.
            await self._scans.put(Scan(result.data, result.symbology, time.monotonic()))
            return
        self.refused[result.reason] += 1
        if self.refused[result.reason] == 1:
            _log.warning("scan_refused", device_id=self.device_id, reason=result.reason, size=result.size)


def build(settings: DeviceSettings, around: Surroundings) -> SerialScanner:
    """Return the driver of one entry of the settings."""
    return SerialScanner(settings.device_id, settings.address, options_of(settings, ScannerOptions), around)

"""The Zebra SSI scanner: greets it, locks it, answers every packet, yields codes and passes orders on."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import structlog

from devices.backoff import Backoff
from devices.errors import DeviceUnavailable
from devices.passes import AGAIN_S, Intake
from devices.ports import Health, Scan, ScannerAbilities
from devices.registry import DeviceSettings, options_of
from devices.scanner_serial.menu import fingerprint
from devices.scanner_ssi import codec
from devices.scanner_ssi.codec import Packet, frame
from devices.scanner_ssi.session import Session
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.transport import Transport

ANSWER_S = 1.0
ORDER_S = 0.5
TRIES = 3
WAKE = b"\x00"
GOOD_BEEP, BAD_BEEP, NO_BEEP = 0x00, 0x07, 0xFF  # one high short, three low short, none
EVERYTHING = 0xFE
_HANDSHAKE, _PACKETS, _PARAMETER_CODES = 0x9F, 0xEE, 0xEC

_log = structlog.get_logger(__name__)


class SsiOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the scanner is set up.

    Attributes:
        again_s: the same code counts again after it was not read for so long; 0 counts every read.
        lock: set-up codes that a shopper shows are ignored (parameter scanning off); sent at every start.
        setup: fingerprint of the accepted set-up; any other is told as degraded.
        watch_s: a scanner that says nothing is asked for a sign of life so often.
    """

    again_s: float = AGAIN_S
    lock: bool = True
    setup: str = ""
    watch_s: float = 10.0

    def __post_init__(self) -> None:
        """Refuse waits that make no sense."""
        if not 0 <= self.again_s <= 10 or not 0.05 <= self.watch_s <= 3600:
            raise ValueError(f"again_s {self.again_s} (0 to 10) or watch_s {self.watch_s} (0.05 to 3600)")


class SsiScanner(ServedDevice):
    """A scanner in SSI mode on a serial line or USB-CDC.

    Attributes:
        intake: its scans, and counts of what was none.
        setup: fingerprint of its set-up as it was read last; empty while unknown.
        revision: what it says of itself.
    """

    can = ScannerAbilities(enable=True, trigger=True, beep=True, setup=True)

    def __init__(
        self,
        device_id: str,
        address: str,
        options: SsiOptions | None = None,
        around: Surroundings | None = None,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(device_id, address, around, backoff=backoff)
        self.setup = self.revision = ""
        self._options = options or SsiOptions()
        self.intake = Intake(device_id, self._options.again_s)
        self._session = Session()
        self._transport: Transport | None = None  # set while orders can be given
        self._answered: asyncio.Future[Packet] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._disabled = False

    def __aiter__(self) -> AsyncIterator[Scan]:
        """Yield scans in the order in which they were read."""
        return self.intake.scans()

    async def enable(self) -> None:
        """Read again."""
        await self._order(codec.SCAN_ENABLE)
        self._disabled = False

    async def disable(self) -> None:
        """Read nothing until ``enable``."""
        await self._order(codec.SCAN_DISABLE)
        self._disabled = True

    async def beep(self, *, good: bool) -> None:
        """Beep well or badly."""
        await self._order(codec.BEEP, bytes((GOOD_BEEP if good else BAD_BEEP,)))

    async def trigger(self, *, on: bool) -> None:
        """Begin or end to look for a code."""
        await self._order(codec.START_SESSION if on else codec.STOP_SESSION)

    async def serve(self, transport: Transport) -> None:
        """Greet the scanner, then read until it is lost."""
        self._session = Session()
        trouble = await self._greet(transport)
        self._transport = transport
        self._backoff.reset()
        self.health.set(Health.DEGRADED if trouble else Health.OK, trouble)
        try:
            await self._read(transport)
        finally:
            self._transport = None
            if self._answered is not None and not self._answered.done():
                self._answered.set_exception(DeviceUnavailable(self.device_id, "lost"))

    async def _greet(self, transport: Transport) -> str:
        """Wake it, set it up, and return what is wrong with its set-up."""
        await self._write(transport, WAKE)  # a sleeping decoder wakes at the first byte and loses it
        revision = await self._ask(transport, codec.REQUEST_REVISION, codec.REPLY_REVISION, tries=TRIES)
        if revision is None:
            raise DeviceUnavailable(self._address, "does not answer: set it to SSI, 9600 baud, 8N1")
        self.revision = revision.data.decode("ascii", "replace")
        wanted = [(_HANDSHAKE, 1), (_PACKETS, 1), *([(_PARAMETER_CODES, 0)] if self._options.lock else [])]
        for number, value in wanted:
            await self._set(transport, number, value)
        if self._disabled:
            await self._ask(transport, codec.SCAN_DISABLE, codec.ACK)
        return await self._check_setup(transport)

    async def _set(self, transport: Transport, number: int, value: int) -> None:
        answer = await self._ask(transport, codec.PARAM_SEND, codec.ACK, bytes((NO_BEEP, number, value)))
        if answer is None or answer.opcode == codec.NAK:
            _log.warning("scanner_setting_refused", device_id=self.device_id, parameter=f"{number:02x}", value=value)

    async def _check_setup(self, transport: Transport) -> str:
        """Read the set-up and compare it: a shopper who shows a programming code must not change a scanner unseen."""
        answer = await self._ask(transport, codec.PARAM_REQUEST, codec.PARAM_SEND, bytes((EVERYTHING,)))
        self.setup = fingerprint(answer.data) if answer is not None and answer.opcode == codec.PARAM_SEND else ""
        accepted = self._options.setup
        if accepted and self.setup != accepted:
            found = f"its set-up is {self.setup}" if self.setup else "it does not tell its set-up"
            return f"{found}, accepted was {accepted}: scan its set-up codes again"
        if self.setup:
            _log.info("scanner_setup_read", device_id=self.device_id, setup=self.setup, accepted=bool(accepted))
        return ""

    async def _ask(
        self, transport: Transport, opcode: int, expected: int, data: bytes = b"", *, tries: int = 1
    ) -> Packet | None:
        """Ask while nobody else reads; None after ``tries`` silences. NAK is an answer too."""
        clock = asyncio.get_running_loop().time
        for number in range(tries):
            await self._write(transport, frame(opcode, data, again=number > 0))
            until_s = clock() + ANSWER_S
            while (piece := await self._piece(transport, max(0.0, until_s - clock()))) is not None:
                for answer in await self._hear(transport, piece):  # codes that come meanwhile are taken
                    if answer.opcode in (expected, codec.NAK):
                        return answer
        return None

    async def _read(self, transport: Transport) -> None:
        missed = 0
        while True:
            data = await self._piece(transport, self._options.watch_s)
            if data is None:
                missed += 1
                if missed > TRIES:
                    raise DeviceUnavailable(self._address, "no longer answers")
                await self._write(transport, frame(codec.REQUEST_REVISION, again=missed > 1))
                continue
            missed = 0
            for answer in await self._hear(transport, data):
                if answer.opcode in (codec.ACK, codec.NAK) and self._answered and not self._answered.done():
                    self._answered.set_result(answer)

    async def _piece(self, transport: Transport, within_s: float) -> bytes | None:
        """Return the next bytes; none when what is half there will not become whole; ``None`` when nothing came ``within_s``.

        Only the reading has a time-out: one around the queueing of a code could lose it.
        """
        patience_s = self._session.patience_s
        try:
            async with asyncio.timeout(within_s if patience_s is None else min(within_s, patience_s)):
                return await transport.read()
        except TimeoutError:
            return None if patience_s is None or within_s < patience_s else b""

    async def _hear(self, transport: Transport, data: bytes) -> list[Packet]:
        if not data:
            await self.intake.take(self._session.silence())
            return []
        self._backoff.reset()
        heard = self._session.feed(data)
        if heard.reply:
            await self._write(transport, heard.reply)
        await self.intake.take(heard.results)
        return heard.answers

    async def _write(self, transport: Transport, data: bytes) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                await transport.write(data)
        except TimeoutError as error:
            raise DeviceUnavailable(self._address, f"takes nothing for {ANSWER_S:g} s") from error

    async def _order(self, opcode: int, data: bytes = b"") -> None:
        async with self._one_at_a_time:
            answer = await self._given(frame(opcode, data)) or await self._given(frame(opcode, data, again=True))
        if answer is None:
            raise DeviceUnavailable(self.device_id, f"took no order within {2 * ORDER_S:g} s")
        if answer.opcode == codec.NAK:
            raise DeviceUnavailable(
                self.device_id, f"refused {codec.NAMES[opcode]}: {answer.data.hex() or 'no reason'}"
            )

    async def _given(self, order: bytes) -> Packet | None:
        """Give an order while ``_read`` reads; None when nobody answers."""
        if self._transport is None:
            raise DeviceUnavailable(self.device_id, self.state.reason or "it is away")
        self._answered = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ORDER_S):
                await self._transport.write(order)
                return await self._answered
        except TimeoutError:
            return None
        finally:
            self._answered = None


def build(settings: DeviceSettings, around: Surroundings) -> SsiScanner:
    """Return the driver of one entry of the settings."""
    return SsiScanner(settings.device_id, settings.address, options_of(settings, SsiOptions), around)

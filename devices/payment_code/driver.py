"""The payment channel of codes: every question is signed, every answer checked, and no silence is taken for a no."""

import asyncio
import datetime as dt
import secrets
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from devices.backoff import Backoff
from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.health import HasHealth
from devices.payment_code import codec
from devices.payment_code.codec import MAX_ANSWER_BYTES, MAX_BILL_BYTES, Notice, Sealed
from devices.payment_code.exchange import NoAnswer, door_at, post
from devices.payment_code.signing import Key, NotTrusted, checked, signed
from devices.ports.device import Health
from devices.ports.payment import Attempt, BillLine, Outcome, Refund, RefundOutcome, Unknown
from devices.registry import DeviceSettings, options_of
from devices.surroundings import Surroundings

THREADS = 4
"""Questions at once; a fifth waits, and its own deadline runs."""
PING_S = 5.0

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


class PaymentOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who we are at the provider.

    Attributes:
        merchant: our number there.
        secret_file: holds the secret that both sides have; secrets never stand in settings.
        ca_file: authority of the provider's certificate, when it is not a public one.
        watch_s: how often an idle connection is looked after.
    """

    merchant: str
    secret_file: str
    ca_file: str = ""
    watch_s: float = 30.0

    def __post_init__(self) -> None:
        """Refuse a merchant without a name, and a watch that floods."""
        if not self.merchant.isascii() or not self.merchant.isprintable() or not 1 <= len(self.merchant) <= 64:
            raise ValueError(f"merchant {self.merchant!r} is not 1 to 64 printable ASCII characters")
        if not 0.1 <= self.watch_s <= 3600:
            raise ValueError(f"watch_s {self.watch_s} is not 0.1 to 3600")


class PaymentCodes(HasHealth):
    """A provider that collects by payment code.

    Attributes:
        counts: questions by path, and answers that were not trusted by reason.
    """

    def __init__(
        self,
        device_id: str,
        address: str,
        options: PaymentOptions,
        around: Surroundings | None = None,
        *,
        backoff: Backoff | None = None,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        """Read the secret; ``wall_s`` is the clock that requests are dated by."""
        self._around, self._watch_s, self._wall_s = around or Surroundings(), options.watch_s, wall_s
        self._door = door_at(address, options.ca_file)
        self._key = Key(options.merchant, _secret(device_id, options.secret_file))
        super().__init__(device_id, self._around.report)
        self._backoff = backoff or Backoff(cap_s=5.0)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"payment:{device_id}")
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Look after the connection until cancelled."""
        while True:
            if await self._answers():
                self._backoff.reset()
                await asyncio.sleep(self._watch_s)
            else:
                await asyncio.sleep(self._backoff.wait_s())

    async def pay(self, attempt: Attempt, within_s: float = 10.0) -> Outcome:
        """See ``PaymentChannel.pay``.

        Raises:
            ValueError: the attempt has no code.
        """
        body = codec.pay_body(attempt)
        return await self._ask(
            "/v1/pay", body, lambda data: codec.outcome_of(attempt, data), attempt.order_no, within_s
        )

    async def query(self, attempt: Attempt, within_s: float = 10.0) -> Outcome:
        """See ``PaymentChannel.query``."""
        body = codec.sealed({"order_no": attempt.order_no})
        return await self._ask(
            "/v1/query", body, lambda data: codec.outcome_of(attempt, data), attempt.order_no, within_s
        )

    async def reverse(self, attempt: Attempt, within_s: float = 10.0) -> Outcome:
        """See ``PaymentChannel.reverse``."""
        body = codec.sealed({"order_no": attempt.order_no})
        return await self._ask(
            "/v1/reverse", body, lambda data: codec.reversal_of(attempt, data), attempt.order_no, within_s
        )

    async def refund(self, refund: Refund, within_s: float = 10.0) -> RefundOutcome:
        """See ``PaymentChannel.refund``."""
        body = codec.sealed(refund)
        return await self._ask(
            "/v1/refund", body, lambda data: codec.refund_outcome_of(refund, data), refund.refund_no, within_s
        )

    async def bill(self, day: dt.date, within_s: float = 30.0) -> list[BillLine]:
        """See ``PaymentChannel.bill``."""
        try:
            return codec.bill_of(
                await self._exchange("/v1/bill", codec.sealed({"day": day.isoformat()}), within_s, MAX_BILL_BYTES)
            )
        except (NoAnswer, NotTrusted) as error:
            raise DeviceUnavailable(self.device_id, f"bill of {day}: {error.reason}") from error

    def heard(self, nonce: str, signature: str, body: bytes) -> Notice | None:
        """Take a notification that somebody's web server received; None, and counted, when it is not the provider's."""
        try:
            return codec.notice_of(self._key, nonce, signature, body)
        except NotTrusted as error:
            self._distrust("notification", error)
            return None

    async def _ask(
        self, path: str, body: Sealed, read: Callable[[bytes], _T], number: str, within_s: float
    ) -> _T | Unknown:
        try:
            outcome: _T | Unknown = read(await self._exchange(path, body, within_s))
        except NoAnswer as silence:
            outcome = Unknown(silence.reason, sent=silence.sent)
        except NotTrusted as error:
            self._distrust(path, error)
            outcome = Unknown(error.reason)
        # The number and what came of it; never the code, the body or the provider's words.
        _log.info("payment_asked", device_id=self.device_id, path=path, number=number, outcome=type(outcome).__name__)
        return outcome

    async def _exchange(self, path: str, body: Sealed, within_s: float, limit: int = MAX_ANSWER_BYTES) -> bytes:
        self.counts[path] += 1
        nonce = secrets.token_hex(16)
        headers = signed(self._key, self._door.prefix + path, body.data, int(self._wall_s()), nonce)
        try:
            answer = await post(self._threads, self._door, path, headers, body, limit, within_s)
        except NoAnswer as silence:
            self.health.set(Health.ABSENT, f"the provider does not answer: {silence.reason}")
            raise
        said = checked(self._key, answer.status, nonce, answer.signature, answer.body)
        if self.state.health is Health.ABSENT:
            self.health.set(Health.OK)
        return said

    async def _answers(self) -> bool:
        try:
            word = codec.word_of(await self._exchange("/v1/ping", codec.sealed({}), PING_S))
        except NoAnswer:
            return False
        except NotTrusted as error:
            self.health.set(Health.FAILED, f"{error.reason}: look at merchant, secret and address")
            return False
        if word == "SUCCESS":
            self.health.set(Health.OK)
            return True
        # Signed, so the provider's own: it knows us, and does not want us as we are.
        reason = "the clocks differ by more than 5 minutes: set this machine's" if word == "CLOCK_SKEW" else word
        self.health.set(Health.FAILED, f"the provider refuses: {reason}")
        return False

    def _distrust(self, what: str, error: NotTrusted) -> None:
        self.counts[error.reason] += 1
        if self.counts[error.reason] == 1:
            _log.warning("payment_answer_not_trusted", device_id=self.device_id, what=what, reason=error.reason)


def _secret(device_id: str, file: str) -> bytes:
    try:
        secret = Path(file).read_bytes().strip()
    except OSError as error:
        raise DeviceMisconfigured(f"device {device_id}: secret_file {file} cannot be read: {error.strerror}") from error
    if len(secret) < 16:
        raise DeviceMisconfigured(f"device {device_id}: the secret in {file} has {len(secret)} bytes; 16 are the least")
    return secret


def build(settings: DeviceSettings, around: Surroundings) -> PaymentCodes:
    """Return the driver of one entry of the settings."""
    return PaymentCodes(settings.device_id, settings.address, options_of(settings, PaymentOptions), around)

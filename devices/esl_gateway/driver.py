"""A gateway of electronic shelf labels: hands over prices, follows what the tags did, and outlives its restarts."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import msgspec

from devices.backoff import Backoff
from devices.errors import DeviceMisconfigured, DeviceUnavailable, GarbledFrame
from devices.esl_gateway.book import Book
from devices.esl_gateway.codec import (
    EVENTS,
    TAGS,
    UPDATES,
    Events,
    Tags,
    Taken,
    decoded,
    news_of,
    status_of,
    updates_body,
)
from devices.esl_gateway.http import Answer, AnswerDecoder, request
from devices.ports.device import Health
from devices.ports.esl import TagNews, TagStatus, TagUpdate
from devices.registry import DeviceSettings, options_of
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.transport import Transport

_MAX_NEWS = 1000
AT_ONCE = 100
_Message = TypeVar("_Message")


class GatewayOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the settings may say of a gateway.

    Attributes:
        poll_s: between two looks at what happened; an update that is put goes at once.
        answer_s: how long an answer may take.
        ack_s: how long a tag may take; tags sleep, so minutes are usual.
        batch: updates in one request.
        low_battery_percent: below it a tag wants a new battery.
        token_file: holds the gateway's token, where it wants one.
    """

    poll_s: float = 2.0
    answer_s: float = 5.0
    ack_s: float = 900.0
    batch: int = 200
    low_battery_percent: int = 15
    token_file: str = ""

    def __post_init__(self) -> None:
        """Refuse waits that never end or never begin."""
        if (
            not 0.005 <= self.poll_s <= 600
            or not 0.02 <= self.answer_s <= 60
            or self.ack_s <= 0
            or not 1 <= self.batch <= 1000
        ):
            raise ValueError(
                f"poll_s {self.poll_s} (0.005 to 600), answer_s {self.answer_s} (0.02 to 60), ack_s {self.ack_s} (above 0) "
                f"or batch {self.batch} (1 to 1000)"
            )


class EslGateway(ServedDevice):
    """All tags behind one gateway."""

    def __init__(
        self,
        device_id: str,
        address: str,
        options: GatewayOptions | None = None,
        around: Surroundings | None = None,
        *,
        token: str = "",
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(device_id, address, around, backoff=backoff)
        self._options, self._token = options or GatewayOptions(), token
        self._book = Book()
        self._epoch, self._last = "", 0
        self._put = asyncio.Event()
        self._readers: set[asyncio.Queue[TagNews | TagStatus]] = set()

    @property
    def tags(self) -> Mapping[str, TagStatus]:
        """Every tag that the gateway knows, by id."""
        return MappingProxyType(self._book.tags)

    def put(self, updates: Sequence[TagUpdate]) -> None:
        """Let tags show something else as soon as they can; see ``ShelfTags.put``."""
        self._tell(self._book.put(updates))
        self._put.set()

    def update_of(self, tag_id: str) -> TagNews | None:
        """Return what is known of the newest update of a tag."""
        return self._book.update_of(tag_id)

    async def news(self) -> AsyncIterator[TagNews | TagStatus]:
        """Yield changes as they come."""
        queue: asyncio.Queue[TagNews | TagStatus] = asyncio.Queue(maxsize=_MAX_NEWS)
        self._readers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._readers.discard(queue)

    def _tell(self, changes: Sequence[TagNews | TagStatus]) -> None:
        for change in changes:
            for queue in self._readers:
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(change)

    async def serve(self, transport: Transport) -> None:
        """Bring the book and the gateway together, again and again."""
        line = _Line(transport, self._options.answer_s, self._token)
        try:
            await self._look_at_all(line)
            self.alive()
            while True:
                self._put.clear()
                await self._hand_over(line)
                await self._follow(line)
                self._tell(self._book.overdue(time.monotonic(), self._options.ack_s))
                self._judge()
                await self._pause()
        except GarbledFrame as garbled:
            raise DeviceUnavailable(self.device_id, f"it makes no sense: {garbled.reason}") from garbled

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._options.poll_s):
                await self._put.wait()
        except TimeoutError:
            pass

    async def _look_at_all(self, line: "_Line") -> None:
        found = await line.ask("GET", TAGS, Tags)
        self._epoch_is(found.epoch)
        self._last = found.last
        named = set()
        for number, tag in enumerate(found.tags):
            status = status_of(tag)
            named.add(status.tag_id)
            self._tell(self._book.seen(status))
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)  # thousands of tags take half a second, in which scans would wait
        self._book.keep(named)

    def _epoch_is(self, epoch: str) -> bool:
        """Note the gateway's epoch; True when it has lost its memory since we last heard of it."""
        new = epoch != self._epoch
        if new:
            self._last = 0  # its events are numbered anew
        if new and self._epoch:
            self._book.forget_sent()
        self._epoch = epoch
        return new

    async def _hand_over(self, line: "_Line") -> None:
        while updates := self._book.to_send(self._options.batch):
            taken = await line.ask("POST", UPDATES, Taken, updates_body(updates))
            self._epoch_is(taken.epoch)
            refused = [(each.id, each.reason) for each in taken.refused]
            self._tell(self._book.sent(taken.accepted, refused, time.monotonic()))
            if {each.update_id for each in updates}.isdisjoint([*taken.accepted, *dict(refused)]):
                raise GarbledFrame("updates neither taken nor refused")

    async def _follow(self, line: "_Line") -> None:
        events = await line.ask("GET", f"{EVENTS}?after={self._last}", Events)
        if self._epoch_is(events.epoch) or events.lost:
            await self._look_at_all(line)
            self._put.set()  # what was sent before may have to go again
            return
        for event in events.events:
            self._tell(
                [*self._book.seen(status_of(event))] if event.type == "tag" else self._book.heard(news_of(event))
            )
        self._last = max(self._last, events.last)

    def _judge(self) -> None:
        tags = self._book.tags.values()
        limit = self._options.low_battery_percent
        low = sum(tag.battery_percent is not None and tag.battery_percent < limit for tag in tags)
        away = sum(not tag.online for tag in tags)
        troubles = [f"{low} tags with a low battery"] * bool(low) + [f"{away} tags out of reach"] * bool(away)
        self.health.set(Health.DEGRADED if troubles else Health.OK, ", ".join(troubles))


class _Line:
    """Questions and answers over one connection, one after the other."""

    def __init__(self, transport: Transport, answer_s: float, token: str) -> None:
        self._transport, self._answer_s, self._token = transport, answer_s, token
        self._decoder = AnswerDecoder()

    async def ask(self, method: str, path: str, of: type[_Message], body: bytes = b"") -> _Message:
        """Return the gateway's answer.

        Raises:
            DeviceUnavailable: gone, silent, or it refuses.
            GarbledFrame: it makes no sense.
        """
        host = self._transport.address.removeprefix("tcp:")
        try:
            async with asyncio.timeout(self._answer_s):
                await self._transport.write(request(method, path, host, body, self._token))
                answer = await self._answer()
        except TimeoutError as error:
            raise DeviceUnavailable(self._transport.address, f"no answer within {self._answer_s:g} s") from error
        if answer.status in (401, 403):
            raise DeviceUnavailable(
                self._transport.address, f"it refuses our token (HTTP {answer.status}): see token_file"
            )
        if answer.status >= 300:
            raise DeviceUnavailable(self._transport.address, f"it answers HTTP {answer.status} to {method} {path}")
        return decoded(answer.body, of)

    async def _answer(self) -> Answer:
        while True:
            for answer in self._decoder.feed(await self._transport.read()):
                return answer


def build(settings: DeviceSettings, around: Surroundings) -> EslGateway:
    """Return the driver for ``settings``.

    Raises:
        DeviceMisconfigured: an option that it does not know, or a token file that cannot be read.
    """
    options = options_of(settings, GatewayOptions)
    return EslGateway(settings.device_id, settings.address, options, around, token=_token(options.token_file))


def _token(file: str) -> str:
    if not file:
        return ""
    try:
        token = Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DeviceMisconfigured(f"token_file {file} cannot be read: {error}") from error
    if not token.isascii() or not token.isprintable():
        raise DeviceMisconfigured(f"token_file {file} does not hold one line of printable ASCII")
    return token

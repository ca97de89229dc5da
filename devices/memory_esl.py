"""The double of shelf labels: an honest one, since it passes the contract suite of the real ones."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from devices.esl_gateway.book import Book
from devices.ports.device import DeviceState, Health
from devices.ports.esl import TagNews, TagState, TagStatus, TagUpdate


class MemoryShelfTags:
    """Tags that show what they are given, but for those in ``asleep`` (no answer yet) and ``broken`` (they say no).

    Attributes:
        glass: what each tag shows.
    """

    def __init__(self, device_id: str = "tags", tags: Sequence[str] = ()) -> None:
        self.device_id = device_id
        self.state = DeviceState(Health.OK)
        self.glass: dict[str, TagUpdate] = {}
        self.asleep: set[str] = set()
        self.broken: set[str] = set()
        self._book = Book()
        self._waiting: dict[str, TagUpdate] = {}
        self._news: asyncio.Queue[TagNews | TagStatus] = asyncio.Queue(maxsize=1000)
        for tag in tags:
            self._tell(self._book.seen(TagStatus(tag, battery_percent=90, rssi_dbm=-60)))

    @property
    def tags(self) -> Mapping[str, TagStatus]:
        """Every tag there is."""
        return self._book.tags

    async def run(self) -> None:
        """Be there until cancelled."""
        await asyncio.Event().wait()

    def put(self, updates: Sequence[TagUpdate]) -> None:
        """Show the updates, or not."""
        self._tell(self._book.put(updates))
        self._work()

    def update_of(self, tag_id: str) -> TagNews | None:
        """Return what is known of the newest update of a tag."""
        return self._book.update_of(tag_id)

    async def news(self) -> AsyncIterator[TagNews | TagStatus]:
        """Yield changes as they come."""
        while True:
            yield await self._news.get()

    def unplug(self, *, unplugged: bool = True) -> None:
        """Switch the gateway off or on."""
        self.state = DeviceState(Health.ABSENT, "unplugged") if unplugged else DeviceState(Health.OK)
        self._work()

    def wake(self, tag_id: str) -> None:
        """Let a tag that slept take what waits for it."""
        self.asleep.discard(tag_id)
        self._work()

    def report(self, status: TagStatus) -> None:
        """Let a tag say how it is."""
        self._tell(self._book.seen(status))

    def _work(self) -> None:
        if not self.state.health.works:
            return
        for update in self._book.to_send(10_000):
            known = update.tag_id in self._book.tags
            refused = [] if known else [(update.update_id, "no such tag")]
            self._tell(self._book.sent([update.update_id] if known else [], refused, 0))
            if known:
                self._waiting[update.tag_id] = update
        for tag_id, news in [(tag, self._book.update_of(tag)) for tag in self._book.tags]:
            if news is not None and news.state is TagState.SENT and tag_id not in self.asleep:
                self._take(tag_id, news.update_id)

    def _take(self, tag_id: str, update_id: str) -> None:
        if tag_id in self.broken:
            self._tell(self._book.heard(TagNews(tag_id, update_id, TagState.FAILED, "the tag refused it")))
            return
        self.glass[tag_id] = self._waiting[tag_id]
        self._tell(self._book.heard(TagNews(tag_id, update_id, TagState.ACKED)))

    def _tell(self, changes: Sequence[TagNews | TagStatus]) -> None:
        for change in changes:
            if self._news.full():
                self._news.get_nowait()
            self._news.put_nowait(change)

"""What every tag shall show and what is known of it: pure bookkeeping, the later price always wins."""

import heapq
from collections.abc import Iterable, Sequence

from devices.esl_gateway.codec import MAX_TAGS
from devices.ports.esl import TagNews, TagState, TagStatus, TagUpdate


class _Wanted:
    """The newest update of one tag."""

    def __init__(self, update: TagUpdate) -> None:
        self.update = update
        self.news = TagNews(update.tag_id, update.update_id, TagState.QUEUED)
        self.sent_s = 0.0


class Book:
    """Updates by tag; every change is returned as news."""

    def __init__(self) -> None:
        self._wanted: dict[str, _Wanted] = {}
        self._tag_of: dict[str, str] = {}  # by the update that it shall show
        self.tags: dict[str, TagStatus] = {}

    def put(self, updates: Sequence[TagUpdate]) -> list[TagNews]:
        """Take updates; an older one than what a tag shall show already fails as superseded.

        Raises:
            ValueError: more tags than ``MAX_TAGS``; nothing was taken.
        """
        if len(self._wanted.keys() | {update.tag_id for update in updates}) > MAX_TAGS:
            raise ValueError(f"a gateway has at most {MAX_TAGS} tags")
        return [news for update in updates for news in self._put(update)]

    def _put(self, update: TagUpdate) -> list[TagNews]:
        before = self._wanted.get(update.tag_id)
        if before is None:
            return [self._want(update).news]
        if before.update.update_id == update.update_id and before.news.state is not TagState.FAILED:
            return []  # the same again
        if update.updated_at < before.update.updated_at:
            return [TagNews(update.tag_id, update.update_id, TagState.FAILED, "superseded by a later price")]
        self._tag_of.pop(before.update.update_id, None)
        news = [self._want(update).news]
        if before.news.state in (TagState.QUEUED, TagState.SENT) and before.update.update_id != update.update_id:
            lost = TagNews(update.tag_id, before.update.update_id, TagState.FAILED, "superseded by a later price")
            news.insert(0, lost)
        return news

    def _want(self, update: TagUpdate) -> _Wanted:
        wanted = self._wanted[update.tag_id] = _Wanted(update)
        self._tag_of[update.update_id] = update.tag_id
        return wanted

    def update_of(self, tag_id: str) -> TagNews | None:
        """Return what is known of the newest update of a tag."""
        wanted = self._wanted.get(tag_id)
        return None if wanted is None else wanted.news

    def to_send(self, most: int) -> list[TagUpdate]:
        """Return updates that the gateway does not have yet, oldest first."""
        waiting = (each.update for each in self._wanted.values() if each.news.state is TagState.QUEUED)
        return heapq.nsmallest(most, waiting, key=lambda update: update.updated_at)

    def sent(self, accepted: Iterable[str], refused: Iterable[tuple[str, str]], now_s: float) -> list[TagNews]:
        """Note what the gateway has taken and what not; what was overtaken meanwhile is nothing new."""
        news = []
        for update_id in accepted:
            if (wanted := self._waiting(update_id)) is not None:
                wanted.sent_s = now_s
                news += self._move(wanted, TagState.SENT, "")
        for update_id, reason in refused:
            if (wanted := self._waiting(update_id)) is not None:
                news += self._move(wanted, TagState.FAILED, reason or "the gateway refused it")
        return news

    def _waiting(self, update_id: str) -> _Wanted | None:
        wanted = self._wanted.get(self._tag_of.get(update_id, ""))
        return wanted if wanted is not None and wanted.news.state is TagState.QUEUED else None

    def heard(self, told: TagNews) -> list[TagNews]:
        """Take what a tag did; what it says of an update that no longer counts is nothing new."""
        wanted = self._wanted.get(told.tag_id)
        if wanted is None or wanted.update.update_id != told.update_id or wanted.news.state is TagState.ACKED:
            return []
        return self._move(wanted, told.state, told.reason)

    def seen(self, status: TagStatus) -> list[TagStatus | TagNews]:
        """Take how a tag is; one that shows the wanted update has acknowledged it."""
        changed: list[TagStatus | TagNews] = []
        if self.tags.get(status.tag_id) != status and (status.tag_id in self.tags or len(self.tags) < MAX_TAGS):
            self.tags[status.tag_id] = status
            changed.append(status)
        if status.shows:
            changed += self.heard(TagNews(status.tag_id, status.shows, TagState.ACKED))
        return changed

    def keep(self, names: set[str]) -> None:
        """Forget tags that the gateway does not know any more."""
        self.tags = {name: status for name, status in self.tags.items() if name in names}

    def overdue(self, now_s: float, ack_s: float) -> list[TagNews]:
        """Give up on what was sent ``ack_s`` ago; a later acknowledgement counts all the same."""
        late = [
            each for each in self._wanted.values() if each.news.state is TagState.SENT and now_s - each.sent_s >= ack_s
        ]
        return [
            news for each in late for news in self._move(each, TagState.FAILED, f"no acknowledgement in {ack_s:g} s")
        ]

    def forget_sent(self) -> None:
        """Queue again what the gateway had: it has lost its memory. The ids stay, so nothing is shown twice."""
        for each in self._wanted.values():
            if each.news.state is TagState.SENT:
                each.news = TagNews(each.update.tag_id, each.update.update_id, TagState.QUEUED)

    @staticmethod
    def _move(wanted: _Wanted, state: TagState, reason: str) -> list[TagNews]:
        news = TagNews(wanted.update.tag_id, wanted.update.update_id, state, reason)
        if news == wanted.news:
            return []
        wanted.news = news
        return [news]

"""What a scale is told to do: zero and tare. A command counts as carried out when the readings show it, and not before."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from devices.ports.scale import NotReady, Reason, Stable, Weight
from devices.scale_news import ScaleNews
from devices.scale_serial.codec import Done, Language
from devices.weighing import Platter

COMMAND_S = 2.0
"""How long a scale may take until its readings show that a command was carried out."""

MAX_WAITING = 4


class Commands:
    """The commands of one scale, and the tare that it keeps for us.

    Attributes:
        language: what it speaks; a scale that is detected changes it.
        given: set when a command waits to be sent.
    """

    def __init__(self, language: Language, platter: Platter, news: ScaleNews, given: asyncio.Event) -> None:
        self.language, self.given = language, given
        self._platter, self._news = platter, news
        self._heard: Weight | Done = platter.shown
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(maxsize=MAX_WAITING)
        self._load = platter.load

    @property
    def waiting(self) -> bool:
        """Whether a command has to be sent."""
        return not self._queue.empty()

    def next(self) -> bytes:
        """Take the command that has to be sent."""
        return self._queue.get_nowait()

    def forget(self) -> None:
        """Drop what was not sent: who gave it has given up, and it must not be carried out when the scale is back."""
        while self.waiting:
            self.next()

    def hear(self, event: Weight | Done) -> None:
        """Take what the scale said."""
        self._heard = event

    async def zero(self) -> NotReady | None:
        """Set the present load as zero; a tare of ours ends with it."""
        if not self.language.zero:
            return NotReady(Reason.REFUSED)
        self._load.tare_g = 0
        return await self._give(self.language.zero, _is_zero)

    async def tare(self, weight_g: int | None) -> NotReady | None:
        """Take ``weight_g`` (None: the present load) off every following weight; kept by us where the scale cannot."""
        language = self.language
        if weight_g is None and language.tare:
            return self._keeps(await self._give(language.tare, _is_zero))
        if weight_g is not None and language.preset is not None and 0 < weight_g < self._platter.rules.capacity_g:
            return self._keeps(await self._give(language.preset(weight_g), lambda event: event.net))
        why = self._platter.hold(weight_g)
        return why if why is not None else await self._give(b"", lambda _: True)

    async def clear_tare(self) -> NotReady | None:
        """Weigh gross again; a scale whose only way is to tare an empty platter must be empty (``NOT_REMOVED``)."""
        self._load.tare_g = 0
        language = self.language
        if not language.clear_tare or (self._only_empty and not self._load.tared):
            return await self._give(b"", lambda event: not event.net)
        shown = self._platter.shown
        if self._only_empty and isinstance(shown, Stable) and shown.weight_g:
            return NotReady(Reason.NOT_REMOVED, shown.weight_g)
        why = await self._give(language.clear_tare, _is_zero if self._only_empty else _is_gross)
        self._load.tared = why is not None
        return why

    def taken_off(self, shown: Weight, *, now: bool) -> None:
        """Clear the scale's tare with the thing that it was for, until its readings show that it is gone.

        Args:
            shown: the newest reading.
            now: with this reading the thing was taken off.
        """
        load = self._load
        load.clearing = load.tared and (load.clearing or now)
        if not load.clearing:
            return
        if _is_zero(shown) if self._only_empty else _is_gross(shown):
            load.tared = load.clearing = False
        elif not self.waiting and (not self._only_empty or getattr(shown, "reason", None) is Reason.UNDER_ZERO):
            self._queue.put_nowait(self.language.clear_tare)

    @property
    def _only_empty(self) -> bool:
        """Whether the scale clears a tare only by taring an empty platter."""
        return self.language.clear_tare == self.language.tare

    def _keeps(self, why: NotReady | None) -> NotReady | None:
        self._load.tared = self._load.tared or why is None
        return why

    async def _give(self, command: bytes, reached: Callable[[Weight | Done], bool]) -> NotReady | None:
        """Send a command, if there is one, and watch until the readings show that it was carried out."""
        self._news.must_be_here()
        why = NotReady(Reason.REFUSED)
        with suppress(TimeoutError, asyncio.QueueFull):
            async with asyncio.timeout(COMMAND_S):
                if command:
                    self._queue.put_nowait(command)
                self.given.set()
                while True:
                    await self._news.next()
                    if reached(self._heard):
                        return None
                    if isinstance(self._heard, NotReady):
                        why = self._heard
        return why


def _is_gross(event: Weight | Done) -> bool:
    return not event.net and not isinstance(event, NotReady)


def _is_zero(event: Weight | Done) -> bool:
    return isinstance(event, Stable) and event.weight_g == 0

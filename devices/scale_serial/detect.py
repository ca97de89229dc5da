"""Which protocol a scale speaks: listen to what comes, then ask politely. Nothing that is sent changes anything in a scale."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from devices.errors import DeviceUnavailable
from devices.framing import Parity7, with_parity
from devices.ports.scale import NotReady, Reason, Stable
from devices.scale_serial.codec import Conversation, Send
from devices.scale_serial.models import Model, models
from devices.transport import Transport

LISTEN_S = 0.6
ANSWER_S = 0.25
_QUESTIONS = {
    # An 8217 answers at the W, an NCI at the CR; the first CR ends what an NCI may have heard of another question.
    b"\rW\r": ("generic-toledo8217", "generic-nci"),
    b"\x05": ("generic-cas", "pinnacle-os2", "generic-icl"),
}
_CONTINUOUS = ("cas-continuous", "pinnacle-os2-continuous")


class Found(NamedTuple):
    """What a scale turned out to be.

    Attributes:
        model: the name of a generic entry of ``models.toml``.
        parity: of the seven-bit characters that it takes, made by us, since the line was opened with eight.
        reading: the last thing it said.
    """

    model: str
    parity: Parity7
    reading: Stable | NotReady


class _Ear:
    """One protocol that may be it; hears everything, and counts what makes sense."""

    def __init__(self, name: str, model: Model, parity: Parity7 = Parity7.NONE) -> None:
        self.name, self.parity = name, parity
        self.talk = Conversation(model.language)
        self.sense = 0
        self._exact = model.pattern is None
        self.reading: Stable | NotReady | None = None

    def hear(self, data: bytes) -> list[bytes]:
        """Take what came; returns what this protocol would say to it."""
        replies = []
        for event in self.talk.feed(data):
            if isinstance(event, Send):
                replies.append(event.data)
            elif event == NotReady(Reason.GARBLED):
                self.sense -= 1
            elif isinstance(event, Stable) or (isinstance(event, NotReady) and event.reason is not Reason.REFUSED):
                self.sense += 1
                self.reading = event
        return replies

    def score(self, enough: int) -> tuple[bool, int, int]:
        """Whether it is a protocol of its own and no mere pattern, frames that made sense, bytes that did not."""
        return self._exact and self.sense >= enough, self.sense, -self.talk.skipped


async def detect(transport: Transport, more: Path | None = None) -> Found | None:
    """Return what the scale at the other end speaks, None when nothing it says makes sense; takes about 2 s.

    Args:
        transport: open, eight bits without parity.
        more: a file of further models, whose patterns are tried too.

    Raises:
        DeviceUnavailable: the line is lost.
    """
    known = models(more).all
    silent = [name for name, model in known.items() if model.pattern is not None and not model.language.question]
    heard = await _round(transport, b"", [_Ear(name, known[name]) for name in (*_CONTINUOUS, *silent)], LISTEN_S, 2)
    if heard is not None:
        return heard
    questions = dict(_QUESTIONS)
    for name, model in known.items():
        if model.pattern is not None and (question := model.language.question):
            questions[question] = (*questions.get(question, ()), name)
    for parity in Parity7:
        for question, names in questions.items():
            ears = [_Ear(name, known[name], parity) for name in names]
            if found := await _round(transport, question, ears, ANSWER_S, 1):
                return found
    return None


async def _round(
    transport: Transport, question: bytes, ears: list[_Ear], patience_s: float, enough: int
) -> Found | None:
    """Ask once, and let every ear hear the answer."""
    parity = ears[0].parity
    with suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            if question:
                await transport.write(with_parity(question, parity))
            while not _clear(ears, enough):
                data = await transport.read()
                for reply in dict.fromkeys(reply for ear in ears for reply in ear.hear(data)):
                    await transport.write(with_parity(reply, parity))
    return _best(ears, enough)


def _clear(ears: Iterable[_Ear], enough: int) -> bool:
    """Whether one protocol makes sense where no other does; else it is worth hearing more."""
    return sum(ear.sense > 0 for ear in ears) == 1 and _best(ears, enough) is not None


def _best(ears: Iterable[_Ear], enough: int) -> Found | None:
    best, *others = sorted(ears, key=lambda ear: ear.score(enough), reverse=True)
    # A lone "not ready" is the same byte in three protocols: only one that is ahead of the others is known.
    if best.sense < enough or best.reading is None or (others and others[0].score(enough) == best.score(enough)):
        return None
    return Found(best.name, best.parity, best.reading)


async def detect_or_fail(transport: Transport, more: Path | None) -> Found:
    """Return what the scale speaks.

    Raises:
        DeviceUnavailable: it says nothing that any protocol knows.
    """
    found = await detect(transport, more)
    if found is None:
        raise DeviceUnavailable(
            transport.address, "no scale protocol fits what comes: put something on it, check cable and baud rate"
        )
    return found

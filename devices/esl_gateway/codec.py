"""The gateway's JSON into values, values into its JSON. Sans-I/O.

No common wire standard exists for shelf labels (reference §2.3); this is the plain form that gateways of several makers
come down to, and an adapter of a few lines brings others here:

    POST /api/v1/updates  {"updates": [{"id", "tag", "template", "item", "price", "currency", "updated_at", "fields"}]}
                          → {"epoch", "accepted": [id…], "refused": [{"id", "reason"}…]}
    GET  /api/v1/tags     → {"epoch", "last": n, "tags": [{"tag", "online", "battery", "rssi", "shows"}…]}
    GET  /api/v1/events?after=n → {"epoch", "last": n, "lost": false, "events": [{"n", "type": "update"|"tag", …}…]}

``epoch`` changes when the gateway has lost its memory; ``price`` is in minor units.
"""

import re
from collections.abc import Sequence
from typing import Literal, TypeVar

import msgspec

from devices.errors import GarbledFrame
from devices.meaning import Meaning
from devices.ports.esl import TagNews, TagState, TagStatus, TagUpdate

UPDATES, TAGS, EVENTS = "/api/v1/updates", "/api/v1/tags", "/api/v1/events"
MAX_TAGS = 50_000
MAX_REASON = 120
_CONTROL = re.compile(r"[^ -~\u00a0-\ufffd]")
_Message = TypeVar("_Message")


class Refused(msgspec.Struct, frozen=True):
    """An update that the gateway does not take."""

    id: str
    reason: str = ""


class Taken(msgspec.Struct, frozen=True):
    """What the gateway says to a batch of updates."""

    epoch: str
    accepted: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()


class Tag(msgspec.Struct, frozen=True):
    """A tag as the gateway tells of it."""

    tag: str
    online: bool = True
    battery: int | None = None
    rssi: int | None = None
    shows: str = ""


class Tags(msgspec.Struct, frozen=True):
    """All tags, and the number of the newest event."""

    epoch: str
    last: int = 0
    tags: tuple[Tag, ...] = ()


class Event(msgspec.Struct, frozen=True):
    """Something that happened; an update's ``state`` is acked or failed."""

    n: int
    type: Literal["update", "tag"]
    tag: str
    id: str = ""
    state: Literal["", "acked", "failed"] = ""
    reason: str = ""
    online: bool = True
    battery: int | None = None
    rssi: int | None = None
    shows: str = ""


class Events(msgspec.Struct, frozen=True):
    """What happened after a number; ``lost``: something between is not remembered any more."""

    epoch: str
    last: int = 0
    lost: bool = False
    events: tuple[Event, ...] = ()


def updates_body(updates: Sequence[TagUpdate]) -> bytes:
    """Return the body of POST /api/v1/updates."""
    rows = [
        {
            "id": update.update_id,
            "tag": update.tag_id,
            "template": update.template,
            "item": update.item,
            "price": update.price_minor,
            "currency": update.currency,
            "updated_at": update.updated_at.isoformat(),
            "fields": {_line(name): _line(text) for name, text in update.fields.items()},
        }
        for update in updates
    ]
    return msgspec.json.encode({"updates": rows})


def decoded(body: bytes, of: type[_Message]) -> _Message:
    """Return an answer's body as ``of``.

    Raises:
        GarbledFrame: it is not what the gateway should say.
    """
    try:
        return msgspec.json.decode(body, type=of)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise GarbledFrame(f"no {of.__name__} answer", body) from error


def status_of(tag: Tag | Event) -> TagStatus:
    """Return how a tag is; figures that cannot be are not believed."""
    battery = tag.battery if tag.battery is not None and 0 <= tag.battery <= 100 else None
    rssi = tag.rssi if tag.rssi is not None and -150 <= tag.rssi <= 20 else None
    return TagStatus(_line(tag.tag), tag.online, battery, rssi, _line(tag.shows))


def news_of(event: Event) -> TagNews:
    """Return what became of an update."""
    state = TagState.ACKED if event.state == "acked" else TagState.FAILED
    return TagNews(_line(event.tag), _line(event.id), state, _line(event.reason))


def _line(text: str) -> str:
    """Return text without control characters, in bounds."""
    return _CONTROL.sub("", text)[:MAX_REASON]


def explain(data: bytes) -> list[Meaning]:
    """Say what a gateway's body means, for people."""
    for of in (Events, Tags, Taken):
        try:
            found = decoded(data, of)
        except GarbledFrame:
            continue
        match found:
            case Events(events=events) if events or b'"events"' in data:
                return [_told(event) for event in events] or [Meaning("nothing happened", {"last": found.last})]
            case Tags(tags=tags) if tags or b'"tags"' in data:
                return [
                    Meaning(f"tag {_line(tag.tag)}, battery {tag.battery}", {"tag": _line(tag.tag)}) for tag in tags
                ]
            case Taken(accepted=accepted, refused=refused):
                fields: dict[str, str | int | bool] = {"accepted": len(accepted), "refused": len(refused)}
                return [Meaning(f"{len(accepted)} updates taken, {len(refused)} refused", fields)]
            case _:
                continue
    return [Meaning(f"{len(data)} bytes that are no answer of a gateway", {"noise": len(data)})]


def _told(event: Event) -> Meaning:
    if event.type == "update":
        news = news_of(event)
        fields: dict[str, str | int | bool] = {"tag": news.tag_id, "update": news.update_id, "state": news.state.value}
        return Meaning(f"tag {news.tag_id}: update {news.update_id} {news.state.value} {news.reason}".rstrip(), fields)
    status = status_of(event)
    return Meaning(
        f"tag {status.tag_id}: {'online' if status.online else 'offline'}, battery {status.battery_percent}",
        {"tag": status.tag_id, "online": status.online},
    )

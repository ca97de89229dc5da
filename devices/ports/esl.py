"""Electronic shelf labels: what a tag shall show, and what is known of it."""

import enum
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from devices.ports.device import Device

MAX_ID = 64
MAX_FIELDS, MAX_FIELD = 24, 200


class TagState(enum.Enum):
    """What is known of one update."""

    QUEUED = "queued"  # here
    SENT = "sent"  # the gateway has it; the tag may show it or not
    ACKED = "acked"  # the tag shows it
    FAILED = "failed"  # the tag does not show it, as far as anybody knows


class TagUpdate(msgspec.Struct, frozen=True):
    """What one tag shall show from ``updated_at`` on.

    Attributes:
        update_id: unique; the same id again is the same update.
        tag_id: as printed on the tag.
        template: a layout that the gateway knows.
        item: the SKU.
        price_minor: in minor units of ``currency``.
        updated_at: when the price was made, aware; of two updates of a tag the later one counts, whichever comes first.
        fields: what else the template shows: name, unit, origin, code …
    """

    update_id: str
    tag_id: str
    template: str
    item: str
    price_minor: int
    currency: str
    updated_at: datetime
    fields: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Refuse what no gateway takes."""
        for name, value in (("update_id", self.update_id), ("tag_id", self.tag_id), ("template", self.template)):
            if not 1 <= len(value) <= MAX_ID or not value.isprintable():
                raise ValueError(f"{name} {value[:80]!r} is not 1 to {MAX_ID} printable characters")
        if self.updated_at.tzinfo is None:
            raise ValueError(f"updated_at {self.updated_at} of tag {self.tag_id} has no zone")
        if len(self.fields) > MAX_FIELDS or any(len(text) > MAX_FIELD for pair in self.fields.items() for text in pair):
            raise ValueError(f"tag {self.tag_id} takes {MAX_FIELDS} fields of {MAX_FIELD} characters")


class TagNews(msgspec.Struct, frozen=True, tag="update"):
    """A change of one update's state; ``reason`` is one line for a person."""

    tag_id: str
    update_id: str
    state: TagState
    reason: str = ""


class TagStatus(msgspec.Struct, frozen=True, tag="status"):
    """How a tag is; None is "it did not say".

    Attributes:
        shows: the id of the update on its glass, empty when unknown.
    """

    tag_id: str
    online: bool = True
    battery_percent: int | None = None
    rssi_dbm: int | None = None
    shows: str = ""


class ShelfTags(Device, Protocol):
    """All tags behind one gateway."""

    def put(self, updates: Sequence[TagUpdate]) -> None:
        """Let tags show something else as soon as they can; never waits, also while the gateway is away.

        Of two updates of one tag the one with the later ``updated_at`` counts; the other one fails as superseded.

        Raises:
            ValueError: more tags than a gateway has.
        """

    def update_of(self, tag_id: str) -> TagNews | None:
        """Return what is known of the newest update of a tag; None when there was none since the start."""

    @property
    def tags(self) -> Mapping[str, TagStatus]:
        """Every tag that the gateway knows, by id, as last heard."""

    def news(self) -> AsyncIterator[TagNews | TagStatus]:
        """Iterate over changes as they come; ends only by cancellation. Who reads too slowly misses old ones, never the newest."""

"""What the sender reads and what it wants done, as values: the words between ``protocol.sender`` and whoever carries it."""

from enum import Enum
from typing import NamedTuple, Protocol

from protocol.messages import Batch, Hello


class OutboxView(Protocol):
    """What the sender reads of the journal."""

    def top(self) -> int:
        """Return the last seq (0: none)."""
        ...

    def head(self) -> bytes:
        """Return the hash at ``top``."""
        ...

    def hash_at(self, seq: int) -> bytes | None:
        """Return the hash at ``seq`` (0: the epoch's beginning), None when it is no longer or not yet here."""
        ...

    def read(self, first_seq: int, max_events: int, max_bytes: int) -> list[bytes]:
        """Return consecutive events from ``first_seq``, within both limits but at least one if there is one."""
        ...


class State(Enum):
    """Where the conversation stands."""

    OFFLINE = "offline"
    GREETING = "greeting"
    STREAMING = "streaming"
    HELD = "held"


class Send(NamedTuple):
    """Publish on ``up``."""

    message: Hello | Batch


class Acknowledged(NamedTuple):
    """Headquarters committed everything up to ``up_to``; rows up to ``min(up_to, safe)`` may go after their retention."""

    up_to: int
    safe: int
    gen: int


class Rewound(NamedTuple):
    """Headquarters went back to ``to`` (restored from a backup): what follows is sent again."""

    to: int
    gen: int


class StartEpoch(NamedTuple):
    """The histories differ: number the retained rows afresh under ``epoch``, then call ``Sender.epoch_started``."""

    epoch: int
    reason: str


class Incident(NamedTuple):
    """A person should know. ``kind``: fork, wrong_ack, restored, held, released, broken_outbox."""

    kind: str
    text: str


Effect = Send | Acknowledged | Rewound | StartEpoch | Incident


class Progress(NamedTuple):
    """For status pages; nothing is decided from it. ``credit`` in bytes."""

    state: State
    epoch: int
    acked: int
    safe: int
    in_flight: int
    window: int
    credit: int
    held: str
    smoothed_ack_s: float | None

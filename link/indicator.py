"""How well the line works: what the cashier's indicator shows, logged when it changes and not while it lasts."""

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

import structlog


class RelayState(Enum):
    """What the cashier's indicator and the status page show."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    REFUSED = "refused"
    GREETING = "greeting"
    ONLINE = "online"
    HELD = "held"


class RelayChange(NamedTuple):
    """Told to ``on_change``: the state, and why it is not better."""

    state: RelayState
    reason: str


class Indicator:
    """The state of one edge's line, with its reason.

    Attributes:
        state: how well it works.
        reason: why it is not better; empty while online.
    """

    def __init__(self, edge: str, on_change: Callable[[RelayChange], None] | None) -> None:
        self.state, self.reason = RelayState.OFFLINE, "not started"
        self._on_change = on_change
        self._opened, self._lost, self._refused = False, False, ""
        self._log = structlog.get_logger(__name__).bind(edge=edge)

    def show(self, state: RelayState, reason: str) -> None:
        """Take a new state; ``on_change`` hears of it when it is another one, and not when only the reason is."""
        if (state, reason) == (self.state, self.reason):
            return
        changed = state is not self.state
        self.state, self.reason = state, reason
        self._tell(changed=changed)
        if changed and self._on_change is not None:
            self._on_change(RelayChange(state, reason))

    def _tell(self, *, changed: bool) -> None:
        match self.state:
            case RelayState.ONLINE if self._lost or not self._opened:
                self._log.info("link_recovered" if self._lost else "link_opened")
                self._opened, self._lost, self._refused = True, False, ""
            case RelayState.REFUSED if changed and self.reason != self._refused:
                self._log.error("link_refused", reason=self.reason)  # once, not with every attempt
                self._lost, self._refused = True, self.reason
            case RelayState.OFFLINE if not self._lost:
                self._log.warning("link_lost", reason=self.reason)
                self._lost = True
            case _:
                pass

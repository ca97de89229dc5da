"""One electronic shelf label: what it shows, how long it sleeps, and what is wrong with it."""

import dataclasses
from typing import Any

MODES = ("normal", "slow", "offline", "nack", "deaf")
"""``slow`` takes ``delay_s``; ``offline`` answers when it comes back; ``nack`` says no; ``deaf`` never answers and seems online."""


@dataclasses.dataclass
class Tag:
    """A tag.

    Attributes:
        battery: percent.
        rssi: dBm.
        shows: id of the update on its glass; ``content`` is what stands there.
        waiting: what it has not taken yet.
    """

    name: str
    mode: str = "normal"
    delay_s: float = 0.01
    battery: int = 90
    rssi: int = -60
    shows: str = ""
    content: dict[str, Any] = dataclasses.field(default_factory=dict)
    waiting: dict[str, Any] | None = None
    refreshes: int = 0

    @property
    def online(self) -> bool:
        """Whether the gateway hears it."""
        return self.mode != "offline" and self.battery > 0

    def show(self, update: dict[str, Any]) -> None:
        """Put an update on the glass; e-paper costs battery."""
        self.content = {
            name: update[name] for name in ("template", "item", "price", "currency", "updated_at", "fields")
        }
        self.shows = update["id"]
        self.refreshes += 1

    def told(self) -> dict[str, Any]:
        """Return what the gateway says of it."""
        return {
            "tag": self.name,
            "online": self.online,
            "battery": self.battery,
            "rssi": self.rssi,
            "shows": self.shows,
        }

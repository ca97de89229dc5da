"""A relay board with three lamps on it, as LCUS boards speak: ``A0 relay state sum`` (sum of the first three bytes, modulo 256).

    async with LightSim(PtyWire()) as light:
        light.shows()    # {"green": true, "yellow": false, "red": false, …}

As a child: ``python -m firmware_sim.light [--link PATH]``; commands are ``{}`` (look) and the faults of a wire.
"""

import time
from pathlib import Path
from typing import Any

from firmware_sim.control import command_line, live
from firmware_sim.wire import PtyWire, SimulatedDevice, Wire

LAMPS = {1: "green", 2: "yellow", 3: "red"}
_FLASHES_WITHIN_S = 1.5


class LightSim(SimulatedDevice):
    """Relays 1 to 3 switch green, yellow and red; the others click and light nothing."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self.lamps = dict.fromkeys(LAMPS.values(), False)
        self.switched = 0
        self.refused = 0
        self._changed_at: dict[str, list[float]] = {lamp: [] for lamp in LAMPS.values()}
        self._pending = bytearray()

    def receive(self, data: bytes) -> None:
        """Take bytes; a frame with a wrong sum is dropped byte by byte until one fits."""
        self._pending += data
        while len(self._pending) >= 4:
            frame = bytes(self._pending[:4])
            if frame[0] == 0xA0 and frame[2] < 2 and sum(frame[:3]) & 0xFF == frame[3]:
                self._switch(frame[1], bool(frame[2]))
                del self._pending[:4]
            else:
                self.refused += 1
                del self._pending[:1]

    def _switch(self, relay: int, on: bool) -> None:
        self.switched += 1
        lamp = LAMPS.get(relay)
        if lamp is not None and self.lamps[lamp] != on:
            self.lamps[lamp] = on
            self._changed_at[lamp] = [*self._changed_at[lamp][-2:], time.monotonic()]

    def do(self, command: dict[str, Any]) -> None:
        """Refuse: nobody can do anything to a light but look at it and pull its cable."""
        raise ValueError(f"a light takes no command {sorted(command)}: look at it with {{}}, or give a fault")

    def shows(self) -> dict[str, Any]:
        """Return which lamps burn, and which flash: three changes within a second and a half."""
        powered = self.wire.plugged  # the board takes its power from the cable
        return {
            **{lamp: powered and on for lamp, on in self.lamps.items()},
            "flashing": [lamp for lamp, at in self._changed_at.items() if powered and self._flashes(at)],
            "refused": self.refused,
        }

    @staticmethod
    def _flashes(changes: list[float]) -> bool:
        now = time.monotonic()
        return len(changes) == 3 and now - changes[0] < 2 * _FLASHES_WITHIN_S and now - changes[-1] < _FLASHES_WITHIN_S


def main() -> None:
    """Parse the command line and run."""
    parser = command_line("firmware_sim.light", __doc__)
    parser.add_argument("--link", type=Path, help="a symbolic link that follows the device when it is replugged")
    given = parser.parse_args()
    live(lambda: LightSim(PtyWire(given.link)))


if __name__ == "__main__":
    main()

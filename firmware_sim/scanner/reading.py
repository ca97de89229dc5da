"""What scanners have in common: a window, a beeper, and a person who holds codes before it."""

from abc import abstractmethod
from typing import Any

from firmware_sim.wire import SimulatedDevice, Wire

PROFILES = ("normal", "mute", "clone", "garbage")
"""``mute`` takes orders and answers nothing; ``clone`` knows no orders and names no symbologies; ``garbage`` has a buffer of 64 bytes."""
CLONE_BUFFER = 64


class ScanningSim(SimulatedDevice):
    """What scanners have in common; a simulator derives from it and writes ``emit``, ``receive`` and ``shows``.

    Attributes:
        scans: codes that were read and sent.
        last: the newest of them.
        enabled: whether it reads at all.
        triggered: whether the host has pulled its trigger.
        good_beeps, bad_beeps: what was heard.
        locked: programming codes change nothing.
    """

    def __init__(self, wire: Wire, profile: str = "normal") -> None:
        super().__init__(wire)
        if profile not in PROFILES:
            raise ValueError(f"profile {profile!r} is none of {', '.join(PROFILES)}")
        self.profile = profile
        self.scans, self.last = 0, ""
        self.enabled, self.triggered, self.locked = True, False, False
        self.good_beeps = self.bad_beeps = 0

    def unplug(self) -> None:
        """Pull the cable, which is its power too."""
        self.wire.unplug()

    def replug(self) -> None:
        """Plug it in again: it wakes up reading, whatever it was told before."""
        self.wire.replug()
        self.enabled, self.triggered = True, False

    def scan(self, data: str, aim: str = "") -> None:
        """Hold a code before the window; a scanner that is switched off or unplugged sees nothing."""
        if self.enabled and self.wire.plugged:
            self.scans += 1
            self.last = data
            self.good_beeps += 1
            self.emit(data, aim)

    @abstractmethod
    def emit(self, data: str, aim: str) -> None:
        """Send a code that was read."""

    def program(self, name: str, value: str) -> bool:
        """Hold a programming code before the window; tell whether it changed the set-up."""
        if self.locked:
            return False
        self.set_up(name, value)
        return True

    def set_up(self, name: str, value: str) -> None:
        """Change one setting.

        Raises:
            ValueError: this scanner has none of that name.
        """
        raise ValueError(f"a scanner of this kind has no setting {name!r}")

    def do(self, command: dict[str, Any]) -> None:
        """``{"scan": "690…", "aim": "]E0"}``, ``{"bytes": "1b0a"}`` (hex), ``{"program": "NAME", "value": "…"}``."""
        match command:
            case {"scan": str(data)}:
                self.scan(data, str(command.get("aim", "")))
            case {"bytes": str(data)}:
                self.wire.send(bytes.fromhex(data))
            case {"program": str(name)}:
                self.program(name, str(command.get("value", "")))
            case _:
                raise ValueError(f"unknown command {command}: scan, bytes, program, or a fault")

    def handle(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one JSON command; a cable that is plugged in again brings power."""
        if command.get("fault") == "replug":
            self.replug()
            command = {}
        return super().handle(command)

    def shows(self) -> dict[str, Any]:
        """Return what a person sees and has heard."""
        return {
            "path": self.address,
            "plugged": self.wire.plugged,
            "scans": self.scans,
            "last": self.last,
            "enabled": self.enabled,
            "triggered": self.triggered,
            "good_beeps": self.good_beeps,
            "bad_beeps": self.bad_beeps,
            "locked": self.locked,
        }

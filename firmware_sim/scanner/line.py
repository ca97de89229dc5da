"""A scanner that sends lines, on a serial line or USB-CDC (device reference §3.2, §3.4), with the orders of its maker."""

from typing import Any

from firmware_sim.scanner.orders import MAKERS, HoneywellSetup, orders_in
from firmware_sim.scanner.reading import CLONE_BUFFER, ScanningSim
from firmware_sim.wire import Wire

SUFFIXES = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "etx": b"\x03", "none": b""}
_HONEYWELL_LETTERS = {
    "]E0": "d", "]E4": "D", "]C0": "j", "]C1": "I", "]Q1": "s", "]Q3": "s", "]d1": "w", "]d2": "w", "]e0": "y", "]I0": "e",
    "]A0": "b", "]F0": "a", "]L0": "r",
}  # fmt: skip


class LineScannerSim(ScanningSim):
    """A scanner that sends ``prefix + id + data + suffix``.

    Attributes:
        maker: whose orders it takes: ``generic`` (none), ``honeywell``, ``honeywell-esc``, ``datalogic``, ``cipherlab``.
        setup: its settings, as Honeywell's menu commands name them.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        suffix: str = "crlf",
        prefix: bytes = b"",
        encoding: str = "utf-8",
        maker: str = "generic",
        ids: str = "aim",
        profile: str = "normal",
    ) -> None:
        """Choose framing and maker; ``ids``: ``aim``, ``honeywell`` (its letters) or ``none``."""
        super().__init__(wire, profile)
        if maker not in MAKERS:
            raise ValueError(f"maker {maker!r} is none of {', '.join(MAKERS)}")
        self.maker, self.setup = maker, HoneywellSetup()
        self._suffix, self._prefix, self._encoding, self._ids = SUFFIXES[suffix], prefix, encoding, ids
        self._heard = b""

    def emit(self, data: str, aim: str) -> None:
        """Send a code as a line."""
        line = self._prefix + self._id(aim).encode("ascii") + data.encode(self._encoding)
        self.wire.send((line[:CLONE_BUFFER] if self.profile == "garbage" else line) + self._suffix)

    def half_frame(self, data: str = "6901234567892") -> None:
        """Send the first half of a code and stop, as a torn cable or a reset does."""
        self.wire.send((self._prefix + data.encode(self._encoding))[: (len(data) + 1) // 2])

    def noise(self, size: int = 32) -> None:
        """Send noise of a wrong line speed, then a suffix."""
        self.wire.garbage(size)
        self.wire.send(self._suffix or b"\r\n")

    def set_up(self, name: str, value: str) -> None:
        """Change one setting, as a programming code does."""
        self.setup.values[name] = value

    def receive(self, data: bytes) -> None:
        """Take orders; what is none of this maker's is passed over."""
        self._heard = (self._heard + data)[-512:]
        if self.profile in ("mute", "clone"):
            return
        orders, self._heard = orders_in(self._heard, self.maker)
        for name, argument in orders:
            self._obey(name, argument)

    def _obey(self, name: str, argument: bytes) -> None:
        match name:
            case "enable" | "disable":
                self.enabled = name == "enable"
            case "trigger" | "release":
                self.triggered = name == "trigger"
            case "good":
                self.good_beeps += 1
            case "bad":
                self.bad_beeps += 1
            case "not_on_file":
                self.bad_beeps += 1
                self.enabled = False
            case "reset":
                self.enabled, self.triggered = True, False
            case "tell":
                self.wire.send(b"SIM " + argument + b"\r")
            case "menu":
                self.wire.send(self.setup.answer(argument))
            case _:
                raise ValueError(f"a scanner has no order {name!r}")

    def _id(self, aim: str) -> str:
        if self.profile == "clone" or self._ids == "none":
            return ""
        return _HONEYWELL_LETTERS.get(aim, "j") if self._ids == "honeywell" else aim

    def do(self, command: dict[str, Any]) -> None:
        """The commands of every scanner, and ``{"half_frame": "690…"}`` and ``{"noise": 32}``."""
        match command:
            case {"half_frame": str(data)}:
                self.half_frame(data)
            case {"noise": int(size)}:
                self.noise(size)
            case _:
                super().do(command)

    def handle(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one JSON command; ``{"fault": "half_frame"}`` is half a code."""
        if command.get("fault") == "half_frame":
            command = {"half_frame": "6901234567892"}
        elif command.get("fault") == "garbage":
            command = {"noise": int(command.get("size", 32))}
        return super().handle(command)

    def shows(self) -> dict[str, Any]:
        """Return what a person sees and has heard."""
        return {**super().shows(), "maker": self.maker, "setup": dict(self.setup.values)}

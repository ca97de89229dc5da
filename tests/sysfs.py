"""A ``/sys`` for tests, laid out as Linux lays it out: devices in one tree, classes as links into it."""

import shutil
from pathlib import Path

_KEYS = {"scanner": "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe", "power": "10000000000000 0"}


class Sysfs:
    """Plug things in and pull them out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("class/tty", "class/input", "class/usbmisc", "class/video4linux", "bus/gpio/devices"):
            (root / folder).mkdir(parents=True)
        self._links: dict[str, list[Path]] = {}

    def usb(
        self, port: str, usb_id: str, serial: str = "", *, maker: str = "", product: str = "", interface: int = 0
    ) -> Path:
        """Plug a USB device in; return its interface, on which nodes are made."""
        unit = self.root / "devices/pci0000:00/0000:00:14.0/usb1" / port
        vendor, model = usb_id.split(":")
        texts = {"idVendor": vendor, "idProduct": model, "serial": serial, "manufacturer": maker, "product": product}
        unit.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            if text:
                (unit / name).write_text(text + "\n")
        face = unit / f"{port}:1.{interface}"
        face.mkdir(exist_ok=True)
        return face

    def serial(self, on: Path, name: str = "ttyACM0") -> None:
        """Make a serial line on an interface."""
        self._link(on, "class/tty", on / "tty" / name)

    def input(self, on: Path, name: str = "event5", *, keys: str = "scanner", called: str = "Wedge") -> None:
        """Make an input device on an interface."""
        place = on / "0003:0C2E:0B6A.0001/input/input7" / name
        self._link(on, "class/input", place, device=place.parent)
        (place.parent / "capabilities").mkdir(exist_ok=True)
        (place.parent / "capabilities/key").write_text(_KEYS[keys] + "\n")
        (place.parent / "name").write_text(called + "\n")

    def printer(self, on: Path, name: str = "lp0") -> None:
        """Make a USB printer on an interface."""
        self._link(on, "class/usbmisc", on / "usbmisc" / name)

    def video(self, on: Path, name: str = "video0", index: int = 0) -> None:
        """Make a camera node on an interface."""
        place = on / "video4linux" / name
        self._link(on, "class/video4linux", place)
        (place / "index").write_text(f"{index}\n")
        (place / "name").write_text("HD cam\n")

    def board_serial(self, name: str = "ttyAMA0", kind: str = "32") -> None:
        """Make a serial port of the board; kind 0 is one that the board does not have."""
        on = self.root / "devices/platform/3f201000.serial"
        on.mkdir(parents=True, exist_ok=True)
        self._link(on, "class/tty", on / "tty" / name)
        (on / "tty" / name / "type").write_text(kind + "\n")

    def terminal(self, name: str = "tty1") -> None:
        """Make a virtual terminal, which is no device."""
        place = self.root / "devices/virtual/tty" / name
        place.mkdir(parents=True)
        (self.root / "class/tty" / name).symlink_to(place)

    def gpio(self, name: str = "gpiochip0") -> None:
        """Make a GPIO chip."""
        place = self.root / "devices/platform/3f200000.gpio" / name
        place.mkdir(parents=True)
        (self.root / "bus/gpio/devices" / name).symlink_to(place)

    def unplug(self, port: str) -> None:
        """Pull a USB device out."""
        unit = self.root / "devices/pci0000:00/0000:00:14.0/usb1" / port
        for link in self._links.pop(port, []):
            link.unlink()
        shutil.rmtree(unit)

    def _link(self, on: Path, folder: str, place: Path, device: Path | None = None) -> None:
        place.mkdir(parents=True)
        (place / "device").symlink_to(device or on)
        link = self.root / folder / place.name
        link.symlink_to(place)
        self._links.setdefault(on.parent.name, []).append(link)

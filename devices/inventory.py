"""What is attached to this box, as the kernel's ``/sys`` tells it: nothing is opened, nothing is sent.

Serial lines, input event devices, USB printers, cameras and GPIO chips, each with vendor, product, serial number, port and node.
``/sys`` is read by ourselves because its place can be given: a test builds one, and pyserial's ``list_ports`` judges the real one.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

Line = Literal["serial", "printer", "input", "video", "gpio"]

SYS = Path("/sys")
_MAX_TEXT = 120
_INTERFACE = re.compile(r"\d+-[\d.]+:\d+\.(\d+)")
_KEYS_OF_A_SCANNER = range(2, 12)
"""KEY_1 to KEY_0: whatever types digits and Enter may be a scanner."""
_KEY_ENTER = 28


class Peripheral(msgspec.Struct, frozen=True):
    """One thing that is attached, at one node. A USB device with two interfaces is two of them.

    Attributes:
        line: how it is spoken to.
        node: its name below ``/dev``, which changes with the order of plugging in.
        device_class: a guess at what it is, in UnifiedPOS words; empty: nobody can tell from outside.
        usb_id: ``vid:pid`` in hex, empty when it hangs on no USB.
        serial: its serial number, empty when it has none.
        port: where it is plugged in (``1-1.2``), or the name of an on-board device; stays the same over a restart.
        interface: number of the USB interface.
        vendor: the maker's name.
        product: the model's name.
    """

    line: Line
    node: str
    device_class: str = ""
    usb_id: str = ""
    serial: str = ""
    port: str = ""
    interface: int = 0
    vendor: str = ""
    product: str = ""


def inventory(root: Path = SYS) -> list[Peripheral]:
    """Return what is attached, by node. Blocking, a few milliseconds.

    Args:
        root: of the ``sysfs`` to read; a missing one is an empty box.
    """
    found = [*_serial(root), *_inputs(root), *_printers(root), *_videos(root), *_gpio(root)]
    return sorted(found, key=lambda each: (each.line, _natural(each.node)))


def _serial(root: Path) -> Iterator[Peripheral]:
    for entry in _entries(root / "class/tty"):
        # Type 0 is a serial8250 port that the board does not have; a USB line has no such file.
        if (entry / "device").exists() and _read(entry / "type") != "0":
            yield _peripheral("serial", f"/dev/{entry.name}", entry, "")


def _inputs(root: Path) -> Iterator[Peripheral]:
    for entry in _entries(root / "class/input"):
        if not entry.name.startswith("event"):
            continue
        keys = _bits(_read(entry / "device/capabilities/key"))
        if _KEY_ENTER in keys and keys.issuperset(_KEYS_OF_A_SCANNER):
            yield _peripheral("input", f"/dev/input/{entry.name}", entry, "", name=_read(entry / "device/name"))


def _printers(root: Path) -> Iterator[Peripheral]:
    for entry in _entries(root / "class/usbmisc"):
        if entry.name.startswith("lp"):
            yield _peripheral("printer", f"/dev/usb/{entry.name}", entry, "POSPrinter")


def _videos(root: Path) -> Iterator[Peripheral]:
    for entry in _entries(root / "class/video4linux"):
        if _read(entry / "index") in ("", "0"):  # the others of a camera carry its metadata
            yield _peripheral("video", f"/dev/{entry.name}", entry, "ImageScanner", name=_read(entry / "name"))


def _gpio(root: Path) -> Iterator[Peripheral]:
    for entry in _entries(root / "bus/gpio/devices"):
        if entry.name.startswith("gpiochip"):
            label = next((_read(each / "label") for each in _entries(entry.resolve() / "gpio")), "")
            yield _peripheral("gpio", f"/dev/{entry.name}", entry, "Lights", name=label)


def _peripheral(line: Line, node: str, entry: Path, device_class: str, *, name: str = "") -> Peripheral:
    """Describe ``entry``, a link of a class into the tree of devices: its USB device is the first parent that has an ``idVendor``."""
    place = entry.resolve()
    parents = [place, *place.parents]
    usb = next((each for each in parents if (each / "idVendor").is_file()), None)
    if usb is None:
        board = (entry / "device").resolve().name if (entry / "device").exists() else place.name
        return Peripheral(line, node, device_class, port=board, product=name)
    usb_id = f"{_read(usb / 'idVendor')}:{_read(usb / 'idProduct')}".lower()
    known = _known(usb_id)
    numbers = (found[1] for each in parents if (found := _INTERFACE.fullmatch(each.name)))
    return Peripheral(
        line=line,
        node=node,
        device_class=known.get("class", "") or device_class,
        usb_id=usb_id,
        serial=_read(usb / "serial"),
        port=usb.name,
        interface=int(next(numbers, "0"), 10),
        vendor=_read(usb / "manufacturer") or known.get("maker", ""),
        product=_read(usb / "product") or name,
    )


def _known(usb_id: str) -> dict[str, str]:
    table = _table()
    return table.get(usb_id) or table.get(usb_id.partition(":")[0], {})


@cache
def _table() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "known.toml").read_text("utf-8"))["usb"]
    return found


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # no such class on this machine
        return []


def _read(file: Path) -> str:
    """Return an attribute, cleaned: whoever builds a USB device chooses its texts, and they go to screens and logs."""
    try:
        text = file.read_text("utf-8", errors="replace")
    except OSError:  # it has none, or was unplugged just now
        return ""
    return "".join(each for each in text.strip() if each.isprintable())[:_MAX_TEXT]


def _bits(words: str) -> set[int]:
    """Return the set bits of a capability: hexadecimal words of 64 bits, the highest first."""
    found: set[int] = set()
    for number, word in enumerate(reversed(words.split())):
        try:
            value = int(word, 16)
        except ValueError:
            return set()
        found.update(64 * number + bit for bit in range(64) if value >> bit & 1)
    return found


def _natural(node: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", node)]

"""Who a device is, whatever node the kernel gives it today: its serial number, else its port, else the name of its node.

Addresses by identity, in the settings:

    usb:serial=18123A0472         the unit with this serial number, wherever it is plugged in
    usb:path=1-1.2                whatever is plugged in there: for units without a serial number
    usb:0c2e:0b6a                 the only one of this make and model
    usb:path=1-1.2,on=input       of several nodes of one unit: serial, printer, input, video or gpio
    usb:0c2e:0b6a,serial=0001     the unit of this make and model with this number: other makes count from 1, too
    usb:serial=18123A0472,if=2    of several serial lines of one unit: the USB interface
    usb:serial=…?baud=9600        what follows the question mark goes to the serial line
"""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.inventory import Line, Peripheral

SCHEME = "usb:"
_MARKS = frozenset(",?")
"""What ends a serial number in an address: a unit that has one of them in its number goes by its port."""
_USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
_HELP = "write usb:serial=…, usb:path=1-1.2 or usb:VID:PID (`shopwire devices list` shows them)"
_PREFIX: dict[Line, str] = {"serial": "serial:", "printer": "char:", "input": "evdev:", "video": "", "gpio": ""}
_PREFERRED: tuple[Line, ...] = ("serial", "printer", "input", "video", "gpio")


class UsbAddress(NamedTuple):
    """What an address by identity asks for; empty and None match everything.

    Attributes:
        serial: serial number.
        port: where it is plugged in.
        usb_id: ``vid:pid``.
        line: which of its nodes.
        interface: which of its USB interfaces.
        query: what the transport needs beyond the node.
    """

    serial: str = ""
    port: str = ""
    usb_id: str = ""
    line: Line | None = None
    interface: int | None = None
    query: str = ""

    def fits(self, one: Peripheral) -> bool:
        """Whether ``one`` is what is asked for."""
        return (
            bool(one.usb_id)
            and self.serial in ("", one.serial)
            and self.port in ("", one.port)
            and self.usb_id in ("", one.usb_id)
            and self.line in (None, one.line)
            and self.interface in (None, one.interface)
        )


def parse_usb(text: str) -> UsbAddress:
    """Read a ``usb:`` address.

    Raises:
        DeviceMisconfigured: it is none, or names no unit.

    >>> parse_usb("usb:serial=A1,if=2?baud=9600")
    UsbAddress(serial='A1', port='', usb_id='', line=None, interface=2, query='baud=9600')
    """
    body, _, query = text.removeprefix(SCHEME).partition("?")
    asked: dict[str, str] = {}
    for part in body.split(","):
        name, separator, value = part.partition("=")
        if not separator and _USB_ID.fullmatch(part.lower()):
            name, value = "id", part.lower()
        if name in asked or not value or name not in ("serial", "path", "id", "on", "if"):
            raise DeviceMisconfigured(f"device address {text!r} is not understood at {part!r}: {_HELP}")
        asked[name] = value
    line = next((each for each in _PREFIX if each == asked.get("on")), None)
    number = asked.get("if", "0")
    if not asked.keys() & {"serial", "path", "id"} or ("on" in asked and line is None) or not number.isdecimal():
        raise DeviceMisconfigured(f"device address {text!r} is not understood: {_HELP}")
    interface = int(number) if "if" in asked else None
    return UsbAddress(asked.get("serial", ""), asked.get("path", ""), asked.get("id", ""), line, interface, query)


def find(asked: UsbAddress, attached: Iterable[Peripheral], text: str) -> Peripheral:
    """Return the one node that ``asked`` means.

    Raises:
        DeviceUnavailable: none is attached, or it cannot be told which of several is meant.
    """
    fitting = [one for one in attached if asked.fits(one)]
    line = next((each for each in _PREFERRED if any(one.line == each for one in fitting)), None)
    fitting = [one for one in fitting if one.line == line]
    if not fitting:
        raise DeviceUnavailable(text, "no such USB device is attached")
    if len({(one.port, one.usb_id) for one in fitting}) > 1:
        ports = ", ".join(f"usb:path={one.port}" for one in fitting)
        raise DeviceUnavailable(text, f"{len(fitting)} attached devices fit, name one by its port: {ports}")
    return min(fitting, key=lambda one: one.interface)


def resolve(text: str, attached: Callable[[], Sequence[Peripheral]]) -> str:
    """Return ``text`` as an address that a transport can open; only ``usb:`` addresses are looked up.

    Raises:
        DeviceMisconfigured: the address makes no sense.
        DeviceUnavailable: nothing, or too much, is attached that fits.
    """
    if not text.startswith(SCHEME):
        return text
    asked = parse_usb(text)
    one = find(asked, attached(), text)
    return f"{_PREFIX[one.line]}{one.node}" + (f"?{asked.query}" if asked.query else "")


class Identity(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who a device was when it was last seen."""

    usb_id: str = ""
    serial: str = ""
    port: str = ""
    node: str = ""

    def said(self) -> str:
        """Return it for a person."""
        unit = f"serial {self.serial}" if self.serial else f"USB {self.usb_id}" if self.usb_id else self.node
        return f"{unit} on port {self.port}" if self.port else unit


def identity_of(one: Peripheral) -> Identity:
    """Return who ``one`` is."""
    return Identity(one.usb_id, one.serial, one.port, one.node)


def stable_address(one: Peripheral, attached: Iterable[Peripheral]) -> str:
    """Return the address to write into the settings for ``one``.

    A serial number counts only while no other unit shows the same: some makers print one number into a whole series, and several count
    from 1. Of a unit with several nodes each gets an address of its own.
    """
    if not one.usb_id:
        return _PREFIX[one.line] + one.node
    units = [each for each in attached if each.usb_id]
    others = [each for each in units if (each.usb_id, each.port) != (one.usb_id, one.port)]
    twins = [each for each in units if each not in others and each.node != one.node]
    which = [_unit(one, others)]
    if any(each.line != one.line for each in twins):
        which.append(f"on={one.line}")
    if any(each.line == one.line and each.interface != one.interface for each in twins):
        which.append(f"if={one.interface}")
    return SCHEME + ",".join(which)


def _unit(one: Peripheral, others: Sequence[Peripheral]) -> str:
    if one.serial and not _MARKS & set(one.serial):
        same = [each for each in others if each.serial == one.serial]
        if not same:
            return f"serial={one.serial}"
        if all(each.usb_id != one.usb_id for each in same):
            return f"{one.usb_id},serial={one.serial}"
    return f"path={one.port}" if one.port else one.usb_id


class Swap(NamedTuple):
    """A device that is not where, or not who, it was: ``moved`` to another port, or ``replaced`` by another unit."""

    kind: Literal["moved", "replaced"]
    before: Identity
    now: Identity

    def said(self) -> str:
        """Return it for a person."""
        if self.kind == "moved":
            return f"moved from port {self.before.port} to port {self.now.port}"
        return f"another unit than before: {self.now.said()}, it was {self.before.said()}"


def compare(before: Identity, now: Identity) -> Swap | None:
    """Return what changed between two looks; the same unit on the same port under another node is no change.

    Two units without serial numbers that change places cannot be told apart by anybody: their lanes follow the ports.
    """
    if not before.usb_id or not now.usb_id:
        return None
    if (before.usb_id, before.serial) != (now.usb_id, now.serial):
        return Swap("replaced", before, now)
    return Swap("moved", before, now) if before.port != now.port else None


def at_node(address: str, attached: Iterable[Peripheral]) -> Peripheral | None:
    """Return what is attached at an address that names a node, also through links as in ``/dev/serial/by-id``; None when nothing is."""
    path = re.sub(r"^(serial|char|evdev|file):", "", address).partition("?")[0]
    if not path.startswith("/dev/"):
        return None
    node = str(Path(path).resolve())
    return next((one for one in attached if one.node in (path, node)), None)

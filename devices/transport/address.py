"""Addresses of devices, as the settings write them.

``tcp:HOST:PORT`` · ``/dev/NAME`` or ``serial:/dev/NAME?baud=9600&bits=7&parity=even&stop=1&flow=rtscts``
``char:/dev/usb/lp0`` · ``file:/PATH`` · ``replay:/PATH`` (a trace plays the device) · ``evdev:/dev/input/eventN``
``usb:…``: by identity, resolved before it comes here.
"""

import enum
import urllib.parse
from pathlib import Path
from typing import NamedTuple

import msgspec

from devices.errors import DeviceMisconfigured
from devices.identity import SCHEME, parse_usb
from devices.transport import Transport
from devices.transport.opening import opened

PRINTER_PORT = 9100
_HELP = (
    "write tcp:HOST:PORT, /dev/NAME, serial:/dev/NAME?baud=9600, char:/dev/usb/lp0, file:/PATH, evdev:/dev/input/eventN "
    "or usb:serial=NUMBER"
)
_BY_PATH = ("char", "file", "replay", "evdev")


class Parity(enum.Enum):
    """The parity bit of a serial line."""

    NONE = "none"
    EVEN = "even"
    ODD = "odd"
    MARK = "mark"
    SPACE = "space"


class Flow(enum.Enum):
    """Who holds whom back on a serial line."""

    NONE = "none"
    RTSCTS = "rtscts"
    DSRDTR = "dsrdtr"
    XONXOFF = "xonxoff"


class SerialAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A serial line and its set-up."""

    path: str
    baud: int = 9600
    bits: int = 8
    parity: Parity = Parity.NONE
    stop: int = 1
    flow: Flow = Flow.NONE

    def __post_init__(self) -> None:
        """Refuse what no line has."""
        if not 50 <= self.baud <= 4_000_000 or self.bits not in (5, 6, 7, 8) or self.stop not in (1, 2):
            raise ValueError(
                f"baud {self.baud} (50 to 4000000), bits {self.bits} (5 to 8) or stop {self.stop} (1 or 2) is no serial line"
            )


class TcpAddress(NamedTuple):
    """A network device."""

    host: str
    port: int = PRINTER_PORT


class PathAddress(NamedTuple):
    """A device that is a file: ``scheme`` is char, file, replay or evdev."""

    scheme: str
    path: str


Address = SerialAddress | TcpAddress | PathAddress


def parse_address(text: str) -> Address:
    """Read an address from the settings.

    Raises:
        DeviceMisconfigured: it is none that is known.

    >>> parse_address("tcp:192.168.1.50:9100")
    TcpAddress(host='192.168.1.50', port=9100)
    >>> parse_address("serial:/dev/ttyUSB0?baud=115200").baud
    115200
    >>> parse_address("char:/dev/usb/lp0")
    PathAddress(scheme='char', path='/dev/usb/lp0')
    """
    scheme, separator, rest = text.partition(":")
    if text.startswith("/"):
        return SerialAddress(text)
    if separator and scheme == "serial":
        return _serial(text, rest)
    if separator and scheme == "tcp":
        return _tcp(text, rest)
    path = rest.removeprefix("//")
    if scheme in _BY_PATH and path.startswith("/"):
        return PathAddress(scheme, path)
    raise DeviceMisconfigured(f"device address {text!r} is not understood: {_HELP}")


def check_address(text: str) -> None:
    """Refuse an address that nothing will ever understand, while the settings are read.

    Raises:
        DeviceMisconfigured: it is none that is known.
    """
    if text.startswith(SCHEME):  # which device that is turns out when it is attached
        parse_usb(text)
    else:
        parse_address(text)


def _serial(text: str, rest: str) -> SerialAddress:
    path, _, query = rest.removeprefix("//").partition("?")
    options = {name: values[-1] for name, values in urllib.parse.parse_qs(query, keep_blank_values=True).items()}
    if not path.startswith("/"):
        raise DeviceMisconfigured(f"serial address {text!r} has no path: {_HELP}")
    try:
        return msgspec.convert({"path": path, **options}, SerialAddress, strict=False)
    except msgspec.ValidationError as error:
        raise DeviceMisconfigured(f"serial address {text!r} is not understood ({error}): {_HELP}") from error


def _tcp(text: str, rest: str) -> TcpAddress:
    host, separator, port = rest.removeprefix("//").rpartition(":")
    if not separator:
        host, port = port, str(PRINTER_PORT)
    if not host or not (port.isascii() and port.isdigit()) or not 1 <= int(port) <= 65535:
        raise DeviceMisconfigured(f"network address {text!r} is not understood: {_HELP}")
    host = host.strip("[]")
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise DeviceMisconfigured(f"network address {text!r}: {host[:80]!r} is no name of a host: {_HELP}") from error
    return TcpAddress(host, int(port))


async def open_transport(address: Address, timeout_s: float = 3.0) -> Transport:
    """Open the connection; what carries it is imported only where it is used.

    Raises:
        DeviceUnavailable: nothing answers there within ``timeout_s``, or somebody else holds it.
    """
    match address:
        case SerialAddress():
            from devices.transport.serial import open_serial

            return await opened(address.path, lambda: open_serial(address), timeout_s)
        case TcpAddress(host, port):
            from devices.transport.tcp import open_tcp

            return await open_tcp(host, port, timeout_s)
        case PathAddress("replay", path):
            from devices.transport.trace import ReplayTransport, read_trace

            return ReplayTransport(read_trace(Path(path)), f"replay:{path}")
        case PathAddress("evdev", path):
            from devices.transport.evdev import open_evdev

            return await opened(path, lambda: open_evdev(path), timeout_s)
        case PathAddress("char", path):
            from devices.transport.files import open_character_device

            return await opened(path, lambda: open_character_device(path), timeout_s)
        case PathAddress(_, path):
            from devices.transport.files import open_file

            return await opened(path, lambda: open_file(path), timeout_s)

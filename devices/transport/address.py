"""Addresses of devices: ``/dev/…`` or ``serial:/dev/…?baud=9600`` for serial lines, ``tcp:host:port`` for the network."""

import urllib.parse
from typing import NamedTuple

from devices.errors import DeviceMisconfigured
from devices.transport import Transport

PRINTER_PORT = 9100
_HELP = "write tcp:HOST:PORT, /dev/NAME or serial:/dev/NAME?baud=9600"


class SerialAddress(NamedTuple):
    """A serial line and its speed."""

    path: str
    baud: int = 9600


class TcpAddress(NamedTuple):
    """A network device."""

    host: str
    port: int = PRINTER_PORT


def parse_address(text: str) -> SerialAddress | TcpAddress:
    """Read an address from the settings.

    Raises:
        DeviceMisconfigured: it is neither a serial nor a TCP address.

    >>> parse_address("tcp:192.168.1.50:9100")
    TcpAddress(host='192.168.1.50', port=9100)
    >>> parse_address("serial:/dev/ttyUSB0?baud=115200")
    SerialAddress(path='/dev/ttyUSB0', baud=115200)
    """
    scheme, separator, rest = text.partition(":")
    if text.startswith("/"):
        return SerialAddress(text)
    if separator and scheme == "serial":
        return _serial(text, rest)
    if separator and scheme == "tcp":
        return _tcp(text, rest)
    raise DeviceMisconfigured(f"device address {text!r} is not understood: {_HELP}")


def _serial(text: str, rest: str) -> SerialAddress:
    path, _, query = rest.removeprefix("//").partition("?")
    options = urllib.parse.parse_qs(query, keep_blank_values=True)
    baud = options.pop("baud", ["9600"])[0]
    if not path.startswith("/") or options or not baud.isdigit():
        raise DeviceMisconfigured(f"serial address {text!r} is not understood: {_HELP}")
    return SerialAddress(path, int(baud))


def _tcp(text: str, rest: str) -> TcpAddress:
    host, separator, port = rest.removeprefix("//").rpartition(":")
    if not separator:
        host, port = port, str(PRINTER_PORT)
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise DeviceMisconfigured(f"network address {text!r} is not understood: {_HELP}")
    return TcpAddress(host.strip("[]"), int(port))


async def open_transport(address: SerialAddress | TcpAddress, timeout_s: float = 3.0) -> Transport:
    """Open the connection.

    Raises:
        DeviceUnavailable: nothing answers there, or somebody else holds it.
    """
    match address:
        case SerialAddress(path, baud):
            from devices.transport.serial import open_serial  # pyserial only where there is a serial device

            return open_serial(path, baud)
        case TcpAddress(host, port):
            from devices.transport.tcp import open_tcp

            return await open_tcp(host, port, timeout_s)

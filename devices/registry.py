"""From one entry of the settings to a driver. A new driver is a folder of that name and a line in ``KINDS``."""

import importlib
import re
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from devices.errors import DeviceMisconfigured
from devices.ports import Device
from devices.surroundings import Surroundings

Option = str | int | float | bool
_Options = TypeVar("_Options")

KINDS: dict[str, str] = {
    "camera_file": "ImageScanner",
    "camera_stream": "Scanner",
    "display_page": "LineDisplay",
    "display_serial": "LineDisplay",
    "drawer_escpos": "CashDrawer",
    "esl_gateway": "ESL",
    "label_tspl": "LabelPrinter",
    "label_zpl": "LabelPrinter",
    "light_gpio": "Lights",
    "light_relay": "Lights",
    "payment_code": "PaymentChannel",
    "printer_escpos": "POSPrinter",
    "scale_dialog06": "Scale",
    "scale_serial": "Scale",
    "scanner_hid": "Scanner",
    "scanner_serial": "Scanner",
    "scanner_ssi": "Scanner",
    "terminal_nexo": "PaymentChannel",
}
"""Each kind, which is the name of its folder, and its UnifiedPOS device class (PaymentChannel, LabelPrinter and ESL are ours)."""

MAX_NAME = 64
_ALONE = re.compile(r"(?:serial:(?://)?|char:(?://)?|evdev:(?://)?)?(/.+|tcp:.+|usb:.+)")

HANGS_ON = {"drawer_escpos": ("printer", "POSPrinter")}
"""Kinds that are reached through another device: the option that names it, and its class."""


class DeviceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[devices]]`` entry of an edge's settings.

    Attributes:
        device_id: unique in the store; the name on screens and in logs.
        kind: which driver, see ``KINDS``.
        address: where it is, see ``devices.transport.address``; cameras on files need none.
        profile: the model, where a driver knows several.
        options: what else the driver takes.
    """

    device_id: str
    kind: str
    address: str = ""
    profile: str = ""
    options: dict[str, Option] = {}


def open_device(settings: DeviceSettings, around: Surroundings | None = None) -> Device:
    """Return the driver for ``settings``; it touches no hardware before ``run()``.

    Drivers are imported when one is configured: a store without a camera does not carry its libraries in memory.

    Raises:
        DeviceMisconfigured: unknown kind, profile or option, or an address that is not understood; the message names the device.
    """
    if settings.kind not in KINDS:
        known = ", ".join(sorted(KINDS))
        raise DeviceMisconfigured(f"device {settings.device_id}: kind {settings.kind!r} is not one of {known}")
    driver = importlib.import_module(f"devices.{settings.kind}.driver")
    try:
        device: Device = driver.build(settings, around or Surroundings())
    except DeviceMisconfigured as error:
        named = f"device {settings.device_id}"
        if str(error).startswith(named):
            raise
        raise DeviceMisconfigured(f"{named} ({settings.kind}): {error}") from error
    return device


def check_together(devices: Sequence[DeviceSettings]) -> None:
    """Refuse entries that cannot stand in one store: names that are none or belong to two, and two devices at one place.

    Raises:
        DeviceMisconfigured: which ones, and why.
    """
    names: set[str] = set()
    places: dict[str, str] = {}
    for device in devices:
        name = device.device_id
        if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or not device.address.isprintable():
            shown = f"device_id {name[:80]!r}, address {device.address[:80]!r}"
            raise DeviceMisconfigured(f"{shown}: a name has 1 to {MAX_NAME} characters, and both are printable")
        if name in names:
            raise DeviceMisconfigured(f"two devices are called {name!r}: give each its own device_id")
        names.add(name)
        place = _place(device.address)
        if place and (other := places.setdefault(place, name)) != name:
            raise DeviceMisconfigured(f"devices {other} and {name} are both at {place}: one line leads to one device")
        _check_neighbour(device, devices)


def _check_neighbour(device: DeviceSettings, devices: Sequence[DeviceSettings]) -> None:
    if device.kind not in HANGS_ON:
        return
    option, device_class = HANGS_ON[device.kind]
    wanted = device.options.get(option)
    there = [other.device_id for other in devices if KINDS.get(other.kind) == device_class]
    if wanted not in there:
        known = ", ".join(there) or "the settings name none"
        raise DeviceMisconfigured(
            f"device {device.device_id}: option {option} {wanted!r} is no {device_class} of this store: {known}"
        )


def _place(address: str) -> str:
    """Return where an address leads, for those that one driver has for itself; empty for the others."""
    found = _ALONE.match(address.partition("?")[0])
    return found[1] if found else ""


def options_of(settings: DeviceSettings, of: type[_Options]) -> _Options:
    """Return the options as the driver's own type.

    Raises:
        DeviceMisconfigured: an option that it does not know, or a value that it does not take.
    """
    try:
        return msgspec.convert(settings.options, of, strict=False)
    except msgspec.ValidationError as error:
        raise DeviceMisconfigured(f"device {settings.device_id} ({settings.kind}), options: {error}") from error

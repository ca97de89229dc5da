"""From one entry of the settings to a driver. A new driver is a folder, a function here, and a row in ``KINDS``."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from devices.errors import DeviceMisconfigured
from devices.health import Report
from devices.ports import Camera, ReceiptPrinter, Scanner

AnyDevice = Scanner | ReceiptPrinter | Camera
Option = str | int | float | bool
_Options = TypeVar("_Options")


class DeviceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[devices]]`` entry of an edge's settings.

    Attributes:
        device_id: unique in the store; the name on screens and in logs.
        kind: which driver, see ``KINDS``.
        address: ``tcp:HOST:PORT``, ``/dev/…`` or ``serial:/dev/…?baud=9600``; cameras on files need none.
        profile: the model, for printers.
        options: what else the driver takes.
    """

    device_id: str
    kind: str
    address: str = ""
    profile: str = ""
    options: dict[str, Option] = {}


def open_device(settings: DeviceSettings, report: Report | None = None) -> AnyDevice:
    """Return the driver for ``settings``; it touches no hardware before ``run()``.

    Raises:
        DeviceMisconfigured: unknown kind, profile or option, or an address that is not understood.
    """
    try:
        build = KINDS[settings.kind]
    except KeyError:
        known = ", ".join(sorted(KINDS))
        raise DeviceMisconfigured(
            f"device {settings.device_id}: kind {settings.kind!r} is not one of {known}"
        ) from None
    return build(settings, report)


def _options(settings: DeviceSettings, of: type[_Options]) -> _Options:
    try:
        return msgspec.convert(settings.options, of, strict=False)
    except msgspec.ValidationError as error:
        raise DeviceMisconfigured(f"device {settings.device_id} ({settings.kind}), options: {error}") from error


def _serial_scanner(settings: DeviceSettings, report: Report | None) -> Scanner:
    from devices.scanner_serial.driver import ScannerOptions, SerialScanner

    return SerialScanner(settings.device_id, settings.address, _options(settings, ScannerOptions), report=report)


def _escpos_printer(settings: DeviceSettings, report: Report | None) -> ReceiptPrinter:
    from devices.printer_escpos.driver import EscPosPrinter, PrinterOptions
    from devices.printer_escpos.profile import profile_named

    profile = profile_named(settings.profile or "generic-80")
    options = _options(settings, PrinterOptions)
    return EscPosPrinter(settings.device_id, settings.address, profile, options, report=report)


def _file_camera(settings: DeviceSettings, report: Report | None) -> Camera:
    from devices.camera_file.driver import FileCamera

    if settings.options:
        raise DeviceMisconfigured(f"device {settings.device_id} (camera_file) takes no options: {settings.options}")
    return FileCamera(settings.device_id, report=report)


# Drivers are imported when one is configured: a store without a camera does not carry its libraries in memory.
KINDS: dict[str, Callable[[DeviceSettings, Report | None], AnyDevice]] = {
    "camera_file": _file_camera,
    "printer_escpos": _escpos_printer,
    "scanner_serial": _serial_scanner,
}

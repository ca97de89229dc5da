"""Settings into drivers: right ones open, wrong ones say what is wrong and what would be right."""

import random
import subprocess
import sys

import msgspec
import pytest

from devices.backoff import Backoff
from devices.camera_file.driver import FileCamera
from devices.errors import DeviceMisconfigured
from devices.health import DeviceHealth
from devices.ports import DeviceState, Health
from devices.printer_escpos.driver import EscPosPrinter
from devices.printer_escpos.profile import PROFILES
from devices.printer_escpos.proof import marker_of
from devices.registry import KINDS, DeviceSettings, open_device
from devices.scanner_serial.driver import SerialScanner
from devices.transport.address import SerialAddress, TcpAddress, parse_address

TOML = """
[[devices]]
device_id = "scanner-till-1"
kind = "scanner_serial"
address = "serial:/dev/ttyUSB0?baud=115200"
options = { suffix = "cr", gap_s = 0.04 }

[[devices]]
device_id = "printer-till-1"
kind = "printer_escpos"
address = "tcp:192.168.1.50"
profile = "xprinter-80"

[[devices]]
device_id = "camera-1"
kind = "camera_file"
"""


class _File(msgspec.Struct):
    devices: list[DeviceSettings]


def test_the_settings_of_a_store() -> None:
    opened = [open_device(settings) for settings in msgspec.toml.decode(TOML, type=_File).devices]
    assert [type(device) for device in opened] == [SerialScanner, EscPosPrinter, FileCamera]
    assert [device.device_id for device in opened] == ["scanner-till-1", "printer-till-1", "camera-1"]
    assert {device.state.health for device in opened} == {Health.OPENING}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (DeviceSettings("s", "scaner_serial"), "camera_file, .*printer_escpos, .*scanner_serial"),
        (DeviceSettings("s", "scanner_serial", "COM1"), "tcp:HOST:PORT"),
        (DeviceSettings("s", "scanner_serial", "/dev/x", options={"sufix": "cr"}), "sufix"),
        (DeviceSettings("s", "scanner_serial", "/dev/x", options={"suffix": "tab"}), "tab"),
        (DeviceSettings("s", "scanner_serial", "/dev/x", options={"gap_s": 99}), "gap_s 99"),
        (DeviceSettings("p", "printer_escpos", "tcp:h:99999"), "99999"),
        (DeviceSettings("p", "printer_escpos", "tcp:h", "epson"), "epson-80"),
        (DeviceSettings("p", "printer_escpos", "serial:/dev/x?speed=3"), "baud=9600"),
        (DeviceSettings("c", "camera_file", options={"fps": 3}), "fps"),
    ],
)
def test_wrong_settings_stop_the_start_and_name_what_is_wrong(settings: DeviceSettings, said: str) -> None:
    with pytest.raises(DeviceMisconfigured, match=said):
        open_device(settings)


def test_addresses() -> None:
    assert parse_address("/dev/ttyACM0") == SerialAddress("/dev/ttyACM0", 9600)
    assert parse_address("tcp:10.0.0.7") == TcpAddress("10.0.0.7", 9100)
    assert parse_address("tcp:[::1]:9101") == TcpAddress("::1", 9101)


def test_every_profile_and_kind_is_sound() -> None:
    assert set(KINDS) >= {"camera_file", "printer_escpos", "scanner_serial"}
    assert {"generic-80", "generic-58", "silent-58"} <= set(PROFILES.all)


def test_a_state_is_logged_and_reported_once_per_change() -> None:
    told: list[tuple[str, Health]] = []
    health = DeviceHealth("d", lambda device, state: told.append((device, state.health)), now=lambda: 7.0)
    for state in (Health.OK, Health.OK, Health.ABSENT, Health.ABSENT, Health.OK):
        health.set(state)
    assert told == [("d", Health.OK), ("d", Health.ABSENT), ("d", Health.OK)]
    assert health.state == DeviceState(Health.OK, "", 7.0)


def test_backoff_doubles_to_its_cap_and_starts_again() -> None:
    backoff = Backoff(1, 5, draw=lambda: 1.0)
    assert [backoff.wait_s() for _ in range(5)] == [1, 2, 4, 5, 5]
    backoff.reset()
    assert backoff.wait_s() == 1
    draw = random.Random(1).random
    assert all(0.5 <= Backoff(1, 1, draw=draw).wait_s() <= 1 for _ in range(100))


def test_markers_are_printable_and_differ() -> None:
    markers = {marker_of(f"job-{number}") for number in range(1000)}
    assert len(markers) > 990
    assert all(len(marker) == 4 and marker.isalnum() for marker in markers)


def test_a_till_without_camera_carries_no_vision_and_no_printer_library() -> None:
    code = (
        "import sys, devices.registry as r\n"
        "r.open_device(r.DeviceSettings('s', 'scanner_serial', '/dev/x'))\n"
        "r.open_device(r.DeviceSettings('p', 'printer_escpos', 'tcp:h'))\n"
        "heavy = {'cv2', 'numpy', 'zxingcpp', 'PIL', 'yaml', 'qrcode', 'barcode', 'escpos.escpos'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)

"""The devices of one store file beside each other: two of them never take each other's name or line."""

import pytest

from devices.errors import DeviceMisconfigured
from devices.registry import DeviceSettings, check_together
from edge_agent.desk.stand import attached_of


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([("a", "/dev/x"), ("a", "/dev/y")], "two devices are called 'a'"),
        ([("a", "/dev/x"), ("b", "serial:/dev/x?baud=4800")], "a and b are both at /dev/x"),
        ([("a", "tcp:192.0.2.1:9100"), ("b", "tcp:192.0.2.1:9100")], "a and b are both at tcp:192.0.2.1:9100"),
        ([("a", "usb:serial=A1"), ("b", "usb:serial=A1?baud=4800")], "both at usb:serial=A1"),
        ([("", "/dev/x")], "1 to 64"),
        ([("a" * 65, "/dev/x")], "1 to 64"),
        ([("a\x1b[31m", "/dev/x")], r"\\x1b"),
        ([("a", "/dev/\0x")], "printable"),
    ],
)
def test_what_cannot_stand_in_one_store_is_refused(entries: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(DeviceMisconfigured, match=said):
        check_together([DeviceSettings(name, "scanner_serial", address) for name, address in entries])


def test_devices_that_share_no_line_stand_together() -> None:
    check_together(
        [
            DeviceSettings("two", "scanner_serial", "usb:serial=A1,if=0"),
            DeviceSettings("of one", "scale_serial", "usb:serial=A1,if=2"),
            DeviceSettings("c1", "camera_file"),
            DeviceSettings("c2", "camera_file"),
            DeviceSettings("p1", "payment_code", "https://pay.example/a"),
            DeviceSettings("p2", "payment_code", "https://pay.example/a"),
        ]
    )


def test_a_store_with_two_devices_of_one_name_does_not_start() -> None:
    with pytest.raises(DeviceMisconfigured, match="two devices are called 'a'"):
        attached_of([DeviceSettings("a", "scanner_serial", "/dev/x"), DeviceSettings("a", "scanner_serial", "/dev/y")])


@pytest.mark.parametrize("printer", ["nope", "drawer-1", "scanner-1"])
def test_a_drawer_hangs_on_a_printer_of_the_store(printer: str) -> None:
    others = [DeviceSettings("scanner-1", "scanner_serial", "/dev/a"), DeviceSettings("p-1", "printer_escpos", "tcp:h")]
    drawer = DeviceSettings("drawer-1", "drawer_escpos", options={"printer": printer})
    with pytest.raises(DeviceMisconfigured, match="no POSPrinter of this store: p-1"):
        check_together([*others, drawer])
    check_together([*others, DeviceSettings("drawer-1", "drawer_escpos", options={"printer": "p-1"})])

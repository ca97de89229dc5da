"""What is attached is read from a ``/sys``, and addresses by identity find it under whatever node it has today (F46)."""

from pathlib import Path

import pytest
from serial.tools import list_ports

from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.identity import (
    Identity,
    at_node,
    compare,
    find,
    identity_of,
    parse_usb,
    resolve,
    stable_address,
)
from devices.inventory import Peripheral, inventory
from tests.sysfs import Sysfs

HONEYWELL = "0c2e:0b6a"


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    return Sysfs(tmp_path / "sys")


def nodes(sysfs: Sysfs) -> dict[str, Peripheral]:
    return {one.node: one for one in inventory(sysfs.root)}


def test_an_empty_box_has_nothing(tmp_path: Path) -> None:
    assert inventory(tmp_path / "nowhere") == []


def test_every_kind_of_line_is_seen_with_who_it_is(sysfs: Sysfs) -> None:
    sysfs.serial(sysfs.usb("1-1.2", HONEYWELL, "18123A0472", maker="Honeywell", product="1950g"), "ttyACM3")
    sysfs.input(sysfs.usb("1-1.3", "05e0:1200"), "event5", called="Symbol Bar Code Scanner")
    sysfs.printer(sysfs.usb("1-2", "0416:5011"))
    sysfs.video(sysfs.usb("1-3", "046d:0825"))
    sysfs.board_serial()
    sysfs.gpio()
    seen = nodes(sysfs)
    assert seen["/dev/ttyACM3"] == Peripheral(
        "serial", "/dev/ttyACM3", "Scanner", HONEYWELL, "18123A0472", "1-1.2", 0, "Honeywell", "1950g"
    )
    assert seen["/dev/input/event5"].device_class == "Scanner"
    assert seen["/dev/input/event5"].product == "Symbol Bar Code Scanner"
    assert seen["/dev/usb/lp0"].device_class == "POSPrinter"
    assert seen["/dev/usb/lp0"].vendor == "POS printer (Winbond)"
    assert seen["/dev/video0"].device_class == "ImageScanner"
    assert seen["/dev/ttyAMA0"] == Peripheral("serial", "/dev/ttyAMA0", port="3f201000.serial")
    assert seen["/dev/gpiochip0"].line == "gpio"


def test_what_is_no_device_of_a_shop_is_left_out(sysfs: Sysfs) -> None:
    sysfs.terminal()
    sysfs.board_serial("ttyS9", kind="0")
    sysfs.input(sysfs.usb("1-4", "046d:c077"), "event1", keys="power")
    sysfs.video(sysfs.usb("1-3", "046d:0825"), "video1", index=1)
    assert nodes(sysfs) == {}


def test_texts_of_a_device_are_cleaned(sysfs: Sysfs) -> None:
    sysfs.serial(sysfs.usb("1-1", "1234:5678", "A\x1b[31m\x07B", product="x" * 5000))
    [one] = inventory(sysfs.root)
    assert one.serial == "A[31mB"
    assert len(one.product) == 120


def test_the_real_box_is_read_as_pyserial_reads_it() -> None:
    ours = {one.node for one in inventory() if one.line == "serial" and one.usb_id}
    assert ours == {port.device for port in list_ports.comports() if port.vid is not None}


# -- addresses


def twins(sysfs: Sysfs, *, serials: tuple[str, str] = ("", ""), turned: bool = False) -> list[Peripheral]:
    names = ("ttyACM1", "ttyACM0") if turned else ("ttyACM0", "ttyACM1")
    for port, serial, name in zip(("1-1.1", "1-1.2"), serials, names, strict=True):
        sysfs.serial(sysfs.usb(port, HONEYWELL, serial), name)
    return inventory(sysfs.root)


@pytest.mark.parametrize("serials", [("A1", "B2"), ("", ""), ("0000", "0000")])
def test_two_identical_scanners_keep_their_lanes_after_a_restart(tmp_path: Path, serials: tuple[str, str]) -> None:
    before = twins(Sysfs(tmp_path / "before"), serials=serials)
    lanes = {one.port: stable_address(one, before) for one in before}
    assert len(set(lanes.values())) == 2
    after = twins(Sysfs(tmp_path / "after"), serials=serials, turned=True)
    for port, address in lanes.items():
        found = find(parse_usb(address), after, address)
        assert found.port == port
    assert resolve(lanes["1-1.1"], lambda: before) == "serial:/dev/ttyACM0"
    assert resolve(lanes["1-1.1"], lambda: after) == "serial:/dev/ttyACM1"


def test_what_cannot_be_told_apart_is_not_guessed(sysfs: Sysfs) -> None:
    attached = twins(sysfs)
    with pytest.raises(DeviceUnavailable, match=r"2 attached devices fit.*usb:path=1-1\.1, usb:path=1-1\.2"):
        resolve(f"usb:{HONEYWELL}", lambda: attached)


def test_what_is_not_attached_is_absent(sysfs: Sysfs) -> None:
    with pytest.raises(DeviceUnavailable, match="no such USB device"):
        resolve("usb:serial=A1", lambda: inventory(sysfs.root))


@pytest.mark.parametrize(
    ("address", "resolved"),
    [
        ("usb:serial=Z9", "serial:/dev/ttyACM0"),
        ("usb:serial=Z9,if=2?baud=115200", "serial:/dev/ttyACM1?baud=115200"),
        ("usb:path=1-1,on=input", "evdev:/dev/input/event5"),
        ("usb:05E0:1300,on=printer", "char:/dev/usb/lp0"),
        ("usb:path=1-1,on=video", "/dev/video0"),
        ("/dev/ttyUSB7", "/dev/ttyUSB7"),
        ("tcp:10.0.0.5:9100", "tcp:10.0.0.5:9100"),
    ],
)
def test_an_address_leads_to_the_node_that_is_meant(sysfs: Sysfs, address: str, resolved: str) -> None:
    for number, name in ((0, "ttyACM0"), (2, "ttyACM1")):
        sysfs.serial(sysfs.usb("1-1", "05e0:1300", "Z9", interface=number), name)
    face = sysfs.usb("1-1", "05e0:1300", "Z9", interface=3)
    sysfs.input(face)
    sysfs.printer(face)
    sysfs.video(face)
    assert resolve(address, lambda: inventory(sysfs.root)) == resolved


@pytest.mark.parametrize(
    "address",
    [
        "usb:",
        "usb:on=serial",
        "usb:serial=",
        "usb:0c2e",
        "usb:serial=1,serial=2",
        "usb:path=1,on=fax",
        "usb:path=1,if=x",
    ],
)
def test_an_address_that_names_no_unit_is_refused(address: str) -> None:
    with pytest.raises(DeviceMisconfigured, match="shopwire devices list"):
        parse_usb(address)


def test_an_unnamed_port_of_the_board_is_its_node(sysfs: Sysfs) -> None:
    sysfs.board_serial()
    [one] = inventory(sysfs.root)
    assert stable_address(one, [one]) == "serial:/dev/ttyAMA0"
    assert at_node("serial:/dev/ttyAMA0?baud=2400", [one]) == one
    assert at_node("tcp:127.0.0.1:1", [one]) is None


# -- who it was the last time


def unit(serial: str = "A1", port: str = "1-1", usb_id: str = HONEYWELL, node: str = "/dev/ttyACM0") -> Identity:
    return identity_of(Peripheral("serial", node, usb_id=usb_id, serial=serial, port=port))


def test_the_same_unit_under_another_node_is_no_news() -> None:
    assert compare(unit(), unit(node="/dev/ttyACM7")) is None


def test_a_unit_on_another_port_is_told() -> None:
    swap = compare(unit(), unit(port="1-2"))
    assert swap is not None
    assert (swap.kind, swap.said()) == ("moved", "moved from port 1-1 to port 1-2")


@pytest.mark.parametrize("other", [unit(serial="B2"), unit(usb_id="1234:5678"), unit(serial="")])
def test_another_unit_in_its_place_is_told_also_when_it_claims_the_same_make(other: Identity) -> None:
    swap = compare(unit(), other)
    assert swap is not None
    assert swap.kind == "replaced"
    assert "it was serial A1" in swap.said()

"""The desk's small parts: what is listed, what is said about a device that does not work, what the readers are tried on."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from devices.identity import Identity, resolve, stable_address
from devices.inventory import inventory
from devices.registry import KINDS, DeviceSettings, check_together
from edge_agent.desk import eyes
from edge_agent.desk.listing import KIND_OF, entries_of, lines_of, rows_of
from edge_agent.desk.steps import next_step
from edge_agent.findings import Finding, told
from edge_agent.settings import EdgeSettings
from edge_agent.tables import width
from edge_agent.texts import texts
from tests.sysfs import Sysfs

SCANNER = DeviceSettings("scanner-1", "scanner_serial", "usb:serial=A1")


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    made = Sysfs(tmp_path / "sys")
    made.serial(made.usb("1-1", "0c2e:0b6a", "A1", maker="Honeywell", product="1950g"))
    made.printer(made.usb("1-2", "0416:5011"))
    made.serial(made.usb("1-3", "1a86:7523"), "ttyUSB0")
    return made


def test_what_is_configured_is_matched_with_what_is_attached(sysfs: Sysfs) -> None:
    rows = rows_of([SCANNER], inventory(sysfs.root), {"scanner-1": {"health": "ok"}}, {})
    assert (rows[0]["node"], rows[0]["unit"], rows[0]["health"]) == ("/dev/ttyACM0", "Honeywell 1950g, A1, 1-1", "ok")
    assert [(row["node"], row["kind"]) for row in rows[1:]] == [
        ("/dev/usb/lp0", "printer_escpos"),
        ("/dev/ttyUSB0", ""),
    ]
    for language in ("zh-CN", "en"):
        assert len(list(lines_of(rows, texts(language)))) == 6


def test_columns_stand_below_each_other_in_both_languages(sysfs: Sysfs) -> None:
    """A terminal gives a hanzi two columns, so that what nobody knows (未知) must not move the addresses."""
    rows = rows_of([SCANNER], inventory(sysfs.root), {}, {})
    for language in ("zh-CN", "en"):
        lines = [line for line in lines_of(rows, texts(language)) if "usb:" in line]
        assert len(lines) == 3
        assert {width(line.partition("usb:")[0]) for line in lines} == {34}, lines


def test_a_device_that_is_away_is_listed_with_who_it_was(sysfs: Sysfs) -> None:
    sysfs.unplug("1-1")
    units = {"scanner-1": Identity("0c2e:0b6a", "A1", "1-1", "/dev/ttyACM0")}
    row = rows_of([SCANNER], inventory(sysfs.root), {}, units)[0]
    assert (row["node"], row["unit"]) == ("", "serial A1 on port 1-1")


@pytest.mark.req(157)
def test_three_steps_from_the_box_to_a_working_device(sysfs: Sysfs) -> None:
    """Plug in; ``devices list --toml >> store.toml``; ``devices test --all``. What the second one writes is a store file."""
    written = "\n".join(entries_of(rows_of([], inventory(sysfs.root), {}, {})))
    settings = msgspec.convert({"data_dir": "x", **tomllib.loads(written)}, EdgeSettings)
    assert [(each.device_id, each.kind, each.address) for each in settings.devices] == [
        ("printer-1", "printer_escpos", "usb:path=1-2"),
        ("scanner-1", "scanner_serial", "usb:serial=A1"),
    ]
    assert "# [[devices]]" in written  # the adapter: anything may hang on it


def test_what_is_added_to_a_store_file_takes_no_name_that_is_there(sysfs: Sysfs) -> None:
    rows = rows_of([DeviceSettings("printer-1", "printer_escpos", "tcp:192.0.2.9:9100")], inventory(sysfs.root), {}, {})
    added = tomllib.loads("\n".join(entries_of(rows)))["devices"]
    assert [each["device_id"] for each in added] == ["printer-2", "scanner-1"]


def test_a_unit_that_shows_itself_twice_gives_two_addresses_that_stand_together(tmp_path: Path) -> None:
    made = Sysfs(tmp_path / "sys")
    scanner = made.usb("1-1", "0c2e:0b6a", "A1", maker="Honeywell", product="1950g")
    made.serial(scanner)
    made.input(scanner)
    attached = inventory(made.root)
    added = tomllib.loads("\n".join(entries_of(rows_of([], attached, {}, {}))))["devices"]
    check_together([DeviceSettings(each["device_id"], each["kind"], each["address"]) for each in added])
    nodes = [resolve(each["address"], lambda: attached) for each in added]
    assert nodes == ["evdev:/dev/input/event5", "serial:/dev/ttyACM0"]


def test_whoever_builds_a_usb_device_writes_no_line_of_the_store_file(tmp_path: Path) -> None:
    made = Sysfs(tmp_path / "sys")
    made.serial(made.usb("1-1", "0c2e:0b6a", 'A"]\\ # 1', maker="Honeywell"))
    made.serial(made.usb("1-2", "0c2e:0b6a", "B,on=input?x=1", maker="Honeywell"), "ttyACM1")
    attached = inventory(made.root)
    added = tomllib.loads("\n".join(entries_of(rows_of([], attached, {}, {}))))["devices"]
    assert [each["address"] for each in added] == ['usb:serial=A"]\\ # 1', "usb:path=1-2"]
    assert [resolve(each["address"], lambda: attached) for each in added] == [
        "serial:/dev/ttyACM0",
        "serial:/dev/ttyACM1",
    ]


def test_two_makes_with_one_serial_number_are_told_apart(tmp_path: Path) -> None:
    made = Sysfs(tmp_path / "sys")
    made.serial(made.usb("1-1", "0c2e:0b6a", "0001"))
    made.serial(made.usb("1-2", "1a86:7523", "0001"), "ttyUSB0")
    attached = inventory(made.root)
    addresses = [stable_address(one, attached) for one in attached]
    assert addresses == ["usb:0c2e:0b6a,serial=0001", "usb:1a86:7523,serial=0001"]
    assert [resolve(each, lambda: attached) for each in addresses] == ["serial:/dev/ttyACM0", "serial:/dev/ttyUSB0"]


def test_every_guess_is_a_kind_that_exists() -> None:
    assert set(KIND_OF.values()) <= set(KINDS)


@pytest.mark.parametrize(
    ("reason", "then"),
    [
        ("printer-1 is out of paper: load a new roll", "device_paper"),
        ("the cover of printer-1 is open", "device_cover"),
        ("[Errno 13] Permission denied: '/dev/ttyACM0'", "device_rights"),
        ("Could not exclusively lock port /dev/ttyACM0", "device_taken"),
        ("No such file or directory", "device_cable"),
        ("no such USB device is attached", "device_cable"),
        ("its driver failed in codec.py:12 (ValueError: x)", "device_driver"),
        ("its printer printer-1: connection refused", "device_neighbour"),
        ("its printer printer-1: printer-1 is out of paper", "device_neighbour"),
        ("something new", "device_runbook"),
    ],
)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_trouble_has_a_next_step_in_words(reason: str, then: str, language: str) -> None:
    assert next_step(reason) == then
    values = {
        "device": "scanner-1",
        "kind": "scanner_serial",
        "address": "/dev/ttyACM0",
        "health": "absent",
        "reason": reason,
    }
    said = told(Finding("device scanner-1", "bad", "device", values, then), texts(language), "en")
    assert said.next_step


def test_the_readers_agree_on_a_code_that_is_drawn() -> None:
    pytest.importorskip("cv2")
    [finding] = eyes.look()
    assert (finding.verdict, finding.found) == ("ok", "reader")


@pytest.mark.parametrize(
    ("first", "second", "verdict", "found"),
    [
        ([eyes.CODE], None, "ok", "reader_alone"),
        ([eyes.CODE], [], "warn", "reader_disagrees"),
        (["69012345"], [eyes.CODE], "bad", "reader_wrong"),
        ([], [], "bad", "reader_wrong"),
    ],
)
def test_what_the_readers_say_is_judged(
    monkeypatch: pytest.MonkeyPatch, first: list[str], second: list[str] | None, verdict: str, found: str
) -> None:
    monkeypatch.setattr(eyes, "_readings", lambda: (first, second))
    [finding] = eyes.look()
    assert (finding.verdict, finding.found) == (verdict, found)
    for language in ("zh-CN", "en"):
        assert told(finding, texts(language), "en").text

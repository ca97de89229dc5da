"""The bench reads the edge's store file, and stands nothing where something real may be."""

import io
import socket
from pathlib import Path
from typing import Any

import click
import pytest

from firmware_sim.bench import face
from firmware_sim.bench.address import is_loopback, link_of, network_of
from firmware_sim.bench.bench import Bench
from firmware_sim.bench.errors import NoSuchDevice, StoreFileUnusable
from firmware_sim.bench.store_file import Entry, StoreFile, profiles_of, read
from firmware_sim.texts import Texts

GOOD = """
data_dir = "/var/lib/shopwire"
[link]
host = "broker.example.com"
[[devices]]
device_id = "scanner-1"
kind = "scanner_serial"
address = "serial:/tmp/x/scanner-1?baud=9600"
options = { suffix = "any" }
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "store.toml"
    file.write_text(text, "utf-8")
    return file


def test_it_takes_the_devices_and_leaves_the_rest_to_the_edge(tmp_path: Path) -> None:
    store = read(written(tmp_path, GOOD))
    assert store.data_dir == "/var/lib/shopwire"
    assert [entry.device_id for entry in store.devices] == ["scanner-1"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("devices = 3", "devices"),
        ("not toml", "config/bench.toml"),
        ('data_dir = "x"', "nothing to simulate"),
        (GOOD + GOOD[GOOD.index("[[devices]]") :], "scanner-1"),
        (GOOD.replace("address", "addres"), "addres"),
        (GOOD.replace("scanner-1", "../../x", 1), "is no name"),
        (GOOD.replace("scanner-1", ".x", 1), "is no name"),
        (GOOD.replace("scanner-1", "x" * 65, 1), "is no name"),
        (GOOD + GOOD[GOOD.index("[[devices]]") :].replace('"scanner-1"', '"b"'), "scanner-1 and b are both at /tmp/x"),
    ],
)
def test_what_it_cannot_use_it_names(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(StoreFileUnusable, match=told):
        read(written(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreFileUnusable, match="cannot read"):
        read(tmp_path / "absent.toml")


def test_profiles_are_given_by_device(tmp_path: Path) -> None:
    store = read(written(tmp_path, GOOD))
    assert profiles_of(("scanner-1=mute",), store) == {"scanner-1": "mute"}
    with pytest.raises(NoSuchDevice, match="scanner-2"):
        profiles_of(("scanner-2=mute",), store)
    with pytest.raises(StoreFileUnusable, match="ID=PROFILE"):
        profiles_of(("mute",), store)


def entry(address: str) -> Entry:
    return Entry("d", "kind", address)


@pytest.mark.parametrize("form", ["{}", "serial:{}?baud=9600&parity=even", "char:{}"])
def test_a_path_is_found_in_every_form_of_address(tmp_path: Path, form: str) -> None:
    assert link_of(entry(form.format(tmp_path / "deep" / "tty"))) == tmp_path / "deep" / "tty"


def test_nothing_real_is_ever_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "by-id").symlink_to(tmp_path / "file")
    (tmp_path / "stale").symlink_to("/dev/pts/999")
    for real in ("file", "by-id"):
        with pytest.raises(StoreFileUnusable, match=real):
            link_of(entry(f"serial:{tmp_path / real}"))
    assert link_of(entry(f"serial:{tmp_path / 'stale'}")).name == "stale"
    for nowhere in ("serial:", "nonsense", "usb:serial=A1", "serial:relative/x", "file:/tmp/x", "usb:/tmp/x"):
        with pytest.raises(StoreFileUnusable, match="names no path"):
            link_of(entry(nowhere))


@pytest.mark.parametrize("kind", ["camera_stream", "payment_code"])
@pytest.mark.parametrize(
    "address", ["rtsp://127.0.0.1:8554/x", "https://127.0.0.1:9170", "tcp:127.0.0.1:1", "/dev/video0"]
)
def test_no_simulator_stands_where_the_driver_speaks_something_else(tmp_path: Path, kind: str, address: str) -> None:
    with pytest.raises(StoreFileUnusable, match="speaks plain HTTP"):
        Bench(StoreFile(devices=(Entry("d", kind, address, options={"merchant": "m"}),)), tmp_path)


def told_by(file: Path, **chosen: Any) -> tuple[str, str]:
    """Return what the bench refuses with, and what it said before."""
    out = io.StringIO()
    with pytest.raises(click.ClickException) as refused:
        face.run(face.Wanted(file, **chosen), Texts("en"), out, as_json=False)
    return str(refused.value), out.getvalue()


def test_a_wrong_scenario_is_told_before_anything_stands(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD.replace("/tmp/x", str(tmp_path / "x")))
    assert told_by(file, scenarios=("no-such",), living=True)[0].startswith("there is no scenario 'no-such'")
    refused, said = told_by(file, scenarios=("paper-out",), living=True)
    assert "printer" in refused
    assert said == ""


@pytest.mark.parametrize("folder", ["/proc/no", "/dev/null/x"])
def test_a_folder_that_cannot_be_made_is_told_by_name(tmp_path: Path, folder: str) -> None:
    file = written(tmp_path, GOOD.replace("/tmp/x", str(tmp_path / "x")))
    refused, said = told_by(file, folder=Path(folder))
    assert refused.startswith(f"the folder {folder} cannot be made")
    assert said == ""


def test_a_taken_port_of_the_page_is_told_before_anything_stands(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD.replace("/tmp/x", str(tmp_path / "x")))
    with socket.create_server(("127.0.0.1", 0)) as other:
        refused, said = told_by(file, port=other.getsockname()[1], living=True)
    assert "leave --port out" in refused
    assert said == ""


def test_it_listens_on_this_machine_only() -> None:
    assert network_of(entry("tcp:127.0.0.1:9100"))[:2] == ("127.0.0.1", 9100)
    assert network_of(entry("http://localhost:8090/stream.mjpg")) == ("127.0.0.1", 8090, "/stream.mjpg")
    with pytest.raises(StoreFileUnusable, match=r"192\.0\.2\.50"):
        network_of(entry("tcp:192.0.2.50:9100"))
    with pytest.raises(StoreFileUnusable, match="tcp:HOST:PORT"):
        network_of(entry("tcp:127.0.0.1"))
    assert not is_loopback("printer.example.com")
    assert is_loopback("::1")

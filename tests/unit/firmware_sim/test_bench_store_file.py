"""The bench reads the edge's store file, and stands nothing where something real may be."""

from pathlib import Path

import pytest

from firmware_sim.bench.address import is_loopback, link_of, network_of
from firmware_sim.bench.errors import NoSuchDevice, StoreFileUnusable
from firmware_sim.bench.store_file import Entry, profiles_of, read

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
    with pytest.raises(StoreFileUnusable, match="names no path"):
        link_of(entry("serial:"))


def test_it_listens_on_this_machine_only() -> None:
    assert network_of(entry("tcp:127.0.0.1:9100"))[:2] == ("127.0.0.1", 9100)
    assert network_of(entry("http://localhost:8090/stream.mjpg")) == ("127.0.0.1", 8090, "/stream.mjpg")
    with pytest.raises(StoreFileUnusable, match=r"192\.0\.2\.50"):
        network_of(entry("tcp:192.0.2.50:9100"))
    with pytest.raises(StoreFileUnusable, match="tcp:HOST:PORT"):
        network_of(entry("tcp:127.0.0.1"))
    assert not is_loopback("printer.example.com")
    assert is_loopback("::1")

"""The example store file has a device of every class, and every kind of driver has a simulator to meet."""

from pathlib import Path

from devices.registry import KINDS
from edge_agent.settings import load
from firmware_sim.bench.shelf import SHELF, WITHOUT_HARDWARE
from firmware_sim.bench.store_file import read

EXAMPLE = Path(__file__).parents[3] / "config/bench.toml"
WITHOUT_SIMULATOR = {"light_gpio"}
"""A GPIO line is a device of the kernel: the same lamps hang on the relay board here."""


def test_edge_and_bench_read_the_same_devices_in_it() -> None:
    edge, bench = load(EXAMPLE, None, {}).settings, read(EXAMPLE)
    assert [(each.device_id, each.kind, each.address) for each in edge.devices] == [
        (each.device_id, each.kind, each.address) for each in bench.devices
    ]
    assert edge.data_dir == bench.data_dir


def test_it_has_a_device_of_every_class() -> None:
    attached = {KINDS[entry.kind] for entry in read(EXAMPLE).devices}
    assert set(KINDS.values()) - attached == set()


def test_every_driver_finds_a_simulator_on_the_shelf() -> None:
    assert set(KINDS) - set(SHELF) - WITHOUT_HARDWARE - WITHOUT_SIMULATOR == set()

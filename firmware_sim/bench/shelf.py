"""The shelf: which simulator stands in for which driver, and which face it has on the page. One row a kind.

A simulator is imported when a store file needs it: a bench without a camera does not load a camera's libraries.
"""

from collections.abc import Callable
from pathlib import Path

from firmware_sim.bench.address import is_network, link_of, network_of
from firmware_sim.bench.stand import Device, Model
from firmware_sim.bench.store_file import Entry
from firmware_sim.wire import PtyWire, TcpWire, Wire


def wire_of(entry: Entry) -> Wire:
    """Return a wire (not plugged in) that ends where the edge looks for the device.

    Raises:
        StoreFileUnusable: no simulator may stand there.
    """
    if is_network(entry.address):
        network = network_of(entry)
        return TcpWire(network.host, network.port)
    return PtyWire(link_of(entry))


def _display(entry: Entry) -> Model:
    def build(entry: Entry, _: str, __: Path) -> Device:
        from firmware_sim.display import DisplaySim

        return DisplaySim(wire_of(entry), entry.profile or "cd5220")

    return Model("price_display" if entry.profile == "led8" else "display", build)


SHELF: dict[str, Callable[[Entry], Model]] = {
    "display_serial": _display,
}

"""The devices of one store, found by what they are.

A feature of the edge that needs a device takes ``Attached`` and looks the device up when it needs it:

    scale = attached.scale                       # the first of its class in the settings, or None: the store has none
    if scale is not None:
        weight = await scale.ask(lambda each: each.weigh(), within_s=5)

and is added to ``features`` in ``edge_agent.bootstrap.agent_of``; see ``edge_agent.features``. A new class of devices is one property here.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from devices.hotplug import HotPlug
from devices.ports import Camera, ReceiptPrinter, Scanner
from devices.ports.display import CustomerDisplay
from devices.ports.drawer import CashDrawer
from devices.ports.label import LabelPrinter
from devices.ports.light import SignalLight
from devices.ports.scale import Scale
from devices.registry import DeviceSettings
from edge_agent.bay import Bay

AnyBay = Bay[Any]


class Attached:
    """Every device that the settings name, in their order; each is supervised by its bay.

    Attributes:
        bays: the devices.
        plug: watches what is plugged in, None where nobody watches.
    """

    def __init__(self, bays: Sequence[AnyBay] = (), plug: HotPlug | None = None) -> None:
        self.bays, self.plug = tuple(bays), plug

    @property
    def printer(self) -> Bay[ReceiptPrinter] | None:
        """The receipt printer."""
        return self.first("POSPrinter")

    @property
    def label_printer(self) -> Bay[LabelPrinter] | None:
        """The label printer."""
        return self.first("LabelPrinter")

    @property
    def scanners(self) -> list[Bay[Scanner]]:
        """All scanners."""
        return self.all("Scanner")

    @property
    def cameras(self) -> list[Bay[Camera]]:
        """All cameras and readers of pictures."""
        return self.all("ImageScanner")

    @property
    def scale(self) -> Bay[Scale] | None:
        """The scale."""
        return self.first("Scale")

    @property
    def displays(self) -> list[Bay[CustomerDisplay]]:
        """Everything that a shopper looks at."""
        return self.all("LineDisplay")

    @property
    def drawer(self) -> Bay[CashDrawer] | None:
        """The cash drawer."""
        return self.first("CashDrawer")

    @property
    def light(self) -> Bay[SignalLight] | None:
        """The signal light."""
        return self.first("Lights")

    def first(self, device_class: str) -> Bay[Any] | None:
        """Return the first device of a UnifiedPOS class."""
        return next(iter(self.all(device_class)), None)

    def all(self, device_class: str) -> list[Bay[Any]]:
        """Return the devices of a UnifiedPOS class."""
        return [bay for bay in self.bays if bay.device_class == device_class]

    def named(self, device_id: str) -> AnyBay | None:
        """Return the device that the settings call so."""
        return next((bay for bay in self.bays if bay.device_id == device_id), None)

    def work(self) -> dict[str, Any]:
        """Return what has to run, by task name."""
        work: dict[str, Any] = {f"device:{bay.device_id}": bay.run() for bay in self.bays}
        if self.plug is not None and self.bays:
            work["devices:plug"] = self.plug.run()
        return work


def nodes_of(devices: Iterable[DeviceSettings]) -> list[Path]:
    """Return the nodes and links that addresses name, for ``HotPlug``."""
    paths = (re.sub(r"^\w+:(//)?", "", device.address).partition("?")[0] for device in devices)
    return [Path(path) for path in paths if path.startswith("/")]

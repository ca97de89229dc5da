"""Label printers in ZPL and TSPL, written from the device reference (§2) and never from the drivers.

    async with LabelSim(TcpWire(), "zpl", out_dir=Path("labels")) as printer:
        printer.handle({"paper": "out", "after": 3})
        printer.shows()    # {"paper": "ok", "printed": 2, "labels": [{"texts": […], "codes": […]}], …}

As a child: ``python -m firmware_sim.label --language zpl --port 0 --out DIR`` (see its ``--help``).
"""

from firmware_sim.label.machine import Label
from firmware_sim.label.model import PROFILES, LabelModel, model_of
from firmware_sim.label.server import LabelSim

__all__ = ["PROFILES", "Label", "LabelModel", "LabelSim", "model_of"]

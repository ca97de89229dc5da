"""Barcode scanners on the real wire, written from the device reference (§3) and never from the drivers.

    async with LineScannerSim(PtyWire(), suffix="cr") as scanner:
        scanner.scan("6901234567892", aim="]E0")
        scanner.wire.unplug(); scanner.wire.replug()

``LineScannerSim`` sends lines (serial, USB-CDC) and takes its maker's orders; ``SsiScannerSim`` speaks Zebra's SSI and repeats what is
not answered; ``HidScannerSim`` types key events. As a child: ``python -m firmware_sim.scanner --help``.
"""

from firmware_sim.scanner.hid import HidScannerSim
from firmware_sim.scanner.line import LineScannerSim
from firmware_sim.scanner.ssi import SsiScannerSim

__all__ = ["HidScannerSim", "LineScannerSim", "SsiScannerSim"]

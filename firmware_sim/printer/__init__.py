"""An ESC/POS receipt printer on a serial line or the network, written from the device reference (§1) and never from the driver.

    async with PrinterSim(out_dir=Path("paper")) as printer:      # or PrinterSim(PrinterPty(link=Path("/tmp/printer")))
        send_to("127.0.0.1", printer.port)
        printer.run_out_of_paper(after_lines=5)
        printer.receipts[0].text

What it prints is kept as text and as PNG, one pair of files per cut: ``receipt-0001.txt``, ``receipt-0001.png``.
As a child: ``python -m firmware_sim.printer --port 0 --out DIR`` (see its ``--help`` for run-time faults).
"""

from firmware_sim.printer.lines import PrinterPty, PrinterTcp
from firmware_sim.printer.model import PROFILES, PrinterModel
from firmware_sim.printer.paper import Receipt
from firmware_sim.printer.server import PrinterSim

__all__ = ["PROFILES", "PrinterModel", "PrinterPty", "PrinterSim", "PrinterTcp", "Receipt"]

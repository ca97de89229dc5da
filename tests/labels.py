"""What tests of label printers share: reading a rendered label, and sending bytes through a printer without a wire."""

from typing import Any

import pytest

from firmware_sim.label import model_of
from firmware_sim.label.machine import Job
from firmware_sim.label.tspl import TsplPrinter
from firmware_sim.label.zpl import ZplPrinter


def codes_read(image: Any) -> list[str]:
    """Return the texts of all codes in a picture, as zxing-cpp reads them: plain, FNC1 as GS."""
    zxingcpp = pytest.importorskip("zxingcpp")
    found = zxingcpp.read_barcodes(image, text_mode=zxingcpp.TextMode.Plain)
    return sorted(result.text for result in found)


def zpl_jobs(data: bytes, chunk: int = 0, dpi: int = 203) -> tuple[list[Job], ZplPrinter, list[str]]:
    """Return the labels of a ZPL stream, the printer, and the orders that it was given (``status``, ``reset`` …)."""
    jobs: list[Job] = []
    orders: list[str] = []
    printer = ZplPrinter(model_of("zpl", dpi=dpi), jobs.append, orders.append)
    for at in range(0, len(data), chunk or max(1, len(data))):
        printer.feed(data[at : at + (chunk or len(data))])
    return jobs, printer, orders


def tspl_jobs(data: bytes, chunk: int = 0) -> tuple[list[Job], TsplPrinter]:
    """Return the labels of a TSPL stream, and the printer."""
    jobs: list[Job] = []
    printer = TsplPrinter(model_of("tspl"), jobs.append)
    for at in range(0, len(data), chunk or max(1, len(data))):
        printer.feed(data[at : at + (chunk or len(data))])
    return jobs, printer

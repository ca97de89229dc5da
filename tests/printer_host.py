"""A host that talks to a simulated printer on the network, one connection for each question."""

import asyncio

from firmware_sim.printer import PrinterSim
from tests.waiting import HANG_S


async def connect(printer: PrinterSim) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection."""
    return await asyncio.open_connection("127.0.0.1", printer.port)


async def exchange(printer: PrinterSim, data: bytes, size: int) -> bytes:
    """Return the first ``size`` bytes of the answer to ``data``."""
    reader, writer = await connect(printer)
    try:
        async with asyncio.timeout(HANG_S):
            writer.write(data)
            return await reader.readexactly(size)
    finally:
        writer.close()
        await writer.wait_closed()


async def exchange_when_free(printer: PrinterSim, data: bytes, size: int) -> bytes:
    """The same, again and again while another host is connected."""
    async with asyncio.timeout(HANG_S):
        while True:
            try:
                return await exchange(printer, data, size)
            except (ConnectionError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.01)

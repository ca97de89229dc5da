"""A receipt printer as a child process, on the network or with --link on a serial line.

Prints ``{"port": N, "address": "tcp:127.0.0.1:N"}`` when ready and stops on SIGTERM. With --announce, each receipt is one line:
``{"receipt": 1, "text": "paper/receipt-0001.txt", "image": "paper/receipt-0001.png"}``.

Reads one JSON command a line from stdin, each answered with what a person at the printer sees:
  {"paper": "out", "after_lines": 5}   {"paper": "load"}    {"paper": "near_end"}   {"tear": true}
  {"cover": "open"}                    {"cover": "close"}   {"jam": true}           {"jam": false}
  {"overheat": true}                   {"mute": true}       {"drop": 300}           {"power": "off"}
  {"drawer": "close"}                  {"drawer": "open"}   {"drawer_open_level": "low"}
  {"speed": 2} (lines a second)        {"speed": null}      {"do": "status"}
  {"fault": "unplug"} … replug, freeze, thaw, slow, fast, half, garbage: of the wire
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from firmware_sim.control import command_line, run_until_stopped, say
from firmware_sim.printer import PROFILES, PrinterPty, PrinterSim, PrinterTcp, Receipt
from firmware_sim.printer.fonts import FontMissing


def _announce(receipt: Receipt) -> None:
    text = receipt.image.with_suffix(".txt") if receipt.image else None
    say({"receipt": receipt.number, "text": text and str(text), "image": receipt.image and str(receipt.image)})


async def serve(arguments: argparse.Namespace) -> None:
    """Run one printer until SIGTERM."""
    wire = PrinterPty(arguments.link) if arguments.link else PrinterTcp(port=arguments.port)
    async with PrinterSim(
        wire,
        out_dir=arguments.out,
        model=arguments.model,
        lines_per_s=arguments.lines_per_s,
        draw=not arguments.no_png,
        on_receipt=_announce if arguments.announce else None,
    ) as printer:
        ready: dict[str, Any] = {"address": printer.address}
        if isinstance(wire, PrinterTcp):
            ready["port"] = wire.port
        await run_until_stopped(ready, printer.handle)


def main() -> None:
    """Parse the command line and run."""
    parser = command_line("firmware_sim.printer", __doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1, 0 = a free one")
    parser.add_argument("--link", type=Path, metavar="PATH", help="a serial line instead: this name leads to it")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for receipts as text and PNG")
    parser.add_argument(
        "--model", choices=sorted(PROFILES), default="epson-80", help="which printer (default epson-80)"
    )
    parser.add_argument("--lines-per-s", type=float, help="printing speed; default as fast as can be")
    parser.add_argument("--no-png", action="store_true", help="keep only the text")
    parser.add_argument("--announce", action="store_true", help="one JSON line per receipt")
    try:
        asyncio.run(serve(parser.parse_args()))
    except FontMissing as error:
        parser.exit(1, f"{error}\n(or start with --no-png)\n")


if __name__ == "__main__":
    main()

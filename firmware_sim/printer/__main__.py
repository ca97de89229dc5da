"""A receipt printer as a child process.

Prints ``{"port": N}`` when ready and stops on SIGTERM. With --announce, each receipt is one line:
``{"receipt": 1, "text": "paper/receipt-0001.txt", "image": "paper/receipt-0001.png"}``.

Reads one JSON command a line from stdin, each answered with the printer's state:
  {"fault": "paper_out", "after_lines": 5}  {"fault": "paper_ok"}   {"fault": "near_end"}
  {"fault": "cover_open"}                   {"fault": "cover_closed"}
  {"fault": "jam"}                          {"fault": "jam_cleared"}
  {"fault": "mute"}                         {"fault": "unmute"}
  {"fault": "slow", "lines_per_s": 2}       {"fault": "fast"}
  {"fault": "drop", "after_bytes": 300}     {"fault": "power_off"}  {"fault": "power_on"}
  {"do": "status"}
"""

import argparse
import asyncio
import dataclasses
from pathlib import Path
from typing import Any

from firmware_sim.control import run_until_stopped, say
from firmware_sim.printer import PROFILES, PrinterSim, Receipt
from firmware_sim.printer.fonts import FontMissing


def state_of(printer: PrinterSim) -> dict[str, Any]:
    """Return what a person standing at the printer sees."""
    return {
        "receipts": printer.receipts[-1].number if printer.receipts else 0,
        "lines": printer.lines_printed,
        "cuts": printer.cuts,
        "drawer_pulses": printer.drawer_pulses,
        "buffered_bytes": printer.buffered_bytes,
        "unknown": [raw.hex() for raw in printer.unknown],
        "condition": dataclasses.asdict(printer.condition),
    }


def handle_command(printer: PrinterSim, command: dict[str, Any]) -> dict[str, Any]:
    """Carry out one JSON command and return the printer's state.

    Raises:
        KeyError, TypeError, ValueError: the command is not one of those in the module's docstring.
    """
    match command:
        case {"do": "status"}:
            pass
        case {"fault": str(fault)}:
            _apply(printer, fault, command)
        case _:
            raise ValueError(f"unknown command {command}: see --help")
    return state_of(printer)


def _apply(printer: PrinterSim, fault: str, command: dict[str, Any]) -> None:
    match fault:
        case "paper_out":
            printer.run_out_of_paper(int(command.get("after_lines", 0)))
        case "paper_ok":
            printer.load_paper()
        case "near_end":
            printer.set_near_end()
        case "cover_open":
            printer.open_cover()
        case "cover_closed":
            printer.close_cover()
        case "jam" | "jam_cleared":
            printer.jam_cutter(fault == "jam")
        case "mute" | "unmute":
            printer.mute = fault == "mute"
        case "slow" | "fast":
            printer.lines_per_s = float(command.get("lines_per_s", 2)) if fault == "slow" else None
        case "drop":
            printer.drop_connection(int(command.get("after_bytes", 0)))
        case "power_off":
            printer.power_off()
        case "power_on":
            printer.power_on()
        case _:
            raise ValueError(f"unknown fault {fault!r}: see --help")


def _announce(receipt: Receipt) -> None:
    text = receipt.image.with_suffix(".txt") if receipt.image else None
    say({"receipt": receipt.number, "text": text and str(text), "image": receipt.image and str(receipt.image)})


async def serve(arguments: argparse.Namespace) -> None:
    """Run one printer until SIGTERM."""
    async with PrinterSim(
        out_dir=arguments.out,
        port=arguments.port,
        model=arguments.model,
        lines_per_s=arguments.lines_per_s,
        draw=not arguments.no_png,
        on_receipt=_announce if arguments.announce else None,
    ) as printer:
        await run_until_stopped({"port": printer.port}, lambda command: handle_command(printer, command))


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m firmware_sim.printer", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1, 0 = a free one")
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

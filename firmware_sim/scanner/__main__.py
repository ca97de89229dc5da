"""``python -m firmware_sim.scanner``: one scanner on a pseudo-terminal, commanded over stdin.

It prints ``{"address": "/dev/pts/N"}``, then reads one JSON object a line and answers each with what the scanner shows:
``{"scan": "6901234567892", "aim": "]E0"}``, ``{"bytes": "1b0a"}`` (hex, as they are), ``{"program": "SUFBK2", "value": ""}``,
``{"fault": "half_frame" | "garbage" | "unplug" | "replug" | "freeze" | "thaw" | "slow" | "fast" | "half"}``;
of a keyboard also ``{"type": "690…"}`` and ``{"press": ["ctrl", "r"]}``.
A replugged device gets a new number, as on a real machine: ``--link`` keeps a name that follows it, as udev's
``/dev/serial/by-id`` does.
"""

import argparse
from pathlib import Path

from firmware_sim.control import command_line, live
from firmware_sim.scanner.hid import SUFFIXES as KEYS_AT_THE_END
from firmware_sim.scanner.hid import HidScannerSim
from firmware_sim.scanner.line import SUFFIXES, LineScannerSim
from firmware_sim.scanner.orders import MAKERS
from firmware_sim.scanner.reading import PROFILES, ScanningSim
from firmware_sim.scanner.ssi import SsiScannerSim
from firmware_sim.wire import PtyWire


def parsed() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = command_line("firmware_sim.scanner", __doc__)
    parser.add_argument("--kind", choices=("line", "ssi", "hid"), default="line", help="how it speaks (default line)")
    parser.add_argument("--link", type=Path, help="a symbolic link that follows the device when it is replugged")
    ends = sorted({*SUFFIXES, *KEYS_AT_THE_END})
    parser.add_argument("--suffix", choices=ends, help="what ends a code (default crlf; of a keyboard enter)")
    parser.add_argument("--prefix", default="", help="what starts a code (default nothing)")
    parser.add_argument("--encoding", default="utf-8", help="of the data: utf-8 (default) or gb18030")
    parser.add_argument("--maker", choices=sorted(MAKERS), default="generic", help="whose orders it takes")
    parser.add_argument("--profile", choices=PROFILES, default="normal", help="how well it is made (default normal)")
    return parser.parse_args()


def scanner_of(given: argparse.Namespace) -> ScanningSim:
    """Return the scanner that was asked for."""
    wire = PtyWire(given.link)
    if given.kind == "ssi":
        return SsiScannerSim(wire, profile=given.profile)
    if given.kind == "hid":
        return HidScannerSim(wire, suffix=given.suffix or "enter", prefix=given.prefix, profile=given.profile)
    return LineScannerSim(
        wire,
        suffix=given.suffix or "crlf",
        prefix=given.prefix.encode(),
        encoding=given.encoding,
        maker=given.maker,
        profile=given.profile,
    )


def main() -> None:
    """Parse the command line and run."""
    given = parsed()
    live(lambda: scanner_of(given))


if __name__ == "__main__":
    main()

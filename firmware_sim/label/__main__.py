"""A label printer as a child process.

Prints ``{"address": "tcp:127.0.0.1:N"}`` (or a path) when ready and stops on SIGTERM. Pictures of the labels go to
--out, as ``label-0001.png``. Reads one JSON command a line from stdin, each answered with what the printer shows:
  {"paper": "out", "after": 3}   {"paper": "load"}        {"head": "open"}     {"head": "close"}
  {"ribbon": "out"}              {"ribbon": "load"}       {"pause": true}      {"mute": true}
  {"label_s": 0.5}               {"power": "cycle"}       {}                   (look at it)
  {"fault": "unplug"} {"fault": "replug"} {"fault": "freeze"} {"fault": "thaw"} {"fault": "slow"} {"fault": "fast"}
"""

import argparse
from pathlib import Path

from firmware_sim.control import command_line, live
from firmware_sim.label.model import PROFILES
from firmware_sim.label.server import LabelSim
from firmware_sim.wire import PtyWire, TcpWire, Wire


def printer_of(given: argparse.Namespace) -> LabelSim:
    """Return the printer that was asked for."""
    wire: Wire = PtyWire(given.link) if given.link else TcpWire(port=given.port)
    return LabelSim(wire, given.language, given.profile, out_dir=given.out, label_s=given.label_s)


def main() -> None:
    """Parse the command line and run."""
    parser = command_line("firmware_sim.label", __doc__)
    parser.add_argument("--language", choices=("zpl", "tspl"), default="zpl", help="what it speaks (default zpl)")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="normal", help="how it behaves (default normal)")
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1, 0 = a free one")
    parser.add_argument("--link", type=Path, help="a serial line instead: a symbolic link that follows its device")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the labels' pictures")
    parser.add_argument("--label-s", type=float, default=0.3, help="seconds a label takes (default 0.3)")
    given = parser.parse_args()
    live(lambda: printer_of(given))


if __name__ == "__main__":
    main()

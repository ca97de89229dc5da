"""A label printer as a child process.

Prints ``{"address": "tcp:127.0.0.1:N"}`` (or a path) when ready and stops on SIGTERM. Pictures of the labels go to
--out, as ``label-0001.png``. Reads one JSON command a line from stdin, each answered with what the printer shows:
  {"paper": "out", "after": 3}   {"paper": "load"}        {"head": "open"}     {"head": "close"}
  {"ribbon": "out"}              {"ribbon": "load"}       {"pause": true}      {"mute": true}
  {"label_s": 0.5}               {"power": "cycle"}       {}                   (look at it)
  {"fault": "unplug"} {"fault": "replug"} {"fault": "freeze"} {"fault": "thaw"} {"fault": "slow"} {"fault": "fast"}
"""

import argparse
import asyncio
from pathlib import Path

from firmware_sim.control import run_until_stopped
from firmware_sim.label.model import PROFILES
from firmware_sim.label.server import LabelSim
from firmware_sim.wire import PtyWire, TcpWire, Wire


async def _serve(given: argparse.Namespace) -> None:
    wire: Wire = PtyWire(given.link) if given.link else TcpWire(port=given.port)
    async with LabelSim(wire, given.language, given.profile, out_dir=given.out, label_s=given.label_s) as sim:
        await run_until_stopped({"address": sim.address}, sim.handle)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m firmware_sim.label", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--language", choices=("zpl", "tspl"), default="zpl", help="what it speaks (default zpl)")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="normal", help="how it behaves (default normal)")
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1, 0 = a free one")
    parser.add_argument("--link", type=Path, help="a serial line instead: a symbolic link that follows its device")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the labels' pictures")
    parser.add_argument("--label-s", type=float, default=0.3, help="seconds a label takes (default 0.3)")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()

"""A scale as a process of its own: ``python -m firmware_sim.scale --voice toledo8217 --link /tmp/scale``.

Prints ``{"address": …}``, then reads one JSON command a line: {"put": 412}, {"take": true}, {"zero": true}, {"tare": true}, {"drift": 3},
{"stuck": true}, {"unit": "lb"}, {"bad_bcc": 1}, {"price": 2598}, {"restart": true}, {"profile": "mute"}, {"fault": "unplug"};
each is answered with what the scale shows.
"""

import argparse
from pathlib import Path

from firmware_sim.control import command_line, live
from firmware_sim.scale.device import PROFILES, VOICE_NAMES, ScaleSim
from firmware_sim.wire import PtyWire, TcpWire


def scale_of(given: argparse.Namespace) -> ScaleSim:
    """Return the scale that was asked for."""
    wire = TcpWire(port=given.port) if given.port is not None else PtyWire(given.link)
    return ScaleSim(
        wire,
        given.voice,
        capacity_g=given.capacity,
        division_g=given.division,
        settle_s=given.settle,
        parity=given.parity,
        profile=given.profile,
    )


def main() -> None:
    """Parse the command line and run."""
    parser = command_line("firmware_sim.scale", __doc__)
    parser.add_argument("--voice", choices=VOICE_NAMES, default="toledo8217", help="its protocol (default toledo8217)")
    parser.add_argument("--link", type=Path, help="a symbolic link that follows the device when it is replugged")
    parser.add_argument("--port", type=int, help="a TCP port instead of a pseudo-terminal; 0: a free one")
    parser.add_argument("--capacity", type=int, default=15_000, metavar="G", help="Max in grams (default 15000)")
    parser.add_argument("--division", type=int, default=5, metavar="G", help="e in grams (default 5)")
    parser.add_argument(
        "--settle", type=float, default=0.6, metavar="S", help="seconds until a load stands (default 0.6)"
    )
    parser.add_argument("--parity", choices=("none", "even", "odd"), default="none", help="real parity bits")
    parser.add_argument("--profile", choices=PROFILES, default="normal", help="how it misbehaves (default normal)")
    given = parser.parse_args()
    live(lambda: scale_of(given))


if __name__ == "__main__":
    main()

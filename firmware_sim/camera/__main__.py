"""A network camera as a child process.

Prints ``{"address": "http://127.0.0.1:PORT/stream.mjpg"}`` when ready and stops on SIGTERM.

Reads one JSON command a line from stdin, each answered with what is to be seen:
  {"show": ["6901234567892"]}   {"show": [{"text": "https://x.cn/1", "kind": "qr", "angle": 20, "module_px": 4}]}
  {"blank": true}               {"picture": "photo.jpg"}
  {"sequence": ["a.png", "b.png"], "each_s": 0.5}          {"fps": 5}
  {"fault": "unplug"}           {"fault": "replug"}
  {"fault": "freeze"}           {"fault": "thaw"}
  {"fault": "slow", "bytes_per_s": 1000}                   {"fault": "fast"}
  {"fault": "half"}             {"fault": "garbage", "size": 4096}
  {"fault": "huge", "width": 40000, "height": 40000}       {"fault": "endless", "size": 8000000}
  {"fault": "flood"}            {"fault": "calm"}
"""

import argparse

from firmware_sim.camera.server import CameraSim
from firmware_sim.control import command_line, live


def camera_of(given: argparse.Namespace) -> CameraSim:
    """Return the camera that was asked for, with its codes in view."""
    width, _, height = given.size.partition("x")
    camera = CameraSim(port=given.port, size=(int(width), int(height)), fps=given.fps, login=given.login)
    camera.handle({"show": given.show})
    return camera


def main() -> None:
    """Parse the command line and run."""
    parser = command_line("firmware_sim.camera", __doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1, 0 = a free one")
    parser.add_argument("--size", default="1280x720", help="pixels, WIDTHxHEIGHT (default 1280x720)")
    parser.add_argument("--fps", type=float, default=15.0, help="frames a second (default 15)")
    parser.add_argument("--login", default="", metavar="USER:PASSWORD", help="what viewers must give (default nothing)")
    parser.add_argument("--show", action="append", default=[], metavar="CODE", help="a code in view; repeat for more")
    given = parser.parse_args()
    live(lambda: camera_of(given))


if __name__ == "__main__":
    main()

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
import asyncio
import contextlib

from firmware_sim.camera.server import CameraSim
from firmware_sim.control import run_until_stopped


async def serve(arguments: argparse.Namespace) -> None:
    """Run one camera until SIGTERM."""
    width, _, height = arguments.size.partition("x")
    size = (int(width), int(height))
    async with CameraSim(port=arguments.port, size=size, fps=arguments.fps, login=arguments.login) as camera:
        camera.handle({"show": arguments.show})
        await run_until_stopped({"address": camera.address}, camera.handle)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m firmware_sim.camera", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1, 0 = a free one")
    parser.add_argument("--size", default="1280x720", help="pixels, WIDTHxHEIGHT (default 1280x720)")
    parser.add_argument("--fps", type=float, default=15.0, help="frames a second (default 15)")
    parser.add_argument("--login", default="", metavar="USER:PASSWORD", help="what viewers must give (default nothing)")
    parser.add_argument("--show", action="append", default=[], metavar="CODE", help="a code in view; repeat for more")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()

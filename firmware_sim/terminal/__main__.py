"""A card terminal as a child process.

Prints ``{"address": "tcp:127.0.0.1:PORT"}`` when ready and stops on SIGTERM.

Reads one JSON command a line from stdin, each answered with the terminal's screen and book:
  {"answer": "password", "polls": 3}      from now on a card takes three questions
  {"next": "lost"}                        the next payment only; also not_enough, cancelled, busy, wrong_amount, silent …
  {"card": "taps"}                        {"key": "cancel"}                 {"forget": true}
  {"fault": "unplug"}  {"fault": "replug"}  {"fault": "freeze"}  {"fault": "thaw"}
  {"fault": "slow", "bytes_per_s": 10}      {"fault": "fast"}    {"fault": "half"}  {"fault": "garbage"}
"""

import argparse
import asyncio
import contextlib

from firmware_sim.control import run_until_stopped
from firmware_sim.terminal.device import TerminalSim
from firmware_sim.wire import TcpWire


async def serve(arguments: argparse.Namespace) -> None:
    """Run one terminal until SIGTERM."""
    async with TerminalSim(TcpWire(port=arguments.port), poi_id=arguments.poi_id) as terminal:
        await run_until_stopped({"address": terminal.address}, terminal.handle)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m firmware_sim.terminal", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1, 0 = a free one")
    parser.add_argument("--poi-id", default="terminal-1", help="the terminal's name (default terminal-1)")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()

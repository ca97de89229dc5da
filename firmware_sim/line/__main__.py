"""The line as a child process.

``python -m firmware_sim.line --listen 0 --to 127.0.0.1:1883`` prints ``{"port": N}`` and then
reads one JSON command a line, each answered with state and counters: ``{"do": "cut"}``, ``{"do": "reset"}``,
``{"do": "black_hole"}``, ``{"do": "restore"}``, ``{"do": "counters"}``, and
``{"do": "weather", "delay_s": 0.3, "jitter_s": 0.1, "rate_bytes_s": 16000, "cut_after_bytes": 25000}``.
"""

import asyncio
import dataclasses
from typing import Any

from firmware_sim.control import command_line, run_until_stopped
from firmware_sim.line.line import Line
from firmware_sim.line.road import Weather


def handle_command(line: Line, command: dict[str, Any]) -> dict[str, Any]:
    """Carry out one JSON command and return the line's state and counters.

    Raises:
        KeyError, TypeError, ValueError: the command is not one of those in the module's docstring.
    """
    match command.pop("do"):
        case "cut" | "reset" | "black_hole" | "restore" as action:
            getattr(line, action)()
        case "weather":
            line.weather = Weather(**command)
        case "counters":
            pass
        case other:
            raise ValueError(f"unknown command {other!r}: cut, reset, black_hole, restore, weather or counters")
    return {"state": line.state.value, **dataclasses.asdict(line.counters)}


async def serve(host: str, port: int, listen_port: int) -> None:
    """Run one line as a child process until SIGTERM."""
    async with Line(host, port, listen_port=listen_port) as line:
        await run_until_stopped({"port": line.port}, lambda command: handle_command(line, command))


def main() -> None:
    """Parse the command line and run."""
    parser = command_line("firmware_sim.line", __doc__)
    parser.add_argument("--listen", type=int, default=0, metavar="PORT", help="loopback port, 0 = a free one")
    parser.add_argument("--to", required=True, metavar="HOST:PORT", help="the far end of the line")
    arguments = parser.parse_args()
    host, _, port = arguments.to.rpartition(":")
    if not host or not port.isdigit():
        parser.error(f"--to {arguments.to!r} is not HOST:PORT")
    asyncio.run(serve(host, int(port), arguments.listen))


if __name__ == "__main__":
    main()

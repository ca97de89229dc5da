"""A card terminal as a child process.

Prints ``{"address": "tcp:127.0.0.1:PORT"}`` when ready and stops on SIGTERM.

Reads one JSON command a line from stdin, each answered with the terminal's screen and book:
  {"answer": "password", "polls": 3}      from now on a card takes three questions
  {"next": "lost"}                        the next payment only; also not_enough, cancelled, busy, wrong_amount, silent …
  {"card": "taps"}                        {"key": "cancel"}                 {"forget": true}
  {"fault": "unplug"}  {"fault": "replug"}  {"fault": "freeze"}  {"fault": "thaw"}
  {"fault": "slow", "bytes_per_s": 10}      {"fault": "fast"}    {"fault": "half"}  {"fault": "garbage"}
"""

from firmware_sim.control import command_line, live
from firmware_sim.terminal.device import TerminalSim
from firmware_sim.wire import TcpWire


def main() -> None:
    """Parse the command line and run."""
    parser = command_line("firmware_sim.terminal", __doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1, 0 = a free one")
    parser.add_argument("--poi-id", default="terminal-1", help="the terminal's name (default terminal-1)")
    given = parser.parse_args()
    live(lambda: TerminalSim(TcpWire(port=given.port), poi_id=given.poi_id))


if __name__ == "__main__":
    main()

"""A gateway of electronic shelf labels as a child process.

Prints ``{"address": "tcp:127.0.0.1:N"}`` when ready and stops on SIGTERM. Reads one JSON command a line from stdin, each
answered with what the tags show:
  {"tag": "T001", "mode": "slow", "delay_s": 2}   {"tag": "T001", "mode": "offline"}   {"tag": "T001", "mode": "nack"}
  {"tag": "T001", "battery": 5, "rssi": -95}      {"add": "T999"}                      {"power": "cycle"}
  {}  (look)   {"fault": "unplug"}  {"fault": "replug"}  {"fault": "freeze"}  {"fault": "thaw"}  {"fault": "half"}
"""

from firmware_sim.control import command_line, live
from firmware_sim.esl.gateway import EslSim
from firmware_sim.wire import TcpWire


def main() -> None:
    """Parse the command line and run."""
    parser = command_line("firmware_sim.esl", __doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1, 0 = a free one")
    parser.add_argument("--tags", type=int, default=10, help="how many tags, T001 … (default 10)")
    parser.add_argument("--delay-s", type=float, default=0.5, help="how long a tag sleeps (default 0.5)")
    given = parser.parse_args()
    names = [f"T{number:03d}" for number in range(1, given.tags + 1)]
    live(lambda: EslSim(TcpWire(port=given.port), names, delay_s=given.delay_s))


if __name__ == "__main__":
    main()

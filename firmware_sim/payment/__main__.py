"""A payment provider as a child process.

Prints ``{"address": "http://127.0.0.1:PORT"}`` when ready and stops on SIGTERM.

Reads one JSON command a line from stdin, each answered with the orders:
  {"answer": "password", "polls": 3}      from now on shoppers have to confirm, and do so at the third question
  {"next": "system_error"}                the next attempt only; also lost, not_enough, wrong_amount, bad_signature, recall …
  {"shopper": "pays"}                     {"shopper": "refuses"}
  {"latency_s": 2}                        {"clock_skew_s": 900}             {"refund_polls": 2}
  {"fault": "unplug"}  {"fault": "replug"}  {"fault": "freeze"}  {"fault": "thaw"}  {"fault": "half"}  {"fault": "garbage"}
"""

from pathlib import Path

from firmware_sim.control import command_line, live
from firmware_sim.payment.server import BENCH_SECRET, PaymentSim


def main() -> None:
    """Parse the command line and run."""
    parser = command_line("firmware_sim.payment", __doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1, 0 = a free one")
    parser.add_argument("--merchant", default="bench", help="who may ask (default bench)")
    parser.add_argument("--secret-file", type=Path, help="the secret that both sides have (default: the bench's)")
    parser.add_argument("--notify-url", default="", help="post notifications there: http://127.0.0.1:PORT/PATH")
    given = parser.parse_args()
    secret = given.secret_file.read_bytes().strip() if given.secret_file else BENCH_SECRET
    live(lambda: PaymentSim(port=given.port, merchant=given.merchant, secret=secret, notify_url=given.notify_url))


if __name__ == "__main__":
    main()

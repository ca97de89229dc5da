"""A bare Mosquitto for the raw peers: plain TCP on loopback, no accounts, a queue long enough for a whole run."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CONFIG = """listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_queued_messages 200000
"""


@contextmanager
def plain_broker() -> Iterator[int]:
    """Yield the port of a broker that ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mosquitto.conf"
        config.write_text(_CONFIG.format(port=port))
        Path(folder).chmod(0o755)
        with subprocess.Popen(["mosquitto", "-c", str(config)], stderr=subprocess.DEVNULL) as broker:
            try:
                _wait_for(port)
                yield port
            finally:
                broker.terminate()


def _wait_for(port: int, deadline_s: float = 10) -> None:
    until = time.monotonic() + deadline_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)

"""A store's agent as a process: ``shopwire edge run``, spoken to over its control socket."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.stock import CODES
from edge_agent.control import ControlClient
from edge_agent.data_dir import DataDir
from edge_agent.errors import AgentNotRunning

UP_WITHIN_S = 30.0


class Agent:
    """One running agent."""

    def __init__(self, data_dir: Path, *words: str) -> None:
        command = [sys.executable, "-m", "shopwire", "edge", "run", "--data-dir", str(data_dir), *words]
        self._socket = DataDir(data_dir).control
        with (data_dir / "agent.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def ask(self, **question: Any) -> dict[str, Any]:
        """Return the answer to one ask; asks again while the agent is not up yet."""
        until = time.monotonic() + UP_WITHIN_S
        while True:
            try:
                client = ControlClient(self._socket)
                answer = client.ask(**question)
            except AgentNotRunning:
                assert self.process.poll() is None, "the agent ended"
                assert time.monotonic() < until, f"no agent within {UP_WITHIN_S} s"
                time.sleep(0.01)
                continue
            client.close()
            return answer

    def sell(self) -> dict[str, Any]:
        """Scan one thing, take the money and return the sale."""
        scanned = self.ask(do="scan", code=CODES[0])
        assert "ok" in scanned, scanned
        sold = self.ask(do="pay", kind="cash")
        assert "ok" in sold, sold
        return dict(sold["ok"])

    def wait_for_goods(self) -> None:
        """Return when the catalogue has come from headquarters."""
        until = time.monotonic() + UP_WITHIN_S
        while "error" in self.ask(do="scan", code=CODES[0]):
            assert time.monotonic() < until, f"no catalogue within {UP_WITHIN_S} s"
            time.sleep(0.05)
        self.ask(do="step", step="cancel")


@contextmanager
def agent(data_dir: Path, *words: str) -> Iterator[Agent]:
    """Run one for the length of the block."""
    running = Agent(data_dir, *words)
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.wait(20)

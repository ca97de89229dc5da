"""One store's box as processes of its own: the agent as a user starts it, and simulated devices beside it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from edge_agent.control import ControlClient
from edge_agent.errors import AgentNotRunning
from link.certificates import CertificateAuthority
from tests.edge_headquarters import enrolled, plain
from tests.waiting import HANG_S

ROOT = Path(__file__).parents[1]


class Child:
    """A child process that speaks JSON lines, or none."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | (env or {}),
        )

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        heard: dict[str, Any] = json.loads(self.process.stdout.readline())
        return heard

    def tell(self, **command: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        return self.hear()

    def end(self) -> int:
        self.process.terminate()
        self.process.communicate(timeout=20)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=20)


class Box:
    """One store's box: its directory, its agent, its devices."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.data_dir = folder / "data"
        enrolled(CertificateAuthority(folder / "ca"), self.data_dir, "S1", "1", port)
        self.config = folder / "edge.toml"
        self.agent: Child | None = None

    def settle(self, *devices: dict[str, str], **more: str) -> None:
        entries = [
            "\n".join(["[[devices]]", *(f"{key} = {json.dumps(value)}" for key, value in each.items())])
            for each in devices
        ]
        self.config.write_text("\n".join([f"data_dir = {json.dumps(str(self.data_dir))}", *entries, *more.values()]))

    def start(self) -> None:
        """Start the agent; return when it can sell."""
        self.agent = Child("shopwire", "edge", "run", "--config", str(self.config), env=plain(self.port))
        self.ask(do="basket")

    def ask(self, **question: Any) -> dict[str, Any]:
        """Ask the agent, waiting until it answers."""
        deadline = time.monotonic() + HANG_S
        while True:
            try:
                client = ControlClient(self.data_dir / "control.sock")
                try:
                    return client.ask(**question)
                finally:
                    client.close()
            except AgentNotRunning:
                assert self.agent is not None
                assert self.agent.process.poll() is None, self.agent.process.communicate()
                assert time.monotonic() < deadline, "the agent does not answer"
                time.sleep(0.01)

    def sell(self, *codes: str) -> dict[str, Any]:
        for code in codes:
            assert "ok" in self.ask(do="scan", code=code)
        sold: dict[str, Any] = self.ask(do="pay", kind="cash", amount_minor=100_000)["ok"]
        return sold

    def run(self, *arguments: str, typed: str = "", lang: str = "en") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "shopwire", "--lang", lang, "edge", *arguments, "--config", str(self.config)]
        return subprocess.run(
            command,
            cwd=ROOT,
            input=typed,
            text=True,
            capture_output=True,
            env=os.environ | plain(self.port),
            timeout=30,
        )


def with_printer(box: Box, printer: Child) -> None:
    port = printer.hear()["port"]
    box.settle(
        {"device_id": "printer-1", "kind": "printer_escpos", "address": f"tcp:127.0.0.1:{port}", "profile": "epson-80"}
    )

"""The simulated label printer as a child process, spoken to as anybody would: a socket and a few lines of ZPL or TSPL."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.labels import codes_read

ROOT = Path(__file__).parents[3]


class Child:
    """The simulator's process."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.ready = self._hear()

    def _hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        heard: dict[str, Any] = json.loads(self.process.stdout.readline())
        return heard

    def tell(self, **command: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        return self._hear()

    def call(self) -> socket.socket:
        _, host, port = self.ready["address"].split(":")
        line = socket.create_connection((host, int(port)), timeout=10)
        line.settimeout(10)
        return line


@contextmanager
def child(module: str, *arguments: str) -> Iterator[Child]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield Child(process)
    finally:
        process.terminate()
        process.communicate(timeout=20)


def heard(line: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        more = line.recv(4096)
        assert more, data
        data += more
    return data


def test_zpl_as_anybody_sends_it(tmp_path: Path) -> None:
    label = b"^XA^CI28^PW464^LL320^FO20,20^A0N,32,32^FDtext^FS^BY2^FO60,80^BEN,80,Y,N^FD690123456789^FS^PQ2^XZ~HS"
    with child("firmware_sim.label", "--label-s", "0", "--out", str(tmp_path)) as sim, sim.call() as line:
        line.sendall(label)
        status = heard(line, b"1234,0\x03\r\n")
        assert status.count(b"\x02") == 3
        sim.tell(head="open")
        line.sendall(b"~HS")
        assert heard(line, b"1234,0\x03\r\n").split(b"\r\n")[1].startswith(b"\x02001,0,1,0")
        shown = sim.tell(head="close")
        while shown["printed"] < 2:
            shown = sim.tell()
        assert shown["labels"][0]["codes"] == [{"kind": "ean13", "text": "6901234567892"}]
        with Image.open(shown["labels"][1]["picture"]) as picture:
            assert codes_read(picture) == ["6901234567892"]
        assert "error" in sim.tell(paper="burn")


def test_tspl_as_anybody_sends_it() -> None:
    with child("firmware_sim.label", "--language", "tspl", "--label-s", "0") as sim, sim.call() as line:
        line.sendall(b'SIZE 40 mm,30 mm\r\nCLS\r\nQRCODE 40,40,M,5,A,0,"hello"\r\nPRINT 1,1\r\n\x1b!?')
        assert len(line.recv(1)) == 1
        sim.tell(paper="out")
        line.sendall(b'CLS\r\nTEXT 9,9,"3",0,1,1,"x"\r\nPRINT 1\r\n')
        answer = b""
        while answer != b"\x04":
            line.sendall(b"\x1b!?")
            answer = line.recv(1)
        line.sendall(b"\x1b!S")
        assert heard(line, b"\r\n")[4:5] == b"A"


@pytest.mark.parametrize("path", ["/api/v1/tags", "/nowhere"])
def test_the_gateway_of_shelf_tags_speaks_plain_http(path: str) -> None:
    with child("firmware_sim.esl", "--tags", "2") as sim, sim.call() as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = heard(line, b"}")
        status = b"200 OK" if path.endswith("tags") else b"404 Not Found"
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert sim.tell(tag="T001", battery=5)["tags"]["T001"]["battery"] == 5

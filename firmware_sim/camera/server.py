"""The camera's HTTP door, and what can go wrong behind it."""

import asyncio
import base64
import contextlib
import random
from pathlib import Path
from typing import Any

from firmware_sim.camera.scenes import Scene, pack_from, photograph
from firmware_sim.wire import Door

FAULTS = ("unplug", "replug", "freeze", "thaw", "slow", "fast", "half", "garbage", "huge", "endless", "flood", "calm")
_BOUNDARY = b"frame"
_SLOW_PIECE_S = 0.05


class CameraSim(Door):
    """A network camera. ``/stream.mjpg`` gives frames without end, ``/snapshot.jpg`` one.

    Attributes:
        frames: how many were sent, to whomever.
        viewers: how many streams are open.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        size: tuple[int, int] = (1280, 720),
        fps: float = 15.0,
        login: str = "",
        seed: int = 0,
    ) -> None:
        """Port 0 takes a free one, kept over unplug and replug; ``login`` is ``user:password`` that viewers must give."""
        super().__init__(host, port, "camera")
        self.frames = self.viewers = 0
        self._size, self._fps = size, fps
        self._login = base64.b64encode(login.encode()).decode() if login else ""
        self._random = random.Random(seed)
        self._blank = Scene("an empty counter", size, [])
        self._scenes, self._each_s, self._shown_at = [self._blank], 0.0, 0.0
        self._bytes_per_s: float | None = None
        self._flood = False
        self._next: list[str | bytes] = []

    @property
    def address(self) -> str:
        """What a driver's settings name."""
        return f"http://{self._host}:{self._port}/stream.mjpg"

    def handle(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one JSON command and return what is to be seen then.

        ``{"show": ["6901234567892", {"text": …, "kind": "qr", "angle": 20}]}``, ``{"blank": true}``, ``{"picture": PATH}``,
        ``{"sequence": [PATH, …], "each_s": 0.5}``, ``{"fps": 5}`` or ``{"fault": …}``: one of ``FAULTS``; slow takes ``bytes_per_s``,
        garbage ``size``, huge ``width`` and ``height``, endless ``size``.

        Raises:
            ValueError, KeyError, TypeError: no such command.
        """
        match command:
            case {"fault": str(fault)}:
                self._fault(fault, command)
            case {"show": [*codes]}:
                packs = [pack_from(code, place, len(codes)) for place, code in enumerate(codes)]
                self._show(
                    [Scene(", ".join(pack.text for pack in packs), self._size, packs)] if packs else [self._blank]
                )
            case {"blank": True}:
                self._show([self._blank])
            case {"picture": str(path)}:
                self._show([self._photograph(path)])
            case {"sequence": [str(), *_] as paths}:
                self._show([self._photograph(path) for path in paths], float(command.get("each_s", 0.5)))
            case {"fps": (int() | float()) as fps} if 0.1 <= fps <= 120:
                self._fps = float(fps)
            case _:
                if command:
                    known = "show, blank, picture, sequence, fps, or fault " + ", ".join(FAULTS)
                    raise ValueError(f"unknown command {command}: {known}")
        return {**self.shows(), "wire": self._wire()}

    def shows(self) -> dict[str, Any]:
        """Return what a person beside the camera sees."""
        scene = self._scene()
        return {
            "scene": scene.name,
            "codes": scene.codes,
            "size": list(self._size),
            "viewers": self.viewers,
            "frames": self.frames,
        }

    def picture(self) -> bytes:
        """Return what it sees now, as a JPEG file."""
        return self._scene().jpeg(self.frames)

    def _wire(self) -> dict[str, Any]:
        frozen = not self.thawed.is_set()
        return {"plugged": self.plugged, "frozen": frozen, "bytes_per_s": self._bytes_per_s, "flood": self._flood}

    def _photograph(self, path: str) -> Scene:
        return Scene(Path(path).name, self._size, [], photograph(Path(path)))

    def _show(self, scenes: list[Scene], each_s: float = 0.0) -> None:
        self._scenes, self._each_s, self._shown_at = scenes, each_s, _now()

    def _scene(self) -> Scene:
        turn = int((_now() - self._shown_at) / self._each_s) if self._each_s > 0 else 0
        return self._scenes[turn % len(self._scenes)]

    def _fault(self, fault: str, command: dict[str, Any]) -> None:
        if self.fail(fault):
            return
        match fault:
            case "slow":
                self._bytes_per_s = float(command.get("bytes_per_s", 1))
            case "fast":
                self._bytes_per_s = None
            case "flood" | "calm":
                self._flood = fault == "flood"
            case "half":
                self._next.append("half")
            case "garbage":
                self._next.append(self._random.randbytes(int(command.get("size", 32))))
            case "huge":
                self._next.append(
                    _stretched(self.picture(), int(command.get("width", 40_000)), int(command.get("height", 40_000)))
                )
            case "endless":
                self._next.append(self.picture()[:-2] + b"\x55" * int(command.get("size", 8 << 20)))
            case _:
                raise ValueError(f"fault {fault!r} is none of {', '.join(FAULTS)}")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one viewer."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        await self.thawed.wait()
        await self._answer(head, writer)

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        path = head.split(" ", 2)[1] if head.count(" ") >= 2 else ""
        if self._login and f"authorization: basic {self._login}".lower() not in head.lower():
            await self._say(writer, "401 Unauthorized", 'WWW-Authenticate: Basic realm="camera"\r\n')
        elif path.startswith("/snapshot"):
            picture = self.picture()
            self.frames += 1
            await self._say(writer, "200 OK", "Content-Type: image/jpeg\r\n", picture)
        elif path.startswith("/stream"):
            kind = f"Content-Type: multipart/x-mixed-replace; boundary={_BOUNDARY.decode()}\r\n"
            writer.write(f"HTTP/1.0 200 OK\r\n{kind}\r\n".encode())
            await self._stream(writer)
        else:
            await self._say(writer, "404 Not Found", "")

    async def _say(self, writer: asyncio.StreamWriter, status: str, headers: str, body: bytes = b"") -> None:
        writer.write(f"HTTP/1.0 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        self.viewers += 1
        try:
            while True:
                await self.thawed.wait()
                await self._send(writer, self._part())
                self.frames += 1
                await asyncio.sleep(0 if self._flood else 1 / self._fps)
        finally:
            self.viewers -= 1

    def _part(self) -> bytes:
        picture = self.picture()
        match self._next.pop(0) if self._next else None:
            case "half":
                picture = picture[: len(picture) // 2]
            case bytes() as instead:
                picture = instead
            case _:
                pass
        head = b"--" + _BOUNDARY + b"\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
        return head + picture + b"\r\n"

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            size = len(rest)
            if self._bytes_per_s is not None:
                size = max(1, int(self._bytes_per_s * _SLOW_PIECE_S))
                await asyncio.sleep(size / self._bytes_per_s)
            await self.thawed.wait()
            writer.write(rest[:size])
            await writer.drain()
            rest = rest[size:]


def _stretched(jpeg: bytes, width: int, height: int) -> bytes:
    """Return a picture that claims another size: a few kilobytes that would unfold to gigabytes."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + jpeg[at + 4 :]


def _now() -> float:
    return asyncio.get_running_loop().time()

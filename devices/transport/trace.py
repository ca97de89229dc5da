"""Traces: every byte that passed between a driver and its device, recorded exactly and played back.

One JSON object a line: ``{"t": 0.013, "dir": "in", "hex": "02 30"}``; ``t`` in seconds since the trace began, ``dir`` as
the driver sees it. A trace may hold what customers said and scanned: it is written for a bug report, on request, never by itself.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.surroundings import Trace
from devices.transport import Transport

MAX_TRACE_BYTES = 16 * 1024 * 1024
PAUSE_S = 0.02


class Chunk(msgspec.Struct, frozen=True):
    """Bytes that passed together: seconds since the beginning, direction, hexadecimal digits."""

    t: float
    dir: Literal["in", "out"]
    hex: str

    @property
    def data(self) -> bytes:
        """The bytes themselves."""
        return bytes.fromhex(self.hex)


class TracedTransport:
    """A transport that tells what passes through it."""

    def __init__(self, inner: Transport, device_id: str, trace: Trace) -> None:
        self.address = inner.address
        self._inner, self._device_id, self._trace = inner, device_id, trace
        self.close = inner.close

    async def read(self, limit: int = 4096) -> bytes:
        """Return 1 to ``limit`` bytes."""
        data = await self._inner.read(limit)
        self._trace(self._device_id, "in", data)
        return data

    async def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the device."""
        await self._inner.write(data)
        self._trace(self._device_id, "out", data)


class Recorder:
    """Writes what passes to a file, up to ``MAX_TRACE_BYTES``; ``full`` says that no more went in: the limit, or the disk."""

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        """Begin a new file; what was in it is gone."""
        self._file = path.open("wb", buffering=0)  # what does not fit is not kept for the close
        self._now, self._began = now, now()
        self._written = 0
        self.full = False

    def __call__(self, device_id: str, direction: Literal["in", "out"], data: bytes) -> None:
        """Append one chunk."""
        line = msgspec.json.encode(Chunk(round(self._now() - self._began, 4), direction, data.hex())) + b"\n"
        self._written += len(line)
        self.full = self.full or self._written > MAX_TRACE_BYTES
        if not self.full:
            try:
                self._file.write(line)
            except OSError:
                self.full = True  # the disk is: the recording ends, and the device goes on

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_trace(path: Path) -> list[Chunk]:
    """Return the chunks of a trace.

    Raises:
        DeviceMisconfigured: the file cannot be read, is too large or is no trace; the message names the line.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_TRACE_BYTES + 1)
    except OSError as error:
        raise DeviceMisconfigured(f"trace {path} cannot be read: {error.strerror}") from error
    if len(text) > MAX_TRACE_BYTES:
        raise DeviceMisconfigured(
            f"trace {path} is over the limit of {MAX_TRACE_BYTES} bytes: no recording is that long"
        )
    lines = text.splitlines()
    return [_chunk(line, f"trace {path}, line {number}") for number, line in enumerate(lines, 1)]


def _chunk(line: bytes, where: str) -> Chunk:
    try:
        chunk = msgspec.json.decode(line, type=Chunk)
        bytes.fromhex(chunk.hex)
    except (msgspec.MsgspecError, ValueError) as error:
        raise DeviceMisconfigured(f"{where}: {error}") from error
    return chunk


class ReplayTransport:
    """A recorded device: says what it said then, each piece once the driver has written as much as then.

    With a short pause at most: replaying shows what a driver makes of the bytes, not how long it took; who looks on sees each reading.
    """

    def __init__(self, chunks: list[Chunk], address: str) -> None:
        self.address = address
        self._chunks = chunks
        self._next = 0
        self._said_t = 0.0  # moment of the piece that was said last
        self._owed = 0  # bytes that the driver has written beyond what the trace had expected so far
        self._moved, self._closed = asyncio.Event(), False

    async def read(self, limit: int = 4096) -> bytes:
        """Return the next recorded piece; the end of the trace is the end of the device."""
        while not self._closed:
            chunk = self._ready()
            if chunk is not None:
                await asyncio.sleep(min(max(chunk.t - self._said_t, 0.0), PAUSE_S))
                return self._taken(chunk, limit)
            if self._next >= len(self._chunks):
                break
            self._moved.clear()
            await self._moved.wait()
        await asyncio.sleep(PAUSE_S)
        raise DeviceUnavailable(self.address, "the trace has ended")

    def _ready(self) -> Chunk | None:
        while self._next < len(self._chunks):
            chunk = self._chunks[self._next]
            if chunk.dir == "in":
                return chunk
            if self._owed < len(chunk.data):
                return None
            self._owed -= len(chunk.data)
            self._next += 1
        return None

    def _taken(self, chunk: Chunk, limit: int) -> bytes:
        self._said_t = chunk.t
        data, rest = chunk.data[:limit], chunk.data[limit:]
        if rest:
            self._chunks[self._next] = Chunk(chunk.t, "in", rest.hex())
        else:
            self._next += 1
        return data

    async def write(self, data: bytes) -> None:
        """Take ``data`` as the driver's part of the conversation."""
        self._owed += len(data)
        self._moved.set()

    async def close(self) -> None:
        """End."""
        self._closed = True
        self._moved.set()

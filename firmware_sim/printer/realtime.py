"""Real-time commands, recognised as bytes arrive: out of band, and even inside the bytes of a picture (§0 trap 4)."""

from typing import NamedTuple

DLE = 0x10
_EOT, _ENQ, _DC4 = 0x04, 0x05, 0x14
CLEAR_BUFFERS = bytes.fromhex("0801031401060208")


class Request(NamedTuple):
    """``kind`` is EOT, ENQ or DC4; ``args`` its parameter bytes."""

    kind: str
    args: bytes


class RealTimeScanner:
    """Finds DLE EOT, DLE ENQ and DLE DC4 in a stream of chunks."""

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[Request]:
        """Return the requests completed by ``data``; an incomplete one waits for the next chunk."""
        found: list[Request] = []
        stream, at = self._tail + data, 0
        while (at := stream.find(DLE, at)) >= 0:
            size = _size(stream[at:])
            if size is None:
                self._tail = stream[at:]
                return found
            if size:
                found.append(_request(stream[at : at + size]))
            at += max(1, size)
        self._tail = b""
        return found


def _size(stream: bytes) -> int | None:
    """Return the request's length, 0 if there is none at the front, None if more bytes decide."""
    if len(stream) < 2:
        return None
    if stream[1] not in (_EOT, _ENQ, _DC4):
        return 0
    if len(stream) < 3:
        return None
    size = 3 if stream[1] != _DC4 else {1: 5, 2: 5, 8: 10}.get(stream[2], 0)
    return None if len(stream) < size else size


def _request(found: bytes) -> Request:
    return Request({_EOT: "EOT", _ENQ: "ENQ", _DC4: "DC4"}[found[1]], found[2:])

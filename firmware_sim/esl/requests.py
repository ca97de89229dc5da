"""HTTP requests out of a stream of bytes, and answers into it."""

import json
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

MAX_REQUEST_BYTES = 2 << 20
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 413: "Content Too Large"}


class Request(NamedTuple):
    """One request; ``query`` has the last value of each name."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class BadRequest(Exception):
    """Bytes that are no request; the connection is of no use any more."""


class RequestReader:
    """Cuts requests from a stream."""

    def __init__(self) -> None:
        self._buffer = b""

    def clear(self) -> None:
        """Forget what waits: a new client talks."""
        self._buffer = b""

    def feed(self, data: bytes) -> list[Request]:
        """Return the requests completed by ``data``.

        Raises:
            BadRequest: there is none in it.
        """
        self._buffer += data
        found = []
        while (request := self._next()) is not None:
            found.append(request)
        return found

    def _next(self) -> Request | None:
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            if len(self._buffer) > 16_384:
                self.clear()
                raise BadRequest("a head without end")
            return None
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        length = headers.get("content-length", "0")
        if len(words) != 3 or not words[2].startswith("HTTP/1.") or not length.isdecimal():
            self.clear()
            raise BadRequest(lines[0][:80])
        if int(length) > MAX_REQUEST_BYTES:
            self.clear()
            raise BadRequest("a body that is too large")
        if len(rest) < int(length):
            return None
        self._buffer = rest[int(length) :]
        target = urlsplit(words[1])
        query = {name: values[-1] for name, values in parse_qs(target.query).items()}
        return Request(words[0], target.path, query, headers, rest[: int(length)])


def answer(status: int, value: Any) -> bytes:
    """Return a JSON answer."""
    body = json.dumps(value, ensure_ascii=False).encode()
    head = f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body

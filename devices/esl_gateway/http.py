"""As much HTTP/1.1 as one gateway needs: requests as bytes, answers out of bytes. Sans-I/O."""

import re
from typing import NamedTuple

from devices.errors import GarbledFrame

MAX_HEAD_BYTES = 8192
MAX_BODY_BYTES = 4 << 20
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |$)")


class Answer(NamedTuple):
    """A status and a body."""

    status: int
    body: bytes


def request(method: str, path: str, host: str, body: bytes = b"", token: str = "") -> bytes:
    """Return a request; ``token`` goes as a bearer's."""
    head = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept: application/json", f"Content-Length: {len(body)}"]
    if body:
        head.append("Content-Type: application/json")
    if token:
        head.append(f"Authorization: Bearer {token}")
    text = "\r\n".join(head)
    if not text.isascii() or any(ord(character) < 32 and character not in "\r\n" for character in text):
        raise ValueError("a request's head is printable ASCII")
    return f"{text}\r\n\r\n".encode() + body


class AnswerDecoder:
    """Cuts answers out of a stream: with a length, in chunks, or without a body."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[Answer]:
        """Return the answers completed by ``data``.

        Raises:
            GarbledFrame: this is no HTTP, or too much of it; the connection is of no use any more.
        """
        self._buffer += data
        found = []
        while (answer := self._next()) is not None:
            found.append(answer)
        return found

    def _next(self) -> Answer | None:
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            if len(head) > MAX_HEAD_BYTES or not b"HTTP/1."[: len(head)] == head[:7]:
                raise GarbledFrame("no HTTP answer", head)
            return None
        if (status := _STATUS.match(head)) is None or len(head) > MAX_HEAD_BYTES:
            raise GarbledFrame("no HTTP answer", head)
        taken = _body(_headers(head), rest)
        if taken is None:
            return None
        body, used = taken
        self._buffer = rest[used:]
        return Answer(int(status[1]), body)


def _headers(head: bytes) -> dict[str, str]:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.decode("latin-1").strip().lower(): value.decode("latin-1").strip() for name, _, value in pairs}


def _body(headers: dict[str, str], rest: bytes) -> tuple[bytes, int] | None:
    """Return the body and how many bytes it took, None while it is not complete."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _chunked(rest)
    length = headers.get("content-length", "0")
    if not re.fullmatch(r"\d{1,9}", length) or int(length) > MAX_BODY_BYTES:
        raise GarbledFrame(f"an HTTP body of {length[:12]!r} bytes")
    return (rest[: int(length)], int(length)) if len(rest) >= int(length) else None


def _chunked(rest: bytes) -> tuple[bytes, int] | None:
    body, at = b"", 0
    while (end := rest.find(b"\r\n", at)) >= 0:
        size_text = rest[at:end].split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,6}", size_text) or len(body) > MAX_BODY_BYTES:
            raise GarbledFrame("an HTTP chunk without a size", rest[at : at + 16])
        size = int(size_text, 16)
        start = end + 2
        if len(rest) < start + size + 2:
            return None
        if size == 0:
            return body, start + 2
        body += rest[start : start + size]
        at = start + size + 2
    if len(rest) - at > MAX_HEAD_BYTES:
        raise GarbledFrame("an HTTP chunk without a size", rest[at : at + 16])
    return None

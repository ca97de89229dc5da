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
    """Return a request; ``token`` goes as a bearer's.

    Raises:
        ValueError: a path, host or token that is no printable ASCII.
    """
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
    """Cuts answers out of a stream: with a length, in chunks, or without a body. Looks at each byte once, however long an answer is."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._status = 0  # of the answer whose body is coming, 0 while there is none
        self._length: int | None = None  # of that body, None when it comes in chunks
        self._body = bytearray()

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
        if not self._status and not self._head():
            return None
        complete = self._chunks() if self._length is None else self._whole(self._length)
        if not complete:
            return None
        answer = Answer(self._status, bytes(self._body))
        self._status, self._body = 0, bytearray()
        return answer

    def _head(self) -> bool:
        """Take the head of an answer; whether it is there."""
        end = self._buffer.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES + 4)
        head = bytes(self._buffer[: end if end >= 0 else MAX_HEAD_BYTES + 1])
        if end < 0 and len(head) <= MAX_HEAD_BYTES and b"HTTP/1."[: len(head)] == head[:7]:
            return False
        if end < 0 or (status := _STATUS.match(head)) is None:
            raise GarbledFrame("no HTTP answer", head)
        self._length = _length(_headers(head))
        self._status = int(status[1])
        del self._buffer[: end + 4]
        return True

    def _whole(self, length: int) -> bool:
        if len(self._buffer) < length:
            return False
        self._body += self._buffer[:length]
        del self._buffer[:length]
        return True

    def _chunks(self) -> bool:
        """Take what chunks are there; whether the last one was."""
        while (end := self._buffer.find(b"\r\n", 0, MAX_HEAD_BYTES + 2)) >= 0:
            size_text = bytes(self._buffer[:end]).split(b";")[0].strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,6}", size_text) or len(self._body) > MAX_BODY_BYTES:
                raise GarbledFrame("an HTTP chunk without a size", bytes(self._buffer[:16]))
            size = int(size_text, 16)
            start = end + 2
            if len(self._buffer) < start + size + 2:
                return False
            self._body += self._buffer[start : start + size]
            del self._buffer[: start + size + 2]
            if size == 0:
                return True
        if len(self._buffer) > MAX_HEAD_BYTES:
            raise GarbledFrame("an HTTP chunk without a size", bytes(self._buffer[:16]))
        return False


def _headers(head: bytes) -> dict[str, str]:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.decode("latin-1").strip().lower(): value.decode("latin-1").strip() for name, _, value in pairs}


def _length(headers: dict[str, str]) -> int | None:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return None
    length = headers.get("content-length", "0")
    if not re.fullmatch(r"[0-9]{1,9}", length) or int(length) > MAX_BODY_BYTES:
        raise GarbledFrame(f"an HTTP body of {length[:12]!r} bytes")
    return int(length)

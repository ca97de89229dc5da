"""An MQTT 5 client that obeys nobody: packets made by hand, over TLS with an edge's certificate (MQTT 5.0, OASIS, chapters 2 and 3).

Our own transport cannot send what a broken or hostile client may; this one can.
"""

import socket
import ssl
import struct
import threading
import time
from types import TracebackType
from typing import NamedTuple, Self

from link.transport import LinkSettings

CONNACK, PUBACK, PUBREC, DISCONNECT = 2, 4, 5, 14
_PUBLISH, _USER_PROPERTY = 0x30, 0x26


class Packet(NamedTuple):
    """A control packet as the broker sent it: its kind (upper four bits) and what follows the length."""

    kind: int
    body: bytes


class ForeignClient:
    """One blocking connection; a context manager."""

    def __init__(self, settings: LinkSettings, timeout_s: float = 10.0) -> None:
        self._settings, self._timeout_s = settings, timeout_s

    def __enter__(self) -> Self:
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.ca_file)
        context.load_cert_chain(settings.cert_file, settings.key_file)
        plain = socket.create_connection((settings.host, settings.port), timeout=self._timeout_s)
        self._socket = context.wrap_socket(plain, server_hostname=settings.server_name or settings.host)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def connect(self, properties: bytes = b"") -> Packet:
        """Send CONNECT (clean start, keepalive 60) and return what comes back."""
        name = self._settings.client_id.encode()
        self.send(packet(0x10, text(b"MQTT") + b"\x05\x02\x00\x3c" + length(len(properties)) + properties + text(name)))
        return self.read()

    def send(self, raw: bytes) -> None:
        """Write bytes."""
        self._socket.sendall(raw)

    def read(self) -> Packet:
        """Return the next packet.

        Raises:
            ConnectionError: the broker closed the connection.
        """
        first = self._exactly(1)[0]
        size = shift = 0
        while True:
            byte = self._exactly(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return Packet(first >> 4, self._exactly(size))

    def until_silent(self, silence_s: float = 0.5) -> list[Packet]:
        """Return every packet up to the end of the connection, or until nothing came for ``silence_s``."""
        packets = []
        self._socket.settimeout(silence_s)
        try:
            while True:
                packets.append(self.read())
        except (OSError, TimeoutError):
            return packets

    def _exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            part = self._socket.recv(count - len(got))
            if not part:
                raise ConnectionError("closed by the broker")
            got += part
        return got


def publish(topic: str, payload: bytes, *, qos: int = 0, number: int = 1, properties: bytes = b"") -> bytes:
    """Return a PUBLISH packet."""
    identity = struct.pack(">H", number) if qos else b""
    return packet(_PUBLISH | qos << 1, text(topic.encode()) + identity + length(len(properties)) + properties + payload)


def user_properties(count: int) -> bytes:
    """Return ``count`` user properties."""
    return b"".join(bytes([_USER_PROPERTY]) + text(b"k%05d" % n) + text(b"v") for n in range(count))


def packet(first: int, body: bytes) -> bytes:
    """Return a control packet."""
    return bytes([first]) + length(len(body)) + body


def text(value: bytes) -> bytes:
    """Return a string as the wire has it."""
    return struct.pack(">H", len(value)) + value


def length(value: int) -> bytes:
    """Return a variable byte integer.

    >>> length(321).hex()
    'c102'
    """
    out = b""
    while True:
        value, low = divmod(value, 128)
        out += bytes([low | (0x80 if value else 0)])
        if not value:
            return out


class Flood:
    """Writes the same packet ``per_s`` times a second while the block lasts; ``sent`` counts."""

    def __init__(self, client: ForeignClient, raw: bytes, per_s: int) -> None:
        self.sent = 0
        self._client, self._raw, self._per_s = client, raw, per_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flood")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def goes_on(self) -> bool:
        """Whether it was not thrown out."""
        return self._thread.is_alive()

    def _run(self) -> None:
        began = time.monotonic()
        while not self._stop.wait(0.005):
            # After a pause of this process it catches up at no more than twice its pace, or it would be another flood than was wanted.
            count = min(int((time.monotonic() - began) * self._per_s) - self.sent, max(1, self._per_s // 100))
            try:
                self._client.send(self._raw * count)
            except OSError:  # thrown out, or not read any more: that is a good answer to a flood
                return
            self.sent += count

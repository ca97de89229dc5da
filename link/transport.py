"""The port to the message bus: one object is one connection.

    async with factory() as transport:                  # LinkDown, LinkRefused
        await transport.subscribe(["shopwire/v1/+/S2/ack"])
        await transport.publish("shopwire/v1/0/S2/up", payload)
        async for delivery in transport.messages():     # ends with LinkDown
            ...

Reconnecting is another object's job (``link.relay``, ``link.hub``): it asks a ``TransportFactory`` for a new one. A transport promises
little, on purpose: messages may be lost even after ``publish`` returned, doubled, or late. ``protocol.sender`` and our own ack make up
for that.
"""

import ipaddress
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Literal, NamedTuple, Protocol, Self

import msgspec

MAX_PAYLOAD_BYTES = 262_144
"""Largest MQTT packet that our broker lets through (``max_packet_size``)."""


class Delivery(NamedTuple):
    """One message as it arrived."""

    topic: str
    payload: bytes
    retained: bool = False


class Will(NamedTuple):
    """What the broker says for us when the connection breaks without a goodbye."""

    topic: str
    payload: bytes
    retain: bool = True


class Transport(Protocol):
    """One connection to the bus; enter it once, throw it away when it broke."""

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            LinkDown: nobody answered, or not in time.
            LinkRefused: the other end refused our certificate, name or protocol version, or we refuse its certificate.
        """
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say goodbye (so that the will is not sent) unless the connection broke before."""
        ...

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: Literal[0, 1] = 1) -> None:
        """Send one message; with ``qos=1`` return when the broker has it. Calls made in order are sent in order.

        Raises:
            LinkDown: the connection broke or the broker did not answer.
            LinkRefused: the broker does not let us write there.
        """
        ...

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for messages of ``topics`` (MQTT filters) at QoS 1.

        Raises:
            LinkDown, LinkRefused: as for ``publish``.
        """
        ...

    def messages(self) -> AsyncIterator[Delivery]:
        """Yield what arrives, in order; ends by raising ``LinkDown`` when the connection broke and all that had arrived is out."""
        ...


TransportFactory = Callable[[], Transport]


class LinkSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach the broker.

    Attributes:
        host, port: the broker's address.
        client_id: must equal the certificate's common name, for our broker takes the name from there.
        server_name: the name that the broker's certificate must carry; empty = ``host``.
        ca_file, cert_file, key_file: PEM files of mutual TLS.
        plain_loopback: no TLS; accepted only when ``host`` is an explicit loopback address (127.x.x.x or ::1, not a name).
        keepalive_s: a ping after this much silence; a half-open link is noticed within 1.8 times this (18 s for 10).
        protocol: MQTT version; ``auto`` = 5, and 3.1.1 only when the broker refuses the version.
        connect_timeout_s: bound of name look-up, TCP, TLS and CONNACK together.
        publish_timeout_s: bound of one publish, so that a broker that lives but never answers does not hold us for ever.
        inflight: publishes at once; more wait their turn.
        max_queued: messages that have arrived and nobody has taken; above it we stop reading the socket.
    """

    host: str
    port: int = 8883
    client_id: str
    server_name: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    plain_loopback: bool = False
    keepalive_s: int = 10
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    connect_timeout_s: float = 10.0
    publish_timeout_s: float = 30.0
    inflight: int = 8
    max_queued: int = 200

    def __post_init__(self) -> None:
        """Refuse what would send a store's business in plain text, and numbers that cannot work."""
        if self.plain_loopback and not is_loopback_address(self.host):
            raise ValueError(
                f"host {self.host!r} with plain_loopback: plain MQTT is only for an explicit loopback address such as 127.0.0.1; "
                "for any other host give ca_file, cert_file and key_file"
            )
        if not self.plain_loopback and not (self.ca_file and self.cert_file and self.key_file):
            raise ValueError(
                f"host {self.host!r}: ca_file, cert_file and key_file are all needed for TLS (enrol the edge, or set "
                "plain_loopback for a broker on 127.0.0.1)"
            )
        for name in ("port", "keepalive_s", "connect_timeout_s", "publish_timeout_s", "inflight", "max_queued"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} {getattr(self, name)} must be above 0")


def is_loopback_address(host: str) -> bool:
    """Tell whether ``host`` is a loopback address written as a number; a name is not, whatever it resolves to today."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def matches(pattern: str, topic: str) -> bool:
    """Tell whether the MQTT filter ``pattern`` covers ``topic`` (``+`` one level, ``#`` the rest, ``$…`` never by a wildcard)."""
    wanted, given = pattern.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for position, part in enumerate(wanted):
        if part == "#":
            return True
        if position >= len(given) or part not in {"+", given[position]}:
            return False
    return len(wanted) == len(given)

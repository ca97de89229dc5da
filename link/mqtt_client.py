"""aiomqtt's client over paho, opened over our socket, with its callbacks taken over where they lose what we need.

Three things that it hides: the reason in a PUBACK ("not authorised" returns as success there), a TLS alert (the broker's "certificate
revoked"), and silence (paho notices a dead line only after twice the keepalive and a bit). It also throws arrived messages away when its
queue is full; here that is counted in ``dropped``.
"""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

import aiomqtt
import structlog
from paho.mqtt import client as paho
from paho.mqtt.exception import MQTTException
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from link.dialling import TlsSocket, tls_refusal
from link.errors import LinkDown, LinkError, LinkRefused
from link.transport import Delivery, LinkSettings, Will

SILENCE = 1.8
"""A link that brought nothing for this many keepalives is dead: 18 s of 10 s, a second more until the next look (limit: 20 s)."""
_LOOK_S = 1.0
_GOODBYE_S = 1.0
_FIRST_ERROR = 0x80
_NOBODY_SUBSCRIBES = 0x10
_TRY_AGAIN = frozenset({0x80, 0x83, 0x88, 0x89, 0x8B, 0x8D, 0x96, 0x97, 0x98, 0x9C, 0x9D, 0x9F})
"""Reason codes that pass by themselves: unspecified, implementation specific, server unavailable, busy, shutting down, keepalive,
message rate, quota, administrative action, another server, server moved, connection rate (MQTT 5, 2.4)."""

_log = structlog.get_logger(__name__)
_paho_log = logging.getLogger("link.mqtt.paho")
_paho_log.setLevel(logging.CRITICAL)  # its errors reach us as reasons; twice logged would be once too often


class MqttClient(aiomqtt.Client):
    """One connection.

    Attributes:
        version: of MQTT.
        dropped: messages that arrived while ``max_queued`` waited already.
    """

    def __init__(self, version: Literal["5", "3.1.1"], settings: LinkSettings, will: Will | None) -> None:
        five = version == "5"
        super().__init__(
            settings.host,
            settings.port,
            identifier=settings.client_id,
            protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
            clean_session=None if five else True,
            keepalive=settings.keepalive_s,
            max_inflight_messages=settings.inflight,
            max_queued_outgoing_messages=settings.max_queued,
            logger=_paho_log,
            will=None if will is None else aiomqtt.Will(will.topic, will.payload, qos=1, retain=will.retain),
            timeout=settings.connect_timeout_s,
        )
        self.version: Literal["5", "3.1.1"] = version
        self.dropped = 0
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.inflight)
        self._acks: dict[int, asyncio.Future[ReasonCode]] = {}
        self._arrived: deque[Delivery] = deque()
        self._changed = asyncio.Event()
        self._end: LinkError | None = None
        self._leaving = False
        self._heard_s = self._loop.time()
        self._look: asyncio.TimerHandle | None = None

    async def greet(self, sock: socket.socket) -> None:
        """Hand the connected socket to paho and wait for CONNACK."""
        # paho would open a socket of its own, blocking; this is the one place where it asks for it.
        self._client._create_socket = lambda: sock  # type: ignore[method-assign]
        try:
            clean_start = True if self.version == "5" else paho.MQTT_CLEAN_START_FIRST_ONLY
            self._client.connect(self._hostname, self._port, self._keepalive, clean_start=clean_start)
            await self._connected
        except BaseException:
            self._close()
            raise

    async def leave(self) -> None:
        """Say goodbye if somebody is there to hear it, and close."""
        self._leaving = True
        try:
            if self._end is None and self._client.disconnect() == paho.MQTT_ERR_SUCCESS:
                async with asyncio.timeout(_GOODBYE_S):
                    while self._end is None:
                        await self._next_change()
        except TimeoutError:
            pass
        finally:
            self._close()

    async def send(self, topic: str, payload: bytes, *, retain: bool, qos: Literal[0, 1]) -> None:
        """Send one message; with QoS 1 return when the broker has it.

        Raises:
            LinkDown: the connection ended, or no PUBACK within ``publish_timeout_s``.
            LinkRefused: the broker does not take it from us.
        """
        async with self._slots:
            self._must_live()
            info = self._client.publish(topic, payload, qos, retain)
            if info.rc != paho.MQTT_ERR_SUCCESS:
                raise LinkDown(f"publish to {topic} not accepted by the client: {paho.error_string(info.rc)}")
            if qos == 0:
                return
            reason = await self._acked(info.mid, topic)
        if reason.value >= _FIRST_ERROR:
            raise _refusal(reason, f"broker does not take {topic} from {self._settings.client_id}")
        if reason.value == _NOBODY_SUBSCRIBES:
            _log.debug("nobody_subscribes", topic=topic)

    async def ask_for(self, topics: Sequence[str]) -> None:
        """Subscribe to ``topics`` with QoS 1.

        Raises:
            LinkDown: the connection ended.
            LinkRefused: the broker refuses one of them.
        """
        self._must_live()
        try:
            codes: Sequence[Any] = await self.subscribe([(topic, 1) for topic in topics])
        except aiomqtt.MqttError as error:
            raise LinkDown(f"subscription to {', '.join(topics)} not answered: {error}") from error
        for topic, code in zip(topics, codes, strict=True):
            value = int(getattr(code, "value", code))
            if value >= _FIRST_ERROR:
                raise LinkRefused(f"broker refuses {self._settings.client_id} the subscription to {topic}", code=value)

    async def arrivals(self) -> AsyncIterator[Delivery]:
        """Yield what arrives until the connection ends, which is a ``LinkError``."""
        while True:
            while self._arrived:
                yield self._arrived.popleft()
            self._must_live()
            await self._next_change()

    async def _acked(self, mid: int, topic: str) -> ReasonCode:
        self._acks[mid] = acked = self._loop.create_future()
        try:
            async with asyncio.timeout(self._settings.publish_timeout_s):
                reason: ReasonCode = await acked
                return reason
        except TimeoutError as error:
            raise LinkDown(f"broker did not acknowledge {topic} within {self._settings.publish_timeout_s} s") from error
        finally:
            self._acks.pop(mid, None)

    async def _next_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _must_live(self) -> None:
        if self._end is not None:
            raise _again(self._end)

    # -- what paho tells us; none of these may raise

    def _on_connect(
        self, client: paho.Client, userdata: Any, flags: Any, reason_code: ReasonCode, properties: Any = None
    ) -> None:
        if self._connected.done():
            return
        if reason_code.value == 0:
            self._connected.set_result(None)
        else:
            who = f"broker {self._hostname}:{self._port} does not let {self._settings.client_id} in"
            self._over(_refusal(reason_code, who))

    def _on_disconnect(
        self, client: paho.Client, userdata: Any, flags: Any, reason_code: ReasonCode, properties: Any = None
    ) -> None:
        where = f"connection of {self._settings.client_id} to broker {self._hostname}:{self._port}"
        if getattr(flags, "is_disconnect_packet_from_server", False):
            self._over(_refusal(reason_code, f"{where} was ended by the broker"))
        else:
            self._over(LinkDown(f"{where} {'was closed' if self._leaving else f'broke ({reason_code})'}"))

    def _on_publish(
        self, client: paho.Client, userdata: Any, mid: int, reason_code: ReasonCode, properties: Properties
    ) -> None:
        if (acked := self._acks.get(mid)) is not None and not acked.done():
            acked.set_result(reason_code)

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        if len(self._arrived) >= self._settings.max_queued:
            self.dropped += 1
            if self.dropped == 1:
                _log.warning(
                    "messages_dropped", client_id=self._settings.client_id, max_queued=self._settings.max_queued
                )
            return
        self._arrived.append(Delivery(message.topic, bytes(message.payload), message.retain))
        self._changed.set()

    # -- the socket on the loop

    def _on_socket_open(self, client: paho.Client, userdata: Any, sock: Any) -> None:
        self._loop.add_reader(sock.fileno(), self._readable)
        self._look = self._loop.call_later(self._look_s(), self._look_after)

    def _on_socket_close(self, client: paho.Client, userdata: Any, sock: Any) -> None:
        if self._look is not None:
            self._look.cancel()
        if (number := sock.fileno()) >= 0:
            self._loop.remove_reader(number)
            self._loop.remove_writer(number)
        if isinstance(sock, TlsSocket) and sock.complaint is not None:
            self._over(tls_refusal(sock.complaint, self._settings))

    def _on_socket_register_write(self, client: paho.Client, userdata: Any, sock: Any) -> None:
        # Nearly always the socket takes all at once: one turn of the loop, in which others may add theirs, instead of two epoll calls.
        self._loop.call_soon(self._writable)

    def _on_socket_unregister_write(self, client: paho.Client, userdata: Any, sock: Any) -> None:
        if sock.fileno() >= 0:
            self._loop.remove_writer(sock.fileno())

    def _readable(self) -> None:
        self._heard_s = self._loop.time()
        try:
            while True:
                self._client.loop_read()
                sock = self._client.socket()
                # TLS may hold whole records that epoll knows nothing of.
                if not isinstance(sock, TlsSocket) or sock.pending() == 0:
                    return
        except (OSError, ValueError, IndexError, KeyError, TypeError, MQTTException) as error:
            self._broken(f"unreadable packet: {error}")

    def _writable(self) -> None:
        try:
            self._client.loop_write()
        except (OSError, ValueError) as error:
            self._broken(f"cannot write: {error}")
        sock = self._client.socket()
        if sock is not None and self._client.want_write():
            self._loop.add_writer(sock.fileno(), self._writable)

    def _look_s(self) -> float:
        return min(_LOOK_S, self._settings.keepalive_s / 8)

    def _look_after(self) -> None:
        silent_s = self._loop.time() - self._heard_s
        if silent_s > SILENCE * self._settings.keepalive_s:
            self._broken(f"silent for {silent_s:.1f} s")
        elif self._end is None:
            self._client.loop_misc()
            self._look = self._loop.call_later(self._look_s(), self._look_after)

    def _broken(self, why: str) -> None:
        where = f"connection of {self._settings.client_id} to broker {self._hostname}:{self._port}"
        self._over(LinkDown(f"{where} broke: {why}"))
        self._close()

    def _over(self, end: LinkError) -> None:
        """Note why this connection ended (the first reason stays) and wake everyone who waits."""
        if self._end is None:
            self._end = end
        elif not isinstance(self._end, LinkRefused) and isinstance(end, LinkRefused):
            self._end = end  # paho reports the break before we see why
        if not self._connected.done():
            self._connected.set_exception(_again(self._end))
            self._connected.exception()  # whoever waited may be gone; asyncio need not complain
        waiting: list[asyncio.Future[Any]] = [*self._acks.values(), *self._pending_subscribes.values()]
        for future in waiting:
            if not future.done():
                future.set_exception(_again(self._end))
        self._changed.set()

    def _close(self) -> None:
        self._leaving = True
        # paho has no public way to drop a connection; its own close runs our callbacks and forgets the socket.
        self._client._sock_close()
        self._over(LinkDown("closed"))


def _again(end: LinkError) -> LinkError:
    # An exception object that is raised twice collects both tracebacks.
    return LinkRefused(str(end), code=end.code) if isinstance(end, LinkRefused) else LinkDown(str(end))


def _refusal(reason: ReasonCode, what: str) -> LinkDown | LinkRefused:
    text = f"{what}: {reason} (code 0x{reason.value:02x})"
    return LinkDown(text) if reason.value in _TRY_AGAIN else LinkRefused(text, code=reason.value)

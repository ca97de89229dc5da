"""MQTT behind the ``Transport`` port: MQTT 5 first, 3.1.1 where the broker knows no better."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Literal, Self

import structlog

from link.dialling import dial
from link.errors import LinkDown, LinkRefused
from link.mqtt_client import MqttClient
from link.transport import Delivery, LinkSettings, TransportFactory, Will

_UNSUPPORTED_VERSION = 0x84
_log = structlog.get_logger(__name__)


def mqtt_factory(settings: LinkSettings, *, will: Will | None = None) -> TransportFactory:
    """Return what makes connections with ``settings``."""
    return lambda: MqttTransport(settings, will=will)


class MqttTransport:
    """One connection to an MQTT broker."""

    def __init__(self, settings: LinkSettings, *, will: Will | None = None) -> None:
        """Keep how to connect; nothing is opened yet."""
        self._settings, self._will = settings, will
        self._client: MqttClient | None = None

    @property
    def protocol(self) -> Literal["5", "3.1.1", ""]:
        """The MQTT version that the broker speaks with us; with 3.1.1 a refused publish cannot be seen."""
        return self._client.version if self._client is not None else ""

    @property
    def dropped(self) -> int:
        """Messages that arrived while ``max_queued`` waited already."""
        return self._client.dropped if self._client is not None else 0

    async def __aenter__(self) -> Self:
        """Connect with MQTT 5; with 3.1.1 only when the broker refuses the version."""
        wanted = self._settings.protocol
        try:
            self._client = await _connected("3.1.1" if wanted == "3.1.1" else "5", self._settings, self._will)
        except LinkRefused as refused:
            if wanted != "auto" or refused.code != _UNSUPPORTED_VERSION:
                raise
            self._client = await _connected("3.1.1", self._settings, self._will)
            _log.warning("mqtt_version_lowered", broker=self._settings.host, version="3.1.1")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say goodbye and close."""
        if self._client is not None:
            await self._client.leave()

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: Literal[0, 1] = 1) -> None:
        """Send one message and wait for the broker's PUBACK."""
        await self._live().send(topic, payload, retain=retain, qos=qos)

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for messages of ``topics`` at QoS 1."""
        await self._live().ask_for(topics)

    def messages(self) -> AsyncIterator[Delivery]:
        """Yield what arrives until the connection breaks."""
        return self._live().arrivals()

    def _live(self) -> MqttClient:
        if self._client is None:
            raise LinkDown(f"not connected to {self._settings.host}:{self._settings.port}: enter the transport first")
        return self._client


async def _connected(version: Literal["5", "3.1.1"], settings: LinkSettings, will: Will | None) -> MqttClient:
    try:
        async with asyncio.timeout(settings.connect_timeout_s):
            sock = await dial(settings)
            client = MqttClient(version, settings, will)
            await client.greet(sock)
            return client
    except TimeoutError as error:
        where = f"{settings.host}:{settings.port}"
        raise LinkDown(f"broker {where} did not answer within {settings.connect_timeout_s} s") from error

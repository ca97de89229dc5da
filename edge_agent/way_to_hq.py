"""Is headquarters' broker there, is it ours, and does it let this box in? Asked by a real connection, while no agent has one."""

import asyncio
import ssl
from collections.abc import Iterator

from msgspec.structs import replace

from edge_agent.bootstrap import link_settings
from edge_agent.data_dir import DataDir
from edge_agent.errors import AlreadyRunning, StorageError
from edge_agent.findings import Finding
from edge_agent.settings import EdgeSettings
from link.errors import LinkDown, LinkError
from link.identity import EdgeIdentity
from link.mqtt import MqttTransport
from link.transport import LinkSettings

CONNECT_S = 5.0
"""Bound of name, TCP, TLS and CONNACK together; saying goodbye takes a second more at most."""


def look_at_broker(data: DataDir, settings: EdgeSettings) -> Iterator[Finding]:
    """Connect as this edge, say goodbye, and yield what came of it; nothing when the box has no identity. Blocking."""
    identity = EdgeIdentity(data.identity)
    try:
        reach = link_settings(settings, identity, identity.card())
    except LinkError:
        return  # told already, with the identity
    if _in_use(data):
        yield Finding("headquarters", "warn", "broker_not_asked", {"path": data.path}, "ask_edge_host")
        return
    yield _finding(reach, asyncio.run(_connect(replace(reach, connect_timeout_s=CONNECT_S))))


def _in_use(data: DataDir) -> bool:
    """Tell whether somebody works here: a broker ends the older of two connections of one name."""
    try:
        data.lock()
    except AlreadyRunning:
        return True
    except StorageError:
        return False  # a disk that takes no lock runs no agent
    data.unlock()
    return False


async def _connect(reach: LinkSettings) -> LinkError | None:
    try:
        async with MqttTransport(reach):
            return None
    except LinkError as error:
        return error


def _finding(reach: LinkSettings, error: LinkError | None) -> Finding:
    broker = f"{reach.host}:{reach.port}"
    if error is None:
        return Finding("headquarters", "ok", "broker_answers", {"broker": broker})
    found, then = _meaning(error)
    # Its own words, not the catalogue's for its class: the finding says that already.
    return Finding("headquarters", "warn", found, {"broker": broker, "reason": str(error)}, then)


def _meaning(error: LinkError) -> tuple[str, str]:
    if isinstance(error, LinkDown):
        listens = not isinstance(error.__cause__, ConnectionRefusedError)
        return ("broker_unreachable", "network") if listens else ("broker_silent", "start_broker")
    if isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return "broker_other", "right_address"
    alert = str(getattr(error.__cause__, "reason", ""))
    for word, found in (("EXPIRED", "broker_expired"), ("REVOKED", "broker_revoked")):
        if word in alert:
            return found, "no_entry"
    return "broker_refuses", "no_entry"

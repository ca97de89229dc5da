"""Where headquarters is to be found: by its settings, and by what its processes have really taken."""

from typing import NamedTuple
from urllib.parse import urlsplit

from coordinator.office import Signposts
from coordinator.running import merged, processes
from coordinator.server.listeners import Address
from coordinator.settings import CoordinatorSettings

ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - recognised here, not bound
NOWHERE = Signposts("", "", 0, "")


class Addresses(NamedTuple):
    """Where this process really listens, and its broker."""

    listeners: list[Address]
    broker_host: str
    broker_port: int
    server_name: str


def signposts(settings: CoordinatorSettings, addresses: Addresses) -> Signposts:
    """Return what edges are told: settings first, else what was really taken."""
    api, broker = settings.api, settings.broker
    https = next((each for each in addresses.listeners if each.secure), None)
    host = "" if https is None else api.server_names[0] if https.host in ANYWHERE else https.host
    url = api.public_url or (f"https://{host}:{https.port}" if https else "")
    near = addresses.broker_host
    seen = broker.public_host or (api.server_names[0] if near in ANYWHERE else near)
    return Signposts(url, seen, broker.public_port or addresses.broker_port, addresses.server_name or seen)


def published(settings: CoordinatorSettings) -> Signposts:
    """Return the signposts for a command of the terminal: those of the processes that run here, else from the settings."""
    running = processes(settings.directory)
    if running:
        return merged(NOWHERE, running)
    listeners = [_planned(address) for address in settings.api.listen]
    broker = settings.broker
    return signposts(settings, Addresses(listeners, broker.host or broker.listen, broker.port, broker.server_name))


def running_pid(settings: CoordinatorSettings) -> int | None:
    """Return a process that serves this data directory, if one does."""
    return next((each.pid for each in processes(settings.directory)), None)


def _planned(address: str) -> Address:
    parts = urlsplit(address)
    return Address(address, parts.scheme == "https", parts.hostname or "", parts.port or 8443)

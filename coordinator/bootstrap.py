"""Putting headquarters together: the one place that knows every concrete class."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import structlog

from coordinator.api.app import create_app
from coordinator.authority import OwnAuthority
from coordinator.clock import SystemClock, stamp
from coordinator.console.pages import console
from coordinator.db import schema
from coordinator.db.engine import Database, again
from coordinator.db.uow import SqlUnitOfWork
from coordinator.db.views import SqlViews
from coordinator.errors import UnsafeDatabase
from coordinator.handlers import access, fleet, upkeep
from coordinator.office import Office, Signposts
from coordinator.running import broker_port, claim, keep_broker_port, let_go, merged, note, parts_of, processes
from coordinator.server.downlink import Downlink
from coordinator.server.intake import Intake
from coordinator.server.listeners import Address, HttpServers, Listener, TlsFiles, bind
from coordinator.server.run import Parts, Server
from coordinator.server.statuses import Statuses
from coordinator.settings import CoordinatorSettings, Role
from coordinator.telemetry import Telemetry
from link.broker import Broker
from link.certificates import CertificateAuthority
from link.hub import Hub, hub_topics
from link.identity import signer_of, verify_request
from link.mosquitto import BrokerTls
from link.mqtt import mqtt_factory
from link.transport import LinkSettings

ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - recognised here, not bound
NOWHERE = Signposts("", "", 0, "")
TOKEN_FILE = "admin.token"  # noqa: S105 - a file's name
HUB_QUEUE = 4000
HUB_INFLIGHT = 100
PARALLEL_EDGES = 64
PAGE = 500

_log = structlog.get_logger(__name__)


class House:
    """The lasting things: database, authority, clock. Commands of the terminal need only these."""

    def __init__(self, settings: CoordinatorSettings, *, check_schema: bool = True) -> None:
        self.settings, self.clock = settings, SystemClock()
        settings.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.database = Database(settings.database_url, threads=settings.api.threads)
        self.known_skus: set[str] = set()
        self.views = SqlViews(self.database)
        if check_schema:
            self.check_schema()
        self._authority: CertificateAuthority | None = None

    def check_schema(self, *, migrate: bool = False) -> None:
        """Refuse an old schema; SQLite in our own directory, or when asked to, is taken to this program's first.

        Raises:
            SchemaOutOfDate: names the command that helps.
            UnsafeDatabase: headquarters worked here before, and its database is gone.
        """
        self._refuse_lost()
        if (migrate or not self.settings.database) and schema.found(self.database) != schema.wanted():
            before, after = schema.migrate(self.database)
            _log.info("schema_migrated", before=before or "(none)", after=after)
        schema.check(self.database)

    def _refuse_lost(self) -> None:
        """A lost database is never silently replaced by an empty one: no store would be known there, and nobody would see why."""
        token = self.settings.directory / TOKEN_FILE
        if not self.settings.database and token.exists() and schema.found(self.database) is None:
            raise UnsafeDatabase(
                f"headquarters worked in {self.settings.directory} before, and its database is gone: run 'shopwire coordinator restore "
                f"FILE' with the newest backup, or delete {token} to begin with nothing"
            )

    def begin(self) -> SqlUnitOfWork:
        """Return a unit of work."""
        return SqlUnitOfWork(self.database, self.known_skus)

    def parked(self, *, open_only: bool) -> Iterator[dict[str, Any]]:
        """Yield the events in quarantine, oldest first."""
        after = ""
        while rows := self.views.quarantine(after, PAGE, open_only=open_only):
            after = rows[-1]["received_at"] + rows[-1]["event_id"]
            yield from rows

    @property
    def authority(self) -> CertificateAuthority:
        """The certificate authority, made at first use."""
        if self._authority is None:
            self._authority = CertificateAuthority(self.settings.directory / "ca")
        return self._authority

    def close(self) -> None:
        """Close the database."""
        self.database.close()


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


def serve(house: House, role: Role, *, announce: bool) -> "Run":
    """Put a server process together; ``Run.run`` runs it."""
    return Run(house, role, announce=announce)


class Run:
    """One server process."""

    def __init__(self, house: House, role: Role, *, announce: bool) -> None:
        self._house, self._settings, self._role, self._announcing = house, house.settings, role, announce
        self._telemetry = Telemetry()
        self._authority = OwnAuthority(house.authority)
        self._broker: Broker | None = None
        self._server: Server | None = None
        self._downlink: Downlink | None = None
        self._signposts = NOWHERE
        self._note: Path | None = None
        self._bound: list[Listener] = []

    async def run(self) -> None:
        """Start everything, serve, stop everything."""
        settings = self._settings
        held = claim(settings.directory, parts_of(self._role))
        self._bound = listeners = bind(settings.api.listen) if self._does("api") else []
        try:
            fleet.enforce_revocations(self._house.begin(), self._authority)
            self._start_broker()
            addresses = self._addresses(listeners)
            self._signposts = signposts(settings, addresses)
            parts = self._parts(listeners, addresses)
            self._server = Server(parts)
            await self._server.run()
        finally:
            if self._broker is not None:
                self._broker.stop()
            for listener in listeners:
                listener.sock.close()
            if self._note is not None:
                self._note.unlink(missing_ok=True)
            let_go(held)

    def _does(self, role: Role) -> bool:
        return self._role in (role, "all")

    def _names(self) -> list[str]:
        """Return the names for our servers' certificates: as configured, and the addresses that we listen on."""
        api, broker = self._settings.api, self._settings.broker
        hosts = [urlsplit(address).hostname or "" for address in api.listen] + [broker.listen, broker.public_host]
        extra = [urlsplit(api.public_url).hostname or ""] if api.public_url else []
        return list(
            dict.fromkeys(name for name in [*api.server_names, *hosts, *extra] if name and name not in ANYWHERE)
        )

    def _start_broker(self) -> None:
        broker = self._settings.broker
        if broker.host or not self._does("ingest"):
            return
        directory, tls = self._settings.directory / "broker", None
        if not broker.plain_loopback:
            credential = self._house.authority.ensure_server(directory, self._names())
            files = (credential.authority, credential.chain, credential.key, self._house.authority.crl_file)
            tls = BrokerTls(*files)
        port = broker.port or broker_port(self._settings.directory)
        self._broker = Broker(directory, port=port, bind=broker.listen, tls=tls)
        self._broker.start()
        if not broker.port:
            keep_broker_port(self._settings.directory, self._broker.port)

    def _addresses(self, listeners: list[Listener]) -> Addresses:
        broker = self._settings.broker
        host, port = (self._broker.bind, self._broker.port) if self._broker else (broker.host, broker.port)
        return Addresses([each.address for each in listeners], host, port, broker.server_name)

    def _parts(self, listeners: list[Listener], addresses: Addresses) -> Parts:
        house, settings = self._house, self._settings
        parts = Parts(house.clock, house.begin, again, house.views, self._telemetry, settings.ticker)
        parts.ticks, parts.announce = self._does("ticker"), self._announce
        parts.broker, parts.revocations = self._broker, house.authority.crl_file
        self._telemetry.ask(self._states, self._summary)
        if self._does("ingest"):
            released = upkeep.release_all(house.begin(), house.clock, actor="start")
            if released:
                _log.info("streams_released", edges=released)
            self._downlink = Downlink(house.begin, again, self._authority, house.clock)
            behind = self._downlink.behind
            parts.intake = Intake(house.begin, again, house.clock, settings.ingest, self._telemetry, behind)
            parts.downlink = self._downlink
            parts.statuses = Statuses(house.begin, again, house.clock)
            parts.intake.on_status = parts.statuses.take
            parts.hub = hub = self._hub(parts.intake, addresses)
            self._telemetry.dropped.set_function(lambda: hub.counters.flooded + hub.counters.overrun)
        if self._does("api"):
            app = create_app(self._office(), hosts=self._hosts(listeners), console=console())
            app.state.stopping = parts.stopping
            head_s = settings.api.request_timeout_s
            parts.http = HttpServers(app, listeners, self._tls(listeners), head_s=head_s)
        return parts

    def _tls(self, listeners: list[Listener]) -> TlsFiles | None:
        if not any(each.address.secure for each in listeners):
            return None
        credential = self._house.authority.ensure_server(self._settings.directory / "https", self._names())
        return TlsFiles(credential.chain, credential.key)

    def _hub(self, intake: Intake, addresses: Addresses) -> Hub:
        factory = mqtt_factory(self._link(addresses))
        shards = self._settings.ingest.shards
        return Hub(
            factory,
            intake.handle,
            topics=hub_topics(shards or None),
            on_bad=intake.bad,
            on_state=lambda state, reason: self._server.on_broker(state, reason) if self._server else None,
            parallel=PARALLEL_EDGES,
        )

    def _link(self, addresses: Addresses) -> LinkSettings:
        broker = self._settings.broker
        near = "127.0.0.1" if addresses.broker_host in ANYWHERE else addresses.broker_host
        common: dict[str, Any] = {
            "host": near,
            "port": addresses.broker_port,
            "client_id": broker.client_id,
            "max_queued": HUB_QUEUE,
            "inflight": HUB_INFLIGHT,
        }
        if broker.plain_loopback:
            return LinkSettings(**common, plain_loopback=True)
        own = self._house.authority.ensure_coordinator(self._settings.directory / "link")
        return LinkSettings(
            **common,
            server_name=broker.server_name,
            ca_file=broker.ca_file or str(own.authority),
            cert_file=broker.certificate_file or str(own.chain),
            key_file=broker.key_file or str(own.key),
        )

    def _office(self) -> Office:
        house, settings = self._house, self._settings
        return Office(
            settings=settings.api,
            clock=house.clock,
            views=house.views,
            authority=self._authority,
            telemetry=self._telemetry,
            begin=house.begin,
            again=again,
            verify=self._verify,
            signer=signer_of,
            changed=self._changed(),
            revoked=lambda: None,  # the broker's minder sees the new revocation list within a second
            signposts=lambda: merged(self._signposts, processes(settings.directory)),
            health=self._health,
            release=lambda edge: upkeep.release_stream(edge, house.begin(), house.clock, actor="api"),
            certificate_days=settings.certificate_days,
            enrolment_hours=settings.enrolment_hours,
            silent_s=settings.ticker.edge_silent_s,
        )

    def _verify(self, certificate: str, header: str, method: str, target: str, body: bytes) -> None:
        verify_request(certificate, header, method, target, body, now=self._house.clock.now())

    def _changed(self) -> Callable[[], None]:
        """Return how a thread of the HTTP side wakes the sender of pokes; other processes look by themselves."""
        loop, downlink = asyncio.get_running_loop(), self._downlink

        def wake() -> None:
            if downlink is not None:
                loop.call_soon_threadsafe(downlink.changed)

        return wake

    def _hosts(self, listeners: list[Listener]) -> Callable[[], frozenset[str]]:
        names = frozenset(
            name.lower().strip("[]")
            for name in [*self._names(), *self._settings.api.allowed_hosts, "localhost", "127.0.0.1", "::1"]
        )
        return lambda: names

    def _since(self) -> str:
        return stamp(self._house.clock.now() - timedelta(seconds=self._settings.ticker.edge_silent_s))

    def _states(self) -> list[dict[str, Any]]:
        return self._house.views.states(self._since())

    def _summary(self) -> dict[str, Any]:
        return self._house.views.summary(self._since())

    def _health(self) -> list[str]:
        reasons = self._server.reasons() if self._server else []
        held = sum(row["edges"] for row in self._states() if row["state"] == "held")
        if held:
            reasons.append(f"{held} streams are held: see GET /v1/incidents")
        return reasons

    def _announce(self) -> None:
        posts = self._signposts
        self._note = note(self._settings.directory, self._role, posts)
        if not self._announcing:
            return
        urls = {each.address.url.partition("://")[0]: each.address.url for each in self._bound}
        pid = self._broker.pid if self._broker else None
        line = {
            "ready": True,
            "pid": os.getpid(),
            "api": urls,
            "broker": {"host": posts.broker_host, "port": posts.broker_port, "pid": pid},
            "token_file": str(admin_token(self._house)),
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def admin_token(house: House) -> Path:
    """Return the file with an administrator's token of this machine, made at first use (0600)."""
    file = house.settings.directory / TOKEN_FILE
    if not file.exists():
        name = f"this-machine-{os.urandom(4).hex()}"
        token = access.create_token(name, "admin", house.begin(), house.clock, actor="bootstrap")
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(token + "\n")
    return file

"""One server process of headquarters, put together."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog

from coordinator.api.app import create_app
from coordinator.authority import OwnAuthority
from coordinator.bootstrap.house import House, admin_token
from coordinator.bootstrap.signposts import ANYWHERE, NOWHERE, Addresses, signposts
from coordinator.clock import stamp
from coordinator.console.pages import console
from coordinator.db.engine import again
from coordinator.handlers import fleet, upkeep
from coordinator.office import Office
from coordinator.running import broker_port, claim, keep_broker_port, let_go, merged, note, parts_of, processes
from coordinator.server.downlink import Downlink
from coordinator.server.intake import Intake
from coordinator.server.listeners import HttpServers, Listener, TlsFiles, bind
from coordinator.server.run import Parts, Server
from coordinator.server.statuses import Statuses
from coordinator.settings import Role
from coordinator.telemetry import Telemetry
from link.broker import Broker
from link.hub import Hub, hub_topics
from link.identity import signer_of, verify_request
from link.mosquitto import BrokerTls
from link.mqtt import mqtt_factory
from link.transport import LinkSettings

HUB_QUEUE = 4000
HUB_INFLIGHT = 100
PARALLEL_EDGES = 64

_log = structlog.get_logger(__name__)


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


def serve(house: House, role: Role, *, announce: bool) -> Run:
    """Put a server process together; ``Run.run`` runs it."""
    return Run(house, role, announce=announce)

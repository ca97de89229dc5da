"""The one place that knows every concrete class: settings in, a working edge out."""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import Executor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from structlog.contextvars import bound_contextvars

from devices.ports.display import Shown
from domain.ids import EdgeId, LaneId, StoreId
from edge_agent.agent import Agent
from edge_agent.cash_drawer import CashDrawers
from edge_agent.clock import BUILT_AT, HeadquartersTime, SystemClock
from edge_agent.counter import Counter
from edge_agent.data_dir import DataDir
from edge_agent.db.connection import ALONE, HOSTED
from edge_agent.db.journal import Boot, Journal, floor_of, open_journal
from edge_agent.db.relay_journal import SqliteRelayJournal
from edge_agent.db.writer import Writer
from edge_agent.desk.service import Desk
from edge_agent.desk.stand import attached_of
from edge_agent.desk.taps import Taps
from edge_agent.device_news import DeviceNews, devices_now
from edge_agent.edge import Edge
from edge_agent.errors import DatabaseMissing, NotEnrolled
from edge_agent.features import Feature
from edge_agent.handlers.state import edge_started
from edge_agent.identities import Identities
from edge_agent.labelling import Labelling
from edge_agent.lanes import Lane
from edge_agent.logo import logo_of
from edge_agent.paper import ReceiptPrinting
from edge_agent.ports import Place
from edge_agent.reading import Reading
from edge_agent.receipts import Style
from edge_agent.run import on_signals, run
from edge_agent.settings import EdgeSettings, Loaded, keep_as_last_good
from edge_agent.showing import Showing
from edge_agent.signalling import Signalling
from edge_agent.snapshots import SnapshotFetcher
from edge_agent.storage import DiskBudget, space_of
from edge_agent.texts import short
from edge_agent.watchdog import watched
from edge_agent.weighing import Weighing
from link.backoff import Backoff
from link.identity import EdgeCard, EdgeIdentity
from link.mqtt import mqtt_factory
from link.relay import Relay, offline_will
from link.transport import LinkSettings
from protocol.messages import VERSION, Status


def software() -> str:
    """Return what we are, as headquarters shows it."""
    try:
        return f"shopwire {version('shopwire')}"
    except PackageNotFoundError:
        return "shopwire"


def open_edge(
    settings: EdgeSettings,
    writer: Writer,
    *,
    new_epoch: bool = False,
    executor: Executor | None = None,
    hosted: bool = False,
) -> Edge:
    """Open everything that selling needs; no connection is tried. Blocking.

    Args:
        settings: the edge's.
        writer: its thread; several edges may share one.
        new_epoch: begin a new journal although this edge is enrolled and its database is gone.
        executor: for downloads; None: the loop's own.
        hosted: one of many in this process.

    Raises:
        NotEnrolled, AlreadyRunning: not here, not now.
        StorageError: this database must not be sold from; the message says what to do.
    """
    data = DataDir(Path(settings.data_dir))
    identity = EdgeIdentity(data.identity)
    if not identity.enrolled:
        raise NotEnrolled(data.identity)
    data.lock()
    try:
        return _Opening(settings, writer, data, identity, hosted=hosted, executor=executor).edge(new_epoch=new_epoch)
    except BaseException:
        data.unlock()
        raise


def new_database(data: DataDir, writer: Writer, edge: str, *, new_epoch: bool = False) -> None:
    """Make the empty journal of an edge before it is enrolled, so that a missing one is a loss and no beginning.

    Raises:
        DatabaseMissing: this edge had one before.
    """
    if data.database.exists():
        return
    if EdgeIdentity(data.identity).enrolled and not new_epoch:
        raise DatabaseMissing(data.database, edge)
    epoch = data.last_epoch() + 1
    journal = open_journal(data.database, writer)

    def begin() -> None:
        with journal.transaction("beginning the journal"):
            data.keep_epoch(epoch)
            journal.outbox.initialise(edge, epoch)
        journal.connection.close()

    writer.call(begin)


class _Opening:
    """The steps from settings to an edge."""

    def __init__(
        self,
        settings: EdgeSettings,
        writer: Writer,
        data: DataDir,
        identity: EdgeIdentity,
        *,
        hosted: bool,
        executor: Executor | None,
    ) -> None:
        self._settings, self._writer, self._data, self._identity = settings, writer, data, identity
        self._hosted, self._executor = hosted, executor
        self._card = identity.card()
        self._budget = DiskBudget(settings.storage, lambda: space_of(data.path))

    def edge(self, *, new_epoch: bool) -> Edge:
        new = not self._data.database.exists()
        if new and not new_epoch:
            raise DatabaseMissing(self._data.database, self._card.edge)
        new_database(self._data, self._writer, self._card.edge, new_epoch=new_epoch)
        journal = open_journal(self._data.database, self._writer, HOSTED if self._hosted else ALONE)
        floor = self._writer.call(lambda: floor_of(journal.connection))
        clock = SystemClock(max(floor or BUILT_AT, BUILT_AT))
        boot = self._writer.call(lambda: self._boot(journal, clock))
        self._writer.call(lambda: self._tell_start(journal, boot, clock, new=new))
        counter = Counter(journal, clock)
        hq_time = HeadquartersTime(clock)
        relay = self._relay(journal, clock, boot, hq_time)
        counter.after_commit.append(relay.committed)
        return Edge(
            card=self._card,
            settings=self._settings,
            data=self._data,
            identity=self._identity,
            style=self._style(self._writer.call(journal.attributes)),
            software=software(),
            boot_id=boot.boot_id,
            was_clean=boot.was_clean,
            clock=clock,
            hq_time=hq_time,
            budget=self._budget,
            counter=counter,
            relay=relay,
            journal=journal,
        )

    def _boot(self, journal: Journal, clock: SystemClock) -> Boot:
        card, till = self._card, self._settings.till
        place = Place(
            EdgeId(card.edge),
            StoreId(card.store),
            card.currency,
            card.timezone,
            till.day_starts_hour,
            short(self._settings.language),
            self._settings.labels,
            till.max_label_minor,
        )
        prints = any(device.kind.startswith("printer") for device in self._settings.devices)
        return journal.boot(place, self._budget, clock, prints=prints)

    def _tell_start(self, journal: Journal, boot: Boot, clock: SystemClock, *, new: bool) -> None:
        incidents: tuple[str, ...] = ("database began anew",) if new else ()
        if clock.lagging_s() > 1:
            incidents += (f"clock is {clock.lagging_s():.0f} s behind the last event",)
        edge_started(boot.boot_id, software(), incidents, journal.uow, clock)

    def _relay(self, journal: Journal, clock: SystemClock, boot: Boot, hq_time: HeadquartersTime) -> Relay:
        link, card = self._settings.link, self._card
        fetcher = SnapshotFetcher(
            self._identity,
            self._data.snapshots,
            hq_time.now,
            api_url=link.api_url,
            has_room=self._budget.allows_extras,
        )
        relay_journal = SqliteRelayJournal(
            journal,
            clock,
            boot_id=boot.boot_id,
            software=software(),
            fetch=fetcher.fetch,
            in_thread=self._in_thread,
            free_bytes=self._budget.free_bytes,
            epoch_started=self._data.keep_epoch,
        )
        return Relay(
            card.edge,
            card.shard,
            mqtt_factory(link_settings(self._settings, self._identity, card), will=offline_will(card.shard, card.edge)),
            relay_journal,
            status=Status(VERSION, online=True, boot=boot.boot_id, software=software()),
            backoff=Backoff(random.Random(), cap_s=link.max_backoff_s),  # noqa: S311 - spreads load, keeps no secret
            on_hq_time=hq_time.hear,
        )

    async def _in_thread(self, function: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)

    def _style(self, store: dict[str, str]) -> Style:
        card, till = self._card, self._settings.till
        zh, en = store.get("name_zh") or card.store_name_zh, store.get("name_en") or card.store_name_en
        return Style(
            name_zh=zh or en or card.store,
            name_en=en or zh or card.store,
            timezone=card.timezone,
            languages=till.receipt_languages,
            columns=till.receipt_columns,
            logo=logo_of(till.receipt_logo, till.receipt_columns),
            cut=till.cut,
            open_drawer=till.open_drawer,
        )


def link_settings(settings: EdgeSettings, identity: EdgeIdentity, card: EdgeCard) -> LinkSettings:
    """Return how to reach the broker: as enrolment said, but for what the settings say.

    Another host keeps the broker's name from enrolment: a road around does not change who must be at its end.
    """
    link = settings.link
    changes: dict[str, Any] = {"keepalive_s": link.keepalive_s}
    if link.host:
        changes |= {"host": link.host, "server_name": card.server_name or card.broker_host}
    if link.port:
        changes["port"] = link.port
    if link.plain_loopback:
        changes |= {"plain_loopback": True, "ca_file": "", "cert_file": "", "key_file": ""}
    return identity.link_settings(**changes)


def agent_of(edge: Edge) -> Agent:
    """Return what runs one store: its lane and its devices.

    Raises:
        DeviceMisconfigured: a device that no driver can serve.
    """
    lane = Lane(LaneId(edge.settings.till.lane), edge.counter, edge.clock)
    news, taps = DeviceNews(edge.counter), Taps()
    attached = attached_of(edge.settings.devices, taps=taps, report=news.report)
    identities = Identities(edge.data.devices, attached, edge.counter)
    news.on_change += [identities.heard, lambda _, __: edge.relay.devices_changed()]
    edge.relay.show_devices(lambda: devices_now(attached))
    language = edge.settings.language
    name = edge.style.name_zh if language == "zh-CN" else edge.style.name_en
    greeting = Shown("idle", name, ascii=edge.style.name_en)
    showing = Showing(attached, edge.counter, lane.lane, language, greeting)
    signalling = Signalling(attached, news)
    # A new feature is one line here; edge_agent/features.py says what it brings.
    features: list[Feature] = [
        Reading(attached, lane),
        Weighing(attached, edge.counter, lane),
        ReceiptPrinting(attached, edge.counter, edge.style),
        CashDrawers(attached, edge.counter, lane),
        Labelling(attached, edge.counter, edge.settings.shelf_labels),
        showing,
        signalling,
        news,
        identities,
        Desk(attached, identities, taps, language, (showing.again, signalling.again)),
    ]
    return Agent(edge, lane, attached, features)


def run_edge(loaded: Loaded, *, new_epoch: bool = False) -> None:
    """Be a store until SIGTERM or SIGINT; blocking.

    Raises:
        EdgeError, DeviceError: it cannot start, or must not go on.
    """
    settings = loaded.settings
    writer = Writer()
    try:
        edge = open_edge(settings, writer, new_epoch=new_epoch)
        try:
            with bound_contextvars(edge=edge.card.edge, store=edge.card.store):
                run(_serve(edge, loaded))
        finally:
            edge.close()
    finally:
        writer.close()


async def _serve(edge: Edge, loaded: Loaded) -> None:
    agent = agent_of(edge)
    await asyncio.to_thread(keep_as_last_good, loaded)  # good: every device of it has a driver
    on_signals(agent.stop)
    async with watched():
        await agent.run()

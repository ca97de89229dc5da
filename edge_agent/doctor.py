"""The edge's self-test: storage, clock, headquarters, devices; each finding says what to do next."""

import os
import sqlite3
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from edge_agent.clock import SystemClock
from edge_agent.control import ControlClient
from edge_agent.data_dir import DataDir
from edge_agent.db.audit import sales_unlike_their_facts
from edge_agent.db.connection import open_for_reading
from edge_agent.db.stock import differences
from edge_agent.desk.eyes import look
from edge_agent.desk.steps import next_step
from edge_agent.errors import AgentNotRunning, StorageError
from edge_agent.findings import Finding, Verdict
from edge_agent.settings import EdgeSettings
from edge_agent.storage import DiskBudget, Level, space_of
from edge_agent.way_to_hq import look_at_broker
from link.chain import BrokenChain
from link.errors import LinkError
from link.identity import EdgeIdentity
from link.outbox import NoStream, Outbox

SLOW_FLUSH_S = 0.05
"""An SD card takes 10 to 30 ms; above this a cashier notices."""
IMPLAUSIBLE_FLUSH_S = 0.000_02


def examine(settings: EdgeSettings) -> list[Finding]:
    """Look at everything; nothing is changed but one small file that is written and removed again."""
    data = DataDir(Path(settings.data_dir))
    status = _running(data)
    return [
        *_storage(data, settings),
        *_journal(data),
        *_clock(status),
        *_identity(data),
        *_headquarters(data, settings, status),
        *_devices(settings, status),
    ]


def _running(data: DataDir) -> dict[str, Any] | None:
    try:
        client = ControlClient(data.control)
    except AgentNotRunning:
        return None
    try:
        answer: dict[str, Any] | None = client.ask(do="status").get("ok")
    except AgentNotRunning:
        return None
    finally:
        client.close()
    return answer


def _storage(data: DataDir, settings: EdgeSettings) -> Iterator[Finding]:
    if not data.path.is_dir():
        yield Finding("storage", "bad", "no_folder", {"path": data.path}, "data_dir")
        return
    space = space_of(data.path)
    level = DiskBudget(settings.storage, lambda: space).level()
    room = {"free_mb": space.free >> 20, "total_mb": space.total >> 20, "level": level.name.lower()}
    if level is Level.NORMAL:
        yield Finding("disk", "ok", "disk", room)
    else:
        yield Finding("disk", "bad" if level is Level.REFUSE_SALES else "warn", "disk", room, "free_space")
    yield _flushes(data.path)


def _flushes(folder: Path) -> Finding:
    """Time small synced writes: a sale waits for one."""
    try:
        took = _timed_flushes(folder / f".flush-test-{os.getpid()}")
    except OSError as error:
        return Finding("flush", "bad", "unwritable", {"path": folder, "reason": error.strerror}, "mount")
    middle = statistics.median(took)
    times = {"middle_ms": f"{middle * 1000:.2f}", "longest_ms": f"{max(took) * 1000:.1f}"}
    if middle < IMPLAUSIBLE_FLUSH_S:
        return Finding("flush", "warn", "flush_implausible", times, "local_disk")
    if middle > SLOW_FLUSH_S:
        return Finding("flush", "warn", "flush_slow", times, "faster_disk")
    return Finding("flush", "ok", "flush", times)


def _timed_flushes(file: Path, count: int = 20) -> list[float]:
    took: list[float] = []
    try:
        with file.open("wb", buffering=0) as out:
            for _ in range(count):
                out.write(b"x" * 4096)
                start = time.perf_counter()
                os.fsync(out.fileno())
                took.append(time.perf_counter() - start)
    finally:
        file.unlink(missing_ok=True)
    return took


def _journal(data: DataDir) -> Iterator[Finding]:
    again = "bring_back" if EdgeIdentity(data.identity).enrolled else "enrol"
    if not data.database.exists():
        yield Finding("database", "bad", "no_database", {"path": data.database}, again)
        return
    try:
        connection = open_for_reading(data.database)
    except StorageError as error:
        yield Finding("database", "bad", "trouble", {"reason": error}, again)
        return
    try:
        yield from _file(connection, data)
    finally:
        connection.close()


def _file(connection: sqlite3.Connection, data: DataDir) -> Iterator[Finding]:
    def damaged(check: str, found: str, **values: object) -> Finding:
        return Finding(check, "bad", found, {"path": data.database, **values}, "restore")

    try:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        sound = (said, mode) == ("ok", "wal")
        yield (
            Finding("database", "ok", "database")
            if sound
            else damaged("database", "database_damaged", said=said, mode=mode)
        )
        yield Finding("chain", "ok", "chain", {"count": Outbox(connection).verify_chain()})
        unlike = sales_unlike_their_facts(connection)
        yield (
            damaged("sales", "sales_differ", count=len(unlike), first=unlike[0])
            if unlike
            else Finding("sales", "ok", "sales")
        )
        wrong = differences(connection)
        yield (
            damaged("stock", "stock_differs", count=len(wrong), first=wrong[0])
            if wrong
            else Finding("stock", "ok", "stock")
        )
    except BrokenChain as error:
        yield damaged("chain", "chain_broken", reason=error)
    except NoStream as error:
        yield Finding("chain", "bad", "no_stream", {"reason": error}, "enrol")
    except sqlite3.Error as error:
        yield damaged("database", "database_unreadable", reason=error)


def _clock(status: dict[str, Any] | None) -> Iterator[Finding]:
    clock = SystemClock()
    behind = clock.lagging_s()
    if behind > 1:
        yield Finding("clock", "bad", "clock_behind", {"behind_s": f"{behind:.0f}"}, "set_clock")
    elif clock.quality() != "ntp":
        yield Finding("clock", "warn", "clock_alone", {"quality": clock.quality()}, "ntp")
    else:
        yield Finding("clock", "ok", "clock", {"now": f"{clock.now():%Y-%m-%d %H:%M:%S}"})
    skew = status["clock"]["skew_s"] if status else None
    if skew is not None and abs(skew) > 120:
        yield Finding("clock", "bad", "clock_skewed", {"skew_s": f"{skew:+.0f}"}, "set_clock_for_dates")


def _identity(data: DataDir) -> Iterator[Finding]:
    identity = EdgeIdentity(data.identity)
    if not identity.enrolled:
        yield Finding("identity", "bad", "not_enrolled", then="ask_for_code")
        return
    try:
        card, certificate = identity.card(), identity.certificate()
    except LinkError as error:
        yield Finding("identity", "bad", "trouble", {"reason": error}, "enrol")
        return
    left = certificate.not_after - SystemClock().now()
    us = {"edge": card.edge, "store": card.store, "days": left.days}
    if left < timedelta(0):
        yield Finding("identity", "bad", "identity_expired", us, "enrol")
    elif certificate.renew_due(SystemClock().now()):
        yield Finding("identity", "warn", "identity", us, "renews_itself")
    else:
        yield Finding("identity", "ok", "identity", us)


def _headquarters(data: DataDir, settings: EdgeSettings, status: dict[str, Any] | None) -> Iterator[Finding]:
    if status is None:
        yield from look_at_broker(data, settings)
        return
    link = status["link"]
    if link["state"] == "online":
        yield Finding("headquarters", "ok", "online")
        return
    waiting = status["stream"]["top"] - status["stream"]["acked"]
    stands = {"state": link["state"], "reason": link["reason"], "waiting": waiting}
    yield Finding("headquarters", "warn", "not_online", stands, _road(link["state"]))


def _road(state: str) -> str:
    return {"refused": "no_entry", "held": "held"}.get(state, "network")


def _devices(settings: EdgeSettings, status: dict[str, Any] | None) -> Iterator[Finding]:
    if any(device.kind.startswith("camera_") for device in settings.devices):
        yield from look()
    if not status:
        for device in settings.devices:
            yield Finding(f"device {device.device_id}", "warn", "device_not_asked", then="run")
        return
    for name, state in status["devices"].items():
        works = state["health"] in ("ok", "degraded")
        verdict: Verdict = "ok" if state["health"] == "ok" else "warn" if works else "bad"
        then = "" if verdict == "ok" else next_step(state["reason"])
        yield Finding(f"device {name}", verdict, "device", {"device": name, **state}, then)

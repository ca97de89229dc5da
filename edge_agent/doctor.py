"""The edge's self-test: storage, clock, headquarters, devices; each finding says what to do next."""

import os
import socket
import sqlite3
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple

from edge_agent.clock import SystemClock
from edge_agent.control import ControlClient
from edge_agent.data_dir import DataDir
from edge_agent.db.audit import sales_unlike_their_facts
from edge_agent.db.connection import open_for_reading
from edge_agent.db.stock import differences
from edge_agent.errors import AgentNotRunning, StorageError
from edge_agent.settings import EdgeSettings
from edge_agent.storage import DiskBudget, Level, space_of
from link.chain import BrokenChain
from link.errors import LinkError
from link.identity import EdgeIdentity
from link.outbox import NoStream, Outbox

Verdict = Literal["ok", "warn", "bad"]

SLOW_FLUSH_S = 0.05
"""An SD card takes 10 to 30 ms; above this a cashier notices."""
IMPLAUSIBLE_FLUSH_S = 0.000_02
CONNECT_S = 3.0


class Finding(NamedTuple):
    """One thing that was looked at."""

    check: str
    verdict: Verdict
    text: str
    next_step: str = ""


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
        yield Finding(
            "storage",
            "bad",
            f"{data.path} does not exist",
            "give the right --data-dir, or enrol: shopwire edge enrol CODE",
        )
        return
    space = space_of(data.path)
    level = DiskBudget(settings.storage, lambda: space).level()
    room = f"{space.free >> 20} MB free of {space.total >> 20} MB"
    if level is Level.NORMAL:
        yield Finding("disk", "ok", room)
    else:
        worst: Verdict = "bad" if level is Level.REFUSE_SALES else "warn"
        yield Finding(
            "disk", worst, f"{room}: {level.name.lower()}", "free space: old logs, other programs' files, not edge.db"
        )
    yield _flushes(data.path)


def _flushes(folder: Path, count: int = 20) -> Finding:
    """Time small synced writes: a sale waits for one."""
    file = folder / f".flush-test-{os.getpid()}"
    took: list[float] = []
    try:
        with file.open("wb", buffering=0) as out:
            for _ in range(count):
                out.write(b"x" * 4096)
                start = time.perf_counter()
                os.fsync(out.fileno())
                took.append(time.perf_counter() - start)
    except OSError as error:
        return Finding(
            "flush", "bad", f"{folder} cannot be written: {error.strerror}", "check the disk and its mount options"
        )
    finally:
        file.unlink(missing_ok=True)
    middle = statistics.median(took)
    text = f"a flush takes {middle * 1000:.2f} ms (longest {max(took) * 1000:.1f} ms)"
    if middle < IMPLAUSIBLE_FLUSH_S:
        return Finding(
            "flush",
            "warn",
            f"{text}: too fast to be true",
            "a disk that lies about flushes loses sales: use a local disk",
        )
    if middle > SLOW_FLUSH_S:
        return Finding("flush", "warn", f"{text}: slow", "use an industrial SD card, eMMC or an SSD")
    return Finding("flush", "ok", text)


def _journal(data: DataDir) -> Iterator[Finding]:
    try:
        connection = open_for_reading(data.database)
    except StorageError as error:
        lost = EdgeIdentity(data.identity).enrolled
        again = (
            "bring edge.db back, or begin anew: shopwire edge run --new-epoch" if lost else "shopwire edge enrol CODE"
        )
        yield Finding("database", "bad", str(error), again)
        return
    try:
        yield from _file(connection, data)
    finally:
        connection.close()


def _file(connection: sqlite3.Connection, data: DataDir) -> Iterator[Finding]:
    restore = f"keep {data.database}, move it aside, start with --new-epoch: headquarters holds every acknowledged sale"
    try:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        yield (
            Finding("database", "ok", "quick_check ok, write-ahead log")
            if (finding, mode) == ("ok", "wal")
            else Finding("database", "bad", f"quick_check says {finding}, journal mode {mode}", restore)
        )
        yield Finding("chain", "ok", f"{Outbox(connection).verify_chain()} facts hash to what was committed")
        unlike = sales_unlike_their_facts(connection)
        yield (
            Finding("sales", "ok", "sales equal their facts")
            if not unlike
            else Finding("sales", "bad", f"{len(unlike)} sales differ from their facts, first {unlike[0]}", restore)
        )
        wrong = differences(connection)
        yield (
            Finding("stock", "ok", "levels equal the sum of movements")
            if not wrong
            else Finding("stock", "bad", f"{len(wrong)} levels differ from their movements, first {wrong[0]}", restore)
        )
    except BrokenChain as error:
        yield Finding("chain", "bad", str(error), restore)
    except NoStream as error:
        yield Finding("chain", "bad", str(error), "shopwire edge enrol CODE")
    except sqlite3.Error as error:
        yield Finding("database", "bad", f"cannot be read: {error}", restore)


def _clock(status: dict[str, Any] | None) -> Iterator[Finding]:
    clock = SystemClock()
    behind = clock.lagging_s()
    if behind > 1:
        yield Finding(
            "clock",
            "bad",
            f"the clock is {behind:.0f} s before this software was built",
            "set it, or let the box reach a time server",
        )
    elif clock.quality() != "ntp":
        yield Finding(
            "clock",
            "warn",
            f"nobody synchronises the clock ({clock.quality()})",
            "allow NTP; without a line use a battery clock",
        )
    else:
        yield Finding("clock", "ok", f"{clock.now():%Y-%m-%d %H:%M:%S} UTC, synchronised")
    skew = status["clock"]["skew_s"] if status else None
    if skew is not None and abs(skew) > 120:
        yield Finding(
            "clock",
            "bad",
            f"the clock is {skew:+.0f} s off headquarters'",
            "set it; order never depends on it, dates do",
        )


def _identity(data: DataDir) -> Iterator[Finding]:
    identity = EdgeIdentity(data.identity)
    if not identity.enrolled:
        yield Finding("identity", "bad", "not enrolled", "ask headquarters for a code, then shopwire edge enrol CODE")
        return
    try:
        card, certificate = identity.card(), identity.certificate()
    except LinkError as error:
        yield Finding("identity", "bad", str(error), "shopwire edge enrol CODE")
        return
    left = certificate.not_after - SystemClock().now()
    text = f"{card.edge} of store {card.store}, certificate for another {left.days} days"
    if left < timedelta(0):
        yield Finding(
            "identity",
            "bad",
            f"{card.edge}: the certificate has expired; the store goes on selling",
            "shopwire edge enrol CODE",
        )
    else:
        due = certificate.renew_due(SystemClock().now())
        yield Finding(
            "identity", "warn" if due else "ok", text, "it renews itself when headquarters is reached" if due else ""
        )


def _headquarters(data: DataDir, settings: EdgeSettings, status: dict[str, Any] | None) -> Iterator[Finding]:
    if status:
        link = status["link"]
        if link["state"] == "online":
            yield Finding("headquarters", "ok", "online")
        else:
            waiting = status["stream"]["top"] - status["stream"]["acked"]
            yield Finding(
                "headquarters", "warn", f"{link['state']}: {link['reason']}; {waiting} facts wait", _road(link["state"])
            )
        return
    try:
        card = EdgeIdentity(data.identity).card()
    except LinkError:
        return
    host, port = settings.link.host or card.broker_host, settings.link.port or card.broker_port
    try:
        with socket.create_connection((host, port), CONNECT_S):
            yield Finding("headquarters", "ok", f"broker {host}:{port} answers; the agent is not running")
    except OSError as error:
        yield Finding("headquarters", "warn", f"broker {host}:{port} does not answer: {error}", _road("offline"))


def _road(state: str) -> str:
    if state == "refused":
        return "headquarters says no: see the reason; a revoked or expired box needs a new code"
    if state == "held":
        return "headquarters must be upgraded or look at the stream; the store goes on selling"
    return "check the network; the store goes on selling and everything waits on disk"


def _devices(settings: EdgeSettings, status: dict[str, Any] | None) -> Iterator[Finding]:
    if not status:
        for device in settings.devices:
            yield Finding(
                f"device {device.device_id}", "warn", "not looked at: the agent is not running", "shopwire edge run"
            )
        return
    for name, state in status["devices"].items():
        works = state["health"] in ("ok", "degraded")
        verdict: Verdict = "ok" if state["health"] == "ok" else "warn" if works else "bad"
        yield Finding(
            f"device {name}",
            verdict,
            f"{state['health']} {state['reason']}".strip(),
            "" if verdict == "ok" else "see its runbook: cable, power, paper",
        )

"""The power goes after every single write of the real schema: what was told stays, nothing is torn, the chain verifies (F01, F02, F04)."""

import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from domain.sale import Sale
from edge_agent.db.connection import open_for_writing, prepare
from edge_agent.db.journal import Journal
from edge_agent.db.stock import differences
from edge_agent.db.writer import Writer
from edge_agent.errors import StorageError
from edge_agent.memory import SettableClock, SettableRoom
from link.outbox import Outbox
from protocol.codec import decode_event, decode_fact
from protocol.facts import SaleCompleted
from tests.edge_store import CASE_OF_TEA, LANE, RICE, TEA, Store, stock_up
from tests.faulty_disk import LOSSES, AfterCut, Disk, FaultyConnection, Loss, cuts

SALES = 14
CODES = (TEA, RICE, CASE_OF_TEA)


class Verdict(NamedTuple):
    """What recovery found; ``lost``: acknowledged sales or scans that are gone."""

    corrupt: bool
    lost: int
    torn: int


def sell_on(disk: Disk, synchronous: str = "FULL") -> int:
    """Sell with the product's own handlers; return the number of steps before the first sale."""
    connection = FaultyConnection(disk)
    prepare(connection.as_sqlite3(), "edge.db")
    connection.execute("PRAGMA wal_autocheckpoint=25")  # many checkpoints in a short run: they are the dangerous part
    connection.execute(f"PRAGMA synchronous={synchronous}")
    writer = Writer()
    try:
        journal = Journal(connection.as_sqlite3(), "edge.db", writer)
        writer.call(lambda: stock_up(journal))
        shop = Store(journal, SettableClock(), SettableRoom(), prints=True)
        start = len(disk.steps)
        for number in range(1, SALES + 1):
            for count, code in enumerate(CODES[: 1 + number % 3], 1):
                shop.ring(code)
                disk.told(("scan", number, count))
            disk.told(("sale", shop.pay().receipt_no, 0))
    finally:
        writer.close()
        connection.close()
    return start


def recover(image: dict[str, bytes], told: list[Any], folder: Path) -> Verdict:
    """Start from what the disk holds, as the product does, and compare with what was told."""
    for name, content in image.items():
        (folder / name).write_bytes(content)
    try:
        connection = open_for_writing(folder / "edge.db")
    except StorageError:
        return Verdict(corrupt=True, lost=0, torn=0)
    try:
        if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            return Verdict(corrupt=True, lost=0, torn=0)
        lost = _lost(connection, told)
        return Verdict(corrupt=False, lost=lost, torn=0 if lost else _torn(connection))
    finally:
        connection.close()


def _lost(connection: sqlite3.Connection, told: list[Any]) -> int:
    (sales,) = connection.execute("SELECT count(*) FROM sale").fetchone()
    acknowledged = max((number for what, number, _ in told if what == "sale"), default=0)
    scans = max((count for what, number, count in told if what == "scan" and number == acknowledged + 1), default=0)
    (lines,) = connection.execute("SELECT count(*) FROM basket_line WHERE lane = ? AND no > 0", (LANE,)).fetchone()
    open_lines_lost = sales == acknowledged and lines < scans
    return int(max(0, acknowledged - sales) + open_lines_lost)


def _torn(connection: sqlite3.Connection) -> int:
    bodies = [
        msgspec.json.decode(body, type=Sale) for (body,) in connection.execute("SELECT body FROM sale ORDER BY number")
    ]
    outbox = Outbox(connection)
    if not connection.execute("SELECT 1 FROM stream").fetchone():
        return 0 if not bodies else 1  # cut before the first boot was durable: only with weaker settings
    stated = [decode_fact(decode_event(raw)) for raw in outbox.read(1, 10**6, 10**9)]
    jobs = [row[0] for row in connection.execute("SELECT sale_number & 4294967295 FROM print_job ORDER BY 1")]
    outbox.verify_chain()
    wrong = [
        [sale.receipt_no for sale in bodies] != list(range(1, len(bodies) + 1)),
        [fact.sale for fact in stated if isinstance(fact, SaleCompleted)] != bodies,
        jobs != [sale.receipt_no for sale in bodies],
        bool(differences(connection)),
    ]
    return sum(wrong)


@contextmanager
def fresh_folder() -> Iterator[Path]:
    base = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=base if base.is_dir() else None) as folder:
        yield Path(folder)


def verdicts(disk: Disk, start: int, seed: int, every: int = 1) -> list[Verdict]:
    rng = random.Random(seed)
    found: list[Verdict] = []
    for number, state in cuts(disk.steps, start):
        if number % every == 0:
            found.append(_cut(state, LOSSES[len(found) % len(LOSSES)], rng))
    return found


def _cut(state: AfterCut, loss: Loss, rng: random.Random) -> Verdict:
    with fresh_folder() as folder:
        return recover(state.image(loss, rng), list(state.told), folder)


def test_a_power_cut_at_every_write_loses_nothing_and_tears_nothing() -> None:
    disk = Disk()
    start = sell_on(disk)
    found = verdicts(disk, start, seed=1)
    assert len(found) >= 200
    assert [verdict for verdict in found if any(verdict)] == []


def test_the_same_cuts_find_what_weaker_settings_lose() -> None:
    disk = Disk()
    start = sell_on(disk, synchronous="NORMAL")
    found = verdicts(disk, start, seed=2, every=3)
    assert sum(verdict.lost for verdict in found) > 0
    assert not any(verdict.corrupt for verdict in found)

"""A file that is damaged, gone or older than headquarters: it is noticed, kept, and never silently begun anew (F09, F10, F12, F15)."""

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge_agent.db.audit import sales_unlike_their_facts
from edge_agent.db.stock import differences
from edge_agent.errors import DatabaseCorrupt, DatabaseMissing, DatabaseTooNew, StorageError, StorageFailed
from tests.edge_store import CASE_OF_TEA, RICE, TEA, store

FLIPS = 200
UNCHECKED = ("item", "barcode", "price", "item_staged", "barcode_staged", "price_staged", "feed", "meta", "basket_line")
"""The replica comes again from headquarters; the figures of an open basket are verified when it is paid."""


def a_year(folder: Path) -> Path:
    with store(folder) as shop:
        for number in range(40):
            shop.sell(*[TEA, RICE, CASE_OF_TEA][: 1 + number % 3])
        shop.ring(TEA)
    return folder / "edge.db"


def dump(file: Path) -> list[str]:
    """Return every row of what is ours alone, as text."""
    connection = sqlite3.connect(file)
    try:
        tables = [
            row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        return [
            f"{table}: {row}"
            for table in tables
            if table not in UNCHECKED
            for row in connection.execute(f"SELECT {'changes' if table == 'stock_movement' else '*'} FROM {table}")  # noqa: S608
        ]
    finally:
        connection.close()


def noticed(folder: Path) -> str:
    """Return what notices the damage in ``folder``: the start, the doctor, or nothing."""
    try:
        with store(folder) as shop:
            connection = shop.journal.connection
            deep: list[Any] = shop.journal.call(
                lambda: [*sales_unlike_their_facts(connection), *differences(connection)]
            )
            return "doctor" if deep else ""
    except (StorageError, ValueError):  # a number that is none any more, a text that is no UTF-8
        return "start"
    except sqlite3.Error:
        return "start"


def without_free_pages(file: Path) -> bytes:
    connection = sqlite3.connect(file)
    connection.execute("VACUUM INTO ?", (str(file) + ".dense",))
    connection.close()
    return Path(f"{file}.dense").read_bytes()


@pytest.fixture
def ram() -> Iterator[Path]:
    base = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=base if base.is_dir() else None) as folder:
        yield Path(folder)


def test_bit_flips_are_noticed_or_change_nothing(ram: Path) -> None:
    file = a_year(ram)
    sound, rng = dump(file), random.Random(3)
    content = without_free_pages(file)
    tally = {"start": 0, "doctor": 0, "": 0}
    missed: list[int] = []
    for number in range(FLIPS):
        folder = ram / f"flip-{number}"
        folder.mkdir()
        flipped = bytearray(content)
        at = rng.randrange(len(content))
        flipped[at] ^= 1 << rng.randrange(8)
        (folder / "edge.db").write_bytes(flipped)
        changed = _changed(folder / "edge.db", sound)
        found = noticed(folder)
        tally[found] += 1
        if changed and not found:
            missed.append(at)
        shutil.rmtree(folder)
    assert tally["start"] > 20
    assert missed == []


def _changed(file: Path, sound: list[str]) -> bool:
    try:
        return dump(file) != sound
    except (sqlite3.Error, ValueError):
        return True


@pytest.mark.parametrize("damage", ["header", "middle", "no database", "short"])
def test_a_malformed_file_stops_the_start_and_stays_as_it_is(tmp_path: Path, damage: str) -> None:
    file = a_year(tmp_path)
    content = bytearray(file.read_bytes())
    match damage:
        case "header":
            content[:16] = b"x" * 16
        case "middle":
            content[4096:40_000] = random.Random(1).randbytes(40_000 - 4096)
        case "no database":
            content = bytearray(b"<html>not a database</html>" * 400)
        case _:
            del content[len(content) // 2 :]
    file.write_bytes(content)
    with pytest.raises(DatabaseCorrupt, match=r"doctor.*--new-epoch"), store(tmp_path):
        pass
    assert file.read_bytes() == bytes(content)
    assert [path.name for path in tmp_path.glob("*corrupt*")] == []


def test_a_changed_fact_stops_the_start(tmp_path: Path) -> None:
    file = a_year(tmp_path)
    connection = sqlite3.connect(file)
    connection.execute(
        "UPDATE outbox SET bytes = CAST(replace(CAST(bytes AS TEXT), '6800', '1800') AS BLOB) WHERE seq = 3"
    )
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseCorrupt, match="event 3 of the outbox"), store(tmp_path):
        pass


def test_a_file_of_a_later_release_is_not_touched(tmp_path: Path) -> None:
    file = a_year(tmp_path)
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DatabaseTooNew, match="99"), store(tmp_path):
        pass


def test_a_directory_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "edge.db").mkdir()
    with pytest.raises(StorageFailed, match="opening the database"), store(tmp_path):
        pass


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "enrolled" in str(DatabaseMissing(tmp_path / "edge.db", "S1"))

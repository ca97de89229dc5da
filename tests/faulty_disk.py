"""A disk that can fail: an apsw VFS in memory that writes down every operation, raises errors on demand and loses its power.

The product's code runs on it unchanged through ``FaultyConnection``, which speaks the part of ``sqlite3.Connection`` that the journal uses.
The model of a power cut is SQLite's own (https://www.sqlite.org/testing.html#crash_testing): what was synced stays; of what was written
later any part may be there, in any order, down to single sectors.
"""

import contextlib
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple

import apsw

SECTOR = 512
Loss = Literal["nothing_unsynced", "everything", "some", "torn", "only_the_last"]
LOSSES: tuple[Loss, ...] = ("nothing_unsynced", "everything", "some", "torn", "only_the_last")


_CODES = {
    apsw.FullError: sqlite3.SQLITE_FULL,
    apsw.IOError: sqlite3.SQLITE_IOERR,
    apsw.CorruptError: sqlite3.SQLITE_CORRUPT,
    apsw.NotADBError: sqlite3.SQLITE_NOTADB,
}


class Write(NamedTuple):
    file: int
    offset: int
    data: bytes


class Truncate(NamedTuple):
    file: int
    size: int


class Sync(NamedTuple):
    file: int


class Create(NamedTuple):
    name: str
    file: int


class Delete(NamedTuple):
    name: str
    durable: bool


class Told(NamedTuple):
    """Not the disk's: something was told to the world after what came before."""

    what: Any


Step = Write | Truncate | Sync | Create | Delete | Told


class Disk:
    """Files in memory and everything that was done to them; ``fault`` is asked before each step and may raise."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.files: dict[int, bytearray] = {}
        self.steps: list[Step] = []
        self.calls = 0
        self.fault: Callable[[str, int], None] | None = None

    def do(self, call: str, step: Step) -> None:
        self.calls += 1
        if self.fault:
            self.fault(call, self.calls)
        self.steps.append(step)

    def told(self, what: Any) -> None:
        self.steps.append(Told(what))

    def open(self, name: str) -> int:
        if name not in self.names:
            number = len(self.files) + 1
            self.do("create", Create(name, number))
            self.names[name], self.files[number] = number, bytearray()
        return self.names[name]

    def contents(self) -> dict[str, bytes]:
        return {name: bytes(self.files[number]) for name, number in self.names.items()}


def change(content: bytearray, step: Step) -> None:
    """Do one write or truncation to a file's content."""
    if isinstance(step, Truncate):
        del content[step.size :]
    elif isinstance(step, Write):
        if len(content) < step.offset:
            content.extend(bytes(step.offset - len(content)))
        content[step.offset : step.offset + len(step.data)] = step.data


class AfterCut:
    """What a disk may hold when the power goes after each of its steps in turn."""

    def __init__(self) -> None:
        self._durable: dict[int, bytearray] = {}
        self._pending: dict[int, list[Step]] = {}
        self._names: dict[str, int] = {}
        self._pending_names: list[Create | Delete] = []
        self.told: list[Any] = []

    def take(self, step: Step) -> None:
        match step:
            case Told(what):
                self.told.append(what)
            case Create(_, file):
                self._durable[file] = bytearray()
                self._pending_names.append(step)
            case Delete(_, durable):
                self._pending_names.append(step)
                if durable:
                    self._settle_names()
            case Sync(file):
                self._settle_names()
                for earlier in self._pending.pop(file, []):
                    change(self._durable[file], earlier)
            case Write(file) | Truncate(file):
                self._pending.setdefault(file, []).append(step)

    def image(self, loss: Loss, rng: random.Random) -> dict[str, bytes]:
        """Return one possible content of the disk."""
        names = dict(self._names)
        kept = {"nothing_unsynced": 0, "everything": len(self._pending_names)}.get(
            loss, rng.randint(0, len(self._pending_names))
        )
        for step in self._pending_names[:kept]:
            _rename(names, step)
        return {name: self._content(file, loss, rng) for name, file in names.items()}

    def _content(self, file: int, loss: Loss, rng: random.Random) -> bytes:
        content = bytearray(self._durable[file])
        for step in _survivors(self._pending.get(file, []), loss, rng):
            if loss == "torn" and isinstance(step, Write):
                for at in range(0, len(step.data), SECTOR):
                    if rng.random() < 0.5:
                        change(content, Write(file, step.offset + at, step.data[at : at + SECTOR]))
            else:
                change(content, step)
        return bytes(content)

    def _settle_names(self) -> None:
        for step in self._pending_names:
            _rename(self._names, step)
        self._pending_names.clear()


def _survivors(pending: Sequence[Step], loss: Loss, rng: random.Random) -> Sequence[Step]:
    match loss:
        case "nothing_unsynced":
            return []
        case "everything" | "torn":
            return pending
        case "some":
            return [step for step in pending if rng.random() < 0.5]
        case "only_the_last":
            return pending[-1:]


def _rename(names: dict[str, int], step: Create | Delete) -> None:
    if isinstance(step, Create):
        names[step.name] = step.file
    else:
        names.pop(step.name, None)


class _File:
    def __init__(self, disk: Disk, name: str) -> None:
        self._disk, self._number = disk, disk.open(name)

    @property
    def _content(self) -> bytearray:
        return self._disk.files[self._number]

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's names
        return bytes(self._content[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        step = Write(self._number, offset, bytes(data))
        self._disk.do("write", step)
        change(self._content, step)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        step = Truncate(self._number, size)
        self._disk.do("truncate", step)
        change(self._content, step)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.do("sync", Sync(self._number))

    def xFileSize(self) -> int:  # noqa: N802
        return len(self._content)

    def xClose(self) -> None:  # noqa: N802
        pass

    def xLock(self, level: int) -> None:  # noqa: N802
        pass

    def xUnlock(self, level: int) -> None:  # noqa: N802
        pass

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xFileControl(self, operation: int, pointer: int) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return 4096

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return 0


class _Vfs(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        super().__init__(name, base="")
        self._disk = disk

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802
        text = name if isinstance(name, str) else name.filename() if name else f"temporary-{len(self._disk.files)}"
        flags[1] = flags[0]
        return _File(self._disk, PurePosixPath(text).name)

    def xAccess(self, name: str, flags: int) -> bool:  # noqa: N802
        return PurePosixPath(name).name in self._disk.names

    def xDelete(self, name: str, syncdir: bool) -> None:  # noqa: N802
        short = PurePosixPath(name).name
        self._disk.do("delete", Delete(short, bool(syncdir)))
        self._disk.names.pop(short, None)

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return f"/{PurePosixPath(name).name}"


class _Rows(list[Any]):
    """Rows already fetched, with what ``sqlite3.Cursor`` offers."""

    rowcount = -1

    def fetchone(self) -> Any:
        return self[0] if self else None

    def fetchall(self) -> list[Any]:
        return list(self)


class FaultyConnection:
    """What the journal uses of ``sqlite3.Connection``, over apsw; errors come as ``sqlite3`` tells them."""

    _count = 0

    def __init__(self, disk: Disk, name: str = "edge.db") -> None:
        FaultyConnection._count += 1
        vfs = f"faulty-{FaultyConnection._count}"
        self._vfs = _Vfs(vfs, disk)
        self._db = apsw.Connection(name, vfs=vfs)
        # A VFS in Python has no shared memory; exclusive locking keeps the WAL index in the process, the syncs stay the same.
        self.execute("PRAGMA locking_mode=EXCLUSIVE")

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> _Rows:
        if sql.startswith("PRAGMA wal_autocheckpoint="):
            self._checkpoint_after(int(sql.partition("=")[2]))
            return _Rows()
        return self._tell(lambda: self._db.execute(sql, tuple(parameters)).fetchall())

    def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> _Rows:
        return self._tell(lambda: self._db.executemany(sql, list(parameters)).fetchall())

    def close(self) -> None:
        self._db.close(True)
        self._vfs.unregister()

    def as_sqlite3(self) -> sqlite3.Connection:
        typed: Any = self
        return typed  # type: ignore[no-any-return]

    def _checkpoint_after(self, limit: int) -> None:
        """Do what SQLite's own hook does after a commit: an error of the checkpoint is no error of the commit.

        With SQLite's own hook apsw would raise the fault out of a COMMIT that succeeded.
        """

        def hook(connection: apsw.Connection, database: str, pages: int) -> int:
            if pages >= limit:
                with contextlib.suppress(apsw.Error):
                    connection.wal_checkpoint(database, apsw.SQLITE_CHECKPOINT_PASSIVE)
            return apsw.SQLITE_OK

        self._db.set_wal_hook(hook)

    def _tell(self, work: Callable[[], Any]) -> _Rows:
        try:
            rows = _Rows(work())
            rows.rowcount = self._db.changes() if not rows else -1
        except apsw.Error as error:
            told = sqlite3.OperationalError(str(error))
            told.sqlite_errorcode = _CODES.get(type(error), sqlite3.SQLITE_ERROR)
            told.sqlite_errorname = type(error).__name__
            raise told from error
        return rows


def cuts(steps: Sequence[Step], start: int) -> Iterator[tuple[int, AfterCut]]:
    """Yield the state after every step from ``start`` on."""
    state = AfterCut()
    for number, step in enumerate(steps):
        state.take(step)
        if number >= start and not isinstance(step, Told):
            yield number, state

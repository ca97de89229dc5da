"""A private PostgreSQL for tests: own directory, free loopback port, ended with the session; skips where none is installed.

@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server

with server.lent("ingest") as url:   SQLAlchemy URL of a fresh, empty database, which goes with the block
server.database("ingest")            of one that stays until the server ends
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

START_WITHIN_S = 50.0
ROOM_BYTES = 2 << 30
"""Free memory that a cluster in memory may be given: what it writes ahead and a few databases are half a gigabyte."""
SETTINGS = "-c listen_addresses=127.0.0.1 -c max_connections=60 -c shared_buffers=64MB -c wal_level=logical -c max_wal_size=256MB"


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL server programs of this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Postgres:
    """A running server of our own."""

    def __init__(self, bin_dir: Path, directory: Path, port: int) -> None:
        self.port, self._bin, self._data, self._log = port, bin_dir, directory / "data", directory / "log"
        self._sockets = directory
        self._serial = 0

    @property
    def pid(self) -> int:
        """The postmaster's process."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def create(self) -> None:
        """Make the cluster (once)."""
        self._run("initdb", "-D", str(self._data), "-U", "shopwire", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8")

    def start(self) -> None:
        """Start, or start again after a kill."""
        options = f"-p {self.port} -k {self._sockets} {SETTINGS}"
        self._run(
            "pg_ctl",
            "-D",
            str(self._data),
            "-l",
            str(self._log),
            "-w",
            "-t",
            str(int(START_WITHIN_S)),
            "-o",
            options,
            "start",
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop; mode ``immediate`` is a crash with recovery at the next start."""
        self._run("pg_ctl", "-D", str(self._data), "-m", mode, "-w", "stop")

    def kill(self) -> None:
        """SIGKILL the postmaster and wait until its children are gone too."""
        pid = self.pid
        os.kill(pid, 9)
        until = time.monotonic() + START_WITHIN_S
        while time.monotonic() < until and not self._all_gone():
            time.sleep(0.02)

    def database(self, name: str = "test") -> str:
        """Make a fresh database and return its SQLAlchemy URL."""
        self._serial += 1
        unique = f"{name}_{self._serial}_{os.getpid()}"
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{unique}"')  # a name of our own making
        return f"postgresql+psycopg://shopwire@127.0.0.1:{self.port}/{unique}"

    @contextmanager
    def lent(self, name: str = "test") -> Iterator[str]:
        """Make a fresh database for as long as the block lasts. Left to the end, three hundred files each took a minute to remove."""
        url = self.database(name)
        try:
            yield url
        finally:
            with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')

    def dsn(self, database: str) -> str:
        """Return a libpq connection string."""
        return f"host=127.0.0.1 port={self.port} user=shopwire dbname={database}"

    def _all_gone(self) -> bool:
        # A backend that still holds the shared memory keeps the next postmaster from starting.
        return self._run("pg_ctl", "-D", str(self._data), "status", check=False) != 0 and not _holders(self._data)

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        command = [str(self._bin / program), *arguments]
        user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self._sockets, user=user, group=user, timeout=60
        )
        if check and done.returncode:
            log = self._log.read_text() if self._log.exists() else ""
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}{log[-2000:]}")
        return int(done.returncode)


@contextmanager
def running() -> Iterator[Postgres]:
    """Run a server of our own for as long as the block lasts."""
    bin_dir = programs()
    if bin_dir is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    directory = Path(tempfile.mkdtemp(prefix="shopwire-pg-", dir=_roomy()))
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(directory, user.pw_uid, user.pw_gid)
    server = Postgres(bin_dir, directory, _free_port())
    try:
        server.create()
        server.start()
        yield server
    finally:
        if (directory / "data" / "postmaster.pid").exists():
            server.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)


def _roomy() -> Path:
    """In memory where there is room: the server must flush (headquarters refuses one that does not), and disks are shared."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES else Path("/tmp")


def _holders(data: Path) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == data:
                return True
        except OSError:
            continue
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

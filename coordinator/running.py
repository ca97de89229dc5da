"""Which processes serve a data directory, and where: one small file per role, for commands of the terminal and for each other."""

import fcntl
import os
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from coordinator.errors import Conflict
from coordinator.office import Signposts
from link.files import write_durably

BROKER_PORT = "broker-port"
PARTS = ("api", "ingest", "ticker")
"""What the role ``all`` does; each is one process's at a time."""
_LOOKING_S = 1.0
"""Others only look whether a lock is held, for an instant."""


class Running(msgspec.Struct, frozen=True):
    """One process: its id, and what edges are told (empty where this role does not know)."""

    pid: int
    signposts: Signposts


def parts_of(role: str) -> tuple[str, ...]:
    """Return the parts that ``role`` stands for."""
    return PARTS if role == "all" else (role,)


def claim(directory: Path, parts: Iterable[str]) -> list[int]:
    """Take ``parts`` of this directory for this process; return what to close at the end (the system does when the process is killed).

    Raises:
        Conflict: another process has one of them. Two on one directory would each remove the other's notes, and a restore would replace
            the database under the one that is left.
    """
    held: list[int] = []
    try:
        for part in parts:
            held.append(os.open(_lock_file(directory, part), os.O_RDWR | os.O_CREAT, 0o600))
            _lock(held[-1], directory, part)
    except BaseException:
        let_go(held)
        raise
    return held


def let_go(held: Iterable[int]) -> None:
    """Give up what ``claim`` took."""
    for descriptor in held:
        os.close(descriptor)


def _lock(descriptor: int, directory: Path, part: str) -> None:
    until = time.monotonic() + _LOOKING_S
    while not _locked(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > until:
            raise Conflict(f"another process serves {part} in {directory}: stop it first, or use another --data-dir")
        time.sleep(0.02)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(directory: Path, part: str) -> Path:
    return directory / f"serving-{part}.lock"


def _is_served(directory: Path, part: str) -> bool:
    try:
        descriptor = os.open(_lock_file(directory, part), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _locked(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def note(directory: Path, role: str, signposts: Signposts) -> Path:
    """Write down that this process serves ``directory``; return the file, to be removed at the end."""
    file = directory / f"running-{role}.json"
    file.write_bytes(msgspec.json.encode(Running(os.getpid(), signposts)))
    return file


def processes(directory: Path) -> list[Running]:
    """Return the processes that serve ``directory`` now; what a killed one left behind does not count, whoever has its number today."""
    found: list[Running] = []
    for file in sorted(directory.glob("running-*.json")):
        try:
            running = msgspec.json.decode(file.read_bytes(), type=Running)
        except (OSError, msgspec.MsgspecError):
            continue
        if _is_served(directory, parts_of(file.stem.removeprefix("running-"))[0]):
            found.append(running)
    return found


def broker_port(directory: Path) -> int:
    """Return the port that our own broker took at its first start, 0 before that: stores were told it and know no other."""
    try:
        return int((directory / BROKER_PORT).read_text())
    except FileNotFoundError:
        return 0


def keep_broker_port(directory: Path, port: int) -> None:
    """Let every later start take ``port`` again."""
    if broker_port(directory) != port:
        write_durably(directory / BROKER_PORT, f"{port}\n")


def merged(own: Signposts, others: list[Running]) -> Signposts:
    """Return ``own`` with what it lacks filled in by others: HTTP and broker may be of two processes."""
    for other in others:
        posts = other.signposts
        if not own.api_url:
            own = own._replace(api_url=posts.api_url)
        if not own.broker_port:
            own = own._replace(
                broker_host=posts.broker_host, broker_port=posts.broker_port, server_name=posts.server_name
            )
    return own

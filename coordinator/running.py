"""Which processes serve a data directory, and where: one small file per role, for commands of the terminal and for each other."""

import os
from pathlib import Path

import msgspec

from coordinator.office import Signposts
from link.files import write_durably

BROKER_PORT = "broker-port"


class Running(msgspec.Struct, frozen=True):
    """One process: its id, and what edges are told (empty where this role does not know)."""

    pid: int
    signposts: Signposts


def note(directory: Path, role: str, signposts: Signposts) -> Path:
    """Write down that this process serves ``directory``; return the file, to be removed at the end."""
    file = directory / f"running-{role}.json"
    file.write_bytes(msgspec.json.encode(Running(os.getpid(), signposts)))
    return file


def processes(directory: Path) -> list[Running]:
    """Return the processes that serve ``directory`` now; what a killed one left behind does not count."""
    found: list[Running] = []
    for file in sorted(directory.glob("running-*.json")):
        try:
            running = msgspec.json.decode(file.read_bytes(), type=Running)
        except (OSError, msgspec.MsgspecError):
            continue
        if Path(f"/proc/{running.pid}").exists():
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

"""The devices of the bench's example store, standing inside a test: every kind that a cable leads to, each at an address of its own."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from firmware_sim.bench.shelf import SHELF
from firmware_sim.bench.stand import Device
from firmware_sim.bench.store_file import Entry, read

ROOT = Path(__file__).parents[1]
Options = dict[str, str | int | float | bool]

SERVED_BY_US = {"camera_file", "display_page"}
"""Kinds at whose other end no cable is."""


def entries(folder: Path, hurried: dict[str, Options] | None = None) -> list[Entry]:
    """Return the devices of the bench's store file, moved to ``folder`` and free ports; ``hurried``: more options, by kind."""
    moved = []
    for entry in read(ROOT / "config/bench.toml").devices:
        if entry.kind in SERVED_BY_US or entry.kind not in SHELF:
            continue
        options = entry.options | (hurried or {}).get(entry.kind, {})
        moved.append(msgspec.structs.replace(entry, address=_elsewhere(entry.address, folder), options=options))
    return moved


def _elsewhere(address: str, folder: Path) -> str:
    if "127.0.0.1:" in address:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        head, _, tail = address.partition("127.0.0.1:")
        return f"{head}127.0.0.1:{port}{tail.lstrip('0123456789')}"
    return address.replace("/tmp/shopwire-bench", str(folder))


@asynccontextmanager
async def benched(wanted: list[Entry], folder: Path) -> AsyncIterator[dict[str, Device]]:
    """Let a simulator stand at each address, by device id."""
    async with AsyncExitStack() as stack:
        devices = {}
        for entry in wanted:
            model = SHELF[entry.kind](entry)
            pictures = folder / "pictures" / entry.device_id
            pictures.mkdir(parents=True)
            device = model.build(entry, model.profiles[0], pictures)
            await device.start()
            stack.push_async_callback(device.stop)
            devices[entry.device_id] = device
        yield devices

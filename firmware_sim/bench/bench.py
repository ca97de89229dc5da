"""The bench: every device of a store file at its address, hands for all of them, and eyes that see what changes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from firmware_sim.bench.edge import EdgeView
from firmware_sim.bench.errors import CommandRefused, NoSuchDevice, StoreFileUnusable, TooManyWatch
from firmware_sim.bench.shelf import SHELF, WITHOUT_HARDWARE
from firmware_sim.bench.stand import Command, Model, Seen, Stand
from firmware_sim.bench.store_file import Entry, StoreFile

LOOK_S = 0.08
"""How often what devices show is looked at while somebody watches: quick enough for a hand on a slider."""
EDGE_LOOK_S = 0.5
_PORTS = ("tcp:", "http:", "https:", "rtsp:")
MAX_WATCHERS = 20
TILL = "till"
EDGE = "edge:"


class Bench:
    """All devices of one store; an async context manager that leaves nothing behind."""

    def __init__(
        self,
        store: StoreFile,
        folder: Path,
        profiles: Mapping[str, str] | None = None,
        *,
        data_dir: Path | None = None,
        shelf: Mapping[str, Callable[[Entry], Model]] = SHELF,
    ) -> None:
        """Take a simulator from the shelf for every device.

        Args:
            store: which devices, and where.
            folder: receipts, labels and the like go to ``folder/<device_id>``.
            profiles: what a device plays, by its id, where it is not the usual.
            data_dir: where to look for the edge; None: where the store file says.
            shelf: kind → simulator.

        Raises:
            StoreFileUnusable: a kind that the shelf does not have, or an address where no simulator may stand.
            CommandRefused: a profile that the device does not know.
        """
        wanted = profiles or {}
        self.stands = {
            entry.device_id: Stand(
                entry, _model(entry, shelf), folder / entry.device_id, wanted.get(entry.device_id, "")
            )
            for entry in store.devices
            if entry.kind not in WITHOUT_HARDWARE
        }
        self.edge = EdgeView(data_dir or Path(store.data_dir))
        self._watches: set[Watch] = set()
        self._told: dict[str, bytes] = {}
        self._life = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Stand every device at its address.

        Raises:
            StoreFileUnusable: an address is taken.
        """
        async with contextlib.AsyncExitStack() as life:
            life.push_async_callback(self.edge.hang_up)
            # Ports first: one that is taken is refused before the links of a bench that runs already are replaced.
            for stand in sorted(self.stands.values(), key=lambda stand: not stand.entry.address.startswith(_PORTS)):
                await _started(stand)
                life.push_async_callback(stand.leave)
            self._life = life.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take every device away, the last first."""
        await self._life.aclose()

    # ── hands ──

    def stand(self, name: str) -> Stand:
        """Return a device by its id, or the first one that has ``name`` as its face.

        Raises:
            NoSuchDevice: neither.
        """
        if name in self.stands:
            return self.stands[name]
        for stand in self.stands.values():
            if stand.model.face == name:
                return stand
        raise NoSuchDevice(f"no device {name!r} on this bench: it has {', '.join(self.stands)}")

    async def do(self, subject: str, command: Command) -> Seen:
        """Carry out a command: a device's own, ``{"profile": NAME}`` for any device, or an ask of the edge's till.

        Raises:
            BenchError: it cannot be done; the message says why.
        """
        if subject == TILL:
            return await self._ask_till(dict(command))
        stand = self.stand(subject)
        if command.keys() == {"profile"}:
            await stand.play(str(command["profile"]))
            return stand.shows()
        return stand.handle(command)

    async def _ask_till(self, command: dict[str, Any]) -> Seen:
        word = command.pop("do", None)
        if not isinstance(word, str):
            raise CommandRefused(f'do={word!r} is no ask of the till: write {{"do": "basket"}}')
        return await self.edge.ask(word, **command)

    # ── eyes ──

    async def seen(self, subject: str) -> Seen:
        """Return what is seen of a device, of the till's open basket, or of the edge's opinion (``edge:DEVICE``).

        Raises:
            BenchError: there is no such thing, or no edge runs.
        """
        if subject == TILL:
            return await self.edge.ask("basket")
        if subject.startswith(EDGE):
            await self.edge.look()
            return self.edge.opinion(self.stand(subject.removeprefix(EDGE)).entry.device_id)
        stand = self.stand(subject)
        return {**stand.told(), **stand.shows()}

    def check(self, subject: str) -> None:
        """Raise NoSuchDevice when there is nothing called ``subject``."""
        if subject != TILL:
            self.stand(subject.removeprefix(EDGE))

    def told(self) -> list[dict[str, Any]]:
        """Return everything that the page draws, device by device."""
        return [stand.told() for stand in self.stands.values()]

    @asynccontextmanager
    async def watched(self) -> AsyncIterator["Watch"]:
        """Hear of changes as long as the block runs.

        Raises:
            TooManyWatch: close one.
        """
        self.check_room()
        watch = Watch()
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    def check_room(self) -> None:
        """Raise TooManyWatch when nobody more may watch."""
        if len(self._watches) >= MAX_WATCHERS:
            raise TooManyWatch(
                f"{len(self._watches)} pages watch this bench already, the limit is {MAX_WATCHERS}: close one"
            )

    def announce(self, event: str, value: Any) -> None:
        """Tell every watcher of something that is no change of a device."""
        self._tell(event, msgspec.json.encode(value))

    async def look(self) -> None:
        """Look at everything for those who watch, until cancelled."""
        edge_at = 0.0
        clock = asyncio.get_running_loop().time
        while True:
            if self._watches:
                self._look_at_devices()
                if clock() >= edge_at:
                    await self._look_at_edge()
                    edge_at = clock() + EDGE_LOOK_S
            await asyncio.sleep(LOOK_S)

    def _look_at_devices(self) -> None:
        for device_id, stand in self.stands.items():
            told = stand.told_as_json()
            if self._told.get(device_id) != told:
                self._told[device_id] = told
                self._tell(f"device:{device_id}", told)

    async def _look_at_edge(self) -> None:
        status = await self.edge.look()
        basket: Seen = {}
        if status:
            with contextlib.suppress(CommandRefused):  # it ended in this very moment
                basket = await self.edge.ask("basket")
        told = msgspec.json.encode({"status": status, "basket": basket})
        if self._told.get("edge") != told:
            self._told["edge"] = told
            self._tell("edge", told)

    def _tell(self, event: str, told: bytes) -> None:
        for watch in self._watches:
            watch.hear(event, told)


class Watch:
    """What one watcher has not heard yet: of each thing only the newest, so that a slow page holds nothing up."""

    def __init__(self) -> None:
        self._news: dict[str, bytes] = {}
        self._came = asyncio.Event()

    def hear(self, event: str, told: bytes) -> None:
        """Keep it until it is fetched."""
        self._news[event] = told
        self._came.set()

    async def news(self, within_s: float) -> dict[str, bytes]:
        """Return what is new, JSON by event; empty when nothing came in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._came.wait()
        self._came.clear()
        news, self._news = self._news, {}
        return news


def _model(entry: Entry, shelf: Mapping[str, Callable[[Entry], Model]]) -> Model:
    try:
        row = shelf[entry.kind]
    except KeyError:
        known = ", ".join(sorted(shelf))
        raise StoreFileUnusable(
            f"device {entry.device_id}: kind {entry.kind!r} has no simulator; the bench has {known}"
        ) from None
    return row(entry)


async def _started(stand: Stand) -> None:
    try:
        await stand.device.start()
    except OSError as error:
        raise StoreFileUnusable(
            f"device {stand.entry.device_id}: {stand.entry.address} cannot be taken: {error.strerror or error}; is another bench running?"
        ) from error

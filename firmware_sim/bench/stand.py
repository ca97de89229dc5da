"""One device on the bench: its simulator at its address, the profile it plays, and what a person standing there sees."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from firmware_sim.bench.errors import CommandRefused
from firmware_sim.bench.store_file import Entry

Command = dict[str, Any]
Seen = dict[str, Any]

NORMAL = "normal"


class Device(Protocol):
    """What every simulator offers (``firmware_sim.wire``)."""

    async def start(self) -> None:
        """Stand at its address."""
        ...

    async def stop(self) -> None:
        """Leave nothing behind."""
        ...

    def handle(self, command: Command) -> Seen:
        """Carry out one JSON command.

        Raises:
            KeyError, TypeError, ValueError, RuntimeError: it is none, or cannot be done as the device stands.
        """
        ...

    def shows(self) -> Seen:
        """Return what a person standing before it sees."""
        ...


class Album(Protocol):
    """The pictures that a device has made."""

    def names(self) -> list[str]:
        """Return their names, the newest first; ``now`` is one that still grows."""
        ...

    def picture(self, name: str) -> bytes | None:
        """Return one as PNG or JPEG."""
        ...


@dataclass(frozen=True)
class Model:
    """A row of the shelf.

    Attributes:
        face: how the page draws it.
        build: makes the simulator (not started) from its entry, the profile, and a folder that it may write to.
        profiles: how it may behave; the first is what it does unless told otherwise.
        album: gives access to its pictures, for devices that make some.
    """

    face: str
    build: Callable[[Entry, str, Path], Device]
    profiles: tuple[str, ...] = (NORMAL,)
    album: Callable[[Any], Album] | None = None


class Stand:
    """A place on the bench; the simulator on it can be exchanged for one that plays another profile."""

    def __init__(self, entry: Entry, model: Model, folder: Path, profile: str = "") -> None:
        """Choose the simulator.

        Raises:
            CommandRefused: it does not know ``profile``.
        """
        self.entry, self.model, self._folder = entry, model, folder
        self.profile = self._known(profile or model.profiles[0])
        self.device = model.build(entry, self.profile, folder)
        self._exchange = asyncio.Lock()

    @property
    def album(self) -> Album | None:
        """Its pictures, if it makes any."""
        return self.model.album(self.device) if self.model.album else None

    def handle(self, command: Command) -> Seen:
        """Carry out one command of the device's own.

        Raises:
            CommandRefused: the device does not know it, or cannot do it as it stands.
        """
        try:
            return self.device.handle(dict(command))
        except (KeyError, TypeError, ValueError, RuntimeError, ArithmeticError, OSError) as error:
            raise CommandRefused(f"{self.entry.device_id}: {error}") from error

    async def play(self, profile: str) -> None:
        """Put a simulator with another profile at the same address.

        Raises:
            CommandRefused: it does not know ``profile``, or somebody else took the address meanwhile.
        """
        self._known(profile)
        async with self._exchange:  # two hands at once would leave one simulator standing behind the other
            await self.device.stop()
            self.device, self.profile = self.model.build(self.entry, profile, self._folder), profile
            try:
                await self.device.start()
            except OSError as error:
                raise CommandRefused(f"{self.entry.device_id}: its address was taken meanwhile: {error}") from error

    async def leave(self) -> None:
        """Take the device away, whichever stands there by now."""
        await self.device.stop()

    def shows(self) -> Seen:
        """Return what can be seen of the device itself."""
        return self.device.shows()

    def told(self) -> Seen:
        """Return everything that the page draws; ``wire`` is what is wrong with its cable."""
        shows = self.device.handle({})
        wire = shows.pop("wire", {})
        return {
            "id": self.entry.device_id,
            "kind": self.entry.kind,
            "face": self.model.face,
            "address": self.entry.address,
            "profile": self.profile,
            "profiles": list(self.model.profiles),
            "wire": wire,
            "pictures": self.album.names() if self.album else [],
            "shows": shows,
        }

    def told_as_json(self) -> bytes:
        """Return the same as JSON, to see whether it changed."""
        return msgspec.json.encode(self.told())

    def _known(self, profile: str) -> str:
        if profile not in self.model.profiles:
            known = ", ".join(self.model.profiles)
            raise CommandRefused(f"{self.entry.device_id} ({self.entry.kind}) plays {known}, not {profile!r}")
        return profile

"""The store file as the bench reads it: the same bytes that the edge reads, of which the bench needs the devices and the data directory."""

import re
import tomllib
from pathlib import Path

import msgspec

from firmware_sim.bench.errors import NoSuchDevice, StoreFileUnusable

MAX_NAME = 64
_SCHEME = re.compile(r"(serial|char|evdev):(//)?(?=/)")

Option = str | int | float | bool


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[devices]]`` entry, with the edge's own words and no others: a word that the edge refuses is told here as well."""

    device_id: str
    kind: str
    address: str = ""
    profile: str = ""
    options: dict[str, Option] = {}


class StoreFile(msgspec.Struct, frozen=True):
    """What the bench takes from a store file; everything else in it is the edge's business."""

    data_dir: str = ""
    language: str = "zh-CN"
    devices: tuple[Entry, ...] = ()


def read(path: Path) -> StoreFile:
    """Return the store file.

    Raises:
        StoreFileUnusable: it is not there, is no TOML, a name is none, or two devices have one id or one address.
    """
    try:
        store = msgspec.convert(tomllib.loads(path.read_text("utf-8")), StoreFile)
    except OSError as error:
        raise StoreFileUnusable(f"cannot read {path}: {error.strerror}; try config/bench.toml") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise StoreFileUnusable(f"{path}: {error}; config/bench.toml is an example that works") from error
    if not store.devices:
        raise StoreFileUnusable(f"{path} has no [[devices]]: there is nothing to simulate; see config/bench.toml")
    _check_together(path, store.devices)
    return store


def _check_together(path: Path, devices: tuple[Entry, ...]) -> None:
    names: set[str] = set()
    places: dict[str, str] = {}
    for entry in devices:
        name = entry.device_id
        if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or "/" in name or name.startswith("."):
            raise StoreFileUnusable(
                f"{path}: device_id {name[:80]!r} is no name: 1 to {MAX_NAME} characters, no / and no dot in front"
            )
        if name in names:
            raise StoreFileUnusable(f"{path}: two devices are called {name!r}; give each its own device_id")
        names.add(name)
        place = _SCHEME.sub("", entry.address.partition("?")[0])
        if place and (other := places.setdefault(place, name)) != name:
            raise StoreFileUnusable(
                f"{path}: devices {other} and {name} are both at {place}; one line leads to one device"
            )


def profiles_of(given: tuple[str, ...], store: StoreFile) -> dict[str, str]:
    """Return ``ID=PROFILE`` options as a table.

    Raises:
        NoSuchDevice: an option names a device that the store file does not have.
        StoreFileUnusable: an option is not ``ID=PROFILE``.
    """
    wanted = {}
    known = [entry.device_id for entry in store.devices]
    for option in given:
        device, _, profile = option.partition("=")
        if not profile:
            raise StoreFileUnusable(f"--profile {option!r} is not ID=PROFILE, for example printer-1=clone")
        if device not in known:
            raise NoSuchDevice(f"--profile {option}: {device!r} is none of {', '.join(known)}")
        wanted[device] = profile
    return wanted

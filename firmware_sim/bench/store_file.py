"""The store file as the bench reads it: the same bytes that the edge reads, of which the bench needs the devices and the data directory."""

import tomllib
from pathlib import Path

import msgspec

from firmware_sim.bench.errors import NoSuchDevice, StoreFileUnusable

Option = str | int | float | bool


class Entry(msgspec.Struct, frozen=True):
    """One ``[[devices]]`` entry, with the edge's own words."""

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
        StoreFileUnusable: it is not there, is no TOML, or two devices have one id.
    """
    try:
        store = msgspec.convert(tomllib.loads(path.read_text("utf-8")), StoreFile)
    except OSError as error:
        raise StoreFileUnusable(f"cannot read {path}: {error.strerror}; try config/bench.toml") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise StoreFileUnusable(f"{path}: {error}; config/bench.toml is an example that works") from error
    names = [entry.device_id for entry in store.devices]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise StoreFileUnusable(f"{path}: two devices are called {twice!r}; give each its own device_id")
    if not names:
        raise StoreFileUnusable(f"{path} has no [[devices]]: there is nothing to simulate; see config/bench.toml")
    return store


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

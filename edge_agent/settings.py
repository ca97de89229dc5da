"""The edge's settings: one TOML file and the environment make one typed value, read once in ``__main__``.

``EDGE_LINK__HOST=…`` sets ``[link] host``. Unknown keys stop the start. After a healthy start the file is kept as
last-known-good; a broken file starts from that copy and says so.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from devices.registry import DeviceSettings
from domain.errors import InvalidIdentity
from domain.labels import DEFAULT_LAYOUTS, LabelLayout, check_layout
from edge_agent.errors import SettingsInvalid

PREFIX = "EDGE_"
LAST_GOOD = "settings.last-good.toml"

Percent = Annotated[int, msgspec.Meta(ge=1, le=100)]
Language = Literal["zh-CN", "en"]


class LinkOverrides(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the broker is, when it is not where enrolment said; ``plain_loopback`` allows plain MQTT to a loopback address.

    ``keepalive_s`` goes as far as our Mosquitto takes (``max_keepalive``); above 11 a line that died is noticed after more than 20 s.
    """

    host: str = ""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    plain_loopback: bool = False
    api_url: str = ""
    max_backoff_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    keepalive_s: Annotated[int, msgspec.Meta(ge=2, le=60)] = 10


class TillSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lane that scanners ring up on, and its receipts. ``receipt_languages``: one or both, in order.

    ``receipt_logo``: a picture file, or ``stored:1`` for the first that the printer has stored.
    ``max_label_minor``: an amount above it on a weighed label is not taken from the label.
    """

    lane: str = "1"
    receipt_languages: tuple[Language, ...] = ("zh-CN", "en")
    receipt_columns: Annotated[int, msgspec.Meta(ge=24, le=64)] = 48
    receipt_logo: str = ""
    cut: bool = True
    open_drawer: bool = True
    day_starts_hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 0
    max_label_minor: Annotated[int, msgspec.Meta(ge=1)] = 500_000


class ShelfLabelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The paper of the label printer, and what stands on every shelf label. ``supervision_phone``: empty leaves it out."""

    width_mm: Annotated[float, msgspec.Meta(ge=40, le=110)] = 70.0
    height_mm: Annotated[float, msgspec.Meta(ge=28, le=150)] = 38.0
    language: Language = "zh-CN"
    supervision_phone: Annotated[str, msgspec.Meta(max_length=32)] = "12315"


class StorageSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When the disk fills (``edge_agent.storage``); ``outbox_days``: how long acknowledged facts are kept for a restored headquarters."""

    reserve_mb: Annotated[int, msgspec.Meta(ge=0)] = 200
    warn_percent: Percent = 80
    drop_percent: Percent = 90
    stop_percent: Percent = 95
    refuse_percent: Percent = 98
    outbox_days: Annotated[int, msgspec.Meta(ge=0)] = 30


class LoggingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``format``: ``console`` for people, ``json`` for machines; ``traces`` keeps a copy in the data directory while there is room."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"
    traces: bool = False


class EdgeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it; every value has a default but the data directory."""

    data_dir: str
    language: Language = "zh-CN"
    link: LinkOverrides = LinkOverrides()
    devices: tuple[DeviceSettings, ...] = ()
    till: TillSettings = TillSettings()
    labels: tuple[LabelLayout, ...] = DEFAULT_LAYOUTS
    shelf_labels: ShelfLabelSettings = ShelfLabelSettings()
    storage: StorageSettings = StorageSettings()
    logging: LoggingSettings = LoggingSettings()

    def __post_init__(self) -> None:
        """Refuse layouts that no label can have."""
        for layout in self.labels:
            check_layout(layout)


class Loaded(msgspec.Struct, frozen=True):
    """Settings and where they come from; ``trouble`` says why the last-known-good copy had to serve."""

    settings: EdgeSettings
    source: Path | None
    trouble: str = ""


def load(config: Path | None, data_dir: Path | None, environment: Mapping[str, str]) -> Loaded:
    """Read the settings; ``data_dir`` from the command line wins over the environment and over the file.

    Raises:
        SettingsInvalid: the file cannot serve and there is no last-known-good copy.
    """
    over = _from_environment(environment)
    if data_dir is not None:
        over["data_dir"] = str(data_dir)
    try:
        return Loaded(_read(config, over), config)
    except SettingsInvalid as error:
        good = Path(over["data_dir"]) / LAST_GOOD if "data_dir" in over else None
        if config is None or good is None or not good.exists():
            raise
        return Loaded(_read(good, over), good, str(error))


def layouts_in(file: Path) -> tuple[LabelLayout, ...]:
    """Return the label layouts of a store file, for tools that need nothing else of it.

    Raises:
        SettingsInvalid: it is no store file.
    """
    return _read(file, {"data_dir": "."}).labels


def keep_as_last_good(loaded: Loaded) -> None:
    """Keep the file of a healthy start beside the data."""
    target = Path(loaded.settings.data_dir) / LAST_GOOD
    if loaded.source is not None and loaded.source != target:
        target.write_bytes(loaded.source.read_bytes())


def _read(config: Path | None, over: dict[str, Any]) -> EdgeSettings:
    try:
        values = tomllib.loads(config.read_text("utf-8")) if config else {}
        return msgspec.convert(_merged(values, over), EdgeSettings, strict=False)
    except OSError as error:
        raise SettingsInvalid(f"cannot read {config}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, InvalidIdentity) as error:
        where = config or "the command line and EDGE_… variables"
        raise SettingsInvalid(
            f"{where}: {error}; give --data-dir, or see config/edge.toml for every setting"
        ) from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in environment.items():
        if name.startswith(PREFIX):
            *path, leaf = name.removeprefix(PREFIX).lower().split("__")
            node = tree
            for part in path:
                node = node.setdefault(part, {})
            node[leaf] = value
    return tree


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = base | over
    for key in base.keys() & over.keys():
        if isinstance(base[key], dict) and isinstance(over[key], dict):
            both[key] = _merged(base[key], over[key])
    return both

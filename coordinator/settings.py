"""The settings of headquarters: one typed struct out of a TOML file and ``COORDINATOR_…`` variables.

A variable names its place with two underscores between levels: ``COORDINATOR_BROKER__PORT=1883``. Values that are not plain text are
written as JSON (``COORDINATOR_API__LISTEN='["http://127.0.0.1:8080"]'``). Unknown keys stop the start.
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

PREFIX = "COORDINATOR_"
Role = Literal["api", "ingest", "ticker", "all"]


class InvalidSettings(Exception):
    """A setting is unknown or has a value that cannot be; the message names it and where it stands."""


class ApiSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the HTTP interface listens and what it takes.

    ``listen``: https anywhere, plain http only on an explicit loopback address; port 0 takes a free one. ``public_url`` is what edges are
    told at enrolment (default: the first https address). ``server_names``: names and addresses in the server's certificate.
    """

    listen: tuple[str, ...] = ("https://0.0.0.0:8443", "http://127.0.0.1:8080")
    public_url: str = ""
    server_names: tuple[str, ...] = ("localhost", "127.0.0.1")
    allowed_hosts: tuple[str, ...] = ()
    max_body_bytes: int = 1 << 20
    max_import_bytes: int = 256 << 20
    request_timeout_s: float = 60.0
    threads: int = 8


class BrokerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The MQTT broker: taken when ``host`` is given, else a Mosquitto is started beside us.

    ``listen`` is the address of that Mosquitto. ``public_host``/``public_port``/``server_name`` are what edges are told at enrolment.
    ``plain_loopback`` allows MQTT without TLS, on a loopback address only.
    """

    host: str = ""
    port: int = 0
    listen: str = "127.0.0.1"
    server_name: str = ""
    public_host: str = ""
    public_port: int = 0
    plain_loopback: bool = False
    client_id: str = "coordinator"
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""


class IngestSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much is taken in at once.

    ``queue_bytes`` is what may wait in memory: edges are told their share of what is left as credit. One transaction takes up to
    ``group_batches`` batches of any edges.
    """

    queue_bytes: int = 8 << 20
    queue_messages: int = 4096
    group_batches: int = 64
    shards: tuple[int, ...] = ()


class TickerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the ticker looks after, and after how long it speaks up."""

    every_s: float = 30.0
    edge_silent_s: float = 900.0
    backup_overdue_s: float = 86400.0
    snapshot_keep_s: float = 86400.0
    request_keep_s: float = 86400.0
    certificate_warn_days: int = 14


class LoggingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``format`` text is for a terminal, json for a collector."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class CoordinatorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything headquarters can be told. ``database``: a SQLAlchemy URL; empty = SQLite in ``data_dir``."""

    data_dir: str = "coordinator-data"
    database: str = ""
    role: Role = "all"
    language: Literal["zh", "en"] = "zh"
    certificate_days: int = 90
    enrolment_hours: int = 72
    api: ApiSettings = ApiSettings()
    broker: BrokerSettings = BrokerSettings()
    ingest: IngestSettings = IngestSettings()
    ticker: TickerSettings = TickerSettings()
    logging: LoggingSettings = LoggingSettings()

    @property
    def directory(self) -> Path:
        """The state directory."""
        return Path(self.data_dir)

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database or f"sqlite:///{self.directory / 'coordinator.db'}"


def load(
    path: Path | None, environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None
) -> CoordinatorSettings:
    """Return the settings: file, then variables, then ``overrides`` (top-level keys of the command line, None = not given).

    Raises:
        InvalidSettings: unreadable file, unknown key, or a value of another type than the setting has.
    """
    tree = _read(path) if path else {}
    for name, value in environment.items():
        if name.startswith(PREFIX):
            _set(tree, name.removeprefix(PREFIX).lower().split("__"), value)
    tree.update({key: value for key, value in (overrides or {}).items() if value is not None})
    try:
        return msgspec.convert(tree, CoordinatorSettings)
    except msgspec.ValidationError as error:
        raise InvalidSettings(f"{path or 'settings'}: {error}; see docs/settings.md for the names") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{path} cannot be read as TOML: {error}") from error


def _set(tree: dict[str, Any], keys: list[str], text: str) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
    tree[keys[-1]] = _value(text)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text

"""What commands of the terminal share: their options, the settings in force, the language, a line of JSON."""

import os
from pathlib import Path
from typing import Any

import click
import msgspec

from domain.money import Language
from edge_agent.help import language_of
from edge_agent.settings import EdgeSettings, load
from edge_agent.texts import short

config_option = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="TOML file with the settings / 设置文件."
)
data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where the journal lies / 数据目录."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON / 输出 JSON.")


def settings_of(config: Path | None, data_dir: Path | None) -> EdgeSettings:
    """Return the settings in force."""
    return load(config, data_dir, os.environ).settings


def lang_of(ctx: click.Context) -> Language:
    """Return the language of the command line, as money and names are written in it."""
    return short(language_of(ctx))


def json_of(value: Any) -> str:
    """Return ``value`` as one line of JSON."""
    return msgspec.json.encode(value).decode()

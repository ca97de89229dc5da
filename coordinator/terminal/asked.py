"""What every command is given, and the house that it opens."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from coordinator.settings import CoordinatorSettings, InvalidSettings, load
from coordinator.texts import Language, said

if TYPE_CHECKING:
    from coordinator.bootstrap import House

Command = Callable[..., Any]


def common(command: Command) -> Command:
    """Add the options that every command has."""
    data = click.option(
        "--data-dir", type=click.Path(path_type=Path), help="State directory / 数据目录 [COORDINATOR_DATA_DIR]"
    )
    config = click.option("--config", type=click.Path(path_type=Path), help="TOML file with settings / 配置文件")
    return config(data(command))


def refused(error: Exception | str) -> click.ClickException:
    """Return what was refused, in the language of the command line."""
    ctx = click.get_current_context(silent=True)
    return click.ClickException(said(lang(ctx) if ctx else "en", str(error)))


def settings_of(config: Path | None, data_dir: Path | None, **overrides: Any) -> CoordinatorSettings:
    """Return the settings in force, or end with a message that names the setting."""
    try:
        return load(config, os.environ, {"data_dir": str(data_dir) if data_dir else None, **overrides})
    except InvalidSettings as error:
        raise refused(error) from error


@contextmanager
def opened(settings: CoordinatorSettings, *, check_schema: bool = True) -> Iterator["House"]:
    """Open headquarters' house and turn its refusals into messages; ``check_schema`` False = it may be made here and now."""
    from coordinator.bootstrap import House
    from coordinator.errors import CoordinatorError
    from coordinator.logs import configure
    from domain.errors import DomainError
    from link.errors import LinkError

    if check_schema and not settings.database and not (settings.directory / "coordinator.db").exists():
        # A doctor of an empty database would say that all is well, wherever a mistyped folder led it.
        raise refused(
            f"{settings.directory} holds no headquarters: is --data-dir right? `shopwire coordinator serve` makes one"
        )
    configure(settings.logging)
    house: House | None = None
    try:
        house = House(settings, check_schema=check_schema)
        yield house
    except (CoordinatorError, DomainError, LinkError, InvalidSettings) as error:
        raise refused(error) from error
    finally:
        if house is not None:
            house.close()


def lang(ctx: click.Context) -> Language:
    """Return the language of this command."""
    return cast("Language", (ctx.obj or {}).get("lang", "zh"))


class Told(click.Command):
    """A command that stands in its group's list with its whole first sentence, in the language of the command line."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return one half of ``English. / 中文.``; lines are wrapped, not cut at ``limit``."""
        english, _, chinese = (self.help or "").partition("\n\n")[0].replace("\n", " ").partition(" / ")
        return chinese if chinese and lang(click.get_current_context().find_root()) == "zh" else english


class ToldGroup(click.Group, Told):
    """Commands and groups of that kind."""

    command_class = Told
    group_class = type

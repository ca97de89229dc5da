"""Commands that teach in two languages: their help lies in the message catalogues, as ``cli.<command>`` and its examples."""

import math
from typing import Any

import click

from devices.errors import DeviceError
from domain.errors import DomainError
from edge_agent.errors import AgentRefused, EdgeError
from edge_agent.groups import first_of
from edge_agent.settings import Language
from edge_agent.texts import Texts, refusal, short, spoken, texts
from link.errors import LinkError

REFUSALS = (EdgeError, LinkError, DomainError, DeviceError)


def language_of(ctx: click.Context) -> Language:
    """Return the language of the command line."""
    return spoken((ctx.find_root().obj or {}).get("lang", "en"))


def texts_of(ctx: click.Context) -> Texts:
    """Return the catalogue in the language of the command line."""
    return texts(language_of(ctx))


class Seconds(click.FloatRange):
    """A span of time in seconds; ``nan`` and ``inf``, which click takes and no clock can wait for, are no numbers."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds, or refuse what is none."""
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is no length of time: give seconds, such as 30", param, ctx)
        return seconds


class Taught(click.Command):
    """A command whose help is ``cli.<name>`` in the catalogue."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first line, for the list of commands."""
        return self._said(click.get_current_context()).partition("\n")[0]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what it does and how it is called, examples as they are typed."""
        about, _, examples = self._said(ctx).partition("\n\n")
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(about.replace("\n", " "))
        if examples:
            formatter.write_paragraph()
            for line in examples.splitlines():
                formatter.write(f"  {line}\n")

    def _said(self, ctx: click.Context) -> str:
        return texts_of(ctx)[f"cli.{self.name}"]


class TaughtGroup(click.Group, Taught):
    """The group itself; what the house refuses by name becomes one clear line and exit code 1."""

    command_class = Taught

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write options and commands."""
        click.Group.format_options(self, ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except REFUSALS as error:
            raise click.ClickException(_refused(ctx, error)) from error
        except BaseExceptionGroup as group:
            first = first_of(group)
            if isinstance(first, click.Abort | click.ClickException):
                raise first from group
            if not isinstance(first, REFUSALS):
                raise
            raise click.ClickException(_refused(ctx, first)) from group


def _refused(ctx: click.Context, error: BaseException) -> str:
    language = language_of(ctx)
    name, values = type(error).__name__, vars(error)
    if isinstance(error, AgentRefused):
        name, values = error.refused, error.values
    return refusal(texts(language), short(language), name, values, str(error))

"""Commands whose docstring has paragraphs in English and in Chinese."""

import re

import click

from firmware_sim.texts import Lang

_CHINESE = re.compile("[\u4e00-\u9fff]")


class Told(click.Command):
    """A command that stands in its group's list with its first paragraph in the language of the command line."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return it whole; lines are wrapped, not cut at ``limit``."""
        ctx = click.get_current_context()
        return first_in((ctx.find_root().obj or {}).get("lang", "en"), self.help or "")


class ToldGroup(click.Group, Told):
    """Commands and groups of that kind."""

    command_class = Told
    group_class = type


def first_in(lang: Lang, docstring: str) -> str:
    """Return the first paragraph of a docstring that is in one language, as one line."""
    of_it = (each for each in docstring.split("\n\n") if bool(_CHINESE.search(each)) == (lang == "zh"))
    return " ".join(next(of_it, docstring).split())

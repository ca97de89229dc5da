"""Sentences that are written in one language and read in another: an English one is found again by its template."""

import re
from collections.abc import Mapping

_PLACE = re.compile(r"\{(\w+)\}")
WITHIN = {"reason", "more"}
"""Places that hold a sentence again."""


class Phrasebook:
    """Templates with ``{places}`` in two languages.

    Those that begin with a word are tried first, and of these the one with the most words of its own.

    >>> book = Phrasebook({"{path} cannot be read: {reason}": "{path} 无法读取：{reason}", "no such file": "没有这个文件"})
    >>> book.said("a.toml cannot be read: no such file")
    'a.toml 无法读取：没有这个文件'
    """

    def __init__(self, pairs: Mapping[str, str]) -> None:
        """Take what is written and how it is read.

        Args:
            pairs: template → template; both have the same places.
        """
        surest_first = sorted(pairs, key=lambda template: (template.startswith("{"), -len(_PLACE.sub("", template))))
        self._pairs = [(_anchor(template), template, pairs[template]) for template in surest_first]

    def said(self, text: str) -> str:
        """Return ``text`` in the other language, down to the sentences inside it; as it is where no template fits the whole of it."""
        for anchor, template, reading in self._pairs:
            # Hundreds of patterns are not compiled for one sentence: the template's longest piece tells most of them apart.
            if anchor in text and (found := _pattern(template).fullmatch(text)):
                values = found.groupdict()
                return reading.format(
                    **{**values, **{name: self.said(values[name]) for name in WITHIN & values.keys()}}
                )
        return text


def _anchor(template: str) -> str:
    return max(_PLACE.split(template)[::2], key=len)


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PLACE.split(template)
    words = [_place(part) if number % 2 else re.escape(part) for number, part in enumerate(parts)]
    return re.compile("".join(words), re.DOTALL)


def _place(name: str) -> str:
    """Return what a place takes: a whole sentence as much as it can, a value as little."""
    return f"(?P<{name}>.+)" if name in WITHIN else f"(?P<{name}>.+?)"

"""What a frame of some protocol says, for people and for ``--json``: every codec's ``explain`` returns these."""

from typing import NamedTuple

Fields = dict[str, str | int | bool]


class Meaning(NamedTuple):
    """One frame: a sentence for a person, and its values for code.

    Attributes:
        text: one line of English without control characters; bytes that make no sense are told as such, never left out.
        fields: the values by name; units stand in the names (``weight_g``, ``amount_minor``).
    """

    text: str
    fields: Fields


def visible(text: str) -> str:
    r"""Return ``text`` as a person can read it: a control character becomes its escape.

    >>> visible("10AB\x1d21C")
    '10AB{GS}21C'
    """
    shown = text.replace("\x1d", "{GS}")
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() or c == "\u3000" else c.encode("unicode_escape").decode("ascii") for c in shown)

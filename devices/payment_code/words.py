"""The words of providers, and what may be shown of their texts."""

import re
import tomllib
import unicodedata
from functools import cache
from importlib import resources

import msgspec

MAX_SAID = 120
_LONG_NUMBER = re.compile(r"[0-9A-Za-z]{15,}")


def clean(text: str) -> str:
    """Return a provider's or our own text fit for logs and screens: short, one line, long numbers masked.

    >>> clean("code 134567890123456789 expired")
    'code 1345**********6789 expired'
    """
    line = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    # Masked before it is cut: half a code is still most of one.
    return _LONG_NUMBER.sub(lambda found: f"{found[0][:4]}{'*' * (len(found[0]) - 8)}{found[0][-4:]}", line)[:MAX_SAID]


class Words(msgspec.Struct, frozen=True):
    """``words.toml``; each set or table holds words, the tables with the reason that we give for them."""

    paid: frozenset[str]
    needs_password: frozenset[str]
    closed: frozenset[str]
    refunded: frozenset[str]
    processing: frozenset[str]
    unknown: dict[str, str]
    not_taken: dict[str, str]
    failed: dict[str, str]
    refund_refused: dict[str, str]


@cache
def words() -> Words:
    """Return the table, read once."""
    table = tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))
    return msgspec.convert(table, Words)

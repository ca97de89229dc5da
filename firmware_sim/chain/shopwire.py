"""How our own command line is started as a child: with this interpreter, wherever it is installed."""

import sys


def shopwire(*words: str) -> list[str]:
    """Return the argument list of ``shopwire WORDS…``."""
    return [sys.executable, "-m", "shopwire", *words]


def module(name: str, *words: str) -> list[str]:
    """Return the argument list of ``python -m NAME WORDS…``."""
    return [sys.executable, "-m", name, *words]

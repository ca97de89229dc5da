"""Bytes of a wire into words, protocol by protocol: what stands behind ``shopwire devices decode PROTOCOL HEX…``.

Each codec has a function ``explain(data) -> list[Meaning]``: all frames in ``data``, in order, what is no frame among them as well.
It never raises, whatever the bytes.
"""

from collections.abc import Callable
from importlib import import_module
from typing import cast

from devices.meaning import Meaning

Explain = Callable[[bytes], list[Meaning]]


def _in(target: str) -> Explain:
    """Return the function ``module:name``, which is imported when it is called first."""
    module, _, name = target.partition(":")

    def explain(data: bytes) -> list[Meaning]:
        return cast(Explain, getattr(import_module(module), name))(data)

    return explain


# One line a protocol, in alphabetical order; the name is what a person types.
PROTOCOLS: dict[str, Explain] = {
    "scanner": _in("devices.scanner_serial.codec:explain"),
}

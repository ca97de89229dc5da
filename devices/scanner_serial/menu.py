"""The answer of a scanner to a question about its set-up, picked out of the same stream in which its codes come.

Honeywell's menu protocol: the question is echoed, with the value behind each tag and a status byte before each mark of punctuation:
``16 4D 0D TERMID?;SUFBK2?.`` → ``TERMID124[06];SUFBK299990D[06].``  06 is fine, 05 an unknown tag, 15 a value out of its range.
Source: Honeywell 2020 and N3680 user's guides, serial programming commands.
"""

import hashlib
import re
from typing import NamedTuple

MAX_REPLY_BYTES = 4096

_REPLY = re.compile(rb"[^\r\n\x05\x06\x15]*[\x05\x06\x15](?:[;,][^\r\n\x05\x06\x15]*[\x05\x06\x15])*[.!]")

_STATUS = re.compile(rb"[\x05\x06\x15]")


class Answered(NamedTuple):
    """The answer as text, with the status bytes as ``=ok``, ``=unknown`` and ``=refused``, and what else had come: codes."""

    setup: str
    others: bytes


def find_reply(data: bytes) -> Answered | None:
    r"""Return the answer in ``data``; ``None`` until it is whole.

    >>> find_reply(b"TERMID124\x06;SUFBK2?\x05.")
    Answered(setup='TERMID124=ok;SUFBK2?=unknown.', others=b'')
    """
    first = _STATUS.search(data)
    if first is None:
        return None
    # From the beginning of the line in which the first status byte stands: matching anywhere would take the square of the size.
    begin = max(data.rfind(b"\r", 0, first.start()), data.rfind(b"\n", 0, first.start())) + 1
    found = _REPLY.match(data, begin)
    if found is None:
        return None
    marked = found[0].replace(b"\x06", b"=ok").replace(b"\x05", b"=unknown").replace(b"\x15", b"=refused")
    return Answered(marked.decode("ascii", "backslashreplace"), data[: found.start()] + data[found.end() :])


def split_codes(data: bytes) -> tuple[bytes, bytes]:
    """Return the whole lines that stand before any answer, which are codes and need not wait, and the rest."""
    end = max(data.rfind(b"\r"), data.rfind(b"\n")) + 1
    return (b"", data) if _STATUS.search(data[:end]) else (data[:end], data[end:])


def fingerprint(setup: str | bytes) -> str:
    """Return 16 hexadecimal digits that change when anything in a set-up does."""
    return hashlib.sha256(setup.encode() if isinstance(setup, str) else setup).hexdigest()[:16]

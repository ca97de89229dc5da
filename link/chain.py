"""Checking a kept hash chain, the same at both ends of the link."""

from collections.abc import Iterable

from protocol.envelope import chain


class BrokenChain(Exception):
    """A kept event is missing or does not hash to what was committed: bit rot or tampering; keep the file and restore from a copy."""

    def __init__(self, place: str, seq: int, reason: str) -> None:
        super().__init__(f"event {seq} of {place} {reason}: keep the file and restore from a copy")
        self.place, self.seq, self.reason = place, seq, reason


def follow(place: str, seq: int, head: bytes, rows: Iterable[tuple[int, bytes, bytes]]) -> tuple[int, bytes]:
    """Hash events again and return the last seq and its hash.

    Args:
        place: what to call the chain in an error.
        seq: the last seq before the first row.
        head: its hash.
        rows: (seq, bytes, hash) in order.

    Raises:
        BrokenChain: a row is missing, or its bytes do not hash to what was kept.
    """
    for found, event, digest in rows:
        seq, head = seq + 1, chain(head, event)
        if found != seq:
            raise BrokenChain(place, seq, "is missing")
        if digest != head:
            raise BrokenChain(place, seq, "does not match its hash")
    return seq, head

"""What an edge does with headquarters' log: apply in order, ignore what is old, ask for what is missing, or take a snapshot.

Pure. The cursor is kept in the transaction that applies the entries, so nothing is applied twice or half. A message on ``down`` is only a
hint that may be lost: every greeting and batch tells headquarters how far the log is applied, and it answers with what follows.
"""

from typing import NamedTuple

from protocol.messages import Down, DownEntry, DownlinkPosition, SnapshotRef


class Apply(NamedTuple):
    """Apply ``entries`` in order and keep ``position`` in the same transaction; ``behind``: then ask for what follows."""

    entries: tuple[DownEntry, ...]
    position: DownlinkPosition
    behind: bool


class TakeSnapshot(NamedTuple):
    """Fetch and check the whole replica, swap it in and keep ``position`` in one transaction."""

    snapshot: SnapshotRef
    position: DownlinkPosition


class AskAgain(NamedTuple):
    """Something is missing: tell headquarters how far we are (``Sender.ask_downlink``)."""

    reason: str


class UpToDate(NamedTuple):
    """Nothing to do."""


Step = Apply | TakeSnapshot | AskAgain | UpToDate


def decide(position: DownlinkPosition, down: Down) -> Step:
    """Return what to do with ``down`` at ``position``.

    Another generation means that headquarters was restored: its log is another one, so only a snapshot helps, as it does when we are
    ahead of a log of our own generation. What is left over from an earlier generation is ignored.
    """
    if down.gen < position.gen:
        return UpToDate()
    if down.gen > position.gen:
        return _snapshot(down) or AskAgain(f"headquarters is in generation {down.gen}, this replica in {position.gen}")
    entries = _following(position.cursor, down.entries)
    if entries:
        moved = DownlinkPosition(position.gen, entries[-1].seq)
        return Apply(entries, moved, behind=moved.cursor < down.top)
    snapshot = _snapshot(down)
    if snapshot is not None and (snapshot.position.cursor > position.cursor or position.cursor > down.top):
        return snapshot
    if down.top > position.cursor:
        return AskAgain(f"entries {position.cursor + 1}-{down.top} of headquarters' log are missing")
    return UpToDate()


def _snapshot(down: Down) -> TakeSnapshot | None:
    if down.snapshot is None:
        return None
    return TakeSnapshot(down.snapshot, DownlinkPosition(down.gen, down.snapshot.cursor))


def _following(cursor: int, entries: tuple[DownEntry, ...]) -> tuple[DownEntry, ...]:
    """Return the entries that follow ``cursor`` without a gap."""
    following: list[DownEntry] = []
    for entry in sorted(entries, key=lambda entry: entry.seq):
        if entry.seq == cursor + 1 + len(following):
            following.append(entry)
    return tuple(following)
